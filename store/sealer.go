package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/audit"
)

const (
	sealLock  = "audit sealer"
	sealEvery = time.Second
	// sealLife is after how long without records a checkpoint is signed all the
	// same, so that a journal that is cut off shows by its age.
	sealLife = time.Hour
	// journalPatience is how long a journal that failed is left alone.
	journalPatience = 10 * time.Second
)

// auditKeySetting holds the public key of the database's audit log.
const auditKeySetting = "audit_key"

// AuditKey is the public key of the database's audit log, "" before it has one.
func (s *Store) AuditKey(ctx context.Context) (string, error) {
	key, _, err := s.Setting(ctx, auditKeySetting)
	return key, err
}

// Sealer numbers the records of the audit log, signs checkpoints and publishes
// them in journals outside the database. Of all processes that share the
// database one works at a time.
type Sealer struct {
	store    *Store
	signer   *audit.Signer
	verifier *audit.Verifier
	journals []*journalFile
	log      *slog.Logger

	head audit.Head
	n    int64 // checkpoints signed
}

// journalFile is a journal and what became of it.
type journalFile struct {
	path   string
	open   *audit.Journal // nil while it is closed, or has failed
	failed time.Time
}

// NewSealer makes the sealer of the log of a key, with the files of its
// journals. The first key that a database is sealed with is its own from then
// on: another is KindConflict, audit_key_wrong. A journal that knows a checkpoint
// which the database does not have is KindConflict, audit_journal_ahead: then the
// database was set back, or the journal is another log's.
func (s *Store) NewSealer(ctx context.Context, secret, public string, journals ...string) (*Sealer, error) {
	signer, err := audit.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	verifier, err := audit.NewVerifier(public)
	if err != nil {
		return nil, err
	}
	if verifier.Suite() != auditSuite {
		return nil, domain.Errorf(domain.KindConflict, "audit_key_wrong")
	}
	if err := s.bindAuditKey(ctx, public); err != nil {
		return nil, err
	}
	sealer := &Sealer{store: s, signer: signer, verifier: verifier, log: s.log}
	for _, path := range journals {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("folder of a journal: %w", err)
		}
		sealer.journals = append(sealer.journals, &journalFile{path: path})
	}
	if err := sealer.check(ctx); err != nil {
		return nil, err
	}
	return sealer, nil
}

func (s *Store) bindAuditKey(ctx context.Context, public string) error {
	_, err := s.pool.Exec(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", auditKeySetting, public)
	if err != nil {
		return wrap("bind the audit log to its key", err)
	}
	bound, err := s.AuditKey(ctx)
	if err == nil && bound != public {
		err = domain.Errorf(domain.KindConflict, "audit_key_wrong")
	}
	return err
}

// check refuses a database whose last checkpoint is not the log's, and journals
// that are ahead of it.
func (s *Sealer) check(ctx context.Context) error {
	if err := s.resume(ctx); err != nil {
		return err
	}
	for _, j := range s.journals {
		file, err := audit.OpenJournal(s.verifier, j.path)
		if err != nil {
			return err
		}
		_, err = s.place(ctx, file)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// resume takes the log up where the database has it.
func (s *Sealer) resume(ctx context.Context) error {
	var note string
	var frontier []byte
	err := s.store.pool.QueryRow(ctx, "SELECT n, note, frontier FROM audit_checkpoints ORDER BY n DESC LIMIT 1").Scan(&s.n, &note, &frontier)
	if errors.Is(err, pgx.ErrNoRows) {
		s.head, s.n = audit.NewHead(s.verifier), 0
		return nil
	}
	if err != nil {
		return wrap("read the last checkpoint", err)
	}
	s.head, err = audit.Resume(s.verifier, []byte(note), frontier)
	return err
}

// Run seals until ctx ends; what fails is logged and tried again.
func (s *Sealer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		_, err := s.store.WithLock(ctx, sealLock, s.hold)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "sealing the audit log", "error", err)
		}
		sleep(ctx, 2*sealEvery)
	}
}

// Seal seals once what is committed, unless another process is at it.
func (s *Sealer) Seal(ctx context.Context) error {
	_, err := s.store.WithLock(ctx, sealLock, func(ctx context.Context) error {
		defer s.close()
		if err := s.resume(ctx); err != nil {
			return err
		}
		return s.turn(ctx)
	})
	return err
}

