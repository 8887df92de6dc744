package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"sudi/domain"
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
			WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND warned_at IS NULL AND missed_at IS NULL AND warn_at <= $1 AND case_id > $2
			UNION
			SELECT case_id FROM deadlines
			WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND missed_at IS NULL AND due < $1 AND case_id > $2
		) d ORDER BY case_id LIMIT $3`, now, [16]byte(from), limit)
	if err != nil {
		return nil, wrap("read due cases", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, wrap("read due cases", err)
}

// UnroutedCases lists cases after an id, in id order, that have stood at one of
// the points since before a moment and of which the router has not taken the
// action. That it has is counted on the case.
func (s *Store) UnroutedCases(ctx context.Context, points []domain.RoutePoint, before time.Time, after string, limit int) ([]string, error) {
	from, err := uuid.Parse(after)
	if err != nil {
		from = uuid.Nil
	}
	procedures, versions, states, actions := columns(points)
	rows, err := s.pool.Query(ctx, `
		SELECT c.id::text FROM cases c
		JOIN unnest($1::text[], $2::integer[], $3::text[], $4::text[]) AS p (procedure, version, state, action)
			ON p.procedure = c.procedure AND p.version = c.procedure_version AND p.state = c.state
		WHERE NOT c.counts ? p.action AND c.updated_at < $5 AND c.id > $6
		ORDER BY c.id LIMIT $7`, procedures, versions, states, actions, before, [16]byte(from), limit)
	if err != nil {
		return nil, wrap("read unrouted cases", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, wrap("read unrouted cases", err)
}

// UnheededCases lists cases after an id, in id order, that stand at one of the
// points and out of which a case was opened that is no longer pending, since
// before a moment. Most of them have nothing to do yet; that they are few makes
// asking each cheaper than remembering what it has heard.
func (s *Store) UnheededCases(ctx context.Context, points []domain.RoutePoint, before time.Time, after string, limit int) ([]string, error) {
	from, err := uuid.Parse(after)
	if err != nil {
		from = uuid.Nil
	}
	procedures, versions, states, _ := columns(points)
	rows, err := s.pool.Query(ctx, `
		SELECT c.id::text FROM cases c
		JOIN unnest($1::text[], $2::integer[], $3::text[]) AS p (procedure, version, state)
			ON p.procedure = c.procedure AND p.version = c.procedure_version AND p.state = c.state
		WHERE c.id > $5 AND EXISTS (SELECT FROM cases d WHERE d.derived_from = c.id AND d.disposition <> 'pending' AND d.updated_at < $4)
		ORDER BY c.id LIMIT $6`, procedures, versions, states, before, [16]byte(from), limit)
	if err != nil {
		return nil, wrap("read unheeded cases", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, wrap("read unheeded cases", err)
}

// columns turns points into what unnest takes.
func columns(points []domain.RoutePoint) (procedures []string, versions []int32, states, actions []string) {
	for _, p := range points {
		procedures, states, actions = append(procedures, p.Procedure), append(states, p.State), append(actions, p.Action)
		versions = append(versions, int32(p.Version)) //nolint:gosec // small
	}
	return procedures, versions, states, actions
}
