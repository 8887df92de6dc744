package report

import (
	"context"
	"strconv"

	"sudi/domain"
)

// lists opens every measure of the year and counts the cases behind it.
func (v *verifier) lists(ctx context.Context) error {
	span := domain.Year(v.Year)
	for i := range domain.Measures {
		m := &domain.Measures[i]
		before, err := v.total(ctx, m.Code, span)
		if err != nil {
			return err
		}
		counted, foreign, err := v.list(ctx, m, span)
		if err != nil {
			return err
		}
		after, err := v.total(ctx, m.Code, span)
		if err != nil {
			return err
		}
		where := m.Code + " " + strconv.Itoa(v.Year)
		if foreign > 0 {
			v.differs(CheckListed, where, "0", strconv.FormatInt(foreign, 10))
		}
		switch {
		case before != after:
			v.Moving++
			continue
		case counted != after:
			v.differs(CheckList, where, strconv.FormatInt(after, 10), strconv.FormatInt(counted, 10))
		}
		v.Lists++
		v.progress(StageLists, v.Lists)
	}
	return nil
}

func (v *verifier) total(ctx context.Context, measure string, span domain.Span) (int64, error) {
	counts, err := v.store.Count(ctx, domain.CountQuery{Measures: []string{measure}, Span: span})
	return counts[""][measure], err
}

// list reads the list behind a measure to its end; foreign are the lines that
// the measure does not count, or that came before.
func (v *verifier) list(ctx context.Context, m *domain.Measure, span domain.Span) (counted, foreign int64, err error) {
	seen := make(map[string]bool)
	q := domain.CaseQuery{Scope: domain.AllCases, Measure: m.Code, Span: span, Limit: drillPage}
	for {
		page, err := v.store.List(ctx, q)
		if err != nil {
			return 0, 0, err
		}
		for i := range page.Items {
			c := &page.Items[i].Case
			day, ok := m.Counts(c)
			if !ok || seen[c.ID] || day.Before(span.From) || day.After(span.To) {
				foreign++
				continue
			}
			seen[c.ID] = true
			counted++
		}
		if page.Next == "" {
			return counted, foreign, nil
		}
		q.Cursor = page.Next
	}
}

// organizations counts the organisations of the tree at the year's end.
func (v *verifier) organizations(ctx context.Context) error {
	orgs, err := v.store.Organizations(ctx)
	if err != nil {
		return err
	}
	dir, day := domain.NewDirectory(orgs, nil), domain.Year(v.Year).To
	for i := range domain.Indicators {
		ind := &domain.Indicators[i]
		if len(ind.OrgKinds) == 0 {
			continue
		}
		var want int64
		for _, kind := range ind.OrgKinds {
			for _, o := range dir.OfKind(kind) {
				if o.Active(day) {
					want++
				}
			}
		}
		got, err := v.store.ActiveOrganizations(ctx, ind.OrgKinds, day, "")
		if err != nil {
			return err
		}
		v.Counts++
		if got != want {
			v.differs(CheckOrganizations, ind.Code+" "+day.String(), strconv.FormatInt(want, 10), strconv.FormatInt(got, 10))
		}
	}
	return nil
}
