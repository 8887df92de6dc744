package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// totalColumns say where a count stands in tallies: a row, and a key in it.
const totalColumns = "org, period, by, grp, part, key"

// spread turns increments (a table or subquery of them) into the totals that
// each is part of: domain.Cell.Totals in SQL. The values are the measures that
// are stocks and those that are spread over something: the latter have a part of
// their own, with steps for keys.
const spread = `SELECT a.org, p.period, g.by, g.grp, k.part, k.key, sum(f.n)::bigint AS n
	FROM (SELECT measure, CASE WHEN measure = ANY($1) THEN '' ELSE to_char(day, 'YYYY-MM') END AS month,
			owner, township, procedure, category, step, sum(n) AS n
		FROM %s GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0) f
	JOIN organizations o ON o.code = f.owner
	CROSS JOIN LATERAL (SELECT string_to_array(trim(both '/' FROM o.path), '/') AS line) l
	CROSS JOIN LATERAL (SELECT l.line[i] AS org, coalesce(l.line[i + 1], l.line[i]) AS child FROM generate_subscripts(l.line, 1) i) a
	CROSS JOIN LATERAL unnest(CASE f.month WHEN '' THEN ARRAY[''] ELSE ARRAY[f.month, left(f.month, 4)] END) AS p (period)
	CROSS JOIN LATERAL (VALUES ('', ''), ('township', f.township), ('category', f.category),
		('procedure', f.procedure), ('organization', a.child)) AS g (by, grp)
	CROSS JOIN LATERAL (SELECT CASE WHEN f.measure = ANY($2) THEN f.measure ELSE '' END AS part,
		CASE WHEN f.measure = ANY($2) THEN f.step::text ELSE f.measure END AS key) AS k
	GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(f.n) <> 0`

// addTotals adds totals (a table or subquery of them) to the roll-up, in the
// order of its key, so that two who add at once do not wait for each other in a
// circle.
const addTotals = `INSERT INTO tallies AS t (org, period, by, grp, part, counts)
	SELECT org, period, by, grp, part, jsonb_object_agg(key, n) FROM %s s GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
	ON CONFLICT (org, period, by, grp, part) DO UPDATE SET counts = sudi_add_counts(t.counts, excluded.counts)`

// kinds are the values of spread.
func kinds() []any { return []any{stocks(), spreads()} }

// stocks are the measures of what stands now.
func stocks() []string { return codesOf(func(m *domain.Measure) bool { return m.Stock }) }

// spreads are the measures that are spread over something.
func spreads() []string {
	return codesOf(func(m *domain.Measure) bool { return m.Over != domain.SpreadNone })
}

func codesOf(which func(*domain.Measure) bool) []string {
	codes := []string{}
	for i := range domain.Measures {
		if which(&domain.Measures[i]) {
			codes = append(codes, domain.Measures[i].Code)
		}
	}
	return codes
}

// foldChunk is how many increments are folded in one transaction: what is left
// behind by an import is not held up as a whole.
const foldChunk = 20_000

// FoldTallies merges the increments into the roll-up and says how many there
// were. No figure changes by it. Any number of nodes may call it: while one
// folds, the others do nothing.
func (s *Store) FoldTallies(ctx context.Context) (folded int64, err error) {
	for n := int64(foldChunk); n == foldChunk && err == nil; folded += n {
		n, err = s.foldSome(ctx)
	}
	return folded, wrap("fold the roll-up", err)
}

func (s *Store) foldSome(ctx context.Context) (folded int64, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lockKey("fold tallies")).Scan(&mine); err != nil || !mine {
			return err
		}
		return tx.QueryRow(ctx, `WITH taken AS MATERIALIZED (DELETE FROM tally_deltas
				WHERE position IN (SELECT position FROM tally_deltas ORDER BY position LIMIT $3) RETURNING *),
			spread AS (`+fmt.Sprintf(spread, "taken")+`),
			added AS (`+fmt.Sprintf(addTotals, "spread")+`)
			SELECT count(*) FROM taken`, append(kinds(), foldChunk)...).Scan(&folded)
	})
	return folded, err
}

// EachTotal gives every count of the roll-up, with what waits to be folded in.
func (s *Store) EachTotal(ctx context.Context, fn func(domain.Total, int64) error) error {
	rows, err := s.reader(ctx).Query(ctx, `SELECT org, period, by, grp,
			CASE part WHEN '' THEN key ELSE part END, CASE part WHEN '' THEN 0 ELSE key::integer END, sum(n)::bigint
		FROM (SELECT org, period, by, grp, part, c.key, c.value::bigint AS n FROM tallies CROSS JOIN LATERAL jsonb_each_text(counts) c
			UNION ALL `+fmt.Sprintf(spread, "tally_deltas")+`) t
		GROUP BY `+totalColumns+` HAVING sum(n) <> 0`, kinds()...)
	if err != nil {
		return wrap("read the roll-up", err)
	}
	var t domain.Total
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&t.Org, &t.Period, &t.By, &t.Group, &t.Measure, &t.Step, &n}, func() error { return fn(t, n) })
	return wrap("read the roll-up", err)
}

// AddTotals corrects the roll-up by differences. Adding commutes with whatever
// is folded in meanwhile.
func (s *Store) AddTotals(ctx context.Context, differences map[domain.Total]int64) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE differences
			(org text, period text, by text, grp text, part text, key text, n bigint) ON COMMIT DROP`); err != nil {
			return err
		}
		rows := make([][]any, 0, len(differences))
		for t, n := range differences {
			part, key := place(&t)
			rows = append(rows, []any{t.Org, t.Period, t.By, t.Group, part, key, n})
		}
		columns := []string{"org", "period", "by", "grp", "part", "key", "n"}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"differences"}, columns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(addTotals, "differences"))
		return err
	})
	return wrap("correct the roll-up", err)
}

// place is where a total stands within its group's rows.
func place(t *domain.Total) (part, key string) {
	if m := domain.MeasureByCode(t.Measure); m != nil && m.Over != domain.SpreadNone {
		return t.Measure, strconv.Itoa(t.Step)
	}
	return "", t.Measure
}
