package domain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit is what a period counts.
type Unit string

// The units, with the deadline functions of the domain law §0 they stand for.
const (
	Hours       Unit = "hours"
	Days        Unit = "days"         // N(n): natural days
	WorkingDays Unit = "working_days" // W(n)
	Months      Unit = "months"       // M(n): same day, clamped to the month's end
)

// unitWords are the singular words of the written form.
var unitWords = map[Unit]string{Hours: "hour", Days: "day", WorkingDays: "working day", Months: "month"}

// maxPeriod bounds N: ten thousand days is longer than any limit in law.
const maxPeriod = 10_000

// Period is a time limit: N of a unit, N from 1 to 10,000.
type Period struct {
	N    int
	Unit Unit
}

// ParsePeriod reads exactly what String writes: "2 hours", "15 days",
// "1 working day", "3 months".
func ParsePeriod(s string) (Period, error) {
	count, _, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(count)
	for unit := range unitWords {
		p := Period{n, unit}
		if err == nil && n >= 1 && n <= maxPeriod && p.String() == s {
			return p, nil
		}
	}
	return Period{}, fmt.Errorf("period %q is not like \"15 days\", \"5 working days\", \"1 month\" or \"2 hours\"", s)
}

// String is the written form, or "" for a period without a known unit.
func (p Period) String() string {
	word, ok := unitWords[p.Unit]
	if !ok {
		return ""
	}
	if p.N != 1 {
		word += "s"
	}
	return strconv.Itoa(p.N) + " " + word
}

// IsZero reports whether there is no limit.
func (p Period) IsZero() bool { return p == Period{} }

