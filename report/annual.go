package report

import (
	"context"
	"time"

	"sudi/domain"
)

// Annual is the county's report of a year. Figures are over the whole county;
// the breakdowns hold the same figures group by group.
type Annual struct {
	Year           int        `json:"year"`
	County         string     `json:"county"` // its name
	AsOf           time.Time  `json:"as_of"`
	Figures        []Figure   `json:"figures"` // computed, with last year's beside them
	ByMonth        []Figure   `json:"by_month,omitempty"`
	ByTownship     []Figure   `json:"by_township,omitempty"`
	ByCategory     []Figure   `json:"by_category,omitempty"`
	ByProcedure    []Figure   `json:"by_procedure,omitempty"`
	ByOrganization []Figure   `json:"by_organization,omitempty"`
	Backlog        []Age      `json:"backlog,omitempty"`  // open cases by age
	Attested       []Stated   `json:"attested,omitempty"` // what departments stated
	Missing        []Missing  `json:"missing,omitempty"`  // what no department has stated yet
	Published      *Published `json:"published,omitempty"`
}

// Age is how many cases of an age are open, and how many of those are overdue.
type Age struct {
	From    int   `json:"from_days"`
	To      int   `json:"to_days,omitempty"` // inclusive; 0 = no end
	Open    int64 `json:"open"`
	Overdue int64 `json:"overdue"`

	Received domain.Span `json:"-"` // the days on which cases of this age were received
}

// Stated is an attested figure with the words that it is printed in.
type Stated struct {
	Item domain.AttestedItem `json:"item"`
	domain.Attested
	DepartmentName string `json:"department_name"`
}

// Missing is an item of the annual report that nobody has stated for the year.
type Missing struct {
	Item           domain.AttestedItem `json:"item"`
	DepartmentName string              `json:"department_name"` // "" when the county has no such department
}

// Published says when and by whom the figures were frozen, and under which
// hash.
type Published struct {
	Revision int       `json:"revision"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`       // name
	Position int64     `json:"position"` // of the last history entry that it counts
	Hash     string    `json:"hash"`     // "sha256:…" of the figures in canonical form
}

// Annual makes the report of a year, over the whole county and as of one
// instant. Until it is frozen it follows the cases: a closure rate is as of AsOf,
// not as of the year's end.
func (s *Service) Annual(ctx context.Context, year int) (Annual, error) {
	span, err := (&Query{Year: year}).span()
	if err != nil {
		return Annual{}, err
	}
	c, err := s.county(ctx)
	if err != nil {
		return Annual{}, err
	}
	root := c.dir.Root()
	views := []view{
		{domain.ByNothing, span, root}, {domain.ByMonth, span, root}, {domain.ByTownship, span, root},
		{domain.ByCategory, span, root}, {domain.ByProcedure, span, root}, {domain.ByOrganization, span, root},
	}
	compared := CompareYear.reaches(span) // the first year stands alone
	if compared {
		views = append(views, view{domain.ByNothing, back(span, CompareYear.months(span)), root})
	}
	tables, err := s.tables(ctx, c, "", views)
	if err != nil {
		return Annual{}, err
	}
	a := Annual{
		Year: year, AsOf: tables[0].asOf, Figures: tables[0].figures(),
		ByMonth: tables[1].figures(), ByTownship: tables[2].figures(), ByCategory: tables[3].figures(),
		ByProcedure: tables[4].figures(), ByOrganization: tables[5].figures(), Backlog: tables[0].ages(),
	}
	if o := c.dir.Get(root); o != nil {
		a.County = o.Name
	}
	if compared {
		beside(a.Figures, tables[6].figures(), CompareYear.months(span))
	}
	if err := s.attest(ctx, c.dir, &a); err != nil {
		return Annual{}, err
	}
	return a, nil
}
