package paper

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/xuri/excelize/v2"
)

// The size of a chart in EMU (360 000 to the centimetre): the text's width,
// and the height of a third of a page.
const (
	chartWidth  = 156 * 36000
	chartHeight = 72 * 36000
)

// palette are the colours of series, told apart in grey print too.
var palette = []string{"1F4E79", "D98324", "6B8E23"}

// chartView is what ooxml/chart.xml needs.
type chartView struct {
	Kind     ChartKind
	Labels   []string
	LabelRef string
	Series   []seriesView
	Format   string
	Min, Max string // of the values' axis, "" as it comes
}

type seriesView struct {
	Name, NameRef, ValueRef, Color, Symbol, LabelSide string
	Values                                            []string // "" for none
}

// chart adds a native chart, so that it needs no fonts of ours and can be
// edited.
func (w *docxWriter) chart(c *Chart) error {
	xml, err := chartXML(c)
	if err != nil {
		return err
	}
	data, err := chartBook(c)
	if err != nil {
		return err
	}
	w.charts = append(w.charts, chartPart{xml, data})
	id := w.id()
	w.body.WriteString(`<w:p><w:pPr><w:pStyle w:val="Drawing"/><w:keepNext/></w:pPr><w:r><w:drawing>`)
	fmt.Fprintf(&w.body, `<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%d" cy="%d"/><wp:docPr id="%d" name="chart %d" descr="%s"/><wp:cNvGraphicFramePr/>`,
		chartWidth, chartHeight, id, len(w.charts), escaped(c.Caption))
	fmt.Fprintf(&w.body, `<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart r:id="rChart%d"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`,
		len(w.charts))
	caption := c.Caption
	if c.Remark != "" {
		w.body.WriteString(`<w:p><w:pPr><w:pStyle w:val="Caption"/><w:spacing w:before="0" w:after="40"/></w:pPr>` + text(caption, "") + `</w:p>`)
		w.body.WriteString(`<w:p><w:pPr><w:pStyle w:val="Remark"/><w:jc w:val="center"/></w:pPr>` + text(c.Remark, "") + `</w:p>`)
		return nil
	}
	w.body.WriteString(`<w:p><w:pPr><w:pStyle w:val="Caption"/><w:keepNext w:val="0"/><w:spacing w:before="0" w:after="200"/></w:pPr>` + text(caption, "") + `</w:p>`)
	return nil
}

func chartXML(c *Chart) (string, error) {
	t, err := template.New("chart.xml").Funcs(template.FuncMap{"xml": escaped}).ParseFS(ooxml, "ooxml/chart.xml")
	if err != nil {
		return "", err
	}
	last := strconv.Itoa(len(c.Labels) + 1)
	v := chartView{Kind: c.Kind, Labels: c.Labels, LabelRef: "Sheet1!$A$2:$A$" + last, Format: "0"}
	if c.Percent {
		v.Format = "0.0&quot;%&quot;"
		low, high := axisOf(c)
		v.Min, v.Max = strconv.FormatInt(low/10, 10), strconv.FormatInt(high/10, 10)
	}
	for i, s := range c.Series {
		column := string(rune('B' + i))
		v.Series = append(v.Series, seriesView{
			Name: s.Name, NameRef: "Sheet1!$" + column + "$1", ValueRef: "Sheet1!$" + column + "$2:$" + column + "$" + last,
			Color: palette[i%len(palette)], Symbol: []string{"circle", "diamond", "square"}[i%3], LabelSide: []string{"t", "b", "r"}[i%3],
			Values: plain(c, s.Values),
		})
	}
	var b strings.Builder
	if err := t.Execute(&b, v); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}

// axisOf gives the ends of the axis of rates, in tenths of a percent: whole
// fives around the values, with room for the labels, and no more than a
// hundred on top.
func axisOf(c *Chart) (low, high int64) {
	low, high = 1000, 0
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v != nil {
				low, high = min(low, *v), max(high, *v)
			}
		}
	}
	const step = 50
	low = max(0, (low-step/2)/step*step)
	high = min(1000, (high/step+1)*step)
	return low, max(high, low+step)
}

// plain are a series' values as a workbook has them: percentages with their
// decimal.
func plain(c *Chart, values []*int64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		switch {
		case v == nil:
		case c.Percent:
			out[i] = strconv.FormatFloat(float64(*v)/10, 'f', 1, 64)
		default:
			out[i] = strconv.FormatInt(*v, 10)
		}
	}
	return out
}

// chartBook is the workbook behind a chart, which Word opens to edit it.
func chartBook(c *Chart) ([]byte, error) {
	book := excelize.NewFile()
	rows := [][]any{{""}}
	for _, s := range c.Series {
		rows[0] = append(rows[0], s.Name)
	}
	for i, label := range c.Labels {
		row := []any{label}
		for _, s := range c.Series {
			row = append(row, cellValue(c, s.Values[i]))
		}
		rows = append(rows, row)
	}
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", "A"+strconv.Itoa(i+1), &row); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if _, err := book.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), book.Close()
}

func cellValue(c *Chart, v *int64) any {
	switch {
	case v == nil:
		return nil
	case c.Percent:
		return float64(*v) / 10
	default:
		return *v
	}
}
