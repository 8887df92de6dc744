package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

// brute counts by the domain's own rules.
func brute(cases []domain.Case, q *domain.CountQuery) domain.Counts {
	counts := domain.Counts{}
	wanted := func(want, is string) bool { return want == "" || want == is }
	for i := range cases {
		for _, f := range domain.Facts(&cases[i]) {
			measured := false
			for _, m := range q.Measures {
				measured = measured || m == f.Measure
			}
			if !measured || !q.Span.From.IsZero() && f.Day.Before(q.Span.From) || !q.Span.To.IsZero() && f.Day.After(q.Span.To) ||
				!wanted(q.Unit, f.Unit) || !wanted(q.Township, f.Township) || !wanted(q.Procedure, f.Procedure) || !wanted(q.Category, f.Category) {
				continue
			}
			group := map[string]string{"month": f.Day.String()[:7], "unit": f.Unit, "township": f.Township, "category": f.Category, "procedure": f.Procedure}[q.By]
			if counts[group] == nil {
				counts[group] = map[string]int64{}
			}
			counts[group][f.Measure]++
		}
	}
	return counts
}

// drawn gives random values to whatever a figure looks at.
func drawn(t *rapid.T) func(*domain.Case) {
	var c domain.Case
	moment := func(name string) *time.Time {
		// Around midnight in Beijing, month ends, and the daylight saving of 1988.
		day := rapid.SampledFrom([]string{"2020-01-31", "2020-02-29", "2020-12-31", "1988-07-01"}).Draw(t, name)
		d, _ := domain.ParseDate(day)
		at := d.Start().Add(time.Duration(rapid.SampledFrom([]int{-1, 0, 1, 3600, 86399_999999, 86400_000000}).Draw(t, name+" offset")) * time.Microsecond)
		return &at
	}
	maybe := func(name string) *time.Time {
		if rapid.Bool().Draw(t, name+" given") {
			return moment(name)
		}
		return nil
	}
	c.Procedure = rapid.SampledFrom(slices.Sorted(maps.Keys(masterCases))).Draw(t, "procedure")
	c.Class = rapid.SampledFrom([]string{"", "four_key"}).Draw(t, "class")
	c.Outcome = rapid.SampledFrom([]string{"", "revoked", "upheld"}).Draw(t, "outcome")
	c.Flags = rapid.SampledFrom([][]domain.Flag{{}, {domain.FlagEnterprise}, {domain.FlagFinancial, domain.FlagRepeat}}).Draw(t, "flags")
	c.Counts = rapid.SampledFrom([]map[string]int{{}, {"hearing": 1, "confirmed": 2}, {"hearing_held": 1, "head_appeared": 0}, {"replied_in_time": 1}}).Draw(t, "counts")
	if rapid.Bool().Draw(t, "repeats") {
		c.Repeats = new(masterCases["petition"])
	}
	c.Disposition = rapid.SampledFrom(domain.Dispositions).Draw(t, "disposition")
	c.Satisfaction = rapid.SampledFrom([]domain.Satisfaction{"", domain.Satisfied, domain.BasicallySatisfied, domain.Dissatisfied}).Draw(t, "satisfaction")
	c.Category = rapid.SampledFrom([]string{"", "01", "0102", "020304"}).Draw(t, "category")
	c.Unit = rapid.SampledFrom([]string{townshipA, townshipB}).Draw(t, "unit")
	c.Township, c.Place = "", ""
	if rapid.Bool().Draw(t, "has a place") {
		c.Township, c.Place = townshipA, village
	}
	c.ReceivedAt, c.EvaluatedAt, c.MergedInto = *moment("received"), nil, nil
	if c.Satisfaction != "" {
		c.EvaluatedAt = moment("evaluated")
	}
	// What follows the receipt is of its day or later.
	later := func(at *time.Time) *time.Time {
		if start := domain.DateIn(c.ReceivedAt).Start(); at != nil && at.Before(start) {
			return &start
		}
		return at
	}
	switch c.Disposition {
	case domain.Concluded, domain.Succeeded, domain.Failed:
		c.ConcludedAt = later(moment("concluded"))
		fallthrough
	case domain.Active:
		c.AcceptedAt = later(moment("accepted"))
	case domain.Merged:
		master := masterCases[c.Procedure]
		c.MergedInto = &master
		fallthrough
	default:
		c.AcceptedAt = later(maybe("accepted"))
	}
	duty := func(name string) (due *time.Time, met *bool) {
		if due = maybe(name + " due"); due == nil {
			return nil, nil
		}
		return due, rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, name+" met")
	}
	c.RespondDue, c.RespondMet = duty("respond")
	c.AcceptDue, c.AcceptMet = duty("accept")
	c.ConcludeDue, c.ConcludeMet = duty("conclude")
	c.PerformDue, c.PerformMet = duty("perform")
	c.Resolved = rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "resolved")
	c.PausedDays = rapid.IntRange(0, 40).Draw(t, "paused days")
	c.Settled = rapid.SampledFrom([]int64{0, 1, 320000}).Draw(t, "settled")
	if c.ConcludedAt != nil && rapid.Bool().Draw(t, "returned") {
		days := rapid.SampledFrom([]int{0, 89, 90, 91, 400}).Draw(t, "days to the return")
		back := c.ConcludedAt.AddDate(0, 0, days).Add(time.Duration(rapid.SampledFrom([]int{1, 3600_000000}).Draw(t, "and a bit")) * time.Microsecond)
		c.ReturnedAt, c.ReturnedBy = &back, new(masterCases["petition"])
	}
	return func(to *domain.Case) { // draws nothing: it may be called in a lane, and again
		to.Class, to.Outcome, to.Flags, to.Counts = c.Class, c.Outcome, c.Flags, c.Counts
		if to.Repeats, to.Matter = c.Repeats, to.ID; c.Repeats != nil {
			to.Matter = *c.Repeats
		}
		to.Disposition, to.Satisfaction, to.Category, to.Unit = c.Disposition, c.Satisfaction, c.Category, c.Unit
		to.Procedure, to.Township, to.Place, to.MergedInto = c.Procedure, c.Township, c.Place, c.MergedInto
		to.ReceivedAt, to.AcceptedAt, to.ConcludedAt, to.EvaluatedAt = c.ReceivedAt, c.AcceptedAt, c.ConcludedAt, c.EvaluatedAt
		to.RespondDue, to.RespondMet, to.AcceptDue, to.AcceptMet = c.RespondDue, c.RespondMet, c.AcceptDue, c.AcceptMet
		to.ConcludeDue, to.ConcludeMet, to.PerformDue, to.PerformMet = c.ConcludeDue, c.ConcludeMet, c.PerformDue, c.PerformMet
		to.Resolved, to.PausedDays, to.Settled = c.Resolved, c.PausedDays, c.Settled
		to.ReturnedAt, to.ReturnedBy = c.ReturnedAt, c.ReturnedBy
	}
}

