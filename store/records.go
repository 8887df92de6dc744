package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"sudi/domain"
	"sudi/store/audit"
)

// auditSuite is what the audit log is hashed and signed with.
const auditSuite = audit.Ed25519SHA256

// addRecords adds any number of records, and that they have no number yet.
const addRecords = `WITH added AS (INSERT INTO audit_records (canonical, leaf) SELECT * FROM unnest($1::text[], $2::bytea[]) RETURNING id)
	INSERT INTO audit_pending (record) SELECT id FROM added`

// addRecord is addRecords for one, as GORM takes it.
const addRecord = `WITH added AS (INSERT INTO audit_records (canonical, leaf) VALUES (?, ?) RETURNING id)
	INSERT INTO audit_pending (record) SELECT id FROM added`

// recordRows are records as they are written.
type recordRows struct {
	canonical []string
	leaves    [][]byte
}

// add writes a record canonically, with what its origin knows.
func (r *recordRows) add(o domain.Origin, record domain.Record) error {
	if record.ID == "" {
		record.ID = uuid.Must(uuid.NewV7()).String()
	}
	if record.At.IsZero() {
		record.At = time.Now()
	}
	if record.Actor.ID == "" {
		record.Actor = o.Actor
	}
	if record.Result == "" {
		record.Result = domain.ResultDone
	}
	if record.Request == "" {
		record.Request, record.Address = o.Request, o.Address
	}
	canonical, err := audit.Record(record).Canonical()
	if err != nil {
		return err
	}
	leaf := auditSuite.Leaf(canonical)
	r.canonical, r.leaves = append(r.canonical, string(canonical)), append(r.leaves, leaf[:])
	return nil
}

// queueRecords records changes of cases, in the transaction in which they are
// written.
func queueRecords(b *pgx.Batch, changes []*domain.Change) error {
	var rows recordRows
	for _, c := range changes {
		if err := rows.add(c.Origin, recordOf(c)); err != nil {
			return fmt.Errorf("record a change: %w", err)
		}
	}
	b.Queue(addRecords, rows.canonical, rows.leaves)
	return nil
}

// recordOf tells of a change without a word of the case.
func recordOf(c *domain.Change) domain.Record {
	first := &c.Entries[0]
	r := domain.Record{
		Actor:  domain.Actor{ID: first.ActorID, Name: first.ActorName, Role: first.ActorRole, Org: first.ActorOrg},
		Action: "case." + first.Action, Object: domain.RecordObject{Type: "case", ID: c.After.ID},
		Details: map[string]string{"version": strconv.Itoa(c.After.Version)},
	}
	if c.ImportRow != nil {
		r.Actor = domain.Actor{ID: "import:" + c.ImportRow.ImportID, Name: "import", Org: first.ActorOrg}
		r.Details["row"] = strconv.Itoa(c.ImportRow.Row)
	}
	if len(c.Entries) > 1 {
		actions := make([]string, len(c.Entries))
		for i := range c.Entries {
			actions[i] = c.Entries[i].Action
		}
		r.Details["actions"] = strings.Join(actions, " ")
	}
	return r
}

// record adds a record to the transaction of what it tells of.
func record(ctx context.Context, tx interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, records ...domain.Record) error {
	var rows recordRows
	for _, r := range records {
		if err := rows.add(domain.OriginOf(ctx), r); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, addRecords, rows.canonical, rows.leaves)
	return err
}

// recordORM is record for a transaction of GORM's.
func recordORM(ctx context.Context, tx *gorm.DB, r domain.Record) error {
	var rows recordRows
	if err := rows.add(domain.OriginOf(ctx), r); err != nil {
		return err
	}
	return tx.Exec(addRecord, rows.canonical[0], rows.leaves[0]).Error
}

// recorded runs a write of one statement and its record in one transaction.
func (s *Store) recorded(ctx context.Context, r domain.Record, sql string, args ...any) error {
	var rows recordRows
	if err := rows.add(domain.OriginOf(ctx), r); err != nil {
		return err
	}
	b := &pgx.Batch{} // one message is one transaction
	b.Queue(sql, args...)
	b.Queue(addRecords, rows.canonical, rows.leaves)
	return s.pool.SendBatch(ctx, b).Close()
}

// withRecord runs a write of several statements and its record in one
// transaction.
func (s *Store) withRecord(ctx context.Context, r domain.Record, write func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		return record(ctx, tx, r)
	})
}

// done is the record of something that was done to an object.
func done(action, objectType, id string, details ...string) domain.Record {
	r := domain.Record{Action: action, Object: domain.RecordObject{Type: objectType, ID: id}}
	for pair := range slices.Chunk(details, 2) {
		if r.Details == nil {
			r.Details = make(map[string]string)
		}
		r.Details[pair[0]] = pair[1]
	}
	return r
}

