package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sudi/domain"
)

const (
	maxHeld        = 1024 // events that a consumer has taken and not answered
	drainPatience  = 5 * time.Second
	retryLimit     = 30 * time.Second // longest pause between attempts
	fetchSize      = 256
	fetchWait      = time.Second
	defaultWorkers = 32
	defaultTries   = 5
)

// Consumer applies Handle to every event of its subjects, and answers the broker
// only after Handle has: an event may come twice, but is never lost.
//
// Different cases run in parallel. The events of a case come one at a time, in
// the order of their versions, also while one of them is being retried. That
// holds within a process; who runs several and needs it across them runs Run
// under a lock named after the consumer.
type Consumer struct {
	Name     string // also the durable's: "router"
	Conn     *nats.Conn
	County   string
	Subjects []string // of CasesStream; nil for all case events
	// Handle applies an event and returns after its commit. Applying one again
	// must change nothing. The deliveries of a crashed process come back late.
	Handle func(context.Context, domain.Event) error
	Dead   DeadLetterSaver
	// Retryable says that an error is of the surroundings, such as a database
	// that is away: the event is then tried without end. nil is IsRetryable.
	Retryable func(error) bool
	Log       *slog.Logger

	Workers  int           // cases in parallel; 0 is 32, which lets the store gather commits
	Tries    int           // of an event that is itself at fault; 0 is 5
	Patience time.Duration // how long an error of unknown nature is retried; 0 is 15 minutes
	AckWait  time.Duration // after which the broker takes a silent process for dead; 0 is 10 seconds
}

// Run consumes until ctx ends. What is being handled then is finished; the rest
// goes back to the broker.
func (c *Consumer) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return fmt.Errorf("consumer %s: %w", c.Name, err)
	}
	defer s.close()
	complaint := seldom{each: complainEach}
	for failures := 1; ctx.Err() == nil; failures++ {
		began := time.Now()
		err := s.consume(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > retryLimit {
			failures = 1 // it worked for a while
		}
		if failures > 1 || !errors.Is(err, jetstream.ErrStreamNotFound) { // else the relay is just about to make it
			complaint.do(func() { s.Log.Warn("the consumer gets no events", "consumer", s.Name, "error", err) })
		}
		sleep(ctx, backoff(failures, time.Second))
	}
	return nil
}

// Lag is how many events wait for this consumer, those in its hands included.
func (c *Consumer) Lag(ctx context.Context) (uint64, error) {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return 0, err
	}
	durable, err := js.Consumer(ctx, CasesStream, c.Name)
	if err != nil {
		return 0, err
	}
	info := durable.CachedInfo()
	return info.NumPending + uint64(max(0, info.NumAckPending)), nil
}

// session is one Run of a consumer, with its defaults filled in.
type session struct {
	Consumer
	js      jetstream.JetStream
	lanes   *lanes
	workers sync.WaitGroup
	work    context.Context // Handle's; outlives Run's for a short while
	cancel  context.CancelFunc
	bound   bool
}

func (c *Consumer) open(ctx context.Context) (*session, error) {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return nil, err
	}
	s := &session{Consumer: *c, js: js, lanes: newLanes()}
	s.defaults()
	s.work, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for range s.Workers {
		s.workers.Go(s.worker)
	}
	go s.renew()
	return s, nil
}

func (s *session) defaults() {
	orElse(&s.Workers, defaultWorkers)
	orElse(&s.Tries, defaultTries)
	orElse(&s.Patience, 15*time.Minute)
	orElse(&s.AckWait, 10*time.Second)
	if s.Subjects == nil {
		s.Subjects = []string{AllCases(s.County)}
	}
	if s.Retryable == nil {
		s.Retryable = IsRetryable
	}
}

func orElse[T int | time.Duration](v *T, usual T) {
	if *v == 0 {
		*v = usual
	}
}

// consume takes messages until ctx ends or the durable is lost.
func (s *session) consume(ctx context.Context) error {
	durable, err := s.js.CreateOrUpdateConsumer(ctx, CasesStream, jetstream.ConsumerConfig{
		Durable:        s.Name,
		FilterSubjects: s.Subjects,
		DeliverPolicy:  jetstream.DeliverAllPolicy,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        s.AckWait,
		MaxAckPending:  maxHeld,
		MaxDeliver:     -1, // we decide what is hopeless
	})
	if err != nil {
		return err
	}
	s.awaitLeftovers(ctx, durable.CachedInfo().NumAckPending)
	// Each request for messages is let run out, also when stopping: giving it up
	// would lose what the server is just sending, until AckWait is over.
	for ctx.Err() == nil {
		batch, err := durable.Fetch(fetchSize, jetstream.FetchMaxWait(fetchWait))
		if err != nil {
			return err
		}
		for msg := range batch.Messages() {
			s.accept(msg)
		}
		if err := batch.Error(); err != nil {
			return err
		}
	}
	return nil
}

// awaitLeftovers lets the broker take back what a dead process had in hand: it
// delivers that first, while events that are newer would else come before it.
func (s *session) awaitLeftovers(ctx context.Context, n int) {
	if n > 0 && !s.bound {
		s.Log.Info("waiting for events that another process had in hand", "consumer", s.Name, "events", n)
		sleep(ctx, s.AckWait)
	}
	s.bound = true
}

// accept gives a message to the lane of its case.
func (s *session) accept(msg jetstream.Msg) {
	if only := msg.Headers().Get(headerOnly); only != "" && only != s.Name {
		s.answer(msg.Ack()) // replayed for another consumer
		return
	}
	d := &delivery{msg: msg}
	d.event, d.unread = Decode(msg.Data())
	key := d.event.CaseID
	d.eventID = d.event.ID
	if d.unread != nil {
		d.eventID = identify(msg)
		key = "?" + d.eventID
	}
	s.lanes.add(key, d)
}

// close lets the workers finish what they have begun and what is ready, for a
// while, and gives the rest back.
func (s *session) close() {
	s.lanes.close()
	late := time.AfterFunc(drainPatience, func() {
		s.lanes.abandon()
		s.cancel()
	})
	s.workers.Wait()
	late.Stop()
	s.cancel()
	rest := s.lanes.unanswered(time.Now())
	slices.SortFunc(rest, func(a, b *delivery) int { return a.event.Version - b.event.Version }) // as they are to come back
	for _, d := range rest {
		s.answer(d.msg.Nak())
	}
	// The answers must have left before the caller closes the connection.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.answer(s.Conn.FlushWithContext(ctx))
}

// renew tells the broker that what is held for long is still in good hands.
func (s *session) renew() {
	third := s.AckWait / 3
	t := time.NewTicker(third)
	defer t.Stop()
	for {
		select {
		case <-s.work.Done():
			return
		case <-t.C:
		}
		for _, d := range s.lanes.unanswered(time.Now().Add(-third)) {
			s.answer(d.msg.InProgress())
		}
	}
}

// answer notes an answer that did not reach the broker. The event then comes
// again, and has no effect.
func (s *session) answer(err error) {
	if err != nil {
		s.Log.Debug("an answer to the broker was lost", "consumer", s.Name, "error", err)
	}
}
