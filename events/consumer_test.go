package events

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
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

func TestPoisonIsSetApartWhileNeighboursFlow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	es := events(1000, 1)
	es = append(es, events(1000, 2)[1000:]...)
	b.relayAll(es...)
	publishRaw(t, b, CaseSubject(county, event(1, 1)), "garbage-1", []byte(`{"specversion":"9"}`))
	publishRaw(t, b, CaseSubject(county, event(1, 1)), "garbage-2", []byte("\x00\xff\xfe"))

	seen := newApplied()
	var tries sync.Map
	poison := map[string]func() error{
		event(11, 1).ID: func() error { return domain.Errorf(domain.KindInvalid, "bad_thing", "field") },
		event(12, 1).ID: func() error { return domain.Errorf(domain.KindNotFound, "case_not_found") },
		event(13, 1).ID: func() error { var m map[string]int; m["x"] = 1; return nil },
	}
	c := b.consumer("router", func(ctx context.Context, e domain.Event) error {
		if fail := poison[e.ID]; fail != nil {
			n, _ := tries.LoadOrStore(e.ID, new(atomic.Int32))
			n.(*atomic.Int32).Add(1)
			return fail()
		}
		return seen.apply(ctx, e)
	})
	began := time.Now()
	b.run(c.Run)
	// 997 cases are whole at once; the three poisoned ones go on after theirs.
	b.eventually(func() bool { return seen.count() >= 1994 })
	t.Log("neighbours done after", time.Since(began))
	b.eventually(func() bool { return seen.count() == 1997 })
	b.eventually(func() bool { letters, _ := b.memory.DeadLetters(t.Context(), true); return len(letters) == 5 })

	letter := b.memory.letter(letterID("router", event(11, 1).ID))
	require.Equal(t, "router", letter.Consumer)
	require.Equal(t, event(11, 1).ID, letter.EventID)
	require.Equal(t, CaseSubject(county, event(11, 1)), letter.Subject)
	require.Equal(t, "invalid: bad_thing field", letter.Cause)
	require.Equal(t, defaultTries, letter.Attempts)
	got, err := Decode(letter.Payload)
	require.NoError(t, err)
	require.Equal(t, event(11, 1), got)
	for id := range poison {
		n, _ := tries.Load(id)
		require.EqualValues(t, defaultTries, n.(*atomic.Int32).Load())
	}
	require.Contains(t, b.memory.letter(letterID("router", event(13, 1).ID)).Cause, "panic: assignment to entry in nil map")
	unread := b.memory.letter(letterID("router", "garbage-1"))
	require.Equal(t, 1, unread.Attempts)
	require.Contains(t, unread.Cause, `unknown specversion "9"`)
	require.Equal(t, []byte("\x00\xff\xfe"), b.memory.letter(letterID("router", "garbage-2")).Payload)

	b.eventually(func() bool { return len(b.stored(DeadStream)) == 5 })
	classes := map[string]string{}
	for _, m := range b.stored(DeadStream) {
		require.Equal(t, DeadSubject(county, "router"), m.Subject)
		classes[m.Header.Get(headerEvent)] = m.Header.Get(headerCause)
	}
	require.Equal(t, map[string]string{
		event(11, 1).ID: "invalid:bad_thing", event(12, 1).ID: "not_found:case_not_found", event(13, 1).ID: "panic",
		"garbage-1": "unreadable", "garbage-2": "unreadable",
	}, classes)
	b.eventually(func() bool { n, err := c.Lag(t.Context()); return err == nil && n == 0 })
}

func publishRaw(t *testing.T, b *bench, subject, id string, data []byte) {
	t.Helper()
	msg := nats.NewMsg(subject)
	msg.Header.Set(nats.MsgIdHdr, id)
	msg.Data = data
	_, err := b.js().PublishMsg(t.Context(), msg)
	require.NoError(t, err)
}

func TestNothingIsDeadWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(event(1, 1), event(2, 1))
	b.memory.setFailing(errors.New("no database")) // so a dead letter cannot be kept either
	seen := newApplied()
	var calls atomic.Int32
	var back atomic.Bool
	c := b.consumer("router", func(ctx context.Context, e domain.Event) error {
		calls.Add(1)
		switch {
		case back.Load():
			return seen.apply(ctx, e)
		case e.CaseID == event(2, 1).CaseID:
			return domain.Errorf(domain.KindInvalid, "bad_thing")
		default:
			return fmt.Errorf("decide: %w", &net.OpError{Op: "dial", Err: errors.New("refused")})
		}
	})
	c.Tries = 2
	b.run(c.Run)
	b.eventually(func() bool { return calls.Load() >= 10 })
	require.Empty(t, b.memory.letters)
	back.Store(true)
	b.memory.setFailing(nil)
	b.eventually(func() bool { return seen.count() == 2 })
	require.Empty(t, b.memory.letters)
}

func TestUnknownErrorsGetTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(event(1, 1))
	began := time.Now()
	c := b.consumer("router", func(context.Context, domain.Event) error { return errors.New("what is this") })
	c.Tries, c.Patience = 1, time.Second
	b.run(c.Run)
	b.eventually(func() bool { letters, _ := b.memory.DeadLetters(t.Context(), true); return len(letters) == 1 })
	require.GreaterOrEqual(t, time.Since(began), time.Second)
	require.Equal(t, "what is this", b.memory.letter(letterID("router", event(1, 1).ID)).Cause)
}

type pgError string

func (e pgError) Error() string    { return "postgres: " + string(e) }
func (e pgError) SQLState() string { return string(e) }

func TestIsRetryable(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		domain.Errorf(domain.KindOverloaded, "busy"), context.DeadlineExceeded, &net.DNSError{},
		fmt.Errorf("x: %w", pgError("57P01")), pgError("08006"), pgError("40001"), pgError("53300"),
		net.ErrClosed, &domain.Error{Kind: domain.KindInternal, Cause: context.Canceled},
	} {
		require.True(t, IsRetryable(err), "%v", err)
	}
	for _, err := range []error{
		errors.New("x"), domain.Errorf(domain.KindInvalid, "x"), pgError("23505"), pgError(""), domain.Errorf(domain.KindConflict, "x"),
	} {
		require.False(t, IsRetryable(err), "%v", err)
	}
}
