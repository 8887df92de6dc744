package paper

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
)

// svg draws a chart. Sizes are pixels; the drawing is as wide as asked, so the
// letters keep their size on a telephone.
type svg struct {
	strings.Builder
	chart         *Chart
	width, height float64
	left, top     float64 // the corner of the plot
	right, bottom float64
	low, high     float64 // ends of the values' axis
}

// narrow is the width below which a drawing takes turned or fewer labels.
const narrow = 480

// svgOf is the drawing of a chart.
func svgOf(c *Chart, width int) string {
	g := &svg{chart: c, width: float64(width), height: 280, left: 48, top: 22}
	if c.Kind == Bars || g.sideways() {
		g.sideBySide()
	} else {
		g.upright()
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"`,
		width, int(g.height), width, int(g.height))
	return head + ` aria-label="` + escaped(c.Caption) + `">` + g.String() + "</svg>"
}

// sideways reports whether the labels of a chart do not fit below it.
func (g *svg) sideways() bool {
	room := (g.width - g.left) / float64(max(len(g.chart.Labels), 1))
	for _, l := range g.chart.Labels {
		if textWide(l) > room*1.05 {
			return true
		}
	}
	return g.width < narrow && len(g.chart.Labels) > 6 && (g.chart.Kind == Dots || len(g.chart.Labels) > 12)
}

// textWide is about how wide a label is, at 12 px.
func textWide(s string) float64 { return float64(uniseg.StringWidth(s)) * 6.4 }

func (g *svg) text(x, y float64, anchor, class, s string) {
	fmt.Fprintf(g, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, escaped(s))
}

