package workflow

import (
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"sudi/domain"
)

// ActionMigrate names the history entry of a case that was moved to another
// version of its procedure.
const ActionMigrate = "migrate"

// Migration moves cases to another version of their procedure. States and
// clocks that are not named keep their name.
type Migration struct {
	To     int
	States map[string]string // old → new
	Clocks map[string]string // old → new
	Reason string
}

// maxReason bounds the reason, in characters.
const maxReason = 2_000

// CheckMigration tells whether a migration makes sense for a procedure, whatever
// the case: both versions exist, and so does everything that it names.
func (l *Library) CheckMigration(name string, from int, m Migration) error {
	was, now := l.versions[name][from], l.versions[name][m.To]
	switch {
	case len(l.versions[name]) == 0:
		return domain.Errorf(domain.KindNotFound, "procedure_unknown")
	case was == nil:
		return domain.Errorf(domain.KindNotFound, "version_unknown", name, from)
	case now == nil:
		return domain.Errorf(domain.KindNotFound, "version_unknown", name, m.To)
	case from == m.To:
		return domain.Errorf(domain.KindConflict, "nothing_to_do")
	}
	for _, old := range slices.Sorted(maps.Keys(m.States)) {
		if was.State(old) == nil {
			return domain.Errorf(domain.KindNotFound, "version_lacks_state", from, old)
		}
		if now.State(m.States[old]) == nil {
			return domain.Errorf(domain.KindNotFound, "version_lacks_state", m.To, m.States[old])
		}
	}
	for _, old := range slices.Sorted(maps.Keys(m.Clocks)) {
		if _, ok := was.Deadlines[old]; !ok {
			return domain.Errorf(domain.KindNotFound, "version_lacks_clock", from, old)
		}
		if _, ok := now.Deadlines[m.Clocks[old]]; !ok {
			return domain.Errorf(domain.KindNotFound, "version_lacks_clock", m.To, m.Clocks[old])
		}
	}
	return nil
}

// Migrate decides about moving a case to another version of its procedure. It
// moves no clock: whatever runs keeps its day, its article, its duty and its law, since a
// law that changes on a date changes new cases only. KindConflict, with every
// reason, when the new version has no place for the case; a case of a final
// state stays on its version.
func (r *Rules) Migrate(file domain.File, m Migration, actor domain.Actor, now time.Time) (domain.Change, error) {
	p, state, err := r.stand(&file.Case)
	if err != nil {
		return domain.Change{}, err
	}
	switch {
	case actor.Role != domain.RoleAdmin:
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "action_not_yours", ActionMigrate)
	case m.Reason == "" || !CleanText(m.Reason):
		return domain.Change{}, domain.Invalid(domain.FieldError{Field: "reason", Code: "required"})
	case utf8.RuneCountInString(m.Reason) > maxReason:
		return domain.Change{}, domain.Invalid(domain.FieldError{Field: "reason", Code: "too_long"})
	case state.Final:
		return domain.Change{}, domain.Errorf(domain.KindConflict, "migrate_final", state.Title)
	}
	if err := r.Library.CheckMigration(p.Name, p.Version, m); err != nil {
		return domain.Change{}, err
	}
	next, err := r.Library.Get(p.Name, m.To)
	if err != nil {
		return domain.Change{}, err
	}
	now = now.UTC().Truncate(time.Microsecond)
	before, after := file.Case, file.Case.Clone()
	after.ProcedureVersion = next.Version
	after.State, after.HeldFrom = renamed(m.States, after.State), renamed(m.States, after.HeldFrom)
	after.Version++
	after.UpdatedAt = now
	wrong := p.moveState(next, before.State, after.State)
	if before.HeldFrom != "" {
		wrong = append(wrong, p.moveState(next, before.HeldFrom, after.HeldFrom)...)
	}
	wrong = append(wrong, next.takesIn(p, &after)...)
	clocks, gone, more := p.moveClocks(next, &file, m.Clocks)
	if wrong = append(wrong, more...); len(wrong) > 0 {
		return domain.Change{}, &domain.Error{Kind: domain.KindConflict, Code: "migrate_blocked", Fields: wrong}
	}
	change := domain.Change{Before: &before, After: after, Gone: gone}
	for i := range clocks {
		change.Deadlines = append(change.Deadlines, clocks[i].Deadline)
	}
	change.After.SetDuties(change.File(file).Deadlines)
	entry := domain.Entry{
		CaseID: after.ID, Version: after.Version, At: now, Action: ActionMigrate, From: before.State, To: after.State,
		ActorID: actor.ID, ActorName: actor.Name, ActorRole: actor.Role, ActorOrg: actor.Org,
		Note: m.Reason, Event: ActionMigrate, Clocks: clocks,
		Fields: domain.Fields{"from_version": p.Version, "to_version": next.Version},
		Effect: domain.Diff(&before, &change.After),
	}
	if len(m.States) > 0 {
		entry.Fields["states"] = m.States
	}
	if len(m.Clocks) > 0 {
		entry.Fields["clocks"] = m.Clocks
	}
	change.Entries = []domain.Entry{entry}
	return change, nil
}

