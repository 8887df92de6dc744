package county

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

func testRules(t testing.TB) *workflow.Rules {
	lib, err := workflow.StandardLibrary()
	require.NoError(t, err)
	known := map[string]bool{}
	for _, c := range Categories() {
		known[c.Code] = true
	}
	return &workflow.Rules{Library: lib, Calendar: domain.StandardCalendar(), Directory: Directory(), Categories: known}
}

// tenth is a scenario a tenth as large, with every story in it.
func tenth(sc Scenario) Scenario {
	sc.Shares = slices.Clone(sc.Shares)
	for i := range sc.Shares {
		s := &sc.Shares[i]
		s.N, s.Carried = (s.N+9)/10, (s.Carried+9)/10
	}
	return sc
}

// play plays a scenario of which the first cases are stored, and hands over the
// stories that are left to store.
func play(t testing.TB, sc Scenario, stored int, do func(c domain.Change)) {
	rules := testRules(t)
	y := newYear(rules, sc)
	plots := sc.plan(rules.Calendar)
	out := make(chan act, 1)
	failed := make(chan error, 1)
	go func() {
		defer close(out)
		failed <- y.play(context.Background(), plots, stored, out)
	}()
	told := 0
	for a := range out {
		require.Greater(t, a.told, told)
		told = a.told
		for _, d := range a.decisions {
			c, err := d.Decide(domain.File{})
			require.NoError(t, err)
			do(c)
		}
	}
	require.NoError(t, <-failed)
}

func playFrom(t testing.TB, sc Scenario, stored int) (changes []domain.Change) {
	play(t, sc, stored, func(c domain.Change) { changes = append(changes, c) })
	return changes
}

func playAll(t testing.TB, sc Scenario) []domain.Change { return playFrom(t, sc, 0) }

// each calls a function for every case of some stories, those opened included.
func each(changes []domain.Change, do func(c *domain.Change)) {
	for i := range changes {
		do(&changes[i])
		each(changes[i].Opens, do)
	}
}

func TestYearPlaysByTheRules(t *testing.T) {
	changes := playAll(t, tenth(Scenario2020(1)))
	end := domain.NewDate(2020, 12, 31).End()
	last := time.Time{}
	for _, c := range changes {
		require.False(t, c.After.ReceivedAt.Before(last), "stories come in order")
		last = c.After.ReceivedAt
	}
	accounts := map[string]domain.User{}
	for _, u := range Users() {
		require.NotContains(t, accounts, u.ID)
		accounts[u.ID] = u
	}
	each(changes, func(c *domain.Change) {
		folded, _, err := domain.Fold(c.Entries)
		require.NoError(t, err)
		folded.Title, folded.Statement, folded.Number = c.After.Title, c.After.Statement, c.After.Number
		require.Empty(t, domain.Diff(&folded, &c.After))
		for i, e := range c.Entries {
			require.False(t, e.At.After(end), "%s %s after the year", c.After.Procedure, e.Action)
			if actor := (domain.Actor{Role: e.ActorRole}); actor.Staff() {
				u := accounts[e.ActorID]
				require.Equal(t, [2]string{string(e.ActorRole), e.ActorOrg}, [2]string{string(u.Role), u.Org}, "%s %s by an account", c.After.Procedure, e.Action)
			}
			require.True(t, i == 0 || !e.At.Before(c.Entries[i-1].At), "%s: %s before what came before it", c.After.Procedure, e.Action)
		}
	})
}

