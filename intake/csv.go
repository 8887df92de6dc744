package intake

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// csvTable streams a csv file in UTF-8 or GB18030.
type csvTable struct {
	in   *os.File
	r    *csv.Reader
	row  int // of the record before
	line int // on which the record before ended
}

const bom = "\xef\xbb\xbf"

func openCSV(f file, m *Mapping) (table, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	marked := false
	if head, err := buffered.Peek(len(bom)); err == nil && string(head) == bom {
		marked = true
		_, _ = buffered.Discard(len(bom)) // they are in the buffer
	}
	// A byte-order mark is certain; otherwise the mapping decides.
	var text io.Reader = buffered
	if !marked && (strings.EqualFold(m.Encoding, "gb18030") || m.Encoding == "" && !f.utf8) {
		text = simplifiedchinese.GB18030.NewDecoder().Reader(buffered)
	} else if !f.utf8 {
		return nil, errors.Join(fmt.Errorf("%s is not UTF-8: say encoding: gb18030", filepath.Base(f.path)), in.Close())
	}
	t := &csvTable{in: in, r: csv.NewReader(text)}
	t.r.FieldsPerRecord = -1
	if m.Delimiter != "" {
		t.r.Comma, _ = utf8.DecodeRuneInString(m.Delimiter)
	} else if strings.EqualFold(filepath.Ext(f.path), ".tsv") {
		t.r.Comma = '\t'
	}
	return t, nil
}

// next numbers a record as a spreadsheet does: empty lines are rows, line
// breaks within quotes are not.
func (t *csvTable) next() (int, []string, error) {
	cells, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return 0, nil, io.EOF
	}
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		t.row += broken.StartLine - t.line
		t.line = broken.Line
		if broken.StartLine != broken.Line { // a quote that swallowed lines
			return t.row, nil, fmt.Errorf("a quotation mark opened on line %d is closed wrongly, on line %d or never: which rows lie between cannot be told", broken.StartLine, broken.Line)
		}
		return t.row, nil, fmt.Errorf("%w: %w", errRow, broken.Err)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read the file: %w", err)
	}
	start, _ := t.r.FieldPos(0)
	last := len(cells) - 1
	end, _ := t.r.FieldPos(last)
	t.row += start - t.line
	t.line = end + strings.Count(cells[last], "\n")
	for _, c := range cells {
		if strings.ContainsRune(c, utf8.RuneError) {
			return t.row, cells, fmt.Errorf("%w: a character of no known encoding", errRow)
		}
	}
	return t.row, cells, nil
}

func (t *csvTable) base1904() bool    { return false }
func (t *csvTable) sheetName() string { return "" }
func (t *csvTable) close() error      { return t.in.Close() }
