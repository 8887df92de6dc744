package main

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sudi/domain"
)

// answers are the counts of the whole report, by view, as the product gives them.
type answers map[string]domain.Counts

// before is the view of last year's totals; the others are ways of grouping.
const before = "before"

// views are the queries of the whole report.
func views(root string, year int) (names []string, queries []domain.CountQuery) {
	codes := domain.MeasureCodes()
	for _, by := range []string{domain.ByNothing, domain.ByMonth, domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization} {
		names, queries = append(names, by), append(queries, domain.CountQuery{Measures: codes, Span: domain.Year(year), Org: root, By: by})
	}
	return append(names, before), append(queries, domain.CountQuery{Measures: codes, Span: domain.Year(year - 1), Org: root})
}

// rivalAnswers asks the rival, in one snapshot.
func rivalAnswers(ctx context.Context, conn *pgxpool.Conn, year int) (answers, error) {
	a := answers{before: {}}
	for _, by := range grouped {
		a[by] = domain.Counts{}
	}
	a[domain.ByNothing], a[domain.ByMonth] = domain.Counts{}, domain.Counts{}
	span, last := domain.Year(year), domain.Year(year-1)
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, q := range []struct {
			sql  string
			read func([]any)
		}{
			{countsSQL(span), a.counted(year)}, {totalsSQL(last), a.total}, {daysSQL(span, true), a.timed(year)},
			{daysSQL(last, false), a.timedBefore}, {stocksSQL(span.To, true), a.stood}, {stocksSQL(last.To, false), a.stoodBefore},
		} {
			rows, err := tx.Query(ctx, q.sql)
			if err != nil {
				return err
			}
			for rows.Next() {
				values, err := rows.Values()
				if err != nil {
					return err
				}
				q.read(values)
			}
			if rows.Err() != nil {
				return fmt.Errorf("%w: %s", rows.Err(), q.sql)
			}
		}
		return nil
	})
	return a, err
}

// grouped are the columns of every grouping but for months, in their order.
var grouped = []string{domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization}

// place says of which view and group a row is: its set has at most one column.
// more is the position of that column when it is none of grouped.
func place(values []any, columns int) (view, group string, more int) {
	one := ^int(number(values[0])) & (1<<columns - 1)
	if one == 0 {
		return domain.ByNothing, "", 0
	}
	at := columns - 1 - bits.TrailingZeros(uint(one)) //nolint:gosec // a few bits
	if at < len(grouped) {
		group, _ = values[1+at].(string)
		return grouped[at], group, 0
	}
	return "", "", at
}

func number(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	default:
		return 0
	}
}

func (a answers) enter(view, group string, m *domain.Measure, step int, n int64) {
	if n != 0 {
		a[view].Add(group, m, step, n)
	}
}

func (a answers) counted(year int) func([]any) {
	counted, _ := flows()
	return func(values []any) {
		view, group, more := place(values, len(grouped)+len(domain.Moments))
		if more > 0 {
			if values[5] == nil { // of another year by this moment
				return
			}
			view, group = domain.ByMonth, fmt.Sprintf("%04d-%02d", year, number(values[5]))
		}
		for i, m := range counted {
			if more == 0 || m.When == domain.Moments[more-len(grouped)] {
				a.enter(view, group, m, 0, number(values[6+i]))
			}
		}
	}
}

func (a answers) total(values []any) {
	counted, _ := flows()
	for i, m := range counted {
		a.enter(before, "", m, 0, number(values[i]))
	}
}

func (a answers) timed(year int) func([]any) {
	_, timed := flows()
	return func(values []any) {
		view, group, more := place(values, len(grouped)+1)
		if more > 0 {
			view, group = domain.ByMonth, fmt.Sprintf("%04d-%02d", year, number(values[5]))
		}
		a.enter(view, group, timed[number(values[6])], int(number(values[7])), number(values[8]))
	}
}

func (a answers) timedBefore(values []any) {
	_, timed := flows()
	a.enter(before, "", timed[number(values[0])], int(number(values[1])), number(values[2]))
}

// stood enters open cases: undivided by the day of receipt, in groups as they
// are.
func (a answers) stood(values []any) {
	view, group, more := place(values, len(grouped)+1)
	for i, m := range stocks() {
		if n := number(values[6+i]); more > 0 {
			a.enter(domain.ByNothing, "", m, int(number(values[5])), n)
		} else if view != domain.ByNothing {
			a.enter(view, group, m, 0, n)
		}
	}
}

func (a answers) stoodBefore(values []any) {
	for i, m := range stocks() {
		a.enter(before, "", m, int(number(values[0])), number(values[1+i]))
	}
}

// compare names the first difference between the rival's answers and the
// product's. The days of receipt of open cases are compared undivided only: that
// is how the report shows them.
func (a answers) compare(names []string, product []domain.Counts) error {
	for i, view := range names {
		mine, theirs := a[view], product[i]
		if len(mine) != len(theirs) {
			return fmt.Errorf("by %q the rival has %d groups, the report %d", view, len(mine), len(theirs))
		}
		for group, counts := range theirs {
			for j := range domain.Measures {
				m := &domain.Measures[j]
				if err := same(mine[group][m.Code], counts[m.Code], !m.Stock || view == domain.ByNothing || view == before); err != nil {
					return fmt.Errorf("%s by %q %q: %w", m.Code, view, group, err)
				}
			}
		}
	}
	return nil
}

func same(rival, report domain.Count, steps bool) error {
	if rival.N != report.N {
		return fmt.Errorf("the rival counts %d, the report %d", rival.N, report.N)
	}
	if steps && !slices.Equal(rival.Steps, report.Steps) {
		return fmt.Errorf("the rival spreads %v, the report %v", rival.Steps, report.Steps)
	}
	return nil
}
