package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var (
	theOffice = staffOf(domain.RoleClerk, congressOrg)
	hrss      = staffOf(domain.RoleHandler, hrssOrg)
	aReply    = domain.Fields{
		"category": "restricted", "reply": "答复", "manner": "written", "signed_by": "局长", "proposer_heard": true, "all_answered": true,
	}
)

// aProposal is assigned to the housing department, which the other helps.
func aProposal(t *testing.T, day string) *play {
	return begin(t, theRules(t), Intake{Procedure: "proposal", Class: "npc", Parties: plaintiff, Fields: domain.Fields{
		"organization": housingOrg, "co_organizations": []string{hrssOrg}, "session": "十八届四次会议", "serial": "27",
	}}, theOffice, day)
}

// Example 9: dissatisfied, done again, satisfied.
func TestExample9Proposal(t *testing.T) {
	p := aProposal(t, "2020-05-29")
	require.Equal(t, housingOrg, p.file.Case.Desk)
	require.Equal(t, congressOrg, p.file.Case.Owner, "until somebody accepts it")
	require.Equal(t, []string{hrssOrg}, p.file.Case.Partners)
	require.Equal(t, []string{hrssOrg}, p.entries[0].Notified)
	p.due("objection", "2020-06-03")
	p.due("co_opinion", "2020-06-29")
	d := p.due("reply", "2020-08-29")
	require.Equal(t, "2020-08-28", domain.DateIn(d.WarnAt).String())
	p.do("2020-06-01", "accept", housing, nil, "handling")
	require.Equal(t, housingOrg, p.file.Case.Owner)
	p.do("2020-06-24", "give_last_co_opinion", hrss, domain.Fields{"opinion": "同意"}, "handling")
	p.ended("co_opinion", true)
	p.refused("2020-08-20", "reply", hrss, aReply, domain.KindForbidden, "action_not_yours")
	p.refused("2020-08-20", "reply", housing, merged(aReply, "proposer_heard", false), domain.KindInvalid, "must_be_yes")
	p.do("2020-08-20", "reply", housing, aReply, "replied")
	p.ended("reply", true)
	require.Equal(t, 1, p.file.Case.Counts["replied_in_time"])
	require.Equal(t, "2020-08-20", domain.DateIn(*p.file.Case.ConcludedAt).String())
	require.Equal(t, congressOrg, p.file.Case.Desk)
	p.refused("2020-08-31", "disapprove", citizen, domain.Fields{"satisfaction": "satisfied", "comment": "好"}, domain.KindInvalid, "must_be")
	p.do("2020-08-31", "disapprove", citizen, domain.Fields{"satisfaction": "dissatisfied", "comment": "未解决"}, "redoing")
	require.Nil(t, p.file.Case.ConcludedAt)
	require.Equal(t, domain.Dissatisfied, p.file.Case.Satisfaction)
	p.due("redo", "2020-09-30")
	p.do("2020-09-18", "reply", housing, merged(aReply, "category", "solved"), "replied")
	p.ended("redo", true)
	require.Equal(t, 1, p.file.Case.Counts["replied_in_time"], "once a proposal")
	p.do("2020-09-24", "approve", theOffice, domain.Fields{"satisfaction": "satisfied"}, "closed")
	require.Equal(t, domain.Satisfied, p.file.Case.Satisfaction)
	require.Equal(t, "solved", p.file.Case.Outcome)
	p.owes("conclude 2020-09-30 kept") // the redoing, which began last
	require.Zero(t, p.file.Case.Counts["satisfied_at_first"])
}

