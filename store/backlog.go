package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// KeepBacklog writes down how many cases stand open, and overdue, at the end of
// a day, for every organisation, whole and in each group; what is written down
// already stays. Whoever calls it does so soon after the day has ended; what came
// in since then did not stand open on the day.
func (s *Store) KeepBacklog(ctx context.Context, day domain.Date) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		var kept bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM backlog_days WHERE day = $1::date)", day.String()).Scan(&kept)
		if err != nil || kept {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO backlog_days (day, org, by, grp, measure, n)
			SELECT $3::date, org, by, grp, part, sum(n)
			FROM (SELECT org, period, by, grp, part, c.key, c.value::bigint AS n FROM tallies CROSS JOIN LATERAL jsonb_each_text(counts) c
				WHERE period = '' AND part = ANY($1)
				UNION ALL `+fmt.Sprintf(spread, "(SELECT * FROM tally_deltas WHERE measure = ANY($1)) d")+`) t
			WHERE key::integer <= $4 -- the day of receipt
			GROUP BY org, by, grp, part
			UNION ALL SELECT $3::date, '', '', '', '', 0 -- a day on which nothing was open is kept too
			ON CONFLICT DO NOTHING`, append(kinds(), day.String(), domain.DayNumber(day))...)
		return err
	})
	return wrap("keep the backlog of a day", err)
}

// BacklogDays gives what was kept for an organisation, whole, on the days of a
// span, oldest first.
func (s *Store) BacklogDays(ctx context.Context, org string, span domain.Span) ([]domain.BacklogDay, error) {
	rows, err := s.reader(ctx).Query(ctx, `SELECT day::text, coalesce(sum(n) FILTER (WHERE measure = 'cases.open'), 0)::bigint,
			coalesce(sum(n) FILTER (WHERE measure = 'cases.overdue'), 0)::bigint
		FROM backlog_days WHERE org = $1 AND by = '' AND day BETWEEN $2::date AND $3::date GROUP BY day ORDER BY day`,
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
