package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func somePublication(revision int, content string) *domain.Publication {
	sum := sha256.Sum256([]byte(content))
	p := &domain.Publication{
		Year: 2020, Revision: revision, At: tick(), By: "u1", ByName: "督办员", Position: 1, Content: content,
		Hash:        "sha256:" + hex.EncodeToString(sum[:]),
		Differences: domain.Differences{Figures: []domain.Revised{{Code: "appeals.received"}}, Cases: []domain.ChangedCase{}},
	}
	if revision > 1 {
		p.Reason = "更正"
	}
	return p
}

func publish(s *Store, p *domain.Publication) error {
	return s.Frozen(context.Background(), func(ctx context.Context, _ int64) error { return s.AddPublication(ctx, p) })
}

func TestPublicationsAreKeptForGood(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	first, second := somePublication(1, `{"a":1}`), somePublication(2, `{"a":2}`)
	require.NoError(t, publish(s, first))
	require.NoError(t, publish(s, second))
	require.Equal(t, domain.KindConflict, domain.KindOf(publish(s, somePublication(2, `{"a":3}`))), "a revision is published once")
	require.Error(t, s.AddPublication(ctx, somePublication(3, `{}`)), "outside of Frozen")

	list, err := s.Publications(ctx, 2020)
	require.NoError(t, err)
	require.Equal(t, []domain.Publication{*first, *second}, list)
	list, err = s.Publications(ctx, 0)
	require.NoError(t, err)
	require.Len(t, list, 2)
	got, ok, err := s.Publication(ctx, 2020, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, *second, got)
	got, _, err = s.Publication(ctx, 2020, 1)
	require.NoError(t, err)
	require.Equal(t, *first, got)
	_, ok, err = s.Publication(ctx, 2019, 0)
	require.NoError(t, err)
	require.False(t, ok)

	for _, sql := range []string{"UPDATE publications SET reason = 'x'", "DELETE FROM publications", "TRUNCATE publications"} {
		_, err := superuser(t, s).Exec(ctx, sql)
		require.ErrorContains(t, err, "append-only", sql)
	}
	bad := somePublication(3, `{}`)
	bad.Content = `{"forged":true}`
	require.Error(t, publish(s, bad), "the hash is of another content")
	silent := somePublication(3, `{}`)
	silent.Reason = " "
	require.Error(t, publish(s, silent), "a revision says why")
}