// Only the office moves a proposal, extends its time, supervises it and rates.
func TestProposalIsTheOfficesToMove(t *testing.T) {
	p := aProposal(t, "2022-06-01")
	elsewhere := domain.Fields{"organization": hrssOrg}
	p.do("2022-06-06", "hand_back", housing, domain.Fields{"reason": "属人社部门"}, "returned")
	p.due("coordinate", "2022-06-11")
	p.refused("2022-06-07", "reassign", staffOf(domain.RoleClerk, housingOrg), elsewhere, domain.KindForbidden, "action_not_yours")
	p.do("2022-06-07", "reassign", theOffice, elsewhere, "assigned")
	require.Equal(t, hrssOrg, p.file.Case.Desk)
	p.due("reply", "2022-09-01")
	p.tick("2022-06-13")
	require.Equal(t, "handling", p.file.Case.State, "silence is acceptance")
	require.Equal(t, hrssOrg, p.file.Case.Owner)
	p.do("2022-08-30", "request_extension", hrss, domain.Fields{"reason": "涉及面广"}, "extension_requested")
	p.refused("2022-08-30", "extend", staffOf(domain.RoleClerk, hrssOrg), domain.Fields{"approved_by": "自批"}, domain.KindForbidden, "action_not_yours")
	p.do("2022-09-02", "extend", theOffice, domain.Fields{"approved_by": "主任"}, "handling")
	p.due("reply", "2022-12-01")
	p.refused("2022-09-05", "request_extension", hrss, domain.Fields{"reason": "再延"}, domain.KindConflict, "guard_done_below")
	p.refused("2022-09-05", "supervise", hrss, domain.Fields{"reason": "自督"}, domain.KindForbidden, "action_not_yours")
	p.refused("2022-09-05", "withdraw", staffOf(domain.RoleClerk, hrssOrg), domain.Fields{"reason": "代撤"}, domain.KindForbidden, "action_not_yours")
	p.do("2022-09-05", "supervise", theOffice, domain.Fields{"reason": "重点督办"}, "handling")
	require.True(t, p.file.Case.Has(domain.FlagSupervised))
	p.do("2022-09-06", "answer_supervision", hrss, domain.Fields{"record": "在办"}, "handling")
	p.do("2022-11-30", "reply", hrss, aReply, "replied")
	p.refused("2022-12-01", "approve", staffOf(domain.RoleClerk, hrssOrg), domain.Fields{"satisfaction": "satisfied"}, domain.KindForbidden, "action_not_yours")
}

// A plan is followed until it is kept or given up; dissatisfaction is heard
// twice.
func TestProposalPlansAndRounds(t *testing.T) {
	plan := merged(aReply, "plan_due", "2022-12-31")
	delete(plan, "category")
	p := aProposal(t, "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "handling")
	p.do("2022-08-01", "reply_with_plan", housing, plan, "replied")
	require.Equal(t, "planned", p.file.Case.Outcome)
	require.Nil(t, currentClock(&p.file, "opinion"), "a plan is not closed by silence")
	p.refused("2022-08-08", "approve", citizen, domain.Fields{"satisfaction": "satisfied"}, domain.KindConflict, "guard_outcome")
	p.do("2022-08-08", "approve_plan", citizen, domain.Fields{"satisfaction": "satisfied"}, "following")
	require.Equal(t, 1, p.file.Case.Counts["satisfied_at_first"])
	p.due("implement", "2022-12-31")
	p.do("2022-12-30", "reply_again", housing, domain.Fields{"reply": "已建成", "manner": "written"}, "closed")
	p.ended("implement", true)

	p = aProposal(t, "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "handling")
	p.do("2022-09-05", "reply", housing, aReply, "replied")
	p.ended("reply", false)
	bad := domain.Fields{"satisfaction": "dissatisfied", "comment": "未解决"}
	p.refused("2022-09-06", "close_dissatisfied", theOffice, bad, domain.KindConflict, "guard_done_below")
	p.do("2022-09-06", "disapprove", citizen, bad, "redoing")
	p.do("2022-09-20", "reply", housing, aReply, "replied")
	require.Zero(t, p.file.Case.Counts["replied_in_time"])
	p.refused("2022-09-26", "disapprove", citizen, bad, domain.KindConflict, "guard_done_below")
	p.do("2022-09-26", "close_dissatisfied", theOffice, bad, "closed")
	require.Equal(t, domain.Dissatisfied, p.file.Case.Satisfaction)
}
