package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
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
// name, role, organisation and password; their IDs stay, their sessions end.
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
	rows, names := make([]domain.User, len(users)), make([]string, len(users))
	for i, u := range users {
		if u.ID == "" {
			u.ID = uuid.Must(uuid.NewV7()).String()
		}
		rows[i], names[i] = u, u.Username
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
	if err := tx.Exec("DELETE FROM sessions s USING users u WHERE u.id = s.user_id AND u.username IN ?", names).Error; err != nil {
		return err
	}
	if err := recordUsers(ctx, tx, rows); err != nil {
		return err
	}
	return tx.Commit().Error
}

// UserByName finds an account; KindNotFound when there is none.
func (s *Store) UserByName(ctx context.Context, username string) (domain.User, error) {
	return s.user(ctx, "username = ?", username)
}

// UserByID finds an account; KindNotFound when there is none.
func (s *Store) UserByID(ctx context.Context, id string) (domain.User, error) {
	return s.user(ctx, "id = ?", id)
}

func (s *Store) user(ctx context.Context, condition, value string) (domain.User, error) {
	var u domain.User
	err := s.orm.WithContext(ctx).Where(condition, value).Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return u, domain.Errorf(domain.KindNotFound, "user_unknown")
	}
	return u, wrap("read an account", err)
}

// Users lists every account in the order of the user names.
func (s *Store) Users(ctx context.Context) ([]domain.User, error) {
	var out []domain.User
	err := s.orm.WithContext(ctx).Order("username").Find(&out).Error
	return out, wrap("read accounts", err)
}

// ChangeUser changes an account and, where the change asks for it, ends its
// sessions in the same transaction. KindNotFound for an account that there is
// not, KindForbidden for what nobody may change of his own.
func (s *Store) ChangeUser(ctx context.Context, c domain.UserChange) error {
	if err := c.Check(); err != nil {
		return err
	}
	err := s.withRecord(ctx, c.Record(), func(tx pgx.Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE users SET name = coalesce($2, name), role = coalesce($3, role), org = coalesce($4, org),
			password_hash = coalesce($5, password_hash),
			disabled_at = CASE WHEN $6::boolean IS NULL THEN disabled_at WHEN $6 THEN coalesce(disabled_at, $7) END
			WHERE id = $1`, c.ID, c.Name, c.Role, c.Org, c.PasswordHash, c.Disabled, c.At)
		if err != nil {
			return err
		}
		if changed.RowsAffected() == 0 {
			return domain.Errorf(domain.KindNotFound, "user_unknown")
		}
		if c.EndsSessions() {
			return endSessions(ctx, tx, c.ID)
		}
		return nil
	})
	return wrap("change an account", err)
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
