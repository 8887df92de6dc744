package intake

import (
	"regexp"
	"strings"
	"unicode"

	"sudi/domain"
)

// Space says what to do about a text's white space.
type Space string

// The ways. White space is what Unicode calls so, with the no-break space and
// the ideographic one, and the marks of no width that web pages leave behind.
const (
	SpaceEdges Space = "edges" // taken off both ends; what is between stays as it stands (the default)
	SpaceLine  Space = "line"  // one line: every run of it becomes one space
	SpaceLines Space = "lines" // every line trimmed, empty lines dropped
	SpaceKeep  Space = "keep"  // nothing
)

var spaces = []Space{"", SpaceEdges, SpaceLine, SpaceLines, SpaceKeep}

// isSpace also knows the zero-width space, the word joiner and the byte-order
// mark, which unicode.IsSpace does not.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

// apply puts a text's white space right.
func (s Space) apply(text string) string {
	if s == SpaceKeep {
		return text
	}
	text = strings.TrimFunc(strings.ReplaceAll(text, "\r\n", "\n"), isSpace)
	switch s {
	case SpaceLine:
		return strings.Join(strings.FieldsFunc(text, isSpace), " ")
	case SpaceLines:
		var lines []string
		for line := range strings.Lines(text) {
			if line = strings.TrimFunc(line, isSpace); line != "" {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n")
	default:
		return text
	}
}

// blank reports whether a cell holds nothing but white space.
func blank(cell string) bool { return strings.TrimFunc(cell, isSpace) == "" }

// fold makes a text comparable: no white space, no full-width forms, no case.
func fold(text string) string {
	text = strings.Map(func(r rune) rune {
		if isSpace(r) {
			return -1
		}
		return r
	}, text)
	return strings.ToLower(domain.HalfWidth(text))
}

// first cuts a text to so many characters.
func first(text string, n int) string {
	i := 0
	for at := range text {
		if i == n {
			return strings.TrimRightFunc(text[:at], isSpace)
		}
		i++
	}
	return text
}

var exponent = regexp.MustCompile(`^([0-9])(?:\.([0-9]+))?[eE]\+?([0-9]{1,2})$`)

// plainNumber writes a whole number out that a spreadsheet keeps as 1.38E+10.
func plainNumber(s string) string {
	m := exponent.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	places := 0
	for _, d := range m[3] {
		places = places*10 + int(d-'0')
	}
	if len(m[2]) > places {
		return s
	}
	return m[1] + m[2] + strings.Repeat("0", places-len(m[2]))
}
