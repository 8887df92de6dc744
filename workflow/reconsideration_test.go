package workflow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var officer = staffOf(domain.RoleReconsideration, justiceOrg)

// newReconsideration is received by the justice bureau.
func newReconsideration(t *testing.T, received string) *play {
	p := begin(t, theRules(t), Intake{Procedure: "reconsideration", Class: "penalty"}, officer, received)
	require.Equal(t, justiceOrg, p.file.Case.Desk)
	return p
}

// acceptedReconsideration is accepted the same day, with the respondent's answer.
func acceptedReconsideration(t *testing.T, received string) *play {
	p := newReconsideration(t, received)
	p.do(received, "accept", officer, domain.Fields{"known_on": received}, "accepted")
	return p
}

// answered brings the copy to the respondent and its answer back, all on a day.
func (p *play) answered(day string) {
	p.do(day, "send_copy", officer, nil, "accepted")
	p.do(day, "record_copy", officer, domain.Fields{"copy_received_on": day}, "accepted")
	p.do(day, "record_answer", officer, domain.Fields{"answered_on": day, "answer": "答复"}, "accepted")
}

// aDecision is all that a decision needs, with more fields over it.
func aDecision(outcome string, more domain.Fields) domain.Fields {
	f := domain.Fields{"decision": outcome, "decision_text": "决定", "approval": "head", "approved_by": "区长", "opinions": "heard"}
	for name, v := range more {
		f[name] = v
	}
	return f
}

func (p *play) accepted(when string) {
	require.NotNil(p.t, p.file.Case.AcceptedAt)
	require.Equal(p.t, when, p.file.Case.AcceptedAt.In(domain.Beijing).Format("2006-01-02 15:04"))
}

// Example 7 under the text of 2017: received is accepted.
func TestExample7Reconsideration2017(t *testing.T) {
	p := newReconsideration(t, "2020-09-22 09:00")
	require.Equal(t, "行政复议法 (2017) 17, 40", p.due("review", "2020-09-28").Basis)
	p.due("decide", "2020-11-23") // 21 November is a Saturday
	p.do("2020-09-27", "accept", officer, domain.Fields{"known_on": "2020-08-01"}, "accepted")
	p.accepted("2020-09-22 09:00")
	require.Equal(t, officer.ID, p.file.Case.Handler)
	p.due("copy", "2020-09-30")
	p.do("2020-09-28", "send_copy", officer, nil, "accepted")
	p.do("2020-09-29", "record_copy", officer, domain.Fields{"copy_received_on": "2020-09-28"}, "accepted")
	require.Equal(t, "行政复议法 (2017) 23", p.due("answer", "2020-10-09").Basis)
	p.do("2020-10-09", "record_answer", officer, domain.Fields{"answered_on": "2020-10-09", "answer": "答复书"}, "accepted")
	p.do("2020-10-20", "hold_hearing", officer, domain.Fields{"record": "笔录", "attendance": "head"}, "accepted")
	p.do("2020-10-26", "suspend", officer, domain.Fields{"suspension_cause": "other_case", "reason": "另案"}, "suspended")
	p.do("2020-11-09", "resume", officer, domain.Fields{"reason": "已结"}, "accepted")
	p.due("decide", "2020-12-07")
	p.do("2020-12-01", "decide", officer, aDecision("revoked", nil), "decided")
	p.ended("decide", true)
	p.do("2020-12-03", "serve", officer, domain.Fields{"delivery": "in_person"}, "served")
	p.due("sue", "2020-12-18")
	c := &p.file.Case
	require.Equal(t, []any{"revoked", domain.Concluded, 1, 1, 1},
		[]any{c.Outcome, c.Disposition, c.Counts["hearing"], c.Counts["head_attended"], c.Counts["decided_in_time"]})
	require.Equal(t, "2020-12-01", domain.DateIn(*c.ConcludedAt).String())
	p.owes("conclude 2020-12-07 kept")
	require.Equal(t, 14, c.PausedDays)
	p.measured("reconsideration.handled", "2020-12-01", 1, 70-14)
	p.measured("reconsideration.concluded_in_time", "2020-12-07", 1, 0)
	p.tick("2020-12-19")
	require.Equal(t, "closed", c.State)
}

