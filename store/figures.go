package store

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"sudi/domain"
	"sudi/store/tally"
)

// Count reads counts off the roll-up and the increments that are not folded
// into it yet. All answers are as of one instant. Groups without a case are
// left out.
func (s *Store) Count(ctx context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	return s.counts(ctx, qs, func(b *pgx.Batch, asked []question) {
		var paths []string // a report asks seven questions about one
		for i := range asked {
			q := &asked[i]
			w := &where{}
			b.Queue(folded(w, q), w.args...).Query(q.readFolded)
			if !slices.Contains(paths, q.path) {
				paths = append(paths, q.path)
			}
		}
		b.Queue("SELECT "+incrementColumns+" FROM tally_deltas f JOIN organizations o ON o.code = f.owner WHERE o.path ^@ ANY($1)",
			paths).Query(func(rows pgx.Rows) error {
			_, err := eachIncrement(rows, func(inc *increment) error {
				if m := domain.MeasureByCode(inc.Measure); m != nil {
					for i := range asked {
						asked[i].take(m, inc)
					}
				}
				return nil
			})
			return err
		})
	})
}

// Recount gives the same answers as Count from the cases themselves.
func (s *Store) Recount(ctx context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	return s.counts(ctx, qs, func(b *pgx.Batch, asked []question) {
		for i := range asked {
			w := &where{}
			if sql := recountSQL(w, &asked[i]); sql != "" {
				b.Queue(sql, w.args...).Query(asked[i].readCounts)
			}
		}
	})
}

// question is a query with what is needed to answer it.
type question struct {
	domain.CountQuery
	path   string // of Org
	wanted map[int]*domain.Measure
	last   int // day by which what is in a stock was received
	answer domain.Counts
}

// counts answers queries, in one snapshot; ask queues what has to be read.
func (s *Store) counts(ctx context.Context, qs []domain.CountQuery, ask func(*pgx.Batch, []question)) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	err := s.AtOnce(ctx, func(ctx context.Context) error {
		asked, err := s.questions(ctx, qs)
		if err != nil || len(asked) == 0 {
			return err
		}
		b := &pgx.Batch{}
		ask(b, asked)
		if err := s.reader(ctx).SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if err := s.leaveOut(ctx, asked); err != nil {
			return err
		}
		for i := range asked {
			answers[i] = asked[i].answer
			dropZeros(answers[i])
		}
		return nil
	})
	return answers, wrap("count cases", err)
}

// leaveOut takes off what the complaints add that questions are to be answered
// without.
func (s *Store) leaveOut(ctx context.Context, asked []question) error {
	done := map[string]bool{"": true}
	for i := range asked {
		org := asked[i].Without
		if done[org] {
			continue
		}
		done[org] = true
		facts, err := s.factsAgainst(ctx, org)
		if err != nil {
			return err
		}
		for n := range facts {
			m := domain.MeasureByCode(facts[n].Measure)
			for j := range asked {
				if asked[j].Without == org {
					asked[j].take(m, &facts[n])
				}
			}
		}
	}
	return nil
}

// factsAgainst are the increments that would take away what complains of an
// organisation, or of one above it below the county.
func (s *Store) factsAgainst(ctx context.Context, org string) ([]increment, error) {
	r, err := s.reachOf(ctx, org)
	if err != nil || len(r.above) == 0 {
		return nil, err
	}
	w := &where{}
	w.involved(r)
	rows, err := s.reader(ctx).Query(ctx, "SELECT "+caseTable.names("c.")+" FROM cases c WHERE "+w.String(),
		append([]any{pgx.QueryExecModeCacheDescribe}, w.args...)...)
	if err != nil {
		return nil, err
	}
	var facts []increment
	var owners []string
	var c domain.Case
	if _, err := pgx.ForEachRow(rows, pointers(caseTable, &c), func() error {
		for _, t := range domain.Facts(&c) {
			t.N = -t.N
			facts, owners = append(facts, increment{Tally: t}), append(owners, t.Owner)
		}
		c = domain.Case{}
		return nil
	}); err != nil {
		return nil, err
	}
	paths, err := s.paths(ctx, owners)
	for i := range facts {
		facts[i].path = paths[facts[i].Owner]
	}
	return facts, err
}

// dropZeros forgets what came to nothing when increments were added.
func dropZeros(groups domain.Counts) {
	for group, counts := range groups {
		for code, c := range counts {
			c.Steps = slices.DeleteFunc(c.Steps, func(s domain.Step) bool { return s.N == 0 })
			if counts[code] = c; c.N == 0 && len(c.Steps) == 0 {
				delete(counts, code)
			}
		}
		if len(counts) == 0 {
			delete(groups, group)
		}
	}
}