// hold seals again and again while this process alone may.
func (s *Sealer) hold(ctx context.Context) error {
	defer s.close()
	if err := s.resume(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := s.turn(ctx); err != nil {
			return err
		}
		sleep(ctx, sealEvery)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// turn numbers what has no number, signs, commits, and then publishes.
func (s *Sealer) turn(ctx context.Context) error {
	batch, err := s.seal(ctx)
	if err != nil {
		return err
	}
	for _, j := range s.journals {
		if time.Since(j.failed) < journalPatience {
			continue
		}
		if err := s.publish(ctx, j, batch); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "writing a journal of the audit log", "journal", j.path, "error", err)
			j.failed = time.Now()
		}
	}
	return nil
}

// seal gives the batch that it has committed, nil for none.
func (s *Sealer) seal(ctx context.Context) (*audit.Batch, error) {
	var batch audit.Batch
	var next audit.Head
	signed := false
	err := pgx.BeginFunc(ctx, s.store.pool, func(tx pgx.Tx) error {
		ids, leaves, err := takePending(ctx, tx)
		if err != nil || len(ids) == 0 && time.Since(s.head.Last().Time) < sealLife || len(ids) == 0 && s.n == 0 {
			return err
		}
		if next, batch, err = s.head.Append(s.signer, leaves, time.Now()); err != nil {
			return err
		}
		seqs := make([]int64, len(ids))
		for i := range seqs {
			seqs[i] = int64(s.head.Size()) + int64(i) + 1 //nolint:gosec // a count of rows
		}
		digest := batch.Digest()
		b := &pgx.Batch{}
		b.Queue("INSERT INTO audit_order (seq, record) SELECT * FROM unnest($1::bigint[], $2::bigint[])", seqs, ids)
		b.Queue("INSERT INTO audit_checkpoints (n, size, digest, note, frontier) VALUES ($1, $2, $3, $4, $5)",
			s.n+1, int64(next.Size()), digest[:], string(batch.Note), next.Frontier()) //nolint:gosec // a count of rows
		signed = true
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil || !signed {
		return nil, wrap("seal the audit log", err)
	}
	s.head, s.n = next, s.n+1
	return &batch, nil
}

// takePending takes what waits for its number, in the order in which it was
// written down.
func takePending(ctx context.Context, tx pgx.Tx) (ids []int64, leaves []audit.Hash, err error) {
	rows, err := tx.Query(ctx, `WITH gone AS (DELETE FROM audit_pending
			WHERE ctid = ANY (ARRAY(SELECT ctid FROM audit_pending LIMIT $1)) RETURNING record)
		SELECT r.id, r.leaf FROM gone JOIN audit_records r ON r.id = gone.record ORDER BY r.id`, audit.MaxBatch)
	if err != nil {
		return nil, nil, err
	}
	var id int64
	var leaf []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &leaf}, func() error {
		if len(leaf) != audit.HashSize {
			return fmt.Errorf("record %d has no leaf hash", id)
		}
		ids, leaves = append(ids, id), append(leaves, audit.Hash(leaf))
		return nil
	})
	return ids, leaves, err
}

// publish brings a journal up to the last checkpoint.
func (s *Sealer) publish(ctx context.Context, j *journalFile, batch *audit.Batch) (err error) {
	defer func() {
		if err != nil && j.open != nil {
			_ = j.open.Close() // what it holds now is read anew
			j.open = nil
		}
	}()
	switch {
	case j.open == nil:
		if j.open, err = audit.OpenJournal(s.verifier, j.path); err != nil {
			return err
		}
		return s.catchUp(ctx, j.open)
	case batch != nil:
		return j.open.Append(*batch)
	default:
		return nil
	}
}

// place finds the checkpoint of the database that a journal ends with, 0 for an
// empty journal.
func (s *Sealer) place(ctx context.Context, j *audit.Journal) (n int64, err error) {
	last := j.Last()
	if last.Time.IsZero() {
		return 0, nil
	}
	digest := last.Digest()
	err = s.store.pool.QueryRow(ctx, "SELECT n FROM audit_checkpoints WHERE digest = $1", digest[:]).Scan(&n)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, domain.Errorf(domain.KindConflict, "audit_journal_ahead")
	}
	return n, wrap("look for a journal's checkpoint", err)
}