// Example 7 under the text of 2023: nobody refused, so it is accepted on the
// last day of the review, however late the sweeper comes.
func TestExample7Reconsideration2023(t *testing.T) {
	p := newReconsideration(t, "2024-09-24")
	p.due("review", "2024-09-30")
	require.Nil(t, currentClock(&p.file, "decide"))
	p.refused("2024-10-01 00:00", "refuse", officer, domain.Fields{"refusal": "filed_late", "reason": "逾期", "approved_by": "区长"},
		domain.KindConflict, "action_not_allowed") // the sweeper has accepted it
	p.accepted("2024-09-30 23:59")
	p.due("copy", "2024-10-15")
	p.due("decide", "2024-11-29")

	p = newReconsideration(t, "2024-09-24")
	require.Error(t, func() error {
		_, err := p.rules.Step(p.file, Action{Name: "accept", Actor: officer, Now: at(t, "2024-10-01 00:00"), Fields: domain.Fields{"known_on": "2024-09-01"}})
		return err
	}(), "nor may anybody accept what is accepted by law, before the sweeper comes")
	p.tick("2024-10-09")
	p.accepted("2024-09-30 23:59")
	p.do("2024-10-09", "send_copy", officer, nil, "accepted")
	p.do("2024-10-09", "record_copy", officer, domain.Fields{"copy_received_on": "2024-10-09"}, "accepted")
	require.Equal(t, "行政复议法 (2023) 48, 88", p.due("answer", "2024-10-22").Basis)
}

// The window takes an application in; the bureau gets it at once.
func TestReconsiderationComesToTheOffice(t *testing.T) {
	rules := theRules(t)
	p := begin(t, rules, Intake{Procedure: "reconsideration", Class: "inaction"}, citizen, "2024-06-03")
	require.Equal(t, countyOrg, p.file.Case.Desk)
	p.do("2024-06-03", "auto_receive", domain.Router, nil, "received")
	require.Equal(t, []string{justiceOrg, justiceOrg}, []string{p.file.Case.Desk, p.file.Case.Owner})
	p.do("2024-06-04", "note", officer, domain.Fields{"note_text": "电话核实"}, "received")

	_, err := rules.Register(Intake{Procedure: "reconsideration", Class: "other", Title: "x", Parties: theParties[:1]}, citizen, at(t, "2024-06-03"), testCase)
	require.ErrorContains(t, err, "party_missing")
}

// The respondent has no access, though it gets a copy on paper; the justice
// bureau's own case is the county's.
func TestReconsiderationKeepsTheRespondentOut(t *testing.T) {
	against := func(org string) Intake {
		return Intake{Procedure: "reconsideration", Class: "penalty", Parties: []domain.Party{
			{Role: domain.PartyApplicant, Name: "某人"}, {Role: domain.PartyRespondent, Name: "某局", Organization: true, OrgCode: org},
		}}
	}
	p := begin(t, theRules(t), against(housingOrg), officer, "2024-06-03")
	p.do("2024-06-03", "accept", officer, domain.Fields{"known_on": "2024-06-01"}, "accepted")
	p.do("2024-06-03", "send_copy", officer, nil, "accepted")
	require.Empty(t, p.file.Case.Partners)
	p.refused("2024-06-04", "note", staffOf(domain.RoleHandler, housingOrg), domain.Fields{"note_text": "x"}, domain.KindForbidden, "action_not_yours")

	p = begin(t, theRules(t), against(justiceOrg), citizen, "2024-06-03")
	p.do("2024-06-03", "auto_receive", domain.Router, nil, "received")
	require.Equal(t, countyOrg, p.file.Case.Desk)
	p.refused("2024-06-04", "accept", officer, domain.Fields{"known_on": "2024-06-01"}, domain.KindForbidden, "action_not_yours")
	p.do("2024-06-04", "accept", staffOf(domain.RoleReconsideration, countyOrg), domain.Fields{"known_on": "2024-06-01"}, "accepted")
	require.Equal(t, countyOrg, p.file.Case.Owner)
}

