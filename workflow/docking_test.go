package workflow

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// policeCase is one that the police station of Dizhen took on.
func policeCase(t *testing.T, received string) (*play, domain.Actor) {
	officer := staffOf(domain.RoleHandler, policeOrg)
	p := begin(t, theRules(t), Intake{
		Procedure: "police_mediation", Title: "邻里打架", Place: villageOrg, Channel: domain.ChannelPolice,
		Fields: domain.Fields{"police_number": "峄公受案字〔2020〕16号"},
	}, officer, received)
	return p, officer
}

// Example 5: the second police mediation gives an agreement, which is not
// performed; the days for handling the case begin there.
func TestExample5PoliceMediation(t *testing.T) {
	p, officer := policeCase(t, "2020-03-16")
	require.Equal(t, "police_open", p.file.Case.State)
	require.Equal(t, "Z12", p.file.Case.Regime)
	require.Equal(t, "治安管理处罚法 (2012) 99; 程序规定 35, 165, 185", p.due("handle", "2020-04-15").Basis)
	p.refused("2020-03-18", "fail_first", officer, domain.Fields{"suitable": false, "record": "不成"}, domain.KindInvalid, "fields.suitable: must_be_yes")
	p.do("2020-03-18", "fail_first", officer, domain.Fields{"suitable": true, "record": "不成"}, "first_failed")
	p.due("second", "2020-03-27")
	p.do("2020-03-26", "agree", officer, domain.Fields{
		"agreement": "赔偿", "signed_on": "2020-03-26", "performance_due": "2020-04-02", "helpers": "村调解员",
	}, "agreed")
	p.ended("second", true)
	p.ended("handle", false) // nothing is owed while the agreement stands
	told := domain.Fields{"record": "到期未付", "lawsuit_told": true}
	p.refused("2020-04-02", "default", officer, told, domain.KindConflict, "guard_in_time")
	p.do("2020-04-03", "default", officer, told, "penalty")
	require.Equal(t, 3, p.due("handle", "2020-05-06").Round) // 3 May lies in the holiday
	require.Equal(t, 1, p.file.Case.Counts["police_agreement"])
	require.Equal(t, 1, p.file.Case.Counts["defaulted"])
	require.Zero(t, p.file.Case.Counts["performed"])
	p.do("2020-04-20", "decide", officer, domain.Fields{"decision": "punished", "decision_number": "〔2020〕16号"}, "closed")
	p.ended("handle", true)
	require.Equal(t, domain.Concluded, p.file.Case.Disposition)
	p.owes("conclude 2020-05-06 kept", "perform 2020-04-02 missed")
	p.counts() // what the police mediate is no mediation of the county's
}

// After the chance of a second mediation has passed, there is none.
func TestNoSecondPoliceMediationTooLate(t *testing.T) {
	p, officer := policeCase(t, "2020-09-21")
	p.do("2020-09-23", "fail_first", officer, domain.Fields{"suitable": true, "record": "不成"}, "first_failed")
	p.due("second", "2020-10-09")
	p.refused("2020-10-10", "fail_second", officer, domain.Fields{"record": "再次不成"}, domain.KindConflict, "guard_in_time")
	p.do("2020-10-10", "give_up", officer, domain.Fields{"reason": "不再调解"}, "failed")
}

// The law of 2025 allows a second extension, that of 2012 does not.
func TestPoliceExtensions(t *testing.T) {
	for received, again := range map[string]bool{"2025-12-31": false, "2026-01-05": true} {
		p, officer := policeCase(t, received)
		fields := domain.Fields{"reason": "复杂", "approved_by": "峄城公安分局"}
		p.do(received, "extend", officer, fields, "police_open")
		p.refused(received, "extend", officer, fields, domain.KindConflict, "guard_done_below")
		if again {
			p.do(received, "extend_again", officer, fields, "police_open")
			p.refused(received, "extend_again", officer, fields, domain.KindConflict, "guard_done_below")
		} else {
			p.refused(received, "extend_again", officer, fields, domain.KindConflict, "guard_regime")
		}
	}
}

