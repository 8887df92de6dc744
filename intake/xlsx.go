package intake

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits of a workbook, so that a small hostile file cannot unfold into one
// that fills the memory.
const (
	maxUnzipped  = 256 << 20
	maxInMemory  = 16 << 20 // larger parts go through a temporary file
	maxZipParts  = 10_000
	maxCellsARow = 1_000
)

// xlsxTable streams one sheet.
type xlsxTable struct {
	book  *excelize.File
	rows  *excelize.Rows
	sheet string
	row   int
	epoch bool
}

func openXLSX(name, sheet string) (table, error) {
	book, err := excelize.OpenFile(name, excelize.Options{
		UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxInMemory, RawCellValue: true,
	})
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	t := &xlsxTable{book: book}
	if err := t.open(sheet); err != nil {
		return nil, errors.Join(err, book.Close())
	}
	return t, nil
}

func (t *xlsxTable) open(sheet string) error {
	sheets := t.book.GetSheetList()
	for _, s := range sheets {
		if sheet == "" || fold(s) == fold(sheet) {
			t.sheet = s
			break
		}
	}
	if t.sheet == "" {
		return fmt.Errorf("the workbook has no sheet %q, only %s", sheet, strings.Join(sheets, ", "))
	}
	props, err := t.book.GetWorkbookProps()
	if err != nil {
		return fmt.Errorf("read the workbook: %w", err)
	}
	t.epoch = props.Date1904 != nil && *props.Date1904
	if t.rows, err = t.book.Rows(t.sheet); err != nil {
		return fmt.Errorf("read sheet %s: %w", t.sheet, err)
	}
	return nil
}

// next gives the next row; excelize also gives those that the file leaves out,
// so counting them numbers them.
func (t *xlsxTable) next() (int, []string, error) {
	if !t.rows.Next() {
		if err := t.rows.Error(); err != nil {
			return 0, nil, fmt.Errorf("sheet %s: %w", t.sheet, err)
		}
		return 0, nil, io.EOF
	}
	t.row++
	cells, err := t.rows.Columns()
	if err != nil {
		return 0, nil, fmt.Errorf("sheet %s, row %d: %w", t.sheet, t.row, err)
	}
	if len(cells) > maxCellsARow {
		return t.row, cells[:maxCellsARow], fmt.Errorf("%w: more than %d cells", errRow, maxCellsARow)
	}
	for i := range cells {
		cells[i] = plainNumber(cells[i])
	}
	return t.row, cells, nil
}

func (t *xlsxTable) base1904() bool    { return t.epoch }
func (t *xlsxTable) sheetName() string { return t.sheet }
func (t *xlsxTable) close() error      { return errors.Join(t.rows.Close(), t.book.Close()) }

// wellFormed reads the sheets of a workbook once as plain XML. The library
// takes broken XML for the end of a sheet, which would lose the rows behind
// it; and it trusts row numbers that run backwards.
func wellFormed(name string, limit int64) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("not a workbook: %w", err)
	}
	defer z.Close() //nolint:errcheck // read only
	if len(z.File) > maxZipParts {
		return errors.New("not a workbook: too many parts")
	}
	left := limit
	for _, part := range z.File {
		dir, base := path.Split(strings.ReplaceAll(part.Name, "\\", "/"))
		sheet := strings.HasSuffix(strings.ToLower(dir), "xl/worksheets/") && strings.HasSuffix(base, ".xml")
		if !sheet && !strings.EqualFold(base, "sharedStrings.xml") {
			continue
		}
		in, err := part.Open()
		if err != nil {
			return fmt.Errorf("the workbook's part %s: %w", base, err)
		}
		counted := &io.LimitedReader{R: in, N: left + 1}
		err = checkXML(counted)
		_ = in.Close() // read only
		if left = counted.N - 1; left < 0 {
			return fmt.Errorf("the workbook unfolds to more than %d MiB", limit>>20)
		}
		if err != nil {
			return fmt.Errorf("the workbook's part %s is broken: %w", base, err)
		}
	}
	return nil
}

// checkXML reads to the end and checks that rows come in order.
func checkXML(in io.Reader) error {
	d := xml.NewDecoder(in)
	d.CharsetReader = excelize.NewFile().CharsetReader
	last, depth := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if depth != 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth++; depth > 1000 {
				return errors.New("nested too deeply")
			}
			if e.Name.Local == "row" {
				if last, err = rowNumber(e, last); err != nil {
					return err
				}
			}
		}
	}
}

func rowNumber(e xml.StartElement, last int) (int, error) {
	for _, a := range e.Attr {
		if a.Name.Local != "r" {
			continue
		}
		n, err := strconv.Atoi(a.Value)
		if err != nil || n <= last {
			return 0, fmt.Errorf("row %s comes after row %d", a.Value, last)
		}
		return n, nil
	}
	return last + 1, nil
}
