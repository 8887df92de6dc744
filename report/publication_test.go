package report_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
	"sudi/report"
)

var (
	leader = domain.Actor{ID: "u9", Name: "领导", Role: domain.RoleLeader, Org: county}
	year   = report.Freeze{Year: 2020}
	whole  = domain.AllCases
)

// broken is the report of the year, with every breakdown.
func broken(t require.TestingT, s *report.Service) report.Annual {
	a, err := s.Annual(context.Background(), 2020)
	require.NoError(t, err)
	return a
}

// requireCauses proves that causes make up the difference between two reports:
// each figure that differs is listed, and its cases add up to how much.
func requireCauses(t require.TestingT, before, after *report.Annual, d *domain.Differences) {
	type key struct{ part, code, group, period string }
	type numbers struct{ n, d int64 }
	number := func(p *int64) int64 {
		if p == nil {
			return 0
		}
		return *p
	}
	want := map[key]numbers{}
	for i, a := range []*report.Annual{before, after} {
		sign := int64(2*i - 1)
		for part, fs := range map[string][]report.Figure{
			"figures": a.Figures, "by_month": a.ByMonth, "by_township": a.ByTownship, "by_category": a.ByCategory, "by_procedure": a.ByProcedure,
			"by_organization": a.ByOrganization,
		} {
			for _, f := range fs {
				if strings.HasPrefix(f.Code, "cases.") {
					continue // what stands open changes from day to day
				}
				k := key{part, f.Code, f.Group, "2020"}
				want[k] = numbers{want[k].n + sign*number(f.Numerator), want[k].d + sign*number(f.Denominator)}
				if b := f.Before; b != nil {
					k.period = b.Period
					want[k] = numbers{want[k].n + sign*number(b.Numerator), want[k].d + sign*number(b.Denominator)}
				}
			}
		}
	}
	named := map[string]bool{}
	for _, c := range d.Cases {
		require.NotEmpty(t, c.Steps, c.Number)
		named[c.ID] = true
	}
	for _, r := range d.Figures {
		var got numbers
		for _, c := range r.Causes {
			require.Equal(t, domain.CauseCase, c.Kind, "%s %s %s: %+v", r.Part, r.Code, r.Group, c)
			require.True(t, named[c.CaseID])
			got.n += c.Numerator
			got.d += c.Denominator
		}
		k := key{r.Part, r.Code, r.Group, r.Period}
		require.Equal(t, want[k], got, "%+v", k)
		delete(want, k)
	}
	for k, left := range want {
		require.Equal(t, numbers{}, left, "%+v differs and is not listed", k)
	}
}

// Whatever happens after a freeze, the causes make up exactly what the live
// figures have that the frozen ones have not.
func TestCausesMakeUpTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		s := newService(m)
		ids := play(t, m, nil, rapid.SliceOfN(steps, 1, 40).Draw(t, "before"))
		before, at := broken(t, s), m.position
		play(t, m, ids, rapid.SliceOfN(steps, 0, 40).Draw(t, "after"))
		after := broken(t, s)
		d, err := s.DifferencesOf(context.Background(), &before, &after, at)
		require.NoError(t, err)
		requireCauses(t, &before, &after, &d)
	})
}

