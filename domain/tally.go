package domain

import (
	"fmt"
	"iter"
	"strings"
)

// Cell is where a case counts: a measure, a day, and the marks that figures
// are grouped by.
type Cell struct {
	Measure   string `json:"measure"`
	Day       Date   `json:"day"`
	Owner     string `json:"owner"`    // organisation responsible
	Township  string `json:"township"` // of the place, "" when unknown
	Procedure string `json:"procedure"`
	Category  string `json:"category"` // first level
	Step      int    `json:"step"`     // what the measure is spread over, 0 when it is not
}

// Tally is what a case, or a change of one, adds to a cell.
type Tally struct {
	Cell
	N int64 `json:"n"`
}

// Facts are the cells in which a case counts, each once, with what it adds.
func Facts(c *Case) []Tally {
	if c == nil {
		return nil
	}
	var facts []Tally
	for i := range Measures {
		m := &Measures[i]
		day, ok := m.Counts(c)
		if !ok {
			continue
		}
		if n := m.Amount(c); n != 0 {
			facts = append(facts, Tally{Cell{
				Measure: m.Code, Day: day, Owner: c.Owner, Township: c.Township,
				Procedure: c.Procedure, Category: CategoryLevel1(c.Category), Step: m.Step(c),
			}, n})
		}
	}
	return facts
}

// Tallies is what a change of a case adds to the roll-up: facts after less
// facts before. It does not depend on how the change came about.
func Tallies(before, after *Case) []Tally {
	net := make(map[Cell]int64)
	for _, f := range Facts(after) {
		net[f.Cell] += f.N
	}
	for _, f := range Facts(before) {
		net[f.Cell] -= f.N
	}
	ts := make([]Tally, 0, len(net))
	for cell, n := range net {
		if n != 0 {
			ts = append(ts, Tally{cell, n})
		}
	}
	return ts
}

// The ways in which a figure is split into groups.
const (
	ByNothing      = ""
	ByMonth        = "month"        // "2020-05"
	ByTownship     = "township"     // of the place, whoever is responsible
	ByCategory     = "category"     // first level
	ByProcedure    = "procedure"    // by name
	ByOrganization = "organization" // those next below the organisation asked about, and itself
)

// Total is where a count is kept ready to be read: that of one measure, over
// one period and all organisations at or below one, in one group.
type Total struct {
	Measure string `json:"measure"`
	Period  string `json:"period"` // "2020" or "2020-05"; "" of a stock, which has none
	Org     string `json:"org"`
	By      string `json:"by"` // never ByMonth: months are periods
	Group   string `json:"group"`
	Step    int    `json:"step"`
}

// String names a total for people who look for a difference.
func (t Total) String() string {
	parts := []string{t.Measure}
	if t.Period != "" {
		parts = append(parts, t.Period)
	}
	parts = append(parts, "org="+t.Org)
	if t.By != ByNothing {
		parts = append(parts, t.By+"="+t.Group)
	}
	if t.Step != 0 {
		parts = append(parts, fmt.Sprintf("step=%d", t.Step))
	}
	return strings.Join(parts, " ")
}

// Totals are all those that a cell is part of: for its year and its month, for
// each organisation from the root down to its owner, whole and in each
// grouping. path is the owner's (Organization.Path). A measure that is not
// declared has none.
func (c *Cell) Totals(path string) iter.Seq[Total] {
	return func(yield func(Total) bool) {
		m := MeasureByCode(c.Measure)
		if m == nil {
			return
		}
		periods := []string{YearKey(c.Day), MonthKey(c.Day)}
		if m.Stock {
			periods = []string{""}
		}
		orgs := strings.Split(strings.Trim(path, "/"), "/")
		for i, org := range orgs {
			groups := [][2]string{
				{ByNothing, ""}, {ByTownship, c.Township}, {ByCategory, c.Category}, {ByProcedure, c.Procedure},
				{ByOrganization, orgs[min(i+1, len(orgs)-1)]},
			}
			for _, period := range periods {
				for _, g := range groups {
					if !yield(Total{c.Measure, period, org, g[0], g[1], m.StepIn(g[0], c.Step)}) {
						return
					}
				}
			}
		}
	}
}

// YearKey is a day's year as a period: "2020".
func YearKey(d Date) string { return fmt.Sprintf("%04d", d.Year) }

// MonthKey is a day's month as a period: "2020-05".
func MonthKey(d Date) string { return fmt.Sprintf("%04d-%02d", d.Year, int(d.Month)) }

// CategoryLevel1 is the first level of a category code: its first two digits.
func CategoryLevel1(code string) string {
	if len(code) < 2 {
		return ""
	}
	return code[:2]
}
