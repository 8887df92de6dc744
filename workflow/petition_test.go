package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var (
	theBureau = staffOf(domain.RoleSupervisor, bureauOrg)
	theCounty = staffOf(domain.RoleSupervisor, countyOrg)
	housing   = staffOf(domain.RoleHandler, housingOrg)
)

// newPetition is forwarded to the housing department.
func newPetition(t *testing.T, class, received string, flags ...domain.Flag) *play {
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: class, Category: "0102", Flags: flags}, theBureau, received)
	p.do(received, "forward", theBureau, nil, "forwarded")
	require.Equal(t, housingOrg, p.file.Case.Desk)
	return p
}

var anOpinion = domain.Fields{
	"statement_heard": true, "result": "supported", "facts": "属实", "opinion": "支持", "legal_basis": "条例", "approved_by": "局长",
}

// The day of receipt chooses the law, and the law the limit and its article.
func TestPetitionLimitsByRegime(t *testing.T) {
	for _, c := range []struct{ class, received, clock, due, basis string }{
		{"demand", "2022-04-30", "notice", "2022-05-15", "信访条例 21"},
		{"demand", "2022-05-01", "notice", "2022-05-16", "信访工作条例 23"},
		{"demand", "2022-04-30", "conclude", "2022-06-29", "信访条例 33; 鲁 42"},
		{"demand", "2022-05-01", "conclude", "2022-06-30", "信访工作条例 34; 鲁 42"},
		{"accusation", "2022-04-30", "conclude", "2022-06-29", "信访条例 33; 鲁 42"},
		{"accusation", "2022-05-01", "conclude", "2022-06-30", "[D] 信访工作条例 30 sets no limit"},
		{"suggestion", "2022-05-01", "conclude", "2022-06-30", "[D] 信访工作条例 29 sets no limit"},
		{"demand", "2022-04-30", "objection", "2022-05-10", "[D] as 信访工作条例 23; 信访条例 is silent"},
		{"demand", "2022-05-02", "objection", "2022-05-10", "信访工作条例 23"}, // as the holiday ends on the 4th and Saturday the 7th is worked
	} {
		p := newPetition(t, c.class, c.received)
		if c.clock == "conclude" {
			p.do(c.received, "accept", housing, nil, "accepted")
		}
		require.Equal(t, c.basis, p.due(c.clock, c.due).Basis, "%v", c)
	}
}

func TestPetitionObjection(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.due("objection", "2022-06-09") // 3 June is a holiday
	p.do("2022-06-08", "object", housing, domain.Fields{"reason": "属人社部门职权", "suggested_organization": hrssOrg}, "objected")
	p.due("verify", "2022-06-10")
	p.do("2022-06-09", "uphold_objection", theBureau, nil, "registered")
	require.Equal(t, bureauOrg, p.file.Case.Desk)
	p.due("forward_again", "2022-06-13")
	p.do("2022-06-10", "forward", theBureau, domain.Fields{"organization": hrssOrg}, "forwarded")
	p.ended("forward_again", true)
	p.due("notice", "2022-06-25")
	hrss := staffOf(domain.RoleHandler, hrssOrg)
	p.do("2022-06-14", "object", hrss, domain.Fields{"reason": "不属本单位"}, "objected")
	p.do("2022-06-15", "designate", theBureau, domain.Fields{"organization": hrssOrg, "reason": "共同上级指定"}, "forwarded")
	p.refused("2022-06-15", "object", hrss, domain.Fields{"reason": "仍有异议"}, domain.KindConflict, "guard_in_time")
	p.do("2022-06-16", "accept", hrss, nil, "accepted")
	require.Equal(t, hrssOrg, p.file.Case.Owner)
}