func (g *svg) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(g, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

// scale sets the values' axis and gives its steps.
func (g *svg) scale() []float64 {
	if g.chart.Percent {
		low, high := axisOf(g.chart)
		g.low, g.high = float64(low), float64(high)
	} else {
		g.high = float64(g.largest())
	}
	step := niceStep((g.high - g.low) / 4)
	if !g.chart.Percent {
		n := int(g.high/step) + 1
		g.high = float64(n) * step
	}
	var ticks []float64
	for v := g.low; v <= g.high+step/1000; v += step {
		ticks = append(ticks, v)
	}
	return ticks
}

// largest is the largest value of the chart.
func (g *svg) largest() int64 {
	var most int64
	for _, s := range g.chart.Series {
		for _, v := range s.Values {
			if v != nil {
				most = max(most, *v)
			}
		}
	}
	return most
}

// niceStep is the next of 1, 2, 5 times a power of ten.
func niceStep(rough float64) float64 {
	step := 1.0
	for {
		for _, m := range []float64{1, 2, 5} {
			if step*m >= rough {
				return step * m
			}
		}
		step *= 10
	}
}

func (g *svg) valueLabel(v float64) string {
	if g.chart.Percent {
		return tenths(int64(v)) + "%"
	}
	return strconv.FormatInt(int64(v), 10)
}

func (g *svg) pointLabel(v int64) string {
	if g.chart.Percent {
		return strconv.FormatFloat(float64(v)/10, 'f', 1, 64)
	}
	return strconv.FormatInt(v, 10)
}

// foot is the room below the plot: for the labels, and for a legend.
func (g *svg) foot() float64 {
	if len(g.chart.Series) < 2 {
		return 26
	}
	return 48
}

// legend names the series in a row at the foot, or at y.
func (g *svg) legend(y float64) {
	if len(g.chart.Series) < 2 {
		return
	}
	total := 0.0
	for _, s := range g.chart.Series {
		total += textWide(s.Name) + 34
	}
	x := max(4, (g.width-total)/2)
	for i, s := range g.chart.Series {
		g.symbol(x+6, y-4, i)
		g.text(x+16, y, "start", "t", s.Name)
		x += textWide(s.Name) + 34
	}
}

// symbol is the mark of a series: a dot or a diamond, a square for bars.
func (g *svg) symbol(x, y float64, series int) {
	color := palette[series%len(palette)]
	switch {
	case g.chart.Kind != Dots:
		fmt.Fprintf(g, `<rect x="%.1f" y="%.1f" width="10" height="10" fill="#%s"/>`, x-5, y-5, color)
	case series%2 == 0:
		fmt.Fprintf(g, `<circle cx="%.1f" cy="%.1f" r="5" fill="#%s"/>`, x, y, color)
	default:
		fmt.Fprintf(g, `<path d="M%.1f %.1fl6 6-6 6-6-6z" fill="#%s"/>`, x, y-6, color)
	}
}

// upright draws columns or dots over their labels.
func (g *svg) upright() {
	g.right, g.bottom = g.width-8, g.height-g.foot()
	ticks := g.scale()
	y := func(v float64) float64 { return g.bottom - (v-g.low)/(g.high-g.low)*(g.bottom-g.top) }
	for _, v := range ticks {
		g.line(g.left, y(v), g.right, y(v), "g")
		g.text(g.left-6, y(v)+4, "end", "t", g.valueLabel(v))
	}
	room := (g.right - g.left) / float64(len(g.chart.Labels))
	wide := min(46, room*.7/float64(len(g.chart.Series)))
	for i, label := range g.chart.Labels {
		center := g.left + room*(float64(i)+.5)
		g.text(center, g.bottom+18, "middle", "t", label)
		g.each(i, func(series int, n int64) {
			v := float64(n)
			if g.chart.Kind == Dots {
				g.symbol(center, y(v), series)
				g.text(center, y(v)+[]float64{-10, 20}[series%2], "middle", "v", g.pointLabel(n))
				return
			}
			x := center + wide*(float64(series)-float64(len(g.chart.Series))/2)
			fmt.Fprintf(g, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#%s"/>`, x, y(v), wide-1, g.bottom-y(v), palette[series%len(palette)])
			g.text(x+wide/2, y(v)-5, "middle", "v", g.pointLabel(n))
		})
	}
	g.line(g.left, g.bottom, g.right, g.bottom, "a")
	g.legend(g.height - 6)
}

// each hands over the values of a label, series by series.
func (g *svg) each(i int, draw func(series int, n int64)) {
	for k, s := range g.chart.Series {
		if s.Values[i] != nil {
			draw(k, *s.Values[i])
		}
	}
}

// sideBySide draws bars or dots to the right of their labels.
func (g *svg) sideBySide() {
	row := 34.0
	if g.chart.Kind == Dots { // with a label above and below
		row = 44
	}
	widest := 0.0
	for _, l := range g.chart.Labels {
		widest = max(widest, textWide(l))
	}
	g.left, g.top = min(widest+10, g.width*.42), 8
	g.bottom = g.top + row*float64(len(g.chart.Labels))
	g.height, g.right = g.bottom+g.foot(), g.width-46
	ticks := g.scale()
	x := func(v float64) float64 { return g.left + (v-g.low)/(g.high-g.low)*(g.right-g.left) }
	for i, v := range ticks {
		g.line(x(v), g.top, x(v), g.bottom, "g")
		if g.width >= narrow || i%2 == 0 {
			g.text(x(v), g.bottom+16, "middle", "t", g.valueLabel(v))
		}
	}
	thick := 20 / float64(len(g.chart.Series))
	for i, label := range g.chart.Labels {
		middle := g.top + row*(float64(i)+.5)
		g.label(label, middle)
		g.each(i, func(series int, n int64) {
			v := float64(n)
			if g.chart.Kind == Dots {
				g.symbol(x(v), middle, series)
				g.text(x(v), middle+[]float64{-8, 17}[series%2], "middle", "v", g.pointLabel(n))
				return
			}
			top := middle + thick*(float64(series)-float64(len(g.chart.Series))/2)
			fmt.Fprintf(g, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#%s"/>`, g.left, top, x(v)-g.left, thick, palette[series%len(palette)])
			g.text(x(v)+5, top+thick/2+4, "start", "v", g.pointLabel(n))
		})
	}
	g.line(g.left, g.top, g.left, g.bottom, "a")
	g.legend(g.height - 6)
}

// label writes a bar's label to its left, in two lines where one is too short.
func (g *svg) label(label string, middle float64) {
	room := g.left - 6
	if textWide(label) <= room || !strings.Contains(label, " ") {
		g.text(room, middle+4, "end", "t", fitted(label, room))
		return
	}
	cut := strings.LastIndex(label[:len(label)*3/5], " ")
	if cut < 0 {
		cut = strings.Index(label, " ")
	}
	g.text(room, middle-3, "end", "t", fitted(label[:cut], room))
	g.text(room, middle+11, "end", "t", fitted(label[cut+1:], room))
}

// fitted shortens a label to a width.
func fitted(s string, width float64) string {
	if textWide(s) <= width {
		return s
	}
	rs := []rune(s)
	for len(rs) > 1 && textWide(string(rs)+"…") > width {
		rs = rs[:len(rs)-1]
	}
	return string(rs) + "…"
}
