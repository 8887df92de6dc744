package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/seal"
)

// CountAttempt counts an attempt to sign in under several keys and says how
// long it must wait instead; then it is not counted.
func (s *Store) CountAttempt(ctx context.Context, keys []domain.AttemptKey, now time.Time) (wait time.Duration, err error) {
	err = s.onAttempts(ctx, keys, now, func(seen []domain.Attempts) []domain.Attempts {
		var after []domain.Attempts
		if after, wait = domain.CountAttempts(keys, seen, now); wait > 0 {
			return seen
		}
		return after
	})
	return wait, wrap("count an attempt to sign in", err)
}

// SettleAttempt takes back an attempt that was right or was not judged.
func (s *Store) SettleAttempt(ctx context.Context, keys []domain.AttemptKey, right bool, now time.Time) error {
	return wrap("settle an attempt to sign in", s.onAttempts(ctx, keys, now, func(seen []domain.Attempts) []domain.Attempts {
		return domain.SettleAttempts(keys, seen, right, now)
	}))
}

// ForgetAttempts lets an account sign in again at once, from every address that
// is not held up itself. What addresses it is known at stays.
func (s *Store) ForgetAttempts(ctx context.Context, u *domain.User) error {
	err := s.recorded(ctx, done("account.unlock", "account", u.ID), "UPDATE sign_in_attempts SET n = 0, next_at = last_at WHERE account = $1", s.attemptHash(u.Username))
	return wrap("let an account in", err)
}

// onAttempts changes what is counted under keys, which it locks in their order:
// callers name the kinds in one order, so that none waits for another in a
// circle.
func (s *Store) onAttempts(ctx context.Context, keys []domain.AttemptKey, now time.Time, change func([]domain.Attempts) []domain.Attempts) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		seen := make([]domain.Attempts, len(keys))
		for i, k := range keys {
			var account []byte
			if k.Account != "" {
				account = s.attemptHash(k.Account)
			}
			// DO UPDATE and not DO NOTHING: it locks the row and gives it.
			if err := tx.QueryRow(ctx, `INSERT INTO sign_in_attempts AS a (key, account, n, last_at, next_at) VALUES ($1, $2, 0, $3, $3)
				ON CONFLICT (key) DO UPDATE SET n = a.n RETURNING n, last_at, next_at, succeeded_at`, s.attemptKey(k), account, now).
				Scan(&seen[i].N, &seen[i].LastAt, &seen[i].NextAt, &seen[i].SucceededAt); err != nil {
				return err
			}
		}
		for i, a := range change(seen) {
			if _, err := tx.Exec(ctx, "UPDATE sign_in_attempts SET n = $2, last_at = $3, next_at = $4, succeeded_at = $5 WHERE key = $1",
				s.attemptKey(keys[i]), a.N, a.LastAt, a.NextAt, a.SucceededAt); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) attemptKey(k domain.AttemptKey) []byte {
	return s.attemptHash(string(k.Kind) + "\x00" + k.Address + "\x00" + k.Account)
}

// attemptHash is keyed, so that the database does not tell what was typed.
func (s *Store) attemptHash(text string) []byte { return s.ring.Index(seal.Attempt, text) }
