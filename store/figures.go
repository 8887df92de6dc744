package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	return s.counts(ctx, qs, func(b *pgx.Batch, q *domain.CountQuery, path string, into domain.Counts) {
		wanted := wantedOf(q)
		if len(wanted) == 0 {
			return
		}
		w := &where{}
		b.Queue(folded(w, q), w.args...).Query(readFolded(q, wanted, into))
		w = &where{}
		b.Queue(unfolded(w, q, path), w.args...).Query(readCounts(into))
	})
}

// Recount gives the same answers as Count from the cases themselves.
func (s *Store) Recount(ctx context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	return s.counts(ctx, qs, func(b *pgx.Batch, q *domain.CountQuery, path string, into domain.Counts) {
		w := &where{}
		if sql := recountSQL(w, q, path); sql != "" {
			b.Queue(sql, w.args...).Query(readCounts(into))
		}
	})
}

// counts answers queries, in one snapshot and one round trip; ask queues what
// has to be read for one.
func (s *Store) counts(ctx context.Context, qs []domain.CountQuery, ask func(b *pgx.Batch, q *domain.CountQuery, path string, into domain.Counts)) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	err := s.AtOnce(ctx, func(ctx context.Context) error {
		b := &pgx.Batch{}
		for i := range qs {
			answers[i] = domain.Counts{}
			path, err := s.pathForCount(ctx, &qs[i])
			if err != nil {
				return err
			}
			ask(b, &qs[i], path, answers[i])
		}
		return s.reader(ctx).SendBatch(ctx, b).Close()
	})
	for _, groups := range answers {
		dropZeros(groups)
	}
	return answers, wrap("count cases", err)
}

// dropZeros forgets what came to nothing when increments were added.
func dropZeros(groups domain.Counts) {
	for group, counts := range groups {
		maps.DeleteFunc(counts, func(_ string, c domain.Count) bool {
			maps.DeleteFunc(c.Steps, func(_ int, n int64) bool { return n == 0 })
			return c.N == 0 && len(c.Steps) == 0
		})
		if len(counts) == 0 {
			delete(groups, group)
		}
	}
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
			into.Add(group, domain.MeasureByCode(measure), step, n)
			return nil
		})
		return err
	}
}

// wantedOf are the measures that a query can have answered; a stock has no
// months.
func wantedOf(q *domain.CountQuery) map[string]*domain.Measure {
	wanted := make(map[string]*domain.Measure, len(q.Measures))
	for _, code := range q.Measures {
		if m := domain.MeasureByCode(code); !m.Stock || q.By != domain.ByMonth {
			wanted[code] = m
		}
	}
	return wanted
}

// folded is what the roll-up holds. Months are periods of their own, so that
// splitting by them reads the same rows.
func folded(w *where, q *domain.CountQuery) string {
	by := q.By
	if by == domain.ByMonth {
		by = domain.ByNothing
	}
	w.add("org = %s AND by = %s", q.Org, by)
	switch {
	case q.Span == domain.Span{} && q.By == domain.ByMonth:
		w.add("length(period) = 7")
	case q.Span == domain.Span{}:
		w.add("length(period) IN (0, 4)")
	case q.By == domain.ByMonth:
		w.add("period = ANY(%s)", q.Span.Months())
	default:
		w.add("period = ANY(%s)", append(q.Span.Periods(), ""))
	}
	return "SELECT period, grp, part, counts FROM tallies WHERE " + w.String()
}

// readFolded takes the wanted counts out of rows of the roll-up.
func readFolded(q *domain.CountQuery, wanted map[string]*domain.Measure, into domain.Counts) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var period, group, part string
		var counts map[string]int64
		_, err := pgx.ForEachRow(rows, []any{&period, &group, &part, &counts}, func() error {
			if q.By == domain.ByMonth {
				group = period
			}
			for key, n := range counts {
				m, step, err := countedAt(wanted, part, key)
				if err != nil {
					return err
				}
				if m != nil && (!m.Stock || q.Span.To.IsZero() || step <= domain.DayNumber(q.Span.To)) {
					into.Add(group, m, step, n)
				}
			}
			counts = nil
			return nil
		})
		return err
	}
}

// countedAt finds what a key in a part of the roll-up counts; nil when it is not
// wanted.
func countedAt(wanted map[string]*domain.Measure, part, key string) (*domain.Measure, int, error) {
	if part == "" {
		return wanted[key], 0, nil
	}
	step, err := strconv.Atoi(key)
	return wanted[part], step, err
}

// unfolded is what changes have added since the roll-up was last folded.
func unfolded(w *where, q *domain.CountQuery, path string) string {
	at := w.arg(path)
	w.parts = append(w.parts, fmt.Sprintf(below, at))
	w.add("f.measure = ANY(%s)", slices.Sorted(maps.Keys(wantedOf(q))))
	if !q.Span.From.IsZero() {
		w.add("(f.day >= %s::date OR f.measure = ANY(%s))", q.Span.From.String(), stocks())
	}
	if !q.Span.To.IsZero() {
		w.add("f.day <= %s::date", q.Span.To.String())
	}
	group := groupings[q.By].delta
	if q.By == domain.ByOrganization {
		group = fmt.Sprintf(group, at, w.arg(q.Org))
	}
	return "SELECT f.measure, " + group + " AS grp, f.step, sum(f.n)::bigint FROM tally_deltas f JOIN organizations o ON o.code = f.owner WHERE " +
		w.String() + " GROUP BY 1, 2, 3"
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
