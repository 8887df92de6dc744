package events

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sudi/domain"
)

// Headers of dead letters and of their replays.
const (
	headerCause    = "Sudi-Cause"
	headerConsumer = "Sudi-Consumer"
	headerSubject  = "Sudi-Subject"
	headerAttempts = "Sudi-Attempts"
	headerEvent    = "Sudi-Event" // identity of a replayed event, which travels under a fresh message id
	headerOnly     = "Sudi-Only"  // the consumer that a replay is for; the others let it pass
)

const (
	causeLimit  = 4000
	buryTimeout = 10 * time.Second
)

// bury keeps an event as a dead letter, in the database and on the dead-letter
// stream. Both may be done again.
func (s *session) bury(d *delivery, cause error) error {
	ctx, cancel := context.WithTimeout(s.work, buryTimeout)
	defer cancel()
	letter := domain.DeadLetter{
		ID:        letterID(s.Name, d.eventID),
		Consumer:  s.Name,
		Subject:   text(d.msg.Subject()),
		EventID:   text(d.eventID),
		Payload:   d.msg.Data(),
		Cause:     text(cause.Error()),
		Attempts:  d.attempts,
		CreatedAt: time.Now().UTC(),
	}
	if err := s.Dead.SaveDeadLetter(ctx, letter); err != nil {
		return err
	}
	if _, err := s.js.PublishMsg(ctx, deadMessage(s.County, letter, msgID(d.msg), cause)); err != nil {
		return fmt.Errorf("stream %s: %w", DeadStream, err)
	}
	s.Log.Error("an event could not be applied", "consumer", s.Name, "event", d.eventID,
		"dead_letter", letter.ID, "attempts", d.attempts, "cause", causeClass(cause))
	return nil
}

// deadMessage tells the dead-letter stream the class of the cause only: what an
// error or a panic says may be personal, and the broker is no place for that.
func deadMessage(county string, l domain.DeadLetter, delivered string, cause error) *nats.Msg {
	msg := nats.NewMsg(DeadSubject(county, l.Consumer))
	msg.Data = l.Payload
	msg.Header.Set(nats.MsgIdHdr, l.ID+"."+delivered)
	msg.Header.Set("Content-Type", envelopeType)
	msg.Header.Set(headerCause, causeClass(cause))
	msg.Header.Set(headerConsumer, l.Consumer)
	msg.Header.Set(headerSubject, l.Subject)
	msg.Header.Set(headerEvent, l.EventID)
	msg.Header.Set(headerAttempts, strconv.Itoa(l.Attempts))
	return msg
}

// causeClass says what kind of error it was, in words of ours alone.
func causeClass(err error) string {
	var p *panicError
	var known *domain.Error
	switch {
	case errors.As(err, &p):
		return "panic"
	case errors.As(err, &known):
		return string(known.Kind) + ":" + known.Code
	case errors.Is(err, errUnreadable):
		return "unreadable"
	default:
		return string(domain.KindInternal)
	}
}

// letterID is the same for every burial of an event by a consumer, so that one
// that was interrupted can be repeated. It has the form of a UUID (version 8).
func letterID(consumer, event string) string {
	h := sha256.Sum256([]byte(consumer + "\x00" + event))
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// identify names an event that cannot be read.
func identify(msg jetstream.Msg) string {
	if id := msg.Headers().Get(headerEvent); id != "" {
		return id
	}
	return msgID(msg)
}

// msgID is what the broker tells messages apart by, or where it keeps them.
func msgID(msg jetstream.Msg) string {
	if id := msg.Headers().Get(nats.MsgIdHdr); id != "" {
		return id
	}
	if meta, err := msg.Metadata(); err == nil {
		return fmt.Sprintf("%s-%d-%d", meta.Stream, meta.Timestamp.Unix(), meta.Sequence.Stream)
	}
	return msg.Subject()
}

// text makes a string fit for PostgreSQL, and not too long.
func text(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) > causeLimit {
		s = s[:causeLimit]
	}
	return strings.ToValidUTF8(s, "")
}

// Replayer gives dead letters another chance, once their cause is mended.
type Replayer struct {
	Letters DeadLetterBox
	Conn    *nats.Conn
	Now     func() time.Time
}

// Replay publishes a dead letter's event again, on its subject and for its
// consumer alone, and then marks it replayed. If the consumer fails again, however
// soon, the letter is open. Doing it twice does no harm.
func (r *Replayer) Replay(ctx context.Context, id string) error {
	letter, err := r.Letters.DeadLetter(ctx, id)
	if err != nil {
		return err
	}
	return r.replay(ctx, letter)
}

// ReplayAll replays all open dead letters and gives their number.
func (r *Replayer) ReplayAll(ctx context.Context) (int, error) {
	letters, err := r.Letters.DeadLetters(ctx, true)
	if err != nil {
		return 0, err
	}
	for i, l := range letters {
		if err := r.replay(ctx, l); err != nil {
			return i, err
		}
	}
	return len(letters), nil
}

func (r *Replayer) replay(ctx context.Context, l domain.DeadLetter) error {
	js, err := jetstream.New(r.Conn)
	if err != nil {
		return err
	}
	if _, err := js.PublishMsg(ctx, replayMessage(l), jetstream.WithExpectStream(CasesStream)); err != nil {
		return fmt.Errorf("replay of %s: %w", l.ID, err)
	}
	return r.Letters.MarkReplayed(ctx, l, r.Now())
}

func replayMessage(l domain.DeadLetter) *nats.Msg {
	msg := nats.NewMsg(l.Subject)
	msg.Data = l.Payload
	// The event's own message id may still be in the duplicate window. This one
	// is the same for every process that fulfils the same wish, and for one that
	// could not mark it.
	wish := l.CreatedAt
	if l.ReplayAskedAt != nil {
		wish = *l.ReplayAskedAt
	}
	msg.Header.Set(nats.MsgIdHdr, l.EventID+"."+l.Consumer+"-"+strconv.FormatInt(wish.UnixMicro(), 36))
	msg.Header.Set("Content-Type", envelopeType)
	msg.Header.Set(headerEvent, l.EventID)
	msg.Header.Set(headerOnly, l.Consumer)
	return msg
}
