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
		event(13, 1).ID: func() error { panic("what a case") },
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
	require.Contains(t, b.memory.letter(letterID("router", event(13, 1).ID)).Cause, "panic: what a case")
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
