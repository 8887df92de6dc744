package workflow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// opened is the case that the newest one came out into, as a play of its own.
func (p *play) opened(action string, actor domain.Actor, when string, fields domain.Fields) *play {
	p.tick(when)
	change, err := p.rules.Step(p.file, Action{Name: action, Actor: actor, Fields: fields, Now: at(p.t, when)})
	require.NoError(p.t, err)
	require.Len(p.t, change.Opens, 1)
	p.take(change)
	child := &play{t: p.t, rules: p.rules, tallies: map[domain.Cell]int64{}}
	child.take(change.Opens[0])
	return child
}

// hears lets the router tell a case where the one that came out of it stands.
func (p *play) hears(child *play, when string) error {
	p.tick(when)
	p.file.Derived = []domain.Case{child.file.Case}
	router := Router{Engine: NewEngine(nil, p.rules, func() time.Time { return at(p.t, when) }, nil)}
	change, err := router.heed(p.file)
	if err == nil {
		p.take(change)
	}
	return err
}

// An appeal that is really a petition: one matter, two cases, and the first
// receiver answers for it until the petition is accepted.
func TestAppealThatIsAPetition(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	appeal := begin(t, rules, Intake{Procedure: "appeal", Class: "complaint", Place: villageOrg, Category: "0102"}, clerk, "2022-06-06")
	to := domain.Fields{"refer_to": "petition", "reason": "要求对征地补偿作出处理"}
	petition := appeal.opened("refer", clerk, "2022-06-06 15:00", to)
	require.Equal(t, "referred", appeal.file.Case.State)
	require.Equal(t, appeal.file.Case.Matter, petition.file.Case.Matter)
	require.Equal(t, []string{"petition", "demand", "P22", dizhenOrg}, []string{petition.file.Case.Procedure, petition.file.Case.Class,
		petition.file.Case.Regime, petition.file.Case.Owner})
	petition.due("dispose", "2022-06-21")
	require.Equal(t, domain.KindConflict, domain.KindOf(appeal.hears(petition, "2022-06-06 16:00")), "not accepted yet")

	petition.do("2022-06-07", "report_up", clerk, domain.Fields{"reason": "征地补偿"}, "registered")
	petition.do("2022-06-08", "accept", theBureau, nil, "accepted")
	require.NoError(t, appeal.hears(petition, "2022-06-08 12:01"))
	require.Equal(t, "transferred", appeal.file.Case.State)
	require.Equal(t, "petition", appeal.file.Case.Outcome)
	appeal.counts("appeals.received 2022-06-06") // and no answer is owed to it
	petition.due("conclude", "2022-08-07")
}

// What the other procedure will not have comes back to whoever took it in.
func TestReferralComesBack(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	appeal := begin(t, rules, Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, clerk, "2022-06-06")
	mediation := appeal.opened("refer", clerk, "2022-06-06 15:00", domain.Fields{"refer_to": "mediation", "reason": "邻里纠纷"})
	require.Equal(t, "appeal_referral", mediation.file.Case.Class)
	mediation.do("2022-06-07", "withdraw", clerk, domain.Fields{"reason": "已自行和好"}, "withdrawn")
	require.NoError(t, appeal.hears(mediation, "2022-06-07"))
	require.Equal(t, "returned", appeal.file.Case.State)
	require.Equal(t, dizhenOrg, appeal.file.Case.Owner)
	appeal.do("2022-06-07 14:00", "reply_directly", clerk, domain.Fields{"reply": "双方已和好", "knowledge": "群众自述"}, "replied")
}

