package report

import (
	"context"
	"strconv"

	"sudi/domain"
)

// lists opens every measure of the year and adds up the cases behind it.
func (v *verifier) lists(ctx context.Context) error {
	c, err := v.county(ctx)
	if err != nil {
		return err
	}
	span, root := domain.Year(v.Year), c.dir.Root()
	for i := range domain.Measures {
		m := &domain.Measures[i]
		counts, err := v.store.Count(ctx, domain.CountQuery{Measures: []string{m.Code}, Span: span, Org: root})
		if err != nil {
			return err
		}
		want := counts[0][""][m.Code].N
		listed, foreign, err := v.list(ctx, m, m.Bounds(span), root)
		if err != nil {
			return err
		}
		where := m.Code + " " + strconv.Itoa(v.Year)
		if foreign > 0 {
			v.differs(CheckListed, where, "0", strconv.FormatInt(foreign, 10))
		}
		if listed != want {
			v.differs(CheckList, where, strconv.FormatInt(want, 10), strconv.FormatInt(listed, 10))
		}
		v.Lists++
		v.progress(StageLists, v.Lists)
	}
	return nil
}

// list reads the list behind a measure to its end and adds up what its cases
// add; foreign are the lines that the measure does not count, or that came
// before.
func (v *verifier) list(ctx context.Context, m *domain.Measure, span domain.Span, org string) (listed, foreign int64, err error) {
	seen := make(map[string]bool)
	q := domain.CaseQuery{Scope: domain.AllCases, Measure: m.Code, Span: span, Within: org}
	err = v.store.EachListed(ctx, q, func(c *domain.Case) error {
		day, ok := m.Counts(c)
		if !ok || seen[c.ID] || day.Before(span.From) || day.After(span.To) {
			foreign++
			return nil
		}
		seen[c.ID] = true
		listed += m.Amount(c)
		return nil
	})
	return listed, foreign, err
}
