package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// blockLanes keeps every lane busy until release is called, so that what is
// asked meanwhile is gathered.
func blockLanes(t *testing.T, s *Store) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for range writerLanes {
		busy := make(chan struct{})
		wg.Go(func() {
			s.Apply(context.Background(), domain.Decision{Decide: func(domain.File) (domain.Change, error) {
				close(busy)
				<-gate
				return domain.Change{}, errors.New("only waiting")
			}})
		})
		<-busy
	}
	return sync.OnceFunc(func() { close(gate); wg.Wait() })
}

// together asks for decisions that end up in one gather, and gives their
// results.
func together(t *testing.T, s *Store, ds ...domain.Decision) []domain.Result {
	t.Helper()
	release := blockLanes(t, s)
	results := make([]domain.Result, len(ds))
	var wg sync.WaitGroup
	for i, d := range ds {
		wg.Go(func() { results[i] = s.Apply(context.Background(), d) })
		require.Eventually(t, func() bool { return len(s.queue) == i+1 }, 5*time.Second, time.Millisecond)
	}
	release()
	wg.Wait()
	return results
}

func TestFailingMemberIsSetApart(t *testing.T) {
	s := open(t)
	f := register(t, s)
	broken := func(edit func(*domain.Change)) domain.Decision { return deciding(newCase(newID(), edit)) }
	results := together(t, s,
		deciding(newCase(newID())),
		broken(func(c *domain.Change) { c.After.Place = "wrong" }),
		deciding(newCase(newID())),
		domain.Decision{Decide: func(domain.File) (domain.Change, error) { panic("boom") }},
		domain.Decision{CaseID: newID(), Decide: func(f domain.File) (domain.Change, error) { return step(f, "act", nil), nil }},
		domain.Decision{CaseID: "no such", Decide: func(f domain.File) (domain.Change, error) { return step(f, "act", nil), nil }},
		domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) { return step(f, "act", nil), nil }},
		broken(func(c *domain.Change) { c.After.Title = "a\x00b" }),
		broken(func(c *domain.Change) {
			stranger := newID()
			c.After.Disposition, c.After.MergedInto = domain.Merged, &stranger
		}),
		deciding(newCase(newID())),
	)
	want := []domain.Kind{"", domain.KindInvalid, "", domain.KindInternal, domain.KindNotFound, domain.KindNotFound, "",
		domain.KindInvalid, domain.KindInvalid, ""}
	for i, r := range results {
		if want[i] == "" {
			require.NoError(t, r.Err, i)
		} else {
			require.Equal(t, want[i], domain.KindOf(r.Err), "%d: %v", i, r.Err)
		}
	}
	code := func(i int) string {
		var e *domain.Error
		require.ErrorAs(t, results[i].Err, &e)
		if len(e.Fields) > 0 {
			return e.Fields[0].Field + " " + e.Fields[0].Code
		}
		return e.Code
	}
	require.Equal(t, "cases_place_shape", code(1))
	require.Equal(t, "bad_characters", code(7))
	require.Equal(t, "merged_into case_unknown", code(8))
	require.Equal(t, "SQ-370404102-2020-000002", results[0].File.Case.Number)
	require.Equal(t, "SQ-370404102-2020-000003", results[2].File.Case.Number)
	require.Equal(t, "SQ-370404102-2020-000004", results[9].File.Case.Number)
	require.Equal(t, 2, results[6].File.Case.Version)
}

// What one member holds Go itself cannot write.
func TestMemberThatCannotBeEncodedFailsAlone(t *testing.T) {
	s := open(t)
	nan := math.NaN()
	results := together(t, s,
		deciding(newCase(newID())),
		deciding(newCase(newID(), func(c *domain.Change) { c.After.Lng, c.After.Lat = &nan, &nan })),
		deciding(newCase(newID())),
	)
	require.NoError(t, results[0].Err)
	require.Error(t, results[1].Err)
	require.NoError(t, results[2].Err)
	require.Equal(t, 2, count(t, s, "cases"))
}

// Behind a forgotten lock everybody waits once, and not long.
func TestGatherBehindALockIsOverloaded(t *testing.T) {
	s := open(t)
	register(t, s)
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.Background())
	_, err = tx.Exec(t.Context(), "SELECT FROM case_numbers FOR UPDATE")
	require.NoError(t, err)
	began := time.Now()
	for _, r := range together(t, s, deciding(newCase(newID())), deciding(newCase(newID())), deciding(newCase(newID())), deciding(newCase(newID()))) {
		require.Equal(t, domain.KindOverloaded, domain.KindOf(r.Err), "%v", r.Err)
	}
	require.Less(t, time.Since(began), 6*time.Second)
}

