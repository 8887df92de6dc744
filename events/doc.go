// Package events carries what happened to cases from the database to everybody
// who must know, through NATS JetStream.
//
//	outbox ─ Relay ─► SUDI_CASES ─ Consumer ─► Handle (router, notifier, …)
//	                                  └─ hopeless ─► dead letter ─ Replayer ─► again
//
// An organisation's own system hears of its desk and works on its cases through
// NATS too (Desks, Responder): what its account may do, and nothing else.
//
// The database is the truth and the broker's store can be lost at any moment:
// the relay notices and announces all open cases again. An event may therefore
// arrive twice, and Handle must be idempotent. The events of one case travel in
// the order of their versions.
package events

import (
	"context"
	"time"

	"sudi/domain"
)

// Outbox is what the relay needs of the store.
type Outbox interface {
	// Unsent gives the oldest entries that the broker has not stored yet. It may
	// hold some back for the sake of others, but fewer than 256 are all there
	// are.
	Unsent(ctx context.Context, limit int) ([]domain.Unsent, error)
	// MarkSent forgets entries that the broker has stored.
	MarkSent(ctx context.Context, positions []int64) error
	// Requeue announces every entry of the open cases again, those that wait
	// already among them in their place.
	Requeue(ctx context.Context) (int64, error)
	// WithLock runs fn while this process alone holds the named lock; it does
	// not wait for it.
	WithLock(ctx context.Context, name string, fn func(context.Context) error) (ran bool, err error)
	// BrokerStore gives the creation time of the stream that the outbox was
	// last emptied into.
	BrokerStore(ctx context.Context, stream string) (time.Time, bool, error)
	SetBrokerStore(ctx context.Context, stream string, created time.Time) error
}

// DeadLetterSaver keeps the events that a consumer could not apply. Saving one
// with the same consumer and event again replaces it and makes it open again.
type DeadLetterSaver interface {
	SaveDeadLetter(ctx context.Context, d domain.DeadLetter) error
}

// DeadLetterBox is what the replayer needs of the store.
type DeadLetterBox interface {
	DeadLetterSaver
	DeadLetters(ctx context.Context, onlyOpen bool) ([]domain.DeadLetter, error)
	DeadLetter(ctx context.Context, id string) (domain.DeadLetter, error)
	// MarkReplayed closes a letter, unless it has been saved again since it was
	// read.
	MarkReplayed(ctx context.Context, d domain.DeadLetter, at time.Time) error
}
