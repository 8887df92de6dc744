package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// KeepBacklog writes down how many cases stand open, and overdue, at the end of
// a day, for every organisation; what is written down already stays. Whoever
// calls it does so soon after the day has ended; what came in since then did not
// stand open on the day.
func (s *Store) KeepBacklog(ctx context.Context, day domain.Date) error {
	var kept bool
	err := s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM backlog_days WHERE day = $1::date)", day.String()).Scan(&kept)
	if err != nil || kept {
		return wrap("keep the backlog of a day", err)
	}
	standing, err := s.standing(ctx, day)
	if err != nil {
		return wrap("keep the backlog of a day", err)
	}
	standing[domain.Total{}] = 0 // a day on which nothing was open is kept too
	orgs, measures, ns := make([]string, 0, len(standing)), make([]string, 0, len(standing)), make([]int64, 0, len(standing))
	for t, n := range standing {
		orgs, measures, ns = append(orgs, t.Org), append(measures, t.Measure), append(ns, n)
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO backlog_days (day, org, measure, n)
		SELECT $1::date, * FROM unnest($2::text[], $3::text[], $4::bigint[]) ON CONFLICT DO NOTHING`, day.String(), orgs, measures, ns)
	return wrap("keep the backlog of a day", err)
}

// standing are the stocks of each organisation, of what was received by the end
// of a day.
func (s *Store) standing(ctx context.Context, day domain.Date) (map[domain.Total]int64, error) {
	standing := map[domain.Total]int64{}
	err := s.eachTotal(ctx, "period = '' AND by = ''", func(t domain.Total, n int64) error {
		if t.Period == "" && t.By == domain.ByNothing && t.Step <= domain.DayNumber(day) {
			standing[domain.Total{Org: t.Org, Measure: t.Measure}] += n
		}
		return nil
	})
	return standing, err
}

// BacklogDays gives what was kept for an organisation on the days of a span,
// oldest first.
func (s *Store) BacklogDays(ctx context.Context, org string, span domain.Span) ([]domain.BacklogDay, error) {
	rows, err := s.reader(ctx).Query(ctx, `SELECT day::text, coalesce(sum(n) FILTER (WHERE measure = 'cases.open'), 0)::bigint,
			coalesce(sum(n) FILTER (WHERE measure = 'cases.overdue'), 0)::bigint
		FROM backlog_days WHERE org = $1 AND day BETWEEN $2::date AND $3::date GROUP BY day ORDER BY day`,
		org, span.From.String(), span.To.String())
	if err != nil {
		return nil, wrap("read the backlog of days", err)
	}
	days, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d domain.BacklogDay, err error) {
		var day string
		if err = row.Scan(&day, &d.Open, &d.Overdue); err == nil {
			d.Day, err = domain.ParseDate(day)
		}
		return d, err
	})
	return days, wrap("read the backlog of days", err)
}
