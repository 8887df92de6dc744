package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Remark is something about a procedure that a person should look at; what is
// wrong with one keeps it from compiling.
type Remark struct {
	Procedure string
	Text      string
}

// Lint names, for every procedure, what rests on a default of ours and must be
// confirmed by the office in charge: the limits without a source.
func Lint(lib *Library) []Remark {
	var remarks []Remark
	for _, p := range lib.All() {
		for _, name := range slices.Sorted(maps.Keys(p.Deadlines)) {
			for _, l := range p.Deadlines[name].Limits {
				if !strings.Contains(l.Article, "[D]") {
					continue
				}
				text := fmt.Sprintf("%s: %s is a default without a source", name, l.Period)
				if len(l.If) > 0 {
					text = fmt.Sprintf("%s, %v: %s is a default without a source", name, l.If, l.Period)
				}
				remarks = append(remarks, Remark{p.Name, text})
			}
		}
	}
	return remarks
}