// A petition that a committee settles: the organ's sixty days run on meanwhile.
func TestPetitionThatIsMediated(t *testing.T) {
	rules := theRules(t)
	p := begin(t, rules, Intake{Procedure: "petition", Class: "demand", Place: villageOrg}, theBureau, "2022-06-06")
	p.do("2022-06-07", "accept", theBureau, nil, "accepted")
	mediation := p.opened("refer_mediation", theBureau, "2022-06-10", domain.Fields{"reason": "宅基地边界"})
	p.due("conclude", "2022-08-06")
	require.Equal(t, "in_mediation", p.file.Case.State)
	head := staffOf(domain.RoleCommitteeHead, countyOrg)
	mediation.file.Case.Desk = dizhenTJ
	mediation.do("2022-06-11", "accept", head, domain.Fields{"rights_notified": true}, "accepted")
	mediation.do("2022-06-12", "assign_mediator", head, domain.Fields{"handler": "user"}, "mediating")
	require.Error(t, p.hears(mediation, "2022-06-12"))
	agreed := domain.Fields{"agreement": "各让半米", "signed_on": "2022-06-20", "sealed_on": "2022-06-20"}
	mediation.do("2022-06-20", "sign_agreement", head, agreed, "agreed")
	require.NoError(t, p.hears(mediation, "2022-06-20 18:00"))
	require.Equal(t, "settled", p.file.Case.State)
	require.Equal(t, "settled", p.file.Case.Outcome)
	p.ended("conclude", true)
}

// Reopening takes two: who asks, and who decides; a second time only the
// supervisor.
func TestReopeningInTwoSteps(t *testing.T) {
	rules := theRules(t)
	clerk, handler := staffOf(domain.RoleClerk, dizhenOrg), staffOf(domain.RoleHandler, dizhenOrg)
	supervisor := staffOf(domain.RoleSupervisor, countyOrg)
	p := begin(t, rules, Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, clerk, "2022-06-06")
	p.do("2022-06-06", "auto_dispatch", domain.Router, nil, "dispatched")
	p.do("2022-06-06 13:00", "accept", handler, nil, "handling")
	again := func(day, ask, decide string, by domain.Actor) {
		p.do(day, "reply", handler, domain.Fields{"reply": "已修", "result": "resolved"}, "replied")
		p.do(day+" 13:00", "follow_up", citizen, domain.Fields{"satisfaction": "dissatisfied", "resolved": false}, "closed")
		p.do(ask, "request_reopen", citizen, domain.Fields{"reason": "又坏了"}, "reopen_requested")
		require.NotNil(t, p.file.Case.ConcludedAt, "asking changes no figure")
		p.do(decide, map[bool]string{true: "reopen_again", false: "reopen"}[by.Role == domain.RoleSupervisor], by, domain.Fields{"reason": "属实"}, "handling")
		require.Nil(t, p.file.Case.ConcludedAt)
	}
	again("2022-06-07", "2022-06-10", "2022-06-13", clerk)
	again("2022-06-14", "2022-06-16", "2022-06-17", supervisor)
	p.do("2022-06-20", "reply", handler, domain.Fields{"reply": "已换", "result": "resolved"}, "replied")
	p.do("2022-06-20 13:00", "follow_up", citizen, domain.Fields{"satisfaction": "satisfied", "resolved": true}, "closed")
	p.do("2022-06-21", "request_reopen", citizen, domain.Fields{"reason": "再看看"}, "reopen_requested")
	p.due("triage", "2022-06-23")
	p.refused("2022-06-21", "reopen", clerk, domain.Fields{"reason": "x"}, domain.KindConflict, "guard_done_below")
	p.refused("2022-06-21", "refuse_reopen", clerk, domain.Fields{"reason": "x"}, domain.KindForbidden, "action_not_yours")
	p.do("2022-06-22", "refuse_reopen", supervisor, domain.Fields{"reason": "没有新情况"}, "archived")
	p.counts("appeals.received 2022-06-06", "appeals.due 2022-06-06", "appeals.closed 2022-06-06", "appeals.evaluated 2022-06-20", "appeals.satisfied 2022-06-20", "appeals.concluded 2022-06-20")
}