// questions refuses queries for what is not counted, and finds the paths of
// their organisations.
func (s *Store) questions(ctx context.Context, qs []domain.CountQuery) ([]question, error) {
	asked, orgs := make([]question, len(qs)), make([]string, len(qs))
	for i := range qs {
		if _, ok := groupings[qs[i].By]; !ok {
			return nil, domain.Invalid(domain.FieldError{Field: "by", Code: "not_a_choice"})
		}
		if !qs[i].Span.Whole() {
			return nil, domain.Invalid(domain.FieldError{Field: "span", Code: "not_whole_months"})
		}
		q := question{CountQuery: qs[i], wanted: make(map[int]*domain.Measure, len(qs[i].Measures)), answer: domain.Counts{}}
		if !q.Span.To.IsZero() {
			q.last = domain.DayNumber(q.Span.To)
		}
		for _, code := range q.Measures {
			m := domain.MeasureByCode(code)
			if m == nil {
				return nil, domain.Invalid(domain.FieldError{Field: "measures", Code: "measure_unknown"})
			}
			if !m.Stock || q.By != domain.ByMonth { // a stock has no months
				q.wanted[m.Number] = m
			}
		}
		asked[i], orgs[i] = q, q.Org
	}
	paths, err := s.paths(ctx, orgs)
	if err != nil {
		return nil, err
	}
	for i := range asked {
		if asked[i].path = paths[asked[i].Org]; asked[i].path == "" {
			return nil, domain.Invalid(domain.FieldError{Field: "org", Code: "organization_unknown", Args: []any{asked[i].Org}})
		}
	}
	return asked, nil
}

// paths finds the paths of organisations by code.
func (s *Store) paths(ctx context.Context, codes []string) (map[string]string, error) {
	rows, err := s.reader(ctx).Query(ctx, "SELECT code, path FROM organizations WHERE code = ANY($1)", codes)
	if err != nil {
		return nil, err
	}
	paths := make(map[string]string, len(codes))
	var code, path string
	_, err = pgx.ForEachRow(rows, []any{&code, &path}, func() error {
		paths[code] = path
		return nil
	})
	return paths, err
}

// folded is what the roll-up holds. Months are periods of their own, so that
// splitting by them reads the same rows.
func folded(w *where, q *question) string {
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
	return "SELECT period, counts FROM tallies WHERE " + w.String()
}

// readFolded adds rows of the roll-up.
func (q *question) readFolded(rows pgx.Rows) error {
	var period string
	var counts pgtype.DriverBytes // read before the next row comes
	_, err := pgx.ForEachRow(rows, []any{&period, &counts}, func() error {
		return q.addRow(period, counts)
	})
	return err
}

// addRow adds a row of the roll-up, which has the steps of a count one behind
// the other.
func (q *question) addRow(period string, row []byte) error {
	var group string
	var measure *domain.Measure
	var count domain.Count
	flush := func() {
		if measure == nil || count.N == 0 && count.Steps == nil {
			return
		}
		if q.By == domain.ByMonth {
			group = period
		}
		q.answer.AddCount(group, measure, count)
		count = domain.Count{}
	}
	r := tally.Read(row)
	for r.Next() {
		e := &r.Entry
		m := q.wanted[e.Measure]
		if m != measure || e.Group != group {
			flush()
			group, measure = e.Group, m
		}
		switch {
		case m == nil || m.Stock && q.last > 0 && e.Step > q.last:
		case m.Over == domain.SpreadNone:
			count.N += e.N
		default:
			count.Add(e.Step, e.N)
		}
	}
	flush()
	return r.Err()
}

// take adds an increment that the roll-up does not hold yet.
func (q *question) take(m *domain.Measure, i *increment) {
	if q.wanted[m.Number] == nil || !strings.HasPrefix(i.path, q.path) {
		return
	}
	if bounds := m.Bounds(q.Span); bounds != (domain.Span{}) && (i.Day.Before(bounds.From) || !bounds.To.IsZero() && i.Day.After(bounds.To)) {
		return
	}
	q.answer.Add(q.groupOf(i), m, m.StepIn(q.By, i.Step), i.N)
}

// groupOf is the group that an increment stands in.
func (q *question) groupOf(i *increment) string {
	switch q.By {
	case domain.ByMonth:
		return domain.MonthKey(i.Day)
	case domain.ByTownship:
		return i.Township
	case domain.ByCategory:
		return i.Category
	case domain.ByProcedure:
		return i.Procedure
	case domain.ByOrganization:
		if child, _, _ := strings.Cut(i.path[len(q.path):], "/"); child != "" {
			return child
		}
		return q.Org
	default:
		return ""
	}
}
