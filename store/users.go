package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm/clause"

	"sudi/domain"
)

// CreateUsers adds accounts, all or none; a user name that is taken is
// KindConflict. Accounts without an ID or a creation time are given them.
func (s *Store) CreateUsers(ctx context.Context, users []domain.User) error {
	err := s.putUsers(ctx, users, nil)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == "users_username_unique" {
		return &domain.Error{Kind: domain.KindConflict, Code: "username_taken", Cause: err}
	}
	return wrap("create accounts", err)
}

// PutUsers adds accounts, or brings those of the same user name up to date with
// name, role, organisation and password; their IDs stay.
func (s *Store) PutUsers(ctx context.Context, users []domain.User) error {
	return wrap("put accounts", s.putUsers(ctx, users, clause.OnConflict{
		Columns:   []clause.Column{{Name: "username"}},
		DoUpdates: clause.AssignmentColumns([]string{"name", "role", "org", "password_hash"}),
	}))
}

func (s *Store) putUsers(ctx context.Context, users []domain.User, conflict clause.Expression) error {
	if len(users) == 0 {
		return nil
	}
	rows := make([]domain.User, len(users))
	for i, u := range users {
		if u.ID == "" {
			u.ID = uuid.Must(uuid.NewV7()).String()
		}
		rows[i] = u
	}
	tx := s.orm.WithContext(ctx).Begin()
	if tx.Error != nil {
		return tx.Error
	}
	defer tx.Rollback() // a no-op after commit
	q := tx
	if conflict != nil {
		q = tx.Clauses(conflict)
	}
	if err := q.CreateInBatches(rows, 500).Error; err != nil {
		return err
	}
	if err := recordUsers(ctx, tx, rows); err != nil {
		return err
	}
	return tx.Commit().Error
}

// UserByName finds an account; KindNotFound when there is none.
func (s *Store) UserByName(ctx context.Context, username string) (domain.User, error) {
	var u domain.User
	err := s.orm.WithContext(ctx).Where("username = ?", username).Take(&u).Error
	return u, wrap("read an account", err)
}

// Users lists every account in the order of the user names.
func (s *Store) Users(ctx context.Context) ([]domain.User, error) {
	var out []domain.User
	err := s.orm.WithContext(ctx).Order("username").Find(&out).Error
	return out, wrap("read accounts", err)
}

// CreateSession opens a session. The token itself is not known here, only its
// hash.
func (s *Store) CreateSession(ctx context.Context, tokenHash []byte, userID string, now, expires time.Time) error {
	err := s.recorded(ctx, done("session.open", "account", userID), `INSERT INTO sessions (token_hash, user_id, created_at, used_at, expires_at) VALUES ($1, $2, $3, $3, $4)`,
		tokenHash, userID, now, expires)
	return wrap("open a session", err)
}

// SessionUser gives the account of a session that has not expired and whose
// account is not disabled; KindUnauthenticated otherwise. It notes the use, at
// most once a minute.
func (s *Store) SessionUser(ctx context.Context, tokenHash []byte, now time.Time) (domain.User, error) {
	var row struct {
		domain.User
		UsedAt time.Time
	}
	q := s.orm.WithContext(ctx).Raw(`SELECT u.*, s.used_at FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = ? AND s.expires_at > ? AND u.disabled_at IS NULL`, tokenHash, now).Scan(&row)
	if q.Error != nil {
		return domain.User{}, wrap("read a session", q.Error)
	}
	if q.RowsAffected == 0 {
		return domain.User{}, domain.Errorf(domain.KindUnauthenticated, "session_unknown")
	}
	if now.Sub(row.UsedAt) >= time.Minute {
		if _, err := s.pool.Exec(ctx, "UPDATE sessions SET used_at = $2 WHERE token_hash = $1 AND used_at < $2", tokenHash, now); err != nil {
			return domain.User{}, wrap("note a session's use", err)
		}
	}
	return row.User, nil
}

// DeleteSession ends a session; one that does not exist is no error.
func (s *Store) DeleteSession(ctx context.Context, tokenHash []byte) error {
	err := s.recorded(ctx, done("session.close", "", ""), "DELETE FROM sessions WHERE token_hash = $1", tokenHash)
	return wrap("end a session", err)
}

// Setting reads a fact about this installation.
func (s *Store) Setting(ctx context.Context, name string) (value string, ok bool, err error) {
	err = s.pool.QueryRow(ctx, "SELECT value FROM settings WHERE name = $1", name).Scan(&value)
	ok, err = found(err)
	return value, ok, wrap("read a setting", err)
}

// SetSetting keeps a fact about this installation.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	err := s.recorded(ctx, done("setting.put", "setting", name),
		"INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return wrap("keep a setting", err)
}
