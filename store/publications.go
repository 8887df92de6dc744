package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sudi/domain"
)

var publicationTable = tableOf[domain.Publication]()

// Frozen runs a function like AtOnce, and tells it the position of the last
// history entry that its instant holds: exactly the entries up to it are
// counted, and every later one is not. What the function keeps by
// AddPublication is kept with the same instant.
//
// Positions are given when an entry is written, not when it is committed, so an
// entry that is being written may get a lower one than another that is
// committed before it. Hence the lock: it waits for the writers in flight and
// holds back the next ones, and once it is there no position is under way. The
// snapshot is taken behind it, and the lock is given up before anything is
// read: writers wait for each other's end, but not for the report. Where they do
// not end within linePatience nothing is frozen: KindOverloaded, freeze_busy.
func (s *Store) Frozen(ctx context.Context, fn func(ctx context.Context, position int64) error) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		position, err := drawLine(ctx, tx)
		if err != nil {
			return wrap("draw the line in history", err)
		}
		return fn(context.WithValue(ctx, snapshotKey{}, tx), position)
	})
	var own *domain.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	return wrap("freeze", err)
}

// linePatience is how long Frozen waits for the writers in flight. Those that
// come behind it wait as long, and they give up after no less (beginLane).
const linePatience = 2 * time.Second

// line draws it. The lock ends with the savepoint, the snapshot is the whole
// transaction's and taken by the SELECT. The position is the sequence's, since a
// BRIN index knows no maximum: what was given to a transaction that failed
// leaves a gap, which does no harm.
var line = fmt.Sprintf(`SAVEPOINT line;
	SET LOCAL lock_timeout = %d;
	LOCK TABLE history IN SHARE MODE;
	SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM history_position_seq;
	ROLLBACK TO SAVEPOINT line`, linePatience.Milliseconds())

// drawLine takes the transaction's snapshot at a moment at which nobody writes
// history, and gives the last position that was given by then. All of it is one
// message, so that nobody waits behind the lock for the network or for us.
func drawLine(ctx context.Context, tx pgx.Tx) (position int64, err error) {
	results, err := tx.Conn().PgConn().Exec(ctx, line).ReadAll()
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == lockTimeout {
		return 0, &domain.Error{Kind: domain.KindOverloaded, Code: "freeze_busy", Cause: err}
	}
	if err != nil {
		return 0, err
	}
	for _, r := range results {
		for _, row := range r.Rows {
			position, err = strconv.ParseInt(string(row[0]), 10, 64)
		}
	}
	return position, err
}

