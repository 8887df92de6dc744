package store

import (
	"context"
	"maps"
	"slices"
	"strings"
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
	paths := somePaths()
	for i := range cases {
		for _, f := range domain.Facts(&cases[i]) {
			m := domain.MeasureByCode(f.Measure)
			group, in := groupOf(&f, q, paths)
			if in && slices.Contains(q.Measures, f.Measure) && within(f.Day, m.Bounds(q.Span)) && (!m.Stock || q.By != domain.ByMonth) {
				counts.Add(group, m, m.StepIn(q.By, f.Step), f.N)
			}
		}
	}
	return counts
}

func within(d domain.Date, span domain.Span) bool {
	return (span.From.IsZero() || !d.Before(span.From)) && (span.To.IsZero() || !d.After(span.To))
}

// groupOf is the group that a fact counts in; in is false when its owner is not
// at or below the query's organisation.
func groupOf(f *domain.Tally, q *domain.CountQuery, paths map[string]string) (group string, in bool) {
	if q.By == domain.ByMonth {
		return domain.MonthKey(f.Day), strings.Contains(paths[f.Owner], "/"+q.Org+"/")
	}
	for total := range f.Totals(paths[f.Owner]) {
		if total.Org == q.Org && total.By == q.By {
			return total.Group, true
		}
	}
	return "", false
}

// somePaths are the paths of the organisations by code.
func somePaths() map[string]string {
	paths := map[string]string{}
	for _, o := range someOrganizations() {
		paths[o.Code] = o.Path
	}
	return paths
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
	c.Owner = rapid.SampledFrom([]string{county, townshipA, village, townshipB}).Draw(t, "owner")
	c.Settled = rapid.SampledFrom([]int64{0, 1, 320_000}).Draw(t, "settled")
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
		to.Disposition, to.Satisfaction, to.Category, to.Owner, to.Settled = c.Disposition, c.Satisfaction, c.Category, c.Owner, c.Settled
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
	codes := domain.MeasureCodes()
	half := domain.Span{From: domain.NewDate(2019, 12, 1), To: domain.NewDate(2020, 6, 30)}
	var qs []domain.CountQuery
	for _, org := range []string{county, townshipA, village} {
		for _, by := range []string{domain.ByNothing, domain.ByMonth, domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization} {
			for _, span := range []domain.Span{{}, domain.Year(2020), half} {
				qs = append(qs, domain.CountQuery{Measures: codes, Span: span, Org: org, By: by})
			}
		}
	}
	return append(qs, domain.CountQuery{Org: county})
}

func requireFigures(t require.TestingT, s *Store, cases []domain.Case, qs []domain.CountQuery) {
	ctx := context.Background()
	counted, err := s.Count(ctx, qs...)
	require.NoError(t, err)
	recounted, err := s.Recount(ctx, qs...)
	require.NoError(t, err)
	for i := range qs {
		want := brute(cases, &qs[i])
		require.Equal(t, want, counted[i], "Count %+v", qs[i])
		require.Equal(t, want, recounted[i], "Recount %+v", qs[i])
	}
	totals, paths := map[domain.Total]int64{}, somePaths()
	for i := range cases {
		for _, f := range domain.Facts(&cases[i]) {
			for total := range f.Totals(paths[f.Owner]) {
				totals[total] += f.N
			}
		}
	}
	require.NoError(t, s.EachTotal(ctx, func(total domain.Total, n int64) error {
		totals[total] -= n
		return nil
	}))
	maps.DeleteFunc(totals, func(_ domain.Total, n int64) bool { return n == 0 })
	require.Empty(t, totals)
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
		requireFigures(t, s, cases(), rapid.SliceOfN(rapid.SampledFrom(someCounts()), 5, 5).Draw(t, "queries"))
	})
	stop.Store(true)
	wg.Wait()

	end := cases()
	_, err := s.FoldTallies(ctx)
	require.NoError(t, err)
	require.Zero(t, count(t, s, "tally_deltas"))
	requireFigures(t, s, end, someCounts())
	byID := map[string]*domain.Case{}
	for i := range end {
		byID[end[i].ID] = &end[i]
	}
	for _, by := range []string{domain.ByNothing, domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization} {
		for _, m := range domain.Measures { // the list behind a figure
			q := domain.CountQuery{Measures: []string{m.Code}, Span: domain.Year(2020), Org: townshipA, By: by}
			for group, counts := range brute(end, &q) {
				list := all(t, s, domain.CaseQuery{Scope: domain.AllCases, Measure: m.Code, Span: q.Span, Within: q.Org,
					Group: groupUnless(by, group), Limit: 13})
				var n int64
				for _, id := range list {
					n += m.Amount(byID[id])
				}
				require.Equal(t, counts[m.Code].N, n, "%s by %s %s", m.Code, by, group)
			}
		}
	}
}

func groupUnless(by, key string) *domain.Group {
	if by == domain.ByNothing {
		return nil
	}
	return &domain.Group{By: by, Key: key}
}

// What is added to the roll-up is added to what is there, and what comes to
// nothing leaves it.
func TestCorrectTotals(t *testing.T) {
	s := open(t)
	total := domain.Total{Measure: "appeals.received", Period: "2020", Org: county, By: domain.ByTownship, Group: townshipA}
	for _, n := range []int64{5, -2, -3} {
		require.NoError(t, s.AddTotals(t.Context(), map[domain.Total]int64{total: n}))
	}
	require.Zero(t, count(t, s, "tallies WHERE counts <> ''"))
}

// TestFiguresWhileWorkGoesOn counts and folds under load: what is read at once
// agrees.
func TestFiguresWhileWorkGoesOn(t *testing.T) {
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
		require.NoError(t, s.AtOnce(ctx, func(ctx context.Context) error {
			qs := someCounts()[:8]
			counted, err := s.Count(ctx, qs...)
			require.NoError(t, err)
			recounted, err := s.Recount(ctx, qs...)
			require.NoError(t, err)
			require.Equal(t, recounted, counted)
			return nil
		}))
	}
	wg.Wait()
}

func TestCountRefusesWhatIsNotCounted(t *testing.T) {
	s := open(t)
	for _, q := range []domain.CountQuery{
		{Org: county, By: "weather"}, {Org: county, Measures: []string{"no such"}}, {Org: "nowhere"}, {},
		{Org: county, Span: domain.Span{From: domain.NewDate(2020, 1, 2), To: domain.NewDate(2020, 1, 31)}},
	} {
		_, err := s.Count(t.Context(), q)
		require.Equal(t, domain.KindInvalid, domain.KindOf(err))
		_, err = s.Recount(t.Context(), q)
		require.Equal(t, domain.KindInvalid, domain.KindOf(err))
	}
}