func TestPetitionSimplified(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Category: "0102"}, theBureau, "2022-06-06")
	p.do("2022-06-06", "simplify", theBureau, nil, "registered")
	p.do("2022-06-06", "forward", theBureau, nil, "forwarded")
	p.due("notice", "2022-06-09")
	p.do("2022-06-07", "accept", housing, nil, "accepted")
	p.due("conclude", "2022-06-21")
	p.refused("2022-06-08", "extend", housing, domain.Fields{"reason": "复杂", "approved_by": "局长"}, domain.KindConflict, "guard_flag")
	p.do("2022-06-08", "use_ordinary", housing, domain.Fields{"reason": "案情复杂"}, "accepted")
	p.due("conclude", "2022-08-06") // counted from the acceptance
	p.do("2022-08-05", "extend", housing, domain.Fields{"reason": "复杂", "approved_by": "局长", "extension_days": 10}, "accepted")
	p.due("conclude", "2022-08-16")

	repeat := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Flags: []domain.Flag{domain.FlagRepeat}}, theBureau, "2022-06-06")
	repeat.refused("2022-06-06", "simplify", theBureau, nil, domain.KindConflict, "guard_flag")
}

func TestPetitionExtensionIsBounded(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-01", "accept", housing, nil, "accepted")
	for _, days := range []int{0, 31} {
		p.refused("2022-06-20", "extend", housing, domain.Fields{"reason": "复杂", "approved_by": "局长", "extension_days": days},
			domain.KindInvalid, "extension_range")
	}
	p.refused("2022-08-01", "extend", housing, domain.Fields{"reason": "复杂", "approved_by": "局长"}, domain.KindConflict, "guard_in_time")
}

// Only the hearing of the recheck stops a clock.
func TestRecheckHearingPauses(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	p.do("2022-06-10", "hold_hearing", housing, domain.Fields{"record": "笔录"}, "accepted")
	p.due("conclude", "2022-08-01")
	p.do("2022-06-20", "issue_opinion", housing, anOpinion, "opinion")
	p.do("2022-06-24", "serve", housing, domain.Fields{"delivery": "post", "served_on": "2022-06-22"}, "served")
	require.Equal(t, "2022-06-22", domain.DateIn(*p.file.Case.ConcludedAt).String())
	p.due("apply_review", "2022-07-22")
	p.do("2022-06-27", "request_review", citizen, domain.Fields{"reason": "不服"}, "review")
	p.do("2022-07-11", "serve_review", theCounty, domain.Fields{"review_result": "upheld", "opinion": "维持", "delivery": "post"}, "review_served")
	p.do("2022-08-01", "request_recheck", citizen, domain.Fields{"reason": "不服"}, "recheck")
	p.due("accept_recheck", "2022-08-04")
	p.due("recheck", "2022-08-31")
	p.do("2022-08-10", "open_hearing", theCounty, nil, "recheck")
	p.refused("2022-08-11", "serve_recheck", theCounty, domain.Fields{"review_result": "upheld", "opinion": "维持", "delivery": "post"},
		domain.KindConflict, "guard_paused")
	p.do("2022-08-15", "close_hearing", theCounty, domain.Fields{"record": "笔录"}, "recheck")
	p.due("recheck", "2022-09-05")

	x, err := p.rules.Explain(*p.due("recheck", "2022-09-05"), p.entries)
	require.NoError(t, err)
	require.Equal(t, []domain.Pause{{From: domain.NewDate(2022, 8, 10), To: domain.NewDate(2022, 8, 15)}}, x.Pauses)
	counted := map[string]int{}
	for _, d := range x.Days {
		counted[d.Why]++
	}
	require.Equal(t, map[string]int{domain.WhyStart: 1, domain.WhyCounted: 30, domain.WhyPaused: 5}, counted)

	p.do("2022-09-02", "serve_recheck", theCounty, domain.Fields{"review_result": "upheld", "opinion": "维持", "delivery": "post"}, "concluded")
	p.ended("recheck", true)
	p.counts("petitions.received 2022-06-01", "petitions.accepted 2022-06-02", "petitions.concluded 2022-06-22")
}

