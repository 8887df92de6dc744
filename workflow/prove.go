package workflow

import (
	"fmt"
	"slices"

	"sudi/domain"
)

// prove shows what needs the whole procedure: that every state can be reached
// and left, every limit met, every result dated, and nothing declared in vain.
func (c *compiler) prove(own int) {
	c.reachability()
	c.clocksUsed()
	c.each(func(path string, s *State, t *Transition) { c.moments(path, s, t) })
	c.each(func(path string, _ *State, t *Transition) { c.bounded(path, t) })
	c.inVain(own)
}

// each visits every transition with each state that it leaves, nil for the
// registration.
func (c *compiler) each(visit func(path string, s *State, t *Transition)) {
	visit("$.register", nil, &c.p.Register)
	for i := range c.p.States {
		for j := range c.p.States[i].On {
			visit(fmt.Sprintf("$.states[%d].on[%d]", i, j), &c.p.States[i], &c.p.States[i].On[j])
		}
		if c.p.States[i].Final {
			continue
		}
		for j := range c.p.Anywhere {
			visit(fmt.Sprintf("$.anywhere[%d]", j), &c.p.States[i], &c.p.Anywhere[j])
		}
	}
}

// reachability proves that every state can be reached, and that every state
// that is not final can be left by somebody, and can end.
func (c *compiler) reachability() {
	reached := c.walk([]string{c.p.Register.To}, func(from, to string) (string, string) { return from, to })
	var finals []string
	for i := range c.p.States {
		if c.p.States[i].Final {
			finals = append(finals, c.p.States[i].Name)
		}
	}
	ends := c.walk(finals, func(from, to string) (string, string) { return to, from })
	for i := range c.p.States {
		s := &c.p.States[i]
		path := fmt.Sprintf("$.states[%d]", i)
		if !reached[s.Name] {
			c.fail(path, "state %s can never be reached", s.Name)
		}
		if !ends[s.Name] {
			c.fail(path, "a case in state %s can never end", s.Name)
		}
		if !s.Final && !slices.ContainsFunc(s.On, func(t Transition) bool {
			return t.To != "" && t.To != s.Name && !slices.Equal(t.By, []domain.Role{domain.RoleRouter})
		}) {
			c.fail(path, "state %s can be left by nobody but the router", s.Name)
		}
	}
}

// walk gives the states reachable from some, along edges as dir turns them.
func (c *compiler) walk(start []string, dir func(from, to string) (string, string)) map[string]bool {
	edges := map[string][]string{}
	for i := range c.p.States {
		s := &c.p.States[i]
		for j := range s.On {
			for _, to := range c.p.targets(s, &s.On[j]) {
				a, b := dir(s.Name, to)
				edges[a] = append(edges[a], b)
			}
		}
	}
	seen := map[string]bool{}
	for queue := start; len(queue) > 0; queue = queue[1:] {
		if s := queue[0]; !seen[s] {
			seen[s] = true
			queue = append(queue, edges[s]...)
		}
	}
	return seen
}

// clocksUsed proves that every limit is started, can be met, and runs on after
// a pause; and that the clock's own actions have a limit that leads to them.
func (c *compiler) clocksUsed() {
	started, ended, paused, resumed := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, t := range c.p.all() {
		for into, list := range map[*map[string]bool][]string{
			&started: t.Starts, &ended: append(slices.Clone(t.Ends), t.Cancels...), &paused: t.Pauses, &resumed: t.Resumes,
		} {
			for _, k := range list {
				(*into)[k] = true
			}
		}
	}
	acts := map[string]bool{}
	for name, k := range c.p.Deadlines {
		path := "$.deadlines." + name
		acts[k.OnMiss] = true
		if !started[name] {
			c.fail(path, "deadline %s is started nowhere", name)
		}
		if !ended[name] && k.OnMiss == "" {
			c.fail(path, "deadline %s can never be met", name)
		}
		if paused[name] != resumed[name] {
			c.fail(path, "deadline %s must be paused and resumed, or neither", name)
		}
	}
	c.each(func(path string, _ *State, t *Transition) {
		if slices.Equal(t.By, []domain.Role{domain.RoleClock}) && !acts[t.Do] {
			c.fail(path, "%s is for the clock alone, and no deadline leads to it", t.Do)
		}
	})
}