// The same on PostgreSQL, with a publication in between.
func TestCausesInPostgreSQL(t *testing.T) {
	store := openStore(t)
	s := newService(store)
	ctx := t.Context()
	ids := play(t, store, nil, story(11, 200))
	before := broken(t, s)
	p, err := s.Freeze(ctx, leader, year)
	require.NoError(t, err)
	play(t, store, ids, story(12, 150))
	after := broken(t, s)
	d, err := s.DifferencesOf(ctx, &before, &after, p.Position)
	require.NoError(t, err)
	require.NotEmpty(t, d.Figures)
	requireCauses(t, &before, &after, &d)
	v, err := s.VerifyPublications(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	require.EqualValues(t, 1, v.Publications)
	require.Greater(t, v.Figures, int64(20))

	next := year
	next.Reason = "补录 2020 年案件"
	second, err := s.Freeze(ctx, leader, next)
	require.NoError(t, err)
	require.Equal(t, 2, second.Revision)
	require.NotEmpty(t, second.Differences.Figures)
	v, err = s.VerifyPublications(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	require.EqualValues(t, 2, v.Publications)
	list, err := s.Revisions(ctx, 2020, whole)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, second.Hash, list[0].Hash)
	require.Equal(t, second.Differences, list[0].Differences)
}

// counting counts the histories that are read.
type counting struct {
	realStore
	histories int
}

func (c *counting) EachHistory(ctx context.Context, behind, known int64, last domain.Date, fn func(domain.CaseHistory) error) error {
	return c.realStore.EachHistory(ctx, behind, known, last, func(h domain.CaseHistory) error {
		c.histories++
		return fn(h)
	})
}

// Whoever looks at a published report pays for the figures, not for all that
// has changed since.
func TestPlainReportReadsNoHistory(t *testing.T) {
	store := &counting{realStore: openStore(t)}
	s := newService(store)
	ctx := t.Context()
	ids := play(t, store, nil, story(11, 60))
	p, err := s.Freeze(ctx, leader, year)
	require.NoError(t, err)
	play(t, store, ids, story(12, 60))

	shown, pending, err := s.Current(ctx, 2020, whole)
	require.NoError(t, err)
	require.Equal(t, p.Hash, shown.Published.Hash)
	require.NotEmpty(t, pending.Figures)
	_, err = s.Published(ctx, 2020, whole)
	require.NoError(t, err)
	_, err = s.Freeze(ctx, leader, year)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err), "a revision says why, before anything is looked for")
	require.Zero(t, store.histories)

	_, pending, err = s.Pending(ctx, 2020, whole)
	require.NoError(t, err)
	require.NotEmpty(t, pending.Cases)
	require.Positive(t, store.histories)
	require.LessOrEqual(t, len(pending.Cases), store.histories)
}

// A case that changed and counts as before is read, and named nowhere.
func TestOnlyCausesAreKept(t *testing.T) {
	m := newMemory()
	s := newService(m)
	ctx := t.Context()
	received := beijing("2020-05-01 09:00:00")
	cases := func(n int) []step {
		return slices.Repeat([]step{{kind: "receive", procedure: "appeal", unit: townshipA, place: townshipA, at: received}}, n)
	}
	ids := play(t, m, nil, cases(5))
	_, err := s.Freeze(ctx, leader, year)
	require.NoError(t, err)
	play(t, m, ids[1:2], []step{{kind: "answer", at: received.AddDate(0, 0, 3)}})
	for _, id := range ids { // each has an entry more, which counts nothing
		m.wrote(id, 1)
		last := m.entries[id][len(m.entries[id])-1]
		last.Version, last.Effect = last.Version+1, nil
		m.entries[id] = append(m.entries[id], last)
	}
	_, pending, err := s.Pending(ctx, 2020, whole)
	require.NoError(t, err)
	require.Len(t, pending.Cases, 1)
	require.Equal(t, ids[1], pending.Cases[0].ID)
}

