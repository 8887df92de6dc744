package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// all pages through a list.
func all(t *testing.T, s *Store, q domain.CaseQuery) (ids []string) {
	t.Helper()
	for range 1000 {
		page, err := s.List(context.Background(), q)
		require.NoError(t, err)
		for i := range page.Items {
			ids = append(ids, page.Items[i].ID)
		}
		if page.Next == "" {
			return ids
		}
		q.Cursor = page.Next
	}
	t.Fatal("the list has no end")
	return nil
}

func TestPagingIsCompleteAndWithoutDoubles(t *testing.T) {
	s := open(t)
	same := tick() // many cases at one instant: the id decides
	var want []string
	for i := range 57 {
		want = append(want, register(t, s, func(c *domain.Change) {
			if i%3 == 0 {
				c.After.ReceivedAt = same
			}
		}).Case.ID)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				register(t, s)
			}
		}
	})
	for _, limit := range []int{1, 7, 200} {
		got := all(t, s, domain.CaseQuery{Scope: domain.AllCases, Limit: limit, Span: domain.Span{To: domain.DateIn(same)}})
		seen := map[string]bool{}
		for _, id := range got {
			require.False(t, seen[id], "twice")
			seen[id] = true
		}
		for _, id := range want {
			require.True(t, seen[id], "missing")
		}
	}
	close(stop)
	wg.Wait()
	page, err := s.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Limit: 200})
	require.NoError(t, err)
	require.True(t, slices.IsSortedFunc(page.Items, func(a, b domain.CaseLine) int {
		if c := b.ReceivedAt.Compare(a.ReceivedAt); c != 0 {
			return c
		}
		return -compare(a.ID, b.ID)
	}))
	stored, err := s.File(t.Context(), page.Items[0].ID)
	require.NoError(t, err)
	require.Equal(t, stored.Case, page.Items[0].Case)
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

func TestPagingByDueDate(t *testing.T) {
	s := open(t)
	base := tick()
	due := func(days int) func(*domain.Change) {
		return func(c *domain.Change) {
			for i := range c.Deadlines {
				d := &c.Deadlines[i]
				d.StartedAt = base
				d.Due = base.AddDate(0, 0, days+i)
				d.Nominal, d.WarnAt = d.Due, d.Due
			}
		}
	}
	var want []string
	for _, days := range []int{1, 1, 2, 5, 9} {
		want = append(want, register(t, s, due(days)).Case.ID)
	}
	register(t, s, due(30))
	late := register(t, s, due(3), func(c *domain.Change) { // its first clock stands still: the second, at 4, counts
		c.Deadlines[0].PausedAt = &base
	}).Case.ID
	want = slices.Insert(want, 3, late)
	register(t, s, due(1), func(c *domain.Change) {
		for i := range c.Deadlines {
			c.Deadlines[i].EndedAt = &base
		}
	})
	before := base.AddDate(0, 0, 10)
	for _, limit := range []int{1, 2, 50} {
		require.Equal(t, want, all(t, s, domain.CaseQuery{Scope: domain.AllCases, DueBefore: &before, Limit: limit}))
	}
}

func TestBadCursors(t *testing.T) {
	s := open(t)
	register(t, s)
	register(t, s)
	page, err := s.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Limit: 1})
	require.NoError(t, err)
	due := tick()
	for _, q := range []domain.CaseQuery{
		{Cursor: "!"}, {Cursor: "AAAA"}, {Cursor: received.cursor(time.Now(), "x")}, {Cursor: "cjo5OTk5OTk5OTk5OTk5OTk5OTk5OjE"},
		{Cursor: page.Next, DueBefore: &due},
	} {
		q.Scope = domain.AllCases
		_, err := s.List(t.Context(), q)
		var e *domain.Error
		require.ErrorAs(t, err, &e, q.Cursor)
		require.Equal(t, domain.KindInvalid, e.Kind)
		require.Equal(t, []domain.FieldError{{Field: "cursor", Code: "cursor_bad"}}, e.Fields)
	}
}

