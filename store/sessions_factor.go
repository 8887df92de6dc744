package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/seal"
)

// factorPlace is where the secret of an account's second factor is bound to.
func factorPlace(userID string) seal.Place {
	return seal.Place{Table: "second_factors", Column: "secret", Row: userID}
}

// EnrolFactor keeps the secret of a second factor that is not proved yet, in
// place of an earlier one that was not. KindConflict when the account has one.
func (s *Store) EnrolFactor(ctx context.Context, userID string, secret []byte, now time.Time) error {
	err := s.withRecord(ctx, done("factor.enrol", "account", userID), func(tx pgx.Tx) error {
		kept, err := tx.Exec(ctx, `INSERT INTO second_factors AS f (user_id, secret, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
			WHERE f.confirmed_at IS NULL`, userID, s.ring.Seal(secret, factorPlace(userID)), now)
		if err == nil && kept.RowsAffected() == 0 {
			return domain.Errorf(domain.KindConflict, "second_factor_exists")
		}
		return err
	})
	return wrap("enrol a second factor", err)
}

// Factor reads an account's second factor; KindNotFound when it has none.
func (s *Store) Factor(ctx context.Context, userID string) (domain.SecondFactor, error) {
	var f domain.SecondFactor
	var sealed []byte
	err := s.pool.QueryRow(ctx, "SELECT secret, confirmed_at IS NOT NULL, last_step, created_at FROM second_factors WHERE user_id = $1", userID).
		Scan(&sealed, &f.Confirmed, &f.LastStep, &f.CreatedAt)
	ok, err := found(err)
	if err == nil && !ok {
		return f, domain.Errorf(domain.KindNotFound, "second_factor_none")
	}
	if err != nil {
		return f, wrap("read a second factor", err)
	}
	f.Secret, err = s.ring.Open(sealed, factorPlace(userID))
	return f, wrap("read a second factor", err)
}

// ConfirmFactor makes a second factor count, with the hashes of its recovery
// codes, and ends the account's other sessions: they did not give it. step is
// that of the code which proved it.
func (s *Store) ConfirmFactor(ctx context.Context, userID string, enrolled time.Time, step int64, codes [][]byte, session []byte, now time.Time) error {
	err := s.withRecord(ctx, done("factor.confirm", "account", userID), func(tx pgx.Tx) error {
		// A session that is being opened without it is waited for, and ended below.
		if _, err := tx.Exec(ctx, "SELECT FROM users WHERE id = $1 FOR UPDATE", userID); err != nil {
			return err
		}
		confirmed, err := tx.Exec(ctx, `UPDATE second_factors SET confirmed_at = $2, last_step = $3
			WHERE user_id = $1 AND confirmed_at IS NULL AND last_step < $3 AND created_at = $4`, userID, now, step, enrolled)
		if err != nil {
			return err
		}
		if confirmed.RowsAffected() == 0 {
			return domain.Errorf(domain.KindConflict, "second_factor_exists")
		}
		if _, err := tx.Exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])", userID, codes); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", userID, session)
		return err
	})
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
func (s *Store) UseRecoveryCode(ctx context.Context, userID string, hash []byte, now time.Time) (used bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		accepted, err := tx.Exec(ctx, "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL", userID, hash, now)
		if used = err == nil && accepted.RowsAffected() == 1; used {
			return record(ctx, tx, done("factor.recover", "account", userID))
		}
		return err
	})
	return used && err == nil, wrap("accept a recovery code", err)
}

// RemoveFactor takes an account's second factor away and ends its sessions;
// KindNotFound when it has none.
func (s *Store) RemoveFactor(ctx context.Context, userID string) error {
	err := s.withRecord(ctx, done("factor.remove", "account", userID), func(tx pgx.Tx) error {
		removed, err := tx.Exec(ctx, "DELETE FROM second_factors WHERE user_id = $1", userID)
		if err != nil {
			return err
		}
		if removed.RowsAffected() == 0 {
			return domain.Errorf(domain.KindNotFound, "second_factor_none")
		}
		return endSessions(ctx, tx, userID)
	})
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