// Of several who publish at once, one does.
func TestFreezeIsDoneOnce(t *testing.T) {
	store := openStore(t)
	s := newService(store)
	play(t, store, nil, story(13, 40))
	var done, refused atomic.Int32
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			_, err := s.Freeze(context.Background(), leader, year)
			switch {
			case err == nil:
				done.Add(1)
			case domain.KindOf(err) == domain.KindConflict:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 1, done.Load())
	require.EqualValues(t, 5, refused.Load())
	list, err := s.Revisions(t.Context(), 2020, whole)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// A published report stays as it was until the next revision, which says why.
func TestPublishedReportNeverChangesSilently(t *testing.T) {
	m := newMemory()
	s := newService(m)
	ctx := t.Context()
	received := beijing("2020-05-01 09:00:00")
	ids := play(t, m, nil, []step{{kind: "receive", procedure: "appeal", unit: townshipA, place: townshipA, at: received}})

	live, pending, err := s.Current(ctx, 2020, whole)
	require.NoError(t, err)
	require.Nil(t, live.Published)
	require.True(t, pending.Empty())

	p, err := s.Freeze(ctx, leader, year)
	require.NoError(t, err)
	require.Equal(t, 1, p.Revision)
	require.True(t, strings.HasPrefix(p.Hash, "sha256:") && len(p.Hash) == 7+64, p.Hash)
	_, err = s.Freeze(ctx, leader, year)
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
	require.ErrorContains(t, err, "nothing_changed")

	play(t, m, ids, []step{{kind: "answer", at: received.AddDate(0, 0, 3)}})
	shown, pending, err := s.Pending(ctx, 2020, whole)
	require.NoError(t, err)
	require.Equal(t, p.Hash, shown.Published.Hash)
	require.Equal(t, "领导", shown.Published.By)
	require.Equal(t, "0.0", figureOf(t, &shown, "appeals.closure_rate").Value.String(), "as published")
	plain, err := s.Published(ctx, 2020, whole)
	require.NoError(t, err)
	require.Equal(t, shown, plain)
	r := revisedOf(t, &pending, "figures", "appeals.closure_rate")
	require.Equal(t, "0.0", r.Before.Value)
	require.Equal(t, "100.0", r.After.Value)
	require.Equal(t, []domain.Cause{{Kind: domain.CauseCase, CaseID: ids[0], Numerator: 1}}, r.Causes)
	require.Len(t, pending.Cases, 1)
	require.Equal(t, "answer", pending.Cases[0].Steps[0].Action)
	require.Len(t, pending.Cases[0].Steps, 1, "what was before the line is no cause")
	now, plainly, err := s.Current(ctx, 2020, whole)
	require.NoError(t, err)
	require.Equal(t, shown, now)
	require.Empty(t, plainly.Cases)
	require.Len(t, plainly.Figures, len(pending.Figures))
	for i, r := range plainly.Figures {
		require.Empty(t, r.Causes, r.Code)
		r.Causes = pending.Figures[i].Causes
		require.Equal(t, pending.Figures[i], r)
	}

	_, err = s.Freeze(ctx, leader, year)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err), "a revision says why")
	next, err := s.Freeze(ctx, leader, report.Freeze{Year: 2020, Reason: "年后办结"})
	require.NoError(t, err)
	require.Equal(t, 2, next.Revision)
	require.Equal(t, pending, next.Differences)
	shown, pending, err = s.Current(ctx, 2020, whole)
	require.NoError(t, err)
	require.Equal(t, 2, shown.Published.Revision)
	require.True(t, pending.Empty())
	_, first, err := s.Revision(ctx, 2020, 1, whole)
	require.NoError(t, err)
	require.Equal(t, "0.0", figureOf(t, &first, "appeals.closure_rate").Value.String())
	_, _, err = s.Revision(ctx, 2020, 3, whole)
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
}

func revisedOf(t *testing.T, d *domain.Differences, part, code string) *domain.Revised {
	t.Helper()
	for i := range d.Figures {
		if r := &d.Figures[i]; r.Part == part && r.Code == code && r.Period == "2020" {
			return r
		}
	}
	t.Fatal("no difference of " + code)
	return nil
}

func figureOf(t *testing.T, a *report.Annual, code string) *report.Figure {
	t.Helper()
	for i := range a.Figures {
		if a.Figures[i].Code == code {
			return &a.Figures[i]
		}
	}
	t.Fatal("no figure " + code)
	return nil
}

