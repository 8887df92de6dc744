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

	// Cases are those that Fields name, by id: Engine.Act reads them.
	Cases map[string]domain.Case

	lapsed *domain.Deadline // the clock whose end this action follows from
}

// Step decides what an action does to a case: the change, or why not. Errors:
// KindNotFound for an action the procedure does not know, KindForbidden for a
// role or place that may not take it, KindConflict for one that this state or
// a guard does not allow, KindInvalid for missing or wrong fields.
func (r *Rules) Step(file domain.File, a Action) (domain.Change, error) {
	p, state, err := r.stand(&file.Case)
	if err != nil {
		return domain.Change{}, err
	}
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

// stand is where a case stands: its procedure and its state there.
func (r *Rules) stand(c *domain.Case) (*Procedure, *State, error) {
	p, err := r.Library.Get(c.Procedure, c.ProcedureVersion)
	if err != nil {
		return nil, nil, err
	}
	state := p.State(c.State)
	if state == nil {
		return nil, nil, domain.Errorf(domain.KindInternal, "state_missing", p.Name, p.Version, c.State)
	}
	return p, state, nil
}

// take carries out a transition that its actor may take.
func (r *Rules) take(p *Procedure, t *Transition, file domain.File, a Action) (domain.Change, error) {
	a.Now = a.Now.UTC().Truncate(time.Microsecond) // PostgreSQL's precision
	f := &facts{file: &file, actor: a.Actor, now: a.Now, rules: r}
	if err := f.check(p, t, a.Name, false); err != nil {
		return domain.Change{}, err
	}
	fields, err := p.checkFields(t, a.Fields)
	if err != nil {
		return domain.Change{}, err
	}
	if err := r.knownOrganizations(p, fields); err != nil {
		return domain.Change{}, err
	}
	f.fields = fields
	if err := f.check(p, t, a.Name, true); err != nil {
		return domain.Change{}, err
	}
	if t.rates(fields) && ownWork(&file.Case, a.Actor) {
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "rates_himself", a.Name)
	}
	after, entry := p.begin(t, f, a)
	if err := r.place(p, t, f, &after, &entry); err != nil {
		return domain.Change{}, err
	}
	if err := t.mark(&after, fields, a); err != nil {
		return domain.Change{}, err
	}
	if err := t.set(&after, fields, a); err != nil {
		return domain.Change{}, err
	}
	if err := r.masterMayHandle(t, fields, &file, a.Cases); err != nil {
		return domain.Change{}, err
	}
	t.flag(&after, f)
	to := p.State(after.State)
	t.conclude(&after, to, fields, a)
	ck := clockwork{rules: r, p: p, file: &file, after: &after, fields: fields, now: a.Now}
	if err := ck.run(t, to, a.lapsed); err != nil {
		return domain.Change{}, err
	}
	if after.Has(domain.FlagRisk) && (!file.Case.Has(domain.FlagRisk) || file.Case.Version == 0) { // however it came to be one
		if err := r.partners(p, p.Alerts, f, &after, &entry); err != nil {
			return domain.Change{}, err
		}
	}
	opened, err := r.open(p, t, f, &after, a)
	if err != nil {
		return domain.Change{}, err
	}
	entry.Clocks = ck.records
	after.SetDuties(ck.all())
	if !sameMoment(after.ConcludedAt, file.Case.ConcludedAt) {
		after.SetReturn(file.Repeats)
	}
	entry.Effect = domain.Diff(&file.Case, &after)
	change := domain.Change{
		After: after, Deadlines: ck.deadlines(), Entries: []domain.Entry{entry}, Opens: opened,
		Evaluations: t.evaluations(&after, fields, &entry),
	}
	change.Links, change.Unlinks = ties(&file.Case, &after, a.Now)
	if file.Case.Version > 0 {
		before := file.Case
		change.Before = &before
	}
	return change, nil
}

