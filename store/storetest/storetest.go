// Package storetest gives each test a database of its own, with all migrations
// applied, on a real PostgreSQL.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
//
// script/test starts one cluster for all packages and names it in SUDI_TEST_PG.
// Without that variable, as under a plain "go test", a package's process starts
// a cluster of its own when the first test asks for a database.
//
// Migrations run once: into a template named by their hash, from which
// databases are then cloned. The server's durability settings are those of
// production, because the store refuses any others.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // goose works on database/sql
	"github.com/pressly/goose/v3"

	"sudi/migrations"
	"sudi/store/pgserver"
	"sudi/store/seal"
)

// Env names the variable that holds the address of a cluster to use: a DSN, in
// URL form, of a database whose user may create databases.
const Env = "SUDI_TEST_PG"

const (
	tempPrefix = "sudi-test-"
	patience   = 3 * time.Minute // for a cluster, a template or a clone on a busy machine
)

// Cluster is a PostgreSQL for tests, in a temporary directory.
type Cluster struct {
	*pgserver.Server
	dir string
}

// StartCluster starts a cluster for tests. It first removes those that killed
// test processes left behind.
func StartCluster(ctx context.Context) (*Cluster, error) {
	sweep()
	dir, err := os.MkdirTemp("", tempPrefix)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	// Root runs the server as another user, who has to get in.
	err = os.Chmod(dir, 0o711) //nolint:gosec // the cluster inside is 0700
	if err == nil {
		c.Server, err = pgserver.Start(ctx, pgserver.Config{
			Dir: filepath.Join(dir, "postgres"),
			Settings: map[string]string{
				"max_connections": "300", // many packages share one cluster
				"shared_buffers":  "128MB",
			},
		})
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// Close stops the cluster and deletes it.
func (c *Cluster) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(c.Stop(ctx), pgserver.Remove(filepath.Join(c.dir, "postgres")), os.RemoveAll(c.dir))
}

// sweep deletes the clusters of dead processes. It is a courtesy: what cannot be
// deleted, such as another user's, stays.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), tempPrefix+"*", "postgres"))
	for _, dir := range dirs {
		if fi, err := os.Stat(dir); err != nil || time.Since(fi.ModTime()) < time.Minute {
			continue
		}
		if pgserver.Remove(dir) == nil {
			_ = os.RemoveAll(filepath.Dir(dir))
		}
	}
}

// Keys is the ring that tests seal personal fields by, the same in every process.
var Keys = sync.OnceValue(func() *seal.Ring {
	ring, err := OtherKeys(7)
	if err != nil {
		panic(err)
	}
	return ring
})

// OtherKeys gives a ring for each number.
func OtherKeys(n byte) (*seal.Ring, error) {
	dir, err := os.MkdirTemp("", "sudi-keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a file left over does no harm
	path := filepath.Join(dir, "sudi.key")
	if err := os.WriteFile(path, bytes.Repeat([]byte{n}, 32), 0o600); err != nil {
		return nil, err
	}
	return seal.Load(path)
}

// process is what the tests of one process share.
var process struct {
	sync.Mutex
	running  bool // Run is on the stack
	admin    *url.URL
	template string
	cluster  *Cluster
	err      error // of the first attempt; the tests after it fail at once
}

// Run runs the tests of a package and then stops the cluster they used, if this
// process started it. It returns the exit code for os.Exit.
func Run(m *testing.M) int {
	process.Lock()
	process.running = true
	process.Unlock()
	code := m.Run()
	process.Lock()
	defer process.Unlock()
	if process.cluster != nil {
		if err := process.cluster.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "storetest:", err)
			return max(code, 1)
		}
	}
	return code
}

// NewDatabase makes a migrated, otherwise empty database for t and returns its
// DSN. It is dropped when t ends, whoever is still connected.
func NewDatabase(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	admin, template, err := shared(ctx)
	if err != nil {
		t.Fatal("storetest:", err)
	}
	name := "sudi_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := execute(ctx, admin.String(), cloneStatement(name, template)); err != nil {
		t.Fatal("storetest:", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := execute(ctx, admin.String(), "DROP DATABASE "+quote(name)+" WITH (FORCE)"); err != nil {
			t.Error("storetest:", err)
		}
	})
	return database(admin, name)
}

// cloneStatement copies files. Measured on two cores with fsync on and a
// template of 8 MB: 180-330 ms, eight at a time 50-150 ms each; copying through
// the write-ahead log, the server's default, took 340-480 ms and 160-220 ms.
func cloneStatement(name, template string) string {
	return "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template) + " STRATEGY file_copy"
}

// shared returns the cluster's address and the template, making either at need.
func shared(ctx context.Context) (*url.URL, string, error) {
	process.Lock()
	defer process.Unlock()
	if process.err != nil {
		return nil, "", process.err
	}
	if process.template == "" {
		process.err = prepare(ctx)
	}
	return process.admin, process.template, process.err
}

func prepare(ctx context.Context) error {
	dsn := os.Getenv(Env)
	if dsn == "" {
		if !process.running {
			return errors.New("the package needs: func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }")
		}
		c, err := StartCluster(ctx)
		if err != nil {
			return err
		}
		process.cluster = c
		dsn = c.DSN("postgres")
	}
	admin, err := url.Parse(dsn)
	if err != nil || admin.Scheme == "" {
		return fmt.Errorf("%s must be a URL such as postgres:///postgres?host=/run/postgresql", Env)
	}
	process.admin = admin
	process.template, err = makeTemplate(ctx, admin, migrations.FS)
	return err
}

// makeTemplate migrates a database once per set of migrations. Several
// processes may ask at the same time; one works, the others wait.
func makeTemplate(ctx context.Context, admin *url.URL, files fs.FS) (string, error) {
	sum, err := hash(files)
	if err != nil {
		return "", err
	}
	name := "sudi_template_" + sum
	c, err := pgx.Connect(ctx, admin.String())
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }() // which frees the advisory lock too

	key := fnv.New64a()
	_, _ = key.Write([]byte(name)) // a hash takes every byte

	//nolint:gosec // any 64 bits do
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(key.Sum64())); err != nil {
		return "", err
	}
	var done bool
	if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&done); err != nil || done {
		return name, err
	}
	// The final name is given to a finished template only.
	building := name + "_building"
	for _, q := range []string{
		"DROP DATABASE IF EXISTS " + quote(building) + " WITH (FORCE)",
		"CREATE DATABASE " + quote(building) + " TEMPLATE template0 ENCODING 'UTF8'",
	} {
		if _, err := c.Exec(ctx, q); err != nil {
			return "", err
		}
	}
	if err := migrate(ctx, database(admin, building), files); err != nil {
		return "", fmt.Errorf("migrations: %w", err)
	}
	for _, q := range []string{
		"ALTER DATABASE " + quote(building) + " ALLOW_CONNECTIONS false", // a session on a template would block its copying
		"ALTER DATABASE " + quote(building) + " RENAME TO " + quote(name),
	} {
		if _, err := c.Exec(ctx, q); err != nil {
			return "", err
		}
	}
	return name, nil
}

func migrate(ctx context.Context, dsn string, files fs.FS) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "ANALYZE"); err != nil {
		return err
	}
	return db.Close()
}

// hash names a set of migrations by their file names and contents.
func hash(files fs.FS) (string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(b), b)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// database returns the address of another database of the cluster.
func database(admin *url.URL, name string) string {
	u := *admin
	u.Path = "/" + name
	return u.String()
}

func execute(ctx context.Context, dsn, statement string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