// A referral opens a mediation of the same matter. The police hear what becomes
// of it, and recognise it only when it was performed and both ask for it.
func TestPoliceReferToPeoplesMediation(t *testing.T) {
	p, officer := policeCase(t, "2021-03-01")
	change, err := p.rules.Step(p.file, Action{Name: "refer", Actor: officer, Now: at(t, "2021-03-03"),
		Fields: domain.Fields{"consent": true, "police_number": "峄公受案字〔2021〕9号"}})
	require.NoError(t, err)
	require.Len(t, change.Opens, 1)
	opened := change.Opens[0]
	require.Equal(t, []any{"mediation", "police_referral", domain.ChannelPolice, p.file.Case.Matter, policeOrg},
		[]any{opened.After.Procedure, opened.After.Class, opened.After.Channel, opened.After.Matter, opened.After.Owner})
	require.Equal(t, "峄公受案字〔2021〕9号", opened.Entries[0].Fields["source_number"])
	p.take(change)

	child := &play{t: t, rules: p.rules, tallies: map[domain.Cell]int64{}}
	child.take(opened)
	child.do("2021-03-03", "auto_assign", domain.Router, nil, "registered")
	require.Equal(t, policeTJ, child.file.Case.Desk)
	child.due("accept", "2021-03-04") // one working day
	mediator := staffOf(domain.RoleMediator, policeTJ)
	hears := func(want string) {
		p.file.Derived = []domain.Case{child.file.Case}
		router := Router{Engine: NewEngine(nil, p.rules, func() time.Time { return at(t, "2021-03-31") }, uuid.NewString)}
		change, err := router.heed(p.file)
		if want == "" {
			require.Equal(t, domain.KindConflict, domain.KindOf(err))
			return
		}
		require.NoError(t, err)
		p.take(change)
		require.Equal(t, want, p.file.Case.State)
	}
	hears("")
	child.do("2021-03-04", "accept", mediator, domain.Fields{"rights_notified": true}, "accepted")
	child.do("2021-03-04", "assign_mediator", mediator, domain.Fields{"handler": mediator.ID}, "mediating")
	hears("")
	failed := child.file
	child.do("2021-03-10", "agree_orally", mediator, domain.Fields{"agreement": "赔偿", "agreed_on": "2021-03-10", "performance_due": "2021-03-20"}, "agreed")
	hears("police_review")
	p.refused("2021-03-31", "recognise", officer, domain.Fields{"joint_request": true, "performed": false, "voucher": "收条"},
		domain.KindInvalid, "fields.performed: must_be_yes")
	reviewed := p.file
	p.do("2021-03-31", "recognise", officer, domain.Fields{"joint_request": true, "performed": true, "voucher": "收条"}, "closed_no_penalty")
	p.ended("handle", true) // it ran on, and ended on the last day
	p.counts()
	child.counts("mediation.accepted 2021-03-04", "mediation.succeeded 2021-03-10", "mediation.concluded 2021-03-10")

	p.file = reviewed
	child.do("2021-03-21", "default", mediator, domain.Fields{"record": "未付", "advice": "可起诉"}, "defaulted")
	hears("failed")

	child.file = failed
	child.do("2021-03-22", "fail", mediator, domain.Fields{"ending": "deadlock", "advice": "可起诉"}, "failed")
	child.refused("2021-03-22", "hand_to_police", mediator, domain.Fields{"record": "不成"}, domain.KindConflict, "guard_opened_from")
	p.take(change)
	hears("failed")
	p.due("handle", "2021-03-31")
}

