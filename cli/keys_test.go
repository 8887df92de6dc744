package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/store/seal"
	"sudi/store/storetest"
)

// ringed gives commands on a database of the test's own with the model county and a key file
// that says of itself what it is.
func ringed(t *testing.T, suite string) (dsn, path string, sudi func(want int, args ...string) string) {
	t.Helper()
	dsn, path = storetest.NewDatabase(t), filepath.Join(t.TempDir(), "ring.key")
	_, err := seal.Create(path, suite, time.Now())
	require.NoError(t, err)
	sudi = func(want int, args ...string) string {
		t.Helper()
		out, code := runs(t, append(args, "--database-url", dsn, "--key-file", path)...)
		require.Equal(t, want, code, out)
		return out
	}
	sudi(0, "demo", "--without-cases")
	return dsn, path, sudi
}

var keyID = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

func TestKeysChangeHands(t *testing.T) {
	_, path, sudi := ringed(t, seal.AES)
	first := keyID.FindString(sudi(0, "keys", "list"))
	require.Contains(t, sudi(1, "keys", "retire", first), "is the active one")
	require.Contains(t, sudi(1, "keys", "remove", first), "is not retired")
	made := sudi(0, "keys", "new", "--key-suite", "sm")
	second := keyID.FindString(made)
	require.Contains(t, made, "(sm)")
	require.Regexp(t, second+` +sm +waiting +.* +0\n`, sudi(0, "keys", "list"))
	sudi(0, "keys", "activate", second)
	list := sudi(0, "keys", "list", "--lang", "zh")
	require.Regexp(t, first+` +aes +停用`, list)
	require.Regexp(t, second+` +sm +在用`, list)
	require.Contains(t, sudi(0, "keys", "rewrap"), "of 0 cases")
	sudi(0, "keys", "remove", first)
	require.NotContains(t, sudi(0, "keys", "list"), first)
	require.Contains(t, sudi(1, "keys", "activate", first), "has no key "+first)
	third := keyID.FindString(sudi(0, "keys", "new"))
	sudi(0, "keys", "retire", third)
	sudi(0, "keys", "remove", third)
	sudi(2, "keys", "new", "--key-suite", "des")
	sudi(2, "keys", "activate")
	require.NoError(t, os.Chmod(path, 0o644)) //nolint:gosec // that it is refused is what is tested
	require.Contains(t, sudi(1, "keys", "list"), "chmod 600")
}

// Five thousand data keys are wrapped anew while clerks register and read; the
// run is killed half-way and goes on. Nobody notices, and the old key can go.
func TestRewrapGoesOnWhileServing(t *testing.T) {
	const rows = 5000
	dsn, path, sudi := ringed(t, seal.AES)
	importMany(t, sudi, rows)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the database goes with it
	rowsOf, err := conn.Query(t.Context(), "SELECT case_id::text FROM case_keys ORDER BY case_id")
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rowsOf, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, ids, rows)

	p := serveAt(t, "--database-url", dsn, "--key-file", path, "--data-dir", t.TempDir())
	first := keyID.FindString(sudi(0, "keys", "list"))
	second := keyID.FindString(sudi(0, "keys", "new", "--key-suite", "sm"))
	stop := make(chan struct{})
	wait, registered, read := workOn(p, ids, stop)
	sudi(0, "keys", "activate", second)
	require.Contains(t, sudi(1, "keys", "remove", first), "Run sudi keys rewrap first")

	// One row in the middle is held, so that the run is there when it is killed.
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM case_keys WHERE case_id = $1 FOR UPDATE", uuid.MustParse(ids[rows/2]))
	require.NoError(t, err)
	killHalfWay(t, dsn, path)
	require.NoError(t, tx.Rollback(t.Context()))
	half := usesOf(t, sudi)
	require.GreaterOrEqual(t, half[second], rows/2)
	require.GreaterOrEqual(t, half[first], rows/2-500, "all but the transaction that was under way")

	time.Sleep(followEvery + 2*time.Second) // by now the server wraps by the new key of itself
	require.Regexp(t, `Wrapped the data keys of \d{4} cases anew`, sudi(0, "keys", "rewrap"))
	close(stop)
	require.NoError(t, wait())
	t.Logf("meanwhile %d cases were registered and %d read", registered.Load(), read.Load())
	require.Greater(t, registered.Load(), int64(20))
	require.Greater(t, read.Load(), int64(20))
	uses := usesOf(t, sudi)
	require.Equal(t, 0, uses[first])
	require.Equal(t, rows+int(registered.Load()), uses[second])
	require.Contains(t, sudi(0, "keys", "rewrap"), "of 0 cases")
	sudi(0, "keys", "remove", first)
	reader := p.login("supervisor")
	status, body, _ := reader.do("GET", "/cases?q=19912344321", nil, nil)
	require.Equal(t, http.StatusOK, status, body)
	require.NotEmpty(t, body["items"])
	for _, id := range []string{ids[0], ids[rows/2], ids[rows-1]} {
		status, body, _ = reader.do("GET", "/cases/"+id, nil, nil)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Equal(t, 0, p.stop(), p.out)
}

