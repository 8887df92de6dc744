package workflow

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// newMediation is with the village committee's mediator.
func newMediation(t *testing.T, accepted string) (*play, domain.Actor) {
	mediator := staffOf(domain.RoleMediator, villageTJ)
	p := begin(t, theRules(t), Intake{Procedure: "mediation", Class: "initiative", Place: villageOrg}, mediator, accepted)
	p.do(accepted, "accept", mediator, domain.Fields{"rights_notified": true}, "accepted")
	p.do(accepted, "assign_mediator", mediator, domain.Fields{"handler": mediator.ID}, "mediating")
	return p, mediator
}

func TestMediationRoutes(t *testing.T) {
	for _, c := range []struct {
		want string
		in   Intake
	}{
		{villageTJ, Intake{Place: villageOrg, Amount: 1_000_000}},
		{dizhenTJ, Intake{Place: villageOrg, Amount: 1_000_001}},
		{districtOrg, Intake{Place: villageOrg, Amount: 10_000_001}},
		{dizhenTJ, Intake{Place: dizhenOrg}},
		{districtOrg, Intake{Place: villageOrg, Persons: 5}},
		{districtOrg, Intake{Place: villageOrg, Flags: []domain.Flag{domain.FlagEnterprise}}},
		{financeOrg, Intake{Place: villageOrg, Flags: []domain.Flag{domain.FlagFinancial, domain.FlagEnterprise}}},
		{districtOrg, Intake{}},
	} {
		c.in.Procedure, c.in.Class = "mediation", "application"
		p := begin(t, theRules(t), c.in, citizen, "2020-06-01")
		p.do("2020-06-01", "auto_assign", domain.Router, nil, "registered")
		require.Equal(t, c.want, p.file.Case.Desk, "%+v", c.in)
		require.NotEmpty(t, p.entries[1].Note, "the router says why")
	}
}

// Village, township, district: each with its own time, the month running on.
func TestMediationEscalates(t *testing.T) {
	p, mediator := newMediation(t, "2020-06-01")
	p.due("level", "2020-06-08")
	p.due("mediate", "2020-07-01")
	p.do("2020-06-05", "escalate", mediator, domain.Fields{"reason": "村级调解不成"}, "accepted")
	require.Equal(t, dizhenTJ, p.file.Case.Desk)
	require.Equal(t, dizhenTJ, p.file.Case.Owner)
	require.Equal(t, dizhenOrg, p.file.Case.Unit)
	require.Empty(t, p.file.Case.Handler)
	p.due("level", "2020-06-20")
	p.due("mediate", "2020-07-01")
	head := staffOf(domain.RoleCommitteeHead, dizhenTJ)
	p.do("2020-06-05", "assign_mediator", head, domain.Fields{"handler": "m"}, "mediating")
	p.do("2020-06-15", "escalate", head, domain.Fields{"reason": "镇级调解不成"}, "accepted")
	require.Equal(t, districtOrg, p.file.Case.Desk)
	p.due("level", "2020-07-15")
	head = staffOf(domain.RoleCommitteeHead, districtOrg)
	p.do("2020-06-15", "assign_mediator", head, domain.Fields{"handler": "m"}, "mediating")
	p.refused("2020-06-16", "escalate", head, domain.Fields{"reason": "无上级"}, domain.KindConflict, "guard_can_escalate")
	p.do("2020-06-20", "fail", head, domain.Fields{"ending": "deadlock", "advice": "可向人民法院起诉"}, "failed")
	p.counts("mediation.accepted 2020-06-01", "mediation.concluded 2020-06-20")
	p.tick("2020-08-20")
	require.Equal(t, "archived_failed", p.file.Case.State)
	require.Equal(t, domain.Failed, p.file.Case.Disposition)
}

func TestMediationAppraisalAndExtension(t *testing.T) {
	p, mediator := newMediation(t, "2020-06-01")
	p.do("2020-06-10", "begin_appraisal", mediator, domain.Fields{"reason": "伤情鉴定"}, "mediating")
	p.do("2020-06-20", "end_appraisal", mediator, domain.Fields{"record": "鉴定意见"}, "mediating")
	p.due("mediate", "2020-07-11")
	p.refused("2020-07-01", "extend", mediator, domain.Fields{"consent": false, "reason": "继续调解"}, domain.KindInvalid, "fields.consent: must_be_yes")
	p.do("2020-07-01", "extend", mediator, domain.Fields{"consent": true, "reason": "继续调解", "extension_days": 15}, "mediating")
	p.due("mediate", "2020-07-26")
	p.refused("2020-07-02", "extend", mediator, domain.Fields{"consent": true, "reason": "再延"}, domain.KindConflict, "guard_done_below")
}

// An oral agreement takes effect when it is made; unperformed, it defaults
// only once its day has passed.
func TestOralAgreementDefaults(t *testing.T) {
	p, mediator := newMediation(t, "2020-06-01")
	p.do("2020-06-04", "agree_orally", mediator, domain.Fields{"agreement": "赔礼道歉", "agreed_on": "2020-06-03", "performance_due": "2020-06-30"}, "agreed")
	p.due("apply_confirmation", "2020-07-03")
	p.refused("2020-06-30", "default", mediator, domain.Fields{"record": "未履行", "advice": "可起诉"}, domain.KindConflict, "guard_in_time")
	p.do("2020-07-01", "default", mediator, domain.Fields{"record": "未履行", "advice": "可起诉"}, "defaulted")
	p.counts("mediation.accepted 2020-06-01", "mediation.succeeded 2020-06-03", "mediation.concluded 2020-06-03")
	p.do("2020-08-01", "perform", mediator, domain.Fields{"voucher": "收条"}, "performed")
	p.ended("performance", false)
	p.tick("2020-10-01")
	require.Equal(t, "archived", p.file.Case.State)
}