func sameMoment(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// knownOrganizations finds fault with codes that no organisation has.
func (r *Rules) knownOrganizations(p *Procedure, fields domain.Fields) error {
	for name := range fields {
		codes, _ := fields[name].([]string) // of organisations; no other field is a list
		if p.Fields[name].Type == FieldOrganization {
			codes = []string{fields.String(name)}
		}
		for _, code := range codes {
			if r.Directory.Get(code) == nil {
				return wrongField(name, "organization_unknown")
			}
		}
	}
	return nil
}

// check tests a transition's guards: those about the case, or those about the
// fields that were given. A guard about fields or parties finds fault with the
// input.
func (f *facts) check(p *Procedure, t *Transition, action string, fields bool) error {
	for i := range t.If {
		g := &t.If[i]
		if g.reads() != fields || g.holds(f) {
			continue
		}
		if fields || g.Name == guardParties {
			return domain.Invalid(g.fault(p))
		}
		return domain.Errorf(domain.KindConflict, "guard_"+g.Name, action, g.String())
	}
	return nil
}

// begin is the case in its new state, and the history entry to come.
func (p *Procedure) begin(t *Transition, f *facts, a Action) (domain.Case, domain.Entry) {
	after := f.file.Case.Clone()
	p.move(&after, t)
	after.Disposition = p.State(after.State).Disposition
	after.Version++
	after.UpdatedAt = a.Now
	if p.counted[a.Name] {
		after.Counts[a.Name]++
	}
	for name, gs := range t.Counts {
		if firstFailing(gs, f) == nil {
			after.Counts[name]++
		}
	}
	return after, domain.Entry{
		CaseID: after.ID, Version: after.Version, At: a.Now,
		Action: a.Name, From: f.file.Case.State, To: after.State, Event: t.event(),
		ActorID: a.Actor.ID, ActorName: a.Actor.Name, ActorRole: a.Actor.Role, ActorOrg: a.Actor.Org,
		Note: a.Note, Fields: f.fields,
	}
}

// move puts the case into its next state. One that is held remembers where it
// came from, and goes back as if it had not been.
func (p *Procedure) move(c *domain.Case, t *Transition) {
	switch {
	case t.To == "":
	case t.To == previous:
		c.State, c.HeldFrom, c.MergedInto = c.HeldFrom, "", nil
	case p.State(t.To).Hold:
		c.State, c.HeldFrom = t.To, c.State
	default:
		c.State = t.To
	}
}

// conclude gives the case its outcome, and says whose it is; a case that is
// open again has none, and one that has ended is closed.
func (t *Transition) conclude(c *domain.Case, to *State, fields domain.Fields, a Action) {
	concluded, dates := t.Marks[momentConcluded]
	switch {
	case t.Outcome != "":
		c.Outcome, c.ConcludedBy = fieldOr(t.Outcome, fields), staffID(a.Actor)
	case concluded == "clear":
		c.Outcome, c.ConcludedBy = "", ""
	case dates && c.ConcludedBy == "": // who only serves another's opinion gives no result
		c.ConcludedBy = staffID(a.Actor)
	}
	if to.Final && c.ClosedAt == nil {
		c.ClosedAt = &a.Now
	}
}

// staffID is the id of a member of staff, "" for anybody else.
func staffID(a domain.Actor) string {
	if !a.Staff() {
		return ""
	}
	return a.ID
}

// ties are the links that a change makes and unmakes.
func ties(before, after *domain.Case, now time.Time) (made, unmade []domain.Link) {
	for _, tie := range []struct {
		kind     domain.LinkKind
		was, now *string
	}{
		{domain.LinkMergedInto, before.MergedInto, after.MergedInto},
		{domain.LinkRepeats, before.Repeats, after.Repeats},
		{domain.LinkDerivedFrom, before.DerivedFrom, after.DerivedFrom},
	} {
		if tie.was != nil && tie.now != nil && *tie.was == *tie.now {
			continue
		}
		if tie.was != nil {
			unmade = append(unmade, domain.Link{From: after.ID, To: *tie.was, Kind: tie.kind})
		}
		if tie.now != nil {
			made = append(made, domain.Link{From: after.ID, To: *tie.now, Kind: tie.kind, CreatedAt: now})
		}
	}
	return made, unmade
}

// evaluations is the applicant's answer, when the transition records one.
func (t *Transition) evaluations(c *domain.Case, fields domain.Fields, e *domain.Entry) []domain.Evaluation {
	if !t.rates(fields) {
		return nil
	}
	return []domain.Evaluation{{
		CaseID: c.ID, Version: e.Version, At: e.At,
		Satisfaction: c.Satisfaction, Resolved: c.Resolved, Comment: fields.String("comment"),
	}}
}

// mark dates the moments that figures count by.
func (t *Transition) mark(c *domain.Case, fields domain.Fields, a Action) error {
	for _, mark := range []struct { // in the order in which they come
		moment string
		to     **time.Time
	}{{momentAccepted, &c.AcceptedAt}, {momentConcluded, &c.ConcludedAt}, {momentClosed, &c.ClosedAt}} {
		m, marks := t.Marks[mark.moment]
		if !marks {
			continue
		}
		at, ok, err := m.at(c, fields, a)
		if err != nil {
			return err
		}
		if ok {
			*mark.to = at
		}
	}
	return nil
}

// masterMayHandle refuses to merge a case into one that lies with whom it
// complains of: whoever has the master answers for both.
func (r *Rules) masterMayHandle(t *Transition, fields domain.Fields, file *domain.File, known map[string]domain.Case) error {
	name, merges := t.Sets["merged_into"]
	master, ok := known[fields.String(name)]
	if !merges || !ok {
		return nil
	}
	for _, code := range []string{master.Desk, master.Owner} {
		if r.complainedOf(code, file) {
			return wrongField(name, "complained_of", r.Directory.Get(code).Name)
		}
	}
	return nil
}

// repeat makes a case a repeat of an earlier one, of the same matter; code is
// what is wrong with that, "" when nothing is.
func repeat(c *domain.Case, id string, known map[string]domain.Case) (code string) {
	first, ok := known[id]
	switch {
	case !ok:
		return "case_unknown"
	case id == c.ID || first.Matter == c.ID:
		return "repeats_itself"
	case first.ReceivedAt.After(c.ReceivedAt):
		return "repeats_later"
	}
	c.Repeats, c.Matter = &id, first.Matter
	return ""
}

// set copies fields into the case's attributes.
func (t *Transition) set(c *domain.Case, fields domain.Fields, a Action) error {
	for attribute, name := range t.Sets {
		v, given := fields[name]
		if name == "actor" {
			v, given = a.Actor.ID, a.Actor.Staff()
		}
		if !given {
			continue
		}
		switch attribute {
		case "settled":
			c.Settled = toInt(v)
		case "satisfaction":
			c.Satisfaction = domain.Satisfaction(fields.String(name))
			c.EvaluatedAt = &a.Now
		case "resolved":
			b, _ := v.(bool)
			c.Resolved = &b
		case "handler":
			c.Handler, _ = v.(string)
		case "merged_into":
			id := fields.String(name)
			if id == c.ID {
				return wrongField(name, "merge_into_itself")
			}
			if a.Cases[id].MergedInto != nil { // else two cases could be merged into each other
				return wrongField(name, "master_merged")
			}
			c.MergedInto = &id
		case "repeats":
			if code := repeat(c, fields.String(name), a.Cases); code != "" {
				return wrongField(name, code)
			}
		case "amount":
			c.Amount = toInt(v)
		case "class":
			c.Class = fields.String(name)
		}
	}
	if slices.Contains(t.Lowers, domain.FlagRepeat) && c.Repeats != nil {
		c.Repeats, c.Matter = nil, c.ID
	}
	return nil
}

// flag raises and lowers the flags that the transition says.
func (t *Transition) flag(c *domain.Case, f *facts) {
	for _, flag := range domain.Flags { // one order
		gs, conditional := t.RaisesIf[flag]
		if raised := slices.Contains(t.Raises, flag) || conditional && firstFailing(gs, f) == nil; raised && !c.Has(flag) {
			c.Flags = append(c.Flags, flag)
		}
	}
	if len(t.Lowers) > 0 {
		c.Flags = slices.DeleteFunc(c.Flags, func(f domain.Flag) bool { return slices.Contains(t.Lowers, f) })
	}
}

// flags are those that the transition may raise or lower.
func (t *Transition) flags() []domain.Flag {
	flags := append(slices.Clone(t.Raises), t.Lowers...)
	for flag := range t.RaisesIf {
		flags = append(flags, flag)
	}
	return flags
}