func renamed(names map[string]string, old string) string {
	if name, ok := names[old]; ok {
		return name
	}
	return old
}

// moveState finds fault with the state that a case would stand in: it must be
// there, open, and mean the same for the figures.
func (p *Procedure) moveState(next *Procedure, old, name string) []domain.FieldError {
	was, now := p.State(old), next.State(name)
	switch {
	case now == nil:
		return []domain.FieldError{{Field: "state", Code: "migrate_state_unknown", Args: []any{was.Title, old}}}
	case now.Final || now.Hold != was.Hold:
		return []domain.FieldError{{Field: "state", Code: "migrate_state_other", Args: []any{was.Title, now.Title}}}
	case now.Disposition != was.Disposition:
		return []domain.FieldError{{Field: "state", Code: "migrate_state_counts", Args: []any{
			was.Title, DispositionTitles[was.Disposition], DispositionTitles[now.Disposition]}}}
	}
	return nil
}

// takesIn finds fault with what else a case carries and the new version must
// know.
func (p *Procedure) takesIn(was *Procedure, c *domain.Case) []domain.FieldError {
	var wrong []domain.FieldError
	if _, ok := p.Classes[c.Class]; c.Class != "" && !ok {
		wrong = append(wrong, domain.FieldError{Field: "class", Code: "migrate_class_unknown", Args: []any{was.Classes[c.Class]}})
	}
	if _, ok := p.Outcomes[c.Outcome]; c.Outcome != "" && !ok {
		wrong = append(wrong, domain.FieldError{Field: "outcome", Code: "migrate_outcome_unknown", Args: []any{was.Outcomes[c.Outcome]}})
	}
	known := slices.ContainsFunc(p.Regimes, func(g Regime) bool { return g.Code == c.Regime })
	if c.Regime == "" {
		known = p.RegimeOn(domain.DateIn(c.ReceivedAt)) == ""
	}
	if !known {
		wrong = append(wrong, domain.FieldError{Field: "regime", Code: "migrate_regime_unknown", Args: []any{c.Regime}})
	}
	return wrong
}

// moveClocks gives the records of clocks that are called otherwise in the new
// version, and finds fault with those that could not go on there. What has ended
// is history, which needs no version to know it.
func (p *Procedure) moveClocks(next *Procedure, file *domain.File, names map[string]string) (records []domain.ClockRecord, gone []domain.Deadline, wrong []domain.FieldError) {
	for _, d := range file.Deadlines {
		old, name := d.Kind, renamed(names, d.Kind)
		title := p.Deadlines[old].Title
		clock, known := next.Deadlines[name]
		switch {
		case name != old && slices.ContainsFunc(file.Deadlines, func(o domain.Deadline) bool {
			return o.Kind == name || o.Kind != old && renamed(names, o.Kind) == name // two cannot become one
		}):
			wrong = append(wrong, domain.FieldError{Field: "clock", Code: "migrate_clock_taken", Args: []any{title, name}})
		case d.EndedAt != nil:
		case !known:
			wrong = append(wrong, domain.FieldError{Field: "clock", Code: "migrate_clock_unknown", Args: []any{title, old}})
		case (clock.OnMiss != "") != d.Chance:
			wrong = append(wrong, domain.FieldError{Field: "clock", Code: "migrate_clock_other", Args: []any{title}})
		case d.PausedAt != nil && !slices.ContainsFunc(next.all(), func(t *Transition) bool { return slices.Contains(t.Resumes, name) }):
			wrong = append(wrong, domain.FieldError{Field: "clock", Code: "migrate_clock_paused", Args: []any{title}})
		}
		if name != old {
			gone = append(gone, d)
			d.Kind = name
			records = append(records, domain.ClockRecord{Event: domain.ClockRenamed, Was: old, Deadline: d})
		}
	}
	return records, gone, wrong
}

// Migrate moves cases from a version of their procedure, each for itself, and
// gives the error of each. One that has left the version is left alone, so that
// it may be repeated.
func (e *Engine) Migrate(ctx context.Context, ids []string, from int, m Migration, actor domain.Actor) []error {
	ds := make([]domain.Decision, len(ids))
	for i, id := range ids {
		ds[i] = domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
			if f.Case.ProcedureVersion != from {
				return domain.Change{}, errNothing
			}
			return e.Rules().Migrate(f, m, actor, e.now())
		}}
	}
	return e.each(ctx, ds)
}
