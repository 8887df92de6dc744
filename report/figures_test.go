package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
	"sudi/report"
)

// Whatever happens to the cases, in whatever order, a figure is what counting
// the cases one by one gives, and the list behind it is as long.
func TestFiguresFollowTheCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		history := rapid.SliceOfN(steps, 1, 60).Draw(t, "history")
		fold := rapid.IntRange(0, len(history)).Draw(t, "folded before")
		ids := play(t, m, nil, history[:fold])
		_, err := m.FoldTallies(context.Background())
		require.NoError(t, err)
		play(t, m, ids, history[fold:])
		q := report.Query{
			Year:  rapid.IntRange(2019, 2021).Draw(t, "year"),
			Org:   rapid.SampledFrom([]string{"", county, townshipA, village, justice}).Draw(t, "org"),
			By:    rapid.SampledFrom(groupings).Draw(t, "by"),
			Scope: domain.AllCases,
		}
		fs, err := newService(m).Figures(context.Background(), q)
		require.NoError(t, err)
		requireFigures(t, m, q, fs)
	})
}

// lister is a store that lists cases as people see them.
type lister interface {
	report.Store
	List(context.Context, domain.CaseQuery) (domain.CasePage, error)
}

// requireFigures compares every figure with the cases: made of them one by one,
// and listed.
func requireFigures(t require.TestingT, s lister, q report.Query, fs []report.Figure) {
	var all []domain.Case
	require.NoError(t, s.EachFile(context.Background(), func(f domain.File, _ []domain.Entry) error {
		all = append(all, f.Case)
		return nil
	}))
	orgs, err := s.Organizations(context.Background())
	require.NoError(t, err)
	dir := domain.NewDirectory(orgs, nil)
	for i := range fs {
		f := &fs[i]
		ind := domain.IndicatorByCode(f.Code)
		if len(ind.OrgKinds) > 0 || f.NotBefore != nil {
			continue
		}
		made := map[string]oneByOne{}
		for _, code := range ind.Measures() {
			m := domain.MeasureByCode(code)
			made[code] = count(all, m, f, dir)
			require.Equal(t, made[code], listed(t, s, m, f), "list of %s of group %q in %+v", code, f.Group, q)
		}
		n, d := made[ind.Numerator], made[ind.Denominator]
		switch ind.Form {
		case domain.FormRate:
			require.Equal(t, []int64{n.n, d.n}, []int64{*f.Numerator, *f.Denominator}, "%s of group %q in %+v", f.Code, f.Group, q)
			require.Equal(t, report.Rate(n.n, d.n), f.Value)
		case domain.FormMean:
			require.Equal(t, d.n, *f.Denominator)
			require.Equal(t, report.Mean(d.days, d.n), f.Value, "%s of group %q in %+v", f.Code, f.Group, q)
		case domain.FormP90:
			require.Equal(t, d.n, *f.Denominator)
			require.Equal(t, d.p90(), f.Value.String(), "%s of group %q in %+v", f.Code, f.Group, q)
		default:
			require.Equal(t, n.n, *f.Numerator, "%s of group %q in %+v", f.Code, f.Group, q)
			require.Equal(t, report.Count(n.n), f.Value)
		}
	}
}

// oneByOne is what cases add up to.
type oneByOne struct {
	n, days int64
	steps   string // every case's, in order
}

func (o oneByOne) p90() string {
	all := strings.Fields(o.steps)
	if len(all) == 0 {
		return "—"
	}
	n, _ := strconv.Atoi(all[(9*len(all)+9)/10-1])
	return strconv.Itoa(n)
}

func addUp(cases []*domain.Case, m *domain.Measure) (o oneByOne) {
	var steps []string
	for _, c := range cases {
		o.n += m.Amount(c)
		o.days += int64(m.Step(c))
		steps = append(steps, fmt.Sprintf("%08d", m.Step(c)))
	}
	slices.Sort(steps)
	o.steps = strings.Join(steps, " ")
	return o
}

