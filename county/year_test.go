package county

import (
	"context"
	"testing"
	"time"

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

// tenth is a scenario a tenth as large.
func tenth(sc Scenario) Scenario {
	for _, stories := range []map[string]int{sc.Appeals, sc.Mediations, sc.Petitions} {
		for k, n := range stories {
			stories[k] = (n + 9) / 10
		}
	}
	sc.Carried, sc.MediationsCarried, sc.PetitionsCarried = 30, 10, 10
	return sc
}

// playAll plays a scenario without storing it.
func playAll(t testing.TB, sc Scenario) []domain.Change {
	rules := testRules(t)
	y := newYear(rules, sc)
	out := make(chan []domain.Decision, 1)
	failed := make(chan error, 1)
	go func() {
		defer close(out)
		failed <- y.play(context.Background(), sc.plan(rules.Calendar), 0, out)
	}()
	var changes []domain.Change
	for ds := range out {
		for _, d := range ds {
			c, err := d.Decide(domain.File{})
			require.NoError(t, err)
			changes = append(changes, c)
		}
	}
	require.NoError(t, <-failed)
	return changes
}

func TestYearPlaysByTheRules(t *testing.T) {
	changes := playAll(t, tenth(Scenario2020(1)))
	ends := map[string]map[string]int{}
	last := time.Time{}
	for _, c := range changes {
		require.False(t, c.After.ReceivedAt.Before(last), "cases come in order")
		last = c.After.ReceivedAt
		folded, _, err := domain.Fold(c.Entries)
		require.NoError(t, err)
		folded.Title, folded.Statement, folded.Number = c.After.Title, c.After.Statement, c.After.Number
		require.Empty(t, domain.Diff(&folded, &c.After))
		if ends[c.After.Procedure] == nil {
			ends[c.After.Procedure] = map[string]int{}
		}
		ends[c.After.Procedure][c.After.State]++
	}
	t.Log(ends)
}

func TestYearIsTheSameForTheSameSeed(t *testing.T) {
	sc := tenth(tenth(Scenario2020(7)))
	a, b := playAll(t, sc), playAll(t, sc)
	require.Equal(t, a, b)
}

func TestWholeYearPlays(t *testing.T) {
	if testing.Short() {
		t.Skip("plays 67,000 cases")
	}
	playAll(t, Scenario2020(1))
}
