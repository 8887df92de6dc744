package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// CreateSession opens a session for an account as it was when it proved who it
// is; KindUnauthenticated when it has been changed or disabled since, or has got a
// second factor that was not given. The token
// itself is not known here, only its hash. A session without an ID is given one.
func (s *Store) CreateSession(ctx context.Context, x domain.Session, as *domain.User) error {
	if x.ID == "" {
		x.ID = uuid.Must(uuid.NewV7()).String()
	}
	err := s.withRecord(ctx, done("session.open", "account", as.ID), func(tx pgx.Tx) error {
		// With the lock, a change under way refuses the session, or ends it; what it
		// changed is seen by the statement after.
		if _, err := tx.Exec(ctx, "SELECT FROM users WHERE id = $1 FOR SHARE", as.ID); err != nil {
			return err
		}
		opened, err := tx.Exec(ctx, `INSERT INTO sessions (token_hash, id, user_id, created_at, used_at, expires_at, address, user_agent)
			SELECT $1, $2, id, $4, $4, $5, $6, $7 FROM users
			WHERE id = $3 AND disabled_at IS NULL AND role = $8 AND org = $9 AND password_hash = $10
				AND ($11 OR NOT EXISTS (SELECT FROM second_factors f WHERE f.user_id = users.id AND f.confirmed_at IS NOT NULL))`,
			x.TokenHash, x.ID, as.ID, x.CreatedAt, x.ExpiresAt, x.Address, x.UserAgent, as.Role, as.Org, as.PasswordHash, x.Factor)
		if err == nil && opened.RowsAffected() == 0 {
			return domain.Errorf(domain.KindUnauthenticated, "session_unknown")
		}
		return err
	})
	return wrap("open a session", err)
}

// SessionUser gives the account of a session that has neither expired nor lain
// idle, and whose account is not disabled; KindUnauthenticated otherwise. It
// notes the use at most once a minute, so a session may end up to a minute
// before it has lain idle for so long.
func (s *Store) SessionUser(ctx context.Context, tokenHash []byte, now time.Time, idle time.Duration) (domain.SignedIn, error) {
	var row struct {
		domain.User
		SessionID    string
		UsedAt       time.Time
		SecondFactor bool
	}
	q := s.orm.WithContext(ctx).Raw(`SELECT u.*, s.id AS session_id, s.used_at, f.confirmed_at IS NOT NULL AS second_factor
		FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN second_factors f ON f.user_id = u.id
		WHERE s.token_hash = ? AND s.expires_at > ? AND s.used_at > ? AND u.disabled_at IS NULL`, tokenHash, now, now.Add(-idle)).Scan(&row)
	if q.Error != nil {
		return domain.SignedIn{}, wrap("read a session", q.Error)
	}
	if q.RowsAffected == 0 {
		return domain.SignedIn{}, domain.Errorf(domain.KindUnauthenticated, "session_unknown")
	}
	if now.Sub(row.UsedAt) >= time.Minute {
		if _, err := s.pool.Exec(ctx, "UPDATE sessions SET used_at = $2 WHERE token_hash = $1 AND used_at < $2", tokenHash, now); err != nil {
			return domain.SignedIn{}, wrap("note a session's use", err)
		}
	}
	return domain.SignedIn{User: row.User, SessionID: row.SessionID, SecondFactor: row.SecondFactor}, nil
}

// Sessions lists an account's sessions that have not ended, the newest first.
func (s *Store) Sessions(ctx context.Context, userID string, now time.Time, idle time.Duration) ([]domain.Session, error) {
	rows, err := s.pool.Query(ctx, `SELECT id::text, user_id::text, created_at, used_at, expires_at, address, user_agent FROM sessions
		WHERE user_id = $1 AND expires_at > $2 AND used_at > $3 ORDER BY created_at DESC, id DESC`, userID, now, now.Add(-idle))
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x domain.Session, err error) {
		err = row.Scan(&x.ID, &x.UserID, &x.CreatedAt, &x.UsedAt, &x.ExpiresAt, &x.Address, &x.UserAgent)
		return x, err
	})
	return out, wrap("list sessions", err)
}

// EndSession ends an account's session, or all of them for an empty id;
// KindNotFound for one that the account does not have.
func (s *Store) EndSession(ctx context.Context, userID, id string) error {
	err := s.withRecord(ctx, done("session.end", "account", userID), func(tx pgx.Tx) error {
		ended, err := tx.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND ($2 = '' OR id::text = $2)", userID, id)
		if err == nil && id != "" && ended.RowsAffected() == 0 {
			return domain.Errorf(domain.KindNotFound, "session_not_found")
		}
		return err
	})
	return wrap("end a session", err)
}

// DeleteSession ends the session of a token, at the wish of whoever holds it;
// one that does not exist is no error.
func (s *Store) DeleteSession(ctx context.Context, tokenHash []byte) error {
	err := s.recorded(ctx, done("session.close", "", ""), "DELETE FROM sessions WHERE token_hash = $1", tokenHash)
	return wrap("end a session", err)
}