func TestWhichErrorsAreDivided(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"check":   {&pgconn.PgError{Code: "23514"}, true},
		"rules":   {domain.Errorf(domain.KindConflict, "case_changed"), true},
		"encode":  {errors.New("failed to encode args[3]"), true},
		"lock":    {&pgconn.PgError{Code: lockTimeout}, false},
		"unknown": {fmt.Errorf("%w: %w", errUnknown, &pgconn.PgError{Code: "23514"}), false},
		"lost":    {errors.New("write: broken pipe"), false},
		"ended":   {fmt.Errorf("read: %w", context.DeadlineExceeded), false},
		"stopped": {&pgconn.PgError{Code: "57P01"}, false},
	} {
		require.Equal(t, tc.want, divisible(tc.err), name)
	}
}

// The server tells the severity in its own language.
func TestRefusedCommitIsKnownInAnyLanguage(t *testing.T) {
	refused := &pgconn.PgError{Code: "23503", Severity: "错误", SeverityUnlocalized: "ERROR"}
	require.NotErrorIs(t, commitError(refused), errUnknown)
	refused.SeverityUnlocalized = "FATAL"
	require.ErrorIs(t, commitError(refused), errUnknown)
}

func TestTwoDecisionsOnOneCaseInOneGather(t *testing.T) {
	s := open(t)
	f := register(t, s)
	again := domain.Decision{CaseID: f.Case.ID, Decide: func(f domain.File) (domain.Change, error) { return step(f, "act", nil), nil }}
	results := together(t, s, again, again, again)
	var versions []int
	for _, r := range results {
		require.NoError(t, r.Err)
		versions = append(versions, r.File.Case.Version)
	}
	require.ElementsMatch(t, []int{2, 3, 4}, versions)
}

func TestDecisionErrorComesBackAsItIs(t *testing.T) {
	s := open(t)
	mine := errors.New("mine")
	r := s.Apply(t.Context(), domain.Decision{Decide: func(domain.File) (domain.Change, error) { return domain.Change{}, mine }})
	require.Same(t, mine, r.Err)
	_, err := s.ApplyAll(t.Context(), []domain.Decision{deciding(newCase(newID())), {Decide: func(domain.File) (domain.Change, error) { return domain.Change{}, mine }}})
	require.ErrorIs(t, err, mine)
	require.Zero(t, count(t, s, "cases"))
}

func TestWithdrawnDecisionIsLeftOut(t *testing.T) {
	s := open(t)
	release := blockLanes(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan domain.Result)
	go func() { done <- s.Apply(ctx, deciding(newCase(newID()))) }()
	require.Eventually(t, func() bool { return len(s.queue) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, (<-done).Err, context.Canceled)
	release()
	register(t, s)
	require.Equal(t, 1, count(t, s, "cases"))
}

func TestBegunDecisionIsCarriedOut(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := s.Apply(ctx, domain.Decision{Decide: func(domain.File) (domain.Change, error) {
		cancel()
		return newCase(newID()), nil
	}})
	require.NoError(t, r.Err)
	require.Equal(t, 1, count(t, s, "cases"))
}

func TestFullQueueIsOverloaded(t *testing.T) {
	s := open(t)
	release := blockLanes(t, s)
	for range queueLength {
		s.queue <- &request{d: deciding(domain.Change{}), done: make(chan domain.Result, 1)}
	}
	r := s.Apply(t.Context(), deciding(newCase(newID())))
	require.Equal(t, domain.KindOverloaded, domain.KindOf(r.Err))
	release()
}

func TestCloseAnswersWhatWasAsked(t *testing.T) {
	s := open(t)
	release := blockLanes(t, s)
	done := make(chan domain.Result)
	go func() { done <- s.Apply(context.Background(), deciding(newCase(newID()))) }()
	require.Eventually(t, func() bool { return len(s.queue) == 1 }, 5*time.Second, time.Millisecond)
	go release()
	s.Close()
	require.NoError(t, (<-done).Err)
	require.Equal(t, domain.KindOverloaded, domain.KindOf(s.Apply(context.Background(), deciding(newCase(newID()))).Err))
}
