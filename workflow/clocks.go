package workflow

import (
	"fmt"
	"slices"
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
	moment  time.Time // by which limits are kept or missed
	records []domain.ClockRecord
}

// run applies a transition's clock lists, in the order end, cancel, pause,
// resume, extend, start, and stops everything in a final state.
func (k *clockwork) run(t *Transition, to *State, lapsed *domain.Deadline) error {
	k.moment = k.now
	if lapsed != nil {
		k.record(domain.ClockLapsed, *lapsed)
		k.moment = lapsed.Due.Add(time.Microsecond) // nothing is missed because the sweeper came late
	}
	for _, kind := range t.Ends {
		if err := k.end(kind); err != nil {
			return err
		}
	}
	for _, kind := range t.Cancels {
		if err := k.cancel(kind); err != nil {
			return err
		}
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
	k.hold(to)
	if !to.Final {
		return nil
	}
	for _, d := range k.open() {
		if err := k.cancel(d.Kind); err != nil {
			return err
		}
	}
	return nil
}

// hold stops every clock of a case that is merged where it stands, and lets
// them go again when the merge is undone: as if it had not been.
func (k *clockwork) hold(to *State) {
	for _, d := range k.open() {
		switch {
		case to.Hold && d.HeldAt == nil:
			d.HeldAt = &k.now
			k.record(domain.ClockHeld, d)
		case !to.Hold && d.HeldAt != nil:
			d.HeldAt = nil
			k.record(domain.ClockReleased, d)
		}
	}
}

// open lists the clocks that have not ended, as they stand now.
func (k *clockwork) open() []domain.Deadline {
	return slices.DeleteFunc(k.all(), func(d domain.Deadline) bool { return d.EndedAt != nil })
}

// all lists the case's clocks as they stand now.
func (k *clockwork) all() []domain.Deadline {
	all := slices.Clone(k.file.Deadlines)
	for _, d := range k.deadlines() {
		i := slices.IndexFunc(all, func(o domain.Deadline) bool { return o.Kind == d.Kind && o.Round == d.Round })
		if i < 0 {
			all = append(all, d)
		} else {
			all[i] = d
		}
	}
	return all
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

// extensionDays is the field that makes an extension shorter than the most
// that its clock allows.
const extensionDays = "extension_days"

// end ends a clock in time or late; a chance whose day has passed has lapsed.
func (k *clockwork) end(kind string) error {
	d, err := k.stopped(kind)
	if d == nil || err != nil {
		return err
	}
	d.Met = d.MissedAt == nil && !k.moment.After(d.Due)
	switch {
	case d.Met:
		k.record(domain.ClockMet, *d)
	case d.Chance:
		k.record(domain.ClockLapsed, *d)
	default:
		k.record(domain.ClockLate, *d)
	}
	return nil
}

// cancel ends a clock that is no longer owed.
func (k *clockwork) cancel(kind string) error {
	d, err := k.stopped(kind)
	if d == nil || err != nil {
		return err
	}
	k.record(domain.ClockCancelled, *d)
	return nil
}

// stopped is a clock that ends now, nil when there is nothing to end. What it
// stood still counts first, and a limit whose day has passed was missed,
// whether or not the sweeper came by before.
func (k *clockwork) stopped(kind string) (*domain.Deadline, error) {
	if err := k.resume(kind); err != nil {
		return nil, err
	}
	d := k.current(kind)
	if d == nil || d.EndedAt != nil {
		return nil, nil //nolint:nilnil // nothing to end is no error
	}
	d.EndedAt = &k.moment // so that what was kept was ended in time
	d.HeldAt = nil        // nothing will let it go again
	if !d.Chance && d.MissedAt == nil && k.moment.After(d.Due) {
		d.MissedAt = &k.now
	}
	return d, nil
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
	pause := pauseOf(d, k.now)
	due, err := k.rules.Calendar.Resume(domain.Due{Nominal: d.Nominal, Effective: d.Due}, period.Unit, pause.From, pause.To, d.Roll)
	if err != nil {
		return err
	}
	if d.Duty == domain.DutyConclude {
		k.after.PausedDays += stoodStill(k.after, pause)
	}
	d.PausedAt = nil
	return k.reset(d, due, domain.ClockResumed)
}

// stoodStill is how many days of a pause lie between a case's acceptance and
// its conclusion: those are the days that it is not to be blamed for.
func stoodStill(c *domain.Case, pause domain.Pause) int {
	if c.AcceptedAt != nil { // the day of acceptance never counts
		if first := domain.DateIn(*c.AcceptedAt).AddDays(1); pause.From.Before(first) {
			pause.From = first
		}
	}
	if c.ConcludedAt != nil { // which a paper may date back
		if last := domain.DateIn(*c.ConcludedAt); last.Before(pause.To) {
			pause.To = last
		}
	}
	return max(0, pause.To.Sub(pause.From))
}

// pauseOf is the stretch that a paused clock stood still until now.
func pauseOf(d *domain.Deadline, now time.Time) domain.Pause {
	p := domain.Pause{From: domain.DateIn(*d.PausedAt), To: domain.DateIn(now)}
	if start := domain.DateIn(d.StartedAt); !p.From.After(start) {
		p.From = start.AddDays(1) // the start day never counted, so it cannot be lost
	}
	if p.To.Before(p.From) {
		p.To = p.From
	}
	return p
}

func (k *clockwork) extend(kind string) error {
	d := k.current(kind)
	most := k.p.Deadlines[kind].Extend
	if d == nil || d.EndedAt != nil || most == nil {
		return nil
	}
	by := *most
	if v, given := k.fields[extensionDays]; given {
		n := toInt(v)
		if n < 1 || n > int64(most.N) {
			return wrongField(extensionDays, "extension_range", most.N)
		}
		by.N = int(n)
	}
	due, err := k.rules.Calendar.Extend(domain.Due{Nominal: d.Nominal, Effective: d.Due}, by, d.Roll)
	if err != nil {
		return err
	}
	if err := k.reset(d, due, domain.ClockExtended); err != nil {
		return err
	}
	k.records[len(k.records)-1].By = by.String()
	return nil
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
	if d.Chance {
		return due, nil // nobody need be warned of its end
	}
	day, err := k.rules.Calendar.WarnOn(due)
	if err != nil {
		return time.Time{}, err
	}
	if !day.After(domain.DateIn(d.StartedAt)) { // too short to warn the day before
		day = domain.DateIn(due)
	}
	return day.Start(), nil
}

func (k *clockwork) start(kind string) error {
	clock := k.p.Deadlines[kind]
	prior := k.current(kind)
	if prior != nil && clock.Once {
		return nil
	}
	limit := clock.limit(&facts{file: &domain.File{Case: *k.after, Parties: k.file.Parties, Deadlines: k.file.Deadlines},
		fields: k.fields, now: k.now, rules: k.rules})
	if limit == nil {
		return nil // the case is of a kind, or at a point, that has no such limit
	}
	round := 1
	if prior != nil {
		if err := k.cancel(kind); err != nil {
			return err
		}
		round = prior.Round + 1
	}
	from, err := k.from(clock.From)
	if err != nil {
		return err
	}
	period, err := k.period(&clock, limit.Period, from)
	if err != nil {
		return err
	}
	due, err := k.rules.Calendar.Due(from, period, clock.Roll)
	if err != nil {
		return fmt.Errorf("clock %s: %w", kind, err)
	}
	d := domain.Deadline{
		Kind: kind, Round: round, Org: k.after.Desk, Duty: clock.Duty,
		Basis: limit.Article, Limit: period.String(), Roll: clock.Roll, Chance: clock.OnMiss != "", StartedAt: from,
	}
	return k.reset(&d, due, domain.ClockStarted)
}

// maxUntil bounds a date that an action sets as a limit, in days: within it
// the calendar knows every year, published or provisional.
const maxUntil = 730

// period is the clock's length: up to the date that was set, else the limit.
func (k *clockwork) period(clock *Clock, limit domain.Period, from time.Time) (domain.Period, error) {
	day := k.fields.String(clock.Until)
	if day == "" {
		return limit, nil
	}
	last, err := domain.ParseDate(day)
	if err != nil {
		return limit, wrongField(clock.Until, "not_a_date")
	}
	start := domain.DateIn(from)
	switch n := last.Sub(start); {
	case n < 1:
		return limit, wrongField(clock.Until, "date_in_past", start.AddDays(1), start.AddDays(maxUntil))
	case n > maxUntil:
		return limit, wrongField(clock.Until, "date_too_far", start.AddDays(1), start.AddDays(maxUntil))
	default:
		return domain.Period{N: n, Unit: domain.Days}, nil
	}
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

// from is the moment that a clock counts from: now, when the one it names is
// not known.
func (k *clockwork) from(what string) (time.Time, error) {
	var at *time.Time
	switch what {
	case "", "now":
	case "received":
		at = &k.after.ReceivedAt
	case momentAccepted:
		if at = k.after.AcceptedAt; at == nil { // as the law has it that counts from before anybody says so
			at = &k.after.ReceivedAt
		}
	case momentConcluded:
		at = k.after.ConcludedAt
	default:
		day, given, err := k.day(what)
		if err != nil {
			return k.now, err
		}
		if when := within(k.after, day); given {
			at = &when
		}
	}
	if at == nil {
		return k.now, nil
	}
	return *at, nil
}

// day reads the date field that a clock counts from. One that may be earlier
// than the receipt must still be one that the calendar knows.
func (k *clockwork) day(name string) (day domain.Date, given bool, err error) {
	if !k.p.Fields[name].Earlier {
		return pastDate(k.after, k.fields, name, k.now)
	}
	day, given, err = pastDate(&domain.Case{}, k.fields, name, k.now)
	if first, _ := k.rules.Calendar.Years(); err == nil && given && day.Year < first {
		return day, false, wrongField(name, "date_too_old")
	}
	return day, given, err
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
