package paper

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// WriteText prints a comparison for a terminal, in "zh" or "en".
func (c *Comparison) WriteText(w io.Writer, lang string) error {
	l := labelsOf(lang)
	words := l.Compare
	rows := [][]string{{words["figure"], words["source"], words["ours"], words["published"], words["difference"], words["holds"]}}
	for i := range c.Rows {
		r := &c.Rows[i]
		verdict := words["no"]
		switch {
		case r.Holds:
			verdict = words["yes"]
		case !r.checked():
			verdict = words["unknown"]
		}
		rows = append(rows, []string{r.Name.In(l.lang), words[string(r.Source)], r.Ours, r.Published.Text, orDash(r.Difference), verdict})
	}
	var b strings.Builder
	fmt.Fprintf(&b, words["title"]+"\n\n", c.Year)
	writeAligned(&b, rows)
	fmt.Fprintf(&b, "\n"+words["sum"]+"\n", len(c.Rows), c.Agreeing(), len(c.Rows)-c.Agreeing()-c.Unchecked(), c.Unchecked())
	c.rest(&b, &l)
	_, err := io.WriteString(w, b.String())
	return err
}

// rest lists what could not be compared.
func (c *Comparison) rest(b *strings.Builder, l *labels) {
	names := make([]string, len(c.NotFound))
	for i, n := range c.NotFound {
		names[i] = n.In(l.lang)
	}
	for _, part := range []struct {
		key   string
		items []string
	}{{"not_found", names}, {"not_known", c.Unknown}, {"unread", c.Unread}} {
		if len(part.items) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n"+l.Compare[part.key]+"\n", len(part.items))
		for _, item := range part.items {
			b.WriteString("  " + item + "\n")
		}
	}
}

// writeAligned writes rows in columns; the first two to the left, numbers to
// the right.
func writeAligned(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
			if i < 2 || i == len(row)-1 {
				line.WriteString(cell + pad + "  ")
			} else {
				line.WriteString(pad + cell + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
