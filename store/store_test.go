package store

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/storetest"
	"sudi/workflow"
)

// The engine and the sweeper declare what they need; this is what satisfies it.
var (
	_ workflow.Cases = (*Store)(nil)
	_ workflow.Due   = (*Store)(nil)
)

func TestMigrateUpDownUp(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	ctx := t.Context()
	objects := func() (n int) {
		c, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		defer c.Close(ctx) //nolint:errcheck // a test
		require.NoError(t, c.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
				AND relname !~ '^goose') + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)`).Scan(&n))
		return n
	}
	full := objects()
	require.NotZero(t, full)
	status, err := MigrateStatus(ctx, dsn)
	require.NoError(t, err)
	for range status {
		require.NoError(t, MigrateDown(ctx, dsn))
	}
	require.Zero(t, objects())
	status, err = MigrateStatus(ctx, dsn)
	require.NoError(t, err)
	require.True(t, status[0].AppliedAt.IsZero())
	var wg sync.WaitGroup
	for range 3 { // nodes that start together
		wg.Go(func() {
			if err := Migrate(ctx, dsn); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, full, objects())
	status, err = MigrateStatus(ctx, dsn)
	require.NoError(t, err)
	require.Equal(t, "0001_core.sql", status[0].Name)
	require.False(t, status[0].AppliedAt.IsZero())
	s, err := Open(ctx, dsn, Options{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.LoadCounty(ctx, someOrganizations(), nil, nil))
	register(t, s)
}

func TestOpenRefusesAServerThatForgets(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("synchronous_commit", "off")
	u.RawQuery = q.Encode()
	_, err = Open(t.Context(), u.String(), Options{})
	require.ErrorContains(t, err, "synchronous_commit = off")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	u, err := url.Parse(storetest.NewDatabase(t))
	require.NoError(t, err)
	u.Path = "/no_such_database"
	begin := time.Now()
	_, err = Open(t.Context(), u.String(), Options{})
	require.ErrorContains(t, err, "does not exist")
	_, err = Open(t.Context(), "postgres://%", Options{})
	require.ErrorContains(t, err, "database address")
	require.Less(t, time.Since(begin), startPatience, "neither is worth waiting for")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = Open(ctx, "postgres://localhost:1/x", Options{})
	require.ErrorContains(t, err, "connect")
}

func TestOutbox(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	a := register(t, s).Case
	b := register(t, s).Case
	require.NoError(t, s.Apply(ctx, domain.Decision{CaseID: a.ID, Decide: func(f domain.File) (domain.Change, error) {
		c := step(f, "assign", func(c *domain.Case) { c.Desk, c.State, c.Disposition = court, "assigned", domain.Active })
		c.Entries[0].Desk = court
		return c, nil
	}}).Err)
	unsent, err := s.Unsent(ctx, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 3)
	require.Equal(t, domain.Event{
		ID: a.ID + "-2", CaseID: a.ID, Version: 2, Matter: a.Matter, Number: a.Number, Procedure: "appeal", Event: "assign", Action: "assign",
		From: "registered", To: "assigned", Disposition: domain.Active, Owner: townshipA, Desk: court, HandedOver: true,
		ActorRole: domain.RoleHandler, At: unsent[2].Event.At,
	}, unsent[2].Event)
	require.False(t, unsent[0].Event.HandedOver)
	require.Equal(t, b.ID, unsent[1].Event.CaseID)

	require.NoError(t, s.MarkSent(ctx, []int64{unsent[0].Position, unsent[1].Position}))
	rest, err := s.Unsent(ctx, 10)
	require.NoError(t, err)
	require.Equal(t, unsent[2:], rest)

	require.NoError(t, act(s, b.ID, "close", func(c *domain.Case) { c.ClosedAt = &c.UpdatedAt }).Err)
	n, err := s.Requeue(ctx) // of a only what does not wait already; b is closed
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, 3, count(t, s, "outbox"))
}

func TestRequeueCases(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	stuck := register(t, s).Case
	elsewhere := register(t, s, func(c *domain.Change) { c.After.State = "accepted" }).Case
	closed := register(t, s, func(c *domain.Change) { c.After.ClosedAt = &c.After.ReceivedAt }).Case
	states := map[string][]string{"appeal": {"registered", "other"}, "petition": {"accepted"}}
	soon := time.Now().Add(time.Minute)
	n, err := s.RequeueCases(ctx, states, soon)
	require.NoError(t, err)
	require.Zero(t, n, "they still wait to be sent")
	_, err = s.pool.Exec(ctx, "DELETE FROM outbox")
	require.NoError(t, err)
	n, err = s.RequeueCases(ctx, states, time.Now().Add(-time.Minute))
	require.NoError(t, err)
	require.Zero(t, n, "too young")
	for want := int64(1); want >= 0; want-- {
		n, err = s.RequeueCases(ctx, states, soon)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.Equal(t, 1, count(t, s, "outbox WHERE case_id = $1 AND version = 1", stuck.ID))
	require.Zero(t, count(t, s, "outbox WHERE case_id = ANY($1)", []string{elsewhere.ID, closed.ID}))
}

func TestReceiptsGoForwardOnly(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	id := register(t, s).Case.ID
	applied := func(version int) bool {
		yes, err := s.Applied(ctx, "router", id, version)
		require.NoError(t, err)
		return yes
	}
	require.False(t, applied(1))
	require.NoError(t, s.Receive(ctx, domain.Receipt{Consumer: "router", CaseID: id, Version: 2}))
	require.NoError(t, s.Receive(ctx, domain.Receipt{Consumer: "router", CaseID: id, Version: 1}))
	require.Equal(t, []bool{true, true, false}, []bool{applied(1), applied(2), applied(3)})
	r := s.Apply(ctx, domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
		c := step(f, "assign", nil)
		c.Receipt = &domain.Receipt{Consumer: "router", CaseID: id, Version: 3}
		return c, nil
	}})
	require.NoError(t, r.Err)
	require.True(t, applied(3))
	// A receipt without an action changes nothing else.
	r = s.Apply(ctx, domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
		return domain.Change{Before: &f.Case, After: f.Case, Receipt: &domain.Receipt{Consumer: "router", CaseID: id, Version: 4}}, nil
	}})
	require.NoError(t, r.Err)
	require.Equal(t, 2, r.File.Case.Version)
	require.True(t, applied(4))
	require.Error(t, s.Receive(ctx, domain.Receipt{Consumer: "router", CaseID: "x", Version: 1}))
}

func TestDeadLetters(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	at := tick()
	letter := domain.DeadLetter{ID: newID(), Consumer: "router", Subject: "sudi.x", EventID: "e-1", Payload: []byte{0, 1}, Cause: "boom", Attempts: 5, CreatedAt: at}
	require.NoError(t, s.SaveDeadLetter(ctx, letter))
	got, err := s.DeadLetter(ctx, letter.ID)
	require.NoError(t, err)
	require.Equal(t, letter, got)
	require.NoError(t, s.MarkReplayed(ctx, letter.ID, at))
	open, err := s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Empty(t, open)
	again := letter
	again.ID, again.Attempts = newID(), 6
	require.NoError(t, s.SaveDeadLetter(ctx, again), "it failed again")
	open, err = s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, letter.ID, open[0].ID)
	require.Equal(t, 6, open[0].Attempts)
	for _, id := range []string{newID(), "x"} {
		_, err = s.DeadLetter(ctx, id)
		require.Equal(t, domain.KindNotFound, domain.KindOf(err))
		require.Equal(t, domain.KindNotFound, domain.KindOf(s.MarkReplayed(ctx, id, at)))
	}
}

func TestOneHolderOfALock(t *testing.T) {
	s, dsn := openDSN(t)
	other, err := Open(t.Context(), dsn, Options{})
	require.NoError(t, err)
	defer other.Close()
	ctx := t.Context()
	never := func(context.Context) error { t.Error("ran"); return nil }
	ran, err := s.WithLock(ctx, "relay", func(context.Context) error {
		for _, x := range []*Store{s, other} {
			ran, err := x.WithLock(ctx, "relay", never)
			require.NoError(t, err)
			require.False(t, ran)
		}
		ran, err := other.WithLock(ctx, "another", func(context.Context) error { return nil })
		require.NoError(t, err)
		require.True(t, ran)
		return fmt.Errorf("mine")
	})
	require.True(t, ran)
	require.EqualError(t, err, "mine")
	ran, err = other.WithLock(ctx, "relay", func(context.Context) error { return nil })
	require.NoError(t, err)
	require.True(t, ran)
}

func TestLockIsLostWithItsConnection(t *testing.T) {
	s := open(t)
	ran, err := s.WithLock(t.Context(), "relay", func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
		require.NoError(t, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Second):
			return nil
		}
	})
	require.True(t, ran)
	require.ErrorIs(t, err, context.Canceled)
	ran, err = s.WithLock(t.Context(), "relay", func(context.Context) error { return nil })
	require.NoError(t, err)
	require.True(t, ran)
}

func TestBrokerStoreAndSettings(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	_, ok, err := s.BrokerStore(ctx, "SUDI_CASES")
	require.NoError(t, err)
	require.False(t, ok)
	at := tick()
	for range 2 {
		at = at.Add(time.Hour)
		require.NoError(t, s.SetBrokerStore(ctx, "SUDI_CASES", at))
		got, ok, err := s.BrokerStore(ctx, "SUDI_CASES")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, at, got)
		require.NoError(t, s.SetSetting(ctx, "county", at.String()))
		value, ok, err := s.Setting(ctx, "county")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, at.String(), value)
	}
	_, ok, err = s.Setting(ctx, "no such")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestDueCases(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	now := tick()
	clock := func(warn, due time.Duration, edit func(*domain.Deadline)) string {
		return register(t, s, func(c *domain.Change) {
			c.Deadlines = c.Deadlines[:1]
			d := &c.Deadlines[0]
			d.StartedAt, d.WarnAt, d.Due = now.AddDate(-1, 0, 0), now.Add(warn), now.Add(due)
			if edit != nil {
				edit(d)
			}
		}).Case.ID
	}
	warn := clock(0, time.Hour, nil)
	miss := clock(-time.Hour, -time.Second, func(d *domain.Deadline) { d.WarnedAt = &now })
	both := clock(-time.Hour, -time.Second, nil)
	clock(time.Second, time.Hour, nil)
	clock(-time.Hour, 0, func(d *domain.Deadline) { d.WarnedAt = &now }) // due now is not missed yet
	clock(-time.Hour, -time.Second, func(d *domain.Deadline) { d.MissedAt = &now })
	clock(-time.Hour, -time.Second, func(d *domain.Deadline) { d.PausedAt = &now })
	clock(-time.Hour, -time.Second, func(d *domain.Deadline) { d.EndedAt = &now })
	ids, err := s.DueCases(ctx, now, "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{warn, miss, both}, ids)
	ids, err = s.DueCases(ctx, now, warn, 1)
	require.NoError(t, err)
	require.Equal(t, []string{miss}, ids)
}

func TestEachFile(t *testing.T) {
	s := open(t)
	var ds []domain.Decision
	for range caseChunk + 7 {
		ds = append(ds, deciding(closedCase(newID())))
	}
	files, err := s.ApplyAll(t.Context(), ds)
	require.NoError(t, err)
	i := 0
	require.NoError(t, s.EachFile(t.Context(), func(f domain.File, history []domain.Entry) error {
		require.ElementsMatch(t, files[i].Deadlines, f.Deadlines)
		f.Deadlines = files[i].Deadlines
		require.Equal(t, files[i], f)
		require.Len(t, history, 6)
		i++
		return nil
	}))
	require.Len(t, files, i)
	mine := fmt.Errorf("enough")
	require.Same(t, mine, s.EachFile(t.Context(), func(domain.File, []domain.Entry) error { return mine }))
}
