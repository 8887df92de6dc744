package workflow

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The second counter: it shares nothing with domain.Calendar, not even its
// table of holidays, so that a mistake must be made twice to go unseen.

// stateCouncil is what the General Office's notices say of each year, typed in
// by hand: days off, and the weekend days worked instead (调休).
var stateCouncil = []struct{ notice, off, worked string }{
	{"国办发明电〔2018〕15号", "2019-01-01, 2019-02-04..02-10, 2019-04-05..04-07, 2019-06-07..06-09, 2019-09-13..09-15, 2019-10-01..10-07",
		"2019-02-02 2019-02-03 2019-09-29 2019-10-12"},
	{"国办发明电〔2019〕3号", "2019-05-01..05-04", "2019-04-28 2019-05-05"},
	{"国办发明电〔2019〕16号", "2020-01-01, 2020-01-24..01-30, 2020-04-04..04-06, 2020-05-01..05-05, 2020-06-25..06-27, 2020-10-01..10-08",
		"2020-01-19 2020-04-26 2020-05-09 2020-06-28 2020-09-27 2020-10-10"},
	// The epidemic: the Spring Festival goes on until 2 February, and so
	// 1 February, which the notice before had made a working day, is none.
	{"国办发明电〔2020〕1号", "2020-01-31..02-02", ""},
	{"国办发明电〔2020〕27号", "2021-01-01..01-03, 2021-02-11..02-17, 2021-04-03..04-05, 2021-05-01..05-05, 2021-06-12..06-14, 2021-09-19..09-21, 2021-10-01..10-07",
		"2021-02-07 2021-02-20 2021-04-25 2021-05-08 2021-09-18 2021-09-26 2021-10-09"},
	{"国办发明电〔2021〕11号", "2022-01-01..01-03, 2022-01-31..02-06, 2022-04-03..04-05, 2022-04-30..05-04, 2022-06-03..06-05, 2022-09-10..09-12, 2022-10-01..10-07",
		"2022-01-29 2022-01-30 2022-04-02 2022-04-24 2022-05-07 2022-10-08 2022-10-09"},
	{"国办发明电〔2022〕16号", "2022-12-31..12-31, 2023-01-01..01-02, 2023-01-21..01-27, 2023-04-05, 2023-04-29..05-03, 2023-06-22..06-24, 2023-09-29..10-06",
		"2023-01-28 2023-01-29 2023-04-23 2023-05-06 2023-06-25 2023-10-07 2023-10-08"},
	{"国办发明电〔2023〕7号", "2024-01-01, 2024-02-10..02-17, 2024-04-04..04-06, 2024-05-01..05-05, 2024-06-10, 2024-09-15..09-17, 2024-10-01..10-07",
		"2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12"},
	{"国办发明电〔2024〕12号", "2025-01-01, 2025-01-28..02-04, 2025-04-04..04-06, 2025-05-01..05-05, 2025-05-31..06-02, 2025-10-01..10-08",
		"2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11"},
	{"国办发明电〔2025〕7号", "2026-01-01..01-03, 2026-02-15..02-23, 2026-04-04..04-06, 2026-05-01..05-05, 2026-06-19..06-21, 2026-09-25..09-27, 2026-10-01..10-07",
		"2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10"},
}

// offAndWorked is stateCouncil day by day; true is worked.
var offAndWorked = func() map[string]bool {
	days := map[string]bool{}
	for _, n := range stateCouncil {
		for _, stretch := range strings.Split(n.off, ", ") {
			first, last, isRange := strings.Cut(stretch, "..")
			if last = first[:5] + last; !isRange {
				last = first
			}
			for d := day(first); !d.After(day(last)); d = d.Add(oneDay) {
				days[d.Format(time.DateOnly)] = false
			}
		}
		for _, d := range strings.Fields(n.worked) {
			days[d] = true
		}
	}
	return days
}()

// firstCounted is the first day of which stateCouncil tells.
const firstCounted = "2019-01-01"

const oneDay = 24 * time.Hour

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func worked(d time.Time) bool {
	if said, ok := offAndWorked[d.Format(time.DateOnly)]; ok {
		return said
	}
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

var (
	countShape = regexp.MustCompile(`^([NWMH])\((\d+)\)( next| none)? from (\d{4}-\d\d-\d\d)( \d\d:\d\d)?((?:; [^;]+)*)$`)
	pauseShape = regexp.MustCompile(`^pause (\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$`)
	moreShape  = regexp.MustCompile(`^extend ([NWMH])\((\d+)\)$`)
)

// countOut walks a count expression day by day to its last day, "2020-12-07";
// hours end at a minute, "2020-12-07 09:30".
func countOut(expression string) (string, error) {
	m := countShape.FindStringSubmatch(expression)
	if len(m) == 0 || m[1] == "H" != (m[5] != "") || m[1] != "H" && m[3] == "" {
		return "", fmt.Errorf("no count: %q", expression)
	}
	if m[4] < firstCounted {
		return "", fmt.Errorf("no holidays are known before %s: %q", firstCounted, expression)
	}
	type leg struct{ unit, n string }
	legs, paused := []leg{{m[1], m[2]}}, map[time.Time]bool{}
	for _, part := range strings.Split(m[6], "; ")[1:] {
		if x := moreShape.FindStringSubmatch(part); x != nil {
			legs = append(legs, leg{x[1], x[2]})
		} else if x := pauseShape.FindStringSubmatch(part); x != nil {
			for d := day(x[1]); d.Before(day(x[2])); d = d.Add(oneDay) {
				paused[d] = true
			}
		} else {
			return "", fmt.Errorf("no pause or extension: %q", part)
		}
	}
	d := day(m[4])
	if m[1] == "H" {
		end, err := time.Parse("2006-01-02 15:04", m[4]+m[5])
		n, _ := strconv.Atoi(m[2])
		end = end.Add(time.Duration(n) * time.Hour)
		if len(legs) == 1 {
			return end.Format("2006-01-02 15:04"), err
		}
		d, legs = day(end.Format(time.DateOnly)), legs[1:] // days are added to that day
	}
	for _, l := range legs {
		n, _ := strconv.Atoi(l.n)
		if l.unit == "M" {
			n = daysOfMonths(d, n)
		}
		for n > 0 {
			if d = d.Add(oneDay); !paused[d] && (l.unit != "W" || worked(d)) {
				n--
			}
		}
	}
	for m[3] == " next" && !worked(d) {
		d = d.Add(oneDay)
	}
	return d.Format(time.DateOnly), nil
}

// daysOfMonths walks to the same day n months on, or to the last day of that
// month when it has none.
func daysOfMonths(from time.Time, n int) int {
	days, d := 0, from
	for months := 0; ; {
		d, days = d.Add(oneDay), days+1
		if d.Day() == 1 {
			months++
		}
		if months == n && (d.Day() == from.Day() || d.Add(oneDay).Day() == 1) {
			return days
		}
	}
}