func count(all []domain.Case, m *domain.Measure, f *report.Figure, dir *domain.Directory) oneByOne {
	var counted []*domain.Case
	span, _ := report.ParsePeriod(f.Period)
	for i := range all {
		c := &all[i]
		day, ok := m.Counts(c)
		within := !day.After(span.To) && (m.Stock || !day.Before(span.From))
		if ok && within && dir.Within(c.Owner, f.Org) && groupOf(c, day, f, dir) == f.Group {
			counted = append(counted, c)
		}
	}
	return addUp(counted, m)
}

func groupOf(c *domain.Case, day domain.Date, f *report.Figure, dir *domain.Directory) string {
	child := f.Org
	for code := c.Owner; f.By == domain.ByOrganization && code != f.Org; code = dir.Get(code).Parent {
		child = code
	}
	return map[string]string{
		domain.ByMonth: domain.MonthKey(day), domain.ByTownship: c.Township, domain.ByCategory: domain.CategoryLevel1(c.Category),
		domain.ByProcedure: c.Procedure, domain.ByOrganization: child,
	}[f.By]
}

// listed opens a figure: its own coordinates are those of the list.
func listed(t require.TestingT, s lister, m *domain.Measure, f *report.Figure) oneByOne {
	span, ok := report.ParsePeriod(f.Period)
	require.True(t, ok)
	q := domain.CaseQuery{Scope: domain.AllCases, Measure: m.Code, Span: span, Within: f.Org, Limit: 7}
	if f.By != "" {
		q.Group = &domain.Group{By: f.By, Key: f.Group}
	}
	var cases []*domain.Case
	for {
		page, err := s.List(context.Background(), q)
		require.NoError(t, err)
		for i := range page.Items {
			cases = append(cases, &page.Items[i].Case)
		}
		if page.Next == "" {
			return addUp(cases, m)
		}
		q.Cursor = page.Next
	}
}

// value is a figure's JSON.
func value(t *testing.T, s *report.Service, year int, code string) string {
	t.Helper()
	fs, err := s.Figures(t.Context(), report.Query{Year: year, Scope: domain.AllCases})
	require.NoError(t, err)
	for i := range fs {
		if fs[i].Code == code {
			raw, err := json.Marshal(fs[i].Value)
			require.NoError(t, err)
			return string(raw)
		}
	}
	t.Fatalf("no figure %s", code)
	return ""
}

func TestYearEnd(t *testing.T) {
	for _, tc := range []struct {
		at         string
		y2020, y21 string
	}{
		{"2020-12-31 23:59:59", "1", "0"},
		{"2021-01-01 00:00:00", "0", "1"}, // still 2020 in UTC
	} {
		m := newMemory()
		play(t, m, nil, []step{{kind: "receive", procedure: "appeal", unit: townshipA, at: beijing(tc.at)}})
		require.Equal(t, tc.y2020, value(t, newService(m), 2020, "appeals.received"), tc.at)
		require.Equal(t, tc.y21, value(t, newService(m), 2021, "appeals.received"), tc.at)
	}
}