func TestFilters(t *testing.T) {
	s := open(t)
	f := register(t, s, func(c *domain.Change) {
		c.After.Title = "关于拖欠农民工工资的反映ABC 100%"
		c.After.Flags = []domain.Flag{domain.FlagUrgent, domain.FlagRepeat}
		c.After.Category, c.After.Handler, c.After.State = "030201", "u9", "accepted"
		c.After.Owner, c.After.Desk, c.After.RegisteredBy, c.After.Unit = townshipB, townshipB, townshipB, townshipB
		c.After.Place, c.After.Township = townshipB, townshipB
		at := c.After.ReceivedAt.AddDate(0, 1, 0)
		c.After.EvaluatedAt, c.After.Satisfaction = &at, domain.Satisfied
	}).Case
	other := register(t, s).Case
	day := domain.DateIn(f.ReceivedAt)
	for name, q := range map[string]domain.CaseQuery{
		"state": {State: "accepted"}, "category": {Category: "030201"}, "category prefix": {Category: "03"},
		"handler": {Handler: "u9"}, "owner": {Owner: townshipB}, "within": {Within: townshipB}, "township": {Township: townshipB},
		"org": {Org: townshipB}, "flag": {Flag: domain.FlagRepeat},
		"number": {Text: f.Number}, "number typed small": {Text: " sq-370404103-2020-000001 "}, "full width": {Text: "ＡＢＣ"},
		"two characters": {Text: "工资"}, "one character": {Text: "欠"}, "words": {Text: "工资  拖欠"}, "case": {Text: "abc"}, "percent": {Text: "0%"},
		"measure": {Measure: "appeals.satisfied", Span: domain.Span{From: day.AddDays(10), To: day.AddDays(40)}},
		"combined": {Procedure: "appeal", State: "accepted", Flag: domain.FlagUrgent, Text: "农民工", Category: "0302",
			Measure: "appeals.received", Span: domain.Span{From: day, To: day}},
	} {
		q.Scope = domain.AllCases
		require.Equal(t, []string{f.ID}, all(t, s, q), name)
	}
	for name, q := range map[string]domain.CaseQuery{
		"bigrams apart": {Text: "工拖"}, "reversed": {Text: "资工"}, "state": {State: "closed"}, "org": {Org: court}, "unknown org": {Org: "x"},
		"span": {Span: domain.Span{To: day.AddDays(-1)}}, "wildcard": {Text: "%工资%"},
		"number": {Text: "SQ-370404102-2020-000099"}, "measure": {Measure: "mediation.accepted"},
	} {
		q.Scope = domain.AllCases
		require.Empty(t, all(t, s, q), name)
	}
	require.ElementsMatch(t, []string{f.ID, other.ID}, all(t, s, domain.CaseQuery{Scope: domain.AllCases, Org: county}))
	_, err := s.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Measure: "no such"})
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
}

// TestScope asks every read that shows cases to a person, for every pair of
// reader and case.
func TestScope(t *testing.T) {
	s := open(t)
	at := func(registered, owner, desk string) func(*domain.Change) {
		return func(c *domain.Change) {
			c.After.RegisteredBy, c.After.Owner, c.After.Desk = registered, owner, desk
		}
	}
	against := func(org string) func(*domain.Change) {
		return func(c *domain.Change) {
			c.Parties = append(c.Parties, domain.Party{CaseID: c.After.ID, Seq: 2, Role: domain.PartyRespondent, Organization: true, OrgCode: org, Name: "被反映单位"})
		}
	}
	third := func(c *domain.Change) {
		c.Parties = append(c.Parties, domain.Party{CaseID: c.After.ID, Seq: 2, Role: domain.PartyThird, Organization: true, OrgCode: village, Name: "村委会"})
	}
	helps := func(orgs ...string) func(*domain.Change) {
		return func(c *domain.Change) { c.After.Partners = orgs }
	}
	readers := []string{county, townshipA, townshipB, village, court, "nowhere", ""}
	for name, tc := range map[string]struct {
		edits []func(*domain.Change)
		seen  []string // by these readers
	}{
		"of a village":            {[]func(*domain.Change){at(village, village, village)}, []string{county, townshipA, village}},
		"of a township":           {[]func(*domain.Change){at(townshipA, townshipA, townshipA)}, []string{county, townshipA}},
		"of the county":           {[]func(*domain.Change){at(county, county, county)}, []string{county}},
		"handed over":             {[]func(*domain.Change){at(townshipA, townshipB, court)}, []string{county, townshipA, townshipB, court}},
		"against the village":     {[]func(*domain.Change){at(village, townshipA, townshipA), against(village)}, []string{county, townshipA}},
		"against the township":    {[]func(*domain.Change){at(village, townshipA, townshipB), against(townshipA)}, []string{county, townshipB}},
		"against the court":       {[]func(*domain.Change){at(court, court, court), against(court)}, []string{county}},
		"against the county":      {[]func(*domain.Change){at(townshipA, townshipA, townshipA), against(county)}, []string{county, townshipA}},
		"with a village's help":   {[]func(*domain.Change){at(townshipB, townshipB, townshipB), helps(court, village)}, []string{county, townshipA, townshipB, village, court}},
		"helped by the accused":   {[]func(*domain.Change){at(townshipB, townshipB, townshipB), helps(court), against(court)}, []string{county, townshipB}},
		"a village as third side": {[]func(*domain.Change){at(village, village, village), third}, []string{county, townshipA, village}},
	} {
		f := register(t, s, tc.edits...)
		for _, reader := range readers {
			scope := domain.Scope{Org: reader}
			want := slices.Contains(tc.seen, reader)
			got, err := s.Visible(t.Context(), scope, f.Case.ID)
			listed := slices.Contains(all(t, s, domain.CaseQuery{Scope: scope}), f.Case.ID)
			before := tick().AddDate(1, 0, 0)
			due := slices.Contains(all(t, s, domain.CaseQuery{Scope: scope, DueBefore: &before}), f.Case.ID)
			found := slices.Contains(all(t, s, domain.CaseQuery{Scope: scope, Text: f.Case.Number}), f.Case.ID)
			about := fmt.Sprintf("%s, read by %q", name, reader)
			require.Equal(t, []bool{want, want, want, want}, []bool{err == nil, listed, due, found}, about)
			if want {
				require.Equal(t, f, got, about)
				continue
			}
			require.Equal(t, errCaseUnknown, err, about)
		}
	}
	for _, id := range []string{newID(), "no id", ""} {
		_, err := s.File(t.Context(), id)
		require.Equal(t, errCaseUnknown, err)
	}
}
