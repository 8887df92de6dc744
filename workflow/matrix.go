package workflow

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"sudi/domain"
)

// MatrixRoles are the columns of a matrix.
var MatrixRoles = append(slices.Clone(domain.StaffRoles), domain.RoleCitizen, domain.RoleRouter, domain.RoleClock)

// Matrix is the whole of a procedure as a table: each state, each action that
// can be taken there and each role, "x" where the role may take it. The columns
// behind say where the actor works, where the case goes, what must hold, and
// what has to be filled in.
func Matrix(p *Procedure) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	fmt.Fprintf(w, "%s\t%s", "state", "action")
	for _, r := range MatrixRoles {
		fmt.Fprintf(w, "\t%s", r)
	}
	fmt.Fprint(w, "\tat\tto\tif\tneeds\ttakes\tarticle\n")
	row := func(state string, at Turn, t *Transition) {
		fmt.Fprintf(w, "%s\t%s", state, t.Do)
		for _, r := range MatrixRoles {
			mark := "."
			if t.allows(r) {
				mark = "x"
			}
			fmt.Fprintf(w, "\t%s", mark)
		}
		var guards []string
		for _, g := range t.If {
			guards = append(guards, g.String())
		}
		fmt.Fprintf(w, "\t%s\t%s\t%s\t%s\t%s\t%s\n", dash(string(at)), dash(t.To), dash(strings.Join(guards, ", ")),
			dash(strings.Join(t.Needs, ",")), dash(strings.Join(t.Takes, ",")), dash(t.Article))
	}
	row("-", "", &p.Register)
	for i := range p.States {
		s := &p.States[i]
		for _, t := range p.Transitions(s) {
			row(s.Name, turn(s, t), t)
		}
		if s.Final {
			fmt.Fprintf(w, "%s\t-\n", s.Name)
		}
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
