package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"sudi/domain"
)

// where is a condition under construction: parts that must all hold, and the
// values they name.
type where struct {
	parts []string
	args  []any
}

// arg gives a value's placeholder.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

// add adds a part, in which each %s stands for a value.
func (w *where) add(part string, values ...any) {
	places := make([]any, len(values))
	for i, v := range values {
		places[i] = w.arg(v)
	}
	w.parts = append(w.parts, fmt.Sprintf(part, places...))
}

// equal adds "column = value" unless the value is empty.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = %s", value)
	}
}

// String is the condition without the word WHERE.
func (w *where) String() string {
	if len(w.parts) == 0 {
		return "true"
	}
	return strings.Join(w.parts, " AND ")
}

// during puts a timestamp on the Beijing days of a span, as a range of
// instants, so that an index on the column serves.
func (w *where) during(column string, span domain.Span) {
	if !span.From.IsZero() {
		w.add(column+" >= %s", span.From.Start())
	}
	if !span.To.IsZero() {
		w.add(column+" < %s", span.To.AddDays(1).Start())
	}
}

// beijing is the civil time of a timestamp. The offset is written out because
// domain.Beijing has no daylight saving, while the zone's own history has.
func beijing(column string) string { return column + " AT TIME ZONE INTERVAL '08:00'" }

// measured is the condition under which the measure counts a case (alias c):
// domain.Measure.Counts in SQL. Recount and the list behind a figure share it.
func (w *where) measured(m *domain.Measure, span domain.Span) {
	at := moment(m.When)
	w.parts = append(w.parts, at+" IS NOT NULL", "NOT c.restricted")
	if len(m.Procedures) > 0 {
		w.add("c.procedure = ANY(%s)", m.Procedures)
	}
	if len(m.Dispositions) > 0 {
		w.add("c.disposition = ANY(%s)", texts(m.Dispositions))
	}
	if len(m.Satisfaction) > 0 {
		w.add("c.satisfaction = ANY(%s)", texts(m.Satisfaction))
	}
	if len(m.Classes) > 0 {
		w.add("c.class = ANY(%s)", m.Classes)
	}
	if len(m.Outcomes) > 0 {
		w.add("c.outcome = ANY(%s)", m.Outcomes)
	}
	if len(m.Flags) > 0 {
		w.add("c.flags ?| %s", texts(m.Flags))
	}
	if m.Counted != "" {
		w.add("coalesce((c.counts ->> %s)::integer, 0) > 0", m.Counted)
	}
	if m.Matter {
		w.parts = append(w.parts, "c.matter = c.id")
	}
	if m.First {
		w.add("c.repeats IS NULL AND NOT c.flags ? %s", string(domain.FlagRepeat))
	}
	w.answered(m)
	w.during(at, span)
}

// grouped keeps the cases of one group of a figure.
func (w *where) grouped(q *domain.CaseQuery) error {
	if q.Group == nil {
		return nil
	}
	switch q.Group.By {
	case domain.ByMonth:
		first, err := domain.ParseDate(q.Group.Key + "-01")
		m := domain.MeasureByCode(q.Measure)
		if err != nil || m == nil {
			return domain.Invalid(domain.FieldError{Field: "group", Code: "not_a_period"})
		}
		w.during(moment(m.When), domain.Month(first.Year, first.Month))
	case domain.ByTownship:
		w.add("c.township = %s", q.Group.Key)
	case domain.ByCategory:
		w.add("("+firstLevel+") = %s", q.Group.Key)
	case domain.ByProcedure:
		w.add("c.procedure = %s", q.Group.Key)
	case domain.ByOrganization:
		if q.Group.Key == q.Within { // its own, without those below
			w.add("c.owner = %s", q.Group.Key)
			return nil
		}
		w.add("c.owner IN (SELECT o.code FROM organizations o JOIN organizations g ON starts_with(o.path, g.path) WHERE g.code = %s)", q.Group.Key)
	default:
		return domain.Invalid(domain.FieldError{Field: "by", Code: "not_a_choice"})
	}
	return nil
}

// answered adds what the measure asks of what the county did in time and of
// what the applicant said of it, or did after it.
func (w *where) answered(m *domain.Measure) {
	if m.Rated {
		w.parts = append(w.parts, "c.satisfaction <> ''")
	}
	if m.Answered {
		w.parts = append(w.parts, "c.resolved IS NOT NULL")
	}
	if m.Resolved {
		w.parts = append(w.parts, "c.resolved")
	}
	if m.Verdict != "" {
		w.parts = append(w.parts, "c."+string(m.Duty)+verdicts[m.Verdict])
	}
	if m.Unreturned > 0 {
		days := "(" + beijing("c.returned_at") + ")::date - (" + beijing("c.concluded_at") + ")::date"
		w.add("coalesce("+days+" > %s, true)", m.Unreturned)
	}
}

// verdicts are what a duty's column _met holds.
var verdicts = map[domain.Verdict]string{
	domain.VerdictDecided: "_met IS NOT NULL", domain.VerdictKept: "_met IS TRUE", domain.VerdictMissed: "_met IS FALSE",
}

// moment is the column of a moment.
func moment(m domain.Moment) string {
	if !slices.Contains(domain.Moments, m) {
		panic("store: no column holds the moment " + string(m))
	}
	return "c." + string(m)
}

// firstLevel is domain.CategoryLevel1 in SQL.
const firstLevel = "CASE WHEN length(c.category) < 2 THEN '' ELSE left(c.category, 2) END"

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

// isUUID reports whether text can be an identifier of ours; asking the database
// for any other would be an error.
func isUUID(text string) bool { return uuid.Validate(text) == nil }

// micros cuts an instant to what PostgreSQL keeps.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
