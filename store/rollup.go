package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// totalColumns are the columns of tallies but for the count.
const totalColumns = "org, period, by, measure, grp, step"

// spread turns increments (a table or subquery of them) into the totals that
// each is part of: domain.Cell.Totals in SQL. The value is the list of the
// measures that are stocks.
const spread = `SELECT a.org, p.period, g.by, f.measure, g.grp, f.step, sum(f.n) AS n
	FROM (SELECT measure, day, owner, township, procedure, category, step, sum(n) AS n FROM %s
		GROUP BY measure, day, owner, township, procedure, category, step HAVING sum(n) <> 0) f
	JOIN organizations o ON o.code = f.owner
	CROSS JOIN LATERAL (SELECT string_to_array(trim(both '/' FROM o.path), '/') AS line) l
	CROSS JOIN LATERAL (SELECT l.line[i] AS org, coalesce(l.line[i + 1], l.line[i]) AS child FROM generate_subscripts(l.line, 1) i) a
	CROSS JOIN LATERAL unnest(CASE WHEN f.measure = ANY($1) THEN ARRAY['']
		ELSE ARRAY[to_char(f.day, 'YYYY'), to_char(f.day, 'YYYY-MM')] END) AS p (period)
	CROSS JOIN LATERAL (VALUES ('', ''), ('township', f.township), ('category', f.category),
		('procedure', f.procedure), ('organization', a.child)) AS g (by, grp)
	GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(f.n) <> 0`

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
		err := tx.QueryRow(ctx, `WITH taken AS MATERIALIZED (DELETE FROM tally_deltas RETURNING *),
			spread AS (`+fmt.Sprintf(spread, "taken")+`),
			merged AS (`+addTotals("SELECT * FROM spread")+`)
			SELECT count(*) FROM taken`, stocks()).Scan(&folded)
		if err != nil || folded == 0 {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM tallies WHERE n = 0")
		return err
	})
	return folded, wrap("fold the roll-up", err)
}

// addTotals adds rows to the roll-up, in the order of its key, so that two who
// add at once do not wait for each other in a circle.
func addTotals(rows string) string {
	return "INSERT INTO tallies AS t (" + totalColumns + ", n) " + rows + " ORDER BY " + totalColumns +
		" ON CONFLICT (" + totalColumns + ") DO UPDATE SET n = t.n + excluded.n"
}

// stocks are the measures of what stands now.
func stocks() []string {
	codes := []string{}
	for i := range domain.Measures {
		if domain.Measures[i].Stock {
			codes = append(codes, domain.Measures[i].Code)
		}
	}
	return codes
}

// EachTotal gives every count of the roll-up, with what waits to be folded in.
func (s *Store) EachTotal(ctx context.Context, fn func(domain.Total, int64) error) error {
	rows, err := s.reader(ctx).Query(ctx, "SELECT "+totalColumns+", sum(n)::bigint FROM (SELECT "+totalColumns+", n FROM tallies UNION ALL "+
		fmt.Sprintf(spread, "tally_deltas")+") t GROUP BY "+totalColumns+" HAVING sum(n) <> 0", stocks())
	if err != nil {
		return wrap("read the roll-up", err)
	}
	var t domain.Total
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&t.Org, &t.Period, &t.By, &t.Measure, &t.Group, &t.Step, &n}, func() error { return fn(t, n) })
	return wrap("read the roll-up", err)
}

// AddTotals corrects the roll-up by differences. Adding commutes with whatever
// is folded in meanwhile.
func (s *Store) AddTotals(ctx context.Context, differences map[domain.Total]int64) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE TEMPORARY TABLE differences (LIKE tallies) ON COMMIT DROP"); err != nil {
			return err
		}
		rows := make([][]any, 0, len(differences))
		for t, n := range differences {
			rows = append(rows, []any{t.Org, t.Period, t.By, t.Measure, t.Group, t.Step, n})
		}
		columns := []string{"org", "period", "by", "measure", "grp", "step", "n"}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"differences"}, columns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, addTotals("SELECT "+totalColumns+", n FROM differences")); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM tallies WHERE n = 0")
		return err
	})
	return wrap("correct the roll-up", err)
}
