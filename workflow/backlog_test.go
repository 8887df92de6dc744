package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func backlogOf(class, first, baseline string) Intake {
	return Intake{Procedure: "backlog", Class: class, Title: "积案", Parties: plaintiff, Fields: domain.Fields{
		"first_registered": first, "baseline": baseline, "source": "provincial", "notice_number": "鲁信联办〔2020〕1号",
	}}
}

// ownedBacklog is in the hands of the township.
func ownedBacklog(t *testing.T, in Intake) *play {
	p := begin(t, theRules(t), in, theBureau, "2020-01-22")
	p.do("2020-02-10", "take_charge", theBureau, domain.Fields{
		"leader_name": "某某", "leader_post": "副区长", "organization": dizhenOrg, "target_date": "2020-06-30",
	}, "owned")
	return p
}

var (
	thePlan  = domain.Fields{"crux": "征地补偿", "plan": "一案一策", "responsible_person": "某某"}
	theClaim = domain.Fields{"how": "agreement", "evidence": "协议", "agreed_on": "2020-04-08", "performed_on": "2020-05-20"}
	signed   = domain.Fields{"leader_signed_by": "某某", "leader_signed_on": "2020-05-27"}
	removal  = domain.Fields{"result": "resolved", "bureau_signed_by": "局长", "removal_number": "销1"}
)

// Example 10: the petition is refused as concluded; the list lies over it and
// moves nothing of it.
func TestExample10Backlog(t *testing.T) {
	petition := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Persons: 23, Parties: plaintiff,
		Flags: []domain.Flag{domain.FlagRepeat, domain.FlagBacklog}}, staffOf(domain.RoleClerk, bureauOrg), "2020-01-06")
	petition.due("dispose", "2020-01-21")
	petition.do("2020-01-20", "refuse", theBureau, domain.Fields{"refusal": "concluded_before", "reason": "2015 年办结"}, "not_accepted")
	was := petition.file

	in := backlogOf("five_year", "2014-05-12", "2019-12-31")
	in.Persons, in.DerivedFrom, in.Cases = 23, testCase, map[string]domain.Case{testCase: petition.file.Case}
	change, err := petition.rules.Register(in, theBureau, at(t, "2020-01-22"), otherCase)
	require.NoError(t, err)
	require.Equal(t, was.Case.Matter, change.After.Matter, "no new matter")
	require.Empty(t, change.Opens)
	require.Equal(t, was, petition.file)
	p := &play{t: t, rules: petition.rules, tallies: map[domain.Cell]int64{}}
	p.take(change)
	require.Equal(t, []domain.Flag{domain.FlagCollective, domain.FlagBacklog}, p.file.Case.Flags)
	p.counts("backlog.listed 2020-01-22") // petition intake 0

	p.do("2020-02-10", "take_charge", staffOf(domain.RoleLeader, countyOrg), domain.Fields{
		"leader_name": "某某", "leader_post": "副区长", "organization": dizhenOrg, "target_date": "2020-06-30", "co_organizations": []string{housingOrg},
	}, "owned")
	require.Equal(t, dizhenOrg, p.file.Case.Owner)
	require.Equal(t, []string{housingOrg}, p.file.Case.Partners)
	p.due("target", "2020-06-30")
	p.do("2020-02-24", "make_plan", sued, thePlan, "planned")
	p.do("2020-03-20", "report_progress", sued, domain.Fields{"progress": "三次见面"}, "planned")
	require.Equal(t, 2, p.due("report_progress", "2020-04-20").Round)
	p.do("2020-05-21", "claim", sued, theClaim, "claimed")
	require.Equal(t, bureauOrg, p.file.Case.Desk)
	clerk := staffOf(domain.RoleClerk, bureauOrg)
	p.do("2020-05-28", "sign_as_leader", clerk, signed, "signed")
	p.do("2020-06-02", "resolve", theBureau, removal, "resolved")
	require.Equal(t, domain.Concluded, p.file.Case.Disposition)
	require.Equal(t, "2020-06-02", domain.DateIn(*p.file.Case.ConcludedAt).String())
	require.Equal(t, 1, p.file.Case.Counts["resolved_in_time"])
	p.owes("conclude 2020-06-30 kept")
	p.due("watch", "2020-12-02")
	p.tick("2020-12-03")
	require.Equal(t, "closed", p.file.Case.State)
}

