package xlsx

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Column is a column of a sheet.
type Column struct {
	Title string
	Width float64 // in characters of the standard font
	Style Style
}

// Page is what is printed above and below every page of a sheet, with its
// number. It is A4 across and fits the width of the paper, or of several papers
// when it could not be read on one; each repeats the frozen columns.
type Page struct {
	Top         string // in the middle
	Left, Right string // at the foot, beside the page number
}

// Plan describes a sheet. With titles, its first row is frozen, repeated on
// every printed page and carries the filters.
type Plan struct {
	Name    string // at most 25 characters, none of []:*?/\
	Columns []Column
	Frozen  int // columns that stay in sight
	Page    Page
	More    func(n int) string // name of the n-th sheet, from 2, when the rows do not fit one
}

// Sheet takes rows, one after the other.
type Sheet struct {
	book  *Book
	plan  Plan
	part  int // how many sheets it fills so far
	row   int // last row written
	at    string
	cells []string // how a cell of each column begins
	rows  int      // rows without heads, of all parts
	count *counter
	w     *bufio.Writer
}

// counter counts what a sheet's XML comes to.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Sheet ends the sheet before and begins one.
func (b *Book) Sheet(p Plan) *Sheet {
	b.endSheet()
	s := &Sheet{book: b, plan: p}
	for i := range p.Columns {
		s.cells = append(s.cells, `<c r="`+columnName(i))
	}
	b.open = s
	s.begin()
	return s
}

// Rows is how many rows were written, without heads.
func (s *Sheet) Rows() int { return s.rows }

func (b *Book) endSheet() {
	if b.open != nil {
		b.open.end()
		b.open = nil
	}
}

// begin writes what stands before the rows of a part.
func (s *Sheet) begin() {
	s.part++
	s.row = 0
	name := s.plan.Name
	if s.part > 1 {
		name = fmt.Sprintf("%s (%d)", name, s.part)
		if s.plan.More != nil {
			name = s.plan.More(s.part)
		}
	}
	b := s.book
	b.sheets = append(b.sheets, sheetPart{name: name})
	s.count = &counter{w: b.entry(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.sheets)))}
	if b.buffer == nil {
		b.buffer = bufio.NewWriterSize(s.count, 1<<16)
	}
	s.w = b.buffer
	s.w.Reset(s.count)
	s.raw(header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView`)
	if len(b.sheets) == 1 {
		s.raw(` tabSelected="1"`)
	}
	s.raw(` workbookViewId="0">`)
	titled := s.titled()
	switch {
	case titled && s.plan.Frozen > 0:
		corner := columnName(s.plan.Frozen) + "2"
		s.raw(`<pane xSplit="` + strconv.Itoa(s.plan.Frozen) + `" ySplit="1" topLeftCell="` + corner + `" activePane="bottomRight" state="frozen"/>`)
		s.raw(`<selection pane="topRight"/><selection pane="bottomLeft"/><selection pane="bottomRight" activeCell="` + corner + `" sqref="` + corner + `"/>`)
	case titled:
		s.raw(`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft" activeCell="A2" sqref="A2"/>`)
	}
	s.raw(`</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>`)
	for i, c := range s.plan.Columns {
		s.raw(fmt.Sprintf(`<col min="%d" max="%d" width="%g" customWidth="1"/>`, i+1, i+1, c.Width))
	}
	s.raw(`</cols><sheetData>`)
	if titled {
		s.startRow(` ht="30" customHeight="1"`)
		for i, c := range s.plan.Columns {
			s.text(i, Head, c.Title)
		}
		s.raw(`</row>`)
	}
}

func (s *Sheet) titled() bool {
	for _, c := range s.plan.Columns {
		if c.Title != "" {
			return true
		}
	}
	return false
}

// end writes what stands behind the rows of a part.
func (s *Sheet) end() {
	s.raw(`</sheetData>`)
	b := s.book
	last := &b.sheets[len(b.sheets)-1]
	if s.titled() {
		to := columnName(len(s.plan.Columns) - 1)
		s.raw(fmt.Sprintf(`<autoFilter ref="A1:%s%d"/>`, to, s.row))
		last.filter, last.head = fmt.Sprintf("$A$1:$%s$%d", to, s.row), "$1:$1"
		if s.plan.Frozen > 0 {
			last.left = "$A:$" + columnName(s.plan.Frozen-1)
		}
	}
	s.raw(`<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>` +
		`<pageSetup paperSize="9" orientation="landscape" pageOrder="overThenDown" fitToWidth="` + strconv.Itoa(s.pagesAcross()) +
		`" fitToHeight="0"/><headerFooter>`)
	if top := s.plan.Page.Top; top != "" {
		s.raw(`<oddHeader>` + pageText("&C", top) + `</oddHeader>`)
	}
	s.raw(`<oddFooter>` + pageText("&L", s.plan.Page.Left) + escaped("&C&P / &N") + pageText("&R", s.plan.Page.Right) + `</oddFooter></headerFooter></worksheet>`)
	if err := s.w.Flush(); err != nil && b.err == nil {
		b.err = err
	}
}

