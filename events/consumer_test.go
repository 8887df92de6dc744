package events

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestConsumerKeepsTheOrderOfACaseAndRunsCasesInParallel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(60, 6)...)
	seen := newApplied()
	var busy sync.Map // cases being handled
	var now, most atomic.Int32
	c := b.consumer("router", func(ctx context.Context, e domain.Event) error {
		if _, both := busy.LoadOrStore(e.CaseID, true); both {
			t.Error("two events of a case at the same time")
		}
		defer busy.Delete(e.CaseID)
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		return seen.apply(ctx, e)
	})
	b.run(c.Run)
	b.eventually(func() bool { return seen.count() == 360 })
	seen.inOrder(t)
	require.Greater(t, most.Load(), int32(8))
	require.LessOrEqual(t, most.Load(), int32(defaultWorkers))
	b.eventually(func() bool { n, err := c.Lag(t.Context()); return err == nil && n == 0 })
}

func TestOrderIsKeptWhileAnEventIsRetried(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(20, 5)...)
	seen := newApplied()
	var mu sync.Mutex
	failed := map[string]int{}
	c := b.consumer("router", func(ctx context.Context, e domain.Event) error {
		mu.Lock()
		failed[e.ID]++
		n := failed[e.ID]
		mu.Unlock()
		if e.Version%2 == 0 && n < 3 {
			return domain.Errorf(domain.KindOverloaded, "busy")
		}
		return seen.apply(ctx, e)
	})
	b.run(c.Run)
	b.eventually(func() bool { return seen.count() == 100 })
	seen.inOrder(t)
	for id, n := range seen.once {
		require.Equal(t, 1, n, id)
	}
	require.Empty(t, b.memory.letters)
}

func TestConsumerHearsOnlyItsSubjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := event(1, 1)
	e.HandedOver, e.Desk = true, "370404.01"
	other := event(2, 1)
	other.HandedOver = true
	b.relayAll(e, other)
	all, desk := newApplied(), newApplied()
	b.run(b.consumer("router", all.apply).Run)
	d := b.consumer("court", desk.apply)
	d.Subjects = []string{Desk(county, "370404.01")}
	b.run(d.Run)
	b.eventually(func() bool { return all.count() == 2 && desk.count() == 1 })
	require.Equal(t, 1, all.times(e.ID), "the desk's copy is not for those who hear of all cases")
	require.Equal(t, 1, desk.times(e.ID))
}

func TestEventsOfACrashedProcessComeBackFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(10, 1)...)
	crashed := b.consumer("router", nil)
	hang := make(chan struct{})
	var begun atomic.Int32
	crashed.Handle = func(context.Context, domain.Event) error { begun.Add(1); <-hang; return errors.New("dead") }
	conn, err := b.server.Connect()
	require.NoError(t, err)
	crashed.Conn = conn
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { gone <- crashed.Run(ctx) }()
	b.eventually(func() bool { return begun.Load() == 10 })
	conn.Close() // what a killed process leaves: taken, and never answered

	b.relayAll(events(10, 2)...) // of the same cases, after it
	seen := newApplied()
	b.run(b.consumer("router", seen.apply).Run)
	b.eventually(func() bool { return seen.count() == 20 })
	seen.inOrder(t)
	cancel()
	close(hang)
	require.NoError(t, <-gone)
}

func TestLongHandlingIsNotTakenForDeath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(event(1, 1))
	var calls atomic.Int32
	done := make(chan struct{})
	c := b.consumer("router", func(context.Context, domain.Event) error {
		if calls.Add(1) == 1 {
			time.Sleep(2500 * time.Millisecond) // the broker's patience is one second
			close(done)
		}
		return nil
	})
	b.run(c.Run)
	<-done
	time.Sleep(200 * time.Millisecond)
	require.EqualValues(t, 1, calls.Load())
}

func TestGracefulStopLeavesNothingInFlight(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(200, 3)...)
	seen := newApplied()
	c := b.consumer("router", func(ctx context.Context, e domain.Event) error {
		time.Sleep(time.Millisecond)
		if ctx.Err() != nil {
			t.Error("cut off in the middle")
		}
		return seen.apply(ctx, e)
	})
	stop := b.run(c.Run)
	b.eventually(func() bool { return seen.count() > 50 })
	stop()
	n := seen.count()
	durable, err := b.js().Consumer(t.Context(), CasesStream, "router")
	require.NoError(t, err)
	b.eventually(func() bool {
		info, err := durable.Info(t.Context())
		return err == nil && info.NumAckPending == 0
	})
	time.Sleep(50 * time.Millisecond)
	require.Equal(t, n, seen.count(), "nothing runs any more")

	b.run(c.Run)
	b.eventually(func() bool { return seen.count() == 600 })
	seen.inOrder(t)
	for id, n := range seen.once {
		require.Equal(t, 1, n, id)
	}
}

func TestStoppedConsumerGivesBackWhatItRetries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(5, 2)...)
	var calls atomic.Int32
	away := b.consumer("router", func(context.Context, domain.Event) error {
		calls.Add(1)
		return domain.Errorf(domain.KindOverloaded, "busy")
	})
	stop := b.run(away.Run)
	b.eventually(func() bool { return calls.Load() >= 10 })
	began := time.Now()
	stop()
	require.Less(t, time.Since(began), drainPatience)
	seen := newApplied()
	b.run(b.consumer("router", seen.apply).Run)
	b.eventually(func() bool { return seen.count() == 10 })
	seen.inOrder(t)
}
