package events

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestRelaySendsOnBothFamiliesOfSubjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := event(1, 1)
	e.HandedOver, e.Desk = true, "370404.01"
	b.relayAll(e)

	stored := b.stored(CasesStream)
	require.Len(t, stored, 2)
	require.Equal(t, CaseSubject(county, e), stored[0].Subject)
	require.Equal(t, e.ID, stored[0].Header.Get(nats.MsgIdHdr))
	require.Equal(t, DeskSubject(county, e.Desk, e.Event), stored[1].Subject)
	require.Equal(t, e.ID+".desk."+e.Desk, stored[1].Header.Get(nats.MsgIdHdr))
	for _, m := range stored {
		require.Equal(t, envelopeType, m.Header.Get("Content-Type"))
		got, err := Decode(m.Data)
		require.NoError(t, err)
		require.Equal(t, e, got)
	}
}

func TestRelayTellsEachDeskOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	told := event(1, 1)
	told.Notified = []string{"370404-court", "370404-police"}
	both := event(2, 1)
	both.HandedOver, both.Desk, both.Notified = true, "370404-court", []string{"370404-court", "370404-police"}
	b.relayAll(told, both, event(3, 1))
	b.relayAll(told, both, event(3, 1)) // sent again
	subjects := map[string]int{}
	for _, m := range b.stored(CasesStream) {
		subjects[m.Subject]++
	}
	require.Equal(t, map[string]int{
		CaseSubject(county, told):                          3,
		DeskSubject(county, "370404-court", "registered"):  2,
		DeskSubject(county, "370404-police", "registered"): 2,
	}, subjects)
}

// The broker's client stalls when too much is on its way.
func TestWavesAreBoundedInMessages(t *testing.T) {
	t.Parallel()
	var batch []domain.Unsent
	many := make([]string, 700)
	for i := range many {
		many[i] = fmt.Sprintf("370404-%03d", i)
	}
	for i, e := range events(20, 2) {
		e.Notified = many[:len(many)*(i%2+1)/2]
		batch = append(batch, domain.Unsent{Position: int64(i), Event: e})
	}
	sent := map[int64]bool{}
	for _, wave := range waves(batch) {
		messages, cases := 0, map[string]bool{}
		for _, u := range wave {
			messages += 1 + len(told(u.Event))
			require.False(t, cases[u.Event.CaseID] || sent[u.Position])
			cases[u.Event.CaseID], sent[u.Position] = true, true
		}
		require.LessOrEqual(t, messages, waveMessages)
	}
	require.Len(t, sent, len(batch))
}

func TestRelayAbsorbsDuplicates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	es := events(10, 3)
	b.relayAll(es...)
	b.relayAll(es...) // sent again, as after a crash before they were marked
	require.Len(t, b.storedEvents(), len(es))
}

func TestNudgeIsFasterThanThePoll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.relay()
	b.run(r.Run)
	b.memory.commit(event(2, 1))
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	best := time.Hour
	for v := 1; v <= 20; v++ {
		time.Sleep(time.Duration(rand.N(30)) * time.Millisecond)
		b.memory.commit(event(1, v))
		began := time.Now()
		r.Nudge()
		for b.memory.waiting() > 0 {
			time.Sleep(100 * time.Microsecond)
		}
		best = min(best, time.Since(began))
	}
	require.Less(t, best, relayPoll/3)
}

// lossy is a broker whose answers, or the messages themselves, get lost.
type lossy struct {
	js   jetstream.JetStream
	mu   sync.Mutex
	odds float64
	rand *rand.Rand
}

type lostAck struct{ jetstream.PubAckFuture }

func (lostAck) Ok() <-chan *jetstream.PubAck { return nil }
func (lostAck) Err() <-chan error {
	c := make(chan error, 1)
	c <- errors.New("the answer was lost")
	return c
}

func (l *lossy) publish(m *nats.Msg, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	l.mu.Lock()
	luck, kind := l.rand.Float64(), l.rand.IntN(3)
	l.mu.Unlock()
	if luck >= l.odds {
		return l.js.PublishMsgAsync(m, opts...)
	}
	switch kind {
	case 0:
		return nil, errors.New("not sent")
	case 1: // lost on the way
		return lostAck{}, nil
	default: // stored, but the answer is lost
		_, err := l.js.PublishMsgAsync(m, opts...)
		return lostAck{}, err
	}
}

