package report

import (
	"context"
	"strconv"

	"sudi/domain"
)

// Parts of a report that differences name.
const (
	partFigures  = "figures"
	partAttested = "attested"
)

// part is a list of figures of a report, and what it is grouped by.
type part struct {
	name, by string
	of       func(*Annual) []Figure
}

var parts = []part{
	{partFigures, "", func(a *Annual) []Figure { return a.Figures }},
	{"by_month", domain.ByMonth, func(a *Annual) []Figure { return a.ByMonth }},
	{"by_township", domain.ByTownship, func(a *Annual) []Figure { return a.ByTownship }},
	{"by_category", domain.ByCategory, func(a *Annual) []Figure { return a.ByCategory }},
	{"by_procedure", domain.ByProcedure, func(a *Annual) []Figure { return a.ByProcedure }},
	{"by_organization", domain.ByOrganization, func(a *Annual) []Figure { return a.ByOrganization }},
}

// differencesOf compares a report as it was published with another of the same
// year. It reads nothing: of figures counted from cases it does not say why they
// differ, trace does. What stands open and how old it is are left out: they
// change from day to day, as they should.
func differencesOf(before, after *Annual) domain.Differences {
	out := noDifferences()
	for _, p := range parts {
		out.Figures = append(out.Figures, compareFigures(&p, before, after)...)
	}
	out.Figures = append(out.Figures, compareAttested(before, after)...)
	return out
}

// trace names what caused each difference of a year's report that was published
// at a position. It reads the history of every case that changed since, one
// after the other, as of the instant of ctx.
func (s *Service) trace(ctx context.Context, d *domain.Differences, year int, position int64) error {
	var counted []*domain.Revised
	for i := range d.Figures {
		if r := &d.Figures[i]; r.Part != partAttested {
			counted = append(counted, r)
		}
	}
	if len(counted) == 0 {
		return nil
	}
	dir, err := s.directory(ctx)
	if err != nil {
		return err
	}
	tr := newTracer(year, dir, counted)
	if len(tr.figures) > 0 { // else no case can be a cause
		if err := s.store.EachHistory(ctx, position, position, domain.Year(year).To, tr.add); err != nil {
			return err
		}
	}
	d.Cases = tr.end()
	return nil
}

// spot is where a report has a figure.
type spot struct{ code, group, period string }

// sides is a figure in two reports.
type sides struct {
	name          domain.Text
	before, after *domain.RevisedValue
}

// compareFigures lists the figures of a part that differ, and apart from them
// those of an earlier period that they are compared with.
func compareFigures(p *part, before, after *Annual) []domain.Revised {
	found := make(map[spot]*sides)
	var order []spot
	enter := func(at spot, name domain.Text, v domain.RevisedValue, later bool) {
		if found[at] == nil {
			found[at] = &sides{}
			order = append(order, at)
		}
		found[at].name = name
		if later {
			found[at].after = &v
		} else {
			found[at].before = &v
		}
	}
	for i, a := range []*Annual{before, after} {
		for _, f := range p.of(a) {
			if stands(f.Code) {
				continue
			}
			at := spot{f.Code, f.Group, strconv.Itoa(a.Year)}
			enter(at, f.Name, domain.RevisedValue{Numerator: f.Numerator, Denominator: f.Denominator, Value: f.Value.String()}, i == 1)
			if b := f.Before; b != nil {
				at.period = b.Period
				enter(at, f.Name, domain.RevisedValue{Numerator: b.Numerator, Denominator: b.Denominator, Value: b.Value.String()}, i == 1)
			}
		}
	}
	var out []domain.Revised
	for _, at := range order {
		sd := found[at]
		if r, differs := sd.revised(); differs {
			r.Part, r.Code, r.Group, r.Period = p.name, at.code, at.group, at.period
			out = append(out, r)
		}
	}
	return out
}

// stands reports whether a figure is of what stands now.
func stands(code string) bool {
	ind := domain.IndicatorByCode(code)
	return ind != nil && len(ind.OrgKinds) == 0 && domain.MeasureByCode(ind.Measures()[0]).Stock
}

// revised is the difference of two sides. A group that one report has and the
// other has not, since nothing in it counts, differs only when it is not of
// nothing.
func (sd *sides) revised() (r domain.Revised, differs bool) {
	r = domain.Revised{Name: sd.name, Causes: []domain.Cause{}}
	if sd.before != nil {
		r.Before = *sd.before
	}
	if sd.after != nil {
		r.After = *sd.after
	}
	if !sameNumber(r.Before.Numerator, r.After.Numerator) || !sameNumber(r.Before.Denominator, r.After.Denominator) {
		return r, true
	}
	return r, sd.before != nil && sd.after != nil && sd.before.Value != sd.after.Value
}

// sameNumber takes nothing for none.
func sameNumber(a, b *int64) bool { return number(a) == number(b) }

func number(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// compareAttested lists the items of which another statement holds, or none any
// more: an item may leave the catalogue with a new version of the program.
func compareAttested(before, after *Annual) []domain.Revised {
	was := make(map[string]*Stated, len(before.Attested))
	for i := range before.Attested {
		was[before.Attested[i].Code] = &before.Attested[i]
	}
	var out []domain.Revised
	for i := range after.Attested {
		now := &after.Attested[i]
		old := was[now.Code]
		delete(was, now.Code)
		if old != nil && old.Same(&now.Attested) {
			continue
		}
		r := domain.Revised{
			Part: partAttested, Code: now.Code, Name: now.Item.Name, Period: strconv.Itoa(after.Year),
			After:  domain.RevisedValue{Value: now.printed()},
			Causes: []domain.Cause{{Kind: domain.CauseAttested, Statement: &now.Attested}},
		}
		if old != nil {
			r.Before.Value = old.printed()
		}
		out = append(out, r)
	}
	for i := range before.Attested {
		if old := &before.Attested[i]; was[old.Code] != nil {
			out = append(out, domain.Revised{
				Part: partAttested, Code: old.Code, Name: old.Item.Name, Period: strconv.Itoa(before.Year),
				Before: domain.RevisedValue{Value: old.printed()}, Causes: []domain.Cause{{Kind: domain.CauseDefinition}},
			})
		}
	}
	return out
}

// printed is a stated value, with a plus for more than it.
func (st *Stated) printed() string {
	v := st.Value
	if st.Item.Percent {
		v += "%"
	}
	if st.Over {
		v += "+"
	}
	return v
}