// A risk is told at once to the petition bureau and the police station; who
// helps sees the case and may add to it, but not decide.
func TestPartnersAreToldAndMayHelp(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, rules, Intake{Procedure: "petition", Class: "demand", Place: villageOrg}, clerk, "2022-06-06")
	p.do("2022-06-06", "raise_risk", clerk, domain.Fields{"risk_text": "扬言跳楼"}, "registered")
	require.Equal(t, []string{bureauOrg, policeOrg}, p.entries[len(p.entries)-1].Notified)
	require.Equal(t, []string{bureauOrg, policeOrg}, p.file.Case.Partners)
	police := staffOf(domain.RoleHandler, policeOrg)
	p.do("2022-06-06 13:00", "note", police, domain.Fields{"note_text": "已到场"}, "registered")
	p.refused("2022-06-06 14:00", "withdraw", police, domain.Fields{"reason": "x"}, domain.KindForbidden, "action_not_yours")

	p.do("2022-06-07", "join_organs", clerk, domain.Fields{"organizations": []any{housingOrg, housingOrg, hrssOrg}, "reason": "涉及两部门"}, "registered")
	require.Equal(t, []string{housingOrg, hrssOrg}, p.entries[len(p.entries)-1].Notified)
	p.do("2022-06-08", "joint_opinion", staffOf(domain.RoleHandler, hrssOrg), domain.Fields{"record": "同意补发"}, "registered")
	p.refused("2022-06-08", "join_organs", clerk, domain.Fields{"organizations": []any{"nobody"}, "reason": "x"}, domain.KindInvalid, "organization_unknown")

	against := append([]domain.Party{}, theParties[0], domain.Party{Role: domain.PartyRespondent, Name: "派出所", OrgCode: policeOrg})
	p = begin(t, rules, Intake{Procedure: "petition", Class: "demand", Place: villageOrg, Parties: against}, clerk, "2022-06-06")
	p.do("2022-06-06", "raise_risk", clerk, domain.Fields{"risk_text": "扬言报复"}, "registered")
	require.Equal(t, []string{bureauOrg}, p.file.Case.Partners, "a unit complained of is told nothing")
}

// A unit that is complained of by its name alone is kept from the case as well.
func TestUnitComplainedOfByName(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, countyOrg)
	against := []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}, {Role: domain.PartyRespondent, Name: dizhenOrg}} // the tests' names are codes
	p := begin(t, rules, Intake{Procedure: "appeal", Class: "complaint", Place: villageOrg, Parties: against}, clerk, "2022-06-06")
	require.Equal(t, dizhenOrg, p.file.Parties[1].OrgCode)
	p.do("2022-06-06", "auto_dispatch", domain.Router, nil, "dispatched")
	require.Equal(t, bureauOrg, p.file.Case.Desk)
}

// Every registration is a visit; only a first one is a matter.
func TestVisitsAndMatters(t *testing.T) {
	counted := func(c *domain.Case) (visit, matter, repeat bool) {
		for _, cell := range domain.Facts(c) {
			visit = visit || cell.Measure == "petitions.visits"
			matter = matter || cell.Measure == "petitions.matters"
			repeat = repeat || cell.Measure == "petitions.repeats"
		}
		return visit, matter, repeat
	}
	want := func(c *domain.Case, visit, matter, repeat bool) {
		t.Helper()
		v, m, r := counted(c)
		require.Equal(t, []bool{visit, matter, repeat}, []bool{v, m, r})
	}
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Place: villageOrg}, theBureau, "2022-06-06")
	want(&p.file.Case, true, true, false)
	step := func(action string, fields domain.Fields) {
		change, err := p.rules.Step(p.file, Action{Name: action, Actor: theBureau, Now: at(t, "2022-06-07"), Fields: fields, Cases: theOtherCase})
		require.NoError(t, err)
		p.take(change)
	}
	step("link_repeat", domain.Fields{"first_case": otherCase})
	want(&p.file.Case, true, false, true)
	step("unlink_repeat", domain.Fields{"unlink_reason": "另一件事"})
	want(&p.file.Case, true, true, false)
	step("merge", domain.Fields{"master": otherCase})
	want(&p.file.Case, true, false, false)
	step("unmerge", domain.Fields{"reason": "并错了"})
	want(&p.file.Case, true, true, false)
}

