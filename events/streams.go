package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	casesAge        = 30 * 24 * time.Hour
	casesBytes      = 2 << 30
	deadAge         = 90 * 24 * time.Hour
	deadBytes       = 256 << 20
	duplicateWindow = 2 * time.Minute
)

// newestKey is where the database keeps the time of the newest message that the
// case stream is known to have: one that has less has lost its end.
const newestKey = CasesStream + "/newest"

// ensureStreams makes or updates both streams. A store that is not the one the
// outbox was last emptied into, or that is damaged, has lost events: the open
// cases are announced again, into a new one.
func (r *Relay) ensureStreams(ctx context.Context, js jetstream.JetStream, configure bool) error {
	if _, err := ensureStream(ctx, js, r.deadConfig(), configure); err != nil {
		return err
	}
	info, err := ensureStream(ctx, js, r.casesConfig(), configure)
	if err != nil {
		return err
	}
	known, found, err := r.Outbox.BrokerStore(ctx, CasesStream)
	if err != nil {
		return err
	}
	if found && known.Equal(created(info)) {
		harm, err := r.harm(ctx, info)
		if err != nil || harm == "" {
			return err
		}
		r.Log.Warn("the broker's store is damaged: replacing it", "stream", CasesStream, "damage", harm)
		if info, err = r.replaceCases(ctx, js); err != nil {
			return err
		}
	}
	return r.adopt(ctx, created(info), found)
}

// adopt makes a store the one that the outbox is emptied into.
func (r *Relay) adopt(ctx context.Context, created time.Time, hadOther bool) error {
	// Without another store nothing was ever sent, and the outbox is whole.
	if hadOther {
		n, err := r.Outbox.Requeue(ctx)
		if err != nil {
			return err
		}
		r.Log.Warn("the broker's store is a new one: announcing all open cases again", "entries", n)
	}
	if err := r.Outbox.SetBrokerStore(ctx, newestKey, created); err != nil {
		return err
	}
	return r.Outbox.SetBrokerStore(ctx, CasesStream, created) // last: until then all of it is repeated
}

// harm says what a stream has lost, "" if nothing, and notes its newest message.
func (r *Relay) harm(ctx context.Context, info *jetstream.StreamInfo) (string, error) {
	// It only ever drops its oldest messages, so a gap is a loss.
	if n := info.State.NumDeleted; n > 0 {
		return fmt.Sprintf("%d messages are missing", n), nil
	}
	newest, found, err := r.Outbox.BrokerStore(ctx, newestKey)
	if err != nil {
		return "", err
	}
	last := precise(info.State.LastTime)
	if last.Before(created(info)) {
		last = created(info) // it never had a message
	}
	switch {
	case found && last.Before(newest) && time.Since(newest) < casesAge:
		return fmt.Sprintf("it ends at %s instead of %s", last, newest), nil
	case last.After(newest):
		return "", r.Outbox.SetBrokerStore(ctx, newestKey, last)
	}
	return "", nil
}

// ensureStream makes a stream that is not there. One that is gets our settings
// only when told so, because the server writes them to disk each time.
func ensureStream(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig, configure bool) (*jetstream.StreamInfo, error) {
	stream, err := js.Stream(ctx, cfg.Name)
	if configure || errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = js.CreateOrUpdateStream(ctx, cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg.Name, err)
	}
	return stream.CachedInfo(), nil
}

func (r *Relay) replaceCases(ctx context.Context, js jetstream.JetStream) (*jetstream.StreamInfo, error) {
	if err := js.DeleteStream(ctx, CasesStream); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("stream %s: %w", CasesStream, err)
	}
	return ensureStream(ctx, js, r.casesConfig(), true)
}

func created(info *jetstream.StreamInfo) time.Time { return precise(info.Created) }

// precise gives a time in the precision that the database keeps.
func precise(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// casesConfig drops the oldest events when the stream is full. Refusing new
// ones would stop the county's routing for the sake of events that nearly
// always are long handled; the truth is in the database, and a case whose event
// was dropped unhandled is found there by the sweeper.
func (r *Relay) casesConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        CasesStream,
		Description: "what happened to cases, and hand-overs by desk",
		Subjects:    []string{AllCases(r.County), AllDesks(r.County)},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		MaxAge:      casesAge,
		MaxBytes:    r.MaxBytes,
		Duplicates:  duplicateWindow,
		Replicas:    r.Replicas,
	}
}

func (r *Relay) deadConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        DeadStream,
		Description: "events that a consumer could not apply; the database keeps them too",
		Subjects:    []string{family(r.County, "dead")},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		MaxAge:      deadAge,
		MaxBytes:    deadBytes,
		Duplicates:  duplicateWindow,
		Replicas:    r.Replicas,
	}
}
