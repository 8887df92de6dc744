package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// Draw is the procedure as a Mermaid state diagram, with titles in a language
// ("zh" or "en") and the state that a case stands in marked; here may be "".
// What can be done in every state is left out.
func Draw(p *Procedure, lang, here string) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for i := range p.States {
		fmt.Fprintf(&b, "    state %q as %s\n", plain(p.States[i].Title.In(lang)), p.States[i].Name)
	}
	fmt.Fprintf(&b, "    [*] --> %s: %s\n", p.Register.To, plain(p.Register.Title.In(lang)))
	for i := range p.States {
		s := &p.States[i]
		for _, edge := range p.edges(s, lang) {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", s.Name, edge.to, strings.Join(edge.titles, " / "))
		}
		if s.Final {
			fmt.Fprintf(&b, "    %s --> [*]\n", s.Name)
		}
	}
	if p.State(here) != nil {
		fmt.Fprintf(&b, "    classDef here fill:#c8102e,color:#fff,stroke-width:3px\n    class %s here\n", here)
	}
	return b.String()
}

// edge is everything that leads from a state to another, or back to itself.
type edge struct {
	to     string
	titles []string
}

// edges gathers a state's transitions by where they lead, in file order.
func (p *Procedure) edges(s *State, lang string) []edge {
	var es []edge
	for i := range s.On {
		t := &s.On[i]
		for _, to := range p.targets(s, t) {
			at := slices.IndexFunc(es, func(e edge) bool { return e.to == to })
			if at < 0 {
				at = len(es)
				es = append(es, edge{to: to})
			}
			es[at].titles = append(es[at].titles, plain(t.Title.In(lang)))
		}
	}
	return es
}

// plain takes out what Mermaid would read as syntax.
func plain(s string) string {
	return strings.NewReplacer(`"`, "'", ":", " ", ";", ",", "#", " ").Replace(s)
}
