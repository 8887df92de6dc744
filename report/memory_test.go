package report_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sudi/domain"
)

// memory is a faithful store without a database: it keeps the roll-up by
// increments as the real one does, and recounts and lists from the cases.
type memory struct {
	orgs       []domain.Organization
	categories []domain.Category
	order      []string
	files      map[string]domain.File
	entries    map[string][]domain.Entry
	dir        *domain.Directory
	totals     map[domain.Total]int64
	deltas     []domain.Tally
	settings   map[string]string
	locked     bool // by another process
	archive
}

func newMemory() *memory {
	return &memory{
		orgs: someOrganizations(), categories: someCategories(), dir: domain.NewDirectory(someOrganizations(), nil),
		files: make(map[string]domain.File), entries: make(map[string][]domain.Entry), totals: make(map[domain.Total]int64), settings: make(map[string]string),
	}
}

func (m *memory) Apply(_ context.Context, d domain.Decision) domain.Result {
	before := m.files[d.CaseID]
	change, err := d.Decide(before)
	if err != nil {
		return domain.Result{Err: err}
	}
	if !m.mergeable(&change) {
		return domain.Result{Err: domain.Invalid(domain.FieldError{Field: "merged_into", Code: "merge_target_bad"})}
	}
	if change.Before == nil {
		change.After.Number = change.Series.Format(len(m.order) + 1)
		m.order = append(m.order, change.After.ID)
	}
	file, id := change.File(before), change.After.ID
	m.files[id] = file
	m.entries[id] = append(m.entries[id], change.Entries...)
	m.wrote(id, len(change.Entries))
	m.deltas = append(m.deltas, domain.Tallies(change.Before, &change.After)...)
	return domain.Result{File: file}
}

// mergeable tells whether a change merges its case into none, or into one that
// is counted for it.
func (m *memory) mergeable(c *domain.Change) bool {
	if c.After.MergedInto == nil {
		return true
	}
	master := m.files[*c.After.MergedInto].Case
	for _, f := range m.files {
		if f.Case.MergedInto != nil && *f.Case.MergedInto == c.After.ID {
			return false
		}
	}
	return master.MergedInto == nil && master.Procedure == c.After.Procedure
}

func (m *memory) FoldTallies(context.Context) (int64, error) {
	n := int64(len(m.deltas))
	m.totals, m.deltas = m.now(), nil
	return n, nil
}

// now is the roll-up with what is not folded into it.
func (m *memory) now() map[domain.Total]int64 {
	totals := maps.Clone(m.totals)
	for i := range m.deltas {
		d := &m.deltas[i]
		for total := range d.Totals(m.dir.Get(d.Owner).Path) {
			totals[total] += d.N
		}
	}
	return totals
}

