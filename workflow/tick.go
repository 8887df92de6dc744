package workflow

import (
	"fmt"
	"slices"
	"time"

	"sudi/domain"
)

// Tick does what time alone does to a case: it marks limits as near or missed,
// each once, the earliest first, and takes the action that a procedure
// attaches to a missed limit. ok is false when there is nothing to do.
func (r *Rules) Tick(file domain.File, now time.Time) (change domain.Change, ok bool, err error) {
	now = now.UTC().Truncate(time.Microsecond)
	p, err := r.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return change, false, err
	}
	start := file
	add := func(next domain.Change) {
		if ok {
			change = change.Then(next)
		} else {
			change, ok = next, true
		}
		file = change.File(start)
	}
	order := slices.Clone(file.Deadlines)
	slices.SortStableFunc(order, func(a, b domain.Deadline) int { return a.Due.Compare(b.Due) })
	for _, o := range order {
		d := clockOf(&file, o.Kind, o.Round) // as it stands after what this tick has done
		if !d.Running() || d.MissedAt != nil {
			continue
		}
		onMiss := p.Deadlines[d.Kind].OnMiss
		switch {
		case now.After(d.Due) && onMiss != "":
			next, err := r.lapse(file, onMiss, d, now)
			if err != nil {
				return domain.Change{}, false, err
			}
			add(next)
		case now.After(d.Due):
			d.MissedAt = &now
			add(clockEntry(&file, "deadline_missed", domain.ClockMissed, d, now))
		case d.WarnedAt == nil && onMiss == "" && !now.Before(d.WarnAt):
			d.WarnedAt = &now
			add(clockEntry(&file, "deadline_near", domain.ClockWarned, d, now))
		}
	}
	return change, ok, nil
}

// maxTicks is more than all clocks of a case can have to say by themselves.
const maxTicks = 500

// Pass does what time does to a case until a moment comes: each thing when the
// sweeper would have noticed it. What falls on the moment itself is left to
// whoever acts then. ok is false when there is nothing to do.
func (r *Rules) Pass(file domain.File, until time.Time) (change domain.Change, ok bool, err error) {
	p, err := r.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return change, false, err
	}
	now := file
	for range maxTicks {
		at, due := p.nextTick(&now)
		if !due || !at.Before(until) {
			return change, ok, nil
		}
		next, done, err := r.Tick(now, at)
		switch {
		case err != nil:
			return domain.Change{}, false, fmt.Errorf("clocks at %s: %w", at.Format(time.RFC3339), err)
		case !done:
			return domain.Change{}, false, fmt.Errorf("clocks at %s: nothing was due", at.Format(time.RFC3339))
		case ok:
			change = change.Then(next)
		default:
			change, ok = next, true
		}
		now = next.File(now)
	}
	return domain.Change{}, false, fmt.Errorf("the clocks of case %s do not come to rest", file.Case.ID)
}

// nextTick is the first moment at which Tick has something to do: a clock is
// to be warned of, or its day has just passed.
func (p *Procedure) nextTick(f *domain.File) (at time.Time, found bool) {
	for i := range f.Deadlines {
		d := &f.Deadlines[i]
		if !d.Running() || d.MissedAt != nil {
			continue
		}
		when := d.Due.Add(time.Microsecond)
		if d.WarnedAt == nil && p.Deadlines[d.Kind].OnMiss == "" && d.WarnAt.Before(when) {
			when = d.WarnAt
		}
		if when.Before(f.Case.UpdatedAt) { // the clock began late
			when = f.Case.UpdatedAt
		}
		if !found || when.Before(at) {
			at, found = when, true
		}
	}
	return at, found
}

// lapse ends a clock whose passing has a consequence of its own, which is no
// failure of anybody, and takes the action that follows; where that does not
// apply the clock just ends.
func (r *Rules) lapse(file domain.File, action string, d domain.Deadline, now time.Time) (domain.Change, error) {
	d.EndedAt = &now
	change, err := r.Step(file, Action{Name: action, Actor: domain.Clock, Now: now, lapsed: &d})
	switch domain.KindOf(err) {
	case domain.KindConflict, domain.KindForbidden:
		return clockEntry(&file, "deadline_lapsed", domain.ClockLapsed, d, now), nil
	default:
		return change, err
	}
}

// clockOf is one round of a clock as it stands.
func clockOf(f *domain.File, kind string, round int) domain.Deadline {
	for i := range f.Deadlines {
		if d := f.Deadlines[i]; d.Kind == kind && d.Round == round {
			return d
		}
	}
	return domain.Deadline{}
}

// clockEntry records what happened to a clock without any action of a person.
func clockEntry(file *domain.File, name string, event domain.ClockEvent, d domain.Deadline, now time.Time) domain.Change {
	before, after := file.Case, file.Case.Clone()
	after.Version++
	after.UpdatedAt = now
	d.CaseID = after.ID
	change := domain.Change{Before: &before, After: after, Deadlines: []domain.Deadline{d}}
	change.After.SetDuties(change.File(*file).Deadlines)
	change.Entries = []domain.Entry{{
		CaseID: after.ID, Version: after.Version, At: now, Action: name,
		From: after.State, To: after.State, Event: name,
		ActorID: domain.Clock.ID, ActorName: domain.Clock.Name, ActorRole: domain.RoleClock,
		Effect: domain.Diff(&before, &change.After),
		Clocks: []domain.ClockRecord{{Event: event, Deadline: d}},
	}}
	return change
}
