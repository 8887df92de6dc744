package domain

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Moment is the date of a case that puts it in a period.
type Moment string

// The moments; each is a column of cases.
const (
	WhenReceived  Moment = "received_at"
	WhenAccepted  Moment = "accepted_at"
	WhenConcluded Moment = "concluded_at"
	WhenEvaluated Moment = "evaluated_at"

	WhenRespondDue  Moment = "respond_due"
	WhenAcceptDue   Moment = "accept_due"
	WhenConcludeDue Moment = "conclude_due"
	WhenPerformDue  Moment = "perform_due"
)

// Moments lists every moment.
var Moments = []Moment{
	WhenReceived, WhenAccepted, WhenConcluded, WhenEvaluated,
	WhenRespondDue, WhenAcceptDue, WhenConcludeDue, WhenPerformDue,
}

// Of reads the moment off a case, nil when it has not come.
func (m Moment) Of(c *Case) *time.Time {
	switch m {
	case WhenReceived:
		return &c.ReceivedAt
	case WhenAccepted:
		return c.AcceptedAt
	case WhenConcluded:
		return c.ConcludedAt
	case WhenEvaluated:
		return c.EvaluatedAt
	case WhenRespondDue:
		return c.RespondDue
	case WhenAcceptDue:
		return c.AcceptDue
	case WhenConcludeDue:
		return c.ConcludeDue
	case WhenPerformDue:
		return c.PerformDue
	default:
		return nil
	}
}

// Verdict is how a duty came out.
type Verdict string

// The verdicts.
const (
	VerdictDecided Verdict = "decided" // one or the other: there is no time left, or it was done
	VerdictKept    Verdict = "kept"    // done in time
	VerdictMissed  Verdict = "missed"  // done late, or not done though the day has passed
)

// fits reports whether a duty came out so; met is nil while there is time left.
func (v Verdict) fits(met *bool) bool {
	switch v {
	case VerdictDecided:
		return met != nil
	case VerdictKept:
		return met != nil && *met
	case VerdictMissed:
		return met != nil && !*met
	default:
		return true
	}
}

// Quantity is what a case adds to a measure.
type Quantity string

// The quantities.
const (
	QuantityCase    Quantity = ""        // one
	QuantitySettled Quantity = "settled" // the amount agreed, fen
)

// Spread is what the counts of a measure are kept apart by, so that ages and
// percentiles can be read off them.
type Spread string

// The spreads.
const (
	SpreadNone     Spread = ""
	SpreadHandled  Spread = "handled_days" // natural days from acceptance to conclusion less pauses
	SpreadReceived Spread = "received_day" // day of receipt, in days since 1970-01-01
)

// Measure counts cases. It is data, so that one declaration gives the
// increment of a change, the recount in SQL and the list behind the figure. A
// condition that is empty always holds; all must hold. No measure counts a
// restricted case.
type Measure struct {
	Number       int // of its counts in the roll-up, from 1; never given to another measure
	Code         string
	When         Moment
	Procedures   []string
	Classes      []string
	Dispositions []Disposition
	Outcomes     []string
	Satisfaction []Satisfaction
	Flags        []Flag // any of them
	Counted      string // a fact that the case's history counts (Case.Counts): "hearing"
	Matter       bool   // only the first case of a matter
	First        bool   // only what is no repeat (初信初访)
	Rated        bool   // the applicant rated it, whenever that was
	Answered     bool   // the applicant said whether his problem is resolved
	Resolved     bool   // and that it is
	Duty         Duty   // of Verdict
	Verdict      Verdict
	Unreturned   int // no repeat came within these days after the day of its conclusion
	Adds         Quantity
	Over         Spread
	Stock        bool // what stands now, not what came in a period: Over is SpreadReceived, and a period bounds it by its end
}

