package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// below is the condition that an organisation (column path) is at or below one
// whose path is a value.
const below = "starts_with(o.path, %[1]s)"

// child is the group of an organisation (column path) among those below one: the
// next on the way down to it, or the one itself.
const child = "coalesce(nullif(split_part(substr(o.path, length(%[1]s) + 1), '/', 1), ''), %[2]s)"

// groupings are how a count is split: the group of an increment (alias f) and
// of a case (alias c). Both have the responsible organisation beside them as o.
var groupings = map[string]struct{ delta, cases string }{
	domain.ByNothing:      {"''", "''"},
	domain.ByMonth:        {"to_char(f.day, 'YYYY-MM')", ""}, // of a case: by its measure's moment
	domain.ByTownship:     {"f.township", "c.township"},
	domain.ByCategory:     {"f.category", firstLevel},
	domain.ByProcedure:    {"f.procedure", "c.procedure"},
	domain.ByOrganization: {child, child},
}

// Count reads counts off the roll-up and the increments that are not folded
// into it yet. All answers are as of one instant. Groups without a case are
// left out.
func (s *Store) Count(ctx context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	return s.counts(ctx, qs, countSQL)
}

// Recount gives the same answers as Count from the cases themselves.
func (s *Store) Recount(ctx context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	return s.counts(ctx, qs, recountSQL)
}

// counts answers queries, in one snapshot and one round trip.
func (s *Store) counts(ctx context.Context, qs []domain.CountQuery, sql func(*where, *domain.CountQuery, string) string) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	err := s.AtOnce(ctx, func(ctx context.Context) error {
		b := &pgx.Batch{}
		for i := range qs {
			answers[i] = domain.Counts{}
			path, err := s.pathForCount(ctx, &qs[i])
			if err != nil {
				return err
			}
			w := &where{}
			if query := sql(w, &qs[i], path); query != "" {
				b.Queue(query, w.args...).Query(readCounts(answers[i]))
			}
		}
		return s.reader(ctx).SendBatch(ctx, b).Close()
	})
	return answers, wrap("count cases", err)
}

// pathForCount refuses a query for what is not counted, and finds the path of
// its organisation.
func (s *Store) pathForCount(ctx context.Context, q *domain.CountQuery) (string, error) {
	if _, ok := groupings[q.By]; !ok {
		return "", domain.Invalid(domain.FieldError{Field: "by", Code: "not_a_choice"})
	}
	if !q.Span.Whole() {
		return "", domain.Invalid(domain.FieldError{Field: "span", Code: "not_whole_months"})
	}
	for _, code := range q.Measures {
		if domain.MeasureByCode(code) == nil {
			return "", domain.Invalid(domain.FieldError{Field: "measures", Code: "measure_unknown"})
		}
	}
	var path string
	err := s.reader(ctx).QueryRow(ctx, "SELECT path FROM organizations WHERE code = $1", q.Org).Scan(&path)
	if known, err := found(err); err != nil || !known {
		return "", wrap("count cases", orInvalid(err, "org", "organization_unknown", q.Org))
	}
	return path, nil
}

// orInvalid is an error, or the fault of a field when there is none.
func orInvalid(err error, field, code string, args ...any) error {
	if err != nil {
		return err
	}
	return domain.Invalid(domain.FieldError{Field: field, Code: code, Args: args})
}

func readCounts(into domain.Counts) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var measure, group string
		var step int
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&measure, &group, &step, &n}, func() error {
			if n != 0 {
				into.Add(group, domain.MeasureByCode(measure), step, n)
			}
			return nil
		})
		return err
	}
}

// countSQL sums what is kept ready and what is still to be added to it. Months
// are periods of their own, so that splitting by them reads the same rows.
func countSQL(w *where, q *domain.CountQuery, path string) string {
	flows, stocks := flowsAndStocks(q)
	var parts []string
	if len(flows) > 0 {
		parts = append(parts, folded(w, q, flows, false), unfolded(w, q, path, flows))
	}
	if len(stocks) > 0 {
		parts = append(parts, folded(w, q, stocks, true), unfolded(w, q, path, stocks))
	}
	if len(parts) == 0 {
		return ""
	}
	return "SELECT measure, grp, step, sum(n)::bigint FROM (" + strings.Join(parts, " UNION ALL ") + ") t GROUP BY 1, 2, 3"
}

