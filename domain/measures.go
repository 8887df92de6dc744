package domain

import "slices"

// Measures are the counts from which the indicators are made.
var Measures = []Measure{
	{Code: "appeals.received", When: WhenReceived, Procedures: appeals, Dispositions: notMerged},
	{Code: "appeals.due", When: WhenReceived, Procedures: appeals, Dispositions: answerable},
	{Code: "appeals.closed", When: WhenReceived, Procedures: appeals, Dispositions: []Disposition{Concluded}},
	{Code: "appeals.evaluated", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "appeals.satisfied", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "appeals.concluded", When: WhenConcluded, Procedures: appeals, Dispositions: []Disposition{Concluded}},
	{Code: "appeals.handled", When: WhenConcluded, Procedures: appeals, Dispositions: []Disposition{Concluded}, Over: SpreadHandled},
	{Code: "appeals.concluded_rated", When: WhenConcluded, Procedures: appeals, Dispositions: []Disposition{Concluded}, Rated: true},
	{Code: "appeals.answered", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged, Answered: true},
	{Code: "appeals.resolved", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged, Resolved: true},
	{Code: "appeals.respond_due", When: WhenRespondDue, Procedures: appeals, Dispositions: notMerged, Duty: DutyRespond, Verdict: VerdictDecided},
	{Code: "appeals.responded", When: WhenRespondDue, Procedures: appeals, Dispositions: notMerged, Duty: DutyRespond, Verdict: VerdictKept},
	{Code: "appeals.conclude_due", When: WhenConcludeDue, Procedures: appeals, Dispositions: answerable, Duty: DutyConclude, Verdict: VerdictDecided},
	{Code: "appeals.concluded_in_time", When: WhenConcludeDue, Procedures: appeals, Dispositions: answerable, Duty: DutyConclude, Verdict: VerdictKept},
	{Code: "petitions.received", When: WhenReceived, Procedures: petitions, Dispositions: notMerged},
	{Code: "petitions.accepted", When: WhenAccepted, Procedures: petitions, Dispositions: notMerged},
	{Code: "petitions.concluded", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}},
	{Code: "petitions.handled", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, Over: SpreadHandled},
	{Code: "petitions.first_concluded", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, First: true},
	{Code: "petitions.first_rated", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, First: true, Rated: true},
	{Code: "petitions.first_resolved", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, First: true, Unreturned: returnDays},
	{Code: "petitions.accept_due", When: WhenAcceptDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictDecided},
	{Code: "petitions.accepted_in_time", When: WhenAcceptDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictKept},
	{Code: "petitions.conclude_due", When: WhenConcludeDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictDecided},
	{Code: "petitions.concluded_in_time", When: WhenConcludeDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictKept},
	{Code: "petitions.evaluated", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "petitions.satisfied", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "mediation.accepted", When: WhenAccepted, Procedures: mediations, Dispositions: notMerged},
	{Code: "mediation.succeeded", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}},
	{Code: "mediation.concluded", When: WhenConcluded, Procedures: mediations, Dispositions: ended},
	{Code: "mediation.handled", When: WhenConcluded, Procedures: mediations, Dispositions: ended, Over: SpreadHandled},
	{Code: "mediation.settled", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Adds: QuantitySettled},
	{Code: "mediation.accept_due", When: WhenAcceptDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictDecided},
	{Code: "mediation.accepted_in_time", When: WhenAcceptDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictKept},
	{Code: "mediation.conclude_due", When: WhenConcludeDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictDecided},
	{Code: "mediation.concluded_in_time", When: WhenConcludeDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictKept},
	{Code: "mediation.perform_due", When: WhenPerformDue, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Duty: DutyPerform, Verdict: VerdictDecided},
	{Code: "mediation.performed", When: WhenPerformDue, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Duty: DutyPerform, Verdict: VerdictDecided, Counted: "performed"},
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
	{Code: "reconsideration.handled", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Over: SpreadHandled},
	{Code: "reconsideration.conclude_due", When: WhenConcludeDue, Procedures: reconsiderations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictDecided},
	{Code: "reconsideration.concluded_in_time", When: WhenConcludeDue, Procedures: reconsiderations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictKept},
	{Code: "reconsideration.corrected", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Outcomes: corrected},
	{Code: "reconsideration.heard", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Counted: "hearing"},
	{Code: "litigation.cases", When: WhenReceived, Procedures: litigations},
	{Code: "litigation.heard", When: WhenReceived, Procedures: litigations, Counted: "hearing_held"},
	{Code: "litigation.head_appeared", When: WhenReceived, Procedures: litigations, Counted: "head_appeared"},
	{Code: "litigation.perform_due", When: WhenPerformDue, Procedures: litigations, Duty: DutyPerform, Verdict: VerdictDecided},
	{Code: "litigation.performed_in_time", When: WhenPerformDue, Procedures: litigations, Duty: DutyPerform, Verdict: VerdictKept},
	{Code: "proposals.assigned", When: WhenReceived, Procedures: proposals, Dispositions: listed},
	{Code: "proposals.replied", When: WhenReceived, Procedures: proposals, Dispositions: listed, Counted: "replied_in_time"},
	{Code: "proposals.rated", When: WhenEvaluated, Procedures: proposals, Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Code: "proposals.satisfied", When: WhenEvaluated, Procedures: proposals, Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Code: "cases.open", When: WhenReceived, Dispositions: open, Stock: true, Over: SpreadReceived},
	{Code: "cases.overdue", When: WhenReceived, Dispositions: open, Duty: DutyConclude, Verdict: VerdictMissed, Stock: true, Over: SpreadReceived},
}

// returnDays is for how long after its conclusion a petition must not come back
// to have been settled at the first visit (domain law §4, a default of ours).
const returnDays = 90

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

	open  = []Disposition{Pending, Active}
	ended = []Disposition{Succeeded, Failed}

	notMerged = slices.DeleteFunc(slices.Clone(Dispositions), func(d Disposition) bool { return d == Merged })
	// answerable leaves out what no answer is owed to: closure is by case, and
	// merged, withdrawn and not accepted cases are out of both sides.
	answerable = []Disposition{Pending, Active, Concluded, Terminated}
	// listed leaves out what was taken off a list, or sent back to who assigned it.
	listed = []Disposition{Pending, Active, Concluded}
)
