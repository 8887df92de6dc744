package workflow

import (
	"slices"
	"time"

	"sudi/domain"
)

// Rules is everything a decision depends on besides the case: it is immutable
// and its methods are pure.
type Rules struct {
	Library    *Library
	Calendar   *domain.Calendar
	Directory  *domain.Directory
	Categories map[string]bool // known category codes
}

// Action is somebody's wish to do something to a case.
type Action struct {
	Name   string
	Actor  domain.Actor
	Fields domain.Fields
	Note   string
	Now    time.Time
}

// Step decides what an action does to a case: the change, or why not. Errors:
// KindNotFound for an action the procedure does not know, KindForbidden for a
// role or place that may not take it, KindConflict for one that this state or
// a guard does not allow, KindInvalid for missing or wrong fields.
func (r *Rules) Step(file domain.File, a Action) (domain.Change, error) {
	p, err := r.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return domain.Change{}, err
	}
	state := p.State(file.Case.State)
	t := p.find(state, a.Name)
	if t == nil {
		if !p.knows(a.Name) {
			return domain.Change{}, domain.Errorf(domain.KindNotFound, "action_unknown", a.Name)
		}
		return domain.Change{}, domain.Errorf(domain.KindConflict, "action_not_allowed", a.Name, state.Name)
	}
	if !t.allows(a.Actor.Role) || !r.works(a.Actor, turn(state, t), &file) {
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "action_not_yours", a.Name)
	}
	return r.take(p, t, file, a)
}

// take carries out a transition that its actor may take.
func (r *Rules) take(p *Procedure, t *Transition, file domain.File, a Action) (domain.Change, error) {
	a.Now = a.Now.UTC().Truncate(time.Microsecond) // PostgreSQL's precision
	fields, err := p.checkFields(t, a.Fields)
	if err != nil {
		return domain.Change{}, err
	}
	f := &facts{file: &file, actor: a.Actor, fields: fields, now: a.Now, rules: r}
	if g := firstFailing(t.If, f); g != nil {
		return domain.Change{}, domain.Errorf(domain.KindConflict, "guard_"+g.Name, a.Name, g.String())
	}

	after := file.Case.Clone()
	entry := domain.Entry{
		CaseID: after.ID, Version: file.Case.Version + 1, At: a.Now,
		Action: a.Name, From: file.Case.State, Event: t.event(),
		ActorID: a.Actor.ID, ActorName: a.Actor.Name, ActorRole: a.Actor.Role, ActorOrg: a.Actor.Org,
		Note: a.Note, Fields: fields,
	}
	if t.To != "" {
		after.State = t.To
	}
	to := p.State(after.State)
	after.Disposition = to.Disposition
	entry.To = after.State
	after.Version = entry.Version
	after.UpdatedAt = a.Now
	if p.counted[a.Name] {
		after.Counts[a.Name]++
	}
	if err := r.place(p, t, f, &after, &entry); err != nil {
		return domain.Change{}, err
	}
	change := domain.Change{}
	if err := t.mark(&after, fields, a.Now); err != nil {
		return domain.Change{}, err
	}
	t.set(&after, fields, a.Now)
	if t.Outcome != "" {
		after.Outcome = fieldOr(t.Outcome, fields)
	}
	if after.Disposition == domain.Merged && after.MergedInto != nil {
		if *after.MergedInto == after.ID {
			return domain.Change{}, domain.Invalid(domain.FieldError{Field: t.Sets["merged_into"], Code: "merge_into_itself"})
		}
		change.Links = append(change.Links, domain.Link{From: after.ID, To: *after.MergedInto, Kind: domain.LinkMergedInto, CreatedAt: a.Now})
	}
	if _, evaluates := t.Sets["satisfaction"]; evaluates && fields.String(t.Sets["satisfaction"]) != "" {
		change.Evaluations = append(change.Evaluations, domain.Evaluation{
			CaseID: after.ID, Version: entry.Version, At: a.Now,
			Satisfaction: after.Satisfaction, Resolved: after.Resolved, Comment: fields.String("comment"),
		})
	}
	ck := clockwork{rules: r, p: p, file: &file, after: &after, fields: fields, now: a.Now}
	if err := ck.run(t, to); err != nil {
		return domain.Change{}, err
	}
	entry.Clocks = ck.records
	entry.Effect = domain.Diff(&file.Case, &after)
	if file.Case.Version > 0 {
		before := file.Case
		change.Before = &before
	}
	change.After = after
	change.Deadlines = ck.deadlines()
	change.Entries = []domain.Entry{entry}
	return change, nil
}