// An annulled opinion takes the conclusion back until the next is served.
func TestPetitionAnnulled(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	p.do("2022-06-20", "issue_opinion", housing, anOpinion, "opinion")
	p.do("2022-06-20", "serve", housing, domain.Fields{"delivery": "in_person"}, "served")
	p.do("2022-06-27", "request_review", citizen, domain.Fields{"reason": "不服"}, "review")
	p.do("2022-07-11", "annul", theCounty, domain.Fields{"reason": "主要事实不清", "opinion": "撤销重办", "redo_by": "2022-08-10"}, "accepted")
	require.Equal(t, housingOrg, p.file.Case.Desk)
	require.Empty(t, p.file.Case.Outcome)
	p.due("redo", "2022-08-10")
	p.counts("petitions.received 2022-06-01", "petitions.accepted 2022-06-02")
	p.do("2022-08-01", "issue_opinion", housing, anOpinion, "opinion")
	p.do("2022-08-02", "serve", housing, domain.Fields{"delivery": "in_person"}, "served")
	p.ended("redo", true)
	p.counts("petitions.received 2022-06-01", "petitions.accepted 2022-06-02", "petitions.concluded 2022-08-02")
}

// One final rating, of first petitions, never by whoever handled it.
func TestPetitionRating(t *testing.T) {
	rate := domain.Fields{"satisfaction": "satisfied", "bureau_satisfaction": "dissatisfied"}
	clerk := staffOf(domain.RoleClerk, housingOrg)
	served := func(flags ...domain.Flag) *play {
		p := newPetition(t, "demand", "2022-06-01", flags...)
		p.do("2022-06-02", "accept", clerk, nil, "accepted")
		p.do("2022-06-20", "settle", housing, domain.Fields{"agreement": "和解"}, "settled")
		return p
	}
	p := served()
	p.refused("2022-06-21", "evaluate", housing, rate, domain.KindForbidden, "action_not_yours")
	p.do("2022-06-21", "evaluate", citizen, rate, "settled")
	p.refused("2022-06-22", "evaluate", citizen, rate, domain.KindConflict, "guard_evaluated")
	p.counts("petitions.received 2022-06-01", "petitions.accepted 2022-06-02", "petitions.concluded 2022-06-20",
		"petitions.evaluated 2022-06-21", "petitions.satisfied 2022-06-21")
	served(domain.FlagRepeat).refused("2022-06-21", "evaluate", citizen, rate, domain.KindConflict, "guard_flag")

	p = newPetition(t, "suggestion", "2022-06-01")
	p.do("2022-06-02", "accept", clerk, nil, "accepted")
	p.refused("2022-06-20", "issue_opinion", housing, anOpinion, domain.KindConflict, "guard_class")
	head := staffOf(domain.RoleSupervisor, housingOrg)
	p.do("2022-06-20", "reply_suggestion", head, domain.Fields{"adoption": "adopted", "opinion": "采纳"}, "answered")
	p.refused("2022-06-21", "evaluate", head, rate, domain.KindForbidden, "rates_himself")
	list, err := p.rules.Available(p.file, head, at(t, "2022-06-21"))
	require.NoError(t, err)
	for _, a := range list {
		require.NotEqual(t, "evaluate", a.Action.Do, "nor is it offered")
	}
	p.tick("2022-07-21")
	require.Equal(t, "concluded", p.file.Case.State)
}

func TestPetitionSupervision(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Place: villageOrg}, clerk, "2020-06-01")
	p.do("2020-06-02", "accept", clerk, nil, "accepted")
	// The bureau watches over cases that never came to it.
	p.do("2020-08-10", "supervise", theBureau, domain.Fields{"supervision_ground": "overdue", "reason": "逾期未办结"}, "accepted")
	require.True(t, p.file.Case.Has(domain.FlagSupervised))
	require.Equal(t, "信访条例 36", p.due("supervision", "2020-09-09").Basis)
	p.do("2020-08-20", "answer_supervision", clerk, domain.Fields{"record": "正在整改"}, "accepted")
	p.ended("supervision", true)
	p.refused("2020-08-21", "answer_supervision", clerk, domain.Fields{"record": "再报"}, domain.KindConflict, "guard_running")
	p.do("2020-08-21", "lift_supervision", theBureau, domain.Fields{"reason": "已整改"}, "accepted")
	require.False(t, p.file.Case.Has(domain.FlagSupervised))
}