// Sixty days to apply, the last rolled on; later only with a reason, and never
// more than twenty years after the act under the text of 2023.
func TestReconsiderationIsFiledInTime(t *testing.T) {
	accept := func(received, known string) error {
		return newReconsideration(t, received).try(received, "accept", officer, domain.Fields{"known_on": known})
	}
	require.NoError(t, accept("2020-10-09", "2020-08-03"), "2 October and the holiday behind it")
	require.ErrorContains(t, accept("2020-10-10", "2020-08-03"), "fields.known_on: filed_late")
	require.NoError(t, accept("2019-01-07", "2018-11-08"), "no calendar is needed for a day within")
	require.ErrorContains(t, accept("2020-08-03", "2020-08-04"), "filed_late")

	late := domain.Fields{"late_ground": "not_told", "reason": "未告知"}
	p := newReconsideration(t, "2020-10-10")
	p.do("2020-10-10", "accept_late", officer, late, "accepted")
	p = newReconsideration(t, "2024-06-05")
	p.refused("2024-06-05", "accept_late", officer, late, domain.KindInvalid, "fields.acted_on: filed_late")
	late["acted_on"] = "2004-06-04"
	p.refused("2024-06-05", "accept_late", officer, late, domain.KindInvalid, "fields.acted_on: filed_late")
	late["acted_on"] = "2004-06-05"
	p.do("2024-06-05", "accept_late", officer, late, "accepted")
}

// What one text of the law allows the other may not.
func TestReconsiderationByRegime(t *testing.T) {
	hearing := domain.Fields{"hearing_on": "2020-06-02", "hearing_subject": "x"}
	held := domain.Fields{"record": "笔录", "attendance": "absent"}
	extended := func(by string) domain.Fields {
		return domain.Fields{"reason": "复杂", "approver": by, "approved_by": "某某"}
	}

	old := acceptedReconsideration(t, "2020-06-01")
	old.refused("2020-06-01", "require_hearing", officer, domain.Fields{"reason": "复杂"}, domain.KindConflict, "guard_regime")
	old.do("2020-06-01", "call_hearing", officer, hearing, "accepted")
	old.do("2020-06-02", "hold_hearing", officer, held, "accepted")
	old.refused("2020-06-02", "begin_mediation", officer, nil, domain.KindInvalid, "fields.dispute: must_be")
	old.refused("2020-06-02", "begin_mediation", officer, domain.Fields{"dispute": "other"}, domain.KindInvalid, "fields.dispute: must_be")
	old.refused("2020-06-02", "settle", officer, domain.Fields{"settlement": "settled", "agreement": "x", "voluntary": true, "dispute": "compensation"},
		domain.KindInvalid, "fields.dispute: must_be")
	old.refused("2020-06-02", "suspend", officer, domain.Fields{"suspension_cause": "mediation", "reason": "x"}, domain.KindInvalid, "may_not_be")
	old.refused("2020-06-02", "extend", officer, extended("office_head"), domain.KindInvalid, "fields.approver: must_be")
	old.do("2020-06-02", "extend", officer, extended("organ_head"), "accepted")
	old.refused("2020-06-03", "extend", officer, extended("organ_head"), domain.KindConflict, "guard_done_below")
	old.refused("2020-06-03", "decide", officer, aDecision("upheld", nil), domain.KindConflict, "guard_done_below")
	old.answered("2020-06-03")
	old.refused("2020-06-03", "decide", officer, aDecision("confirmed_invalid", nil), domain.KindInvalid, "fields.decision: may_not_be")
	old.refused("2020-06-03", "decide", officer, aDecision("rejected", nil), domain.KindInvalid, "fields.decision: may_not_be")
	old.do("2020-06-03", "dismiss", officer, domain.Fields{"dismissal_ground": "no_duty", "decision_text": "x", "approval": "head", "approved_by": "区长"}, "decided")
	require.Equal(t, "dismissed", old.file.Case.Outcome)

	now := acceptedReconsideration(t, "2024-06-03")
	now.do("2024-06-03", "require_hearing", officer, domain.Fields{"reason": "复杂"}, "accepted")
	now.refused("2024-06-03", "hold_hearing", officer, held, domain.KindConflict, "guard_done_below")
	hearing["hearing_on"] = "2024-06-10"
	now.refused("2024-06-03", "call_hearing", officer, hearing, domain.KindInvalid, "fields.hearing_on: too_soon")
	now.answered("2024-06-03")
	now.refused("2024-06-04", "decide", officer, aDecision("upheld", nil), domain.KindConflict, "guard_running")
	hearing["hearing_on"] = "2024-06-11" // the 10th is a holiday
	now.do("2024-06-03", "call_hearing", officer, hearing, "accepted")
	now.do("2024-06-11", "hold_hearing", officer, held, "accepted")
	require.Zero(t, now.file.Case.Counts["head_attended"])
	now.refused("2024-06-12", "extend", officer, extended("organ_head"), domain.KindInvalid, "fields.approver: must_be")
	now.refused("2024-06-12", "decide", officer, aDecision("upheld", domain.Fields{"opinions": nil}), domain.KindInvalid, "fields.opinions: required")
	now.refused("2024-06-12", "dismiss", officer, domain.Fields{"dismissal_ground": "no_duty", "decision_text": "x", "approval": "head", "approved_by": "区长"},
		domain.KindInvalid, "may_not_be")
	now.do("2024-06-12", "decide", officer, aDecision("confirmed_invalid", nil), "decided")
	require.Equal(t, "confirmed_invalid", now.file.Case.Outcome)
}

