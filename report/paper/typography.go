package paper

import (
	"strings"
	"unicode"
)

// wide are the marks that Chinese has in full width. The project's Chinese
// words (names of indicators, what departments enter) are often typed with
// ASCII marks; on paper they must not stand among Chinese letters.
var wide = map[rune]rune{
	',': '\uff0c', ';': '\uff1b', ':': '\uff1a', '?': '\uff1f', '!': '\uff01', '(': '\uff08', ')': '\uff09',
}

// typeset sets the marks of every Chinese text in the document.
func (d *Document) typeset() {
	if d.Lang != "zh" {
		return
	}
	d.Title = fullWidth(d.Title)
	for i, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			b.Text = fullWidth(b.Text)
			d.Blocks[i] = b
		case Paragraph:
			typesetRuns(b.Runs)
		case Table:
			b.typeset()
			d.Blocks[i] = b
		case Chart:
			b.Caption, b.Remark = fullWidth(b.Caption), fullWidth(b.Remark)
			for k := range b.Labels {
				b.Labels[k] = fullWidth(b.Labels[k])
			}
			d.Blocks[i] = b
		}
	}
	for i := range d.Notes {
		d.Notes[i].Text = fullWidth(d.Notes[i].Text)
	}
}

func (t *Table) typeset() {
	t.Caption, t.Remark = fullWidth(t.Caption), fullWidth(t.Remark)
	for i := range t.Columns {
		t.Columns[i].Title = fullWidth(t.Columns[i].Title)
	}
	for _, row := range t.Rows {
		for i := range row {
			row[i] = fullWidth(row[i])
		}
	}
}

// typesetRuns sets the marks of a paragraph as one text: whether a comma is a
// Chinese one depends on its neighbours, which may be in another run.
func typesetRuns(rs []Run) {
	var all strings.Builder
	for _, r := range rs {
		all.WriteString(r.Text)
	}
	set := []rune(fullWidth(all.String()))
	for i := range rs {
		n := len([]rune(rs[i].Text))
		rs[i].Text, set = string(set[:n]), set[n:]
	}
}

// fullWidth puts marks beside Chinese letters into full width. Parentheses go
// together: both are wide when there is Chinese between them or before them.
func fullWidth(s string) string {
	rs := []rune(s)
	var open []int // of parentheses not closed yet; -1 for a narrow one
	for i, r := range rs {
		switch {
		case r == '(':
			if beside(rs, i-1, -1) || chineseWithin(rs[i+1:]) {
				rs[i] = wide[r]
				open = append(open, i)
			} else {
				open = append(open, -1)
			}
		case r == ')':
			if len(open) > 0 {
				if open[len(open)-1] >= 0 {
					rs[i] = wide[r]
				}
				open = open[:len(open)-1]
			}
		case wide[r] != 0 && (beside(rs, i-1, -1) || beside(rs, i+1, 1)):
			rs[i] = wide[r]
		}
	}
	return string(rs)
}

// beside reports whether the letter at a place is Chinese; marks that are in
// full width already, and quotation marks, are looked through.
func beside(rs []rune, at, step int) bool {
	for ; at >= 0 && at < len(rs); at += step {
		r := rs[at]
		if unicode.Is(unicode.Han, r) || strings.ContainsRune("、。〔〕《》\uff0c\uff1b\uff1a\uff08\uff09", r) {
			return true
		}
		if !strings.ContainsRune("“”", r) {
			return false
		}
	}
	return false
}

// chineseWithin reports whether there is Chinese before the parenthesis closes.
func chineseWithin(rs []rune) bool {
	for _, r := range rs {
		if r == ')' {
			return false
		}
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}
