package paper

import (
	"slices"
	"strings"
	"time"

	"sudi/domain"
	"sudi/report"
)

// open is how many cases are open.
func (s *speaker) open() int64 {
	var n int64
	for _, age := range s.annual.Backlog {
		n += age.Open
	}
	return n
}

// openOver is how many cases have been open for at least some days.
func (s *speaker) openOver(days int) int64 {
	var n int64
	for _, age := range s.annual.Backlog {
		if age.From >= days {
			n += age.Open
		}
	}
	return n
}

// overdue is how many open cases are past their time limit.
func (s *speaker) overdue() int64 {
	var n int64
	for _, age := range s.annual.Backlog {
		n += age.Overdue
	}
	return n
}

// backlogDay is the day on which the backlog was counted: the year's last, or
// the report's own before it.
func (s *speaker) backlogDay() string {
	day, last := domain.DateIn(s.annual.AsOf), domain.NewDate(s.annual.Year, time.December, 31)
	if last.Before(day) {
		day = last
	}
	return s.labels.day(day)
}

// last names the townships whose rate is ranked last, "" where fewer than
// three are ranked: nobody is last of two.
func (s *speaker) last(code string) string {
	var names []string
	worst, ranked := 0, 0
	for i := range s.annual.ByTownship {
		f := &s.annual.ByTownship[i]
		if f.Code != code || f.Rank == 0 || f.GroupName == "" {
			continue
		}
		ranked++
		switch {
		case f.Rank > worst:
			worst, names = f.Rank, []string{f.GroupName}
		case f.Rank == worst:
			names = append(names, f.GroupName)
		}
	}
	if ranked < 3 || worst < 2 {
		return ""
	}
	return strings.Join(names, s.labels.Comma)
}

// smalls reports whether some township had too few cases to be ranked.
func (s *speaker) smalls() bool {
	return slices.ContainsFunc(s.annual.ByTownship, func(f report.Figure) bool { return f.Small })
}