// Statements and organisations are causes, too.
func TestCausesWithoutACase(t *testing.T) {
	m := newMemory()
	s := newService(m)
	ctx := t.Context()
	_, err := s.Freeze(ctx, leader, year)
	require.NoError(t, err)
	_, _, err = s.State(ctx, admin, states("decisions.reviewed", "3", justice))
	require.NoError(t, err)
	founded := m.orgs[4]
	founded.Code += "2"
	m.orgs = append(m.orgs, founded)
	shown, pending, err := s.Pending(ctx, 2020, whole)
	require.NoError(t, err)
	require.Empty(t, shown.Attested, "it enters with the next revision")
	founding := revisedOf(t, &pending, "figures", "mediation.organisations").Causes[0]
	require.Equal(t, domain.CauseOrganizations, founding.Kind)
	require.EqualValues(t, 1, founding.Numerator)
	stated := revisedOf(t, &pending, "attested", "decisions.reviewed")
	require.Equal(t, "3", stated.After.Value)
	require.Equal(t, "某甲", stated.Causes[0].Statement.Signer)
	_, err = s.Freeze(ctx, leader, report.Freeze{Year: 2020, Reason: "补报"})
	require.NoError(t, err)
	shown, pending, err = s.Current(ctx, 2020, whole)
	require.NoError(t, err)
	require.Len(t, shown.Attested, 1)
	require.True(t, pending.Empty())
}

func TestWhoMayFreeze(t *testing.T) {
	s := newService(newMemory())
	ctx := t.Context()
	for _, who := range []domain.Actor{
		{Role: domain.RoleLeader, Org: townshipA}, {Role: domain.RoleClerk, Org: county}, {Role: domain.RoleAuditor, Org: county},
		{Role: domain.RoleAdmin, Org: justice}, {Role: domain.RoleHandler, Org: justice}, domain.Citizen, domain.Clock,
	} {
		_, err := s.Freeze(ctx, who, year)
		require.Equal(t, domain.KindForbidden, domain.KindOf(err), who)
	}
	for _, y := range []int{2021, 2022} { // the clock says 2021
		_, err := s.Freeze(ctx, leader, report.Freeze{Year: y})
		require.Equal(t, domain.KindConflict, domain.KindOf(err))
	}
	_, err := s.Freeze(ctx, leader, report.Freeze{Year: 7})
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
	_, _, err = s.Current(ctx, 2020, domain.Scope{Org: townshipA})
	require.Equal(t, domain.KindForbidden, domain.KindOf(err))
	_, err = s.Revisions(ctx, 2020, domain.Scope{Org: townshipA})
	require.Equal(t, domain.KindForbidden, domain.KindOf(err))
	for _, scope := range []domain.Scope{{Org: county}, {Org: justice, Watch: true}} {
		_, _, err = s.Current(ctx, 2020, scope)
		require.NoError(t, err)
	}
}

// Forgery is found: of a figure, of its hash as well, of the history below.
func TestVerifyPublicationsFindsForgery(t *testing.T) {
	build := func() (*memory, *report.Service) {
		m := newMemory()
		s := newService(m)
		ids := play(t, m, nil, story(3, 60))
		_, err := s.Freeze(t.Context(), leader, year)
		require.NoError(t, err)
		play(t, m, ids, story(4, 60))
		_, err = s.Freeze(t.Context(), leader, report.Freeze{Year: 2020, Reason: "补录"})
		require.NoError(t, err)
		v, err := s.VerifyPublications(t.Context())
		require.NoError(t, err)
		require.True(t, v.OK(), v.Differences)
		return m, s
	}
	for name, forge := range map[string]func(m *memory){
		"content": func(m *memory) {
			p := &m.publications[0]
			p.Content = strings.Replace(p.Content, `"numerator":`, `"numerator":1`, 1)
		},
		"reason":   func(m *memory) { m.publications[1].Reason = "另有原因" },
		"position": func(m *memory) { m.publications[1].Position-- },
		"revision": func(m *memory) { m.publications = m.publications[1:] },
		"history": func(m *memory) {
			for _, id := range m.order {
				if c := m.files[id].Case; c.Procedure == "appeal" && domain.DateIn(c.ReceivedAt).Year == 2020 && m.positions[id][0] < m.publications[0].Position {
					m.entries[id][0].Effect["received_at"] = "2012-01-01T00:00:00Z"
					return
				}
			}
			t.Fatal("no appeal of the year")
		},
		"differences": func(m *memory) { m.publications[1].Differences.Figures = nil },
	} {
		t.Run(name, func(t *testing.T) {
			m, s := build()
			forge(m)
			v, err := s.VerifyPublications(t.Context())
			require.NoError(t, err)
			require.False(t, v.OK())
		})
	}
}