// flowsAndStocks parts what a query asks for; a stock has no months.
func flowsAndStocks(q *domain.CountQuery) (flows, stocks []string) {
	for _, code := range q.Measures {
		switch {
		case !domain.MeasureByCode(code).Stock:
			flows = append(flows, code)
		case q.By != domain.ByMonth:
			stocks = append(stocks, code)
		}
	}
	return flows, stocks
}

// folded is what the roll-up holds for some measures.
func folded(w *where, q *domain.CountQuery, measures []string, stock bool) string {
	w.parts = nil
	by, group := q.By, "grp"
	if by == domain.ByMonth {
		by, group = domain.ByNothing, "period"
	}
	w.add("org = %s AND by = %s AND measure = ANY(%s)", q.Org, by, measures)
	switch {
	case stock:
		w.add("period = ''")
		if !q.Span.To.IsZero() {
			w.add("step <= %s", domain.DayNumber(q.Span.To))
		}
	case q.Span == domain.Span{} && q.By == domain.ByMonth:
		w.add("length(period) = 7")
	case q.Span == domain.Span{}:
		w.add("length(period) = 4")
	case q.By == domain.ByMonth:
		w.add("period = ANY(%s)", q.Span.Months())
	default:
		w.add("period = ANY(%s)", q.Span.Periods())
	}
	return "SELECT measure, " + group + " AS grp, step, n FROM tallies WHERE " + w.String()
}

// unfolded is what changes have added since the roll-up was last folded.
func unfolded(w *where, q *domain.CountQuery, path string, measures []string) string {
	w.parts = nil
	at := w.arg(path)
	w.parts = append(w.parts, fmt.Sprintf(below, at))
	w.add("f.measure = ANY(%s)", measures)
	span := domain.MeasureByCode(measures[0]).Bounds(q.Span)
	if !span.From.IsZero() {
		w.add("f.day >= %s::date", span.From.String())
	}
	if !span.To.IsZero() {
		w.add("f.day <= %s::date", span.To.String())
	}
	group := groupings[q.By].delta
	if q.By == domain.ByOrganization {
		group = fmt.Sprintf(group, at, w.arg(q.Org))
	}
	return "SELECT f.measure, " + group + " AS grp, f.step, f.n FROM tally_deltas f JOIN organizations o ON o.code = f.owner WHERE " + w.String()
}

// recountSQL counts each measure over the cases.
func recountSQL(w *where, q *domain.CountQuery, path string) string {
	var parts []string
	at := w.arg(path)
	for _, code := range q.Measures {
		m := domain.MeasureByCode(code)
		if m.Stock && q.By == domain.ByMonth {
			continue
		}
		w.parts = nil
		w.measured(m, m.Bounds(q.Span))
		w.parts = append(w.parts, fmt.Sprintf(below, at))
		group := groupings[q.By].cases
		switch q.By {
		case domain.ByMonth:
			group = "to_char(" + beijing(moment(m.When)) + ", 'YYYY-MM')"
		case domain.ByOrganization:
			group = fmt.Sprintf(group, at, w.arg(q.Org))
		}
		parts = append(parts, "SELECT "+w.arg(code)+"::text, "+group+" AS grp, "+stepSQL(m)+" AS step, sum("+amountSQL(m)+")::bigint"+
			" FROM cases c JOIN organizations o ON o.code = c.owner WHERE "+w.String()+" GROUP BY grp, step")
	}
	return strings.Join(parts, " UNION ALL ")
}

// stepSQL is domain.Measure.Step in SQL.
func stepSQL(m *domain.Measure) string {
	day := func(column string) string { return "(" + beijing(column) + ")::date" }
	switch m.Over {
	case domain.SpreadHandled:
		return "greatest(" + day("c.concluded_at") + " - " + day("c.accepted_at") + " - c.paused_days, 0)"
	case domain.SpreadReceived:
		return day("c.received_at") + " - DATE '1970-01-01'"
	default:
		return "0"
	}
}

// amountSQL is domain.Measure.Amount in SQL.
func amountSQL(m *domain.Measure) string {
	if m.Adds == domain.QuantitySettled {
		return "c.settled"
	}
	return "1"
}
