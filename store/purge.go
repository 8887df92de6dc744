package store

import (
	"context"
	"time"

	"sudi/domain"
)

// keyLife is for how long a repeated request finds what its first one opened.
const keyLife = 7 * 24 * time.Hour

// Purge forgets sessions and sign-ins under way that have ended by themselves,
// attempts to sign in that count no more, and keys of requests that nobody
// repeats any more.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, "DELETE FROM sessions WHERE expires_at <= $1", now); err != nil {
		return wrap("forget expired sessions", err)
	}
	if _, err := s.pool.Exec(ctx, "DELETE FROM continuations WHERE expires_at <= $1", now); err != nil {
		return wrap("forget expired sign-ins under way", err)
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM sign_in_attempts WHERE last_at < $1 AND next_at < $1
		AND (succeeded_at IS NULL OR succeeded_at < $2)`, now.Add(-domain.AttemptsForgotten), now.Add(-domain.AddressKnown)); err != nil {
		return wrap("forget old attempts to sign in", err)
	}
	_, err := s.pool.Exec(ctx, "DELETE FROM idempotency_keys WHERE created_at < $1", now.Add(-keyLife))
	return wrap("forget old idempotency keys", err)
}
