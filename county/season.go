package county

import (
	"math/rand/v2"
	"slices"
	"time"

	"sudi/domain"
)

// season weighs the days of a year by how many cases come in on them.
type season struct {
	days   []domain.Date
	upTo   []float64 // running sums
	weight float64
}

// months are the seasons: few cases in the months of the epidemic's start,
// water in summer, heating in winter.
var months = [12]float64{0.85, 0.55, 0.85, 0.95, 1.0, 1.1, 1.2, 1.2, 1.05, 0.95, 1.1, 1.15}

// newSeason weighs the days of some months of a year, first to last.
func newSeason(cal *domain.Calendar, year int, first, last time.Month) *season {
	s := &season{}
	for d := domain.NewDate(year, first, 1); d.Year == year && d.Month <= last; d = d.AddDays(1) {
		w := months[d.Month-1]
		day, err := cal.Day(d)
		switch {
		case err != nil:
		case day.Kind == domain.DayHoliday && day.Name == "春节":
			w *= 0.12
		case day.Kind == domain.DayHoliday:
			w *= 0.35
		case !day.Working:
			w *= 0.5
		}
		s.weight += w
		s.days, s.upTo = append(s.days, d), append(s.upTo, s.weight)
	}
	return s
}

func (s *season) pick(r *rand.Rand) domain.Date {
	x := r.Float64() * s.weight
	i, _ := slices.BinarySearch(s.upTo, x)
	return s.days[min(i, len(s.days)-1)]
}

// hours are the weights of the hours of a day: window hours, with a lull at
// noon, and the hotline around the clock.
var hours = [24]int{1, 1, 1, 1, 1, 2, 4, 10, 40, 60, 55, 35, 15, 25, 45, 50, 40, 25, 14, 12, 10, 8, 5, 2}

// moment is a time of a day.
func moment(r *rand.Rand, day domain.Date) time.Time {
	total := 0
	for _, w := range hours {
		total += w
	}
	x := r.IntN(total)
	hour := 0
	for x >= hours[hour] {
		x -= hours[hour]
		hour++
	}
	return day.Start().Add(time.Duration(hour*3600+r.IntN(3600)) * time.Second)
}