// A story is the actions of two cases, 0 and 1.
func TestStories(t *testing.T) {
	receive := step{kind: "receive", procedure: "appeal", unit: townshipA, at: beijing("2019-11-20 10:00:00")}
	mediation := receive
	mediation.procedure = "mediation"
	do := func(which int, kind, at string) step {
		return step{kind: kind, which: which, other: 1 - which, at: beijing(at + " 10:00:00"), answer: domain.Satisfied}
	}
	dissatisfied := do(0, "evaluate", "2020-01-10")
	dissatisfied.answer = domain.Dissatisfied
	for name, tc := range map[string]struct {
		story []step
		want  map[string][3]string // code → 2019, 2020, 2021
	}{
		"carried over two years": {
			[]step{receive, receive, do(0, "accept", "2019-11-21"), do(0, "answer", "2021-02-03")},
			map[string][3]string{"appeals.received": {"2", "0", "0"}, "appeals.closure_rate": {"50.0", "null", "null"}},
		},
		"a mediation carried over counts where it succeeded": {
			[]step{mediation, do(0, "accept", "2019-11-21"), do(0, "settle", "2021-02-03")},
			map[string][3]string{"mediation.accepted": {"1", "0", "0"}, "mediation.succeeded": {"0", "0", "1"}, "mediation.success_rate": {"null", "null", "100.0"}},
		},
		"evaluated twice, the last counts, in its own year": {
			[]step{receive, do(0, "answer", "2019-12-01"), dissatisfied, do(0, "evaluate", "2021-01-10")},
			map[string][3]string{"appeals.satisfaction_rate": {"null", "null", "100.0"}},
		},
		"never evaluated is never satisfied": {
			[]step{receive, do(0, "answer", "2019-12-01")},
			map[string][3]string{"appeals.satisfaction_rate": {"null", "null", "null"}, "appeals.closure_rate": {"100.0", "null", "null"}},
		},
		"merged is counted with its master": {
			[]step{receive, receive, do(1, "answer", "2019-12-01"), do(0, "merge", "2019-12-02")},
			map[string][3]string{"appeals.received": {"1", "0", "0"}, "appeals.closure_rate": {"100.0", "null", "null"}},
		},
		"unmerged is counted again": {
			[]step{receive, receive, do(1, "answer", "2019-12-01"), do(0, "merge", "2019-12-02"), do(0, "unmerge", "2020-03-01")},
			map[string][3]string{"appeals.received": {"2", "0", "0"}, "appeals.closure_rate": {"50.0", "null", "null"}},
		},
		"reopened is open": {
			[]step{receive, do(0, "answer", "2019-12-01"), do(0, "reopen", "2020-01-05")},
			map[string][3]string{"appeals.received": {"1", "0", "0"}, "appeals.closure_rate": {"0.0", "null", "null"}},
		},
		"the later conclusion replaces the earlier": {
			[]step{mediation, do(0, "settle", "2019-12-01"), do(0, "reopen", "2020-01-05"), do(0, "fail", "2020-02-05")},
			map[string][3]string{"mediation.succeeded": {"0", "0", "0"}, "mediation.success_rate": {"null", "0.0", "null"}},
		},
		"not accepted is not closed, withdrawn is in intake only": {
			[]step{receive, receive, do(0, "refuse", "2019-12-01"), do(1, "withdraw", "2019-12-01")},
			map[string][3]string{"appeals.received": {"2", "0", "0"}, "appeals.closure_rate": {"null", "null", "null"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			play(t, m, nil, tc.story)
			for code, want := range tc.want {
				for i, year := range []int{2019, 2020, 2021} {
					require.Equal(t, want[i], value(t, newService(m), year, code), "%s of %d", code, year)
				}
			}
		})
	}
}

func TestRateNeverClaimsAPerfectScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int64Range(1, 10_000_000).Draw(t, "d")
		n := rapid.OneOf(rapid.Int64Range(0, d), rapid.Just(d-1), rapid.Just(d)).Draw(t, "n")
		require.Equal(t, n == d, report.Rate(n, d).String() == "100.0")
		require.Equal(t, n == 0, report.Rate(n, d).String() == "0.0")
	})
	require.Equal(t, "—", report.Rate(0, 0).String())
}

func TestOrganizationsByGroup(t *testing.T) {
	s := newService(newMemory())
	get := func(q report.Query) map[string]string {
		q.Scope = domain.AllCases
		fs, err := s.Figures(t.Context(), q)
		require.NoError(t, err)
		got := map[string]string{}
		for i := range fs {
			if fs[i].Code == "mediation.organisations" {
				got[fs[i].Group+fs[i].GroupName] = fs[i].Value.String()
			}
		}
		return got
	}
	require.Equal(t, map[string]string{"": "3"}, get(report.Query{Year: 2020}))
	require.Equal(t, map[string]string{"": "4"}, get(report.Query{Year: 2019}))
	require.Equal(t, map[string]string{"": "2"}, get(report.Query{Year: 2020, Org: townshipA}))
	require.Equal(t, map[string]string{"": "1"}, get(report.Query{Year: 2020, Org: village}))
	require.Equal(t, map[string]string{townshipA + "甲镇": "2", townshipB + "乙镇": "0", "": "1"}, get(report.Query{Year: 2020, By: domain.ByTownship}))
	require.Empty(t, get(report.Query{Year: 2020, By: domain.ByCategory}))
	span := domain.Span{From: domain.NewDate(2020, 6, 1), To: domain.NewDate(2020, 7, 31)}
	require.Equal(t, map[string]string{"2020-06": "4", "2020-07": "3"}, get(report.Query{Span: span, By: domain.ByMonth}))
}

