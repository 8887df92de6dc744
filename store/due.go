package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// DueCases lists cases after an id, in id order, with a running clock that is
// to be warned of or has passed unnoticed.
func (s *Store) DueCases(ctx context.Context, now time.Time, after string, limit int) ([]string, error) {
	from, err := uuid.Parse(after)
	if err != nil {
		from = uuid.Nil // "" begins at the first
	}
	// A missed clock is warned of no more.
	rows, err := s.pool.Query(ctx, `
		SELECT case_id::text FROM (
			SELECT case_id FROM deadlines
			WHERE ended_at IS NULL AND paused_at IS NULL AND warned_at IS NULL AND missed_at IS NULL AND warn_at <= $1 AND case_id > $2
			UNION
			SELECT case_id FROM deadlines
			WHERE ended_at IS NULL AND paused_at IS NULL AND missed_at IS NULL AND due < $1 AND case_id > $2
		) d ORDER BY case_id LIMIT $3`, now, [16]byte(from), limit)
	if err != nil {
		return nil, wrap("read due cases", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, wrap("read due cases", err)
}
