package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/storetest"
)

// TestNumbersAreGapless opens cases from 64 goroutines, a third of which fail in
// one way or another.
func TestNumbersAreGapless(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	var made atomic.Int64
	for g := range 64 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(g)))
			for range 10 {
				change := newCase(newID())
				d := deciding(change)
				var want domain.Kind
				switch rng.IntN(9) {
				case 0:
					want = domain.KindConflict
					d.Decide = func(domain.File) (domain.Change, error) {
						return domain.Change{}, domain.Errorf(domain.KindConflict, "no")
					}
				case 1:
					want = domain.KindInvalid
					change.After.Channel = "pigeon" // a CHECK refuses it
					d = deciding(change)
				case 2:
					want = domain.KindInvalid
					change.After.Owner = "nowhere" // a foreign key refuses it
					d = deciding(change)
				}
				r := s.Apply(context.Background(), d)
				if want == "" {
					if r.Err != nil {
						t.Error(r.Err)
					}
					made.Add(1)
				} else if domain.KindOf(r.Err) != want {
					t.Errorf("%v is not %s", r.Err, want)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, made.Load(), count(t, s, "cases"))
	for n := range int(made.Load()) {
		number := domain.NumberSeries{Org: townshipA, Year: 2020, Prefix: "SQ"}.Format(n + 1)
		require.Equal(t, 1, count(t, s, "cases WHERE number = $1", number), number)
	}
	require.EqualValues(t, made.Load(), count(t, s, "case_numbers n JOIN generate_series(1, n.last) ON true"))
}