// place moves the case to another desk or owner.
func (r *Rules) place(p *Procedure, t *Transition, f *facts, after *domain.Case, entry *domain.Entry) error {
	move := func(target Target, to *string) error {
		code, why := r.resolve(p, target, f)
		org := r.Directory.Get(code)
		if org == nil || !org.Active(domain.DateIn(f.now)) {
			if name, isField := target.field(); isField {
				return domain.Invalid(domain.FieldError{Field: name, Code: "organization_unknown"})
			}
			return domain.Errorf(domain.KindConflict, "no_organization", string(target))
		}
		if r.complainedOf(code, f.file) {
			return domain.Errorf(domain.KindConflict, "complained_of", org.Name)
		}
		if why.ZH != "" && entry.Note == "" && f.actor.System() {
			entry.Note = why.ZH
		}
		*to = code
		return nil
	}
	if t.Desk != "" {
		if err := move(t.Desk, &after.Desk); err != nil {
			return err
		}
		if after.Desk != f.file.Case.Desk {
			entry.Desk = after.Desk
			after.Handler = ""
		}
	}
	if t.Owner != "" {
		if err := move(t.Owner, &after.Owner); err != nil {
			return err
		}
		after.Unit = r.Directory.Unit(after.Owner)
	}
	return nil
}

// mark dates the moments that figures count by.
func (t *Transition) mark(c *domain.Case, fields domain.Fields, now time.Time) error {
	for moment, when := range t.Marks {
		var at *time.Time
		switch when {
		case "now":
			at = &now
		case "clear":
		default:
			d, err := domain.ParseDate(fields.String(when))
			if err != nil {
				continue // an optional date that was not given
			}
			if d.After(domain.DateIn(now)) {
				return domain.Invalid(domain.FieldError{Field: when, Code: "date_in_future"})
			}
			if d.Before(domain.DateIn(c.ReceivedAt)) {
				return domain.Invalid(domain.FieldError{Field: when, Code: "date_before_receipt"})
			}
			start := d.Start()
			at = &start
		}
		switch moment {
		case "accepted":
			c.AcceptedAt = at
		case "concluded":
			c.ConcludedAt = at
		case "closed":
			c.ClosedAt = at
		}
	}
	return nil
}

// set copies fields into the case's attributes.
func (t *Transition) set(c *domain.Case, fields domain.Fields, now time.Time) {
	for attribute, name := range t.Sets {
		v, given := fields[name]
		if !given {
			continue
		}
		switch attribute {
		case "settled":
			c.Settled = toInt(v)
		case "satisfaction":
			c.Satisfaction = domain.Satisfaction(fields.String(name))
			c.EvaluatedAt = &now
		case "resolved":
			b, _ := v.(bool)
			c.Resolved = &b
		case "handler":
			c.Handler = fields.String(name)
		case "merged_into":
			id := fields.String(name)
			c.MergedInto = &id
		case "class":
			c.Class = fields.String(name)
		case "category":
			c.Category = fields.String(name)
		}
	}
	for _, flag := range t.Raises {
		if !c.Has(flag) {
			c.Flags = append(c.Flags, flag)
		}
	}
	if len(t.Lowers) > 0 {
		c.Flags = slices.DeleteFunc(c.Flags, func(f domain.Flag) bool { return slices.Contains(t.Lowers, f) })
	}
}

// works reports whether an actor works where a transition must be taken: at
// that organisation or above it.
func (r *Rules) works(a domain.Actor, where Turn, file *domain.File) bool {
	if a.System() || a.Role == domain.RoleCitizen {
		return true
	}
	if r.complainedOf(a.Org, file) {
		return false
	}
	switch where {
	case TurnOwner:
		return r.Directory.Within(file.Case.Owner, a.Org)
	case TurnAny:
		return r.Directory.Within(file.Case.Desk, a.Org) || r.Directory.Within(file.Case.Owner, a.Org) ||
			r.Directory.Within(file.Case.RegisteredBy, a.Org)
	default:
		return r.Directory.Within(file.Case.Desk, a.Org)
	}
}

// turn is where a transition must be taken.
func turn(s *State, t *Transition) Turn {
	if t.At != "" {
		return t.At
	}
	return s.Turn
}

// Available is an action that somebody may take now.
type Available struct {
	Action *Transition
	// Blocked is the guard that stands in the way for now, "" when nothing does.
	Blocked string
}

// Available lists what an actor may do with a case, the state's own actions
// first; those that a guard blocks for now are listed with it.
func (r *Rules) Available(file domain.File, actor domain.Actor, now time.Time) ([]Available, error) {
	p, err := r.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return nil, err
	}
	state := p.State(file.Case.State)
	f := &facts{file: &file, actor: actor, now: now, rules: r}
	var list []Available
	for _, t := range p.Transitions(state) {
		if !t.allows(actor.Role) || !r.works(actor, turn(state, t), &file) {
			continue
		}
		a := Available{Action: t}
		for _, g := range t.If {
			if g.Name != "field" && !g.holds(f) { // fields are not known yet
				a.Blocked = g.String()
				break
			}
		}
		list = append(list, a)
	}
	return list, nil
}