// masterCases are the cases that others are merged into, by procedure: every
// one that a measure counts, and one that none does.
var masterCases = func() map[string]string {
	ids := map[string]string{"other": newID()}
	for _, m := range domain.Measures {
		for _, p := range m.Procedures {
			if ids[p] == "" {
				ids[p] = newID()
			}
		}
	}
	return ids
}()

// someCounts are the queries that every state of the world is asked.
func someCounts() []domain.CountQuery {
	var codes []string
	for _, m := range domain.Measures {
		codes = append(codes, m.Code)
	}
	qs := []domain.CountQuery{
		{Measures: codes, Span: domain.Year(2020)},
		{Measures: codes, Span: domain.Span{From: domain.NewDate(2020, 2, 1)}},
		{Measures: codes, Span: domain.Span{To: domain.NewDate(2020, 1, 31)}, Township: townshipA},
		{Measures: codes, Unit: townshipB}, {Measures: codes, Procedure: "petition"}, {Measures: codes, Category: "01"},
		{},
	}
	for _, by := range []string{"month", "unit", "township", "category", "procedure"} {
		qs = append(qs, domain.CountQuery{Measures: codes, By: by})
	}
	return qs
}

func requireFigures(t require.TestingT, s *Store, cases []domain.Case) {
	ctx := context.Background()
	for _, q := range someCounts() {
		want := brute(cases, &q)
		counted, err := s.Count(ctx, q)
		require.NoError(t, err)
		require.Equal(t, want, counted, "Count %+v", q)
		recounted, err := s.Recount(ctx, q)
		require.NoError(t, err)
		require.Equal(t, want, recounted, "Recount %+v", q)
	}
}

