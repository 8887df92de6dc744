package workflow

import (
	"slices"
	"time"

	"sudi/domain"
)

// Explanation shows how a clock came to its due day, so that anybody can count
// it by hand.
type Explanation struct {
	Deadline   domain.Deadline  `json:"deadline"`
	Pauses     []domain.Pause   `json:"pauses,omitempty"`
	Extensions []Extension      `json:"extensions,omitempty"`
	Days       []domain.Counted `json:"days"` // from the start to the due day
}

// Extension is one lengthening of a clock.
type Extension struct {
	On   domain.Date `json:"on"`   // when it was granted
	By   string      `json:"by"`   // "30 days"
	From domain.Date `json:"from"` // the day it counts from: the nominal one before
	To   domain.Date `json:"to"`   // the nominal day after
}

// Explain counts a clock's days out of the history of its case. A clock that
// stands still is counted up to the due day it had when it paused.
func (r *Rules) Explain(d domain.Deadline, entries []domain.Entry) (Explanation, error) {
	e := Explanation{Deadline: d}
	period, err := domain.ParsePeriod(d.Limit)
	if err != nil {
		return e, err
	}
	e.read(d, entries)
	legs := []leg{{start: d.StartedAt, period: period}}
	for _, x := range e.Extensions {
		by, err := domain.ParsePeriod(x.By)
		if err != nil {
			return e, err
		}
		legs = append(legs, leg{period: by})
	}
	for i := range legs {
		days, end, err := r.count(&legs[i], d.Roll, e.Pauses)
		if err != nil {
			return e, err
		}
		if i > 0 { // a leg begins on the last day of the one before
			days = days[1:]
		}
		if i+1 < len(legs) { // and what that one rolled over counts
			legs[i+1].start = end
			days = slices.DeleteFunc(days, func(c domain.Counted) bool { return c.Why == domain.WhyRolled })
		}
		e.Days = append(e.Days, days...)
	}
	return e, nil
}

// leg is a stretch of a clock: the limit itself, or an extension.
type leg struct {
	start  time.Time
	period domain.Period
}

// count lists a leg's days and gives its nominal end.
func (r *Rules) count(l *leg, roll domain.Roll, pauses []domain.Pause) ([]domain.Counted, time.Time, error) {
	pauses = slices.DeleteFunc(slices.Clone(pauses), func(p domain.Pause) bool { return !p.From.After(domain.DateIn(l.start)) })
	due, err := r.Calendar.Due(l.start, l.period, roll)
	for _, p := range pauses {
		if err == nil {
			due, err = r.Calendar.Resume(due, l.period.Unit, p.From, p.To, roll)
		}
	}
	if err != nil {
		return nil, due.Nominal, err
	}
	days, err := r.Calendar.Explain(l.start, l.period, roll, pauses...)
	return days, due.Nominal, err
}

// read finds the pauses and extensions of one round of a clock.
func (e *Explanation) read(d domain.Deadline, entries []domain.Entry) {
	var before domain.Deadline
	names := namesOf(d, entries)
	for i := range entries {
		for _, c := range entries[i].Clocks {
			if c.Deadline.Kind != names[i] || c.Deadline.Round != d.Round {
				continue
			}
			if c.Event == domain.ClockResumed {
				if p := pauseOf(&before, entries[i].At); p.From != p.To && !p.From.After(domain.DateIn(before.Nominal)) {
					e.Pauses = append(e.Pauses, p)
				}
			}
			if c.Event == domain.ClockExtended {
				e.Extensions = append(e.Extensions, Extension{
					On: domain.DateIn(entries[i].At), By: c.By,
					From: domain.DateIn(before.Nominal), To: domain.DateIn(c.Deadline.Nominal),
				})
			}
			before = c.Deadline
		}
	}
}

// namesOf gives the name of a clock at each of its case's entries: a migration
// may have renamed it. A renaming stands under the new name.
func namesOf(d domain.Deadline, entries []domain.Entry) []string {
	names, now := make([]string, len(entries)), d.Kind
	for i := len(entries) - 1; i >= 0; i-- {
		names[i] = now
		for _, c := range entries[i].Clocks {
			if c.Was != "" && c.Deadline.Kind == now && c.Deadline.Round == d.Round {
				now = c.Was
				break
			}
		}
	}
	return names
}
