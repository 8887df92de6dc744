package workflow

import (
	"slices"
	"time"

	"sudi/domain"
)

// Patch corrects a case; nil leaves a value as it is.
type Patch struct {
	Title     *string
	Statement *string
	Class     *string
	Category  *string
	Place     *string
	Amount    *int64
	Persons   *int
	Flags     *[]domain.Flag
	Parties   *[]domain.Party
}

// ActionEdit names the history entry of a correction.
const ActionEdit = "edit"

// editors may correct a case that they work on.
var editors = []domain.Role{
	domain.RoleClerk, domain.RoleHandler, domain.RoleMediator, domain.RoleCommitteeHead, domain.RoleReconsideration, domain.RoleSupervisor,
}

// Edit decides about a correction. It never moves a clock.
func (r *Rules) Edit(file domain.File, patch Patch, actor domain.Actor, now time.Time) (domain.Change, error) {
	p, state, err := r.stand(&file.Case)
	if err != nil {
		return domain.Change{}, err
	}
	if state.Final {
		return domain.Change{}, domain.Errorf(domain.KindConflict, "action_not_allowed", ActionEdit, file.Case.State)
	}
	if !slices.Contains(editors, actor.Role) || !r.works(actor, TurnAny, &file) {
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "action_not_yours", ActionEdit)
	}
	now = now.UTC().Truncate(time.Microsecond)
	in := intakeOf(&file)
	changed := patch.apply(&in)
	in.normalise(now)
	r.recognise(p, in.Parties)
	wrong := r.checkIntake(p, &in, now)
	if !slices.Equal(p.governedOf(file.Case.Flags), p.governedOf(in.Flags)) {
		wrong = append(wrong, domain.FieldError{Field: "flags", Code: "flag_not_yours"})
	}
	if len(wrong) > 0 {
		return domain.Change{}, domain.Invalid(wrong...)
	}
	before, after := file.Case, file.Case.Clone()
	after.Title, after.Statement, after.Class, after.Category = in.Title, in.Statement, in.Class, in.Category
	after.Place, after.Township = in.Place, domain.TownshipOf(in.Place)
	after.Amount, after.Persons, after.Flags = in.Amount, in.Persons, in.Flags
	after.Version++
	after.UpdatedAt = now
	entry := domain.Entry{
		CaseID: after.ID, Version: after.Version, At: now, Action: ActionEdit, From: after.State, To: after.State,
		ActorID: actor.ID, ActorName: actor.Name, ActorRole: actor.Role, ActorOrg: actor.Org,
		Event: ActionEdit, Fields: domain.Fields{"changed": changed},
	}
	edited := domain.File{Case: after, Parties: in.Parties, Deadlines: file.Deadlines}
	f := &facts{file: &edited, actor: actor, now: now, rules: r}
	if err := f.check(p, &p.Register, p.Register.Do, false); err != nil { // what could not be registered cannot be put right so
		return domain.Change{}, err
	}
	change := domain.Change{Before: &before}
	if patch.Parties != nil {
		change.Parties = in.Parties
		for i := range change.Parties {
			change.Parties[i].CaseID, change.Parties[i].Seq = after.ID, i+1
		}
		r.keepFrom(p, f, &after, &entry)
	}
	entry.Effect = domain.Diff(&before, &after)
	change.After, change.Entries = after, []domain.Entry{entry}
	return change, nil
}

// governedOf are those of a case's flags that only actions raise and lower.
func (p *Procedure) governedOf(flags []domain.Flag) []domain.Flag {
	return slices.DeleteFunc(compactFlags(flags), func(f domain.Flag) bool { return !p.governed[f] })
}

// keepFrom takes a case away from an organisation that it turns out to be
// against.
func (r *Rules) keepFrom(p *Procedure, f *facts, c *domain.Case, entry *domain.Entry) {
	desk, owner := r.avoid(p, c.Desk, f), r.avoid(p, c.Owner, f)
	if desk != c.Desk {
		entry.Desk = desk
	}
	if desk != c.Desk || owner != c.Owner {
		c.Handler = ""
	}
	c.Desk, c.Owner, c.Unit = desk, owner, r.Directory.Unit(owner)
}

// apply puts the patch over an intake and names what it changed, never with
// what: the texts may be personal.
func (p *Patch) apply(in *Intake) []string {
	var changed []string
	put := func(name string, given bool) bool {
		if given {
			changed = append(changed, name)
		}
		return given
	}
	if put("title", p.Title != nil) {
		in.Title = *p.Title
	}
	if put("statement", p.Statement != nil) {
		in.Statement = *p.Statement
	}
	if put("class", p.Class != nil) {
		in.Class = *p.Class
	}
	if put("category", p.Category != nil) {
		in.Category = *p.Category
	}
	if put("place", p.Place != nil) {
		in.Place = *p.Place
	}
	if put("amount", p.Amount != nil) {
		in.Amount = *p.Amount
	}
	if put("persons", p.Persons != nil) {
		in.Persons = *p.Persons
	}
	if put("flags", p.Flags != nil) {
		in.Flags = slices.Clone(*p.Flags)
	}
	if put("parties", p.Parties != nil) {
		in.Parties = slices.Clone(*p.Parties)
	}
	return changed
}

// intakeOf is what was told about a case, as it stands now.
func intakeOf(f *domain.File) Intake {
	c := &f.Case
	return Intake{
		Procedure: c.Procedure, Class: c.Class, Category: c.Category, Title: c.Title, Statement: c.Statement,
		Place: c.Place, Lng: c.Lng, Lat: c.Lat, Channel: c.Channel, Amount: c.Amount, Persons: c.Persons,
		Flags: c.Flags, Parties: slices.Clone(f.Parties), ReceivedAt: c.ReceivedAt,
	}
}

// clone lets a decision be taken twice without the first leaving traces.
func (in Intake) clone() Intake {
	in.Parties = slices.Clone(in.Parties)
	in.Flags = slices.Clone(in.Flags)
	return in
}