// importMany puts cases of one township into the database.
func importMany(t *testing.T, sudi func(int, ...string) string, n int) {
	t.Helper()
	dir := t.TempDir()
	var file bytes.Buffer
	file.WriteString("编号,姓名,电话,主题,时间,地点\n")
	for i := range n {
		fmt.Fprintf(&file, "%d,某甲,19912344321,路灯不亮 %d,2020/3/2 9:15,370404102\n", i, i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rows.csv"), file.Bytes(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rows.yaml"), []byte(`procedure: appeal
id: 编号
case: {title: 主题, class: {constant: help}, place: 地点}
parties:
  - {role: applicant, name: 姓名, phone: 电话}
times: {received: 时间}
`), 0o600))
	sudi(0, "import", filepath.Join(dir, "rows.csv"), "--mapping", filepath.Join(dir, "rows.yaml"))
}

// workOn has clerks register and read until stop is closed; wait gives the first
// that was refused.
func workOn(p *program, ids []string, stop <-chan struct{}) (wait func() error, registered, read *atomic.Int64) {
	clerk, reader := p.login("clerk-370404102"), p.login("supervisor")
	registered, read = new(atomic.Int64), new(atomic.Int64)
	failed := make(chan error, 4)
	var wg sync.WaitGroup
	work := func(count *atomic.Int64, want int, call func(n int) (int, map[string]any, error)) {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				status, body, err := call(n)
				if err == nil && status != want {
					err = fmt.Errorf("status %d: %v", status, body)
				}
				if err != nil {
					failed <- err
					return
				}
				count.Add(1)
				time.Sleep(10 * time.Millisecond) // the tests beside this one want the machine too
			}
		})
	}
	for range 2 {
		work(registered, http.StatusCreated, func(n int) (int, map[string]any, error) {
			status, body, _, err := clerk.try("POST", "/cases", appealBody(fmt.Sprintf("写入中 %d", n)), nil)
			return status, body, err
		})
		work(read, http.StatusOK, func(n int) (int, map[string]any, error) {
			status, body, _, err := reader.try("GET", "/cases/"+ids[n*617%len(ids)], nil, nil)
			return status, body, err
		})
	}
	return func() error {
		wg.Wait()
		close(failed)
		return <-failed // nil when there is none
	}, registered, read
}

// killHalfWay kills a run that waits in the middle, as a power cut would.
func killHalfWay(t *testing.T, dsn, path string) {
	t.Helper()
	cmd := sudi("keys", "rewrap", "--database-url", dsn, "--key-file", path)
	require.NoError(t, cmd.Start())
	count, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer count.Close(t.Context()) //nolint:errcheck // the database goes with it
	require.Eventually(t, func() bool {
		var waits bool
		err := count.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event = 'transactionid' AND query LIKE 'UPDATE case_keys%')`).Scan(&waits)
		return err == nil && waits
	}, 30*time.Second, 20*time.Millisecond, "no run comes to the row that is held")
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	require.Error(t, cmd.Wait())
	require.False(t, cmd.ProcessState.Success())
}

// usesOf reads how many cases need each key.
func usesOf(t *testing.T, sudi func(int, ...string) string) map[string]int {
	t.Helper()
	uses := map[string]int{}
	for line := range strings.Lines(sudi(0, "keys", "list")) {
		if fields := strings.Fields(line); keyID.MatchString(fields[0]) {
			n, err := strconv.Atoi(fields[len(fields)-1])
			require.NoError(t, err)
			uses[fields[0]] = n
		}
	}
	return uses
}
