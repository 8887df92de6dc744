package report

import (
	"sudi/domain"
)

// The stocks that ages are read off.
const (
	openCases    = "open.cases"
	overdueCases = "open.overdue"
)

// ages are the classes of age, in days.
var ages = []Age{
	{From: 0, To: 15}, {From: 16, To: 30}, {From: 31, To: 60}, {From: 61, To: 90}, {From: 91, To: 180}, {From: 181, To: 365},
	{From: 366, To: 1826}, {From: 1827},
}

// ages tells how old the open cases are, on the day of the figures or at the
// period's end, whichever comes first. Only cases received by then count.
func (t *table) ages() []Age {
	day := domain.DateIn(t.asOf)
	if t.span.To.Before(day) {
		day = t.span.To
	}
	classes := append([]Age{}, ages...)
	enter := func(measure string, to func(*Age) *int64) {
		for step, n := range t.counts[""][measure].Steps {
			age := domain.DayNumber(day) - step
			for i := range classes {
				if c := &classes[i]; age >= c.From && (c.To == 0 || age <= c.To) {
					*to(c) += n
				}
			}
		}
	}
	enter(openCases, func(a *Age) *int64 { return &a.Open })
	enter(overdueCases, func(a *Age) *int64 { return &a.Overdue })
	return classes
}