// endings are how the stories end, and where, where one state says more.
var endings = map[string]struct {
	as    domain.Disposition
	state string
}{
	appealUsual: {domain.Concluded, ""}, appealDirect: {domain.Concluded, ""}, appealLate: {domain.Concluded, ""},
	appealHandedBack: {domain.Concluded, ""}, appealExtended: {domain.Concluded, ""}, appealRedone: {domain.Concluded, ""},
	appealReopened: {domain.Concluded, ""}, appealUnmerged: {domain.Concluded, ""},
	appealRefused: {domain.NotAccepted, "not_accepted"}, appealMerged: {domain.Merged, "merged"},
	appealReferred: {domain.NotAccepted, "transferred"}, appealWithdrawn: {domain.Withdrawn, "withdrawn"},
	appealTerminated: {domain.Terminated, "terminated"}, appealOpen: {"", ""},

	petitionUsual: {domain.Concluded, ""}, petitionExtended: {domain.Concluded, ""}, petitionReviewed: {domain.Concluded, ""},
	petitionRechecked: {domain.Concluded, "concluded"}, petitionSupervised: {domain.Concluded, ""}, petitionUnmediated: {domain.Concluded, ""},
	petitionMediated: {domain.Concluded, ""}, petitionUnmerged: {domain.Concluded, ""}, petitionMerged: {domain.Merged, "merged"},
	petitionNotAccepted: {domain.NotAccepted, ""}, petitionWithdrawn: {domain.Withdrawn, ""}, petitionOpen: {"", ""},

	mediationAgreed: {domain.Succeeded, ""}, mediationOral: {domain.Succeeded, ""}, mediationEscalated: {domain.Succeeded, ""},
	mediationFailed: {domain.Failed, ""}, mediationWithdrawn: {domain.Withdrawn, ""}, mediationNotAccepted: {domain.NotAccepted, ""},
	mediationOpen: {domain.Active, "mediating"},

	policeAgreed: {domain.Concluded, "closed_no_penalty"}, policeAgreedSecond: {domain.Concluded, "closed_no_penalty"},
	policeReferred: {domain.Concluded, ""}, policePenalty: {domain.Concluded, "closed"}, policeExcluded: {domain.Concluded, "closed"},
	policeEnded: {domain.Terminated, "ended"}, policeOpen: {domain.Active, "police_open"},

	entrustedAgreed: {domain.Succeeded, ""}, entrustedOral: {domain.Succeeded, ""}, entrustedInSuit: {domain.Succeeded, "court_closed"},
	entrustedFailed: {domain.Failed, "filed"}, entrustedFailedInSuit: {domain.Failed, "trial"},
	entrustedDeclined: {domain.NotAccepted, ""}, entrustedWithdrawn: {domain.Withdrawn, ""}, entrustedOpen: {domain.Active, "mediating"},

	authorityAgreed: {domain.Succeeded, ""}, authorityFailed: {domain.Failed, ""}, authorityNotAccepted: {domain.NotAccepted, ""},
	authorityOpen: {domain.Active, "mediating"},

	reconsiderationHeard: {domain.Concluded, ""}, reconsiderationWritten: {domain.Concluded, ""},
	reconsiderationRefused: {domain.NotAccepted, "refusal_closed"}, reconsiderationOpen: {domain.Active, "accepted"},

	suitWon: {domain.Concluded, "closed"}, suitDismissed: {domain.Concluded, "closed"}, suitLost: {domain.Concluded, "performed"},
	suitAppealed: {domain.Concluded, "replaced"}, suitAppealWithdrawn: {domain.Concluded, "closed"}, suitSettled: {domain.Concluded, "withdrawn"},
	suitWithdrawn: {domain.Concluded, "withdrawn"}, suitOpen: {domain.Active, "answered"},

	proposalSolved: {domain.Concluded, "closed"}, proposalPlanned: {domain.Concluded, "closed"}, proposalExtended: {domain.Concluded, "closed"},
	proposalReassigned: {domain.Concluded, "closed"}, proposalRedone: {domain.Concluded, "closed"},

	backlogResolved: {domain.Concluded, ""}, backlogConcluded: {domain.Concluded, ""}, backlogSentBack: {domain.Concluded, ""},
	backlogRebounded: {domain.Concluded, ""}, backlogRemoved: {domain.Terminated, "removed"},
}

func TestEveryStoryEndsWherePlanned(t *testing.T) {
	rules := testRules(t)
	for _, seed := range []uint64{1, 2, 3, 20201231} {
		sc := tenth(Scenario2020(seed))
		y := newYear(rules, sc)
		for i, p := range sc.plan(rules.Calendar) {
			what := fmt.Sprintf("seed %d, story %d, %s %s", seed, i+1, p.story, p.as)
			c, err := y.one(i, p)
			require.NoError(t, err, what)
			checkEnding(t, &c, p, what)
		}
	}
}

func checkEnding(t *testing.T, c *domain.Change, p plot, what string) {
	t.Helper()
	want, known := endings[p.story]
	require.True(t, known, what)
	switch {
	case p.story == appealOpen || p.story == petitionOpen:
		assert.Contains(t, []domain.Disposition{domain.Pending, domain.Active}, c.After.Disposition, what)
	case p.story == appealReferred && endings[p.as].as == domain.NotAccepted:
		assert.Equal(t, domain.Concluded, c.After.Disposition, "%s: answered after all", what)
	default:
		assert.Equal(t, want.as, c.After.Disposition, what)
	}
	if want.state != "" && c.After.Disposition == want.as {
		assert.Equal(t, want.state, c.After.State, what)
	}
	if p.procedure == "reconsideration" && p.as != "" && p.as != "withdrawn" {
		assert.Equal(t, p.as, c.After.Outcome, what)
	}
	if p.story == appealReferred || p.story == policeReferred {
		require.Len(t, c.Opens, 1, what)
		checkEnding(t, &c.Opens[0], plot{story: p.as}, what)
	}
	for story, child := range map[string]string{petitionMediated: mediationAgreed, petitionUnmediated: mediationFailed} {
		if p.story == story {
			require.Len(t, c.Opens, 1, what)
			checkEnding(t, &c.Opens[0], plot{story: child}, what)
		}
	}
}

