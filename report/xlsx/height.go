package xlsx

import "fmt"

const (
	lineHeight = 15 // points
	mostLines  = 27 // Excel's rows end at 409 points
)

// height is the attribute of a row whose wrapped texts need more than a line.
// Programs that measure texts themselves take it for what they last measured,
// so it is not marked as anybody's wish.
func (s *Sheet) height(cells []Cell) string {
	lines := 1
	for i, c := range cells {
		if text, ok := c.Value.(string); ok && c.Style == Wrapped {
			lines = max(lines, linesOf(text, s.plan.Columns[i].Width))
		}
	}
	if lines == 1 {
		return ""
	}
	return fmt.Sprintf(` ht="%d"`, lineHeight*min(lines, mostLines))
}

// linesOf estimates how many lines a text takes in a column.
func linesOf(text string, width float64) int {
	lines, at := 1, 0.0
	for _, r := range text {
		wide := 1.0
		if r >= 0x2E80 { // Chinese characters and punctuation
			wide = 2
		}
		switch {
		case r == '\n':
			lines, at = lines+1, 0
		case at+wide > width-1: // the cell's own margin
			lines, at = lines+1, wide
		default:
			at += wide
		}
		if lines >= mostLines {
			break
		}
	}
	return lines
}