// Only the police register police cases, and only the court entrusts.
func TestOnlyThoseConcernedRegister(t *testing.T) {
	rules := theRules(t)
	for _, c := range []struct {
		in   Intake
		org  string
		role domain.Role
	}{
		{Intake{Procedure: "police_mediation", Fields: domain.Fields{"police_number": "号"}}, dizhenOrg, domain.RoleClerk},
		{Intake{Procedure: "litigation_mediation", Class: "entrusted_before_filing", Fields: domain.Fields{"consent": true, "court_number": "号"}}, countyOrg, domain.RoleCourtLiaison},
	} {
		c.in.Title, c.in.Parties = "测试", theParties
		_, err := rules.Register(c.in, staffOf(c.role, c.org), at(t, "2021-03-01"), testCase)
		require.ErrorContains(t, err, "guard_desk_kind")
	}
}

// entrusted is a case that the court gave to its committee, signed for.
func entrusted(t *testing.T, class, received, signed string) (*play, domain.Actor, domain.Actor) {
	court, mediator := staffOf(domain.RoleCourtLiaison, courtOrg), staffOf(domain.RoleMediator, courtTJ)
	p := begin(t, theRules(t), Intake{
		Procedure: "litigation_mediation", Class: class, Channel: domain.ChannelCourt,
		Fields: domain.Fields{"consent": true, "court_number": "(2020)鲁0404诉前调1号"},
	}, court, received)
	p.do(received, "auto_assign", domain.Router, nil, "offered")
	require.Equal(t, courtTJ, p.file.Case.Desk)
	require.Equal(t, courtOrg, p.file.Case.Owner, "the court answers for it until somebody signs")
	p.do(signed, "accept", mediator, domain.Fields{"rights_notified": true}, "mediating")
	require.Equal(t, courtTJ, p.file.Case.Owner)
	return p, court, mediator
}

// Example 6: entrusted before filing, extended from the nominal day, failed and
// filed.
func TestExample6EntrustedBeforeFiling(t *testing.T) {
	p, court, mediator := entrusted(t, "entrusted_before_filing", "2020-12-01", "2020-12-03")
	require.Equal(t, "特邀 27", p.due("mediate", "2021-01-04").Basis)
	p.refused("2020-12-30", "extend", mediator, domain.Fields{"consent": true, "reason": "继续"}, domain.KindInvalid, "fields.extension_days: required")
	p.do("2020-12-30", "extend", mediator, domain.Fields{"consent": true, "reason": "继续", "extension_days": 15}, "mediating")
	p.due("mediate", "2021-01-18")
	facts := domain.Fields{"undisputed_facts": "借款五万元", "confirmed_in_writing": false}
	p.refused("2021-01-14", "record_facts", mediator, facts, domain.KindInvalid, "fields.confirmed_in_writing: must_be_yes")
	facts["confirmed_in_writing"] = true
	p.do("2021-01-14", "record_facts", mediator, facts, "mediating")
	report := domain.Fields{"ending": "deadlock", "report": "分歧较大", "admissions_left_out": false}
	p.refused("2021-01-15", "fail", mediator, report, domain.KindInvalid, "fields.admissions_left_out: must_be_yes")
	report["admissions_left_out"] = true
	p.do("2021-01-15", "fail", mediator, report, "failed")
	require.Equal(t, courtOrg, p.file.Case.Desk)
	require.Equal(t, "民诉 (2017) 123 (from memory); 特邀 21", p.due("file", "2021-01-22").Basis)
	p.counts("mediation.accepted 2020-12-03", "mediation.concluded 2021-01-15")
	p.refused("2021-01-18", "resume_trial", court, domain.Fields{"court_number": "号"}, domain.KindConflict, "guard_class")
	p.do("2021-01-21", "file", court, domain.Fields{"court_number": "号"}, "filed")
	p.ended("file", true)
	p.counts("mediation.accepted 2020-12-03", "mediation.concluded 2021-01-15")
	p.owes("accept 2020-12-04 kept", "conclude 2021-01-18 kept")
}

