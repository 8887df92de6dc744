package store

import (
	"context"
	"time"

	"sudi/domain"
)

// KeepContinuation keeps a sign-in under way.
func (s *Store) KeepContinuation(ctx context.Context, c domain.Continuation) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO continuations (token_hash, kind, user_id, nonce, verifier, expires_at)
		VALUES ($1, $2, nullif($3, '')::uuid, $4, $5, $6)`, c.TokenHash, c.Kind, c.UserID, c.Nonce, c.Verifier, c.ExpiresAt)
	return wrap("keep a sign-in under way", err)
}

// TakeContinuation gives a sign-in under way, which nobody gets again;
// KindUnauthenticated when it has gone on, has expired or never was.
func (s *Store) TakeContinuation(ctx context.Context, kind domain.ContinuationKind, tokenHash []byte, now time.Time) (domain.Continuation, error) {
	c := domain.Continuation{TokenHash: tokenHash, Kind: kind}
	err := s.pool.QueryRow(ctx, `DELETE FROM continuations WHERE token_hash = $1 AND kind = $2
		RETURNING coalesce(user_id::text, ''), nonce, verifier, expires_at`, tokenHash, kind).
		Scan(&c.UserID, &c.Nonce, &c.Verifier, &c.ExpiresAt)
	ok, err := found(err)
	if err != nil {
		return domain.Continuation{}, wrap("take a sign-in under way", err)
	}
	if !ok || !now.Before(c.ExpiresAt) {
		return domain.Continuation{}, domain.Errorf(domain.KindUnauthenticated, "continuation_unknown")
	}
	return c, nil
}
