package intake

import (
	"strings"

	"sudi/domain"
)

// categoryIndex finds category codes by code or by the names of their levels.
type categoryIndex struct {
	codes  map[string]bool
	byPath map[string]string // "level1/level2/level3", folded
	byName map[string]string // the name of one level; "" when several bear it
}

func indexCategories(list []domain.Category) *categoryIndex {
	x := &categoryIndex{codes: map[string]bool{}, byPath: map[string]string{}, byName: map[string]string{}}
	for _, c := range list {
		x.codes[c.Code] = true
		path := []string{c.Level1, c.Level2, c.Level3}
		for len(path) > 1 && path[len(path)-1] == "" {
			path = path[:len(path)-1]
		}
		x.byPath[categoryPath(path)] = c.Code
		name := fold(path[len(path)-1])
		if other, known := x.byName[name]; known && other != c.Code {
			x.byName[name] = ""
		} else {
			x.byName[name] = c.Code
		}
	}
	return x
}

func categoryPath(levels []string) string {
	var given []string
	for _, l := range levels {
		if f := fold(l); f != "" {
			given = append(given, f)
		}
	}
	return strings.Join(given, "/")
}

// find gives the code of a category, "" when it is not in the list or the name
// is ambiguous.
func (x *categoryIndex) find(levels []string) string {
	if len(levels) == 1 {
		if code := fold(levels[0]); x.codes[code] {
			return code
		}
		levels = strings.FieldsFunc(domain.HalfWidth(levels[0]), func(r rune) bool { return strings.ContainsRune("/>|→—", r) })
	}
	path := categoryPath(levels)
	if code := x.byPath[path]; code != "" {
		return code
	}
	if !strings.Contains(path, "/") {
		return x.byName[path]
	}
	return ""
}