// recordRequest is a record of a read on its way.
type recordRequest struct {
	rows recordRows
	done chan error
}

// recordsMost is how many requests for a record share a commit.
const recordsMost = 256

// Record adds a record of something that changed nothing, such as a read, and
// answers when it is committed; it shares the commit with others that come at
// the same time. KindOverloaded when there are too many. When the context ends
// before, whether it was recorded is not known.
func (s *Store) Record(ctx context.Context, r domain.Record) error {
	request := &recordRequest{done: make(chan error, 1)}
	if err := request.rows.add(domain.OriginOf(ctx), r); err != nil {
		return wrap("record", err)
	}
	if err := s.enqueueRecord(request); err != nil {
		return err
	}
	select {
	case err := <-request.done:
		return wrap("record", err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) enqueueRecord(r *recordRequest) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return domain.Errorf(domain.KindOverloaded, "closing")
	}
	select {
	case s.records <- r:
		return nil
	default:
		return domain.Errorf(domain.KindOverloaded, "overloaded")
	}
}

// recorder writes what is queued, until the queue is closed and empty. Nobody
// waits for others to come: while one commit waits for the disk, the next gather.
func (s *Store) recorder() {
	for first := range s.records {
		gathered := []*recordRequest{first}
		rows := first.rows
		for more := true; more && len(gathered) < recordsMost; {
			select {
			case r, ok := <-s.records:
				if more = ok; ok {
					gathered = append(gathered, r)
					rows.canonical = append(rows.canonical, r.rows.canonical...)
					rows.leaves = append(rows.leaves, r.rows.leaves...)
				}
			default:
				more = false
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), laneTimeout)
		_, err := s.pool.Exec(ctx, addRecords, rows.canonical, rows.leaves)
		cancel()
		for _, r := range gathered {
			r.done <- err
		}
	}
}

// Records gives a page of the audit log, the newest first.
func (s *Store) Records(ctx context.Context, q domain.RecordQuery) ([]domain.Recorded, error) {
	rows, err := s.reader(ctx).Query(ctx, `SELECT r.id, coalesce(o.seq, 0), r.canonical
		FROM audit_records r LEFT JOIN audit_order o ON o.record = r.id
		WHERE ($1 = 0 OR r.id < $1) AND ($2 = '' OR r.actor = $2) AND ($3 = '' OR r.object = $3)
			AND ($4 = '' OR r.action = $4 OR starts_with(r.action, $4 || '.'))
			AND ($5 = '' OR r.at >= $5) AND ($6 = '' OR r.at < $6)
		ORDER BY r.id DESC LIMIT $7`, q.Before, q.Actor, q.Object, q.Action, recordTime(q.From), recordTime(q.To), q.Limit)
	if err != nil {
		return nil, wrap("read the audit log", err)
	}
	var out []domain.Recorded
	var position, seq int64
	var canonical string
	_, err = pgx.ForEachRow(rows, []any{&position, &seq, &canonical}, func() error {
		r, err := audit.ParseRecord([]byte(canonical))
		out = append(out, domain.Recorded{Position: position, Seq: uint64(seq), Record: domain.Record(r)}) //nolint:gosec // from 1 on
		return err
	})
	return out, wrap("read the audit log", err)
}

// RecordAtMost records what an actor may do most times since a time, and gives
// how often he has done it, this time included. Above most nothing is recorded.
// Requests of one actor take turns, so that no two are the last.
func (s *Store) RecordAtMost(ctx context.Context, r domain.Record, since time.Time, most int) (used int, err error) {
	actor := r.Actor.ID
	if actor == "" {
		actor = domain.OriginOf(ctx).Actor.ID
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lockKey("record "+r.Action+" "+actor)); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT count(*) + 1 FROM audit_records WHERE actor = $1 AND action = $2 AND at >= $3",
			actor, r.Action, recordTime(since)).Scan(&used); err != nil || used > most {
			return err
		}
		return record(ctx, tx, r)
	})
	return used, wrap("record", err)
}

// recordTime writes a time as the column at has it; "" for none.
func recordTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func attestedRecords(statements []domain.Attested) []domain.Record {
	records := make([]domain.Record, len(statements))
	for i := range statements {
		a := &statements[i]
		records[i] = done("figure.attest", "figure", a.Code, "year", strconv.Itoa(a.Year), "revision", strconv.Itoa(a.Revision))
	}
	return records
}

// recordUsers records accounts that were made or changed.
func recordUsers(ctx context.Context, tx *gorm.DB, users []domain.User) error {
	for i := range users {
		u := &users[i]
		if err := recordORM(ctx, tx, done("account.put", "account", u.Username, "role", string(u.Role), "org", u.Org)); err != nil {
			return err
		}
	}
	return nil
}
