package report

import (
	"cmp"
	"slices"
	"strings"

	"sudi/domain"
)

// group is a line of a table.
type group struct{ key, name string }

// group finds the table's lines: those that the county knows, with or without
// cases, then any other that a case stands in, those without the mark last.
func (t *table) group() {
	switch t.by {
	case domain.ByNothing:
		t.groups = []group{{}}
	case domain.ByMonth:
		for _, key := range t.span.Months() {
			t.groups = append(t.groups, group{key: key})
		}
	case domain.ByTownship:
		t.groups = t.townships()
	case domain.ByCategory:
		t.groups = t.firstLevels()
	case domain.ByProcedure:
		t.groups = procedures()
	}
	t.countOrganizations()
	known := make(map[string]bool, len(t.groups))
	for _, g := range t.groups {
		known[g.key] = true
	}
	for _, key := range t.found() {
		if !known[key] {
			known[key] = true
			t.groups = append(t.groups, group{key, t.nameOf(key)})
		}
	}
}

// nameOf is the county's name for a group that has no line by itself.
func (t *table) nameOf(key string) string {
	if o := t.dir.Get(key); o != nil && t.by == domain.ByOrganization {
		return o.Name
	}
	return ""
}

// found are the groups that some count is in.
func (t *table) found() []string {
	var keys []string
	for key := range t.counts {
		keys = append(keys, key)
	}
	for _, active := range t.active {
		for key, n := range active {
			if n > 0 {
				keys = append(keys, key)
			}
		}
	}
	unmarked := func(key string) int {
		if key == "" {
			return 1
		}
		return 0
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(unmarked(a)-unmarked(b), strings.Compare(a, b)) })
	return keys
}

// townships are those that existed on some day of the span.
func (t *table) townships() []group {
	var gs []group
	for _, o := range t.dir.OfKind(domain.OrgTownship) {
		if !o.ValidFrom.After(t.span.To) && (o.ValidTo == nil || !o.ValidTo.Before(t.span.From)) {
			gs = append(gs, group{domain.TownshipOf(o.Place), o.Name})
		}
	}
	slices.SortFunc(gs, func(a, b group) int { return strings.Compare(a.key, b.key) })
	return slices.CompactFunc(gs, func(a, b group) bool { return a.key == b.key })
}

func (t *table) firstLevels() []group {
	var gs []group
	for i := range t.categories {
		if c := &t.categories[i]; c.Code == domain.CategoryLevel1(c.Code) {
			gs = append(gs, group{c.Code, c.Level1})
		}
	}
	slices.SortFunc(gs, func(a, b group) int { return strings.Compare(a.key, b.key) })
	return gs
}

// procedures are those that some measure names; their titles belong to the
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

// countOrganizations fills in the figures that count organisations: at the
// span's end, or at each month's end within it.
func (t *table) countOrganizations() {
	t.active = make([]map[string]int64, len(domain.Indicators))
	if t.by == domain.ByCategory || t.by == domain.ByProcedure {
		return
	}
	for i := range domain.Indicators {
		if kinds := domain.Indicators[i].OrgKinds; len(kinds) > 0 {
			t.active[i] = t.activeOf(kinds)
		}
	}
}

func (t *table) activeOf(kinds []domain.OrgKind) map[string]int64 {
	active := map[string]int64{}
	ends := map[string]domain.Date{}
	for _, key := range t.span.Months() {
		month, _ := ParsePeriod(key)
		ends[key] = month.To
	}
	for i := range t.orgs {
		o := &t.orgs[i]
		if !slices.Contains(kinds, o.Kind) || !t.dir.Within(o.Code, t.org) {
			continue
		}
		if t.by == domain.ByMonth {
			for key, end := range ends {
				if o.Active(end) {
					active[key]++
				}
			}
		} else if o.Active(t.span.To) {
			active[t.groupOf(o)]++
		}
	}
	return active
}

// groupOf is the group that an organisation itself stands in.
func (t *table) groupOf(o *domain.Organization) string {
	line := strings.Split(strings.Trim(o.Path, "/"), "/")
	switch t.by {
	case domain.ByTownship:
		for _, code := range line {
			if a := t.dir.Get(code); a != nil && a.Kind == domain.OrgTownship {
				return domain.TownshipOf(a.Place)
			}
		}
	case domain.ByOrganization:
		i := slices.Index(line, t.org)
		return line[min(i+1, len(line)-1)]
	}
	return ""
}