// TestFiguresAgree drives random changes through the increments, the recount
// and the lists, before and after folding, while others fold.
func TestFiguresAgree(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	for procedure, id := range masterCases {
		require.NoError(t, s.Apply(ctx, deciding(newCase(id, func(c *domain.Change) { c.After.Procedure = procedure }))).Err)
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for !stop.Load() {
				if _, err := s.FoldTallies(ctx); err != nil {
					t.Error(err)
				}
				time.Sleep(3 * time.Millisecond)
			}
		})
	}
	defer wg.Wait()
	defer stop.Store(true)
	cases := func() (out []domain.Case) {
		require.NoError(t, s.EachFile(ctx, func(f domain.File, _ []domain.Entry) error {
			out = append(out, f.Case)
			return nil
		}))
		return out
	}
	var ids []string
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			draw := drawn(t)
			if len(ids) == 0 || rapid.Bool().Draw(t, "new") {
				id := newID()
				require.NoError(t, s.Apply(ctx, deciding(newCase(id, func(c *domain.Change) { draw(&c.After) }))).Err)
				ids = append(ids, id)
				continue
			}
			id := rapid.SampledFrom(ids).Draw(t, "case")
			require.NoError(t, act(s, id, "act", draw).Err)
		}
		requireFigures(t, s, cases())
	})
	stop.Store(true)
	wg.Wait()

	end := cases()
	_, err := s.FoldTallies(ctx)
	require.NoError(t, err)
	require.Zero(t, count(t, s, "tally_deltas"))
	require.Zero(t, count(t, s, "tallies WHERE n = 0"))
	requireFigures(t, s, end)
	for _, m := range domain.Measures { // the list behind a figure
		q := domain.CountQuery{Measures: []string{m.Code}, Span: domain.Year(2020), Township: townshipA, Category: "01"}
		list := all(t, s, domain.CaseQuery{Scope: domain.AllCases, Measure: m.Code, Span: q.Span, Township: q.Township, Category: q.Category, Limit: 13})
		require.EqualValues(t, brute(end, &q)[""][m.Code], len(list), m.Code)
	}

	_, err = s.pool.Exec(ctx, "UPDATE tallies SET n = n + 7; INSERT INTO tally_deltas (measure, day, unit, township, procedure, category, n) SELECT measure, day, unit, township, procedure, category, 3 FROM tallies LIMIT 5")
	require.NoError(t, err)
	require.NoError(t, s.RebuildTallies(ctx))
	requireFigures(t, s, end)
}

// TestRebuildWhileWorkGoesOn rebuilds and folds under load.
func TestRebuildWhileWorkGoesOn(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	var wg sync.WaitGroup
	stop := time.Now().Add(time.Second)
	for range 4 {
		wg.Go(func() {
			for time.Now().Before(stop) {
				f := register(t, s)
				if r := act(s, f.Case.ID, "close", func(c *domain.Case) {
					c.Disposition, c.AcceptedAt, c.ConcludedAt = domain.Concluded, &c.UpdatedAt, &c.UpdatedAt
				}); r.Err != nil {
					t.Error(r.Err)
				}
			}
		})
	}
	wg.Go(func() {
		for time.Now().Before(stop) {
			if _, err := s.FoldTallies(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	for time.Now().Before(stop) {
		require.NoError(t, s.RebuildTallies(ctx))
	}
	wg.Wait()
	for _, q := range someCounts() {
		counted, err := s.Count(ctx, q)
		require.NoError(t, err)
		recounted, err := s.Recount(ctx, q)
		require.NoError(t, err)
		require.Equal(t, recounted, counted)
	}
}

func TestCountRefusesWhatIsNotCounted(t *testing.T) {
	s := open(t)
	for _, q := range []domain.CountQuery{{By: "weather"}, {Measures: []string{"no such"}}} {
		_, err := s.Count(t.Context(), q)
		require.Equal(t, domain.KindInvalid, domain.KindOf(err))
		_, err = s.Recount(t.Context(), q)
		require.Equal(t, domain.KindInvalid, domain.KindOf(err))
	}
}

func TestActiveOrganizations(t *testing.T) {
	s := open(t)
	ended := domain.NewDate(2020, 6, 30)
	orgs := someOrganizations()
	committee := func(code, parent, path string, to *domain.Date) domain.Organization {
		return domain.Organization{Code: code, Parent: parent, Path: domain.OrgPath(path, code), Kind: domain.OrgVillageCommittee,
			Name: code, ValidFrom: domain.NewDate(2020, 1, 1), ValidTo: to}
	}
	orgs = append(orgs, committee("370404-c1", townshipA, orgs[1].Path, nil), committee("370404-c2", townshipA, orgs[1].Path, &ended),
		committee("370404-c3", townshipB, orgs[2].Path, nil))
	require.NoError(t, s.LoadCounty(t.Context(), orgs, nil, nil))
	for _, tc := range []struct {
		day   domain.Date
		under string
		want  int64
	}{
		{domain.NewDate(2019, 12, 31), "", 0}, {domain.NewDate(2020, 1, 1), "", 3}, {ended, "", 3}, {ended.AddDays(1), "", 2},
		{ended, townshipA, 2}, {ended, county, 3}, {ended, village, 0}, {ended, "nowhere", 0},
	} {
		n, err := s.ActiveOrganizations(t.Context(), domain.MediationKinds, tc.day, tc.under)
		require.NoError(t, err)
		require.Equal(t, tc.want, n, "%s %s", tc.day, tc.under)
	}
}