func TestRelayKeepsTheOrderOfACaseUnderFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	es := events(40, 8)
	for i := range es {
		es[i].HandedOver = i%5 == 0
	}
	b.memory.commit(es...)
	r := b.relay()
	faults := &lossy{js: b.js(), odds: 0.2, rand: rand.New(rand.NewPCG(1, 2))}
	r.publish = faults.publish
	stop := b.run(r.Run)
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	stop()

	next := map[string]int{}
	got := b.storedEvents()
	require.Len(t, got, len(es), "each exactly once")
	for _, e := range got {
		require.Equal(t, next[e.CaseID]+1, e.Version, "case %s", e.CaseID)
		next[e.CaseID] = e.Version
	}
	require.Len(t, b.stored(CasesStream), len(es)+len(es)/5)
}

func TestAFailedEventHoldsBackItsCaseAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.commit(events(3, 3)...)
	js := b.js()
	r := b.relay()
	publish := func(m *nats.Msg, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
		if strings.Contains(string(m.Data), `"id":"`+event(1, 2).ID+`"`) {
			return lostAck{}, nil
		}
		return js.PublishMsgAsync(m, opts...)
	}
	require.NoError(t, r.ensureStreams(t.Context(), js, true))
	n, err := r.forward(t.Context(), publish)
	require.ErrorContains(t, err, event(1, 2).ID)
	require.Equal(t, 9, n)
	var left []string
	for _, u := range b.memory.outbox {
		left = append(left, u.Event.ID)
	}
	require.Equal(t, []string{event(1, 2).ID, event(1, 3).ID}, left)
}

func TestRequeuedEventsGoInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.enqueue([]domain.Event{event(1, 3), event(1, 1), event(1, 2), event(1, 3)})
	b.relayAll()
	got := b.storedEvents()
	require.Len(t, got, 3)
	for i, e := range got {
		require.Equal(t, i+1, e.Version)
	}
}

func TestOutboxWaitsWhileTheBrokerOrTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.relay()
	b.run(r.Run)
	b.memory.commit(event(1, 1))
	b.eventually(func() bool { return b.memory.waiting() == 0 && r.Lag() == 0 })

	b.memory.setFailing(errors.New("no database"))
	b.eventually(func() bool { return r.Lag() > 0 })
	b.memory.setFailing(nil)
	b.eventually(func() bool { return r.Lag() == 0 })

	b.server.close() // the guard starts it again
	b.memory.commit(event(1, 2))
	b.eventually(func() bool { return b.memory.waiting() == 0 && r.Lag() == 0 })
	require.Len(t, b.storedEvents(), 2)
}

// What nobody waits for is given a share at a time; between the shares the
// relay does not pause, as it does when it is up to date, and says that it is
// behind.
func TestRelayDrainsALaneThatGivesAShareAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.share = relayFew
	b.memory.commit(events(4*relayFew, 1)...)
	r := b.relay()
	js := b.js()
	var lag atomic.Int64
	r.publish = func(m *nats.Msg, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
		lag.Store(max(lag.Load(), int64(r.Lag())))
		return js.PublishMsgAsync(m, opts...)
	}
	stop := b.run(r.Run)
	b.eventually(func() bool { return b.memory.waiting() == 0 && r.Lag() == 0 })
	stop()
	require.Positive(t, lag.Load())
}

func TestOneRelayWorks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.lock <- struct{}{} // another process has it
	r := b.relay()
	stop := b.run(r.Run)
	b.memory.commit(event(1, 1))
	time.Sleep(100 * time.Millisecond)
	require.Equal(t, 1, b.memory.waiting())
	require.Zero(t, r.Lag())
	<-b.memory.lock
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	stop()
}

func TestStoppedRelayMarksWhatTheBrokerHas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.commit(events(50, 4)...)
	r := b.relay()
	js := b.js()
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	r.publish = func(m *nats.Msg, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
		once.Do(cancel) // in the middle of a batch
		return js.PublishMsgAsync(m, opts...)
	}
	require.NoError(t, r.Run(ctx))
	stored := b.storedEvents()
	require.NotEmpty(t, stored)
	require.Equal(t, 200, len(stored)+b.memory.waiting(), "stored or still in the outbox, never both")
}
