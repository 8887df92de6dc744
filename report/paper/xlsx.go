package paper

import (
	"io"
	"slices"
	"strconv"

	"github.com/rivo/uniseg"
	"github.com/xuri/excelize/v2"

	"sudi/domain"
	"sudi/report"
)

// workbook writes the indicator workbook: typed numbers and dates, a frozen
// header and a filter on each sheet.
type workbook struct {
	*speaker
	book   *excelize.File
	styles map[format]int
	err    error // the first that happened; nothing is written after it
}

// format is how a cell is shown.
type format string

// The formats.
const (
	plainText format = "@"
	whole     format = "#,##0"
	rate      format = "0.0%"
	decimal   format = "#,##0.0"
	points    format = "+0.0;-0.0;0.0"
	yuanSum   format = "#,##0.00"
	dayOnly   format = "yyyy-mm-dd"
	dayTime   format = "yyyy-mm-dd hh:mm"
	heading   format = "heading"
	general   format = ""
)

// xcell is a typed value with its format. A nil value is an empty cell.
type xcell struct {
	value  any
	format format
}

// xcolumn is a column of a sheet.
type xcolumn struct {
	title string
	width float64
}

// WriteXLSX writes the report as a workbook of indicators.
func WriteXLSX(w io.Writer, a *report.Annual, lang string) error {
	s := newSpeaker(a, lang)
	s.lang = s.labels.lang
	b := &workbook{speaker: s, book: excelize.NewFile(), styles: map[format]int{}}
	b.summary()
	b.sheet("figures", b.figureColumns(false), b.figureRows(a.Figures, false))
	for _, part := range []struct {
		name    string
		figures []report.Figure
	}{
		{"months", a.ByMonth}, {"townships", a.ByTownship}, {"categories", a.ByCategory},
		{"procedures", a.ByProcedure}, {"organizations", a.ByOrganization},
	} {
		b.sheet(part.name, b.figureColumns(true), b.figureRows(part.figures, true))
	}
	b.backlogSheet()
	b.attestedSheet()
	b.missingSheet()
	b.chartSheet()
	b.try(b.book.DeleteSheet("Sheet1"))
	b.book.SetActiveSheet(0)
	if b.err != nil {
		return b.err
	}
	if _, err := b.book.WriteTo(w); err != nil {
		return err
	}
	return b.book.Close()
}

func (b *workbook) try(err error) {
	if b.err == nil {
		b.err = err
	}
}

// style is the number of a format's style.
func (b *workbook) style(f format) int {
	if n, ok := b.styles[f]; ok {
		return n
	}
	font := &excelize.Font{Family: "宋体", Size: 10.5}
	s := &excelize.Style{Font: font, Alignment: &excelize.Alignment{Vertical: "center"}}
	switch f {
	case heading:
		font.Bold = true
		s.Alignment.WrapText = true
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F2F2F2"}}
		s.Border = []excelize.Border{{Type: "bottom", Style: 1, Color: "404040"}}
	case general:
		s.Alignment.WrapText = true
	default:
		pattern := string(f)
		s.CustomNumFmt = &pattern
	}
	n, err := b.book.NewStyle(s)
	b.try(err)
	b.styles[f] = n
	return n
}

// sheet adds a sheet with a frozen header and a filter. Sheets without rows
// are left out.
func (b *workbook) sheet(name string, columns []xcolumn, rows [][]xcell) {
	if b.err != nil || len(rows) == 0 {
		return
	}
	title := b.labels.Sheets[name]
	_, err := b.book.NewSheet(title)
	b.try(err)
	for i, c := range columns {
		letter, err := excelize.ColumnNumberToName(i + 1)
		b.try(err)
		b.try(b.book.SetColWidth(title, letter, letter, c.width))
		b.put(title, i+1, 1, xcell{b.wide(c.title), heading})
	}
	for r, row := range rows {
		lines := 1
		for c, cell := range row {
			b.put(title, c+1, r+2, cell)
			lines = max(lines, linesOf(cell, columns[c].width))
		}
		b.try(b.book.SetRowHeight(title, r+2, lineHeight*float64(lines)+3))
	}
	b.try(b.book.SetPanes(title, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	last, err := excelize.CoordinatesToCellName(len(columns), len(rows)+1)
	b.try(err)
	b.try(b.book.AutoFilter(title, "A1:"+last, nil))
	b.layout(title)
	b.try(b.book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + title + "'!$1:$1", Scope: title}))
}

// lineHeight is that of a line of text, in points.
const lineHeight = 13.5

// linesOf is how many lines a text takes in a column; not every program makes
// rows as high as their text by itself.
func linesOf(c xcell, width float64) int {
	s, ok := c.value.(string)
	if !ok {
		return 1
	}
	return int(float64(uniseg.StringWidth(s))*1.05/width) + 1
}

// layout prints a sheet on A4 landscape, as wide as the page.
func (b *workbook) layout(sheet string) {
	b.try(b.book.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: ptr("landscape"), Size: ptr(9), FitToWidth: ptr(1), FitToHeight: ptr(0)}))
	b.try(b.book.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: ptr(true)}))
}

func ptr[T any](v T) *T { return &v }

// wide sets the marks of a text as the document does.
func (b *workbook) wide(s string) string {
	if b.lang == "zh" {
		return fullWidth(s)
	}
	return s
}

// put writes a cell. Text stays text, whatever it begins with: none of it is
// ever a formula.
func (b *workbook) put(sheet string, column, row int, c xcell) {
	at, err := excelize.CoordinatesToCellName(column, row)
	b.try(err)
	b.try(b.book.SetCellStyle(sheet, at, at, b.style(c.format)))
	switch v := c.value.(type) {
	case nil:
	case string:
		b.try(b.book.SetCellStr(sheet, at, escapedCell(v)))
	default:
		b.try(b.book.SetCellValue(sheet, at, v))
	}
}

// escapedCell drops what XML has no character for.
func escapedCell(s string) string {
	return string(slices.DeleteFunc([]rune(s), func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' || r == 0xFFFD || r == 0xFFFE || r == 0xFFFF
	}))
}

// numberCell is a figure's value typed by its unit; a percentage is the
// rounded one, so that the sheet shows what the report prints.
func numberCell(v report.Value, unit domain.IndicatorUnit) xcell {
	text := v.String()
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return xcell{nil, general}
	case unit == domain.UnitPercent:
		return xcell{n / 100, rate}
	case unit == domain.UnitFen:
		return xcell{n / 100, yuanSum}
	case n != float64(int64(n)):
		return xcell{n, decimal}
	default:
		return xcell{int64(n), whole}
	}
}

// countCell is a side of a figure; an amount is in yuan, as its value is.
func countCell(n *int64, unit domain.IndicatorUnit) xcell {
	switch {
	case n == nil:
		return xcell{nil, whole}
	case unit == domain.UnitFen:
		return xcell{float64(*n) / 100, yuanSum}
	default:
		return xcell{*n, whole}
	}
}