// What a citizen sends in comes to the bureau by itself; a unit's own stays.
func TestPetitionComesToTheBureau(t *testing.T) {
	rules := theRules(t)
	p := begin(t, rules, Intake{Procedure: "petition", Class: "demand"}, citizen, "2022-06-01")
	require.Equal(t, countyOrg, p.file.Case.Desk)
	p.do("2022-06-01", "auto_receive", domain.Router, nil, "registered")
	require.Equal(t, bureauOrg, p.file.Case.Desk)
	require.Equal(t, bureauOrg, p.file.Case.Owner)
	p.refused("2022-06-01", "auto_receive", domain.Router, nil, domain.KindConflict, "guard_desk_kind")

	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p = begin(t, rules, Intake{Procedure: "petition", Class: "demand"}, clerk, "2022-06-01")
	p.refused("2022-06-01", "auto_receive", domain.Router, nil, domain.KindConflict, "guard_desk_kind")
	p.do("2022-06-01", "report_up", clerk, domain.Fields{"reason": "不属镇职权"}, "registered")
	require.Equal(t, bureauOrg, p.file.Case.Desk)
}

// What somebody complains of never gets the complaint, however it is sent.
func TestComplainedOfNeverGetsIt(t *testing.T) {
	rules := theRules(t)
	against := func(org string) Intake {
		return Intake{Procedure: "petition", Class: "demand", Category: "0102", Place: villageOrg, Parties: []domain.Party{
			{Role: domain.PartyApplicant, Name: "某人"}, {Role: domain.PartyRespondent, Name: "被反映单位", Organization: true, OrgCode: org},
		}}
	}
	p := begin(t, rules, against(dizhenOrg), staffOf(domain.RoleClerk, villageOrg), "2022-06-01")
	require.Equal(t, bureauOrg, p.file.Case.Desk, "the village lies below the township complained of")
	require.Equal(t, bureauOrg, p.file.Case.Owner)
	require.Equal(t, villageOrg, p.file.Case.RegisteredBy)
	p.refused("2022-06-02", "forward", theBureau, domain.Fields{"organization": policeOrg}, domain.KindInvalid, "complained_of")
	p.do("2022-06-02", "forward", theBureau, nil, "forwarded") // by place it were the township
	require.Equal(t, bureauOrg, p.file.Case.Desk)

	p = begin(t, rules, against(bureauOrg), citizen, "2022-06-01")
	p.do("2022-06-01", "auto_receive", domain.Router, nil, "registered")
	require.Equal(t, countyOrg, p.file.Case.Desk)
	p.refused("2022-06-02", "note", theBureau, domain.Fields{"note_text": "看一下"}, domain.KindForbidden, "action_not_yours")
}

// A respondent found out later takes the case with it.
func TestEditKeepsCaseFromTheComplainedOf(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	parties := []domain.Party{theParties[0], {Role: domain.PartyRespondent, Name: "住建局", Organization: true, OrgCode: housingOrg}}
	change, err := p.rules.Edit(p.file, Patch{Parties: &parties}, theBureau, at(t, "2022-06-02"))
	require.NoError(t, err)
	require.Equal(t, bureauOrg, change.After.Desk)
	require.Equal(t, bureauOrg, change.Entries[0].Desk)
	require.Empty(t, change.Entries[0].Clocks)
	_, err = p.rules.Edit(p.file, Patch{}, staffOf(domain.RoleAuditor, countyOrg), at(t, "2022-06-02"))
	require.Equal(t, domain.KindForbidden, domain.KindOf(err))
}