// A risk is told at once however the case came to be one.
func TestRiskIsToldHoweverItIsRaised(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	at := Intake{Procedure: "petition", Class: "demand", Place: villageOrg, Flags: []domain.Flag{domain.FlagRisk}}
	p := begin(t, rules, at, clerk, "2022-06-06")
	require.Equal(t, []string{bureauOrg, policeOrg}, p.entries[0].Notified)
	require.Equal(t, []string{bureauOrg, policeOrg}, p.file.Case.Partners)
	p.do("2022-06-07", "raise_risk", clerk, domain.Fields{"risk_text": "又来了"}, "registered")
	require.Empty(t, p.entries[len(p.entries)-1].Notified, "they know it already")

	head := staffOf(domain.RoleCommitteeHead, countyOrg)
	p = begin(t, rules, Intake{Procedure: "mediation", Class: "application", Place: villageOrg}, clerk, "2022-06-06")
	p.do("2022-06-06", "auto_assign", domain.Router, nil, "registered")
	p.do("2022-06-07", "accept", head, domain.Fields{"rights_notified": true}, "accepted")
	p.do("2022-06-07", "assign_mediator", head, domain.Fields{"handler": "m"}, "mediating")
	p.do("2022-06-08", "report_escalation", head, domain.Fields{"record": "持刀"}, "mediating")
	require.Equal(t, []string{bureauOrg, policeOrg}, p.entries[len(p.entries)-1].Notified)
}

// Who takes a case in place of a unit that it complains of depends on what it is.
func TestWhoTakesItInstead(t *testing.T) {
	rules := theRules(t)
	against := []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}, {Role: domain.PartyRespondent, Name: "某镇", OrgCode: dizhenOrg}}
	for procedure, want := range map[string]string{"petition": bureauOrg, "mediation": districtOrg, "police_mediation": countyOrg} {
		in := Intake{Procedure: procedure, Title: "x", Place: villageOrg, Parties: against, Fields: domain.Fields{}}
		org := dizhenOrg
		switch procedure {
		case "petition":
			in.Class = "demand"
		case "mediation":
			in.Class = "application"
		case "police_mediation":
			org, in.Fields = policeOrg, domain.Fields{"police_number": "1"}
		}
		change, err := rules.Register(in, staffOf(domain.RoleClerk, org), at(t, "2022-06-06"), testCase)
		if procedure == "police_mediation" { // the county is no police: it is refused, not left with the station
			require.ErrorContains(t, err, "guard_desk_kind")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, change.After.Desk, procedure)
	}
	clerk := staffOf(domain.RoleClerk, countyOrg)
	p := begin(t, rules, Intake{Procedure: "petition", Class: "demand", Place: otherVillage, Parties: against}, clerk, "2022-06-06")
	p.refused("2022-06-07", "join_organs", clerk, domain.Fields{"organizations": []any{dizhenOrg}, "reason": "x"}, domain.KindInvalid, "complained_of")
}

// While a case waits for the one that it opened, nobody slips it another.
func TestNothingIsSlippedToWhoWaits(t *testing.T) {
	rules := theRules(t)
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	appeal := begin(t, rules, Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, clerk, "2022-06-06")
	appeal.opened("refer", clerk, "2022-06-06 15:00", domain.Fields{"refer_to": "mediation", "reason": "邻里纠纷"})
	in := Intake{Procedure: "mediation", Class: "application", Title: "x", Parties: theParties,
		DerivedFrom: testCase, Cases: map[string]domain.Case{testCase: appeal.file.Case}}
	_, err := rules.Register(in, clerk, at(t, "2022-06-07"), otherCase)
	require.ErrorContains(t, err, "[derived_from: origin_waits]")
	require.False(t, rules.awaits(&appeal.file.Case, "proposal"), "of what it does not open it hears nothing")
}
