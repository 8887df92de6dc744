package report

import (
	"sudi/domain"
)

// book is the recount in Go: every case's facts, entered as it streams by. It
// keeps cells by month, and days without their other marks, so that its size
// does not follow the number of cases.
type book struct {
	months map[domain.Date]map[domain.Cell]int64 // by first of month; Cell.Day is the same
	days   map[domain.Date]map[string]int64      // measure → count
}

func newBook() *book {
	return &book{make(map[domain.Date]map[domain.Cell]int64), make(map[domain.Date]map[string]int64)}
}

func (b *book) add(c *domain.Case) {
	for _, cell := range domain.Facts(c) {
		if b.days[cell.Day] == nil {
			b.days[cell.Day] = make(map[string]int64)
		}
		b.days[cell.Day][cell.Measure]++
		cell.Day = firstOf(cell.Day)
		if b.months[cell.Day] == nil {
			b.months[cell.Day] = make(map[domain.Cell]int64)
		}
		b.months[cell.Day][cell]++
	}
}

func firstOf(d domain.Date) domain.Date { return domain.NewDate(d.Year, d.Month, 1) }

// count answers the questions that a verification asks: of one day, of one
// month, or of all time.
func (b *book) count(q *domain.CountQuery) domain.Counts {
	switch {
	case q.Span == domain.Span{}:
		counts := domain.Counts{}
		for _, cells := range b.months {
			enter(counts, cells, q)
		}
		return counts
	case q.Span.From == q.Span.To:
		return domain.Counts{"": b.days[q.Span.From]}
	default:
		counts := domain.Counts{}
		enter(counts, b.months[q.Span.From], q)
		return counts
	}
}

func enter(counts domain.Counts, cells map[domain.Cell]int64, q *domain.CountQuery) {
	for cell, n := range cells {
		if q.Township != "" && q.Township != cell.Township || q.Procedure != "" && q.Procedure != cell.Procedure {
			continue
		}
		key := groupOf(&cell, q.By)
		if counts[key] == nil {
			counts[key] = make(map[string]int64)
		}
		counts[key][cell.Measure] += n
	}
}

func groupOf(cell *domain.Cell, by string) string {
	switch by {
	case ByMonth:
		return monthKey(cell.Day)
	case ByTownship:
		return cell.Township
	case ByCategory:
		return cell.Category
	case ByProcedure:
		return cell.Procedure
	case byUnit:
		return cell.Unit
	default:
		return ""
	}
}
