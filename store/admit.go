package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// engineRole is what Sudi works as: it owns nothing, and row-level security lets
// it see every case. readerRole sees what the policies let through.
const (
	engineRole = "sudi_engine"
	readerRole = "sudi_reader"
)

// become changes the role, and says who reads, for the rest of the transaction.
const become = "SELECT set_config('role', $1, true), set_config('sudi.org', $2, true), set_config('sudi.watch', $3, true), set_config('sudi.sealed', $4, true)"

// admitted asks the database which of some cases a scope covers: row-level
// security decides, apart from the conditions by which they were found. A case
// is shown to a person only if both let it through.
//
// Searching itself is not done as the reader: the policies keep PostgreSQL from
// using an index for any operator that it cannot prove not to leak, that of the
// words of titles among them. Asking for the few cases of a page by their keys
// costs a tenth of a millisecond.
func (s *Store) admitted(ctx context.Context, q querier, scope domain.Scope, ids [][16]byte) (map[[16]byte]bool, error) {
	in := make(map[[16]byte]bool, len(ids))
	if len(ids) == 0 {
		return in, nil
	}
	b := &pgx.Batch{} // one message: one transaction, also where none is open
	b.Queue(become, reader(scope)...)
	b.Queue("SELECT id FROM cases WHERE id = ANY($1)", ids).Query(func(rows pgx.Rows) error {
		var id [16]byte
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			in[id] = true
			return nil
		})
		return err
	})
	b.Queue(become, reader(domain.AllCases)...)
	if err := q.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("ask who may see: %w", err)
	}
	return in, nil
}

// reader are the values of become: for a person, or, for domain.AllCases, for
// Sudi itself.
func reader(scope domain.Scope) []any {
	if scope.All {
		return []any{engineRole, "", "", ""}
	}
	return []any{readerRole, scope.Org, setting(scope.Watch), setting(scope.Sealed)}
}

func setting(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// readAs puts the rest of a transaction behind row-level security, or, for
// domain.AllCases, before it again.
func readAs(ctx context.Context, tx pgx.Tx, scope domain.Scope) error {
	_, err := tx.Exec(ctx, become, reader(scope)...)
	return err
}

// admit leaves of some things those whose case a scope covers.
func admit[T any](ctx context.Context, s *Store, q querier, scope domain.Scope, things []T, idOf func(*T) string) ([]T, error) {
	if scope.All {
		return things, nil
	}
	ids := make([][16]byte, len(things))
	for i := range things {
		id, err := uuid.Parse(idOf(&things[i]))
		if err != nil {
			return nil, fmt.Errorf("id of a case: %w", err)
		}
		ids[i] = id
	}
	in, err := s.admitted(ctx, q, scope, ids)
	if err != nil {
		return nil, err
	}
	out := things[:0]
	for i := range things {
		if in[ids[i]] {
			out = append(out, things[i])
		}
	}
	if refused := len(things) - len(out); refused > 0 && goChecks {
		s.log.WarnContext(ctx, "row-level security refused what the store would have shown, or it has moved meanwhile", "org", scope.Org, "cases", refused)
	}
	return out, nil
}
