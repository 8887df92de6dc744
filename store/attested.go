package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

var attestedTable = tableOf[domain.Attested]()

// Attested lists every statement for a year, in the order of the codes and of
// each code's revisions; the last of a code holds.
func (s *Store) Attested(ctx context.Context, year int) ([]domain.Attested, error) {
	rows, err := s.reader(ctx).Query(ctx, "SELECT "+attestedTable.names("")+" FROM attested WHERE year = $1 ORDER BY code, revision", year)
	if err != nil {
		return nil, wrap("read statements", err)
	}
	out, err := collect[domain.Attested](attestedTable, rows)
	return out, wrap("read statements", err)
}

// AddAttested keeps new statements for good, all or none. KindStale when
// somebody else has just made one of these revisions.
func (s *Store) AddAttested(ctx context.Context, statements []domain.Attested) error {
	list := make([]*domain.Attested, len(statements))
	for i := range statements {
		list[i] = &statements[i]
	}
	args, err := arrays(attestedTable, list)
	if err != nil {
		return wrap("enter statements", err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, attestedTable.insert("attested", ""), args...); err != nil {
			return err
		}
		return record(ctx, tx, attestedRecords(statements)...)
	})
	if err = wrap("enter statements", err); domain.KindOf(err) == domain.KindConflict {
		return &domain.Error{Kind: domain.KindStale, Code: "statement_stale", Cause: err}
	}
	return err
}
