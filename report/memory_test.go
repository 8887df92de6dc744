package report_test

import (
	"cmp"
	"context"
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
	tallies    map[domain.Cell]int64
	deltas     []domain.Tally
	archive
}

func newMemory() *memory {
	return &memory{
		orgs: someOrganizations(), categories: someCategories(),
		files: make(map[string]domain.File), entries: make(map[string][]domain.Entry), tallies: make(map[domain.Cell]int64),
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
	for _, d := range m.deltas {
		m.tallies[d.Cell] += d.N
	}
	m.deltas = nil
	return n, nil
}

func (m *memory) Count(_ context.Context, q domain.CountQuery) (domain.Counts, error) {
	counts := domain.Counts{}
	for cell, n := range m.tallies {
		tally(counts, cell, n, &q)
	}
	for _, d := range m.deltas {
		tally(counts, d.Cell, d.N, &q)
	}
	return counts, nil
}

func (m *memory) Recount(_ context.Context, q domain.CountQuery) (domain.Counts, error) {
	counts := domain.Counts{}
	for _, f := range m.files {
		for _, cell := range domain.Facts(&f.Case) {
			tally(counts, cell, 1, &q)
		}
	}
	return counts, nil
}

func tally(counts domain.Counts, cell domain.Cell, n int64, q *domain.CountQuery) {
	if !slices.Contains(q.Measures, cell.Measure) || !in(q.Span, cell.Day) ||
		!same(q.Unit, cell.Unit) || !same(q.Township, cell.Township) ||
		!same(q.Procedure, cell.Procedure) || !same(q.Category, cell.Category) {
		return
	}
	key := map[string]string{
		"month": cell.Day.String()[:7], "township": cell.Township, "category": cell.Category,
		"procedure": cell.Procedure, "unit": cell.Unit,
	}[q.By]
	if counts[key] == nil {
		counts[key] = make(map[string]int64)
	}
	counts[key][cell.Measure] += n
}

func in(s domain.Span, d domain.Date) bool {
	return s == domain.Span{} || !d.Before(s.From) && !d.After(s.To)
}

func same(want, is string) bool { return want == "" || want == is }

func (m *memory) List(_ context.Context, q domain.CaseQuery) (domain.CasePage, error) {
	var all []domain.CaseLine
	for _, id := range m.order {
		c := m.files[id].Case
		day, ok := domain.MeasureByCode(q.Measure).Counts(&c)
		if ok && in(q.Span, day) && same(q.Unit, c.Unit) && same(q.Township, c.Township) &&
			same(q.Procedure, c.Procedure) && strings.HasPrefix(c.Category, q.Category) {
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

func (m *memory) EachFile(_ context.Context, fn func(domain.File, []domain.Entry) error) error {
	for _, id := range m.order {
		if err := fn(m.files[id], m.entries[id]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) ActiveOrganizations(_ context.Context, kinds []domain.OrgKind, day domain.Date, under string) (int64, error) {
	var n int64
	for i := range m.orgs {
		o := &m.orgs[i]
		if slices.Contains(kinds, o.Kind) && o.Active(day) && (under == "" || strings.Contains(o.Path, "/"+under+"/")) {
			n++
		}
	}
	return n, nil
}

func (m *memory) Organizations(context.Context) ([]domain.Organization, error) { return m.orgs, nil }

func (m *memory) Categories(context.Context) ([]domain.Category, error) { return m.categories, nil }
