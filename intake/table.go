package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"sudi/domain"
	"sudi/intake/upload"
)

// table is a file of rows, read once from top to bottom.
type table interface {
	// next gives the next row, numbered as a spreadsheet numbers it. A row
	// that cannot be read is errRow and the table goes on; io.EOF ends it and
	// any other error means that the file is not to be trusted.
	next() (row int, cells []string, err error)
	base1904() bool
	sheetName() string
	close() error
}

// errRow marks a row that cannot be read, among others that can.
var errRow = errors.New("unreadable row")

// file is what is known about a file before its rows are read.
type file struct {
	path    string
	hash    string // SHA-256
	gb18030 bool   // it is clearly no UTF-8
	xlsx    bool
}

// examine reads a file through once.
func examine(path string) (file, error) {
	f := file{path: path}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		f.xlsx = true
	case ".csv", ".txt", ".tsv":
	default:
		return f, fmt.Errorf("%s: neither .xlsx nor .csv", filepath.Base(path))
	}
	in, err := os.Open(path) //nolint:gosec // the user's own file
	if err != nil {
		return f, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return f, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return f, fmt.Errorf("%s: not a file of at most %d MiB", filepath.Base(path), maxFile>>20)
	}
	sum := sha256.New()
	var into io.Writer = sum
	encoding := &encodingCheck{}
	if !f.xlsx {
		into = io.MultiWriter(sum, encoding)
	}
	if _, err := io.Copy(into, in); err != nil {
		return f, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	f.hash, f.gb18030 = hex.EncodeToString(sum.Sum(nil)), encoding.gb18030()
	return f, nil
}

// encodingCheck weighs what the bytes written to it are. Hardly any text in
// GB18030 is UTF-8 by chance: of what it consists of, one byte in ten begins a
// pair that is, and one in fifty a character of three bytes or more, such as
// Chinese in UTF-8 consists of.
type encodingCheck struct {
	weight         // of all
	line    weight // of the line so far
	chinese bool   // a line can only be Chinese in UTF-8
	rest    []byte // the beginning of a character whose end has not come yet
}

// weight counts characters of several bytes, and bytes of no character.
type weight struct{ pairs, wide, bad int }

func (e *encodingCheck) Write(p []byte) (int, error) {
	b := append(e.rest, p...) //nolint:gocritic // rest is replaced below
	for len(b) > 0 {
		if b[0] == '\n' {
			e.endLine()
		}
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		if !utf8.FullRune(b) {
			break
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			e.line.bad++
		case n == 2:
			e.line.pairs++
		default:
			e.line.wide++
		}
		b = b[n:]
	}
	e.rest = append([]byte(nil), b...)
	return len(p), nil
}

func (e *encodingCheck) endLine() {
	e.chinese = e.chinese || e.line.bad == 0 && e.line.wide >= 3
	e.pairs += e.line.pairs
	e.wide += e.line.wide
	e.bad += e.line.bad
	e.line = weight{}
}

// gb18030 reports, at the end, whether it is clearly no UTF-8, not even UTF-8
// with some bytes broken.
func (e *encodingCheck) gb18030() bool {
	e.line.bad += len(e.rest)
	e.rest = nil
	e.endLine()
	return !e.chinese && e.bad > e.pairs+4*e.wide
}

// limits are those of a file of cases: larger than an attachment's. A control
// character costs its row only.
var limits = upload.Limits{Size: maxFile, Unpacked: maxUnzipped, Part: maxUnzipped, Entries: maxZipParts, Ratio: 100, Pixels: 1 << 27, Side: 1 << 15, Controls: true}

// safe judges a file by its content before any library unpacks it. Its name is
// the operator's own, of which only the ending matters. A broken workbook is
// left to wellFormed, which can say where.
func (f file) safe(ctx context.Context) error {
	in, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	_, err = upload.Check(ctx, "import"+filepath.Ext(f.path), in, info.Size(), limits)
	var refused *domain.Error
	switch {
	case !errors.As(err, &refused):
		return err
	case f.xlsx && refused.Code == upload.CodeMismatch:
		return fmt.Errorf("not a workbook: %w", err)
	case f.xlsx && refused.Code == upload.CodeBroken:
		return errors.Join(wellFormed(f.path, maxUnzipped), err)
	}
	return fmt.Errorf("the file is refused: %w", err)
}

// open begins to read a file's rows.
func (f file) open(m *Mapping) (table, error) {
	if f.xlsx {
		return openXLSX(f.path, m.Sheet)
	}
	return openCSV(f, m)
}

// headings reads up to the row of the headings and gives it; nil when there is
// none. It leaves the table at the first row of data.
func headings(t table, row int) ([]string, error) {
	for row > 0 {
		n, cells, err := t.next()
		broken := errors.Is(err, errRow)
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("row %d, that of the headings, is not there", row)
		case err != nil && !broken:
			return nil, err
		case n == row && broken:
			return nil, fmt.Errorf("row %d, that of the headings: %w", row, err)
		case n == row:
			return cells, nil
		case n > row:
			return nil, fmt.Errorf("row %d, that of the headings, is empty", row)
		}
	}
	return nil, nil
}

// blankRow reports whether a row holds nothing.
func blankRow(cells []string) bool {
	for _, c := range cells {
		if !blank(c) {
			return false
		}
	}
	return true
}

// count reads a file to its end, so that a file broken in the middle is
// refused before anything is taken from it, and gives the number of its rows
// and its headings.
func (f file) count(ctx context.Context, m *Mapping) (total int, header []string, sheet string, err error) {
	if f.xlsx {
		if err := f.safe(ctx); err != nil {
			return 0, nil, "", err
		}
		if err := wellFormed(f.path, maxUnzipped); err != nil {
			return 0, nil, "", err
		}
	}
	t, err := f.open(m) // it knows a csv file in UTF-16 by more than its mark
	if err != nil {
		return 0, nil, "", err
	}
	defer t.close() //nolint:errcheck // read only
	if !f.xlsx {
		if err := f.safe(ctx); err != nil {
			return 0, nil, "", err
		}
	}
	if header, err = headings(t, m.headerRow()); err != nil {
		return 0, nil, "", err
	}
	for {
		_, cells, err := t.next()
		switch {
		case errors.Is(err, io.EOF):
			return total, header, t.sheetName(), nil
		case errors.Is(err, errRow):
			total++
		case err != nil:
			return 0, nil, "", err
		case !blankRow(cells):
			total++
		}
	}
}
