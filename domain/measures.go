package domain

import "slices"

// Measures are the counts from which the indicators are made.
var Measures = []Measure{
	{Number: 1, Code: "appeals.received", When: WhenReceived, Procedures: appeals, Dispositions: notMerged},
	{Number: 2, Code: "appeals.due", When: WhenReceived, Procedures: appeals, Dispositions: answerable},
	{Number: 3, Code: "appeals.closed", When: WhenReceived, Procedures: appeals, Dispositions: []Disposition{Concluded}},
	{Number: 4, Code: "appeals.evaluated", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Number: 5, Code: "appeals.satisfied", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Number: 6, Code: "appeals.concluded", When: WhenConcluded, Procedures: appeals, Dispositions: []Disposition{Concluded}},
	{Number: 7, Code: "appeals.handled", When: WhenConcluded, Procedures: appeals, Dispositions: []Disposition{Concluded}, Over: SpreadHandled},
	{Number: 8, Code: "appeals.concluded_rated", When: WhenConcluded, Procedures: appeals, Dispositions: []Disposition{Concluded}, Rated: true},
	{Number: 9, Code: "appeals.answered", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged, Answered: true},
	{Number: 10, Code: "appeals.resolved", When: WhenEvaluated, Procedures: appeals, Dispositions: notMerged, Resolved: true},
	{Number: 11, Code: "appeals.respond_due", When: WhenRespondDue, Procedures: appeals, Dispositions: notMerged, Duty: DutyRespond, Verdict: VerdictDecided},
	{Number: 12, Code: "appeals.responded", When: WhenRespondDue, Procedures: appeals, Dispositions: notMerged, Duty: DutyRespond, Verdict: VerdictKept},
	{Number: 13, Code: "appeals.conclude_due", When: WhenConcludeDue, Procedures: appeals, Dispositions: answerable, Duty: DutyConclude, Verdict: VerdictDecided},
	{Number: 14, Code: "appeals.concluded_in_time", When: WhenConcludeDue, Procedures: appeals, Dispositions: answerable, Duty: DutyConclude, Verdict: VerdictKept},
	{Number: 15, Code: "petitions.received", When: WhenReceived, Procedures: petitions, Dispositions: notMerged},
	{Number: 16, Code: "petitions.accepted", When: WhenAccepted, Procedures: petitions, Dispositions: notMerged},
	{Number: 17, Code: "petitions.concluded", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}},
	{Number: 18, Code: "petitions.handled", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, Over: SpreadHandled},
	{Number: 19, Code: "petitions.first_concluded", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, First: true},
	{Number: 20, Code: "petitions.first_rated", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, First: true, Rated: true},
	{Number: 21, Code: "petitions.first_resolved", When: WhenConcluded, Procedures: petitions, Dispositions: []Disposition{Concluded}, First: true, Unreturned: returnDays},
	{Number: 22, Code: "petitions.accept_due", When: WhenAcceptDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictDecided},
	{Number: 23, Code: "petitions.accepted_in_time", When: WhenAcceptDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictKept},
	{Number: 24, Code: "petitions.conclude_due", When: WhenConcludeDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictDecided},
	{Number: 25, Code: "petitions.concluded_in_time", When: WhenConcludeDue, Procedures: petitions, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictKept},
	{Number: 26, Code: "petitions.evaluated", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Number: 27, Code: "petitions.satisfied", When: WhenEvaluated, Procedures: petitions, Dispositions: notMerged,
		Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Number: 28, Code: "mediation.accepted", When: WhenAccepted, Procedures: mediations, Dispositions: notMerged},
	{Number: 29, Code: "mediation.succeeded", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}},
	{Number: 30, Code: "mediation.concluded", When: WhenConcluded, Procedures: mediations, Dispositions: ended},
	{Number: 31, Code: "mediation.handled", When: WhenConcluded, Procedures: mediations, Dispositions: ended, Over: SpreadHandled},
	{Number: 32, Code: "mediation.settled", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Adds: QuantitySettled},
	{Number: 33, Code: "mediation.accept_due", When: WhenAcceptDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictDecided},
	{Number: 34, Code: "mediation.accepted_in_time", When: WhenAcceptDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyAccept, Verdict: VerdictKept},
	{Number: 35, Code: "mediation.conclude_due", When: WhenConcludeDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictDecided},
	{Number: 36, Code: "mediation.concluded_in_time", When: WhenConcludeDue, Procedures: mediations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictKept},
	{Number: 37, Code: "mediation.perform_due", When: WhenPerformDue, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Duty: DutyPerform, Verdict: VerdictDecided},
	{Number: 38, Code: "mediation.performed", When: WhenPerformDue, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Duty: DutyPerform, Verdict: VerdictDecided, Counted: "performed"},
	{Number: 39, Code: "petitions.visits", When: WhenReceived, Procedures: petitions},
	{Number: 40, Code: "petitions.matters", When: WhenReceived, Procedures: petitions, Dispositions: notMerged, Matter: true},
	{Number: 41, Code: "petitions.repeats", When: WhenReceived, Procedures: petitions, Dispositions: notMerged, Flags: []Flag{FlagRepeat}},
	{Number: 42, Code: "mediation.confirmed", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Counted: "confirmed"},
	{Number: 43, Code: "enterprise.resolved", When: WhenConcluded, Procedures: mediations, Dispositions: []Disposition{Succeeded}, Flags: []Flag{FlagEnterprise}},
	{Number: 44, Code: "finance.handled", When: WhenAccepted, Procedures: mediations, Dispositions: notMerged, Flags: []Flag{FlagFinancial}},
	{Number: 45, Code: "backlog.listed", When: WhenReceived, Procedures: backlogs, Dispositions: listed},
	{Number: 46, Code: "backlog.resolved", When: WhenReceived, Procedures: backlogs, Dispositions: []Disposition{Concluded}},
	{Number: 47, Code: "backlog.four_key_listed", When: WhenReceived, Procedures: backlogs, Classes: fourKey, Dispositions: listed},
	{Number: 48, Code: "backlog.four_key_resolved", When: WhenReceived, Procedures: backlogs, Classes: fourKey, Dispositions: []Disposition{Concluded}},
	{Number: 49, Code: "reconsideration.accepted", When: WhenAccepted, Procedures: reconsiderations},
	{Number: 50, Code: "reconsideration.accepted_concluded", When: WhenAccepted, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}},
	{Number: 51, Code: "reconsideration.concluded", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}},
	{Number: 52, Code: "reconsideration.handled", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Over: SpreadHandled},
	{Number: 53, Code: "reconsideration.conclude_due", When: WhenConcludeDue, Procedures: reconsiderations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictDecided},
	{Number: 54, Code: "reconsideration.concluded_in_time", When: WhenConcludeDue, Procedures: reconsiderations, Dispositions: notMerged, Duty: DutyConclude, Verdict: VerdictKept},
	{Number: 55, Code: "reconsideration.corrected", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Outcomes: corrected},
	{Number: 56, Code: "reconsideration.heard", When: WhenConcluded, Procedures: reconsiderations, Dispositions: []Disposition{Concluded}, Counted: "hearing"},
	{Number: 57, Code: "litigation.cases", When: WhenReceived, Procedures: litigations},
	{Number: 58, Code: "litigation.heard", When: WhenReceived, Procedures: litigations, Counted: "hearing_held"},
	{Number: 59, Code: "litigation.head_appeared", When: WhenReceived, Procedures: litigations, Counted: "head_appeared"},
	{Number: 60, Code: "litigation.perform_due", When: WhenPerformDue, Procedures: litigations, Duty: DutyPerform, Verdict: VerdictDecided},
	{Number: 61, Code: "litigation.performed_in_time", When: WhenPerformDue, Procedures: litigations, Duty: DutyPerform, Verdict: VerdictKept},
	{Number: 62, Code: "proposals.assigned", When: WhenReceived, Procedures: proposals, Dispositions: listed},
	{Number: 63, Code: "proposals.replied", When: WhenReceived, Procedures: proposals, Dispositions: listed, Counted: "replied_in_time"},
	{Number: 64, Code: "proposals.rated", When: WhenEvaluated, Procedures: proposals, Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied, Dissatisfied}},
	{Number: 65, Code: "proposals.satisfied", When: WhenEvaluated, Procedures: proposals, Satisfaction: []Satisfaction{Satisfied, BasicallySatisfied}},
	{Number: 66, Code: "cases.open", When: WhenReceived, Dispositions: open, Stock: true, Over: SpreadReceived},
	{Number: 67, Code: "cases.overdue", When: WhenReceived, Dispositions: open, Duty: DutyConclude, Verdict: VerdictMissed, Stock: true, Over: SpreadReceived},
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