// What is published can be read back to the letter.
func TestAnnualSurvivesJSON(t *testing.T) {
	m := newMemory()
	s := newService(m)
	play(t, m, nil, story(5, 80))
	a := broken(t, s)
	raw, err := json.Marshal(a)
	require.NoError(t, err)
	var back report.Annual
	require.NoError(t, json.Unmarshal(raw, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(again))
	require.Equal(t, a.Figures, back.Figures)
	for _, bad := range []string{`"x"`, `1.25`, `1e3`, `{}`} {
		var v report.Value
		require.Error(t, json.Unmarshal([]byte(bad), &v), bad)
	}
}

// A published item that the program no longer knows is not lost without a word.
func TestStatementThatIsNoMore(t *testing.T) {
	before, after := report.Annual{Year: 2020}, report.Annual{Year: 2020}
	item := domain.AttestedItems[0]
	before.Attested = []report.Stated{{Item: item, Attested: domain.Attested{Year: 2020, Code: item.Code, Value: "3"}}}
	d, err := newService(newMemory()).DifferencesOf(t.Context(), &before, &after, 0)
	require.NoError(t, err)
	gone := revisedOf(t, &d, "attested", item.Code)
	require.Empty(t, gone.After.Value)
	require.Equal(t, domain.CauseDefinition, gone.Causes[0].Kind)
}

// The first year that there is has no year before it.
func TestFirstYearStandsAlone(t *testing.T) {
	s := newService(newMemory())
	ctx := t.Context()
	alone, err := s.Annual(ctx, 1949)
	require.NoError(t, err)
	require.NotEmpty(t, alone.Figures)
	for _, f := range alone.Figures {
		require.Nil(t, f.Before, f.Code)
	}
	second, err := s.Annual(ctx, 1950)
	require.NoError(t, err)
	require.Equal(t, "1949", second.Figures[0].Before.Period)

	quarter, _ := report.ParsePeriod("1949-Q1")
	next, _ := report.ParsePeriod("1949-Q2")
	for _, tc := range []struct {
		q   report.Query
		bad bool
	}{
		{report.Query{Year: 1949, Compare: report.CompareYear}, true},
		{report.Query{Year: 1949, Compare: report.ComparePeriod}, true},
		{report.Query{Year: 1949}, false},
		{report.Query{Year: 1950, Compare: report.CompareYear}, false},
		{report.Query{Span: quarter, Compare: report.ComparePeriod}, true},
		{report.Query{Span: next, Compare: report.ComparePeriod}, false},
		{report.Query{Span: next, Compare: report.CompareYear}, true},
	} {
		tc.q.Scope = whole
		_, err := s.Figures(ctx, tc.q)
		if !tc.bad {
			require.NoError(t, err, "%+v", tc.q)
			continue
		}
		require.Equal(t, domain.KindInvalid, domain.KindOf(err), "%+v", tc.q)
		var own *domain.Error
		require.ErrorAs(t, err, &own)
		require.Equal(t, domain.FieldError{Field: "compare", Code: "nothing_before", Args: []any{1949}}, own.Fields[0])
	}
}
