package storetest

import (
	"context"
	"net/url"
	"os"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(Run(m)) }

func scan(t *testing.T, dsn, query string) (v string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	require.NoError(t, c.QueryRow(t.Context(), query).Scan(&v))
	return v
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	a, b := NewDatabase(t), NewDatabase(t)
	require.NotEqual(t, a, b)
	require.NoError(t, execute(t.Context(), a, "CREATE TABLE mine (n int)"))
	const count = "SELECT count(*)::text FROM pg_tables WHERE tablename = 'mine'"
	require.Equal(t, "1", scan(t, a, count))
	require.Equal(t, "0", scan(t, b, count))
	require.Equal(t, "on", scan(t, a, "SHOW fsync"))
	require.NotEqual(t, "0", scan(t, a, "SELECT count(*)::text FROM goose_db_version"))
}

func TestDatabaseIsDroppedAtTheEnd(t *testing.T) {
	var dsn string
	t.Run("inner", func(t *testing.T) {
		dsn = NewDatabase(t)
		c, err := pgx.Connect(t.Context(), dsn) // left open on purpose
		require.NoError(t, err)
		require.NoError(t, c.Ping(t.Context()))
	})
	_, err := pgx.Connect(t.Context(), dsn)
	require.ErrorContains(t, err, "does not exist")
}

func TestTemplateIsMadeOnceAndNeverHalf(t *testing.T) {
	NewDatabase(t) // the cluster runs after this
	admin := process.admin
	good := fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (n int);\n")}}
	bad := fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (n int);\nSELECT nonsense;\n")}}

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			name, err := makeTemplate(t.Context(), admin, good)
			require.NoError(t, err)
			exists(t, admin, name, "1")
		})
	}
	wg.Wait()

	sum, err := hash(bad)
	require.NoError(t, err)
	for range 2 {
		_, err := makeTemplate(t.Context(), admin, bad)
		require.ErrorContains(t, err, "nonsense")
		exists(t, admin, "sudi_template_"+sum, "0")
	}
	name, err := makeTemplate(t.Context(), admin, good)
	require.NoError(t, err)
	for _, db := range []string{name, "sudi_template_" + sum + "_building"} {
		require.NoError(t, execute(t.Context(), admin.String(), "DROP DATABASE "+quote(db)))
	}
}

func exists(t *testing.T, admin *url.URL, name, want string) {
	t.Helper()
	require.Equal(t, want, scan(t, admin.String(), "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'"))
}

func BenchmarkClone(b *testing.B) {
	NewDatabase(b)
	for _, strategy := range []string{"wal_log", "file_copy"} {
		b.Run(strategy, func(b *testing.B) {
			for b.Loop() {
				for _, q := range []string{
					"CREATE DATABASE sudi_bench TEMPLATE " + quote(process.template) + " STRATEGY " + strategy,
					"DROP DATABASE sudi_bench",
				} {
					if err := execute(b.Context(), process.admin.String(), q); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