// readableWidth is how many characters of the standard font can still be read
// beside each other on A4 across.
const readableWidth = 240

// pagesAcross is on how many pages beside each other a row is printed: one, if
// that can be read.
func (s *Sheet) pagesAcross() int {
	width := 0.0
	for _, c := range s.plan.Columns {
		width += c.Width
	}
	return max(1, int(math.Ceil(width/readableWidth)))
}

// mostOnPage keeps a foot's three parts within the 255 characters that Excel
// takes.
const mostOnPage = 75

// pageText is a text at a place of a page's head or foot, where & is a command.
func pageText(place, text string) string {
	if text == "" {
		return ""
	}
	if r := []rune(text); len(r) > mostOnPage {
		text = string(r[:mostOnPage]) + cut
	}
	return escaped(place + strings.NewReplacer("&", "&&", "\n", " ", "\t", " ").Replace(text))
}

// Row writes a row, a value for each column: a string, an int or int64, Fen, a
// time.Time (its own clock's reading), or nil for an empty cell.
func (s *Sheet) Row(values ...any) error {
	styled := make([]Cell, len(values))
	for i, v := range values {
		styled[i] = Cell{s.plan.Columns[i].Style, v}
	}
	return s.Cells(styled...)
}

// Cell is a value with a style of its own.
type Cell struct {
	Style Style
	Value any
}

// Cells writes a row of cells that have styles of their own.
func (s *Sheet) Cells(cells ...Cell) error {
	if s.row >= s.book.mostRows || s.count.n >= s.book.mostBytes {
		s.end()
		s.begin()
	}
	s.startRow(s.height(cells))
	for i, c := range cells {
		s.cell(i, c.Style, c.Value)
	}
	s.raw(`</row>`)
	s.rows++
	return s.book.err
}

func (s *Sheet) startRow(attributes string) {
	s.row++
	s.at = strconv.Itoa(s.row) + `"`
	s.raw(`<row r="`)
	s.raw(s.at)
	s.raw(attributes)
	s.raw(`>`)
}

// Fen is an amount of money, 1/100 yuan, shown in yuan.
type Fen int64

func (s *Sheet) cell(at int, style Style, value any) {
	switch v := value.(type) {
	case nil:
		s.open(at, style, "/>")
	case string:
		s.text(at, style, v)
	case int:
		s.number(at, style, strconv.Itoa(v))
	case int64:
		s.number(at, style, strconv.FormatInt(v, 10))
	case Fen:
		s.number(at, style, v.yuan())
	case time.Time:
		if serial, ok := serialOf(v); ok {
			s.number(at, style, serial)
		} else { // a day that spreadsheets do not have
			s.text(at, Text, v.Format("2006-01-02"))
		}
	default:
		if s.book.err == nil {
			s.book.err = fmt.Errorf("xlsx: no cell takes a %T", value)
		}
	}
}

// yuan is the amount as a decimal number, without going through a float.
func (f Fen) yuan() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, f/100, f%100)
}

func (s *Sheet) open(at int, style Style, rest string) {
	s.raw(s.cells[at])
	s.raw(s.at)
	s.raw(` s="`)
	s.raw(strconv.Itoa(int(style)))
	s.raw(`"`)
	s.raw(rest)
}

func (s *Sheet) number(at int, style Style, v string) {
	s.open(at, style, `><v>`)
	s.raw(v)
	s.raw(`</v></c>`)
}

func (s *Sheet) text(at int, style Style, text string) {
	if text == "" {
		s.open(at, style, "/>")
		return
	}
	if risky(text) {
		style = style.quoted()
	}
	s.open(at, style, ` t="inlineStr"><is><t xml:space="preserve">`)
	writeText(s.w, text)
	s.raw(`</t></is></c>`)
}

// raw writes; what fails is kept by the buffer until it is flushed.
func (s *Sheet) raw(xml string) {
	if _, err := s.w.WriteString(xml); err != nil && s.book.err == nil {
		s.book.err = err
	}
}

// columnName is the letters of a column, counted from 0.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// serialOf is a time as spreadsheets count it: days since 1899-12-30, of what
// its own clock reads. Before March 1900 they disagree, so there is none.
func serialOf(t time.Time) (string, bool) {
	year, month, day := t.Date()
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	days := int((time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() - first.Unix()) / 86_400) // a Duration ends after 292 years
	if days < 61 || year > 9999 {
		return "", false
	}
	seconds := t.Hour()*3600 + t.Minute()*60 + t.Second()
	if seconds == 0 {
		return strconv.Itoa(days), true
	}
	return strconv.FormatFloat(float64(days)+float64(seconds)/86_400, 'f', 10, 64), true
}
