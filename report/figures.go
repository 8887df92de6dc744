package report

import (
	"context"
	"slices"
	"strconv"
	"time"

	"sudi/domain"
)

// The years that figures can be asked for.
const (
	firstYear = 1949
	lastYear  = 2100
)

// Ways to group figures.
const (
	ByMonth     = "month"
	ByTownship  = "township"
	ByCategory  = "category"
	ByProcedure = "procedure"
)

// SourceComputed marks a figure counted from cases, as opposed to one that a
// department has stated.
const SourceComputed = "computed"

// Query asks for figures.
//
// Figures are kept by unit, that is by township or county body. Org may name
// any organisation: the root means every unit, and a body inside a unit (a
// village, a committee, an office) means that unit, which Figure.Org then
// names. A reader whose Scope is less than the county sees his own unit only.
type Query struct {
	Year  int
	Span  domain.Span // overrides Year; both ends are given
	Org   string
	By    string // "" or one of ByMonth … ByProcedure
	Scope domain.Scope
}

// Figure is the value of an indicator, over all or for one group.
//
// Grouped figures come group by group. By category and by procedure there are
// only the figures that such a group can have: none of organisations, and in a
// procedure only those that count its cases.
type Figure struct {
	Code        string               `json:"code"`
	Name        domain.Text          `json:"name"`
	Group       string               `json:"group,omitempty"`      // "2006-01", or a code; "" for cases without one
	GroupName   string               `json:"group_name,omitempty"` // where the county has a name for it
	Org         string               `json:"org,omitempty"`        // the unit counted; "" for all
	Numerator   *int64               `json:"numerator"`
	Denominator *int64               `json:"denominator"` // of a rate
	Value       Value                `json:"value"`
	Unit        domain.IndicatorUnit `json:"unit"`
	Source      string               `json:"source"`
	AsOf        time.Time            `json:"as_of"`
	Before      *Prior               `json:"before,omitempty"` // the same figure of the period compared with
	Change      *Value               `json:"change,omitempty"` // of a count in percent, of a rate in percentage points
	Rank        int                  `json:"rank,omitempty"`   // of a rate among townships or organisations, the best first; 0 = not ranked
	Small       bool                 `json:"small,omitempty"`  // too few cases to rank
}

// Prior is a figure's value in an earlier period.
type Prior struct {
	Period      string `json:"period"` // "2019", "2020-05"
	Numerator   *int64 `json:"numerator"`
	Denominator *int64 `json:"denominator"`
	Value       Value  `json:"value"`
}

// Value is a count or, in tenths, a percentage. The zero Value is unknown: a
// rate of nothing.
type Value struct {
	known   bool
	percent bool
	n       int64
}

// Count is the value of a count.
func Count(n int64) Value { return Value{known: true, n: n} }

// Rate is the value n ÷ d, unknown when d is 0.
func Rate(n, d int64) Value {
	tenths, ok := domain.Percent(n, d)
	return Value{known: ok, percent: ok, n: tenths}
}

// String is "62417", "99.0", or "—" when unknown.
func (v Value) String() string {
	switch {
	case !v.known:
		return "—"
	case v.percent:
		return domain.FormatTenths(v.n)
	default:
		return strconv.FormatInt(v.n, 10)
	}
}

// MarshalJSON writes 62417, 99.0, or null when unknown.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.known {
		return []byte("null"), nil
	}
	return []byte(v.String()), nil
}

// Figures answers a query, in the order of domain.Indicators within each group.
func (s *Service) Figures(ctx context.Context, q Query) ([]Figure, error) {
	span, err := q.span()
	if err != nil {
		return nil, err
	}
	orgs, err := s.store.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	dir := domain.NewDirectory(orgs, nil)
	unit, err := q.unit(dir)
	if err != nil {
		return nil, err
	}
	t := table{by: q.By, span: span, unit: unit, dir: dir, asOf: s.now()}
	t.counts, err = s.store.Count(ctx, domain.CountQuery{
		Measures: indicatorMeasures(), Span: span, Unit: unit, By: q.By,
	})
	if err != nil {
		return nil, err
	}
	if err := s.group(ctx, &t); err != nil {
		return nil, err
	}
	return t.figures(), nil
}

// span checks the query and gives its days.
func (q *Query) span() (domain.Span, error) {
	span, field, given := q.Span, "span", q.Span != domain.Span{}
	if !given {
		span, field = domain.Year(q.Year), "year"
	}
	for _, d := range []domain.Date{span.From, span.To} {
		if d.Year < firstYear || d.Year > lastYear {
			return span, domain.Invalid(domain.FieldError{Field: field, Code: "year_out_of_range", Args: []any{firstYear, lastYear}})
		}
	}
	if span.To.Before(span.From) {
		return span, domain.Invalid(domain.FieldError{Field: field, Code: "ends_before_start"})
	}
	if !slices.Contains([]string{"", ByMonth, ByTownship, ByCategory, ByProcedure}, q.By) {
		return span, domain.Invalid(domain.FieldError{Field: "by", Code: "grouping_unknown", Args: []any{q.By}})
	}
	return span, nil
}

// unit is the unit to count, "" for all, or an error when the reader may not
// see it.
func (q *Query) unit(dir *domain.Directory) (string, error) {
	own, known := unitOf(dir, q.Scope.Org)
	if q.Scope.All || q.Scope.Watch {
		own, known = "", true
	}
	if !known {
		return "", domain.Errorf(domain.KindForbidden, "figures_not_yours")
	}
	if q.Org == "" {
		return own, nil
	}
	asked, known := unitOf(dir, q.Org)
	if !known {
		return "", domain.Invalid(domain.FieldError{Field: "org", Code: "organization_unknown", Args: []any{q.Org}})
	}
	if own != "" && asked != own {
		return "", domain.Errorf(domain.KindForbidden, "figures_not_yours")
	}
	return asked, nil
}

// unitOf is the unit of an organisation, "" for the root.
func unitOf(dir *domain.Directory, org string) (unit string, known bool) {
	if dir.Get(org) == nil {
		return "", false
	}
	if unit = dir.Unit(org); unit == dir.Root() {
		unit = ""
	}
	return unit, true
}

// indicatorMeasures are the measures that the indicators need.
func indicatorMeasures() []string {
	var codes []string
	for i := range domain.Indicators {
		ind := &domain.Indicators[i]
		for _, code := range []string{ind.Numerator, ind.Denominator} {
			if code != "" && !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}