// AddPublication keeps a publication for good; it is for a function that Frozen
// runs. KindConflict when somebody else has just published the revision.
func (s *Store) AddPublication(ctx context.Context, p *domain.Publication) error {
	tx, inside := ctx.Value(snapshotKey{}).(pgx.Tx)
	if !inside {
		return domain.Errorf(domain.KindInternal, "not_frozen")
	}
	_, err := tx.Exec(ctx, `INSERT INTO publications (year, revision, published_at, published_by, published_by_name,
		reason, position, hash, content, differences) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.Year, p.Revision, p.At, p.By, p.ByName, p.Reason, p.Position, p.Hash, p.Content, p.Differences)
	if err == nil {
		r := done("report.publish", "report", strconv.Itoa(p.Year), "revision", strconv.Itoa(p.Revision), "hash", p.Hash)
		r.Reason = p.Reason
		err = record(ctx, tx, r)
	}
	if err = wrap("publish a report", err); domain.KindOf(err) == domain.KindConflict {
		return &domain.Error{Kind: domain.KindConflict, Code: "published_meanwhile", Cause: err}
	}
	return err
}

// Publications lists the revisions of a year, the first first; of every year
// for 0.
func (s *Store) Publications(ctx context.Context, year int) ([]domain.Publication, error) {
	return s.publications(ctx, "WHERE $1 IN (0, year) ORDER BY year, revision", year)
}

// Publication finds a revision of a year, the newest for 0; ok is false when
// there is none.
func (s *Store) Publication(ctx context.Context, year, revision int) (p domain.Publication, ok bool, err error) {
	list, err := s.publications(ctx, "WHERE year = $1 AND $2 IN (0, revision) ORDER BY revision DESC LIMIT 1", year, revision)
	if err != nil || len(list) == 0 {
		return p, false, err
	}
	return list[0], true, nil
}

func (s *Store) publications(ctx context.Context, rest string, args ...any) ([]domain.Publication, error) {
	rows, err := s.reader(ctx).Query(ctx, "SELECT "+publicationTable.names("")+" FROM publications "+rest, args...)
	if err != nil {
		return nil, wrap("read publications", err)
	}
	out, err := collect[domain.Publication](publicationTable, rows)
	return out, wrap("read publications", err)
}

// historyChunk is how many cases EachHistory holds in memory.
const historyChunk = 500

// EachHistory gives the whole history of every case that has an entry behind a
// position, in the order of the ids, with how many entries stand at or before
// known. Cases that entered behind known, and of which nothing came to pass up
// to the last day, are left out, as they cannot count in a period that ends
// with it. An error of fn ends it.
func (s *Store) EachHistory(ctx context.Context, behind, known int64, last domain.Date, fn func(domain.CaseHistory) error) error {
	return s.AtOnce(ctx, func(ctx context.Context) error {
		q := s.reader(ctx)
		// A cursor takes no parameters; these are numbers and a time of ours.
		declare := fmt.Sprintf(`DECLARE changed NO SCROLL CURSOR FOR
			SELECT c.id, c.number FROM cases c
			WHERE c.id IN (SELECT case_id FROM history WHERE position > %d)
				AND (least(c.received_at, c.accepted_at, c.concluded_at, c.evaluated_at) <= '%s' OR EXISTS (SELECT FROM history f WHERE f.case_id = c.id AND f.version = 1 AND f.position <= %d))
			ORDER BY c.id`, behind, last.End().UTC().Format("2006-01-02 15:04:05.999999-07"), known)
		if err := command(ctx, q, declare); err != nil {
			return wrap("read changed cases", err)
		}
		for {
			chunk, err := nextHistories(ctx, q, known)
			if err != nil {
				return wrap("read changed cases", err)
			}
			if len(chunk) == 0 {
				return wrap("read changed cases", command(ctx, q, "CLOSE changed"))
			}
			for _, h := range chunk {
				if err := fn(h); err != nil {
					return err
				}
			}
		}
	})
}

// nextHistories reads on from the cursor.
func nextHistories(ctx context.Context, q querier, known int64) ([]domain.CaseHistory, error) {
	rows, err := q.Query(ctx, fmt.Sprintf("FETCH %d FROM changed", historyChunk), pgx.QueryExecModeExec)
	if err != nil {
		return nil, err
	}
	var chunk []domain.CaseHistory
	var ids []string
	at := make(map[string]int)
	var id, number string
	if _, err := pgx.ForEachRow(rows, []any{&id, &number}, func() error {
		at[id] = len(chunk)
		ids = append(ids, id)
		chunk = append(chunk, domain.CaseHistory{CaseID: id, Number: number})
		return nil
	}); err != nil || len(ids) == 0 {
		return nil, err
	}
	rows, err = q.Query(ctx, "SELECT "+historyTable.names("")+", position <= $2 FROM history WHERE case_id = ANY($1::uuid[]) ORDER BY case_id, version", ids, known)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e domain.Entry
		var before bool
		if err := rows.Scan(append(pointers(historyTable, &e), &before)...); err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		h := &chunk[at[e.CaseID]]
		h.Entries = append(h.Entries, e)
		if before {
			h.Known++
		}
	}
	return chunk, rows.Err()
}

// command runs a statement that gives no rows.
func command(ctx context.Context, q querier, sql string) error {
	rows, err := q.Query(ctx, sql, pgx.QueryExecModeExec)
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
