package store

import (
	"context"
	"database/sql"
	"fmt"
	"path"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // goose works on database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"sudi/migrations"
)

// Migration is one step of the schema; AppliedAt is zero while it is to be
// taken.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time
}

// Migrate brings the schema up to date. Any number of nodes may call it at the
// same time: one works, the others wait.
func Migrate(ctx context.Context, dsn string) error {
	return withGoose(ctx, dsn, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// MigrateDown takes back the last step.
func MigrateDown(ctx context.Context, dsn string) error {
	return withGoose(ctx, dsn, func(p *goose.Provider) error {
		_, err := p.Down(ctx)
		return err
	})
}

// MigrateStatus lists every step, oldest first.
func MigrateStatus(ctx context.Context, dsn string) ([]Migration, error) {
	var out []Migration
	err := withGoose(ctx, dsn, func(p *goose.Provider) error {
		steps, err := p.Status(ctx)
		for _, m := range steps {
			out = append(out, Migration{m.Source.Version, path.Base(m.Source.Path), m.AppliedAt})
		}
		return err
	})
	return out, err
}

func withGoose(ctx context.Context, dsn string, fn func(*goose.Provider) error) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	defer db.Close() //nolint:errcheck // nothing is left to lose
	if err := awaitServer(ctx, db.PingContext); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := fn(p); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}
