package main

import (
	"fmt"
	"strings"

	"sudi/domain"
)

// The rival is the report as somebody would write it who keeps no roll-up: SQL
// over the cases, made from domain.Measures so that nothing is left out. Each
// case of the year is read once for all counts in all groups (FILTER and
// GROUPING SETS), once more for the days that it took; last year's totals and
// the open cases are read apart, since other cases give them. It is spared what
// the tables allow to spare: unit is the organisation below the county, and
// open cases have an index of their own, made for it.

// session is how the rival's connection is set. Hash tables may be as large as
// the planner fears they are: it takes months for as many groups as moments, and
// sorts the cases eight times over if it must keep within bounds.
var session = []string{
	"SET work_mem = '256MB'", "SET hash_mem_multiplier = 1000", "SET max_parallel_workers_per_gather = 2",
	"SET random_page_cost = 1.1", "SET effective_cache_size = '8GB'", "SET effective_io_concurrency = 200",
}

// openIndex is the index that the rival has to itself.
const openIndex = "CREATE INDEX cases_open ON cases (received_at) WHERE disposition IN ('pending', 'active')"

// beijing is the civil time of a column.
func beijing(column string) string { return column + " AT TIME ZONE INTERVAL '08:00'" }

func quoted[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = "'" + string(v) + "'"
	}
	return strings.Join(words, ", ")
}

// in is the condition that a column is among some values.
func in[T ~string](column string, list []T) []string {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return []string{column + " = " + quoted(list)}
	default:
		return []string{column + " IN (" + quoted(list) + ")"}
	}
}

// condition is when a measure counts a case, but for the day.
func condition(m *domain.Measure) string {
	parts := in("procedure", m.Procedures) // first: it rules most cases out
	if len(m.Dispositions) == len(domain.Dispositions)-1 {
		parts = append(parts, "disposition <> 'merged'")
	} else {
		parts = append(parts, in("disposition", m.Dispositions)...)
	}
	parts = append(parts, in("class", m.Classes)...)
	parts = append(parts, in("outcome", m.Outcomes)...)
	parts = append(parts, in("satisfaction", m.Satisfaction)...)
	if len(m.Flags) > 0 {
		parts = append(parts, "flags ?| ARRAY["+quoted(m.Flags)+"]")
	}
	if m.Counted != "" {
		parts = append(parts, "(counts ->> '"+m.Counted+"')::integer > 0")
	}
	for _, c := range []struct {
		holds bool
		sql   string
	}{
		{m.Matter, "matter = id"},
		{m.First, "repeats IS NULL AND NOT flags ? 'repeat'"},
		{m.Rated, "satisfaction <> ''"},
		{m.Answered, "resolved IS NOT NULL"},
		{m.Resolved, "resolved"},
		{m.Verdict == domain.VerdictDecided, string(m.Duty) + "_met IS NOT NULL"},
		{m.Verdict == domain.VerdictKept, string(m.Duty) + "_met"},
		{m.Verdict == domain.VerdictMissed, "NOT " + string(m.Duty) + "_met"},
		{m.Unreturned > 0, fmt.Sprintf("(returned_at IS NULL OR concluded_at IS NULL OR (%s)::date - (%s)::date > %d)",
			beijing("returned_at"), beijing("concluded_at"), m.Unreturned)},
	} {
		if c.holds {
			parts = append(parts, c.sql)
		}
	}
	return strings.Join(append(parts, "NOT restricted"), " AND ")
}

// during is the condition that a moment lies in a span.
func during(column string, s domain.Span) string {
	const layout = "2006-01-02 15:04:05-07"
	return fmt.Sprintf("%[1]s >= '%[2]s' AND %[1]s < '%[3]s'", column, s.From.Start().Format(layout), s.To.AddDays(1).Start().Format(layout))
}

// flows are the measures of what came in a period, and those of them that are
// spread over the days that cases took.
func flows() (counted, timed []*domain.Measure) {
	for i := range domain.Measures {
		switch m := &domain.Measures[i]; {
		case m.Stock:
		case m.Over == domain.SpreadHandled:
			timed = append(timed, m)
		default:
			counted = append(counted, m)
		}
	}
	return counted, timed
}

func stocks() []*domain.Measure {
	var list []*domain.Measure
	for i := range domain.Measures {
		if domain.Measures[i].Stock {
			list = append(list, &domain.Measures[i])
		}
	}
	return list
}

// groups are the columns by which the report is split, but for months.
const groups = "township, CASE WHEN length(category) < 2 THEN '' ELSE left(category, 2) END AS category, procedure, unit AS organization"

