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
	// A missed clock is warned of no more.
	return s.casesAfter(ctx, "read due cases", `
		SELECT case_id::text FROM (
			SELECT case_id FROM deadlines
			WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND warned_at IS NULL AND missed_at IS NULL AND warn_at <= $3 AND case_id > $1
			UNION
			SELECT case_id FROM deadlines
			WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND missed_at IS NULL AND due < $3 AND case_id > $1
		) d ORDER BY case_id LIMIT $2`, after, limit, now)
}

// UnroutedCases lists cases after an id, in id order, that have stood at one of
// the points since before a moment and of which the router has not taken the
// action. That it has is counted on the case.
func (s *Store) UnroutedCases(ctx context.Context, points []domain.RoutePoint, before time.Time, after string, limit int) ([]string, error) {
	procedures, versions, states, actions := columns(points)
	return s.casesAfter(ctx, "read unrouted cases", `
		SELECT c.id::text FROM cases c
		JOIN unnest($3::text[], $4::integer[], $5::text[], $6::text[]) AS p (procedure, version, state, action)
			ON p.procedure = c.procedure AND p.version = c.procedure_version AND p.state = c.state
		WHERE NOT c.counts ? p.action AND c.updated_at < $7 AND c.id > $1
		ORDER BY c.id LIMIT $2`, after, limit, procedures, versions, states, actions, before)
}

// UnheededCases lists cases after an id, in id order, that stand at one of the
// points and out of which a case was opened that is no longer pending, since
// before a moment. Most of them have nothing to do yet; that they are few makes
// asking each cheaper than remembering what it has heard.
func (s *Store) UnheededCases(ctx context.Context, points []domain.RoutePoint, before time.Time, after string, limit int) ([]string, error) {
	procedures, versions, states, _ := columns(points)
	return s.casesAfter(ctx, "read unheeded cases", `
		SELECT c.id::text FROM cases c
		JOIN unnest($3::text[], $4::integer[], $5::text[]) AS p (procedure, version, state)
			ON p.procedure = c.procedure AND p.version = c.procedure_version AND p.state = c.state
		WHERE c.id > $1 AND EXISTS (SELECT FROM cases d WHERE d.derived_from = c.id AND d.disposition <> 'pending' AND d.updated_at < $6)
		ORDER BY c.id LIMIT $2`, after, limit, procedures, versions, states, before)
}

// casesAfter reads a page of case ids by a query that takes the id to begin
// after as $1 ("" begins at the first), the limit as $2, and then its own.
func (s *Store) casesAfter(ctx context.Context, what, sql, after string, limit int, args ...any) ([]string, error) {
	from, err := uuid.Parse(after)
	if err != nil {
		from = uuid.Nil
	}
	rows, err := s.pool.Query(ctx, sql, append([]any{[16]byte(from), limit}, args...)...)
	if err != nil {
		return nil, wrap(what, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, wrap(what, err)
}

// columns turns points into what unnest takes.
func columns(points []domain.RoutePoint) (procedures []string, versions []int32, states, actions []string) {
	for _, p := range points {
		procedures, states, actions = append(procedures, p.Procedure), append(states, p.State), append(actions, p.Action)
		versions = append(versions, int32(p.Version)) //nolint:gosec // small
	}
	return procedures, versions, states, actions
}
