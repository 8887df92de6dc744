package domain

import (
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
)

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
	default:
		return nil
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
// condition that is empty always holds; all must hold.
type Measure struct {
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
	Adds         Quantity
	Over         Spread
	Stock        bool // what stands now, not what came in a period: Over is SpreadReceived, and a period bounds it by its end
}

// Counts reports whether a case is counted, and on which Beijing day.
func (m *Measure) Counts(c *Case) (Date, bool) {
	at := m.When.Of(c)
	if at == nil || !slices.Contains(m.Procedures, c.Procedure) ||
		!among(m.Classes, c.Class) || !among(m.Dispositions, c.Disposition) ||
		!among(m.Outcomes, c.Outcome) || !among(m.Satisfaction, c.Satisfaction) ||
		len(m.Flags) > 0 && !slices.ContainsFunc(m.Flags, c.Has) ||
		m.Counted != "" && c.Counts[m.Counted] == 0 ||
		m.Matter && c.Matter != c.ID {
		return Date{}, false
	}
	return DateIn(*at), true
}

// among reports whether a value is one of a list, where an empty list means any.
func among[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// Measures are the counts from which the indicators are made.
var Measures = []Measure{
	{Code: "appeals.received", When: WhenReceived, Procedures: appeals, Dispositions: notMerged},
	{Code: "appeals.due", When: WhenReceived, Procedures: appeals, Dispositions: answerable},
	{Code: "appeals.closed", When: WhenReceived, Procedures: appeals, Dispositions: []Disposition{Concluded}},
	{Code: "appeals.evaluated", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "appeals.satisfied", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "petitions.received", When: WhenReceived, Procedures: petitions, Dispositions: notMerged},
	{Code: "petitions.accepted", When: WhenAccepted, Procedures: petitions, Dispositions: notMerged},
	{Code: "petitions.concluded", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}},
	{Code: "petitions.evaluated", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "petitions.satisfied", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "mediation.accepted", When: WhenAccepted, Procedures: mediations, Dispositions: notMerged},
	{Code: "mediation.succeeded", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}},
	{Code: "mediation.concluded", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded, Failed}},
	{Code: "petitions.visits", When: WhenReceived, Procedures: petitions},
	{Code: "petitions.matters", When: WhenReceived, Procedures: petitions, Dispositions: notMerged, Matter: true},
	{Code: "petitions.repeats", When: WhenReceived, Procedures: petitions, Dispositions: notMerged, Flags: []Flag{FlagRepeat}},
	{Code: "mediation.confirmed", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Counted: "confirmed"},
	{Code: "enterprise.resolved", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Flags: []Flag{FlagEnterprise}},
	{Code: "finance.handled", When: WhenAccepted, Procedures: mediations, Dispositions: notMerged, Flags: []Flag{FlagFinancial}},
	{Code: "backlog.listed", When: WhenReceived, Procedures: backlogs, Dispositions: listed},
	{Code: "backlog.resolved", When: WhenReceived, Procedures: backlogs, Dispositions: []Disposition{Concluded}},
	{Code: "backlog.four_key_listed", When: WhenReceived, Procedures: backlogs, Classes: fourKey, Dispositions: listed},
	{Code: "backlog.four_key_resolved", When: WhenReceived, Procedures: backlogs, Classes: fourKey, Dispositions: []Disposition{Concluded}},
	{Code: "reconsideration.accepted", When: WhenAccepted, Procedures: reconsiderations},
	{Code: "reconsideration.accepted_concluded", When: WhenAccepted, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}},
	{Code: "reconsideration.concluded", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}},
	{Code: "reconsideration.corrected", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Outcomes: corrected},
	{Code: "reconsideration.heard", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Counted: "hearing"},
	{Code: "litigation.cases", When: WhenReceived, Procedures: litigations},
	{Code: "litigation.heard", When: WhenReceived, Procedures: litigations, Counted: "hearing_held"},
	{Code: "litigation.head_appeared", When: WhenReceived, Procedures: litigations, Counted: "head_appeared"},
	{Code: "proposals.assigned", When: WhenReceived, Procedures: proposals, Dispositions: listed},
	{Code: "proposals.replied", When: WhenReceived, Procedures: proposals, Dispositions: listed, Counted: "replied_in_time"},
	{Code: "proposals.rated", When: WhenEvaluated, Procedures: proposals, Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "proposals.satisfied", When: WhenEvaluated, Procedures: proposals, Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
}

var (
	appeals   = []string{"appeal"}
	petitions = []string{"petition"}
	// mediations are the procedures that end in an agreement of the parties or
	// without one. Police–mediation docking is not among them: what it refers is
	// a mediation of its own.
	mediations       = []string{"mediation", "litigation_mediation", "administrative_mediation", "enterprise_mediation"}
	backlogs         = []string{"backlog"}
	fourKey          = []string{"four_key"}
	reconsiderations = []string{"reconsideration"}
	litigations      = []string{"litigation_response"}
	proposals        = []string{"proposal"}
	// corrected are the outcomes by which the respondent's act was put right:
	// the comprehensive correction rate (综合纠错率) without mere settlements.
	corrected = []string{"changed", "revoked", "partly_revoked", "confirmed_illegal", "confirmed_invalid", "ordered_to_perform", "settled_corrected"}

	notMerged = slices.DeleteFunc(slices.Clone(Dispositions), func(d Disposition) bool { return d == Merged })
	// answerable leaves out what no answer is owed to: closure is by case, and
	// merged, withdrawn and not accepted cases are out of both sides.
	answerable = []Disposition{Pending, Active, Concluded, Terminated}
	// listed leaves out what was taken off a list, or sent back to who assigned it.
	listed = []Disposition{Pending, Active, Concluded}
)

// MeasureByCode finds a measure, nil when there is none.
func MeasureByCode(code string) *Measure {
	for i := range Measures {
		if Measures[i].Code == code {
			return &Measures[i]
		}
	}
	return nil
}