// MarshalText writes the form String gives.
func (p Period) MarshalText() ([]byte, error) {
	if _, err := ParsePeriod(p.String()); err != nil {
		return nil, err
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads the form ParsePeriod reads.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// Roll says what happens when the last day is not a working day.
type Roll string

// The rolls. Petition and people's congress rules say nothing about the last
// day: organs get RollNone, citizens RollNext (domain law §5, a default to be
// confirmed by the district).
const (
	RollNext Roll = "next" // ↷: on to the next working day
	RollNone Roll = "none" // ■: stays, so act by the previous working day
)

// Due is a deadline. Extensions and pauses count from Nominal, the unrolled
// date; Effective is what binds. Both are instants in UTC.
type Due struct {
	Nominal   time.Time
	Effective time.Time
}

// Pause is a stretch during which a clock stands still: From is the first day
// that does not count, To the day it runs again.
type Pause struct {
	From, To Date
}

// Due is when a period that starts at start ends. Hours run exactly; any other
// unit ends with the due day in Beijing, and the start day is never counted.
func (c *Calendar) Due(start time.Time, p Period, roll Roll) (Due, error) {
	if _, err := ParsePeriod(p.String()); err != nil {
		return Due{}, err
	}
	if p.Unit == Hours {
		end := start.Add(time.Duration(p.N) * time.Hour).UTC()
		return Due{end, end}, nil
	}
	day, err := c.lastDay(DateIn(start), p)
	if err != nil {
		return Due{}, err
	}
	return c.due(day, roll)
}

func (c *Calendar) lastDay(start Date, p Period) (Date, error) {
	switch p.Unit {
	case WorkingDays:
		return c.AddWorking(start, p.N)
	case Months:
		return start.AddMonths(p.N), nil
	default:
		return start.AddDays(p.N), nil
	}
}

// due closes a deadline at the end of its nominal day, rolled.
func (c *Calendar) due(nominal Date, roll Roll) (Due, error) {
	effective := nominal
	switch roll {
	case RollNone:
	case RollNext:
		working, err := c.IsWorking(nominal)
		if err == nil && !working {
			effective, err = c.AddWorking(nominal, 1)
		}
		if err != nil {
			return Due{}, err
		}
	default:
		return Due{}, fmt.Errorf("roll %q is neither next nor none", roll)
	}
	return Due{endOfDay(nominal), endOfDay(effective)}, nil
}

// endOfDay is cut to microseconds: a finer instant would be rounded up by
// PostgreSQL, into the next day.
func endOfDay(d Date) time.Time { return d.End().Truncate(time.Microsecond) }

// Extend adds a period to a deadline, from its nominal date: counting from the
// rolled one would give the extender the holiday twice (domain law §8, 6).
func (c *Calendar) Extend(d Due, p Period, roll Roll) (Due, error) {
	return c.Due(d.Nominal, p, roll)
}

// Resume moves a deadline by the days its clock stood still, from the day it
// paused to the day before it resumed, and rolls again. Clocks in working days
// lose only the working days among them, so they need their unit. A pause after
// the nominal day changes nothing: the count was complete. The start day is not
// counted, so a clock paused on it loses days from the next day on: pass that.
func (c *Calendar) Resume(d Due, unit Unit, paused, resumed Date, roll Roll) (Due, error) {
	if resumed.Before(paused) {
		return Due{}, fmt.Errorf("resumed %s before the pause of %s", resumed, paused)
	}
	nominal := DateIn(d.Nominal)
	if paused.After(nominal) {
		return d, nil
	}
	days := resumed.Sub(paused)
	switch unit {
	case Hours:
		end := d.Nominal.Add(time.Duration(days) * 24 * time.Hour)
		return Due{end, end}, nil
	case WorkingDays:
		n, err := c.workingBetween(paused, resumed)
		if err != nil {
			return Due{}, err
		}
		nominal, err = c.AddWorking(nominal, n)
		if err != nil {
			return Due{}, err
		}
	default:
		nominal = nominal.AddDays(days)
	}
	return c.due(nominal, roll)
}

// WarnOn is the day to warn on: the last working day before the due day. For ■
// that is the last day on which the organ can act when the due day is off.
func (c *Calendar) WarnOn(due time.Time) (Date, error) {
	return c.AddWorking(DateIn(due), -1)
}

// The reasons Explain gives for a day.
const (
	WhyStart   = "start"
	WhyCounted = "counted"
	WhyWeekend = "weekend"
	WhyHoliday = "holiday"
	WhyMakeUp  = "make-up workday" // counted although it is a weekend
	WhyRolled  = "rolled"          // past the nominal day, up to the effective one
	WhyPaused  = "paused"
)

// Counted is one day of a clock, whether it counts, and one of the Why reasons.
type Counted struct {
	Date    Date   `json:"date"`
	Counted bool   `json:"counted"`
	Why     string `json:"why"`
}

// Explain lists every day of a clock from its start to its effective due day,
// after the pauses given in date order (as for Resume), so that a user can check
// the count by hand.
func (c *Calendar) Explain(start time.Time, p Period, roll Roll, pauses ...Pause) ([]Counted, error) {
	due, err := c.Due(start, p, roll)
	if err != nil {
		return nil, err
	}
	first := DateIn(start)
	for _, pause := range pauses {
		if due, err = c.Resume(due, p.Unit, pause.From, pause.To, roll); err != nil {
			return nil, err
		}
	}
	days := []Counted{{Date: first, Why: WhyStart}}
	for d := first.AddDays(1); !d.After(DateIn(due.Effective)); d = d.AddDays(1) {
		why, err := c.why(d, DateIn(due.Nominal), p.Unit, pauses)
		if err != nil {
			return nil, err
		}
		days = append(days, Counted{d, why == WhyCounted || why == WhyMakeUp, why})
	}
	return days, nil
}

// why gives the reason for one day after the start.
func (c *Calendar) why(d, nominal Date, unit Unit, pauses []Pause) (string, error) {
	if d.After(nominal) {
		return WhyRolled, nil
	}
	for _, p := range pauses {
		if !d.Before(p.From) && d.Before(p.To) {
			return WhyPaused, nil
		}
	}
	if unit != WorkingDays {
		return WhyCounted, nil
	}
	day, err := c.Day(d)
	switch day.Kind {
	case DayHoliday:
		return WhyHoliday, err
	case DayWeekend:
		return WhyWeekend, err
	case DayMakeUp:
		return WhyMakeUp, err
	default:
		return WhyCounted, err
	}
}
