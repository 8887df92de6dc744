package store

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// ledgerOf reads a whole ledger.
func ledgerOf(t *testing.T, s *Store, q domain.LedgerQuery) (rows []domain.LedgerRow, head domain.LedgerHead) {
	t.Helper()
	require.NoError(t, s.Ledger(t.Context(), q, func(h domain.LedgerHead) error {
		head = h
		return nil
	}, func(r *domain.LedgerRow) error {
		rows = append(rows, *r)
		return nil
	}))
	require.Len(t, rows, head.Total)
	return rows, head
}

func ledgerIDs(rows []domain.LedgerRow) (ids []string) {
	for i := range rows {
		ids = append(ids, rows[i].ID)
	}
	return ids
}

func TestLedgerHasWhatTheListHas(t *testing.T) {
	s := open(t)
	for i := range 2*ledgerChunk + 3 { // more than two pieces
		register(t, s, func(c *domain.Change) {
			if i%5 == 0 {
				c.After.RegisteredBy, c.After.Owner, c.After.Desk, c.After.Unit = townshipB, townshipB, townshipB, townshipB
			}
			if i%7 == 0 {
				c.After.Flags = []domain.Flag{domain.FlagUrgent}
			}
		})
	}
	due := tick().AddDate(0, 0, 30)
	for name, q := range map[string]domain.CaseQuery{
		"all":      {Scope: domain.AllCases},
		"township": {Scope: domain.Scope{Org: townshipB}},
		"org":      {Scope: domain.AllCases, Org: townshipB},
		"flag":     {Scope: domain.Scope{Org: townshipA}, Flag: domain.FlagUrgent},
		"text":     {Scope: domain.AllCases, Text: "路灯"},
		"measure":  {Scope: domain.AllCases, Measure: "appeals.received", Span: domain.Year(2020), Within: townshipB, Group: &domain.Group{By: domain.ByTownship, Key: townshipA}},
		"due":      {Scope: domain.AllCases, DueBefore: &due, Org: townshipB},
		"nothing":  {},
	} {
		t.Run(name, func(t *testing.T) {
			rows, _ := ledgerOf(t, s, domain.LedgerQuery{CaseQuery: q})
			got, want := ledgerIDs(rows), all(t, s, q)
			if q.DueBefore == nil {
				slices.Reverse(want) // in the order of receipt
			}
			require.Equal(t, want, got)
			if name == "nothing" {
				require.Empty(t, got)
			} else {
				require.NotEmpty(t, got)
			}
		})
	}
}

func TestLedgerRowHasWhatBelongsToIt(t *testing.T) {
	s := open(t)
	f := register(t, s)
	other := register(t, s)
	require.NoError(t, act(s, f.Case.ID, "accept", func(c *domain.Case) {
		now := tick()
		c.State, c.Disposition, c.AcceptedAt = "accepted", domain.Active, &now
	}).Err)
	rows, head := ledgerOf(t, s, domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.AllCases}, Actions: []string{"accept"}})
	require.WithinDuration(t, time.Now(), head.At, time.Minute)
	require.Equal(t, []string{f.Case.ID, other.Case.ID}, ledgerIDs(rows))
	file, err := s.File(t.Context(), f.Case.ID)
	require.NoError(t, err)
	require.Equal(t, file.Case, rows[0].Case)
	require.Equal(t, file.Parties, rows[0].Parties)
	require.Equal(t, file.Deadlines, rows[0].Deadlines)
	require.Equal(t, file.Deadlines[0].Due, *rows[0].Due)
	history, err := s.History(t.Context(), f.Case.ID)
	require.NoError(t, err)
	require.Equal(t, history[1:], rows[0].Entries, "only the actions asked for")
	require.Empty(t, rows[1].Entries)
	rows, _ = ledgerOf(t, s, domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.AllCases}})
	require.Empty(t, rows[0].Entries)
}