// Nobody decides while the respondent may still answer, or an expert works.
func TestReconsiderationWaitsForTheAnswer(t *testing.T) {
	p := acceptedReconsideration(t, "2020-06-01")
	p.do("2020-06-02", "send_copy", officer, nil, "accepted")
	p.do("2020-06-02", "record_copy", officer, domain.Fields{"copy_received_on": "2020-06-02"}, "accepted")
	p.due("answer", "2020-06-12")
	p.refused("2020-06-12", "decide", officer, aDecision("revoked", nil), domain.KindConflict, "guard_in_time")
	p.do("2020-06-13", "begin_exclusion", officer, domain.Fields{"exclusion": "inspection", "reason": "勘验"}, "accepted")
	p.refused("2020-06-14", "decide", officer, aDecision("revoked", nil), domain.KindConflict, "guard_paused")
	p.do("2020-06-15", "end_exclusion", officer, domain.Fields{"record": "勘验笔录"}, "accepted")
	p.due("decide", "2020-08-03") // 31 July and two days is a Sunday
	p.do("2020-06-15", "decide", officer, aDecision("revoked", nil), "decided")
	require.NotNil(t, currentClock(&p.file, "answer").MissedAt)
}

// Refused, then ordered from above to accept: its days begin anew.
func TestReconsiderationOrderedToAccept(t *testing.T) {
	for received, end := range map[string]string{"2020-06-01": "2020-08-10", "2024-06-03": "2024-08-12"} {
		p := newReconsideration(t, received)
		day := received[:8] + "05"
		p.do(day, "refuse", officer, domain.Fields{"refusal": "out_of_scope", "reason": "不属范围", "approved_by": "区长"}, "not_accepted")
		require.Nil(t, p.file.Case.AcceptedAt)
		p.do(day, "serve_refusal", officer, domain.Fields{"delivery": "in_person"}, "not_accepted")
		day = received[:8] + "11"
		p.do(day, "order_acceptance", officer, domain.Fields{"reason": "上级责令受理"}, "accepted")
		p.accepted(day + " 12:00")
		p.due("decide", end)
		require.Empty(t, p.file.Case.Outcome)
	}
}

