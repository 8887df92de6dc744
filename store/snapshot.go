package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// snapshot is a transaction that reads as of one instant and writes nothing.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

type snapshotKey struct{}

// AtOnce runs a function whose reads of cases, lists and counts, through the
// context that it is given, are all as of one instant. They share a connection,
// so they take turns. A function within a function shares the outer's instant.
func (s *Store) AtOnce(ctx context.Context, fn func(context.Context) error) error {
	if _, inside := ctx.Value(snapshotKey{}).(pgx.Tx); inside {
		return fn(ctx)
	}
	return pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		return fn(context.WithValue(ctx, snapshotKey{}, tx))
	})
}

// reader is the snapshot that a context carries, or any connection.
func (s *Store) reader(ctx context.Context) querier {
	if tx, ok := ctx.Value(snapshotKey{}).(pgx.Tx); ok {
		return tx
	}
	return s.pool
}