// catchUp appends to a journal what it lacks, from the stored checkpoints.
func (s *Sealer) catchUp(ctx context.Context, j *audit.Journal) error {
	after, err := s.place(ctx, j)
	if err != nil {
		return err
	}
	before := int64(j.Last().Size) //nolint:gosec // a count of rows
	for {
		var size int64
		var note string
		err := s.store.pool.QueryRow(ctx, "SELECT n, size, note FROM audit_checkpoints WHERE n > $1 ORDER BY n LIMIT 1", after).Scan(&after, &size, &note)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return wrap("read checkpoints", err)
		}
		leaves, err := s.store.leaves(ctx, before, size)
		if err != nil {
			return err
		}
		batch, err := s.verifier.Batch([]byte(note), leaves)
		if err != nil {
			return err
		}
		if err := j.Append(batch); err != nil {
			return err
		}
		before = size
	}
}

// leaves gives the leaf hashes of the rows after one number, up to another.
func (s *Store) leaves(ctx context.Context, after, last int64) ([]audit.Hash, error) {
	rows, err := s.pool.Query(ctx, `SELECT r.leaf FROM audit_order o JOIN audit_records r ON r.id = o.record
		WHERE o.seq > $1 AND o.seq <= $2 ORDER BY o.seq`, after, last)
	if err != nil {
		return nil, wrap("read leaf hashes", err)
	}
	var out []audit.Hash
	var leaf []byte
	_, err = pgx.ForEachRow(rows, []any{&leaf}, func() error {
		out = append(out, hashOf(leaf))
		return nil
	})
	return out, wrap("read leaf hashes", err)
}

// hashOf is a stored hash, whatever somebody has made of it.
func hashOf(stored []byte) (h audit.Hash) {
	copy(h[:], stored)
	return h
}

// close closes the journals; whoever seals next may write them.
func (s *Sealer) close() {
	for _, j := range s.journals {
		if j.open != nil {
			if err := j.open.Close(); err != nil {
				s.log.Error("closing a journal of the audit log", "journal", j.path, "error", err)
			}
			j.open = nil
		}
	}
}

// auditChunk is how many rows AuditRows holds in memory.
const auditChunk = 2000

// AuditRows gives the numbered rows of the audit log, as of one instant, which
// is that of its first row. It is for audit.Verify.
func (s *Store) AuditRows(ctx context.Context) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		stopped := errors.New("stopped")
		err := s.AtOnce(ctx, func(ctx context.Context) error {
			after := int64(math.MinInt64)
			for {
				chunk, last, err := s.auditRows(ctx, after)
				if err != nil || len(chunk) == 0 {
					return err
				}
				for _, row := range chunk {
					if !yield(row, nil) {
						return stopped
					}
				}
				after = last
			}
		})
		if err != nil && !errors.Is(err, stopped) {
			yield(audit.Row{}, err)
		}
	}
}

func (s *Store) auditRows(ctx context.Context, after int64) (chunk []audit.Row, last int64, err error) {
	rows, err := s.reader(ctx).Query(ctx, `SELECT o.seq, r.canonical, r.leaf FROM audit_order o JOIN audit_records r ON r.id = o.record
		WHERE o.seq > $1 ORDER BY o.seq LIMIT $2`, after, auditChunk)
	if err != nil {
		return nil, 0, wrap("read the audit log", err)
	}
	var canonical, leaf []byte
	_, err = pgx.ForEachRow(rows, []any{&last, &canonical, &leaf}, func() error {
		chunk = append(chunk, audit.Row{Seq: uint64(max(last, 0)), Canonical: append([]byte(nil), canonical...), Leaf: hashOf(leaf)}) //nolint:gosec // not negative
		return nil
	})
	return chunk, last, wrap("read the audit log", err)
}

// AuditWaiting counts the records that have no number, and when the oldest of
// them was written; "" for none.
func (s *Store) AuditWaiting(ctx context.Context) (n int, oldest string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*), coalesce(min(at), '') FROM audit_records r
		WHERE NOT EXISTS (SELECT FROM audit_order o WHERE o.record = r.id)`).Scan(&n, &oldest)
	return n, oldest, wrap("count records without a number", err)
}