// TestOneWinnerPerVersion has many act on one case at the version they saw.
func TestOneWinnerPerVersion(t *testing.T) {
	s := open(t)
	id := register(t, s).Case.ID
	for round := range 5 {
		seen := round + 1
		var wg sync.WaitGroup
		var won atomic.Int64
		for range 32 {
			wg.Go(func() {
				r := s.Apply(context.Background(), domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
					if f.Case.Version != seen {
						return domain.Change{}, domain.Errorf(domain.KindStale, "version_stale")
					}
					return step(f, "act", nil), nil
				}})
				switch {
				case r.Err == nil:
					won.Add(1)
				case domain.KindOf(r.Err) != domain.KindStale:
					t.Error(r.Err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
	}
	history, err := s.History(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, history, 6)
	_, _, err = domain.Fold(history)
	require.NoError(t, err)
}

// TestChangeIsWholeOrNothing breaks the write of each table in turn.
func TestChangeIsWholeOrNothing(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	_, err := superuser(t, s).Exec(ctx, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'injected'; END $$`)
	require.NoError(t, err)
	master := register(t, s).Case.ID
	job, err := s.FindOrStartImport(ctx, domain.Import{FileName: "a", FileHash: "h", Mapping: "m", Actor: "u"})
	require.NoError(t, err)
	whole := func(n int) domain.Change {
		change := newCase(newID(), func(c *domain.Change) {
			at := c.After.ReceivedAt
			c.After.Satisfaction, c.After.EvaluatedAt = domain.Satisfied, &at
			c.Evaluations = []domain.Evaluation{{CaseID: c.After.ID, Version: 1, At: at, Satisfaction: domain.Satisfied}}
			c.Links = []domain.Link{{From: c.After.ID, To: master, Kind: domain.LinkRepeats, CreatedAt: at}}
			c.Receipt = &domain.Receipt{Consumer: "router", CaseID: c.After.ID, Version: 1}
			c.Idempotency = &domain.Idempotency{Principal: "p", Key: fmt.Sprint("k", n), BodyHash: "h"}
			c.ImportRow = &domain.ImportRow{ImportID: job.ID, Row: n}
		})
		return change
	}
	tables := []string{"cases", "parties", "history", "outbox", "deadlines", "evaluations", "links", "tally_deltas",
		"idempotency_keys", "import_rows", "inbox", "case_numbers"}
	before := make(map[string]int)
	for _, table := range tables {
		before[table] = count(t, s, table)
	}
	for _, when := range []string{"BEFORE", "AFTER"} {
		for i, table := range tables {
			_, err := superuser(t, s).Exec(ctx, "CREATE TRIGGER fail "+when+" INSERT OR UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION fail()")
			require.NoError(t, err)
			r := s.Apply(ctx, deciding(whole(i)))
			require.Equal(t, domain.KindInternal, domain.KindOf(r.Err), "%s %s: %v", when, table, r.Err)
			_, err = s.ApplyAll(ctx, []domain.Decision{deciding(newCase(newID())), deciding(whole(i))})
			require.Error(t, err)
			for _, other := range tables {
				require.Equal(t, before[other], count(t, s, other), "%s after %s failed", other, table)
			}
			_, err = superuser(t, s).Exec(ctx, "DROP TRIGGER fail ON "+table)
			require.NoError(t, err)
		}
	}
	require.NoError(t, s.Apply(ctx, deciding(whole(0))).Err)
	for _, table := range tables {
		if table != "case_numbers" {
			require.Greater(t, count(t, s, table), before[table], table)
		}
	}
}

func TestIdempotencyKeyIsUsedOnce(t *testing.T) {
	s := open(t)
	keyed := func() domain.Decision {
		return deciding(newCase(newID(), func(c *domain.Change) {
			c.Idempotency = &domain.Idempotency{Principal: "u1", Key: "k", BodyHash: "h"}
		}))
	}
	var first string
	for _, r := range together(t, s, keyed(), keyed(), keyed()) { // in one transaction
		if r.Err == nil {
			require.Empty(t, first)
			first = r.File.Case.ID
			continue
		}
		var e *domain.Error
		require.ErrorAs(t, r.Err, &e)
		require.Equal(t, domain.KindConflict, e.Kind)
		require.Equal(t, "idempotency_key_used", e.Code)
	}
	require.Error(t, s.Apply(t.Context(), keyed()).Err)
	id, hash, ok, err := s.Idempotent(t.Context(), "u1", "k")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, id)
	require.Equal(t, "h", hash)
	_, _, ok, err = s.Idempotent(t.Context(), "u2", "k")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestApplyAllChainsDecisionsOnOneCase(t *testing.T) {
	s := open(t)
	f := register(t, s)
	act := domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) {
		c := step(f, "act", nil)
		c.Deadlines = []domain.Deadline{f.Deadlines[0]}
		c.Deadlines[0].WarnedAt = &c.After.UpdatedAt
		return c, nil
	}}
	files, err := s.ApplyAll(t.Context(), []domain.Decision{act, deciding(newCase(newID())), act})
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 3}, []int{files[0].Case.Version, files[1].Case.Version, files[2].Case.Version})
	stored, err := s.File(t.Context(), f.Case.ID)
	require.NoError(t, err)
	require.Equal(t, files[2], stored)
	require.Equal(t, 2, len(stored.Deadlines))
}

func TestPartiesAreReplacedWhenEdited(t *testing.T) {
	s := open(t)
	f := register(t, s)
	edit := func(parties ...domain.Party) domain.File {
		r := s.Apply(t.Context(), domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) {
			c := step(f, "edit", func(c *domain.Case) { c.Title = "改过的标题" })
			c.Parties = parties
			return c, nil
		}})
		require.NoError(t, r.Err)
		stored, err := s.File(t.Context(), f.Case.ID)
		require.NoError(t, err)
		require.Equal(t, r.File, stored)
		return stored
	}
	id := f.Case.ID
	require.Len(t, edit().Parties, 1, "not edited")
	require.Len(t, edit(domain.Party{CaseID: id, Seq: 1, Role: domain.PartyApplicant, Name: "李四"},
		domain.Party{CaseID: id, Seq: 2, Role: domain.PartyThird, Name: "王五"}).Parties, 2)
	require.Equal(t, "改过的标题", edit(domain.Party{CaseID: id, Seq: 1, Role: domain.PartyApplicant, Name: "李四"}).Case.Title)
}

func TestMalformedChangeIsRefused(t *testing.T) {
	s := open(t)
	f := register(t, s)
	for name, spoil := range map[string]func(*domain.Change){
		"no entry": func(c *domain.Change) { c.Entries = nil },
		"nothing":  func(c *domain.Change) { c.Entries, c.After.Version = nil, c.Before.Version },
		"a number": func(c *domain.Change) {
			c.Series = &domain.NumberSeries{Org: townshipA, Procedure: "appeal", Year: 2020}
		},
		"skips":         func(c *domain.Change) { c.After.Version++; c.Entries[0].Version++ },
		"other case":    func(c *domain.Change) { c.After.ID = newID() },
		"other before":  func(c *domain.Change) { c.Before.Version-- },
		"foreign entry": func(c *domain.Change) { c.Entries[0].CaseID = newID() },
		"as new":        func(c *domain.Change) { c.Before = nil },
	} {
		r := s.Apply(t.Context(), domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) {
			c := step(f, "act", nil)
			spoil(&c)
			return c, nil
		}})
		require.Equal(t, domain.KindInternal, domain.KindOf(r.Err), name)
	}
	unnumbered := newCase(newID())
	unnumbered.Series = nil
	require.Equal(t, domain.KindInternal, domain.KindOf(s.Apply(t.Context(), deciding(unnumbered)).Err))
	require.Equal(t, 1, count(t, s, "history"))
	require.Equal(t, 1, count(t, s, "case_numbers n JOIN generate_series(1, n.last) ON true"))
}

// What a decision says was there before does not move the figures.
func TestFiguresMoveFromWhatIsStored(t *testing.T) {
	s := open(t)
	f := register(t, s)
	require.NoError(t, s.Apply(t.Context(), domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) {
		c := step(f, "act", func(c *domain.Case) { c.Category = "0201" })
		c.Before.Category, c.Before.Owner = "03", townshipB
		return c, nil
	}}).Err)
	q := domain.CountQuery{Measures: []string{"appeals.received"}, Org: county, By: domain.ByCategory}
	counted, err := s.Count(t.Context(), q)
	require.NoError(t, err)
	recounted, err := s.Recount(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, recounted, counted)
}

func TestHistoryIsAppendOnly(t *testing.T) {
	s := open(t)
	register(t, s)
	for _, sql := range []string{"UPDATE history SET note = 'x'", "DELETE FROM history", "TRUNCATE history CASCADE"} {
		_, err := superuser(t, s).Exec(t.Context(), sql)
		require.ErrorContains(t, err, "append-only", sql)
	}
}

// TestKilledBackendsLeaveNothingHalf ends the store's sessions again and again
// while cases are opened and moved.
func TestKilledBackendsLeaveNothingHalf(t *testing.T) {
	s, dsn := openDSN(t)
	killer, err := Open(t.Context(), dsn+"&application_name=killer", Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	defer killer.Close()
	id := register(t, s).Case.ID
	stop := time.Now().Add(2 * time.Second)
	var wg sync.WaitGroup
	var made, moved, failed atomic.Int64
	made.Add(1)
	for range 8 {
		wg.Go(func() {
			for time.Now().Before(stop) {
				if s.Apply(context.Background(), deciding(newCase(newID()))).Err == nil {
					made.Add(1)
				} else {
					failed.Add(1)
				}
				if act(s, id, "act", nil).Err == nil {
					moved.Add(1)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	kills := superuser(t, killer)
	for time.Now().Before(stop) {
		time.Sleep(50 * time.Millisecond)
		_, err := kills.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sudi'")
		require.NoError(t, err)
	}
	wg.Wait()
	t.Logf("opened %d, moved %d, failed %d", made.Load(), moved.Load(), failed.Load())
	// A commit whose answer was lost may have happened, so there may be more.
	require.GreaterOrEqual(t, int64(count(t, killer, "cases")), made.Load())
	require.LessOrEqual(t, int64(count(t, killer, "cases")), made.Load()+failed.Load())
	require.Zero(t, count(t, killer, "cases c WHERE version <> (SELECT count(*) FROM history h WHERE h.case_id = c.id)"))
	require.Zero(t, count(t, killer, "cases c WHERE version <> (SELECT count(*) FROM outbox o WHERE o.case_id = c.id)"))
	require.Zero(t, count(t, killer, "cases c WHERE (SELECT count(*) FROM deadlines d WHERE d.case_id = c.id) <> 2"))
	require.Equal(t, count(t, killer, "cases"), count(t, killer, "case_numbers n JOIN generate_series(1, n.last) ON true"))
	history, err := killer.History(t.Context(), id)
	require.NoError(t, err)
	_, _, err = domain.Fold(history)
	require.NoError(t, err)
	require.GreaterOrEqual(t, int64(len(history)-1), moved.Load())
}
