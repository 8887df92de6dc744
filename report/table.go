package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sudi/domain"
)

// table is what the figures of a query are made from.
type table struct {
	by     string
	span   domain.Span
	unit   string
	dir    *domain.Directory
	asOf   time.Time
	counts domain.Counts
	groups []group
	active []map[string]int64 // by indicator: organisations in each group, nil where they are not grouped so
}

// group is a line of the table.
type group struct{ key, name string }

// figures makes the figures, group by group.
func (t *table) figures() []Figure {
	fs := make([]Figure, 0, len(t.groups)*len(domain.Indicators))
	for _, g := range t.groups {
		for i := range domain.Indicators {
			if t.divides(i, g.key) {
				fs = append(fs, t.figure(i, g))
			}
		}
	}
	return fs
}

// divides reports whether the i-th indicator can have a value in a group.
func (t *table) divides(i int, key string) bool {
	ind := &domain.Indicators[i]
	if len(ind.OrgKinds) > 0 {
		return t.active[i] != nil
	}
	return t.by != ByProcedure || slices.Contains(domain.MeasureByCode(ind.Numerator).Procedures, key)
}

func (t *table) figure(i int, g group) Figure {
	ind := &domain.Indicators[i]
	f := Figure{
		Code: ind.Code, Name: ind.Name, Group: g.key, GroupName: g.name, Org: t.unit,
		Unit: ind.Unit, Source: SourceComputed, AsOf: t.asOf,
	}
	n := t.counts[g.key][ind.Numerator]
	if len(ind.OrgKinds) > 0 {
		n = t.active[i][g.key]
	}
	f.Numerator, f.Value = &n, Count(n)
	if ind.Denominator != "" {
		d := t.counts[g.key][ind.Denominator]
		f.Denominator, f.Value = &d, Rate(n, d)
	}
	return f
}

// group finds the table's lines: those that the county knows, with or without
// cases, then any other that a case stands in.
func (s *Service) group(ctx context.Context, t *table) error {
	var err error
	switch t.by {
	case "":
		t.groups = []group{{}}
	case ByMonth:
		t.groups = monthsOf(t.span)
	case ByTownship:
		t.groups = townships(t.dir, t.span)
	case ByCategory:
		t.groups, err = s.categories(ctx)
	case ByProcedure:
		t.groups = procedures()
	}
	if err != nil {
		return err
	}
	if err := s.countOrganizations(ctx, t); err != nil {
		return err
	}
	for _, key := range found(t) {
		if !slices.ContainsFunc(t.groups, func(g group) bool { return g.key == key }) {
			t.groups = append(t.groups, group{key: key})
		}
	}
	return nil
}

// found are the groups that some count is in, those without the mark last.
func found(t *table) []string {
	keys := slices.Collect(maps.Keys(t.counts))
	for _, active := range t.active {
		for key, n := range active {
			if n > 0 {
				keys = append(keys, key)
			}
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(unmarked(a)-unmarked(b), strings.Compare(a, b)) })
	return keys
}

func unmarked(key string) int {
	if key == "" {
		return 1
	}
	return 0
}

func monthsOf(span domain.Span) []group {
	var gs []group
	for d := domain.NewDate(span.From.Year, span.From.Month, 1); !d.After(span.To); d = d.AddMonths(1) {
		gs = append(gs, group{key: monthKey(d)})
	}
	return gs
}

func monthKey(d domain.Date) string { return fmt.Sprintf("%04d-%02d", d.Year, int(d.Month)) }

// townships are those that existed on some day of the span.
func townships(dir *domain.Directory, span domain.Span) []group {
	var gs []group
	for _, o := range dir.OfKind(domain.OrgTownship) {
		if !o.ValidFrom.After(span.To) && (o.ValidTo == nil || !o.ValidTo.Before(span.From)) {
			gs = append(gs, group{domain.TownshipOf(o.Place), o.Name})
		}
	}
	slices.SortFunc(gs, func(a, b group) int { return strings.Compare(a.key, b.key) })
	return slices.CompactFunc(gs, func(a, b group) bool { return a.key == b.key })
}

func (s *Service) categories(ctx context.Context) ([]group, error) {
	cs, err := s.store.Categories(ctx)
	if err != nil {
		return nil, err
	}
	var gs []group
	for i := range cs {
		if cs[i].Code == domain.CategoryLevel1(cs[i].Code) {
			gs = append(gs, group{cs[i].Code, cs[i].Level1})
		}
	}
	slices.SortFunc(gs, func(a, b group) int { return strings.Compare(a.key, b.key) })
	return gs, nil
}

// procedures are those that some measure counts; their names belong to the
// procedures themselves.
func procedures() []group {
	var gs []group
	for i := range domain.Measures {
		for _, p := range domain.Measures[i].Procedures {
			if !slices.Contains(gs, group{key: p}) {
				gs = append(gs, group{key: p})
			}
		}
	}
	return gs
}
