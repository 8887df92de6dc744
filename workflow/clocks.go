package workflow

import (
	"fmt"
	"time"

	"sudi/domain"
)

// clockwork carries out what one transition does to a case's clocks.
type clockwork struct {
	rules   *Rules
	p       *Procedure
	file    *domain.File
	after   *domain.Case
	fields  domain.Fields
	now     time.Time
	records []domain.ClockRecord
}

// run applies a transition's clock lists, in the order end, cancel, pause,
// resume, extend, start, and stops everything in a final state.
func (k *clockwork) run(t *Transition, to *State) error {
	for _, kind := range t.Ends {
		k.end(kind)
	}
	for _, kind := range t.Cancels {
		k.cancel(kind)
	}
	for _, kind := range t.Pauses {
		if d := k.current(kind); d != nil && d.Running() {
			d.PausedAt = &k.now
			k.record(domain.ClockPaused, *d)
		}
	}
	for _, kind := range t.Resumes {
		if err := k.resume(kind); err != nil {
			return err
		}
	}
	for _, kind := range t.Extends {
		if err := k.extend(kind); err != nil {
			return err
		}
	}
	for _, kind := range t.Starts {
		if err := k.start(kind); err != nil {
			return err
		}
	}
	if to.Final {
		for i := range k.file.Deadlines {
			k.cancel(k.file.Deadlines[i].Kind)
		}
		for _, r := range k.records {
			k.cancel(r.Deadline.Kind)
		}
	}
	return nil
}

// current is the latest round of a clock as it stands now, nil when it never
// ran.
func (k *clockwork) current(kind string) *domain.Deadline {
	for i := len(k.records) - 1; i >= 0; i-- {
		if k.records[i].Deadline.Kind == kind {
			d := k.records[i].Deadline
			return &d
		}
	}
	if d := currentClock(k.file, kind); d != nil {
		c := *d
		return &c
	}
	return nil
}

func (k *clockwork) record(e domain.ClockEvent, d domain.Deadline) {
	d.CaseID = k.after.ID
	k.records = append(k.records, domain.ClockRecord{Event: e, Deadline: d})
}

func (k *clockwork) end(kind string) {
	d := k.current(kind)
	if d == nil || d.EndedAt != nil {
		return
	}
	d.EndedAt = &k.now
	event := domain.ClockLate
	if !k.now.After(d.Due) && d.MissedAt == nil {
		d.Met, event = true, domain.ClockMet
	} else if d.MissedAt == nil {
		d.MissedAt = &k.now // late before the sweeper came by
	}
	k.record(event, *d)
}

func (k *clockwork) cancel(kind string) {
	if d := k.current(kind); d != nil && d.EndedAt == nil {
		d.EndedAt = &k.now
		k.record(domain.ClockCancelled, *d)
	}
}

// resume moves the due date by the days that the pause really took.
func (k *clockwork) resume(kind string) error {
	d := k.current(kind)
	if d == nil || d.EndedAt != nil || d.PausedAt == nil {
		return nil
	}
	period, err := domain.ParsePeriod(d.Limit)
	if err != nil {
		return err
	}
	paused := domain.DateIn(*d.PausedAt)
	if start := domain.DateIn(d.StartedAt); !paused.After(start) {
		paused = start.AddDays(1) // the start day never counted, so it cannot be lost
	}
	resumed := domain.DateIn(k.now)
	if resumed.Before(paused) {
		resumed = paused
	}
	due, err := k.rules.Calendar.Resume(domain.Due{Nominal: d.Nominal, Effective: d.Due}, period.Unit, paused, resumed, d.Roll)
	if err != nil {
		return err
	}
	d.PausedAt = nil
	return k.reset(d, due, domain.ClockResumed)
}

func (k *clockwork) extend(kind string) error {
	d := k.current(kind)
	by := k.p.Deadlines[kind].Extend
	if d == nil || d.EndedAt != nil || by == nil {
		return nil
	}
	due, err := k.rules.Calendar.Extend(domain.Due{Nominal: d.Nominal, Effective: d.Due}, *by, d.Roll)
	if err != nil {
		return err
	}
	return k.reset(d, due, domain.ClockExtended)
}

// reset gives a clock a new due date; it may be warned of, and missed, anew.
func (k *clockwork) reset(d *domain.Deadline, due domain.Due, e domain.ClockEvent) error {
	warn, err := k.warnAt(d, due.Effective)
	if err != nil {
		return err
	}
	d.Nominal, d.Due, d.WarnAt = due.Nominal, due.Effective, warn
	d.WarnedAt = nil
	if k.now.Before(due.Effective) {
		d.MissedAt = nil
	}
	d.Calendar = k.rules.Calendar.Version()
	k.record(e, *d)
	return nil
}

