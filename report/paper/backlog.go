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

// past reports whether the year was over when it was counted: what is open of it
// is then what is left today of what it had received, and not what stood open at
// its end.
func (s *speaker) past() bool {
	return domain.NewDate(s.annual.Year, time.December, 31).Before(domain.DateIn(s.annual.AsOf))
}

// whilePast is a key of the labels, or the one that is for a past year.
func (s *speaker) whilePast(key string) string {
	if s.past() {
		return key + "_past"
	}
	return key
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
