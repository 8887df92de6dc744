package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sudi/domain"
)

const (
	relayLock    = "relay"
	relayBatch   = 1024
	relayFew     = 256            // fewer entries than these are all that the outbox has
	waveMessages = 2 * relayBatch // what is on its way at once, unless one event is more
	relayPoll    = 100 * time.Millisecond
	streamsCheck = 10 * time.Second // a store lost in a quiet hour is noticed all the same
	ackPatience  = 5 * time.Second
	noteLimit    = time.Second
	markPatience = 5 * time.Second
	complainEach = time.Minute
)

// Relay moves events from the outbox to the broker: at least once, the events
// of a case in the order of their versions. Any number of processes may run
// one; one of them works.
type Relay struct {
	Outbox   Outbox
	Conn     *nats.Conn
	County   string
	Log      *slog.Logger
	Replicas int   // of the streams; more than 1 needs a cluster
	MaxBytes int64 // of the case stream

	nudge  chan struct{}
	behind atomic.Int64 // UnixNano since when the outbox has not been seen empty; 0 if it has
	// publish stands between relay and broker for tests; nil is the broker.
	publish publishFunc
	check   time.Duration
	// failures in a row, none of which got anything to the broker
	failures int
}

// NewRelay makes a relay with the usual limits.
func NewRelay(outbox Outbox, conn *nats.Conn, county string, log *slog.Logger) *Relay {
	return &Relay{
		Outbox: outbox, Conn: conn, County: county, Log: log,
		Replicas: 1, MaxBytes: casesBytes,
		nudge: make(chan struct{}, 1), check: streamsCheck,
	}
}

// Nudge tells the relay that something was committed. It never blocks.
func (r *Relay) Nudge() {
	select {
	case r.nudge <- struct{}{}:
	default: // it is going to look anyway
	}
}

// Lag is for how long this relay has been unable to empty the outbox; 0 when it
// is up to date or another process relays.
func (r *Relay) Lag() time.Duration {
	since := r.behind.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// Run relays until ctx ends. Whatever fails is tried again: meanwhile the
// outbox waits. What was on its way to the broker is finished first.
func (r *Relay) Run(ctx context.Context) error {
	js, err := jetstream.New(r.Conn,
		jetstream.WithPublishAsyncTimeout(ackPatience),
		jetstream.WithPublishAsyncMaxPending(2*waveMessages)) // a wave never stalls
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	defer js.CleanupPublisher()
	complaint := seldom{each: complainEach}
	for ctx.Err() == nil {
		ran, err := r.Outbox.WithLock(ctx, relayLock, func(ctx context.Context) error { return r.pump(ctx, js) })
		switch {
		case ctx.Err() != nil:
		case err != nil:
			r.failures++
			r.fallBehind()
			complaint.do(func() { r.Log.Warn("events wait in the outbox", "error", err) })
			sleep(ctx, backoff(r.failures, 5*time.Second))
		case !ran:
			r.behind.Store(0)
			sleep(ctx, time.Second)
		}
	}
	return nil
}

// pump relays while the lock is held.
func (r *Relay) pump(ctx context.Context, js jetstream.JetStream) error {
	publish := r.publish
	if publish == nil {
		publish = js.PublishMsgAsync
	}
	defer r.noteNewest(ctx, js)
	var checked time.Time
	for ctx.Err() == nil {
		if time.Since(checked) > r.check {
			if err := r.ensureStreams(ctx, js, checked.IsZero()); err != nil {
				return err
			}
			checked = time.Now()
		}
		n, err := r.forward(ctx, publish)
		if err != nil {
			return err
		}
		r.failures = 0
		if n < relayFew {
			r.behind.Store(0)
			r.await(ctx)
		} else {
			r.fallBehind()
		}
	}
	return nil
}

// noteNewest leaves a note of the stream's newest message for the next start; a
// note that fails to be written only lets less damage be noticed.
func (r *Relay) noteNewest(ctx context.Context, js jetstream.JetStream) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	if stream, err := js.Stream(ctx, CasesStream); err == nil {
		_, _ = r.harm(ctx, stream.CachedInfo())
	}
}

// await waits for a nudge, or a while.
func (r *Relay) await(ctx context.Context) {
	t := time.NewTimer(relayPoll)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-r.nudge:
	case <-t.C:
	}
}

func (r *Relay) fallBehind() { r.behind.CompareAndSwap(0, time.Now().UnixNano()) }