// After filing the limits are shorter; an agreement counts from its last
// signature or seal, and no longer when the court does not accept it.
func TestEntrustedAfterFiling(t *testing.T) {
	for class, due := range map[string]string{"entrusted_after_filing_ordinary": "2022-06-21", "entrusted_after_filing_summary": "2022-06-13"} {
		p, court, mediator := entrusted(t, class, "2022-06-06", "2022-06-06")
		require.Equal(t, "特邀 27; 在线 24", p.due("mediate", due).Basis)
		p.refused("2022-06-08", "sign_agreement", mediator, domain.Fields{"agreement": "还款", "signed_on": "2022-06-08"}, domain.KindConflict, "guard_class")
		p.refused("2022-06-08", "begin_appraisal", mediator, domain.Fields{"reason": "鉴定"}, domain.KindConflict, "guard_class")
		p.do("2022-06-10", "submit_agreement", mediator, domain.Fields{"agreement": "还款", "signed_on": "2022-06-08", "sealed_on": "2022-06-09"}, "agreed_in_suit")
		succeeded := []string{"mediation.accepted 2022-06-06", "mediation.succeeded 2022-06-09", "mediation.concluded 2022-06-09"}
		p.counts(succeeded...)
		before := p.file
		p.do("2022-06-15", "close_by_court", court, domain.Fields{"court_paper": "mediation_paper", "court_number": "号"}, "court_closed")
		p.counts(succeeded...)
		p.file = before
		p.do("2022-06-15", "reject_agreement", court, domain.Fields{"ending": "sham", "reason": "虚假"}, "failed")
		p.counts("mediation.accepted 2022-06-06", "mediation.concluded 2022-06-15")
		p.do("2022-06-16", "resume_trial", court, domain.Fields{"court_number": "号"}, "trial")
	}
}

// Confirmation is asked for at the court that entrusted the case.
func TestEntrustedConfirmation(t *testing.T) {
	p, court, mediator := entrusted(t, "entrusted_before_filing", "2024-06-03", "2024-06-03")
	p.do("2024-06-11", "sign_agreement", mediator, domain.Fields{"agreement": "还款", "signed_on": "2024-06-07", "sealed_on": "2024-06-11"}, "agreed")
	p.due("apply_confirmation", "2024-07-11")
	p.do("2024-07-11", "apply_confirmation", citizen, domain.Fields{"both_apply": true, "subject": "ordinary"}, "confirming")
	require.Equal(t, courtOrg, p.file.Case.Desk)
	p.do("2024-07-12", "court_accept", court, domain.Fields{"court_number": "号"}, "confirming")
	require.Equal(t, "民诉 (2023) 187, 206", p.due("court_decide", "2024-08-12").Basis) // 11 August is a Sunday
	p.do("2024-08-01", "confirm", court, domain.Fields{"court_number": "号"}, "confirmed")
	require.Equal(t, 1, p.file.Case.Counts["confirmed"])
	p.do("2024-08-02", "perform", mediator, domain.Fields{"voucher": "收条"}, "performed")
	require.Equal(t, 1, p.file.Case.Counts["performed"])
	p.counts("mediation.accepted 2024-06-03", "mediation.succeeded 2024-06-11", "mediation.concluded 2024-06-11", "mediation.confirmed 2024-06-11")
}

// The competent department mediates, else the county's centre.
func TestAdministrativeMediationRoutes(t *testing.T) {
	for category, want := range map[string]string{"0102": housingOrg, "": amOrg} {
		p := begin(t, theRules(t), Intake{Procedure: "administrative_mediation", Class: "application", Category: category}, citizen, "2020-06-01")
		p.do("2020-06-01", "auto_assign", domain.Router, nil, "registered")
		require.Equal(t, want, p.file.Case.Desk)
	}
}

