package report

import (
	"context"
	"time"

	"sudi/domain"
)

// SourceComputed marks a figure counted from cases, as opposed to one that a
// department has stated.
const SourceComputed = "computed"

// Figure is the value of an indicator, over all or for one group.
//
// Grouped figures come group by group. By category and by procedure there are
// only the figures that such a group can have: none of organisations, and in a
// procedure only those that count its cases.
type Figure struct {
	Code        string               `json:"code"`
	Name        domain.Text          `json:"name"`
	Period      string               `json:"period"`               // "2020", "2020-Q2", "2020-05"
	Org         string               `json:"org"`                  // the organisation counted, with all below it
	By          string               `json:"by,omitempty"`         // what the groups are
	Group       string               `json:"group,omitempty"`      // "2006-01", or a code; "" for cases without one
	GroupName   string               `json:"group_name,omitempty"` // where the county has a name for it
	Numerator   *int64               `json:"numerator"`            // null of a mean or percentile
	Denominator *int64               `json:"denominator"`          // of a rate, a mean or a percentile
	Value       Value                `json:"value"`
	Unit        domain.IndicatorUnit `json:"unit"`
	Source      string               `json:"source"`
	AsOf        time.Time            `json:"as_of"`
	NotBefore   *domain.Date         `json:"not_before,omitempty"` // the day from which there is a value
	Before      *Prior               `json:"before,omitempty"`     // the same figure of the period compared with
	Change      *Value               `json:"change,omitempty"`     // of a count in percent, of anything else in its own unit; absent when unknown
	Rank        int                  `json:"rank,omitempty"`       // among townships or organisations, the best first; 0 = not ranked
	Small       bool                 `json:"small,omitempty"`      // of too few cases to rank
}

// Prior is a figure's value in an earlier period.
type Prior struct {
	Period      string `json:"period"`
	Numerator   *int64 `json:"numerator"`
	Denominator *int64 `json:"denominator"`
	Value       Value  `json:"value"`
}

// Figures answers a query, in the order of domain.Indicators within each group.
func (s *Service) Figures(ctx context.Context, q Query) ([]Figure, error) {
	span, err := q.span()
	if err != nil {
		return nil, err
	}
	c, err := s.county(ctx)
	if err != nil {
		return nil, err
	}
	org, err := q.org(c.dir)
	if err != nil {
		return nil, err
	}
	views := []view{{q.By, span, org}}
	if q.Compare != CompareNothing {
		views = append(views, view{q.By, back(span, q.Compare.months(span)), org})
	}
	whole := q.By == domain.ByNothing && Whole(span, org, c.dir.Root())
	tables, err := s.tables(ctx, c, Without(q.Scope, whole, c.dir.Root()), views)
	if err != nil {
		return nil, err
	}
	fs := tables[0].figures()
	if q.Compare != CompareNothing {
		beside(fs, tables[1].figures(), q.Compare.months(span))
	}
	return fs, nil
}

// Org is the organisation that a reader's figures are of.
func (s *Service) Org(ctx context.Context, asked string, scope domain.Scope) (string, error) {
	dir, err := s.directory(ctx)
	if err != nil {
		return "", err
	}
	return (&Query{Org: asked, Scope: scope}).org(dir)
}

// beside sets each figure next to its earlier one, which is months back.
func beside(fs, earlier []Figure, months int) {
	type key struct{ code, group string }
	before := make(map[key]*Figure, len(earlier))
	for i := range earlier {
		before[key{earlier[i].Code, earlier[i].Group}] = &earlier[i]
	}
	for i := range fs {
		f := &fs[i]
		group := f.Group
		if f.By == domain.ByMonth {
			if span, ok := ParsePeriod(group); ok {
				group = domain.MonthKey(back(span, months).From)
			}
		}
		if b := before[key{f.Code, group}]; b != nil {
			period := b.Period
			if f.By == domain.ByMonth {
				period = group
			}
			f.Before = &Prior{period, b.Numerator, b.Denominator, b.Value}
			if change := f.Value.change(b.Value, f.Unit); change.known {
				f.Change = &change
			}
		}
	}
}

// county is what figures are grouped by.
type county struct {
	dir        *domain.Directory
	orgs       []domain.Organization
	categories []domain.Category
}

func (s *Service) county(ctx context.Context) (*county, error) {
	orgs, err := s.store.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	categories, err := s.store.Categories(ctx)
	if err != nil {
		return nil, err
	}
	return &county{domain.NewDirectory(orgs, nil), orgs, categories}, nil
}

// view is one way to look at the figures.
type view struct {
	by   string
	span domain.Span
	org  string
}

// tables reads several views as of one instant, without what complains of an
// organisation when one is given.
func (s *Service) tables(ctx context.Context, c *county, without string, views []view) ([]table, error) {
	qs := make([]domain.CountQuery, len(views))
	for i, v := range views {
		qs[i] = domain.CountQuery{Measures: indicatorMeasures, Span: v.span, Org: v.org, By: v.by, Without: without}
	}
	asOf := s.now()
	counts, err := s.store.Count(ctx, qs...)
	if err != nil {
		return nil, err
	}
	tables := make([]table, len(views))
	for i, v := range views {
		tables[i] = table{view: v, county: c, period: PeriodKey(v.span), asOf: asOf, counts: counts[i]}
		tables[i].group()
	}
	return tables, nil
}

// indicatorMeasures are the measures that the indicators need.
var indicatorMeasures = func() []string {
	var codes []string
	seen := map[string]bool{"": true}
	for i := range domain.Indicators {
		for _, code := range []string{domain.Indicators[i].Numerator, domain.Indicators[i].Denominator} {
			if !seen[code] {
				codes, seen[code] = append(codes, code), true
			}
		}
	}
	return codes
}()
