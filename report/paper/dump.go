package paper

import (
	"fmt"
	"strings"
)

// String is the document as plain text: its words with every figure in
// brackets behind its code, its tables and charts line by line. It is what the
// golden files of the tests hold, so that a change of the words is read as such.
func (d *Document) String() string {
	var b strings.Builder
	for _, block := range d.Blocks {
		switch block := block.(type) {
		case Heading:
			fmt.Fprintf(&b, "\n%s %s\n\n", strings.Repeat("#", block.Level+1), block.Text)
		case Paragraph:
			b.WriteString(block.String() + "\n")
		case Table:
			b.WriteString("\n" + block.String() + "\n")
		case Chart:
			b.WriteString("\n" + block.String() + "\n")
		case NoteList:
			for _, n := range d.Notes {
				fmt.Fprintf(&b, "[%d] %s\n", n.Number, n.Text)
			}
		case PageBreak:
			b.WriteString("\n----\n")
		}
	}
	return b.String()
}

// String is the text with its figures marked by where they come from.
func (p Paragraph) String() string {
	var b strings.Builder
	for _, r := range p.Runs {
		switch r.Kind {
		case Words:
			b.WriteString(r.Text)
		case Stated:
			fmt.Fprintf(&b, "{%s: %s}[%d]", r.Code, r.Text, r.Note)
		default:
			fmt.Fprintf(&b, "{%s: %s}", r.Code, r.Text)
		}
	}
	return b.String()
}

// String has the cells of a row behind each other.
func (t Table) String() string {
	var b strings.Builder
	b.WriteString(t.Caption + "\n")
	for i, c := range t.Columns {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(c.Title)
	}
	for _, row := range t.Rows {
		b.WriteString("\n" + strings.ReplaceAll(strings.Join(row, " | "), "\n", " / "))
	}
	if t.Remark != "" {
		b.WriteString("\n" + t.Remark)
	}
	return b.String()
}

// String has a line for each label with the values of all series.
func (c Chart) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)", c.Caption, c.Kind)
	for i, label := range c.Labels {
		b.WriteString("\n" + label)
		for _, s := range c.Series {
			b.WriteString(" | " + s.Name + " " + orDash(plain(&c, s.Values)[i]))
		}
	}
	return b.String()
}