func TestFiguresRefuse(t *testing.T) {
	s := newService(newMemory())
	all := domain.AllCases
	for name, tc := range map[string]struct {
		query report.Query
		kind  domain.Kind
		field string
	}{
		"year too early":     {report.Query{Year: 1948, Scope: all}, domain.KindInvalid, "year"},
		"year too late":      {report.Query{Year: 2101, Scope: all}, domain.KindInvalid, "year"},
		"no year":            {report.Query{Scope: all}, domain.KindInvalid, "year"},
		"half a span":        {report.Query{Span: domain.Span{From: domain.NewDate(2020, 1, 1)}, Scope: all}, domain.KindInvalid, "period"},
		"span backwards":     {report.Query{Span: domain.Span{From: domain.NewDate(2020, 2, 1), To: domain.NewDate(2020, 1, 31)}, Scope: all}, domain.KindInvalid, "period"},
		"broken months":      {report.Query{Span: domain.Span{From: domain.NewDate(2020, 1, 2), To: domain.NewDate(2020, 1, 31)}, Scope: all}, domain.KindInvalid, "period"},
		"unknown comparison": {report.Query{Year: 2020, Compare: "week", Scope: all}, domain.KindInvalid, "compare"},
		"unknown grouping":   {report.Query{Year: 2020, By: "weekday", Scope: all}, domain.KindInvalid, "by"},
		"unknown body":       {report.Query{Year: 2020, Org: "370405", Scope: all}, domain.KindInvalid, "org"},
		"no scope":           {report.Query{Year: 2020}, domain.KindForbidden, ""},
		"another's unit":     {report.Query{Year: 2020, Org: townshipB, Scope: domain.Scope{Org: village}}, domain.KindForbidden, ""},
		"the county's":       {report.Query{Year: 2020, Org: county, Scope: domain.Scope{Org: townshipA}}, domain.KindForbidden, ""},
		"above":              {report.Query{Year: 2020, Org: townshipA, Scope: domain.Scope{Org: village}}, domain.KindForbidden, ""},
		"below":              {report.Query{Year: 2020, Org: village, Scope: domain.Scope{Org: townshipA}}, "", ""},
		"county sees a unit": {report.Query{Year: 2020, Org: justice, Scope: domain.Scope{Org: county}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Figures(t.Context(), tc.query)
			if tc.kind == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, tc.kind, domain.KindOf(err))
			if tc.field != "" {
				require.ErrorContains(t, err, "["+tc.field+":")
			}
		})
	}
}

func TestScopeNarrowsToItsOrganization(t *testing.T) {
	m := newMemory()
	play(t, m, nil, []step{
		{kind: "receive", procedure: "appeal", unit: townshipA, at: edges[0]},
		{kind: "receive", procedure: "appeal", unit: village, at: edges[0]},
		{kind: "receive", procedure: "appeal", unit: townshipB, at: edges[0]},
	})
	for org, want := range map[string]string{county: "3", townshipA: "2", village: "1"} {
		fs, err := newService(m).Figures(t.Context(), report.Query{Year: 2019, Scope: domain.Scope{Org: org}})
		require.NoError(t, err)
		require.Equal(t, "appeals.received", fs[0].Code)
		require.Equal(t, org, fs[0].Org)
		require.Equal(t, want, fs[0].Value.String())
	}
}
