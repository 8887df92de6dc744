package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

const nextNumbers = `INSERT INTO case_numbers AS n (org, procedure, year, last)
	SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[]) AS s (org, procedure, year, last) ORDER BY 1, 2, 3
	ON CONFLICT (org, procedure, year) DO UPDATE SET last = n.last + excluded.last
	RETURNING org, procedure, year, last`

// giveNumbers allots numbers to the new cases, in their order. The row of each
// series stays locked until the commit, which is what makes numbers gapless;
// rows are taken in one order, so that two transactions never wait for each
// other.
func giveNumbers(ctx context.Context, tx pgx.Tx, changes []*domain.Change) error {
	type series struct {
		org, procedure string
		year           int
	}
	wanted := make(map[series]int)
	for _, c := range changes {
		if c.Series != nil {
			wanted[series{c.Series.Org, c.Series.Procedure, c.Series.Year}]++
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var orgs, procedures []string
	var years, counts []int
	for s, n := range wanted {
		orgs, procedures = append(orgs, s.org), append(procedures, s.procedure)
		years, counts = append(years, s.year), append(counts, n)
	}
	rows, err := tx.Query(ctx, nextNumbers, orgs, procedures, years, counts)
	if err != nil {
		return fmt.Errorf("allot numbers: %w", err)
	}
	next := make(map[series]int, len(wanted))
	var s series
	var last int
	if _, err := pgx.ForEachRow(rows, []any{&s.org, &s.procedure, &s.year, &last}, func() error {
		next[s] = last - wanted[s] + 1
		return nil
	}); err != nil {
		return fmt.Errorf("allot numbers: %w", err)
	}
	for _, c := range changes {
		if c.Series != nil {
			s := series{c.Series.Org, c.Series.Procedure, c.Series.Year}
			c.After.Number = c.Series.Format(next[s])
			next[s]++
		}
	}
	return nil
}