// The unit complained of never sees the complaint, whatever the ledger.
func TestLedgerKeepsAComplaintFromWhomItIsAgainst(t *testing.T) {
	s := open(t)
	plain := register(t, s)
	against := register(t, s, func(c *domain.Change) {
		c.After.Desk, c.After.Owner, c.After.Unit = townshipA, townshipA, townshipA
		c.Parties = append(c.Parties, domain.Party{CaseID: c.After.ID, Seq: 2, Role: domain.PartyRespondent, Organization: true, OrgCode: townshipA, Name: "甲镇"})
	})
	for _, q := range []domain.LedgerQuery{
		{}, {Standing: domain.Year(2020)}, {Clock: "accept"}, {Clock: "accept", Standing: domain.Year(2020)},
		{CaseQuery: domain.CaseQuery{Measure: "appeals.received"}}, {CaseQuery: domain.CaseQuery{Org: townshipA}},
	} {
		for scope, want := range map[domain.Scope][]string{
			{Org: townshipA}:            {plain.Case.ID},
			{Org: village}:              nil,
			{Org: townshipB}:            nil,
			{Org: county}:               {plain.Case.ID, against.Case.ID},
			{Org: court, Watch: true}:   {plain.Case.ID, against.Case.ID},
			{Org: townshipA, All: true}: {plain.Case.ID, against.Case.ID},
			{}:                          nil,
		} {
			q.Scope = scope
			rows, _ := ledgerOf(t, s, q)
			require.Equal(t, want, ledgerIDs(rows), "%+v", q)
		}
	}
}

func TestMatterStandsUntilItEnds(t *testing.T) {
	s := open(t)
	at := func(year int, month time.Month, day int) time.Time {
		return domain.NewDate(year, month, day).Start().Add(time.Hour)
	}
	put := func(received time.Time, concluded *time.Time) string {
		return register(t, s, func(c *domain.Change) {
			c.After.ReceivedAt, c.After.ConcludedAt = received, concluded
			if concluded != nil {
				c.After.State, c.After.Disposition, c.After.AcceptedAt = "replied", domain.Concluded, &received
			}
			for i := range c.Deadlines {
				c.Deadlines[i] = someDeadline(c.After.ID, c.Deadlines[i].Kind, received, 15)
				c.Deadlines[i].EndedAt = concluded
			}
		}).Case.ID
	}
	ended := func(year int, month time.Month, day int) *time.Time {
		t := at(year, month, day)
		return &t
	}
	old := put(at(2018, 5, 1), nil)
	before := put(at(2018, 6, 1), ended(2019, 12, 31))
	within := put(at(2019, 6, 1), ended(2020, 1, 1))
	after := put(at(2020, 12, 31), ended(2021, 3, 1))
	later := put(at(2021, 1, 1), nil)
	for _, clock := range []string{"", "conclude"} {
		q := domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.AllCases}, Standing: domain.Year(2020), Clock: clock}
		rows, _ := ledgerOf(t, s, q)
		require.Equal(t, []string{old, within, after}, ledgerIDs(rows))
		q.Standing = domain.Span{}
		rows, _ = ledgerOf(t, s, q)
		require.Equal(t, []string{old, before, within, after, later}, ledgerIDs(rows))
	}
	rows, _ := ledgerOf(t, s, domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.AllCases}, Clock: "supervision"})
	require.Empty(t, rows)
}

// What changes while a ledger is read does not show in it.
func TestLedgerIsOfOneInstant(t *testing.T) {
	s := open(t)
	for range ledgerChunk + 5 {
		register(t, s)
	}
	read := 0
	require.NoError(t, s.Ledger(t.Context(), domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.AllCases}}, func(h domain.LedgerHead) error {
		register(t, s)
		_, err := s.pool.Exec(context.Background(), "UPDATE cases SET title = '后来'")
		require.NoError(t, err)
		return err
	}, func(r *domain.LedgerRow) error {
		read++
		require.NotEqual(t, "后来", r.Title)
		return nil
	}))
	require.Equal(t, ledgerChunk+5, read)
}

// An export that is given up gives its connection back.
func TestLedgerStopsWhenItIsTold(t *testing.T) {
	s := open(t)
	for range 3 {
		register(t, s)
	}
	stop := errors.New("enough")
	q := domain.LedgerQuery{CaseQuery: domain.CaseQuery{Scope: domain.AllCases}}
	begin := func(domain.LedgerHead) error { return nil }
	for range 30 { // more than there are connections
		read := 0
		require.ErrorIs(t, s.Ledger(t.Context(), q, begin, func(*domain.LedgerRow) error {
			read++
			return stop
		}), stop)
		require.Equal(t, 1, read)
		require.ErrorIs(t, s.Ledger(t.Context(), q, func(domain.LedgerHead) error { return stop }, nil), stop)
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, s.Ledger(ctx, q, begin, func(*domain.LedgerRow) error {
			cancel()
			return ctx.Err()
		}), context.Canceled)
	}
	require.NoError(t, s.Ping(t.Context()))
	require.Zero(t, s.pool.Stat().AcquiredConns())
	err := s.Ledger(t.Context(), domain.LedgerQuery{CaseQuery: domain.CaseQuery{Measure: "nonsense"}}, begin, nil)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
}