// A document under review stands the case still; another organ has sixty days.
func TestReconsiderationReviewsADocument(t *testing.T) {
	p := acceptedReconsideration(t, "2024-06-03")
	p.do("2024-06-04", "review_document", officer, domain.Fields{"power": "other", "reason": "附带审查"}, "suspended")
	p.due("document_transfer", "2024-06-14")
	p.do("2024-06-12", "transfer_document", officer, domain.Fields{"receiver": "市住建局"}, "suspended")
	p.due("document_answer", "2024-08-12")
	p.do("2024-08-05", "resume", officer, domain.Fields{"reason": "已答复"}, "accepted")
	p.ended("document_answer", true)
	require.Nil(t, currentClock(&p.file, "suspension"), "sixty days end it only for the causes that the law lists")
	p.due("decide", "2024-10-08") // 3 October and the holiday

	p = acceptedReconsideration(t, "2024-06-03")
	p.do("2024-06-04", "review_document", officer, domain.Fields{"power": "own", "reason": "附带审查"}, "suspended")
	p.due("document_review", "2024-07-04")
	p.due("document_notice", "2024-06-07")
	p.do("2024-06-07", "ask_maker", officer, domain.Fields{"receiver": "区住建局"}, "suspended")
	p.due("maker_answer", "2024-06-24") // 10 June is a holiday
	p.do("2024-06-20", "record_maker_answer", officer, domain.Fields{"record": "合法"}, "suspended")
	p.do("2024-07-05", "resume", officer, domain.Fields{"reason": "已处理"}, "accepted")
	p.ended("document_review", false)

	p = acceptedReconsideration(t, "2020-06-01")
	p.do("2020-06-04", "review_document", officer, domain.Fields{"power": "own", "reason": "附带审查"}, "suspended")
	require.Equal(t, "行政复议法 (2017) 26, 27", p.due("document_review", "2020-07-06").Basis)
	require.Nil(t, currentClock(&p.file, "document_notice"), "a rule of 2023")
}

// Each end has its disposition, outcome and day.
func TestReconsiderationEndings(t *testing.T) {
	willing := domain.Fields{"reason": "x", "voluntary": true, "decided_on": "2024-06-04"}
	for _, c := range []struct {
		do, state, outcome string
		fields             domain.Fields
	}{
		{"withdraw", "terminated", "withdrawn_after_acceptance", willing},
		{"settle", "terminated", "settled_corrected", domain.Fields{"settlement": "settled_corrected", "agreement": "x", "voluntary": true, "decided_on": "2024-06-04"}},
		{"terminate", "terminated", "terminated", domain.Fields{"ending_ground": "no_heir", "reason": "x", "decided_on": "2024-06-04"}},
	} {
		p := acceptedReconsideration(t, "2024-06-03")
		p.do("2024-06-05", c.do, officer, c.fields, c.state)
		require.Equal(t, []any{domain.Concluded, c.outcome, 1}, []any{p.file.Case.Disposition, p.file.Case.Outcome, p.file.Case.Counts["decided_in_time"]})
		require.Equal(t, "2024-06-04", domain.DateIn(*p.file.Case.ConcludedAt).String())
		p.ended("decide", true)
	}
	p := newReconsideration(t, "2024-06-03")
	p.do("2024-06-04", "withdraw", citizen, domain.Fields{"reason": "想通了"}, "withdrawn")
	require.Nil(t, p.file.Case.AcceptedAt)
	require.Equal(t, domain.Withdrawn, p.file.Case.Disposition)
}

// A mark may be the receipt under one law, and the end of a limit.
func TestMarksByLaw(t *testing.T) {
	received, due := at(t, "2020-06-01"), at(t, "2020-06-08")
	a := Action{Now: at(t, "2020-06-10"), lapsed: &domain.Deadline{Due: due}}
	for law, want := range map[string]time.Time{"R17": received, "R23": due} {
		when, ok, err := Mark("received under R17 or lapse").at(&domain.Case{Regime: law, ReceivedAt: received}, nil, a)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want, *when)
	}
	require.True(t, Mark("received under R17 or now").certain(nil))
	require.False(t, Mark("received under R17 or day").certain(nil))
	require.True(t, Mark("received under R17 or day").certain([]string{"day"}))
}