// A rejected agreement can be made anew; the first then never was.
func TestConfirmationRejected(t *testing.T) {
	p, mediator := newMediation(t, "2022-06-01")
	require.Equal(t, "C21", p.file.Case.Regime)
	court := staffOf(domain.RoleCourtLiaison, courtOrg)
	sign := func(day string) {
		p.do(day, "sign_agreement", mediator, domain.Fields{"agreement": "赔偿", "signed_on": day, "sealed_on": day}, "agreed")
	}
	sign("2022-06-06")
	p.do("2022-06-07", "apply_confirmation", mediator, domain.Fields{"both_apply": true, "subject": "ordinary"}, "confirming")
	require.Equal(t, mediator.ID, p.file.Case.Handler, "the case comes back to who handled it")
	p.do("2022-06-08", "court_accept", court, domain.Fields{"court_number": "号"}, "confirming")
	require.Equal(t, "民事诉讼法 (2021) 187, 202", p.due("court_decide", "2022-07-08").Basis)
	p.refused("2022-06-09", "renegotiate", mediator, domain.Fields{"consent": true, "reason": "x"}, domain.KindConflict, "action_not_allowed")
	p.do("2022-06-10", "reject_confirmation", court, domain.Fields{"court_number": "号", "reason": "内容不明确"}, "agreed")
	require.Equal(t, villageTJ, p.file.Case.Desk)
	p.do("2022-06-13", "renegotiate", mediator, domain.Fields{"consent": true, "reason": "变更协议"}, "mediating")
	p.counts("mediation.accepted 2022-06-01")
	sign("2022-06-15")
	p.counts("mediation.accepted 2022-06-01", "mediation.succeeded 2022-06-15", "mediation.concluded 2022-06-15")
	p.due("apply_confirmation", "2022-07-15")
}

func TestConfirmedAndEnforced(t *testing.T) {
	p, mediator := newMediation(t, "2024-06-03")
	court := staffOf(domain.RoleCourtLiaison, courtOrg)
	p.do("2024-06-05", "sign_agreement", mediator, domain.Fields{
		"agreement": "还款", "signed_on": "2024-06-05", "sealed_on": "2024-06-05", "performance_due": "2024-07-31",
	}, "agreed")
	p.do("2024-06-06", "apply_confirmation", citizen, domain.Fields{"both_apply": true, "subject": "ordinary"}, "confirming")
	p.do("2024-06-07", "court_accept", court, domain.Fields{"court_number": "号"}, "confirming")
	require.Equal(t, "民事诉讼法 (2023) 187, 206", p.due("court_decide", "2024-07-08").Basis)
	p.do("2024-06-20", "confirm", court, domain.Fields{"court_number": "号"}, "confirmed")
	p.refused("2024-07-31", "enforce", citizen, domain.Fields{"reason": "未还款"}, domain.KindConflict, "guard_in_time")
	p.do("2024-08-01", "enforce", citizen, domain.Fields{"reason": "未还款"}, "enforcement")
	require.Equal(t, courtOrg, p.file.Case.Desk)
	p.do("2024-09-01", "perform", mediator, domain.Fields{"voucher": "执行到位"}, "performed")
	require.Equal(t, villageTJ, p.file.Case.Desk)
}

// The router takes a case on once, and an event that comes late does nothing.
func TestRouterTakesACaseOn(t *testing.T) {
	rules := theRules(t)
	change, err := rules.Register(Intake{Procedure: "mediation", Class: "application", Title: "邻里纠纷", Place: villageOrg, Parties: theParties}, citizen, at(t, "2020-06-01"), testCase)
	require.NoError(t, err)
	file := change.File(domain.File{})
	store := &oneCase{file: file}
	engine := NewEngine(store, rules, func() time.Time { return at(t, "2020-06-01") }, func() string { return testCase })
	event := domain.Event{CaseID: testCase, Version: 1}
	require.NoError(t, Router{engine}.Handle(context.Background(), event))
	require.Equal(t, villageTJ, store.file.Case.Desk)
	require.Equal(t, RouterConsumer, store.last.Receipt.Consumer)
	require.NoError(t, Router{engine}.Handle(context.Background(), event))
	require.Equal(t, 2, store.file.Case.Version)
}

// oneCase is a store of one case.
type oneCase struct {
	file domain.File
	last domain.Change
}

func (s *oneCase) Apply(_ context.Context, d domain.Decision) domain.Result {
	change, err := d.Decide(s.file)
	if err == nil {
		s.file, s.last = change.File(s.file), change
	}
	return domain.Result{File: s.file, Err: err}
}

func (s *oneCase) ApplyAll(context.Context, []domain.Decision) ([]domain.File, error) {
	return nil, nil
}

func (s *oneCase) File(context.Context, string) (domain.File, error) { return s.file, nil }
