package store

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockCheck is how often the holder of a lock makes sure of its connection.
const lockCheck = 2 * time.Second

// WithLock runs fn while this process alone, of all that share the database,
// holds the named lock; it does not wait for it: ran is false when another has
// it. The lock lives on a connection of its own; should that break, the context
// given to fn ends, because another process may then have the lock.
func (s *Store) WithLock(ctx context.Context, name string, fn func(context.Context) error) (ran bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, wrap("take the lock "+name, err)
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockKey(name)).Scan(&mine); err != nil || !mine {
		return false, wrap("take the lock "+name, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", lockKey(name)); err != nil {
			_ = conn.Conn().Close(ctx) // a connection that may still hold the lock must not go back
		}
	}()
	held, lost := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(held, conn.Conn(), lost)
	}()
	err = fn(held)
	lost()
	<-watched
	return true, err
}

// watch calls lost once the connection no longer answers.
func watch(ctx context.Context, conn *pgx.Conn, lost context.CancelFunc) {
	ticker := time.NewTicker(lockCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// Not with ctx: a ping cut short would break the connection.
		ping, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockCheck)
		err := conn.Ping(ping)
		cancel()
		if err != nil {
			lost()
			return
		}
	}
}

// lockKey is the number by which PostgreSQL knows a named lock.
func lockKey(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("sudi " + name)) // a hash takes every byte
	return int64(h.Sum64())                //nolint:gosec // any 64 bits do
}

// found turns "no such row" into false.
func found(err error) (bool, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
