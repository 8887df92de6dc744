package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// File reads a case with its parties and clocks, whoever asks: for the engine,
// and for the system's own work.
func (s *Store) File(ctx context.Context, id string) (domain.File, error) {
	return s.Visible(ctx, domain.AllCases, id)
}

// Visible reads a case with its parties and clocks within a scope. A case
// outside it is not told from one that does not exist: KindNotFound.
func (s *Store) Visible(ctx context.Context, scope domain.Scope, id string) (domain.File, error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return domain.File{}, errCaseUnknown
	}
	w := &where{}
	w.add("c.id = %s", [16]byte(key))
	if err := s.visible(ctx, w, scope); err != nil {
		return domain.File{}, wrap("read a case", err)
	}
	var file domain.File
	err = pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		if !scope.All {
			var seen bool
			if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM cases c WHERE "+w.String()+")", w.args...).Scan(&seen); err != nil {
				return err
			}
			in, err := s.admitted(ctx, tx, scope, [][16]byte{key})
			if err != nil {
				return err
			}
			if !seen || !in[key] {
				return errCaseUnknown
			}
		}
		files, err := s.loadFiles(ctx, tx, [][16]byte{key}, "")
		if err != nil {
			return err
		}
		f := files[key]
		if f == nil {
			return errCaseUnknown
		}
		file = *f
		return nil
	})
	if err != nil {
		return domain.File{}, domainError(err)
	}
	return file, nil
}

// History gives a case's entries, oldest first; none for a case that nobody
// knows.
func (s *Store) History(ctx context.Context, id string) ([]domain.Entry, error) {
	return rowsOf[domain.Entry](ctx, s, id, "case_id = ?", "version")
}

// Evaluations gives a case's evaluations, oldest first; the last counts.
func (s *Store) Evaluations(ctx context.Context, id string) ([]domain.Evaluation, error) {
	return rowsOf[domain.Evaluation](ctx, s, id, "case_id = ?", "version")
}

// Links gives the links from and to a case, oldest first.
func (s *Store) Links(ctx context.Context, id string) ([]domain.Link, error) {
	return rowsOf[domain.Link](ctx, s, id, "? IN (from_case, to_case)", "created_at, from_case, to_case, kind")
}

// rowsOf reads what belongs to a case.
func rowsOf[T any](ctx context.Context, s *Store, id, condition, order string) ([]T, error) {
	if !isUUID(id) {
		return nil, nil
	}
	var out []T
	if err := s.orm.WithContext(ctx).Where(condition, id).Order(order).Find(&out).Error; err != nil {
		return nil, wrap("read what belongs to case "+id, err)
	}
	return out, nil
}

// Idempotent finds the case that a principal opened under a key, and the hash
// of the request that did.
func (s *Store) Idempotent(ctx context.Context, principal, key string) (caseID, bodyHash string, ok bool, err error) {
	err = s.pool.QueryRow(ctx, "SELECT case_id, body_hash FROM idempotency_keys WHERE principal = $1 AND key = $2", principal, key).
		Scan(&caseID, &bodyHash)
	ok, err = found(err)
	return caseID, bodyHash, ok, wrap("read an idempotency key", err)
}

// caseChunk is how many cases EachFile holds in memory.
const caseChunk = 500

// EachFile gives every case with its whole history, in the order of the ids.
// Case and history are of one instant; two cases need not be, outside AtOnce.
// An error of fn ends it.
func (s *Store) EachFile(ctx context.Context, fn func(domain.File, []domain.Entry) error) error {
	var after [16]byte
	for {
		ids, files, entries, err := s.chunk(ctx, after)
		if err != nil {
			return wrap("read every case", err)
		}
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			f := files[id]
			if err := fn(*f, entries[f.Case.ID]); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}

func (s *Store) chunk(ctx context.Context, after [16]byte) (ids [][16]byte, files map[[16]byte]*domain.File, entries map[string][]domain.Entry, err error) {
	err = s.AtOnce(ctx, func(ctx context.Context) error {
		tx := s.reader(ctx)
		rows, err := tx.Query(ctx, "SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2", after, caseChunk)
		if err != nil {
			return err
		}
		if ids, err = pgx.CollectRows(rows, pgx.RowTo[[16]byte]); err != nil || len(ids) == 0 {
			return err
		}
		if files, err = s.loadFiles(ctx, tx, ids, ""); err != nil {
			return err
		}
		rows, err = tx.Query(ctx, "SELECT "+historyTable.names("")+" FROM history WHERE case_id = ANY($1) ORDER BY case_id, version", ids)
		if err != nil {
			return err
		}
		all, err := collect[domain.Entry](historyTable, rows)
		entries = make(map[string][]domain.Entry, len(ids))
		for _, e := range all {
			entries[e.CaseID] = append(entries[e.CaseID], e)
		}
		return err
	})
	return ids, files, entries, err
}

// CountSource counts the cases that came from a source ("demo").
func (s *Store) CountSource(ctx context.Context, source string) (int, error) {
	var n int
	err := s.pool.QueryRow(ctx, "SELECT count(*) FROM cases WHERE source = $1", source).Scan(&n)
	return n, wrap("count cases", err)
}