// warnAt is the morning of the last working day before the due day; a limit in
// hours is warned of when half of it is left.
func (k *clockwork) warnAt(d *domain.Deadline, due time.Time) (time.Time, error) {
	period, err := domain.ParsePeriod(d.Limit)
	if err != nil {
		return time.Time{}, err
	}
	if period.Unit == domain.Hours {
		return due.Add(-due.Sub(d.StartedAt) / 2).Truncate(time.Microsecond), nil
	}
	day, err := k.rules.Calendar.WarnOn(due)
	if err != nil {
		return time.Time{}, err
	}
	return day.Start(), nil
}

func (k *clockwork) start(kind string) error {
	clock := k.p.Deadlines[kind]
	prior := k.current(kind)
	if prior != nil && clock.Once {
		return nil
	}
	round := 1
	if prior != nil {
		k.cancel(kind)
		round = prior.Round + 1
	}
	limit := clock.limit(&facts{file: &domain.File{Case: *k.after, Parties: k.file.Parties, Deadlines: k.file.Deadlines},
		fields: k.fields, now: k.now, rules: k.rules})
	if limit == nil {
		return nil // the case is of a kind that has no such limit
	}
	from := k.from(clock.From)
	due, err := k.rules.Calendar.Due(from, limit.Period, clock.Roll)
	if err != nil {
		return fmt.Errorf("clock %s: %w", kind, err)
	}
	d := domain.Deadline{
		Kind: kind, Round: round, Org: k.after.Desk,
		Basis: limit.Article, Limit: limit.Period.String(), Roll: clock.Roll, StartedAt: from,
	}
	return k.reset(&d, due, domain.ClockStarted)
}

// limit is the first length whose guards hold.
func (c *Clock) limit(f *facts) *Limit {
	for i := range c.Limits {
		if firstFailing(c.Limits[i].If, f) == nil {
			return &c.Limits[i]
		}
	}
	return nil
}

// from is the moment that a clock counts from.
func (k *clockwork) from(what string) time.Time {
	at := &k.now
	switch what {
	case "", "now":
	case "received":
		at = &k.after.ReceivedAt
	case "accepted":
		at = k.after.AcceptedAt
	case "concluded":
		at = k.after.ConcludedAt
	default:
		if d, err := domain.ParseDate(k.fields.String(what)); err == nil {
			start := d.Start()
			at = &start
		}
	}
	if at == nil {
		return k.now
	}
	return *at
}

// deadlines are the clocks that changed, each as it stands after.
func (k *clockwork) deadlines() []domain.Deadline {
	var ds []domain.Deadline
	for _, r := range k.records {
		i := 0
		for i < len(ds) && (ds[i].Kind != r.Deadline.Kind || ds[i].Round != r.Deadline.Round) {
			i++
		}
		if i == len(ds) {
			ds = append(ds, r.Deadline)
		} else {
			ds[i] = r.Deadline
		}
	}
	return ds
}

// Tick does what time alone does to a case: it marks limits as near or missed,
// each once, and takes the action that a procedure attaches to a missed limit.
// ok is false when there is nothing to do.
func (r *Rules) Tick(file domain.File, now time.Time) (change domain.Change, ok bool, err error) {
	now = now.UTC().Truncate(time.Microsecond)
	p, err := r.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return change, false, err
	}
	add := func(next domain.Change) {
		if ok {
			change = change.Then(next)
		} else {
			change, ok = next, true
		}
		file = change.File(file)
	}
	for _, d := range file.Deadlines {
		if !d.Running() {
			continue
		}
		if d.MissedAt == nil && now.After(d.Due) {
			d.MissedAt = &now
			add(clockEntry(&file, "deadline_missed", domain.ClockMissed, d, now))
			if act := p.Deadlines[d.Kind].OnMiss; act != "" {
				next, err := r.Step(file, Action{Name: act, Actor: domain.Clock, Now: now})
				switch domain.KindOf(err) {
				case domain.KindConflict: // another state by now: nothing to do
				case domain.KindInternal:
					if err != nil {
						return change, false, err
					}
					add(next)
				default:
					return change, false, err
				}
			}
			continue
		}
		if d.WarnedAt == nil && d.MissedAt == nil && !now.Before(d.WarnAt) {
			d.WarnedAt = &now
			add(clockEntry(&file, "deadline_near", domain.ClockWarned, d, now))
		}
	}
	return change, ok, nil
}

// clockEntry records what happened to a clock without any action of a person.
func clockEntry(file *domain.File, name string, event domain.ClockEvent, d domain.Deadline, now time.Time) domain.Change {
	before, after := file.Case, file.Case.Clone()
	after.Version++
	after.UpdatedAt = now
	d.CaseID = after.ID
	return domain.Change{
		Before: &before, After: after, Deadlines: []domain.Deadline{d},
		Entries: []domain.Entry{{
			CaseID: after.ID, Version: after.Version, At: now, Action: name,
			From: after.State, To: after.State, Event: name,
			ActorID: domain.Clock.ID, ActorName: domain.Clock.Name, ActorRole: domain.RoleClock,
			Effect: domain.Diff(&before, &after),
			Clocks: []domain.ClockRecord{{Event: event, Deadline: d}},
		}},
	}
}