// A dispute with the administration could be mediated under the law of 2016;
// whoever accepts says that no other remedy waits.
func TestAdministrativeMediationOfDisputesWithTheAdministration(t *testing.T) {
	for received, regime := range map[string]string{"2025-04-30": "AM0", "2025-05-06": "AM25"} {
		officer := staffOf(domain.RoleHandler, housingOrg)
		p := begin(t, theRules(t), Intake{Procedure: "administrative_mediation", Class: "application"}, officer, received)
		require.Equal(t, regime, p.file.Case.Regime)
		fields := domain.Fields{"consent": true, "dispute": "public", "tied_to_duty": true, "remedies_told": true}
		p.refused(received, "accept", officer, fields, domain.KindInvalid, "fields.dispute: must_be")
		if regime == "AM25" {
			p.refused(received, "accept_public", officer, fields, domain.KindConflict, "guard_regime")
			continue
		}
		fields["remedies_told"] = false
		p.refused(received, "accept_public", officer, fields, domain.KindInvalid, "fields.remedies_told: must_be_yes")
		fields["remedies_told"] = true
		p.do(received, "accept_public", officer, fields, "mediating")
	}
}

// Disputes of enterprises and about finance go to the committee of the field;
// others are plain mediations.
func TestEnterpriseMediation(t *testing.T) {
	in := Intake{Procedure: "enterprise_mediation", Class: "application", Title: "测试", Parties: theParties, Place: villageOrg}
	_, err := theRules(t).Register(in, citizen, at(t, "2020-06-01"), testCase)
	require.ErrorContains(t, err, "guard_flag")
	for want, flags := range map[string][]domain.Flag{
		financeOrg: {domain.FlagEnterprise, domain.FlagFinancial}, enterpriseTJ: {domain.FlagEnterprise},
	} {
		in.Flags = flags
		p := begin(t, theRules(t), in, citizen, "2020-06-01")
		p.do("2020-06-01", "auto_assign", domain.Router, nil, "registered")
		require.Equal(t, want, p.file.Case.Desk)
		head := staffOf(domain.RoleCommitteeHead, want)
		p.do("2020-06-02", "accept", head, domain.Fields{"rights_notified": true}, "accepted")
		p.do("2020-06-02", "assign_mediator", head, domain.Fields{"handler": "m"}, "mediating")
		p.do("2020-06-10", "sign_agreement", head, domain.Fields{"agreement": "还款", "signed_on": "2020-06-08", "sealed_on": "2020-06-10"}, "agreed")
		p.due("apply_confirmation", "2020-07-10")
		counted := []string{"mediation.accepted 2020-06-02", "mediation.succeeded 2020-06-10", "mediation.concluded 2020-06-10"}
		if p.file.Case.Has(domain.FlagEnterprise) {
			counted = append(counted, "enterprise.resolved 2020-06-10")
		}
		if p.file.Case.Has(domain.FlagFinancial) {
			counted = append(counted, "finance.handled 2020-06-02")
		}
		p.counts(counted...)
	}
}

// Agreement, confirmation and performance are worded alike wherever they stand.
func TestMediationsAreWordedAlike(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	model, err := lib.Latest("mediation", domain.NewDate(2024, 1, 1))
	require.NoError(t, err)
	for _, name := range []string{"litigation_mediation", "administrative_mediation"} {
		p, err := lib.Latest(name, domain.NewDate(2024, 1, 1))
		require.NoError(t, err)
		for _, state := range []string{"agreed", "confirming", "confirmed", "performed", "defaulted", "enforcement", "archived"} {
			want, got := *model.State(state), p.State(state)
			want.On = slices.DeleteFunc(slices.Clone(want.On), func(t Transition) bool { // what has no meaning elsewhere
				return slices.ContainsFunc(t.If, func(g Guard) bool { return g.Name == "class" })
			})
			require.Equal(t, want.Title, got.Title)
			require.Equal(t, want.Disposition, got.Disposition)
			require.Len(t, got.On, len(want.On), "%s %s", name, state)
			for i := range want.On {
				w, g := &want.On[i], &got.On[i]
				require.Equal(t, []any{w.Do, w.Title, w.To, w.If, w.Needs, w.Takes, w.Papers, w.Event, w.Counts},
					[]any{g.Do, g.Title, g.To, g.If, g.Needs, g.Takes, g.Papers, g.Event, g.Counts}, "%s %s", name, state)
			}
		}
	}
}