func TestEveryStoryIsToldAndRead(t *testing.T) {
	told := map[string]bool{}
	for _, s := range Scenario2020(1).Shares {
		told[s.Story] = true
		assert.Contains(t, repertoires, s.Procedure)
		assert.Contains(t, endings, s.Story)
	}
	for story := range endings {
		assert.True(t, told[story], story)
	}
}

// figures plays a year, counts its facts over the cases and makes the
// indicators of them.
func figures(t testing.TB, sc Scenario) (values map[string]string, counts map[string]int64) {
	counts, values = map[string]int64{}, map[string]string{}
	play(t, sc, 0, func(c domain.Change) {
		each([]domain.Change{c}, func(c *domain.Change) {
			for _, fact := range domain.Facts(&c.After) {
				if fact.Day.Year == sc.Year {
					counts[fact.Measure] += fact.N
				}
			}
		})
	})
	for _, in := range domain.Indicators {
		switch {
		case len(in.OrgKinds) > 0:
			values[in.Code] = strconv.Itoa(mediating(endOf2020))
		case in.Denominator == "":
			values[in.Code] = strconv.FormatInt(counts[in.Numerator], 10)
		default:
			if tenths, ok := domain.Percent(counts[in.Numerator], counts[in.Denominator]); ok {
				values[in.Code] = domain.FormatTenths(tenths)
			}
		}
	}
	return values, counts
}

// The figures of the county's report come out of the cases.
func TestFiguresOfTheYear(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 68,000 stories twice")
	}
	for _, seed := range []uint64{1, 20201231} {
		got, counts := figures(t, Scenario2020(seed))
		for code, want := range map[string]string{
			"mediation.succeeded":             "2576",
			"mediation.success_rate":          "93.7",
			"mediation.organisations":         "532",
			"enterprise.disputes":             "920",
			"finance.disputes":                "268",
			"backlog.resolution_rate":         "100.0",
			"backlog.four_key_rate":           "100.0",
			"reconsideration.accepted":        "30",
			"reconsideration.concluded":       "28",
			"reconsideration.correction_rate": "22.4",
			"reconsideration.hearing_rate":    "71.4",
			"reconsideration.on_time_rate":    "100.0",
			"litigation.performance_rate":     "100.0",
			"litigation.cases":                "29",
			"litigation.head_appearance_rate": "100.0",
			"proposals.reply_rate":            "100.0",
			"proposals.satisfaction_rate":     "100.0",
		} {
			assert.Equal(t, want, got[code], "seed %d: %s", seed, code)
		}
		assert.Greater(t, counts["appeals.received"], int64(62_000))
		assert.InDelta(t, 990, percent(counts, "appeals.closed", "appeals.due"), 4)
		assert.InDelta(t, 980, percent(counts, "appeals.satisfied", "appeals.evaluated"), 4)
		for _, rate := range []struct {
			n, d   string
			tenths int64
		}{ // most is done in time, and not all
			{"appeals.responded", "appeals.respond_due", 965}, {"appeals.concluded_in_time", "appeals.conclude_due", 935},
			{"appeals.concluded_rated", "appeals.concluded", 730}, {"appeals.resolved", "appeals.answered", 980},
			{"petitions.concluded_in_time", "petitions.conclude_due", 982}, {"petitions.first_rated", "petitions.first_concluded", 639},
			{"mediation.concluded_in_time", "mediation.conclude_due", 995}, {"mediation.confirmed", "mediation.succeeded", 54},
		} {
			assert.InDelta(t, rate.tenths, percent(counts, rate.n, rate.d), 20, "seed %d: %s", seed, rate.n)
		}
		assert.Less(t, counts["cases.overdue"], counts["cases.open"])
		assert.Positive(t, counts["cases.overdue"])
		assert.Equal(t, []int64{11, 49, 35}, []int64{counts["reconsideration.corrected"], counts["reconsideration.concluded"], counts["reconsideration.heard"]})
		assert.Greater(t, counts["petitions.visits"], counts["petitions.received"])
		assert.Greater(t, counts["petitions.received"], counts["petitions.matters"])
	}
}