func (m *memory) EachTotal(_ context.Context, fn func(domain.Total, int64) error) error {
	for total, n := range m.now() {
		if err := fn(total, n); n != 0 && err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) AddTotals(_ context.Context, differences map[domain.Total]int64) error {
	for total, n := range differences {
		m.totals[total] += n
	}
	return nil
}

func (m *memory) KeepBacklog(context.Context, domain.Date) error { return nil }

func (m *memory) BacklogDays(context.Context, string, domain.Span) ([]domain.BacklogDay, error) {
	return nil, nil
}

func (m *memory) WithLock(ctx context.Context, _ string, fn func(context.Context) error) (bool, error) {
	if m.locked {
		return false, nil
	}
	return true, fn(ctx)
}

func (m *memory) Setting(_ context.Context, name string) (string, bool, error) {
	value, ok := m.settings[name]
	return value, ok, nil
}

func (m *memory) SetSetting(_ context.Context, name, value string) error {
	m.settings[name] = value
	return nil
}

func (m *memory) AtOnce(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

// Count reads the totals: a year's, a month's, or all years'.
func (m *memory) Count(_ context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	totals := m.now()
	for i, q := range qs {
		answers[i] = domain.Counts{}
		by, periods, length := q.By, q.Span.Periods(), 4
		if q.By == domain.ByMonth {
			by, periods, length = domain.ByNothing, q.Span.Months(), 7
		}
		for total, n := range totals {
			measure := domain.MeasureByCode(total.Measure)
			wanted := slices.Contains(periods, total.Period) || q.Span == domain.Span{} && len(total.Period) == length
			if measure.Stock {
				wanted = q.By != domain.ByMonth && (q.Span.To.IsZero() || total.Step <= domain.DayNumber(q.Span.To))
			}
			if !wanted || n == 0 || total.Org != q.Org || total.By != by || !slices.Contains(q.Measures, total.Measure) {
				continue
			}
			group := total.Group
			if q.By == domain.ByMonth {
				group = total.Period
			}
			answers[i].Add(group, measure, total.Step, n)
		}
	}
	return answers, nil
}

func (m *memory) Recount(_ context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	for i, q := range qs {
		answers[i] = domain.Counts{}
		for _, f := range m.files {
			for _, fact := range domain.Facts(&f.Case) {
				measure := domain.MeasureByCode(fact.Measure)
				if !slices.Contains(q.Measures, fact.Measure) || !in(measure.Bounds(q.Span), fact.Day) ||
					!m.dir.Within(fact.Owner, q.Org) || measure.Stock && q.By == domain.ByMonth {
					continue
				}
				answers[i].Add(m.groupOf(&f.Case, &q, fact.Day), measure, measure.StepIn(q.By, fact.Step), fact.N)
			}
		}
	}
	return answers, nil
}

func (m *memory) groupOf(c *domain.Case, q *domain.CountQuery, day domain.Date) string {
	switch q.By {
	case domain.ByMonth:
		return domain.MonthKey(day)
	case domain.ByTownship:
		return c.Township
	case domain.ByCategory:
		return domain.CategoryLevel1(c.Category)
	case domain.ByProcedure:
		return c.Procedure
	case domain.ByOrganization:
		at := c.Owner
		for at != q.Org && m.dir.Get(at).Parent != q.Org {
			at = m.dir.Get(at).Parent
		}
		return at
	default:
		return ""
	}
}

func in(s domain.Span, d domain.Date) bool {
	return (s.From.IsZero() || !d.Before(s.From)) && (s.To.IsZero() || !d.After(s.To))
}

func (m *memory) List(_ context.Context, q domain.CaseQuery) (domain.CasePage, error) {
	var all []domain.CaseLine
	measure := domain.MeasureByCode(q.Measure)
	for _, id := range m.order {
		c := m.files[id].Case
		day, ok := measure.Counts(&c)
		if !ok || !in(measure.Bounds(q.Span), day) || !m.dir.Within(c.Owner, q.Within) {
			continue
		}
		if g := q.Group; g == nil || g.Key == m.groupOf(&c, &domain.CountQuery{By: g.By, Org: q.Within}, day) {
			all = append(all, domain.CaseLine{Case: c})
		}
	}
	slices.SortFunc(all, func(a, b domain.CaseLine) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), strings.Compare(b.ID, a.ID))
	})
	from, _ := strconv.Atoi(q.Cursor)
	to := min(from+cmp.Or(q.Limit, 50), len(all))
	page := domain.CasePage{Items: all[from:to]}
	if to < len(all) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}

func (m *memory) EachListed(ctx context.Context, q domain.CaseQuery, fn func(*domain.Case) error) error {
	q.Limit = len(m.order) + 1
	page, err := m.List(ctx, q)
	for i := range page.Items {
		err = cmp.Or(err, fn(&page.Items[i].Case))
	}
	return err
}

func (m *memory) EachFile(_ context.Context, fn func(domain.File, []domain.Entry) error) error {
	for _, id := range m.order {
		if err := fn(m.files[id], m.entries[id]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Organizations(context.Context) ([]domain.Organization, error) { return m.orgs, nil }

func (m *memory) Categories(context.Context) ([]domain.Category, error) { return m.categories, nil }
