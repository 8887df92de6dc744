package store

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/audit"
)

// sealed is a store with an audit log, its key and its journals.
type sealed struct {
	*Store
	t              *testing.T
	secret, public string
	journals       []string
}

func newSealed(t *testing.T) *sealed {
	t.Helper()
	s := &sealed{Store: open(t), t: t}
	var err error
	s.secret, s.public, err = audit.GenerateKey(audit.Ed25519SHA256, "sudi/370404/audit")
	require.NoError(t, err)
	s.journals = []string{filepath.Join(t.TempDir(), "here", "audit.journal"), filepath.Join(t.TempDir(), "worm", "audit.journal")}
	return s
}

func (s *sealed) sealer(journals ...string) *Sealer {
	s.t.Helper()
	sealer, err := s.NewSealer(s.t.Context(), s.secret, s.public, journals...)
	require.NoError(s.t, err)
	return sealer
}

func (s *sealed) read(n int) {
	s.t.Helper()
	for i := range n {
		require.NoError(s.t, s.Record(s.t.Context(), domain.Record{
			Actor: domain.Actor{ID: "u1"}, Action: "case.read", Object: domain.RecordObject{Type: "case", ID: strconv.Itoa(i)},
		}))
	}
}

// verify holds the database against a journal.
func (s *sealed) verify(ctx context.Context, path string) audit.Report {
	s.t.Helper()
	verifier, err := audit.NewVerifier(s.public)
	require.NoError(s.t, err)
	file, err := os.Open(path)
	require.NoError(s.t, err)
	defer file.Close()
	report, err := audit.Verify(verifier, s.AuditRows(ctx), file)
	require.NoError(s.t, err)
	return report
}

func TestSealerNumbersAndPublishes(t *testing.T) {
	s := newSealed(t)
	sealer := s.sealer(s.journals[0])
	written := count(t, s.Store, "audit_records")
	require.NoError(t, sealer.Seal(t.Context()))
	require.NoError(t, sealer.Seal(t.Context()), "nothing new: no checkpoint")
	s.read(3)
	require.NoError(t, sealer.Seal(t.Context()))
	require.Equal(t, 2, count(t, s.Store, "audit_checkpoints"))
	require.Zero(t, count(t, s.Store, "audit_pending"))
	report := s.verify(t.Context(), s.journals[0])
	require.True(t, report.OK(), "%+v", report)
	require.EqualValues(t, written+3, report.Rows)
	require.Equal(t, 2, report.Checkpoints)
	list, err := s.Records(t.Context(), domain.RecordQuery{Limit: 1})
	require.NoError(t, err)
	require.EqualValues(t, written+3, list[0].Seq)

	// It died between commit and publication, and a second place came later:
	// both journals get what they lack.
	s.read(2)
	require.NoError(t, s.sealer().Seal(t.Context()))
	s.read(1)
	require.NoError(t, s.sealer(s.journals...).Seal(t.Context()))
	for _, path := range s.journals {
		report = s.verify(t.Context(), path)
		require.True(t, report.OK(), "%+v", report)
		require.EqualValues(t, written+6, report.Rows)
		require.Equal(t, 4, report.Checkpoints)
	}

	// A place that cannot be written keeps the other from nothing.
	s.read(1)
	lost := filepath.Join(t.TempDir(), "lost", "audit.journal")
	sealer = s.sealer(lost, s.journals[0])
	require.NoError(t, os.RemoveAll(filepath.Dir(lost)))
	require.NoError(t, sealer.Seal(t.Context()))
	require.EqualValues(t, written+7, s.verify(t.Context(), s.journals[0]).Rows)
}

