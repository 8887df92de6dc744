package intake

import "sudi/domain"

// times reads the moments of a row, puts its steps at them and checks their
// order.
func (p *plan) times(r *record) {
	moments := map[string]Moment{}
	broken := map[string]bool{}
	for _, name := range sortedKeys(p.m.Times) {
		before := len(r.wrong)
		m, ok := p.moment(r, name, p.m.Times[name])
		broken[name] = len(r.wrong) > before
		if !ok {
			continue
		}
		if m.After(p.now) {
			r.fail(name, "date_in_future", p.columnOf(p.m.Times[name]))
			broken[name] = true
			continue
		}
		moments[name] = m
	}
	from, ok := moments[received]
	if !ok {
		if !broken[received] {
			r.fail(received, "required", p.columnOf(p.m.Times[received]))
		}
		return
	}
	r.intake.ReceivedAt = from.Time
	p.steps(r, from, moments, broken)
}

// steps lines up the steps that the row has a time for. The first that it has
// none for ends them; then no later one may have a time of its own, and no
// value of theirs may be lost.
func (p *plan) steps(r *record, last Moment, moments map[string]Moment, broken map[string]bool) {
	ended := ""
	for i := range p.m.Steps {
		step := &p.m.Steps[i]
		at, ok := moments[step.At]
		switch {
		case broken[step.At]:
			return // said already
		case ok && ended != "":
			r.fail(ended, "required", p.columnOf(p.m.Times[ended]))
			return
		case !ok:
			if ended == "" {
				ended = step.At
			}
			if p.tellsOf(step, r.cells) {
				r.fail(step.At, CodeTimeMissing, p.columnOf(p.m.Times[step.At]))
				return
			}
			continue
		}
		if at.Before(last.Time) {
			if !at.DateOnly || domain.DateIn(at.Time) != domain.DateIn(last.Time) {
				r.fail(step.At, CodeOutOfOrder, p.columnOf(p.m.Times[step.At]))
				return
			}
			at = last // the same day, at an hour that nobody wrote down
		}
		last = at
		r.steps = append(r.steps, p.call(r, step, at))
	}
}

// tellsOf reports whether a row has values for a step.
func (p *plan) tellsOf(step *Step, cells []string) bool {
	for _, s := range step.Fields {
		if p.told(s, cells) {
			return true
		}
	}
	return false
}

func (p *plan) call(r *record, step *Step, at Moment) call {
	c := call{step: step, at: at, fields: domain.Fields{}, note: p.text(r, "note", step.Note)}
	for _, name := range sortedKeys(step.Fields) {
		if v := p.field(r, name, step.Fields[name], at); v != nil && v != "" {
			c.fields[name] = v
		}
	}
	return c
}
