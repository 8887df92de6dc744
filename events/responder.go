package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	answersAtOnce = 32
	answerTime    = 45 * time.Second // longer than the API gives a request
	deskIdle      = casesAge         // then a consumer that nobody uses is forgotten
	deskAckWait   = 30 * time.Second
	deskPending   = 100
)

// Responder answers the requests of desks' systems, and keeps each its
// consumer. Any number of processes may run one; each request reaches one of
// them.
type Responder struct {
	Conn     *nats.Conn
	County   string
	Accounts Accounts
	// Answer answers a request of an account in at most limit bytes, whatever
	// the request is. Once ctx has ended it says that there is too much to do.
	Answer func(ctx context.Context, username string, request []byte, limit int) []byte
	Log    *slog.Logger
}

// Run answers until ctx ends; what was begun is finished first.
func (r *Responder) Run(ctx context.Context) error {
	js, err := jetstream.New(r.Conn)
	if err != nil {
		return fmt.Errorf("responder: %w", err)
	}
	var busy sync.WaitGroup
	slots := make(chan struct{}, answersAtOnce)
	sub, err := r.Conn.QueueSubscribe(AllRequests(r.County), "sudi", func(m *nats.Msg) {
		username, ok := requester(r.County, m.Subject)
		if !ok || !answerable(m.Reply) {
			return
		}
		select {
		case slots <- struct{}{}:
			busy.Go(func() {
				defer func() { <-slots }()
				r.answer(ctx, js, username, m)
			})
		default:
			ended, cancel := context.WithCancel(ctx)
			cancel()
			r.respond(m, r.Answer(ended, username, m.Data, r.limit()))
		}
	})
	if err != nil {
		return fmt.Errorf("responder: %w", err)
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // what comes now goes to another process, or to nobody
	busy.Wait()
	return nil
}

// answer answers one request. An answer also means that the account's consumer
// is there.
func (r *Responder) answer(ctx context.Context, js jetstream.JetStream, username string, m *nats.Msg) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	if err := r.openDesk(ctx, js, username); err != nil {
		r.Log.Warn("a desk's consumer cannot be made", "user", username, "error", err)
	}
	r.respond(m, r.Answer(ctx, username, m.Data, r.limit()))
}

func (r *Responder) respond(m *nats.Msg, answer []byte) {
	if err := m.Respond(answer); err != nil {
		r.Log.Warn("a desk's request was not answered", "error", err)
	}
}

// limit is the size of a message, less room for its subject.
func (r *Responder) limit() int { return int(r.Conn.MaxPayload()) - 1024 }

// openDesk makes the consumer through which an account hears of its desk. That
// Sudi makes it, and not the system, leaves the system no say in what it
// filters or where it delivers.
func (r *Responder) openDesk(ctx context.Context, js jetstream.JetStream, username string) error {
	user, err := r.Accounts.Account(ctx, username)
	if err != nil || user.DisabledAt != nil {
		return nil //nolint:nilerr // Answer says what is wrong with the account
	}
	name := DeskConsumer(user.Org, user.Username)
	_, err = js.Consumer(ctx, CasesStream, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		_, err = js.CreateOrUpdateConsumer(ctx, CasesStream, r.deskConfig(name, user.Org))
	}
	return err
}

func (r *Responder) deskConfig(name, org string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:           name,
		Description:       "a desk's own system",
		FilterSubject:     Desk(r.County, org),
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckExplicitPolicy,
		AckWait:           deskAckWait,
		MaxAckPending:     deskPending,
		MaxWaiting:        2 * deskConns,
		InactiveThreshold: deskIdle,
	}
}

// answerable reports whether a reply subject is an inbox. An answer is never
// sent to one of our own subjects, should an operator let a system choose.
func answerable(reply string) bool {
	return strings.HasPrefix(reply, "_INBOX.") || strings.HasPrefix(reply, "_R_.")
}
