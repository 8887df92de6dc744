package report

import (
	"context"

	"sudi/domain"
)

// The stocks that ages are read off.
const (
	OpenCases    = "cases.open"
	OverdueCases = "cases.overdue"
)

// Backlog is what stands open now of what was received by the period's end: by
// its age on this day or at that end, whichever comes first; and what stood open
// on the days of the period, as it was written down then.
type Backlog struct {
	Org  string
	Ages []Age
	Days []domain.BacklogDay
}

// Backlog tells what stands open of a query's organisation and period.
func (s *Service) Backlog(ctx context.Context, q Query) (Backlog, error) {
	span, err := q.span()
	if err != nil {
		return Backlog{}, err
	}
	c, err := s.county(ctx)
	if err != nil {
		return Backlog{}, err
	}
	org, err := q.org(c.dir)
	if err != nil {
		return Backlog{}, err
	}
	tables, err := s.tables(ctx, c, Without(q.Scope, false, c.dir.Root()), []view{{domain.ByNothing, span, org}})
	if err != nil {
		return Backlog{}, err
	}
	days, err := s.store.BacklogDays(ctx, org, span)
	return Backlog{org, tables[0].ages(), days}, err
}

// ages are the classes of age, in days.
var ages = []Age{
	{From: 0, To: 15}, {From: 16, To: 30}, {From: 31, To: 60}, {From: 61, To: 90}, {From: 91, To: 180}, {From: 181, To: 365},
	{From: 366, To: 1826}, {From: 1827},
}

// ages puts the cases that are open now into classes, as old as they were on the
// day. Only cases received by then count; one that was open then and is not now
// does not.
func (t *table) ages() []Age {
	day := domain.DateIn(t.asOf)
	if t.span.To.Before(day) {
		day = t.span.To
	}
	classes := append([]Age{}, ages...)
	for i := range classes {
		c := &classes[i]
		c.Received.To = day.AddDays(-c.From)
		if c.To > 0 {
			c.Received.From = day.AddDays(-c.To)
		}
		for _, stock := range []struct {
			measure string
			n       *int64
		}{{OpenCases, &c.Open}, {OverdueCases, &c.Overdue}} {
			for _, s := range t.counts[""][stock.measure].Steps {
				if r := domain.DayOf(s.At); !r.After(c.Received.To) && !r.Before(c.Received.From) {
					*stock.n += s.N
				}
			}
		}
	}
	return classes
}
