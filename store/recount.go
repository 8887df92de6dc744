package store

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// below is the condition that an organisation (column path) is at or below one
// whose path is a value.
const below = "starts_with(o.path, %[1]s)"

// groupings are how a count is split: the group of a case (alias c), which has
// the responsible organisation beside it as o.
var groupings = map[string]string{
	domain.ByNothing:   "''",
	domain.ByMonth:     "", // by the moment of the measure
	domain.ByTownship:  "c.township",
	domain.ByCategory:  firstLevel,
	domain.ByProcedure: "c.procedure",
	// Of the organisations below one, the next on the way down, or the one itself.
	domain.ByOrganization: "coalesce(nullif(split_part(substr(o.path, length(%[1]s) + 1), '/', 1), ''), %[2]s)",
}

// recountSQL counts each measure over the cases.
func recountSQL(w *where, q *question) string {
	var parts []string
	at := w.arg(q.path)
	for _, code := range q.Measures {
		m := domain.MeasureByCode(code)
		if q.wanted[m.Number] == nil {
			continue
		}
		w.parts = nil
		w.measured(m, m.Bounds(q.Span))
		w.parts = append(w.parts, fmt.Sprintf(below, at))
		group := groupings[q.By]
		switch q.By {
		case domain.ByMonth:
			group = "to_char(" + beijing(moment(m.When)) + ", 'YYYY-MM')"
		case domain.ByOrganization:
			group = fmt.Sprintf(group, at, w.arg(q.Org))
		}
		parts = append(parts, "SELECT "+w.arg(code)+"::text, "+group+" AS grp, "+stepSQL(m, q.By)+" AS step, sum("+amountSQL(m)+")::bigint"+
			" FROM cases c JOIN organizations o ON o.code = c.owner WHERE "+w.String()+" GROUP BY grp, step")
	}
	return strings.Join(parts, " UNION ALL ")
}

// stepSQL is domain.Measure.Step in SQL, as a grouping keeps it (StepIn).
func stepSQL(m *domain.Measure, by string) string {
	day := func(at string) string { return "(" + at + ")::date" }
	switch received := beijing("c.received_at"); {
	case m.Over == domain.SpreadHandled:
		return "greatest(" + day(beijing("c.concluded_at")) + " - " + day(beijing("c.accepted_at")) + " - c.paused_days, 0)"
	case m.Over == domain.SpreadReceived && m.Stock && by != domain.ByNothing:
		return day("date_trunc('month', "+received+")") + " - DATE '1970-01-01'"
	case m.Over == domain.SpreadReceived:
		return day(received) + " - DATE '1970-01-01'"
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

// readCounts adds rows of recountSQL.
func (q *question) readCounts(rows pgx.Rows) error {
	var measure, group string
	var step int
	var n int64
	_, err := pgx.ForEachRow(rows, []any{&measure, &group, &step, &n}, func() error {
		q.answer.Add(group, domain.MeasureByCode(measure), step, n)
		return nil
	})
	return err
}
