package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"

	"sudi/domain"
)

// textWidth is the columns that a terminal surely has.
const textWidth = 80

// labels are the words of the annual report's text.
type labels struct {
	title, asOf, figure, value, fraction string
	units                                map[domain.IndicatorUnit]string
}

var labelsIn = map[string]labels{
	"zh": {
		title: "%d年度指标", asOf: "统计截至 %s(北京时间)",
		figure: "指标", value: "数值", fraction: "分子/分母",
		units: map[domain.IndicatorUnit]string{domain.UnitCases: "件", domain.UnitPercent: "%", domain.UnitOrganizations: "个",
			domain.UnitDays: "天", domain.UnitFen: "元"},
	},
	"en": {
		title: "Figures of %d", asOf: "as of %s (Beijing)",
		figure: "Figure", value: "Value", fraction: "Fraction",
		units: map[domain.IndicatorUnit]string{domain.UnitPercent: "%", domain.UnitDays: " days", domain.UnitFen: " yuan"},
	},
}

// WriteText writes the report for a terminal, in "zh" or "en": each figure
// with what it was made from, and below it its definition.
func (a *Annual) WriteText(w io.Writer, lang string) error { return a.writeText(w, lang, true) }

// WriteBrief writes the figures without their definitions.
func (a *Annual) WriteBrief(w io.Writer, lang string) error { return a.writeText(w, lang, false) }

func (a *Annual) writeText(w io.Writer, lang string, defined bool) error {
	if _, ok := labelsIn[lang]; !ok {
		lang = "zh"
	}
	l := labelsIn[lang]
	rows := [][3]string{{l.figure, l.value, l.fraction}}
	for i := range a.Figures {
		f := &a.Figures[i]
		rows = append(rows, [3]string{f.Name.In(lang), f.printed(&l), f.fraction()})
	}
	widths := columns(rows)
	rule := strings.Repeat("-", widths[0]+widths[1]+widths[2]+4)

	var b strings.Builder
	fmt.Fprintf(&b, l.title+"\n", a.Year)
	fmt.Fprintf(&b, l.asOf+"\n\n", a.AsOf.In(domain.Beijing).Format("2006-01-02 15:04"))
	writeRow(&b, rows[0], widths)
	b.WriteString(rule + "\n")
	for i := range a.Figures {
		writeRow(&b, rows[i+1], widths)
		if ind := domain.IndicatorByCode(a.Figures[i].Code); ind != nil && defined {
			for _, line := range wrap(ind.Definition.In(lang), textWidth-2) {
				b.WriteString("  " + line + "\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printed is the value with its unit; an amount is printed in yuan.
func (f *Figure) printed(l *labels) string {
	switch {
	case !f.Value.known:
		return f.Value.String()
	case f.Unit == domain.UnitFen:
		return fmt.Sprintf("%d.%02d", f.Value.n/100, f.Value.n%100) + l.units[f.Unit]
	default:
		return f.Value.String() + l.units[f.Unit]
	}
}

// fraction is "61793/62417" for a rate, "" for a count.
func (f *Figure) fraction() string {
	if f.Numerator == nil || f.Denominator == nil {
		return ""
	}
	return fmt.Sprintf("%d/%d", *f.Numerator, *f.Denominator)
}

func columns(rows [][3]string) (widths [3]int) {
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	return widths
}

// writeRow writes the name to the left, the numbers to the right.
func writeRow(b *strings.Builder, row [3]string, widths [3]int) {
	pad := func(i int) string { return strings.Repeat(" ", widths[i]-uniseg.StringWidth(row[i])) }
	line := row[0] + pad(0) + "  " + pad(1) + row[1] + "  " + pad(2) + row[2]
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// wrap breaks a text into lines by the rules of its script.
func wrap(text string, width int) []string {
	var lines []string
	line, state := "", -1
	for text != "" {
		var segment string
		segment, text, _, state = uniseg.FirstLineSegmentInString(text, state)
		if line != "" && uniseg.StringWidth(line+strings.TrimRight(segment, " ")) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += segment
	}
	return append(lines, line)
}
