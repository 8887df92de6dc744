package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// ledgerChunk is how many rows of a ledger are in memory at once.
const ledgerChunk = 500

// Ledger gives each the rows of a ledger, one after the other, after begin has
// heard how many there are. All are of one instant and within the query's
// scope, as in lists. It holds a connection and a snapshot until it is done, so
// callers bound how many run and for how long. Its cases are counted and found
// behind row-level security: a ledger has no page of keys to ask about. An error
// of begin or each ends it and is given back as it is.
func (s *Store) Ledger(ctx context.Context, q domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error {
	o := received
	if q.DueBefore != nil {
		o = earliestDue
	}
	w, err := s.ledgerCondition(ctx, &q)
	if err != nil {
		return err
	}
	return pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		if err := readAs(ctx, tx, q.Scope); err != nil {
			return wrap("read a ledger", err)
		}
		var head domain.LedgerHead
		query := "SELECT statement_timestamp(), (SELECT count(*) FROM " + o.from + " WHERE " + w.String() + ")"
		if err := tx.QueryRow(ctx, query, args(w)...).Scan(&head.At, &head.Total); err != nil {
			return wrap("count a ledger", err)
		}
		cursor := "DECLARE ledger NO SCROLL CURSOR FOR SELECT " + caseTable.names("c.") + ", " + o.due + " FROM " + o.from +
			" WHERE " + w.String() + " ORDER BY " + o.key + ", c.id"
		if _, err := tx.Exec(ctx, cursor, args(w)...); err != nil {
			return wrap("read a ledger", err)
		}
		if err := begin(head); err != nil {
			return err
		}
		for {
			rows, err := s.ledgerRows(ctx, tx, &q)
			if err != nil {
				return wrap("read a ledger", err)
			}
			for i := range rows {
				if err := each(&rows[i]); err != nil {
					return err
				}
			}
			if len(rows) < ledgerChunk {
				return nil
			}
		}
	})
}

// args are a condition's values for a statement that is planned for them.
func args(w *where) []any { return append([]any{pgx.QueryExecModeDescribeExec}, w.args...) }

func (s *Store) ledgerCondition(ctx context.Context, q *domain.LedgerQuery) (*where, error) {
	if q.Standing != (domain.Span{}) {
		q.Span = domain.Span{}
	}
	w, err := s.condition(ctx, &q.CaseQuery)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Standing == (domain.Span{}):
		if q.Clock != "" {
			w.add("EXISTS (SELECT FROM deadlines k WHERE k.case_id = c.id AND k.kind = %s)", q.Clock)
		}
	case q.Clock != "":
		w.add("EXISTS (SELECT FROM deadlines k WHERE k.case_id = c.id AND k.kind = %s AND k.started_at < %s AND (k.ended_at IS NULL OR k.ended_at >= %s))",
			q.Clock, q.Standing.To.AddDays(1).Start(), q.Standing.From.Start())
	default:
		w.add("c.received_at < %s AND (least(c.concluded_at, c.closed_at) IS NULL OR least(c.concluded_at, c.closed_at) >= %s)",
			q.Standing.To.AddDays(1).Start(), q.Standing.From.Start())
	}
	return w, nil
}

var (
	fetchLedger   = "FETCH " + strconv.Itoa(ledgerChunk) + " FROM ledger"
	ledgerEntries = "SELECT " + historyTable.names("") + " FROM history WHERE case_id = ANY($1) AND action = ANY($2) ORDER BY case_id, version"
)

// ledgerRows reads the next rows, with what belongs to their cases.
func (s *Store) ledgerRows(ctx context.Context, tx pgx.Tx, q *domain.LedgerQuery) ([]domain.LedgerRow, error) {
	if err := readAs(ctx, tx, q.Scope); err != nil { // the policies are asked while rows are fetched
		return nil, err
	}
	out, err := fetchRows(ctx, tx)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	if err := readAs(ctx, tx, domain.AllCases); err != nil {
		return nil, err
	}
	return out, s.fillLedger(ctx, tx, out, q.Actions)
}

func fetchRows(ctx context.Context, tx pgx.Tx) ([]domain.LedgerRow, error) {
	// FETCH is no statement that can be prepared once: its columns are the cursor's.
	rows, err := tx.Query(ctx, fetchLedger, pgx.QueryExecModeDescribeExec)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]domain.LedgerRow, 0, ledgerChunk)
	for rows.Next() {
		var r domain.LedgerRow
		if err := rows.Scan(append(pointers(caseTable, &r.Case), &r.Due)...); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// fillLedger reads what belongs to the cases of some rows.
func (s *Store) fillLedger(ctx context.Context, tx pgx.Tx, out []domain.LedgerRow, actions []string) error {
	ids := make([][16]byte, len(out))
	at := make(map[string]*domain.LedgerRow, len(out))
	for i := range out {
		id, err := uuid.Parse(out[i].ID)
		if err != nil {
			return fmt.Errorf("id of a case: %w", err)
		}
		ids[i], at[out[i].ID] = id, &out[i]
	}
	b := &pgx.Batch{}
	b.Queue(selectParties, ids)
	b.Queue(selectDeadlines, ids)
	if len(actions) > 0 {
		b.Queue(ledgerEntries, ids, actions)
	}
	answer := tx.SendBatch(ctx, b)
	defer answer.Close() //nolint:errcheck // its queries have been read to the end, or have failed
	parties, err := s.answeredParties(answer)
	if err != nil {
		return err
	}
	for _, p := range parties {
		at[p.CaseID].Parties = append(at[p.CaseID].Parties, p)
	}
	deadlines, err := answered[domain.Deadline](answer, deadlineTable)
	if err != nil {
		return err
	}
	for _, d := range deadlines {
		at[d.CaseID].Deadlines = append(at[d.CaseID].Deadlines, d)
	}
	if len(actions) == 0 {
		return nil
	}
	entries, err := answered[domain.Entry](answer, historyTable)
	if err != nil {
		return err
	}
	for _, e := range entries {
		at[e.CaseID].Entries = append(at[e.CaseID].Entries, e)
	}
	return nil
}
