package intake

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// rejects writes the rows that were not taken: their own cells in their own
// columns, then the row's number and the reason. Put right and saved under
// another name, such a file can be imported with the same mapping. It holds
// what citizens wrote, so only its owner may read it.
type rejects struct {
	path    string
	columns int // of the file, so that ours stand clear of them
	written int
	header  []string
	before  int  // rows above the headings
	comma   rune // of a csv; 0 = a comma

	csv   *csv.Writer
	out   *os.File
	book  *excelize.File
	sheet *excelize.StreamWriter
	name  string
	row   int
}

// rejectHeader are the headings of our columns.
var rejectHeader = []string{"行号 Row", "原因", "Reason"}

// rejectsPath is the path given, or one beside the file.
func rejectsPath(given, file string) (string, error) {
	if given == "" {
		ext := filepath.Ext(file)
		given = strings.TrimSuffix(file, ext) + ".rejects" + ext
	}
	switch strings.ToLower(filepath.Ext(given)) {
	case ".xlsx", ".csv", ".txt", ".tsv":
	default:
		return "", fmt.Errorf("%s: rejects go to an .xlsx or a .csv", filepath.Base(given))
	}
	a, errA := os.Stat(given) //nolint:gosec // the user's own files
	b, errB := os.Stat(file)  //nolint:gosec // likewise
	if errA == nil && errB == nil && os.SameFile(a, b) {
		return "", errors.New("the rejects would overwrite the file itself")
	}
	return given, nil
}

// add writes one row; the file is made with the first.
func (w *rejects) add(row int, cells []string, reason Reason) error {
	if w.written == 0 {
		if err := w.open(); err != nil {
			return fmt.Errorf("rejects: %w", err)
		}
	}
	w.written++
	line := make([]string, max(w.columns, len(cells)), max(w.columns, len(cells))+3)
	copy(line, cells)
	line = append(line, strconv.Itoa(row), reason.Text("zh"), reason.Text("en"))
	if err := w.line(line); err != nil {
		return fmt.Errorf("rejects: %w", err)
	}
	return nil
}

func (w *rejects) open() error {
	out, err := os.OpenFile(w.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // likewise
	if err != nil {
		return err
	}
	w.out = out
	if strings.EqualFold(filepath.Ext(w.path), ".xlsx") {
		w.book = excelize.NewFile()
		if w.name != "" {
			if err := w.book.SetSheetName("Sheet1", w.name); err != nil {
				return err
			}
		} else {
			w.name = "Sheet1"
		}
		if w.sheet, err = w.book.NewStreamWriter(w.name); err != nil {
			return err
		}
	} else {
		if _, err := out.WriteString(bom); err != nil {
			return err
		}
		w.csv = csv.NewWriter(out)
		if w.comma != 0 {
			w.csv.Comma = w.comma
		}
	}
	for range w.before {
		if err := w.line(nil); err != nil {
			return err
		}
	}
	if w.header == nil {
		return nil
	}
	line := make([]string, w.columns, w.columns+3)
	copy(line, w.header)
	return w.line(append(line, rejectHeader...))
}

// line writes one row. Cells of a workbook are text, so that none is taken for
// a formula; what is longer than a cell may be goes to a csv only.
func (w *rejects) line(cells []string) error {
	w.row++
	if w.csv != nil {
		if len(cells) == 0 {
			w.csv.Flush()
			_, err := w.out.WriteString("\n")
			return err
		}
		return w.csv.Write(cells)
	}
	values := make([]any, len(cells))
	for i, c := range cells {
		if utf8.RuneCountInString(c) > excelize.TotalCellChars {
			c = "[too long for a cell: see the file itself]"
		}
		values[i] = c
	}
	at, err := excelize.CoordinatesToCellName(1, w.row)
	if err != nil {
		return err
	}
	return w.sheet.SetRow(at, values)
}

// close finishes the file.
func (w *rejects) close() error {
	if w.out == nil {
		return nil
	}
	var err error
	if w.csv != nil {
		w.csv.Flush()
		err = w.csv.Error()
	}
	if w.sheet != nil {
		if err = w.sheet.Flush(); err == nil {
			err = w.book.Write(w.out)
		}
		err = errors.Join(err, w.book.Close())
	}
	if err = errors.Join(err, w.out.Close()); err != nil {
		return fmt.Errorf("rejects: %w", err)
	}
	return nil
}