// results are the dispositions that figures count by the day of the result.
var results = []domain.Disposition{domain.Concluded, domain.Succeeded, domain.Failed}

// moments proves that the dates that figures count by are there exactly when
// the case's disposition says so.
func (c *compiler) moments(path string, s *State, t *Transition) {
	from := domain.Pending
	if s != nil {
		from = s.Disposition
	}
	if t.To == previous {
		c.goesBack(path, s, t)
		return
	}
	to := from
	if t.To != "" {
		to = c.p.State(t.To).Disposition
	}
	concluded, marks := t.Marks[momentConcluded]
	was, is := slices.Contains(results, from), slices.Contains(results, to)
	switch {
	case is && !was && (!marks || concluded == "clear" || !concluded.certain(t.Needs)):
		c.fail(path, "%s gives a result (%s) without saying for certain when: marks concluded", t.Do, to)
	case was && !is && concluded != "clear":
		c.fail(path, "%s takes the result back without clearing its date: marks concluded", t.Do)
	case is && was && concluded == "clear":
		c.fail(path, "%s clears the date of a result that stays", t.Do)
	}
	if accepted, marks := t.Marks[momentAccepted]; from == domain.Pending && (to == domain.Active || is) &&
		(!marks || !accepted.certain(t.Needs)) {
		c.fail(path, "%s begins the work without saying when it was accepted: marks accepted", t.Do)
	}
	if merges := slices.Contains(t.Needs, t.Sets["merged_into"]); merges != (to == domain.Merged && t.To != "") {
		c.fail(path, "%s: a case is merged exactly when it names its master: sets merged_into", t.Do)
	}
}

// goesBack proves that undoing leaves nothing behind: what a state holds was
// open before, and the way back gives and takes nothing.
func (c *compiler) goesBack(path string, s *State, t *Transition) {
	for _, name := range c.p.targets(s, t) {
		if d := c.p.State(name).Disposition; d != domain.Pending && d != domain.Active {
			c.fail(path, "%s may go back to %s, which has a result already", t.Do, name)
		}
	}
	if len(t.Marks)+len(t.Starts)+len(t.Ends)+len(t.Cancels) > 0 || t.Outcome != "" || t.Desk != "" || t.Owner != "" {
		c.fail(path, "%s only undoes: it may change nothing else", t.Do)
	}
}

// bounded proves that nothing can be put off for ever.
func (c *compiler) bounded(path string, t *Transition) {
	if len(t.Extends) > 0 && !slices.ContainsFunc(t.If, func(g Guard) bool {
		return g.Name == "done_below" && !g.Not && g.Args[0] == t.Do
	}) {
		c.fail(path, "%s can extend again and again: guard it by done_below %s", t.Do, t.Do)
	}
}

// inVain finds what is declared and never used.
func (c *compiler) inVain(own int) {
	p := c.p
	fields, outcomes := map[string]bool{}, map[string]bool{}
	for _, t := range p.all() {
		for _, f := range append(slices.Clone(t.Needs), t.Takes...) {
			fields[f] = true
		}
		outcomes[t.Outcome] = true
		for v := range p.Fields[fieldName(t.Outcome)].Values {
			outcomes[v] = true
		}
	}
	for name := range p.Fields {
		if path := "$.fields." + name; c.lines[path] > 0 && !fields[name] {
			c.fail(path, "field %s is asked for nowhere", name)
		}
	}
	for name := range p.Outcomes {
		if !outcomes[name] {
			c.fail("$.outcomes."+name, "outcome %s never comes about", name)
		}
	}
	for i := range p.Anywhere[:own] {
		for _, t := range p.Anywhere[own:] {
			if p.Anywhere[i].Do == t.Do {
				c.fail(fmt.Sprintf("$.anywhere[%d]", i), "%s is common to all procedures already", t.Do)
			}
		}
	}
}
