package intake

import (
	"slices"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// deskRoles act where the case lies; the others where it was registered.
var deskRoles = []domain.Role{domain.RoleHandler, domain.RoleMediator, domain.RoleCommitteeHead, domain.RoleCourtLiaison, domain.RoleReconsideration}

// decision gives the store one row to decide about: a new case, with its whole
// history up to now.
func (p *plan) decision(r *record, id string) domain.Decision {
	return domain.Decision{Decide: func(domain.File) (domain.Change, error) { return p.decide(r, id) }}
}

// decide registers the case when it was received and takes the steps when they
// were taken, by the rules that hold for everybody; between them time does
// what it does, so that a late reply is late in the history too. It is pure.
func (p *plan) decide(r *record, id string) (domain.Change, error) {
	in := r.intake
	in.Parties = slices.Clone(in.Parties)
	in.Flags = slices.Clone(in.Flags)
	change, err := p.rules.Register(in, p.actor(domain.RoleClerk, p.org), in.ReceivedAt, id)
	if err != nil {
		return change, err
	}
	change.ImportRow = &domain.ImportRow{ImportID: p.importID, Row: r.row}
	l := &life{rules: p.rules, change: change, file: change.File(domain.File{})}
	for i := range r.steps {
		if err := p.step(l, &r.steps[i]); err != nil {
			return change, err
		}
	}
	if err := l.pass(p.now); err != nil {
		return change, err
	}
	return l.change, nil
}

// step takes one step, unless the case stands where the step is not meant.
func (p *plan) step(l *life, c *call) error {
	if err := l.pass(c.at.Time); err != nil {
		return err
	}
	if len(c.step.In) > 0 && !slices.Contains(c.step.In, l.file.Case.State) {
		return nil
	}
	org := p.worksAt(c.step, &l.file.Case)
	if p.within != "" && !p.rules.Directory.Within(org, p.within) {
		return domain.Errorf(domain.KindForbidden, "org_out_of_scope", org)
	}
	next, err := p.rules.Step(l.file, workflow.Action{
		Name: c.step.Do, Actor: p.actor(c.step.role(), org), Fields: c.fields, Note: c.note, Now: c.at.Time,
	})
	if err != nil {
		return stepError{c.step.Do, err}
	}
	l.add(next)
	return nil
}

// worksAt is the organisation in whose name a step is taken.
func (p *plan) worksAt(s *Step, c *domain.Case) string {
	switch s.Org {
	case "desk":
		return c.Desk
	case "owner":
		return c.Owner
	case "registrar":
		return c.RegisteredBy
	case "":
		if slices.Contains(deskRoles, s.role()) {
			return c.Desk
		}
		return p.org
	default:
		return resolve(p.rules.Directory, s.Org, c.Place, domain.DateIn(c.ReceivedAt))
	}
}

func (p *plan) actor(role domain.Role, org string) domain.Actor {
	return domain.Actor{ID: "import:" + p.importID, Name: "import", Role: role, Org: org}
}

// stepError says which step failed.
type stepError struct {
	do  string
	err error
}

func (e stepError) Error() string { return e.do + ": " + e.err.Error() }
func (e stepError) Unwrap() error { return e.err }

// life is a case as far as its history has been told.
type life struct {
	rules  *workflow.Rules
	change domain.Change
	file   domain.File
}

func (l *life) add(next domain.Change) {
	l.change = l.change.Then(next)
	l.file = next.File(l.file)
}

// pass lets time go by until a moment: limits come near and pass, each when it
// did.
func (l *life) pass(until time.Time) error {
	next, ok, err := l.rules.Pass(l.file, until)
	if err == nil && ok {
		l.add(next)
	}
	return err
}
