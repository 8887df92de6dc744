package domain

// Cell is where a count is kept in the roll-up.
type Cell struct {
	Measure   string `json:"measure" gorm:"primaryKey"`
	Day       Date   `json:"day" gorm:"primaryKey"`
	Unit      string `json:"unit" gorm:"primaryKey"`     // township or county body responsible
	Township  string `json:"township" gorm:"primaryKey"` // of the place, "" when unknown
	Procedure string `json:"procedure" gorm:"primaryKey"`
	Category  string `json:"category" gorm:"primaryKey"` // first level
}

// Tally is what a change adds to a cell.
type Tally struct {
	Cell
	N int64 `json:"n"`
}

// Facts are the cells in which a case counts, each once.
func Facts(c *Case) []Cell {
	if c == nil {
		return nil
	}
	var cells []Cell
	for i := range Measures {
		m := &Measures[i]
		if day, ok := m.Counts(c); ok {
			cells = append(cells, Cell{
				Measure: m.Code, Day: day, Unit: c.Unit, Township: c.Township,
				Procedure: c.Procedure, Category: CategoryLevel1(c.Category),
			})
		}
	}
	return cells
}

// Tallies is what a change of a case adds to the roll-up: facts after less
// facts before. It does not depend on how the change came about.
func Tallies(before, after *Case) []Tally {
	net := make(map[Cell]int64)
	for _, f := range Facts(after) {
		net[f]++
	}
	for _, f := range Facts(before) {
		net[f]--
	}
	ts := make([]Tally, 0, len(net))
	for cell, n := range net {
		if n != 0 {
			ts = append(ts, Tally{cell, n})
		}
	}
	return ts
}

// CategoryLevel1 is the first level of a category code: its first two digits.
func CategoryLevel1(code string) string {
	if len(code) < 2 {
		return ""
	}
	return code[:2]
}
