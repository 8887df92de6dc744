package intake

import (
	"bufio"
	"bytes"
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
	gb   bool
}

const bom = "\xef\xbb\xbf"

// utf16Head is how much of a file shows whether it is UTF-16.
const utf16Head = 4 << 10

// isUTF16 knows UTF-16 by its mark, or by the zero bytes that every second one
// is in letters, digits and separators.
func isUTF16(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	var zeros [2]int // at even and odd places
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	most, least := max(zeros[0], zeros[1]), min(zeros[0], zeros[1]) // 一 and 言 end in a zero byte
	return most >= 3 && most > 4*least && 16*most > len(head)
}

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
	if head, _ := buffered.Peek(utf16Head); isUTF16(head) {
		return nil, errors.Join(fmt.Errorf("%s is UTF-16: save it as UTF-8", filepath.Base(f.path)), in.Close())
	}
	// A byte-order mark is certain; otherwise the mapping decides. Single bytes
	// that are broken cost their rows and do not make another encoding of it.
	var text io.Reader = buffered
	gb := !marked && (strings.EqualFold(m.Encoding, "gb18030") || m.Encoding == "" && f.gb18030)
	switch {
	case gb:
		text = simplifiedchinese.GB18030.NewDecoder().Reader(buffered)
	case f.gb18030 && marked:
		return nil, errors.Join(fmt.Errorf("%s is marked as UTF-8 and is not", filepath.Base(f.path)), in.Close())
	case f.gb18030:
		return nil, errors.Join(fmt.Errorf("%s is not UTF-8: say encoding: gb18030", filepath.Base(f.path)), in.Close())
	}
	t := &csvTable{in: in, r: csv.NewReader(text), gb: gb}
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
			if t.gb {
				return t.row, cells, fmt.Errorf("%w: a character is not GB18030", errRow)
			}
			return t.row, cells, fmt.Errorf("%w: a character is not UTF-8 (if the file is GB18030, say encoding: gb18030)", errRow)
		}
	}
	return t.row, cells, nil
}

func (t *csvTable) base1904() bool    { return false }
func (t *csvTable) sheetName() string { return "" }
func (t *csvTable) close() error      { return t.in.Close() }
