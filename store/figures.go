package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// grouping is how a count is split: over the cells of the roll-up, and over the
// cases (alias c) by a moment.
type grouping struct {
	cells string
	cases func(at string) string
}

func caseColumn(name string) func(string) string { return func(string) string { return "c." + name } }

var groupings = map[string]grouping{
	"": {"''", func(string) string { return "''" }},
	"month": {"to_char(day, 'YYYY-MM')", func(at string) string {
		return "to_char(" + beijing(at) + ", 'YYYY-MM')"
	}},
	"township":  {"township", caseColumn("township")},
	"category":  {"category", func(string) string { return firstLevel }},
	"procedure": {"procedure", caseColumn("procedure")},
	"unit":      {"unit", caseColumn("unit")},
}

// checkCount refuses a query for what is not counted.
func checkCount(q *domain.CountQuery) (grouping, error) {
	g, ok := groupings[q.By]
	if !ok {
		return g, domain.Invalid(domain.FieldError{Field: "by", Code: "not_a_choice"})
	}
	for _, code := range q.Measures {
		if domain.MeasureByCode(code) == nil {
			return g, domain.Invalid(domain.FieldError{Field: "measures", Code: "measure_unknown"})
		}
	}
	return g, nil
}

// Count reads counts off the roll-up and the increments that are not folded
// into it yet, as of one instant. Groups without a case are left out.
func (s *Store) Count(ctx context.Context, q domain.CountQuery) (domain.Counts, error) {
	g, err := checkCount(&q)
	if err != nil {
		return nil, err
	}
	w := &where{}
	w.add("measure = ANY(%s)", q.Measures)
	if !q.Span.From.IsZero() {
		w.add("day >= %s::date", q.Span.From.String())
	}
	if !q.Span.To.IsZero() {
		w.add("day <= %s::date", q.Span.To.String())
	}
	w.equal("unit", q.Unit)
	w.equal("township", q.Township)
	w.equal("procedure", q.Procedure)
	w.equal("category", q.Category)
	part := "SELECT measure, " + g.cells + " AS grp, n FROM %s WHERE " + w.String()
	query := "SELECT measure, grp, sum(n)::bigint FROM (" + fmt.Sprintf(part, "tallies") + " UNION ALL " +
		fmt.Sprintf(part, "tally_deltas") + ") t GROUP BY measure, grp HAVING sum(n) <> 0"
	return s.counts(ctx, query, w.args)
}

// Recount gives the same answer as Count from the cases themselves.
func (s *Store) Recount(ctx context.Context, q domain.CountQuery) (domain.Counts, error) {
	g, err := checkCount(&q)
	if err != nil {
		return nil, err
	}
	var parts []string
	w := &where{}
	for _, code := range q.Measures {
		m := domain.MeasureByCode(code)
		w.parts = nil // each measure has its own condition; the values are all of one statement
		w.measured(m, q.Span)
		w.equal("c.unit", q.Unit)
		w.equal("c.township", q.Township)
		w.equal("c.procedure", q.Procedure)
		w.equal("("+firstLevel+")", q.Category)
		parts = append(parts, "SELECT "+w.arg(code)+"::text, "+g.cases(moment(m.When))+" AS grp, count(*) FROM cases c WHERE "+
			w.String()+" GROUP BY grp")
	}
	if len(parts) == 0 {
		return domain.Counts{}, nil
	}
	return s.counts(ctx, strings.Join(parts, " UNION ALL "), w.args)
}

// counts runs a query for measure, group and count.
func (s *Store) counts(ctx context.Context, query string, args []any) (domain.Counts, error) {
	rows, err := s.reader(ctx).Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	if err != nil {
		return nil, wrap("count cases", err)
	}
	counts := domain.Counts{}
	var measure, group string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&measure, &group, &n}, func() error {
		if counts[group] == nil {
			counts[group] = make(map[string]int64)
		}
		counts[group][measure] += n
		return nil
	})
	return counts, wrap("count cases", err)
}

const cellColumns = "measure, day, unit, township, procedure, category"

// FoldTallies merges the increments into the roll-up and says how many there
// were. No figure changes by it. Any number of nodes may call it: while one
// folds, the others do nothing.
func (s *Store) FoldTallies(ctx context.Context) (int64, error) {
	var folded int64
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockKey("fold tallies")).Scan(&mine); err != nil || !mine {
			return err
		}
		// In the order of the key, as RebuildTallies writes them.
		if err := tx.QueryRow(ctx, `
			WITH taken AS (DELETE FROM tally_deltas RETURNING `+cellColumns+`, n),
			summed AS (SELECT `+cellColumns+`, sum(n) AS n FROM taken GROUP BY `+cellColumns+` HAVING sum(n) <> 0),
			merged AS (INSERT INTO tallies AS t (`+cellColumns+`, n)
				SELECT * FROM summed ORDER BY `+cellColumns+`
				ON CONFLICT (`+cellColumns+`) DO UPDATE SET n = t.n + excluded.n)
			SELECT count(*) FROM taken`).Scan(&folded); err != nil || folded == 0 {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM tallies WHERE n = 0")
		return err
	})
	return folded, wrap("fold the roll-up", err)
}

// RebuildTallies makes the roll-up anew from the cases. Work goes on meanwhile:
// what is committed after the snapshot leaves increments, which stay.
func (s *Store) RebuildTallies(ctx context.Context) error {
	w := &where{}
	var parts []string
	for i := range domain.Measures {
		m := &domain.Measures[i]
		at := moment(m.When)
		w.parts = nil
		w.measured(m, domain.Span{})
		parts = append(parts, "SELECT "+w.arg(m.Code)+"::text, ("+beijing(at)+")::date AS day, c.unit, c.township, c.procedure, "+
			firstLevel+" AS category, count(*) FROM cases c WHERE "+w.String()+" GROUP BY 2, 3, 4, 5, 6")
	}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		for _, sql := range []string{
			// First, before the snapshot is taken: waits for a fold and keeps the next out.
			"LOCK TABLE tallies IN SHARE ROW EXCLUSIVE MODE",
			"DELETE FROM tally_deltas",
			"DELETE FROM tallies",
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO tallies ("+cellColumns+", n) "+strings.Join(parts, " UNION ALL "), w.args...)
		return err
	})
	return wrap("rebuild the roll-up", err)
}

// ActiveOrganizations counts the organisations of some kinds that exist on a
// day, at or below an organisation, or everywhere for "".
func (s *Store) ActiveOrganizations(ctx context.Context, kinds []domain.OrgKind, day domain.Date, under string) (int64, error) {
	w := &where{}
	w.add("o.kind = ANY(%s)", texts(kinds))
	at := w.arg(day.String())
	w.parts = append(w.parts, "o.valid_from <= "+at+"::date", "(o.valid_to IS NULL OR o.valid_to >= "+at+"::date)")
	if under != "" {
		w.add("starts_with(o.path, (SELECT u.path FROM organizations u WHERE u.code = %s))", under)
	}
	var n int64
	err := s.pool.QueryRow(ctx, "SELECT count(*) FROM organizations o WHERE "+w.String(), w.args...).Scan(&n)
	return n, wrap("count organisations", err)
}