// TestFrozenWhileWritersWrite freezes while cases are written and folded: each
// time exactly the entries up to the position are counted.
func TestFrozenWhileWritersWrite(t *testing.T) {
	s := open(t)
	var stop atomic.Bool
	var writers sync.WaitGroup
	for range 6 {
		writers.Go(func() {
			for !stop.Load() {
				f := register(t, s)
				if r := act(s, f.Case.ID, "close", func(c *domain.Case) {
					c.Disposition, c.AcceptedAt, c.ConcludedAt = domain.Concluded, &c.UpdatedAt, &c.UpdatedAt
				}); r.Err != nil {
					t.Error(r.Err)
				}
			}
		})
	}
	query := domain.CountQuery{Measures: []string{"appeals.received", "appeals.closed"}, Span: domain.Year(2020), Org: county}
	var last int64
	for range 25 {
		require.NoError(t, s.Frozen(t.Context(), func(ctx context.Context, position int64) error {
			require.GreaterOrEqual(t, position, last)
			last = position
			time.Sleep(5 * time.Millisecond) // writers go on: the lock is gone
			counts, err := s.Count(ctx, query)
			require.NoError(t, err)
			tx, _ := ctx.Value(snapshotKey{}).(pgx.Tx)
			var seen, beyond, closed int64
			require.NoError(t, tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE action = 'register'), count(*) FILTER (WHERE position > $1),
				count(*) FILTER (WHERE action = 'close') FROM history`, position).Scan(&seen, &beyond, &closed))
			require.Zero(t, beyond)
			// Read again outside of the snapshot: nobody has come in below the line since.
			var below int64
			require.NoError(t, s.pool.QueryRow(ctx, "SELECT count(*) FROM history WHERE position <= $1 AND action = 'register'", position).Scan(&below))
			require.Equal(t, seen, below)
			if position > 0 {
				require.EqualValues(t, seen, counted(counts[0], "appeals.received"))
				require.EqualValues(t, closed, counted(counts[0], "appeals.closed"))
			}
			return nil
		}))
	}
	stop.Store(true)
	writers.Wait()
	require.Positive(t, last)
	var below int
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM history WHERE position <= $1", last).Scan(&below))
	require.Positive(t, below)
}

// counted is the count of a measure over all groups.
func counted(counts domain.Counts, measure string) int64 { return counts[""][measure].N }

// TestFrozenWaitsForWriters begins a write, and finds that the line is drawn
// behind it.
func TestFrozenWaitsForWriters(t *testing.T) {
	s := open(t)
	f := register(t, s)
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.Background()) //nolint:errcheck // a no-op after commit
	_, err = tx.Exec(t.Context(), `INSERT INTO history (case_id, version, at, action, to_state, actor_id, actor_role, event, effect)
		VALUES ($1, 2, now(), 'late', 'registered', 'u1', 'clerk', 'late', '{}')`, f.Case.ID)
	require.NoError(t, err)
	drawn := make(chan int, 1)
	go func() {
		err := s.Frozen(context.Background(), func(ctx context.Context, position int64) error {
			n := -1
			frozen, _ := ctx.Value(snapshotKey{}).(pgx.Tx)
			err := frozen.QueryRow(ctx, "SELECT count(*) FROM history WHERE position <= $1", position).Scan(&n)
			drawn <- n
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-drawn:
		t.Fatal("the line was drawn before a writer that is below it")
	case <-time.After(200 * time.Millisecond):
	}
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, 2, <-drawn)
}

// TestFreezingGivesUp freezes behind a writer that does not end: whoever asked
// is told to try again, and other writers go on.
func TestFreezingGivesUp(t *testing.T) {
	s := open(t)
	f := register(t, s)
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.Background())                                   //nolint:errcheck // only to be sure
	_, err = tx.Exec(t.Context(), "LOCK TABLE history IN ROW EXCLUSIVE MODE") // as an insert takes it
	require.NoError(t, err)

	frozen := make(chan error, 1)
	begun := time.Now()
	go func() {
		frozen <- s.Frozen(context.Background(), func(context.Context, int64) error { return errors.New("frozen all the same") })
	}()
	require.Eventually(t, func() bool {
		var waits bool
		err := s.pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'history'::regclass)").Scan(&waits)
		return err == nil && waits
	}, linePatience, 5*time.Millisecond)
	require.NoError(t, act(s, f.Case.ID, "note", nil).Err, "a writer behind it waits no longer than it")
	err = <-frozen
	require.Equal(t, domain.KindOverloaded, domain.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "freeze_busy")
	require.GreaterOrEqual(t, time.Since(begun), linePatience)
	require.Less(t, time.Since(begun), 3*linePatience)

	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, s.Frozen(t.Context(), func(ctx context.Context, position int64) error {
		require.EqualValues(t, 2, position)
		frozen, _ := ctx.Value(snapshotKey{}).(pgx.Tx)
		var locks int
		var patience string
		require.NoError(t, frozen.QueryRow(ctx, "SELECT count(*) FROM pg_locks WHERE relation = 'history'::regclass AND mode = 'ShareLock'").Scan(&locks))
		require.Zero(t, locks, "the lock is gone before anything is read")
		require.NoError(t, frozen.QueryRow(ctx, "SHOW lock_timeout").Scan(&patience))
		require.Equal(t, "10s", patience, "the patience is that of the lock alone")
		return nil
	}))
}

func TestEachHistory(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	old, touched := register(t, s), register(t, s)
	var line int64
	require.NoError(t, s.Frozen(ctx, func(_ context.Context, position int64) error {
		line = position
		return nil
	}))
	require.NoError(t, act(s, touched.Case.ID, "note", nil).Err)
	late := register(t, s)
	nextYear := register(t, s, func(c *domain.Change) {
		c.After.ReceivedAt = time.Date(2021, 3, 1, 1, 0, 0, 0, time.UTC)
	})
	read := func(behind, known int64) map[string][2]int {
		got := map[string][2]int{}
		require.NoError(t, s.EachHistory(ctx, behind, known, domain.NewDate(2020, 12, 31), func(h domain.CaseHistory) error {
			require.NotEmpty(t, h.Number)
			require.Equal(t, h.CaseID, h.Entries[0].CaseID)
			got[h.CaseID] = [2]int{len(h.Entries), h.Known}
			return nil
		}))
		return got
	}
	require.Equal(t, map[string][2]int{touched.Case.ID: {2, 1}, late.Case.ID: {1, 0}}, read(line, line))
	all := read(0, line)
	require.Equal(t, [2]int{1, 1}, all[old.Case.ID])
	require.NotContains(t, all, nextYear.Case.ID)
	require.ErrorContains(t, s.EachHistory(ctx, 0, line, domain.NewDate(2020, 12, 31), func(domain.CaseHistory) error {
		return errors.New("enough")
	}), "enough")
}
