package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// The router dispatches at once; until a unit accepts, the registrar's unit
// still answers for the case, and may do what it could have done before.
func dispatchedAppeal(t *testing.T) (*play, domain.Actor) {
	clerk := staffOf(domain.RoleClerk, yinpingOrg)
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Category: "0102", Place: villageOrg}, clerk, "2020-04-29")
	p.do("2020-04-29", "auto_dispatch", domain.Router, nil, "dispatched")
	require.Equal(t, dizhenOrg, p.file.Case.Desk)
	require.Equal(t, yinpingOrg, p.file.Case.Owner)
	return p, clerk
}

func TestDispatchedIsAnsweredDirectly(t *testing.T) {
	p, clerk := dispatchedAppeal(t)
	reply := domain.Fields{"reply": "答", "knowledge": "知识库"}
	p.refused("2020-04-29 13:00", "reply_directly", staffOf(domain.RoleClerk, dizhenOrg), reply, domain.KindForbidden, "action_not_yours")
	p.do("2020-04-29 13:00", "reply_directly", clerk, reply, "replied")
	p.ended("contact", true)
	p.ended("answer", true)
	p.ended("handle", false)
	p.ended("hand_back", false)
	require.Nil(t, currentClock(&p.file, "handle").MissedAt)
	require.Equal(t, yinpingOrg, p.file.Case.Desk, "whoever answered has it back")
	p.do("2020-04-30", "redo", clerk, domain.Fields{"reason": "未答全"}, "handling")
	p.do("2020-04-30", "reply", staffOf(domain.RoleHandler, yinpingOrg), domain.Fields{"reply": "答", "result": "explained"}, "replied")
}

func TestDispatchedIsRefusedOrMerged(t *testing.T) {
	for action, fields := range map[string]domain.Fields{
		"refuse": {"refusal": "statutory_route", "reason": "应诉讼"},
		"merge":  {"master": "0197a000-0000-7000-8000-0000000000ff"},
	} {
		p, clerk := dispatchedAppeal(t)
		p.refused("2020-04-29 13:00", action, staffOf(domain.RoleClerk, dizhenOrg), fields, domain.KindForbidden, "action_not_yours")
		p.do("2020-04-29 13:00", action, clerk, fields, map[string]string{"refuse": "not_accepted", "merge": "merged"}[action])
		for _, d := range p.file.Deadlines {
			require.NotEqual(t, d.EndedAt == nil, d.HeldAt == nil, d.Kind)
			require.Nil(t, d.MissedAt, d.Kind)
			require.Equal(t, action == "refuse" && d.Kind == "contact", d.Met, d.Kind)
		}
	}
}

// Another unit has its own time, and the citizen none less.
func TestDispatchedIsRedispatched(t *testing.T) {
	p, clerk := dispatchedAppeal(t)
	p.due("answer", "2020-05-09")
	p.due("hand_back", "2020-04-30")
	to := domain.Fields{"organization": housingOrg, "reason": "属住建部门职责"}
	p.refused("2020-04-30", "redispatch", staffOf(domain.RoleClerk, dizhenOrg), to, domain.KindForbidden, "action_not_yours")
	p.do("2020-04-30", "redispatch", clerk, to, "dispatched")
	require.Equal(t, housingOrg, p.file.Case.Desk)
	require.Equal(t, yinpingOrg, p.file.Case.Owner)
	require.Equal(t, 1, p.due("answer", "2020-05-09").Round)
	require.Equal(t, 2, p.due("handle", "2020-05-11").Round)
	require.Equal(t, 2, p.due("hand_back", "2020-05-06").Round)
	require.Equal(t, housingOrg, currentClock(&p.file, "handle").Org)
	require.NotNil(t, clockOf(&p.file, "handle", 1).EndedAt)

	p.do("2020-05-06 09:00", "hand_back", housing, domain.Fields{"reason": "不属本单位"}, "handback")
	p.do("2020-05-06 10:00", "designate", staffOf(domain.RoleSupervisor, yinpingOrg),
		domain.Fields{"organization": housingOrg, "reason": "指定承办"}, "dispatched")
	p.refused("2020-05-06 11:00", "redispatch", clerk, to, domain.KindConflict, "guard_done_below")
	p.refused("2020-05-06 11:00", "redispatch", housing, to, domain.KindForbidden, "action_not_yours")
}

// Whoever asks to hand a case back does not decide on it.
func TestHandBackIsDecidedByAnother(t *testing.T) {
	p, _ := dispatchedAppeal(t)
	both := staffOf(domain.RoleClerk, countyOrg)
	p.do("2020-04-29 13:00", "hand_back", both, domain.Fields{"reason": "不属本镇"}, "handback")
	p.refused("2020-04-29 14:00", "approve_hand_back", both, nil, domain.KindConflict, "guard_not_requester")
	p.refused("2020-04-29 14:00", "reject_hand_back", both, domain.Fields{"reason": "x"}, domain.KindConflict, "guard_not_requester")
	p.do("2020-04-29 14:00", "approve_hand_back", staffOf(domain.RoleClerk, yinpingOrg), nil, "registered")
	require.Empty(t, p.file.Case.Handler)
}

// What was assigned with report back stays so when an objection fails.
func TestRejectedObjectionLeavesTheAssignment(t *testing.T) {
	for action, fields := range map[string]domain.Fields{
		"reject_objection": {"reason": "属你局职权"},
		"designate":        {"reason": "指定", "organization": hrssOrg},
	} {
		p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Category: "0102"}, theBureau, "2022-06-01")
		p.do("2022-06-01", "assign", theBureau, domain.Fields{"organization": housingOrg, "return_by": "2022-07-15"}, "assigned")
		p.do("2022-06-02", "object", housing, domain.Fields{"reason": "不属本局"}, "assigned_objected")
		p.due("verify", "2022-06-07")
		p.do("2022-06-06", action, theBureau, fields, "assigned")
		p.ended("verify", true)
		require.Nil(t, p.due("report_back", "2022-07-15").EndedAt)
	}
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "object", housing, domain.Fields{"reason": "不属本局"}, "objected")
	p.do("2022-06-06", "reject_objection", theBureau, domain.Fields{"reason": "属你局职权"}, "forwarded")
}

// The court decides on what it has accepted.
func TestRejectionNeedsTheCourtsAcceptance(t *testing.T) {
	p, mediator := newMediation(t, "2022-06-01")
	court := staffOf(domain.RoleCourtLiaison, courtOrg)
	p.do("2022-06-06", "sign_agreement", mediator, domain.Fields{"agreement": "赔偿", "signed_on": "2022-06-06", "sealed_on": "2022-06-06"}, "agreed")
	p.do("2022-06-07", "apply_confirmation", mediator, domain.Fields{"both_apply": true, "subject": "ordinary"}, "confirming")
	p.refused("2022-06-08", "reject_confirmation", court, domain.Fields{"court_number": "号", "reason": "x"}, domain.KindConflict, "not done_below court_accept 1")
}