// sets is the GROUPING SETS clause, and which says which set a row is of.
func sets(months []string, plus string) (clause, which string) {
	columns := append([]string{"township", "category", "procedure", "organization"}, months...)
	list := []string{"(" + plus + ")"}
	for _, c := range columns {
		list = append(list, "("+strings.TrimPrefix(plus+", "+c, ", ")+")")
	}
	return "GROUPING SETS (" + strings.Join(list, ", ") + ")", "GROUPING(" + strings.Join(columns, ", ") + ")"
}

// filtered is what a measure counts in a span.
func filtered(m *domain.Measure, span domain.Span) string {
	if m.Adds == domain.QuantitySettled {
		return fmt.Sprintf("coalesce(sum(settled) FILTER (WHERE %s AND %s), 0)::bigint", condition(m), during(string(m.When), span))
	}
	return fmt.Sprintf("count(*) FILTER (WHERE %s AND %s)", condition(m), during(string(m.When), span))
}

// countsSQL gives every count of a year in every group, a column a measure.
func countsSQL(span domain.Span) string {
	counted, _ := flows()
	var months, values, moments, names []string
	for _, m := range domain.Moments {
		month := string(m) + "_month"
		names = append(names, month)
		months = append(months, fmt.Sprintf("CASE WHEN %s THEN extract(month FROM %s)::integer END AS %s", during(string(m), span), beijing(string(m)), month))
		moments = append(moments, "("+during(string(m), span)+")")
	}
	for _, m := range counted {
		values = append(values, filtered(m, span))
	}
	clause, which := sets(names, "")
	return "SELECT " + which + ", township, category, procedure, organization, coalesce(" + strings.Join(names, ", ") + "),\n" +
		strings.Join(values, ",\n") +
		"\nFROM (SELECT " + groups + ", " + strings.Join(months, ", ") + ", " + columns + " FROM cases WHERE " + strings.Join(moments, " OR ") + ") c\nGROUP BY " + clause
}

// columns are what the conditions look at.
const columns = `id, matter, repeats, class, disposition, outcome, satisfaction, flags, counts, settled, resolved, returned_at,
	received_at, accepted_at, concluded_at, evaluated_at, respond_due, accept_due, conclude_due, perform_due,
	respond_met, accept_met, conclude_met, perform_met`

// totalsSQL gives the counts of a year, undivided.
func totalsSQL(span domain.Span) string {
	counted, _ := flows()
	var values, moments []string
	for _, m := range domain.Moments {
		moments = append(moments, "("+during(string(m), span)+")")
	}
	for _, m := range counted {
		values = append(values, filtered(m, span))
	}
	return "SELECT " + strings.Join(values, ",\n") + "\nFROM cases WHERE " + strings.Join(moments, " OR ")
}

// daysSQL gives how many cases took how many days.
func daysSQL(span domain.Span, divided bool) string {
	_, timed := flows()
	var which strings.Builder
	for i, m := range timed {
		fmt.Fprintf(&which, " WHEN %s THEN %d", condition(m), i)
	}
	inner := fmt.Sprintf("SELECT %s, CASE%s END AS measure, extract(month FROM %s)::integer AS month, greatest((%[3]s)::date - (%[4]s)::date - paused_days, 0) AS days FROM cases WHERE %[5]s",
		groups, which.String(), beijing("concluded_at"), beijing("accepted_at"), during("concluded_at", span))
	if !divided {
		return "SELECT measure, days, count(*) FROM (" + inner + ") c WHERE measure IS NOT NULL GROUP BY 1, 2"
	}
	clause, set := sets([]string{"month"}, "measure, days")
	return "SELECT " + set + ", township, category, procedure, organization, month, measure, days, count(*)\nFROM (" + inner + ") c WHERE measure IS NOT NULL\nGROUP BY " + clause
}

// stocksSQL gives the cases that are open, by the day of their receipt and in
// every group.
func stocksSQL(end domain.Date, divided bool) string {
	var values []string
	for _, m := range stocks() {
		values = append(values, "count(*) FILTER (WHERE "+condition(m)+")")
	}
	inner := fmt.Sprintf("SELECT %s, (%s)::date - DATE '1970-01-01' AS day, disposition, conclude_met FROM cases WHERE disposition IN ('pending', 'active') AND received_at < '%s'",
		groups, beijing("received_at"), end.AddDays(1).Start().Format("2006-01-02 15:04:05-07"))
	if !divided {
		return "SELECT day, " + strings.Join(values, ", ") + " FROM (" + inner + ") c GROUP BY 1"
	}
	clause, set := sets([]string{"day"}, "")
	return "SELECT " + set + ", township, category, procedure, organization, day, " + strings.Join(values, ", ") + "\nFROM (" + inner + ") c\nGROUP BY " + clause
}
