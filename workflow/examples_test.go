package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// The worked examples of the domain law, §8: exact days, step by step.

// Example 1 (i): five working days over May Day end on a make-up Saturday.
func TestExample1HelpOverMayDay(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, citizen, "2020-04-29")
	p.do("2020-04-29", "auto_dispatch", domain.Router, nil, "dispatched")
	require.Equal(t, dizhenOrg, p.file.Case.Desk)
	require.Equal(t, countyOrg, p.file.Case.Owner, "the first receiver answers until another accepts")
	p.due("contact", "2020-04-30")
	p.due("answer", "2020-05-09")
	p.due("handle", "2020-05-09")
	handler, clerk := staffOf(domain.RoleHandler, dizhenOrg), staffOf(domain.RoleClerk, dizhenOrg)
	p.do("2020-04-30", "accept", handler, nil, "handling")
	require.Equal(t, dizhenOrg, p.file.Case.Owner)
	p.do("2020-05-08", "reply", handler, domain.Fields{"reply": "已更换涵管", "result": "resolved"}, "replied")
	p.ended("contact", true)
	p.ended("answer", true)
	p.ended("handle", true)
	p.do("2020-05-09", "follow_up", clerk, domain.Fields{"satisfaction": "satisfied", "resolved": true}, "closed")
	p.counts("appeals.received 2020-04-29", "appeals.due 2020-04-29", "appeals.closed 2020-04-29",
		"appeals.evaluated 2020-05-09", "appeals.satisfied 2020-05-09", "appeals.concluded 2020-05-08")
	p.owes("respond 2020-04-30 kept", "conclude 2020-05-09 kept")
	p.tick("2020-06-08") // 30 days to reopen, rolled off Sunday 7 June no further
	p.due("reopen", "2020-06-08")
	require.Equal(t, "closed", p.file.Case.State)
	p.tick("2020-06-09")
	require.Equal(t, "archived", p.file.Case.State)
}

// Example 1 (ii): a Sunday can be a working day.
func TestExample1ConsultationBeforeAWorkingSunday(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "consultation", Place: villageOrg}, citizen, "2020-09-25")
	p.do("2020-09-25", "auto_dispatch", domain.Router, nil, "dispatched")
	p.due("answer", "2020-09-27")
	p.due("contact", "2020-09-27")
}

// Example 1 (iii): handing back gives the next unit its own time, and the
// citizen none less.
func TestExample1HandedBackOverTheHoliday(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, countyOrg)
	p := begin(t, rules, Intake{Procedure: "appeal", Class: "complaint", Place: villageOrg}, clerk, "2020-09-30")
	p.do("2020-09-30", "auto_dispatch", domain.Router, nil, "dispatched")
	p.due("hand_back", "2020-10-09")
	p.due("answer", "2020-10-14")
	unit := staffOf(domain.RoleHandler, dizhenOrg)
	p.do("2020-10-09 09:00", "hand_back", unit, domain.Fields{"reason": "属住建部门职责", "suggested_organization": housingOrg}, "handback")
	p.do("2020-10-09 10:00", "approve_hand_back", clerk, nil, "registered")
	require.Equal(t, countyOrg, p.file.Case.Desk)
	p.do("2020-10-09 11:00", "dispatch", clerk, domain.Fields{"organization": housingOrg}, "dispatched")
	p.due("answer", "2020-10-14")
	p.due("handle", "2020-10-15")
	p.owes("respond 2020-10-09 open", "conclude 2020-10-14 open") // the citizen's day, not the unit's

	// Twice at most; then nobody may hand back any more.
	housing := staffOf(domain.RoleHandler, housingOrg)
	p.do("2020-10-10 09:00", "hand_back", housing, domain.Fields{"reason": "属地负责"}, "handback")
	p.do("2020-10-10 10:00", "designate", staffOf(domain.RoleSupervisor, countyOrg),
		domain.Fields{"organization": housingOrg, "reason": "指定承办"}, "dispatched")
	p.refused("2020-10-10 11:00", "hand_back", housing, domain.Fields{"reason": "仍不同意"}, domain.KindConflict, "guard_done_below")
	p.tick("2020-10-13") // silence is acceptance
	require.Equal(t, "handling", p.file.Case.State)
	require.Equal(t, housingOrg, p.file.Case.Owner)
}