func TestSealerWorksBesideWritersAndOthers(t *testing.T) {
	s := newSealed(t)
	before := count(t, s.Store, "audit_records")
	ctx, stop := context.WithCancel(t.Context())
	var sealers, writers sync.WaitGroup
	for range 2 {
		sealer := s.sealer(s.journals[0])
		sealers.Go(func() { sealer.Run(ctx) })
	}
	for range 8 {
		writers.Go(func() {
			for range 25 {
				if err := s.Apply(context.Background(), deciding(newCase(newID()))).Err; err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	wrote := time.Now()
	require.Eventually(t, func() bool { return count(t, s.Store, "audit_order") == before+200 }, 20*time.Second, 50*time.Millisecond)
	require.Less(t, time.Since(wrote), 5*time.Second, "sealed at most five seconds later")
	stop()
	sealers.Wait()
	report := s.verify(t.Context(), s.journals[0])
	require.True(t, report.OK(), "%+v", report)
	require.EqualValues(t, before+200, report.Rows)
	n, _, err := s.AuditWaiting(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

// A superuser takes the triggers away, changes what he likes and makes every
// hash agree; the first bad row is named.
func TestTamperingIsNamed(t *testing.T) {
	s := newSealed(t)
	sealer := s.sealer(s.journals[0])
	s.read(4)
	require.NoError(t, sealer.Seal(t.Context()))
	s.read(6)
	require.NoError(t, sealer.Seal(t.Context()))
	last := int64(count(t, s.Store, "audit_order"))
	admin := superuser(t, s.Store)
	exec := func(t *testing.T, tx pgx.Tx, sql string, args ...any) {
		t.Helper()
		_, err := tx.Exec(t.Context(), sql, args...)
		require.NoError(t, err, sql)
	}
	forge := func(t *testing.T, tx pgx.Tx, seq int64) (canonical string, leaf []byte) {
		t.Helper()
		require.NoError(t, tx.QueryRow(t.Context(), `SELECT replace(canonical, '"id":"u1"', '"id":"u2"') FROM audit_records r
			JOIN audit_order o ON o.record = r.id WHERE o.seq = $1`, seq).Scan(&canonical))
		require.Contains(t, canonical, `"u2"`)
		hash := audit.Ed25519SHA256.Leaf([]byte(canonical))
		return canonical, hash[:]
	}
	// shift renumbers the rows from one on.
	shift := func(t *testing.T, tx pgx.Tx, from, by int64) {
		t.Helper()
		exec(t, tx, "UPDATE audit_order SET seq = seq + 1000000 WHERE seq >= $1", from)
		exec(t, tx, "UPDATE audit_order SET seq = seq - 1000000 + $1 WHERE seq > 1000000", by)
	}
	for _, attack := range []struct {
		name string
		do   func(t *testing.T, tx pgx.Tx)
		kind audit.RowKind
		row  int64
	}{
		{"edit", func(t *testing.T, tx pgx.Tx) {
			canonical, leaf := forge(t, tx, last-4)
			exec(t, tx, "UPDATE audit_records SET canonical = $2, leaf = $3 WHERE id = (SELECT record FROM audit_order WHERE seq = $1)", last-4, canonical, leaf)
		}, audit.RowEdited, last - 4},
		{"delete", func(t *testing.T, tx pgx.Tx) {
			exec(t, tx, "DELETE FROM audit_records WHERE id = (SELECT record FROM audit_order WHERE seq = $1)", last-5)
		}, audit.RowMissing, last - 5},
		{"delete and renumber", func(t *testing.T, tx pgx.Tx) {
			exec(t, tx, "DELETE FROM audit_order WHERE seq = $1", last-5)
			shift(t, tx, last-4, -1)
		}, audit.RowMissing, last - 5},
		{"reorder", func(t *testing.T, tx pgx.Tx) {
			exec(t, tx, "UPDATE audit_order SET seq = 1000000 WHERE seq = $1", last-3)
			exec(t, tx, "UPDATE audit_order SET seq = $1 WHERE seq = $2", last-3, last-1)
			exec(t, tx, "UPDATE audit_order SET seq = $1 WHERE seq = 1000000", last-1)
		}, audit.RowMoved, last - 3},
		{"truncate", func(t *testing.T, tx pgx.Tx) {
			exec(t, tx, "DELETE FROM audit_order WHERE seq > $1", last-2)
			exec(t, tx, "DELETE FROM audit_checkpoints WHERE n > 1")
		}, audit.RowTruncated, last - 1},
		{"everything", func(t *testing.T, tx pgx.Tx) {
			exec(t, tx, "TRUNCATE audit_records, audit_order, audit_checkpoints")
		}, audit.RowTruncated, 1},
		{"insert in the middle", func(t *testing.T, tx pgx.Tx) {
			canonical, leaf := forge(t, tx, last-2)
			shift(t, tx, last-4, 1)
			exec(t, tx, `WITH added AS (INSERT INTO audit_records (canonical, leaf) VALUES ($2, $3) RETURNING id)
				INSERT INTO audit_order (seq, record) SELECT $1, id FROM added`, last-4, canonical, leaf)
		}, audit.RowInserted, last - 4},
	} {
		t.Run(attack.name, func(t *testing.T) {
			tx, err := admin.Begin(t.Context())
			require.NoError(t, err)
			defer tx.Rollback(context.Background()) //nolint:errcheck // the next attack begins anew
			for _, table := range []string{"audit_records", "audit_order", "audit_checkpoints"} {
				exec(t, tx, "ALTER TABLE "+table+" DISABLE TRIGGER USER")
			}
			attack.do(t, tx)
			report := s.verify(context.WithValue(t.Context(), snapshotKey{}, tx), s.journals[0])
			require.NotNil(t, report.Row, "not found")
			require.Equal(t, attack.kind, report.Row.Kind)
			require.EqualValues(t, attack.row, report.Row.Row)
			require.Equal(t, report.Row.Row, report.Row.From, "named exactly")
		})
	}
	require.True(t, s.verify(t.Context(), s.journals[0]).OK())
}

func TestSealerRefuses(t *testing.T) {
	s := newSealed(t)
	require.NoError(t, s.sealer(s.journals[0]).Seal(t.Context()))
	secret, public, err := audit.GenerateKey(audit.Ed25519SHA256, "sudi/370404/audit")
	require.NoError(t, err)
	code := func(err error) string {
		var own *domain.Error
		require.ErrorAs(t, err, &own)
		return own.Code
	}
	_, err = s.NewSealer(t.Context(), secret, public)
	require.Equal(t, "audit_key_wrong", code(err))

	// The database is set back to before its last checkpoint.
	s.read(1)
	require.NoError(t, s.sealer(s.journals[0]).Seal(t.Context()))
	admin := superuser(t, s.Store)
	_, err = admin.Exec(t.Context(), `ALTER TABLE audit_checkpoints DISABLE TRIGGER USER; DELETE FROM audit_checkpoints WHERE n = 2`)
	require.NoError(t, err)
	_, err = s.NewSealer(t.Context(), s.secret, s.public, s.journals[0])
	require.Equal(t, "audit_journal_ahead", code(err))
	require.NoError(t, s.sealer().Seal(t.Context()), "nothing waits")
	s.read(1)
	require.Error(t, s.sealer().Seal(t.Context()), "a number is not given twice")

	// A frontier that is not the checkpoint's is not continued.
	_, err = admin.Exec(t.Context(), `UPDATE audit_checkpoints SET frontier = set_byte(frontier, 0, 255 - get_byte(frontier, 0))`)
	require.NoError(t, err)
	_, err = s.NewSealer(t.Context(), s.secret, s.public)
	require.ErrorContains(t, err, "frontier")
}
