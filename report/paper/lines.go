package paper

import (
	"slices"
	"strings"

	"sudi/report"
)

// line is a group of a breakdown with its figures by code.
type line struct {
	key, name string
	figures   map[string]*report.Figure
}

// lines puts a breakdown's figures together group by group, in their order.
func lines(fs []report.Figure) []line {
	var ls []line
	for i := range fs {
		f := &fs[i]
		at := slices.IndexFunc(ls, func(l line) bool { return l.key == f.Group })
		if at < 0 {
			at, ls = len(ls), append(ls, line{f.Group, f.GroupName, map[string]*report.Figure{}})
		}
		ls[at].figures[f.Code] = f
	}
	return ls
}

// label names a group: by its name, a month by its number, a procedure by the
// report's words.
func (s *speaker) label(l *line) string {
	if l.name != "" {
		return l.name
	}
	if name, ok := s.labels.Procedures[l.key]; ok {
		return name
	}
	if l.key == "" {
		return s.labels.Elsewhere
	}
	if _, month, ok := strings.Cut(l.key, "-"); ok && len(month) == 2 {
		return s.labels.month(month)
	}
	return l.key
}