// Counts reports whether a case is counted, and on which Beijing day.
func (m *Measure) Counts(c *Case) (Date, bool) {
	at := m.When.Of(c)
	if at == nil || c.Restricted() || !m.Covers(c.Procedure) ||
		!among(m.Classes, c.Class) || !among(m.Dispositions, c.Disposition) ||
		!among(m.Outcomes, c.Outcome) || !among(m.Satisfaction, c.Satisfaction) ||
		len(m.Flags) > 0 && !slices.ContainsFunc(m.Flags, c.Has) ||
		m.Counted != "" && c.Counts[m.Counted] == 0 ||
		m.Matter && c.Matter != c.ID || m.First && (c.Repeats != nil || c.Has(FlagRepeat)) ||
		!m.answered(c) {
		return Date{}, false
	}
	return DateIn(*at), true
}

// answered tests the conditions about what the county did in time and what the
// applicant said of it, or did after it.
func (m *Measure) answered(c *Case) bool {
	_, met := c.Owed(m.Duty)
	return (!m.Rated || c.Satisfaction != "") &&
		(!m.Answered || c.Resolved != nil) && (!m.Resolved || c.Resolved != nil && *c.Resolved) &&
		m.Verdict.fits(met) &&
		(m.Unreturned == 0 || c.ReturnedAt == nil || c.ConcludedAt == nil ||
			DateIn(*c.ReturnedAt).Sub(DateIn(*c.ConcludedAt)) > m.Unreturned)
}

// Covers reports whether cases of a procedure may be counted; a measure without
// procedures is of all, the county's own among them.
func (m *Measure) Covers(procedure string) bool { return among(m.Procedures, procedure) }

// Amount is what a case that is counted adds: 1, or what Adds says.
func (m *Measure) Amount(c *Case) int64 {
	if m.Adds == QuantitySettled {
		return c.Settled
	}
	return 1
}

// Step is where a case that is counted lies in the measure's spread: the days
// it took, or the Beijing day of its receipt in days since 1970-01-01; 0 in a
// measure that is not spread.
func (m *Measure) Step(c *Case) int {
	switch m.Over {
	case SpreadHandled:
		return c.HandledDays()
	case SpreadReceived:
		return DayNumber(DateIn(c.ReceivedAt))
	default:
		return 0
	}
}

// StepIn is what a step is kept as in a grouping. Ages are told of all cases
// together only, so a stock that is split keeps months of receipt, by their first
// days: it can be bounded by the end of any month, and ten years of open cases
// take a thirtieth.
func (m *Measure) StepIn(by string, step int) int {
	if !m.Stock || by == ByNothing {
		return step
	}
	d := DayOf(step)
	return DayNumber(NewDate(d.Year, d.Month, 1))
}

// among reports whether a value is one of a list, where an empty list means any.
func among[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// Bounds are the days that a span leaves a measure: of a stock, all until its
// end.
func (m *Measure) Bounds(s Span) Span {
	if m.Stock {
		s.From = Date{}
	}
	return s
}

// MeasureCodes are the codes of all measures.
func MeasureCodes() []string {
	codes := make([]string, len(Measures))
	for i := range Measures {
		codes[i] = Measures[i].Code
	}
	return codes
}

// MeasureByCode finds a measure, nil when there is none.
func MeasureByCode(code string) *Measure { return measuresByCode[code] }

// MeasureByNumber finds a measure, nil when there is none.
func MeasureByNumber(n int) *Measure { return measuresByNumber[n] }

var measuresByNumber = func() map[int]*Measure {
	index := make(map[int]*Measure, len(Measures))
	for i := range Measures {
		index[Measures[i].Number] = &Measures[i]
	}
	return index
}()

var measuresByCode = func() map[string]*Measure {
	index := make(map[string]*Measure, len(Measures))
	for i := range Measures {
		index[Measures[i].Code] = &Measures[i]
	}
	return index
}()

// MeasuresDigest tells one set of declared measures from another: a roll-up that
// was fed by another set has to be counted anew.
func MeasuresDigest() string {
	raw, err := json.Marshal(struct {
		Measures []Measure
		Leaves   string // what none of them counts
	}{Measures, ClassAccusation})
	if err != nil {
		panic("domain: measures are data: " + err.Error())
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))
}
