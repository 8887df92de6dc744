package workflow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// The organisations of the tests, a county in small.
const (
	countyOrg    = "370404"
	centreOrg    = "370404-centre"
	bureauOrg    = "370404-petition"
	courtOrg     = "370404-court"
	housingOrg   = "370404-housing"
	hrssOrg      = "370404-hrss"
	districtOrg  = "370404-district"
	financeOrg   = "370404-finance"
	dizhenOrg    = "370404102" // 底阁镇
	yinpingOrg   = "370404101" // 阴平镇
	dizhenTJ     = "370404102-tj"
	yinpingTJ    = "370404101-tj"
	villageOrg   = "370404102201"
	villageTJ    = "370404102201-tj"
	otherVillage = "370404101205"
	otherTJ      = "370404101205-tj"
	policeOrg    = "370404102-police"
	justiceOrg   = "370404-justice"
	congressOrg  = "370404-congress"
	cppccOrg     = "370404-cppcc"
	settleOrg    = "370404-court-settle"
	policeTJ     = "370404-police-tj"     // 公调对接调委会
	courtTJ      = "370404-court-tj"      // 诉调对接调委会
	enterpriseTJ = "370404-enterprise-tj" // 涉企纠纷调委会
	amOrg        = "370404-am"            // 行政调解中心
)

// testOrgs: code, parent, kind, place, function.
var testOrgs = [][5]string{
	{countyOrg, "", "county", countyOrg, ""},
	{centreOrg, countyOrg, "citizens_centre", "", ""},
	{bureauOrg, countyOrg, "petition_bureau", "", ""},
	{courtOrg, countyOrg, "court", countyOrg, ""},
	{housingOrg, countyOrg, "department", "", "housing"},
	{hrssOrg, countyOrg, "department", "", "hrss"},
	{districtOrg, countyOrg, "industry_committee", "", "district"},
	{financeOrg, countyOrg, "industry_committee", "", "finance"},
	{dizhenOrg, countyOrg, "township", dizhenOrg, ""},
	{yinpingOrg, countyOrg, "township", yinpingOrg, ""},
	{dizhenTJ, dizhenOrg, "township_committee", dizhenOrg, ""},
	{yinpingTJ, yinpingOrg, "township_committee", yinpingOrg, ""},
	{policeOrg, dizhenOrg, "police_station", dizhenOrg, ""},
	{"370404101-police", yinpingOrg, "police_station", yinpingOrg, ""},
	{villageOrg, dizhenOrg, "village", villageOrg, ""},
	{villageTJ, villageOrg, "village_committee", villageOrg, ""},
	{otherVillage, yinpingOrg, "village", otherVillage, ""},
	{otherTJ, otherVillage, "village_committee", otherVillage, ""},
	{justiceOrg, countyOrg, "justice_bureau", "", "justice"},
	{congressOrg, countyOrg, "department", "", "peoples_congress"},
	{cppccOrg, countyOrg, "department", "", "cppcc"},
	{settleOrg, courtOrg, "service_centre", "", "administrative_settlement"},
	{policeTJ, countyOrg, "industry_committee", "", "police"},
	{courtTJ, countyOrg, "industry_committee", "", "court"},
	{enterpriseTJ, countyOrg, "industry_committee", "", "enterprise"},
	{amOrg, countyOrg, "service_centre", "", "administrative_mediation"},
}

// theRules are the standard procedures in the county in small.
func theRules(t require.TestingT) *Rules {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	var orgs []domain.Organization
	for _, o := range testOrgs {
		orgs = append(orgs, domain.Organization{
			Code: o[0], Parent: o[1], Kind: domain.OrgKind(o[2]), Name: o[0], Place: o[3], Function: o[4],
			ValidFrom: domain.NewDate(2000, 1, 1),
		})
	}
	return &Rules{
		Library:    lib,
		Calendar:   domain.StandardCalendar(),
		Directory:  domain.NewDirectory(orgs, map[string]string{"01": "housing", "02": "hrss"}),
		Categories: map[string]bool{"0102": true, "0201": true},
	}
}

// staffOf is a member of staff; the same role at the same place is the same
// person.
func staffOf(role domain.Role, org string) domain.Actor {
	return domain.Actor{ID: string(role) + "-" + org, Name: string(role), Role: role, Org: org}
}

var citizen = domain.Actor{ID: "citizen", Name: "citizen", Role: domain.RoleCitizen}

// at is the middle of a day in Beijing; "2020-04-29 23:00" names the hour.
func at(t require.TestingT, s string) time.Time {
	if len(s) == len(time.DateOnly) {
		s += " 12:00"
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", s, domain.Beijing)
	require.NoError(t, err)
	return when
}

// play is one case on its way, with its whole history.
type play struct {
	t       require.TestingT
	rules   *Rules
	file    domain.File
	entries []domain.Entry
	tallies map[domain.Cell]int64
}

const testCase = "0197a000-0000-7000-8000-000000000001"

// begin registers a case.
func begin(t require.TestingT, rules *Rules, in Intake, actor domain.Actor, when string) *play {
	p := &play{t: t, rules: rules, tallies: map[domain.Cell]int64{}}
	if in.Title == "" {
		in.Title = "测试"
	}
	if in.Parties == nil {
		in.Parties = theParties
	}
	change, err := rules.Register(in, actor, at(t, when), testCase)
	require.NoError(t, err)
	p.take(change)
	return p
}

// theParties are of any case about which a test says nothing else.
var theParties = []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}, {Role: domain.PartyRespondent, Name: "某某"}}

