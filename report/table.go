package report

import (
	"slices"
	"time"

	"sudi/domain"
)

// table is what the figures of a view are made from.
type table struct {
	view
	*county
	period string // of span
	asOf   time.Time
	counts domain.Counts
	groups []group
	active []map[string]int64 // by indicator: organisations in each group, nil where they are not grouped so
}

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
	if t.by == domain.ByTownship || t.by == domain.ByOrganization {
		rank(fs)
	}
	return fs
}

// divides reports whether the i-th indicator can have a value in a group.
func (t *table) divides(i int, key string) bool {
	ind := &domain.Indicators[i]
	if len(ind.OrgKinds) > 0 {
		return t.active[i] != nil
	}
	m := domain.MeasureByCode(ind.Measures()[0])
	switch t.by {
	case domain.ByProcedure:
		return m.Covers(key)
	case domain.ByMonth:
		return !m.Stock // what stood at a month's end is not known any more
	default:
		return true
	}
}

func (t *table) figure(i int, g group) Figure {
	ind := &domain.Indicators[i]
	f := Figure{
		Code: ind.Code, Name: ind.NameFor(t.span.To, domain.DateIn(t.asOf)), Period: t.period, Org: t.org, By: t.by, Group: g.key, GroupName: g.name,
		Unit: ind.Unit, Source: SourceComputed, AsOf: t.asOf,
	}
	if day := t.published(ind, g); domain.DateIn(t.asOf).Before(day) {
		f.NotBefore = &day
		return f
	}
	counts := t.counts[g.key]
	n, d := counts[ind.Numerator].N, counts[ind.Denominator]
	if len(ind.OrgKinds) > 0 {
		n = t.active[i][g.key]
	}
	switch ind.Form {
	case domain.FormRate:
		f.Numerator, f.Denominator, f.Value = &n, &d.N, Rate(n, d.N)
	case domain.FormMean:
		f.Denominator, f.Value = &d.N, mean(d)
	case domain.FormP90:
		f.Denominator, f.Value = &d.N, percentile(d, 90)
	default:
		f.Numerator, f.Value = &n, Count(n)
	}
	return f
}

// published is the first day on which an indicator has a value: some can only
// be told a while after the period's end.
func (t *table) published(ind *domain.Indicator, g group) domain.Date {
	if ind.After == 0 {
		return domain.Date{}
	}
	end := t.span.To
	if month, ok := ParsePeriod(g.key); ok && t.by == domain.ByMonth {
		end = month.To
	}
	return end.AddDays(ind.After + 1)
}

// mean is the mean of what a count is spread over.
func mean(c domain.Count) Value {
	var sum int64
	for _, s := range c.Steps {
		sum += int64(s.At) * s.N
	}
	return Mean(sum, c.N)
}

// percentile is the smallest step at or below which p percent lie.
func percentile(c domain.Count, p int64) Value {
	if c.N == 0 {
		return Value{}
	}
	need, seen := (p*c.N+99)/100, int64(0)
	for _, s := range c.Steps {
		if seen += s.N; seen >= need {
			return Count(int64(s.At))
		}
	}
	return Value{}
}

// fewCases is below how many a rate says little: it is shown with its counts,
// marked, and not ranked.
const fewCases = 30

// rank ranks the groups by each rate and by the days that cases took, and marks what is too small to be ranked. Equal values share a rank.
func rank(fs []Figure) {
	byCode := map[string][]*Figure{}
	for i := range fs {
		f := &fs[i]
		ind := domain.IndicatorByCode(f.Code)
		if ind.Form == domain.FormCount || !f.Value.known {
			continue
		}
		if f.Small = *f.Denominator < fewCases; !f.Small && f.Group != "" {
			byCode[f.Code] = append(byCode[f.Code], f)
		}
	}
	for code, line := range byCode {
		sign := int64(-1)
		if domain.IndicatorByCode(code).Less {
			sign = 1
		}
		slices.SortStableFunc(line, func(a, b *Figure) int { return int(sign * (a.Value.Tenths() - b.Value.Tenths())) })
		for i, f := range line {
			f.Rank = i + 1
			if i > 0 && line[i-1].Value == f.Value {
				f.Rank = line[i-1].Rank
			}
		}
	}
}