// An urgent appeal is contacted in two hours and handled in twenty-four.
func TestUrgentAppeal(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg, Flags: []domain.Flag{domain.FlagUrgent}},
		citizen, "2020-10-01 23:00")
	p.do("2020-10-01 23:00", "auto_dispatch", domain.Router, nil, "dispatched")
	require.True(t, at(t, "2020-10-02 01:00").Equal(p.due("contact", "2020-10-02").Due))
	require.True(t, at(t, "2020-10-02 23:00").Equal(p.due("answer", "2020-10-02").Due))
}

// A longer statutory day replaces the appeal's limit.
func TestAppealUntilAStatutoryDay(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, countyOrg)
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Category: "0102"}, clerk, "2020-04-29")
	p.do("2020-04-29", "dispatch", clerk, domain.Fields{"organization": housingOrg, "statutory_due": "2020-06-28", "legal_basis": "行政许可法 42"}, "dispatched")
	p.due("answer", "2020-06-28")
	p.due("handle", "2020-06-28")
}

// Example 2: a petition under the regulation of 2005, extended and reviewed.
func TestExample2PetitionToReview(t *testing.T) {
	rules := theRules(t)
	bureau, unit := staffOf(domain.RoleSupervisor, bureauOrg), staffOf(domain.RoleHandler, yinpingOrg)
	county := staffOf(domain.RoleSupervisor, countyOrg)
	p := begin(t, rules, Intake{Procedure: "petition", Class: "demand", Place: otherVillage}, bureau, "2020-10-20")
	require.Equal(t, "P05", p.file.Case.Regime)
	p.due("dispose", "2020-11-04")
	p.do("2020-10-26", "forward", bureau, nil, "forwarded")
	require.Equal(t, yinpingOrg, p.file.Case.Desk)
	require.Equal(t, bureauOrg, p.file.Case.Owner)
	p.ended("dispose", true)
	p.due("notice", "2020-11-10")
	p.do("2020-11-02", "accept", unit, nil, "accepted")
	p.ended("notice", true)
	d := p.due("conclude", "2021-01-01") // a holiday: not moved, so warn on the last working day before
	require.Equal(t, "2020-12-31", domain.DateIn(d.WarnAt).String())
	require.Equal(t, "信访条例 33; 鲁 42", d.Basis)
	p.counts("petitions.received 2020-10-20", "petitions.accepted 2020-11-02")
	p.owes("accept 2020-11-10 kept", "conclude 2021-01-01 open")
	p.do("2020-12-28", "extend", unit, domain.Fields{"reason": "情况复杂", "approved_by": "镇长"}, "accepted")
	p.due("conclude", "2021-01-31")
	p.refused("2020-12-29", "extend", unit, domain.Fields{"reason": "再延", "approved_by": "镇长"}, domain.KindConflict, "guard_done_below")
	p.do("2021-01-26", "issue_opinion", unit, domain.Fields{
		"statement_heard": true, "result": "unsupported", "facts": "经查", "opinion": "不予支持", "legal_basis": "某办法", "approved_by": "镇长",
	}, "opinion")
	p.do("2021-01-27", "serve", unit, domain.Fields{"delivery": "in_person"}, "served")
	p.ended("conclude", true)
	p.counts("petitions.received 2020-10-20", "petitions.accepted 2020-11-02", "petitions.concluded 2021-01-27")
	p.owes("accept 2020-11-10 kept", "conclude 2021-01-31 kept") // due in 2021, so in no figure of 2020
	require.Equal(t, 86, p.file.Case.HandledDays())
	p.due("apply_review", "2021-02-26")
	p.do("2021-02-22", "request_review", citizen, domain.Fields{"reason": "不服"}, "review")
	require.Equal(t, countyOrg, p.file.Case.Desk)
	p.due("accept_review", "2021-02-25")
	p.due("review", "2021-03-24")
	p.do("2021-02-24", "accept_review", county, nil, "review")
	p.do("2021-03-19", "serve_review", county, domain.Fields{"review_result": "upheld", "opinion": "维持", "delivery": "in_person"}, "review_served")
	p.ended("review", true)
	p.due("apply_recheck", "2021-04-19") // 18 April is a Sunday: on, in the citizen's favour
	p.tick("2021-04-19 23:59")
	require.Equal(t, "review_served", p.file.Case.State)
	p.tick("2021-04-20 00:00")
	require.Equal(t, "concluded", p.file.Case.State)
	require.Equal(t, "2021-04-20", domain.DateIn(*p.file.Case.ClosedAt).String())
	p.counts("petitions.received 2020-10-20", "petitions.accepted 2020-11-02", "petitions.concluded 2021-01-27")

	x, err := rules.Explain(clockOf(&p.file, "conclude", 1), p.entries)
	require.NoError(t, err)
	require.Equal(t, []Extension{{
		On: domain.NewDate(2020, 12, 28), By: "30 days", From: domain.NewDate(2021, 1, 1), To: domain.NewDate(2021, 1, 31),
	}}, x.Extensions)
	require.Len(t, x.Days, 91) // the start and ninety counted days
}

