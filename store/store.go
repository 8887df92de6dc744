// Package store keeps Sudi's state of truth in PostgreSQL.
//
// It has one way to write cases, Apply and ApplyAll (change.go), which the
// engine alone calls. Everything else reads, or keeps what is not a case:
// organisations, users, what has been announced, what has been counted.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options are the settings of a Store; the zero value is fit for use.
type Options struct {
	MaxConns int          // connections to the server; 0 = 20
	Logger   *slog.Logger // nil = slog.Default()
	// Key is what people are found by, KeyLength bytes that are kept outside the
	// database; nil finds nobody by a telephone or identity number, and is
	// refused by a database that has a key.
	Key []byte
}

// Store is a connection to Sudi's database. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	sql  *sql.DB // the same pool, as GORM wants it
	orm  *gorm.DB
	log  *slog.Logger
	keys *personKeys

	factors  []byte // what second factors are sealed under; nil without a key
	attempts []byte // what attempts to sign in are hashed with

	closing sync.RWMutex // guards closed and sends on queue
	closed  bool
	queue   chan *request
	lanes   sync.WaitGroup
}

const (
	defaultConns  = 20
	fewestConns   = writerLanes + 3 // a reader, ApplyAll and a held lock beside the lanes
	startPatience = 15 * time.Second
	oldestServer  = 140000
)

// Open connects to the database that dsn names, waiting a little for a server
// that is still starting. It refuses a server that could lose what it has
// acknowledged, one older than PostgreSQL 14, and a key that is not the one it
// was first opened with.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	pool, err := connect(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	if err := checkServer(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	keys, err := readKeys(ctx, pool, o.Key)
	if err != nil {
		pool.Close()
		return nil, err
	}
	s := &Store{pool: pool, keys: keys, sql: stdlib.OpenDBFromPool(pool), log: o.Logger, queue: make(chan *request, queueLength)}
	if s.log == nil {
		s.log = slog.Default()
	}
	if keys != nil {
		s.factors, s.attempts = derive(o.Key, "second factors"), derive(o.Key, "attempts to sign in")
	}
	// pgx caches prepared statements itself; a second cache only costs memory.
	s.orm, err = gorm.Open(postgres.New(postgres.Config{Conn: s.sql}), &gorm.Config{
		SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard,
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open GORM: %w", err)
	}
	for range writerLanes {
		s.lanes.Go(s.lane)
	}
	return s, nil
}

// Close answers what has been asked and then closes every connection.
func (s *Store) Close() {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return
	}
	s.closed = true
	close(s.queue)
	s.closing.Unlock()
	s.lanes.Wait()
	_ = s.sql.Close() // closes no connection: they are the pool's
	s.pool.Close()
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

func connect(ctx context.Context, dsn string, o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	config.MaxConns = max(fewestConns, defaultConns)
	if o.MaxConns > 0 {
		config.MaxConns = int32(max(fewestConns, min(o.MaxConns, 10_000)))
	}
	params := config.ConnConfig.RuntimeParams
	params["timezone"] = "UTC"
	params["lock_timeout"] = "10s"     // so that a forgotten session stops nobody for good; see beginLane
	params["random_page_cost"] = "1.1" // as on any SSD; the default makes a village's list walk the whole county's
	params["jit"] = "off"              // compiling costs more than any query here saves
	if params["application_name"] == "" {
		params["application_name"] = "sudi"
	}
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if err := awaitServer(ctx, pool.Ping); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return pool, nil
}

// awaitServer tries until the server answers or says why it never will.
func awaitServer(ctx context.Context, ping func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		err := ping(ctx)
		var pg *pgconn.PgError
		if err == nil || errors.As(err, &pg) && pg.Code != "57P03" && pg.Code != "53300" {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// checkServer refuses a server whose acknowledgement means nothing.
func checkServer(ctx context.Context, pool *pgxpool.Pool) error {
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		v, err := show(ctx, pool, name)
		if err != nil {
			return err
		}
		if v == "off" {
			return fmt.Errorf("PostgreSQL runs with %s = off and could lose cases it has acknowledged: turn it on", name)
		}
	}
	v, err := show(ctx, pool, "server_version_num")
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(v); err != nil || n < oldestServer {
		return fmt.Errorf("PostgreSQL %s is too old: Sudi needs 14 or newer", v)
	}
	return nil
}

func show(ctx context.Context, pool *pgxpool.Pool, name string) (string, error) {
	var v string
	if err := pool.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&v); err != nil {
		return "", fmt.Errorf("read the server's setting %s: %w", name, err)
	}
	return v, nil
}
