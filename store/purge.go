package store

import (
	"context"
	"time"
)

// keyLife is for how long a repeated request finds what its first one opened.
const keyLife = 7 * 24 * time.Hour

// Purge forgets sessions that have ended by themselves and keys of requests
// that nobody repeats any more.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, "DELETE FROM sessions WHERE expires_at <= $1", now); err != nil {
		return wrap("forget expired sessions", err)
	}
	_, err := s.pool.Exec(ctx, "DELETE FROM idempotency_keys WHERE created_at < $1", now.Add(-keyLife))
	return wrap("forget old idempotency keys", err)
}