// Five years to the day are five years; the class decides whether they are
// asked for, and the age which flags it carries.
func TestBacklogAge(t *testing.T) {
	rules := theRules(t)
	for _, c := range []struct {
		class, first, baseline string
		flags                  []domain.Flag
	}{
		{"five_year", "2014-12-31", "2019-12-31", []domain.Flag{domain.FlagBacklog}},
		{"five_year", "2015-01-01", "2019-12-31", nil},
		{"five_year", "2016-02-29", "2021-02-28", []domain.Flag{domain.FlagBacklog}},
		{"five_year", "2016-03-01", "2021-02-28", nil},
		{"five_year", "2021-01-01", "2015-01-01", nil},
		{"four_key", "2019-01-01", "2019-12-31", []domain.Flag{domain.FlagFourKey}},
		{"four_key", "2014-01-01", "2019-12-31", []domain.Flag{domain.FlagBacklog, domain.FlagFourKey}},
	} {
		change, err := rules.Register(backlogOf(c.class, c.first, c.baseline), theBureau, at(t, "2022-01-10"), testCase)
		if c.flags == nil {
			require.Equal(t, domain.KindInvalid, domain.KindOf(err), "%v", c)
			require.ErrorContains(t, err, "fields.first_registered: years_too_few")
			continue
		}
		require.NoError(t, err, "%v", c)
		require.Equal(t, c.flags, change.After.Flags, "%v", c)
	}
	in := backlogOf("four_key", "2019-01-01", "2019-12-31")
	in.Flags = []domain.Flag{domain.FlagBacklog}
	_, err := rules.Register(in, theBureau, at(t, "2022-01-10"), testCase)
	require.ErrorContains(t, err, "flag_not_yours", "the list decides")
	change, err := rules.Register(Intake{Procedure: "petition", Class: "demand", Title: "x", Parties: plaintiff, Flags: in.Flags}, theBureau, at(t, "2022-01-10"), testCase)
	require.NoError(t, err)
	require.True(t, change.After.Has(domain.FlagBacklog), "elsewhere the flag is anybody's")
}

// Only the bureau keeps the list; two persons enter the two signatures.
func TestBacklogIsSignedTwice(t *testing.T) {
	rules := theRules(t)
	_, err := rules.Register(backlogOf("five_year", "2014-01-01", "2019-12-31"), staffOf(domain.RoleSupervisor, housingOrg), at(t, "2020-01-22"), testCase)
	require.ErrorContains(t, err, "guard_desk_kind")
	p := ownedBacklog(t, backlogOf("five_year", "2014-01-01", "2019-12-31"))
	p.do("2020-02-24", "make_plan", sued, thePlan, "planned")
	p.do("2020-05-21", "claim", sued, theClaim, "claimed")
	both := staffOf(domain.RoleLeader, countyOrg)
	p.do("2020-05-28", "sign_as_leader", both, signed, "signed")
	same := theBureau
	same.ID = both.ID
	p.refused("2020-06-02", "resolve", same, removal, domain.KindConflict, "guard_not_requester")
	p.do("2020-06-02", "send_back", theBureau, domain.Fields{"reason": "回访不属实"}, "planned")
	require.Equal(t, dizhenOrg, p.file.Case.Desk)
	p.do("2020-06-10", "claim", sued, theClaim, "claimed")
	p.refused("2020-06-11", "resolve", theBureau, removal, domain.KindConflict, "action_not_allowed") // the leader's first signature is gone
}

// What comes back is not counted until it is removed anew.
func TestBacklogComesBack(t *testing.T) {
	p := ownedBacklog(t, backlogOf("five_year", "2014-01-01", "2019-12-31"))
	p.do("2020-02-24", "make_plan", sued, thePlan, "planned")
	p.do("2020-05-21", "claim", sued, theClaim, "claimed")
	p.do("2020-05-28", "sign_as_leader", staffOf(domain.RoleLeader, countyOrg), signed, "signed")
	p.do("2020-06-02", "resolve", theBureau, removal, "resolved")
	p.do("2020-12-02", "rebound", theBureau, domain.Fields{"rebound": "visit", "record": "重访", "target_date": "2021-03-31"}, "planned")
	require.Equal(t, domain.Active, p.file.Case.Disposition)
	require.Nil(t, p.file.Case.ConcludedAt)
	require.Empty(t, p.file.Case.Outcome)
	require.Equal(t, 2, p.due("target", "2021-03-31").Round)

	p = ownedBacklog(t, backlogOf("four_key", "2019-01-01", "2019-12-31"))
	p.do("2020-02-12", "remove", theBureau, domain.Fields{"order_number": "〔2020〕4号", "reason": "重复交办"}, "removed")
	require.Equal(t, domain.Terminated, p.file.Case.Disposition)
}
