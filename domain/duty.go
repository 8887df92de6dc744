package domain

import (
	"cmp"
	"strings"
	"time"
)

// Duty is what the county owes the citizen by a day. A procedure says which of
// its clocks measures which.
type Duty string

// The duties.
const (
	DutyRespond  Duty = "respond"  // 响应: get in touch with him
	DutyAccept   Duty = "accept"   // 受理: tell him whether his matter is taken on
	DutyConclude Duty = "conclude" // 办结: give him the result
	DutyPerform  Duty = "perform"  // 履行: do what was agreed or ordered
)

// Duties lists every duty, in the order in which they come.
var Duties = []Duty{DutyRespond, DutyAccept, DutyConclude, DutyPerform}

// Due is the moment by which the duty is owed.
func (d Duty) Due() Moment { return Moment(d + "_due") }

// Owed gives a case's record of a duty: due is nil when it is not owed, met
// while there is time left.
func (c *Case) Owed(d Duty) (due *time.Time, met *bool) {
	switch d {
	case DutyRespond:
		return c.RespondDue, c.RespondMet
	case DutyAccept:
		return c.AcceptDue, c.AcceptMet
	case DutyConclude:
		return c.ConcludeDue, c.ConcludeMet
	case DutyPerform:
		return c.PerformDue, c.PerformMet
	default:
		return nil, nil
	}
}

// SetDuties records what a case owes, as its clocks stand: of those that measure
// a duty and are owed, the one that started last decides.
func (c *Case) SetDuties(clocks []Deadline) {
	for _, d := range Duties {
		due, met := owed(d, clocks)
		switch d {
		case DutyRespond:
			c.RespondDue, c.RespondMet = due, met
		case DutyAccept:
			c.AcceptDue, c.AcceptMet = due, met
		case DutyConclude:
			c.ConcludeDue, c.ConcludeMet = due, met
		case DutyPerform:
			c.PerformDue, c.PerformMet = due, met
		}
	}
}

func owed(duty Duty, clocks []Deadline) (due *time.Time, met *bool) {
	var last *Deadline
	for i := range clocks {
		if d := &clocks[i]; d.Duty == duty && !d.calledOff() && (last == nil || d.startedAfter(last)) {
			last = d
		}
	}
	if last == nil {
		return nil, nil
	}
	day := last.Due
	switch {
	case last.Met:
		met = new(true)
	case last.MissedAt != nil:
		met = new(false)
	}
	return &day, met
}

// calledOff reports whether a clock was cancelled while there was time left. A
// clock that is stopped after its day was missed, for whatever reason it is
// stopped: a withdrawal does not undo the delay before it.
func (d *Deadline) calledOff() bool { return d.EndedAt != nil && !d.Met && d.MissedAt == nil }

// startedAfter orders clocks by their start, and those of one moment by what is
// owed longer, so that one of any two decides.
func (d *Deadline) startedAfter(o *Deadline) bool {
	return cmp.Or(d.StartedAt.Compare(o.StartedAt), d.Due.Compare(o.Due), strings.Compare(d.Kind, o.Kind), cmp.Compare(d.Round, o.Round)) > 0
}

// HandledDays is how many natural days a concluded case took: from its
// acceptance to its conclusion, in Beijing, less those on which its time stood
// still; never below 0, and 0 for a case that is not concluded.
func (c *Case) HandledDays() int {
	if c.AcceptedAt == nil || c.ConcludedAt == nil {
		return 0
	}
	return max(0, DateIn(*c.ConcludedAt).Sub(DateIn(*c.AcceptedAt))-c.PausedDays)
}

// Repeat is a later visit with the matter of a case.
type Repeat struct {
	ID         string
	ReceivedAt time.Time
}

// SetReturn records the first of a case's repeats, oldest first, that came
// after its conclusion: the citizen was back. It reports whether that is news.
func (c *Case) SetReturn(repeats []Repeat) bool {
	was := c.ReturnedBy
	c.ReturnedAt, c.ReturnedBy = nil, nil
	for i := range repeats {
		if r := repeats[i]; c.ConcludedAt != nil && r.ReceivedAt.After(*c.ConcludedAt) {
			c.ReturnedAt, c.ReturnedBy = &r.ReceivedAt, &r.ID
			break
		}
	}
	return (was == nil) != (c.ReturnedBy == nil) || was != nil && *was != *c.ReturnedBy
}