// Example 3, the part about the judgment: refused, with the way to the court.
func TestExample3NotAccepted(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, bureauOrg)
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Channel: domain.ChannelLetter}, clerk, "2020-08-03")
	p.due("dispose", "2020-08-18")
	p.do("2020-08-10", "refuse", clerk, domain.Fields{
		"refusal": "statutory_route", "reason": "对生效判决不服", "proper_route": "向人民法院申请再审",
	}, "not_accepted")
	p.ended("dispose", true)
	p.counts("petitions.received 2020-08-03")
	p.owes("accept 2020-08-18 kept") // he was told in time
}

// Under the regulation of 2022 the same letter is passed on.
func TestExample3PassedOnSince2022(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, bureauOrg)
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand"}, clerk, "2022-08-03")
	require.Equal(t, "P22", p.file.Case.Regime)
	p.do("2022-08-10", "transfer", clerk, domain.Fields{"receiver": "political_legal"}, "closed_transferred")
	p.counts("petitions.received 2022-08-03")
}

// Example 4: the agreement takes effect with the seal, and everything counts
// from there.
func TestExample4MediationAndConfirmation(t *testing.T) {
	rules := theRules(t)
	head, mediator := staffOf(domain.RoleCommitteeHead, dizhenTJ), staffOf(domain.RoleMediator, dizhenTJ)
	court := staffOf(domain.RoleCourtLiaison, courtOrg)
	p := begin(t, rules, Intake{Procedure: "mediation", Class: "application", Place: dizhenOrg}, staffOf(domain.RoleClerk, dizhenOrg), "2020-06-23")
	p.do("2020-06-23", "auto_assign", domain.Router, nil, "registered")
	require.Equal(t, dizhenTJ, p.file.Case.Desk)
	p.refused("2020-06-24", "accept", head, domain.Fields{"rights_notified": false}, domain.KindInvalid, "fields.rights_notified: must_be_yes")
	p.do("2020-06-24", "accept", head, domain.Fields{"rights_notified": true}, "accepted")
	p.due("mediate", "2020-07-24")
	p.due("level", "2020-07-09")
	p.do("2020-06-24", "assign_mediator", head, domain.Fields{"handler": mediator.ID}, "mediating")
	p.refused("2020-07-10", "sign_agreement", mediator, domain.Fields{"agreement": "砌墙", "signed_on": "2020-07-10", "sealed_on": "2020-07-13"},
		domain.KindInvalid, "date_in_future")
	p.do("2020-07-13", "sign_agreement", mediator, domain.Fields{
		"agreement": "赔偿三千二百元", "signed_on": "2020-07-10", "sealed_on": "2020-07-13", "settled": 320000, "performance_due": "2020-08-31",
	}, "agreed")
	p.ended("mediate", true)
	require.Equal(t, "2020-07-13", domain.DateIn(*p.file.Case.ConcludedAt).String())
	p.due("performance", "2020-08-31")
	p.due("apply_confirmation", "2020-08-12")
	p.refused("2020-07-30", "apply_confirmation", citizen, domain.Fields{"both_apply": true, "subject": "status"}, domain.KindInvalid, "fields.subject: must_be")
	p.do("2020-07-30", "apply_confirmation", citizen, domain.Fields{"both_apply": true, "subject": "ordinary"}, "confirming")
	require.Equal(t, courtOrg, p.file.Case.Desk)
	p.due("court_accept", "2020-08-03") // 2 August is a Sunday
	p.do("2020-07-31", "court_accept", court, domain.Fields{"court_number": "(2020)鲁0404民特1号"}, "confirming")
	p.due("court_decide", "2020-08-17") // 15 August is a Saturday
	p.do("2020-08-11", "confirm", court, domain.Fields{"court_number": "(2020)鲁0404民特1号"}, "confirmed")
	p.ended("court_decide", true)
	require.Equal(t, dizhenTJ, p.file.Case.Desk)
	p.do("2020-08-31", "perform", mediator, domain.Fields{"voucher": "收条"}, "performed")
	p.ended("performance", true)
	p.due("follow_up", "2020-09-14")
	p.refused("2020-09-07", "follow_up", mediator, domain.Fields{"record": "已履行", "satisfaction": "satisfied"}, domain.KindForbidden, "rates_himself")
	p.do("2020-09-07", "follow_up", mediator, domain.Fields{"record": "已履行"}, "performed")
	p.ended("follow_up", true)
	p.do("2020-09-10", "archive", head, domain.Fields{"file_complete": true}, "archived")
	p.counts("mediation.accepted 2020-06-24", "mediation.succeeded 2020-07-13", "mediation.concluded 2020-07-13", "mediation.confirmed 2020-07-13")
	require.EqualValues(t, 320000, p.file.Case.Settled)
	p.owes("accept 2020-06-29 kept", "conclude 2020-07-24 kept", "perform 2020-08-31 kept")
	p.measured("mediation.performed", "2020-08-31", 1, 0)
	p.measured("mediation.settled", "2020-07-13", 320000, 0)
	p.measured("mediation.handled", "2020-07-13", 1, 19)
}

// Example 10, as far as the petition goes: a matter finished before, brought
// again by twenty-three.
func TestExample10CollectiveRepeat(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, bureauOrg)
	in := Intake{Procedure: "petition", Class: "demand", Title: "集体访", Persons: 23, Flags: []domain.Flag{domain.FlagRepeat, domain.FlagBacklog}}
	in.Parties = append(in.Parties, theParties[0])
	for range 6 {
		in.Parties = append(in.Parties, domain.Party{Role: domain.PartyRepresentative, Name: "代表"})
	}
	_, err := rules.Register(in, clerk, at(t, "2020-01-06"), testCase)
	require.ErrorContains(t, err, "guard_representatives_to")
	in.Parties = in.Parties[:6]
	p := begin(t, rules, in, clerk, "2020-01-06")
	require.True(t, p.file.Case.Has(domain.FlagCollective))
	p.due("dispose", "2020-01-21")
	p.do("2020-01-20", "refuse", clerk, domain.Fields{"refusal": "concluded_before", "reason": "2015 年已办结"}, "not_accepted")
	p.ended("dispose", true)
	p.counts("petitions.received 2020-01-06")
}