type publishFunc func(*nats.Msg, ...jetstream.PublishOpt) (jetstream.PubAckFuture, error)

// forward sends one batch and gives its size.
func (r *Relay) forward(ctx context.Context, publish publishFunc) (int, error) {
	batch, err := r.Outbox.Unsent(ctx, relayBatch)
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	sent, err := r.send(batch, publish)
	if len(sent) > 0 {
		// What the broker has stored is marked even when we are told to stop.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markPatience)
		defer cancel()
		err = errors.Join(err, r.Outbox.MarkSent(ctx, sent))
		r.failures = 0
	}
	return len(batch), err
}

// send publishes a batch and gives the positions of what the broker has stored.
//
// It goes in waves, with at most one event of each case in a wave: an event
// leaves only when its case's earlier ones are stored, so that a lost message
// can never be overtaken. After a failure the rest of the case waits.
func (r *Relay) send(batch []domain.Unsent, publish publishFunc) (sent []int64, err error) {
	failed := map[string]bool{}
	var first error
	for _, wave := range waves(batch) {
		wave = slices.DeleteFunc(wave, func(u domain.Unsent) bool { return failed[u.Event.CaseID] })
		acks := make([]ack, len(wave))
		for i, u := range wave {
			acks[i] = r.start(u.Event, publish)
		}
		for i, u := range wave {
			if err := acks[i].wait(); err != nil {
				failed[u.Event.CaseID] = true
				first = cmp.Or(first, fmt.Errorf("event %s: %w", u.Event.ID, err))
				continue
			}
			sent = append(sent, u.Position)
		}
	}
	return sent, first
}

// waves deals a batch out: the n-th wave has the n-th event of each case, or a
// part of them when that is too many messages.
func waves(batch []domain.Unsent) [][]domain.Unsent {
	// A case that was requeued may stand in the outbox with later events first.
	slices.SortStableFunc(batch, func(a, b domain.Unsent) int { return a.Event.Version - b.Event.Version })
	var out [][]domain.Unsent
	depth := map[string]int{}
	for _, u := range batch {
		n := depth[u.Event.CaseID]
		depth[u.Event.CaseID]++
		if n == len(out) {
			out = append(out, nil)
		}
		out[n] = append(out[n], u)
	}
	var parts [][]domain.Unsent
	for _, wave := range out {
		parts = append(parts, portions(wave)...)
	}
	return parts
}

// portions cuts a wave where its messages would become too many.
func portions(wave []domain.Unsent) [][]domain.Unsent {
	var out [][]domain.Unsent
	begin, messages := 0, 0
	for i, u := range wave {
		n := 1 + len(told(u.Event))
		if i > begin && messages+n > waveMessages {
			out = append(out, wave[begin:i])
			begin, messages = i, 0
		}
		messages += n
	}
	return append(out, wave[begin:])
}

// told lists the organisations on whose desks an event is announced: the one
// that it gave the turn and those that are told besides.
func told(e domain.Event) []string {
	orgs := slices.Clone(e.Notified)
	if e.HandedOver {
		orgs = append(orgs, e.Desk)
	}
	slices.Sort(orgs)
	return slices.Compact(orgs)
}

// ack is the broker's answer to the messages of one event, once it comes.
type ack struct {
	futures []jetstream.PubAckFuture
	err     error // it was not even sent
}

// start sends an event's messages: to its procedure's subject and to the desks
// of those who are told.
func (r *Relay) start(e domain.Event, publish publishFunc) (a ack) {
	payload, err := Encode(r.County, e)
	if err != nil {
		return ack{err: err}
	}
	send := func(subject, id string) {
		if a.err != nil {
			return
		}
		msg := nats.NewMsg(subject)
		msg.Header.Set("Content-Type", envelopeType)
		msg.Data = payload
		f, err := publish(msg, jetstream.WithMsgID(id), jetstream.WithExpectStream(CasesStream))
		if err != nil {
			a.err = err
			return
		}
		a.futures = append(a.futures, f)
	}
	send(CaseSubject(r.County, e), e.ID)
	for _, org := range told(e) {
		send(DeskSubject(r.County, org, e.Event), e.ID+".desk."+org)
	}
	return a
}

// wait ends when the broker has answered, or after ackPatience.
func (a ack) wait() error {
	err := a.err
	for _, f := range a.futures {
		select {
		case <-f.Ok():
		case e := <-f.Err():
			err = cmp.Or(err, e)
		}
	}
	return err
}