func (p *play) take(change domain.Change) {
	p.file = change.File(p.file)
	p.entries = append(p.entries, change.Entries...)
	for _, tally := range domain.Tallies(change.Before, &change.After) {
		p.tallies[tally.Cell] += tally.N
	}
}

// try takes an action, after what time has done until then.
func (p *play) try(when, action string, actor domain.Actor, fields domain.Fields) error {
	p.tick(when)
	change, err := p.rules.Step(p.file, Action{Name: action, Actor: actor, Fields: fields, Now: at(p.t, when)})
	if err == nil {
		p.take(change)
	}
	return err
}

// unswept takes an action that must be possible, before the sweeper has come.
func (p *play) unswept(when, action string, actor domain.Actor, fields domain.Fields) {
	change, err := p.rules.Step(p.file, Action{Name: action, Actor: actor, Fields: fields, Now: at(p.t, when)})
	require.NoError(p.t, err)
	p.take(change)
}

// do takes an action that must be possible, and wants the state after it.
func (p *play) do(when, action string, actor domain.Actor, fields domain.Fields, state string) {
	require.NoError(p.t, p.try(when, action, actor, fields), "%s on %s", action, when)
	require.Equal(p.t, state, p.file.Case.State, "%s on %s", action, when)
}

// refused wants an action to be refused, with a kind and a code.
func (p *play) refused(when, action string, actor domain.Actor, fields domain.Fields, kind domain.Kind, code string) {
	err := p.try(when, action, actor, fields)
	require.Error(p.t, err, "%s on %s", action, when)
	require.Equal(p.t, kind, domain.KindOf(err), "%v", err)
	require.ErrorContains(p.t, err, code)
}

func (p *play) tick(when string) {
	change, ok, err := p.rules.Tick(p.file, at(p.t, when))
	require.NoError(p.t, err)
	if ok {
		p.take(change)
	}
}

// due wants the day on which a clock's latest round is due.
func (p *play) due(clock, day string) *domain.Deadline {
	d := currentClock(&p.file, clock)
	require.NotNil(p.t, d, "clock %s never ran", clock)
	require.Equal(p.t, day, domain.DateIn(d.Due).String(), "clock %s", clock)
	return d
}

// ended wants a clock to have ended in time, or not.
func (p *play) ended(clock string, met bool) {
	d := currentClock(&p.file, clock)
	require.NotNil(p.t, d, "clock %s never ran", clock)
	require.NotNil(p.t, d.EndedAt, "clock %s still runs", clock)
	require.Equal(p.t, met, d.Met, "clock %s", clock)
}

// owes wants the case's duties: what, by which day, and how it came out.
func (p *play) owes(want ...string) {
	got := []string{}
	for _, d := range domain.Duties {
		if due, met := p.file.Case.Owed(d); due != nil {
			verdict := "open"
			if met != nil {
				verdict = map[bool]string{true: "kept", false: "missed"}[*met]
			}
			got = append(got, fmt.Sprintf("%s %s %s", d, domain.DateIn(*due), verdict))
		}
	}
	require.Equal(p.t, append([]string{}, want...), got)
}

// measured wants the case to be counted on a day, with what it adds and where it
// lies in the spread; day "" wants it not to be.
func (p *play) measured(measure, day string, amount int64, step int) {
	m := domain.MeasureByCode(measure)
	require.NotNil(p.t, m, measure)
	on, counted := m.Counts(&p.file.Case)
	require.Equal(p.t, day != "", counted, measure)
	if counted {
		require.Equal(p.t, day, on.String(), measure)
		require.Equal(p.t, amount, m.Amount(&p.file.Case), measure)
		require.Equal(p.t, step, m.Step(&p.file.Case), measure)
	}
}

// counts wants what the case adds to the figures: measure and day. Visits and
// matters are left to TestVisitsAndMatters, duties to owes, what is measured of
// conclusions to TestWhatIsMeasuredOfConclusions.
func (p *play) counts(want ...string) {
	var got []string
	for _, cell := range domain.Facts(&p.file.Case) {
		m := domain.MeasureByCode(cell.Measure)
		if slices.Contains([]string{"petitions.visits", "petitions.matters", "petitions.repeats"}, m.Code) ||
			m.Verdict != "" || m.Over != "" || m.First || m.Rated || m.Answered || m.Resolved || m.Adds != "" {
			continue
		}
		got = append(got, fmt.Sprintf("%s %s", cell.Measure, cell.Day))
	}
	require.ElementsMatch(p.t, want, got)
}

func standardProcedures(t *testing.T) []*Procedure {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	return lib.All()
}
