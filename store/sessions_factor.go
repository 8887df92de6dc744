package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// EnrolFactor keeps the secret of a second factor that is not proved yet, in
// place of an earlier one that was not. KindConflict when the account has one,
// or when the store has no key to seal it under.
func (s *Store) EnrolFactor(ctx context.Context, userID string, secret []byte, now time.Time) error {
	sealed, err := s.sealFactor(userID, secret)
	if err != nil {
		return err
	}
	done, err := s.pool.Exec(ctx, `INSERT INTO second_factors AS f (user_id, secret, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
		WHERE f.confirmed_at IS NULL`, userID, sealed, now)
	if err == nil && done.RowsAffected() == 0 {
		return domain.Errorf(domain.KindConflict, "second_factor_exists")
	}
	return wrap("enrol a second factor", err)
}

// Factor reads an account's second factor; KindNotFound when it has none.
func (s *Store) Factor(ctx context.Context, userID string) (domain.SecondFactor, error) {
	var f domain.SecondFactor
	var sealed []byte
	err := s.pool.QueryRow(ctx, "SELECT secret, confirmed_at IS NOT NULL, last_step FROM second_factors WHERE user_id = $1", userID).
		Scan(&sealed, &f.Confirmed, &f.LastStep)
	ok, err := found(err)
	if err == nil && !ok {
		return f, domain.Errorf(domain.KindNotFound, "second_factor_none")
	}
	if err != nil {
		return f, wrap("read a second factor", err)
	}
	f.Secret, err = s.openFactor(userID, sealed)
	return f, wrap("read a second factor", err)
}

// ConfirmFactor makes a second factor count, with the hashes of its recovery
// codes, and ends the account's other sessions: they did not give it. step is
// that of the code which proved it.
func (s *Store) ConfirmFactor(ctx context.Context, userID string, step int64, codes [][]byte, session []byte, now time.Time) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE second_factors SET confirmed_at = $2, last_step = $3
			WHERE user_id = $1 AND confirmed_at IS NULL AND last_step < $3`, userID, now, step)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return domain.Errorf(domain.KindConflict, "second_factor_exists")
		}
		if _, err := tx.Exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])", userID, codes); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", userID, session)
		return err
	})
	s.noted("second_factor_confirmed", userID, domain.Actor{ID: userID}, err)
	return wrap("confirm a second factor", err)
}

// UseFactorStep accepts the code of a time step; false for one that was
// accepted before, or is older than one.
func (s *Store) UseFactorStep(ctx context.Context, userID string, step int64) (bool, error) {
	done, err := s.pool.Exec(ctx, `UPDATE second_factors SET last_step = $2
		WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2`, userID, step)
	return err == nil && done.RowsAffected() == 1, wrap("accept a code", err)
}

// UseRecoveryCode accepts a recovery code, once.
func (s *Store) UseRecoveryCode(ctx context.Context, userID string, hash []byte, now time.Time) (bool, error) {
	done, err := s.pool.Exec(ctx, "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL", userID, hash, now)
	used := err == nil && done.RowsAffected() == 1
	if used {
		s.noted("recovery_code_used", userID, domain.Actor{ID: userID}, nil)
	}
	return used, wrap("accept a recovery code", err)
}

// RemoveFactor takes an account's second factor away and ends its sessions;
// KindNotFound when it has none. by is who takes it away.
func (s *Store) RemoveFactor(ctx context.Context, userID string, by domain.Actor) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "DELETE FROM second_factors WHERE user_id = $1", userID)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return domain.Errorf(domain.KindNotFound, "second_factor_none")
		}
		return endSessions(ctx, tx, userID)
	})
	s.noted("second_factor_removed", userID, by, err)
	return wrap("remove a second factor", err)
}

// endSessions ends what an account has open and under way.
func endSessions(ctx context.Context, tx pgx.Tx, userID string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1", userID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM continuations WHERE user_id = $1", userID)
	return err
}

// sealFactor encrypts a secret, bound to its account.
func (s *Store) sealFactor(userID string, secret []byte) ([]byte, error) {
	aead, err := s.factorCipher()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, secret, factorPlace(userID)), nil
}

func (s *Store) openFactor(userID string, sealed []byte) ([]byte, error) {
	aead, err := s.factorCipher()
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, nil, sealed, factorPlace(userID))
	if err != nil {
		return nil, fmt.Errorf("open the second factor of %s: %w", userID, err)
	}
	return secret, nil
}

func factorPlace(userID string) []byte { return []byte("second_factors.secret/" + userID) }

func (s *Store) factorCipher() (cipher.AEAD, error) {
	if s.factors == nil {
		return nil, domain.Errorf(domain.KindConflict, "second_factor_needs_key")
	}
	block, err := aes.NewCipher(s.factors)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