func percent(counts map[string]int64, n, d string) int64 {
	tenths, _ := domain.Percent(counts[n], counts[d])
	return tenths
}

// A repeat is of the applicant's own earlier case, and what is merged repeats
// its master.
func TestRepeatsAreOfOnesOwnCase(t *testing.T) {
	first := map[string]*domain.Change{}
	repeats, merged := 0, 0
	each(playAll(t, tenth(Scenario2020(3))), func(c *domain.Change) {
		first[c.After.ID] = c
		require.Equal(t, c.After.Has(domain.FlagRepeat), c.After.Repeats != nil)
		if c.After.Repeats == nil {
			return
		}
		earlier := first[*c.After.Repeats]
		require.NotNil(t, earlier, "a case that has been there before")
		repeats++
		require.Equal(t, earlier.Parties[0].IdentityNumber, c.Parties[0].IdentityNumber)
		require.Equal(t, earlier.After.Matter, c.After.Matter)
		require.Equal(t, earlier.After.Title, c.After.Title)
		if c.After.MergedInto != nil {
			merged++
			require.Equal(t, c.After.Repeats, c.After.MergedInto)
			require.Nil(t, earlier.After.MergedInto)
		}
	})
	require.Greater(t, repeats, 200)
	require.Greater(t, merged, 25)
}

// What comes out of another case is of the same matter, and everybody in it
// knows where it came from.
func TestQuarrelsGoFromProcedureToProcedure(t *testing.T) {
	cases, ways := map[string]*domain.Case{}, map[string]int{}
	each(playAll(t, tenth(Scenario2020(3))), func(c *domain.Change) {
		cases[c.After.ID] = &c.After
		if c.After.DerivedFrom == nil {
			return
		}
		origin := cases[*c.After.DerivedFrom]
		require.NotNil(t, origin)
		require.Equal(t, origin.Matter, c.After.Matter)
		ways[origin.Procedure+" "+c.After.Procedure]++
	})
	for _, way := range []string{
		"appeal petition", "appeal mediation", "petition mediation", "police_mediation mediation",
		"mediation litigation_mediation", "litigation_response litigation_response",
	} {
		assert.Positive(t, ways[way], way)
	}
	assert.Len(t, ways, 6)
}

func TestYearIsTheSameForTheSameSeed(t *testing.T) {
	sc := tenth(tenth(Scenario2020(7)))
	a, b := playAll(t, sc), playAll(t, sc)
	require.Equal(t, a, b)
}

// A year that was interrupted goes on where it was: at the end of a story, with
// the cases that it opened.
func TestYearGoesOnWhereItWas(t *testing.T) {
	sc := tenth(tenth(Scenario2020(7)))
	whole := playAll(t, sc)
	stored := 0
	for i := range whole {
		if n := casesOf(&whole[i]); n > 1 || i%97 == 0 {
			require.Equal(t, whole[i:], playFrom(t, sc, stored), "after %d cases", stored)
			stored += n
			continue
		}
		stored++
	}
	require.Empty(t, playFrom(t, sc, stored))
}

// Whoever comes back after his case was concluded is known to its first case.
func TestSomeComeBack(t *testing.T) {
	rules := testRules(t)
	sc := tenth(Scenario2020(3))
	y := newYear(rules, sc)
	files := map[string]domain.File{}
	repeats := map[string][]domain.Repeat{}
	for i, p := range sc.plan(rules.Calendar) {
		change, err := y.one(i, p)
		require.NoError(t, err)
		each([]domain.Change{change}, func(c *domain.Change) { files[c.After.ID] = c.File(domain.File{}) })
		if c := change.After; c.Repeats != nil {
			first := y.first[c.ID]
			require.Nil(t, files[first].Case.Repeats, "the first of them")
			require.True(t, y.visited[first])
			repeats[first] = append(repeats[first], domain.Repeat{ID: c.ID, ReceivedAt: c.ReceivedAt})
		}
	}
	require.Len(t, y.visited, len(repeats))
	back := 0
	for id, rs := range repeats {
		first := files[id]
		first.Repeats = rs
		if change, news := rules.SeeReturn(first, first.Case.UpdatedAt); news {
			require.True(t, change.After.ReturnedAt.After(*first.Case.ConcludedAt))
			back++
		}
	}
	require.Greater(t, back, 100)
}
