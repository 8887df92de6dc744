package store

import (
	"context"
	"errors"
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
	_ workflow.Cases      = (*Store)(nil)
	_ workflow.Overlooked = (*Store)(nil)
)

func TestMigrateUpDownUp(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	ctx := t.Context()
	objects := func() (n int) {
		c, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		defer c.Close(ctx)
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
	s, err := Open(ctx, dsn, Options{Keys: storetest.Keys()})
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
	_, err = Open(t.Context(), u.String(), Options{Keys: storetest.Keys()})
	require.ErrorContains(t, err, "synchronous_commit = off")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	u, err := url.Parse(storetest.NewDatabase(t))
	require.NoError(t, err)
	u.Path = "/no_such_database"
	begin := time.Now()
	_, err = Open(t.Context(), u.String(), Options{Keys: storetest.Keys()})
	require.ErrorContains(t, err, "does not exist")
	_, err = Open(t.Context(), "postgres://%", Options{Keys: storetest.Keys()})
	require.ErrorContains(t, err, "database address")
	require.Less(t, time.Since(begin), startPatience, "neither is worth waiting for")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = Open(ctx, "postgres://localhost:1/x", Options{Keys: storetest.Keys()})
	require.ErrorContains(t, err, "connect")
}

func TestOneHolderOfALock(t *testing.T) {
	s, dsn := openDSN(t)
	other, err := Open(t.Context(), dsn, Options{Keys: storetest.Keys()})
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
		return errors.New("mine")
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
		_, err := superuser(t, s).Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
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

func TestDueCases(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	now := tick()
	clock := func(warn, due time.Duration, edit func(*domain.Deadline)) string {
		return register(t, s, func(c *domain.Change) {
			c.Deadlines = c.Deadlines[:1]
			d := &c.Deadlines[0]
			d.StartedAt, d.WarnAt, d.Nominal, d.Due = now.AddDate(-1, 0, 0), now.Add(warn), now.Add(due), now.Add(due)
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
	mine := errors.New("enough")
	require.Same(t, mine, s.EachFile(t.Context(), func(domain.File, []domain.Entry) error { return mine }))
}
