package xlsx

import (
	"bufio"
	"strings"
	"unicode/utf8"
)

// mostInCell is how many UTF-16 units of text Excel takes in one cell.
const mostInCell = 32_767

// cut marks a text that did not fit its cell.
const cut = "…"

// risky reports whether a program that reads cells as their user typed them
// would take the text for a formula. The wide forms count as typed in Chinese.
func risky(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}

// writeText writes a text as XML character data that means itself in a cell:
// what XML forbids becomes U+FFFD, line ends become \n, and what Excel would
// read as the escape of a character ("_x003D_") is escaped itself. A text that
// is too long for a cell is cut and says so.
func writeText(w *bufio.Writer, text string) {
	text = fit(text)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '_' && escapes(text[i:]):
			_, _ = w.WriteString("_x005F_")
		case r == '&':
			_, _ = w.WriteString("&amp;")
		case r == '<':
			_, _ = w.WriteString("&lt;")
		case r == '>':
			_, _ = w.WriteString("&gt;")
		case r == '"': // a text may stand in an attribute
			_, _ = w.WriteString("&quot;")
		case r == '\r':
			if !strings.HasPrefix(text[i+1:], "\n") {
				_ = w.WriteByte('\n')
			}
		case r == utf8.RuneError || !inXML(r):
			_, _ = w.WriteRune(utf8.RuneError)
		default:
			_, _ = w.WriteString(text[i : i+size])
		}
		i += size
	}
}

// inXML reports whether XML 1.0 has the character.
func inXML(r rune) bool {
	return r == '\t' || r == '\n' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

// escapes reports whether a text begins as Excel's own escapes do: _xHHHH_.
func escapes(text string) bool {
	if len(text) < 7 || text[1] != 'x' || text[6] != '_' {
		return false
	}
	for _, c := range []byte(text[2:6]) {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

// fit cuts a text to what a cell takes.
func fit(text string) string {
	if len(text) <= mostInCell { // a UTF-16 unit is at least one byte
		return text
	}
	units, keep := 0, 0
	for i, r := range text {
		if units < mostInCell { // room for the mark is left after what stands before here
			keep = i
		}
		units++
		if r > 0xFFFF {
			units++
		}
	}
	if units <= mostInCell {
		return text
	}
	return text[:keep] + cut
}
