package paper

import (
	"fmt"
	"slices"
	"strconv"

	"sudi/domain"
	"sudi/report"
)

// tables are the tables that the words may ask for.
var tables = map[string]func(*speaker) Table{
	"figures":       (*speaker).figuresTable,
	"months":        func(s *speaker) Table { return s.groupTable("month", s.annual.ByMonth, false) },
	"league":        (*speaker).leagueTable,
	"categories":    func(s *speaker) Table { return s.groupTable("category", s.annual.ByCategory, false) },
	"procedures":    (*speaker).proceduresTable,
	"organizations": func(s *speaker) Table { return s.groupTable("organization", s.annual.ByOrganization, true) },
	"backlog":       (*speaker).backlogTable,
	"attested":      (*speaker).attestedTable,
	"missing":       (*speaker).missingTable,
}

// grouped are the indicators that a breakdown has a column for.
var grouped = []string{
	"appeals.received", "appeals.closure_rate", "appeals.satisfaction_rate",
	"petitions.received", "mediation.succeeded", "mediation.success_rate",
}

func (s *speaker) column(key string, align Align, weight int) Column {
	return Column{s.labels.Columns[key], align, weight}
}

// withUnit is a figure's value with its unit: "62417件".
func (s *speaker) withUnit(f *report.Figure) string {
	if f.Unit == domain.UnitFen && f.Numerator != nil {
		return money(*f.Numerator, s.lang)
	}
	text := printed(f)
	if f.NotBefore != nil && !f.Value.Known() {
		return text + fmt.Sprintf(s.labels.FromDay, s.labels.day(*f.NotBefore))
	}
	if unit := s.labels.UnitOf[f.Unit]; text != unknown && f.Unit != domain.UnitPercent && unit != "" {
		if s.lang == "en" {
			unit = " " + unit
		}
		text += unit
	}
	return text
}

func (s *speaker) figuresTable() Table {
	t := Table{Columns: []Column{
		s.column("number", Center, 10), s.column("figure", Left, 24), s.column("value", Right, 22), s.column("fraction", Right, 22),
		s.column("before", Right, 15), s.column("change", Right, 18), s.column("definition_source", Left, 56),
	}}
	compared := false
	for i := range s.annual.Figures {
		f := &s.annual.Figures[i]
		before, change, definition := "", "", ""
		if f.Before != nil {
			compared = true
			before = printed(&report.Figure{Value: f.Before.Value, Unit: f.Unit})
		}
		if f.Change != nil {
			change = signed(f.Change) + suffixOf(f.Unit)
		}
		if ind := domain.IndicatorByCode(f.Code); ind != nil {
			definition = ind.Definition.In(s.lang) + "\n" + s.labels.cited(ind.Source)
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), f.Name.In(s.lang), s.withUnit(f), fraction(f), before, change, definition})
		t.Anchors = append(t.Anchors, "fig-"+f.Code)
	}
	if !compared { // two empty columns would say nothing
		t.Columns = slices.Delete(t.Columns, 4, 6)
		for i, row := range t.Rows {
			t.Rows[i] = slices.Delete(row, 4, 6)
		}
	}
	return t
}

// signed puts a plus before what grew.
func signed(v *report.Value) string {
	if v.Tenths() > 0 {
		return "+" + v.String()
	}
	return v.String()
}

// columnsOf are the grouped indicators that some line has a figure of, other
// than nothing.
func columnsOf(ls []line) []string {
	var codes []string
	for _, code := range grouped {
		if slices.ContainsFunc(ls, func(l line) bool { return l.counts([]string{code}) }) {
			codes = append(codes, code)
		}
	}
	return codes
}

// counts reports whether a group has any case in these figures.
func (l *line) counts(codes []string) bool {
	return slices.ContainsFunc(codes, func(code string) bool {
		f := l.figures[code]
		return f != nil && f.Numerator != nil && *f.Numerator > 0
	})
}

// groupTable is a breakdown with a line for each group; those without any case
// are left out where many groups may be empty.
func (s *speaker) groupTable(key string, fs []report.Figure, drop bool) Table {
	ls := lines(fs)
	codes := columnsOf(ls)
	t := Table{Columns: append([]Column{s.column(key, Left, 60)}, s.heads(codes)...)}
	for i := range ls {
		if !ls[i].counts(codes) && (drop || ls[i].key == "") {
			continue
		}
		row := []string{s.label(&ls[i])}
		for _, code := range codes {
			row = append(row, s.cell(ls[i].figures[code]))
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 0 {
		t.Rows = append(t.Rows, s.total(codes))
	}
	return t
}

// total is the line of the whole county.
func (s *speaker) total(codes []string) []string {
	row := []string{s.labels.County}
	for _, code := range codes {
		row = append(row, s.cell(s.figures[code]))
	}
	return row
}

func (s *speaker) heads(codes []string) []Column {
	var cs []Column
	for _, code := range codes {
		weight := 44
		if domain.IndicatorByCode(code).Unit == domain.UnitPercent {
			weight = 60
		}
		cs = append(cs, Column{s.labels.Short[code], Right, weight})
	}
	return cs
}

// cell is a figure in a breakdown: a rate with its counts below it, for a rate
// without counts says little.
func (s *speaker) cell(f *report.Figure) string {
	if f == nil || printed(f) == unknown {
		return "—"
	}
	text := printed(f)
	if f.Small {
		text += s.labels.Small
	}
	if counts := fraction(f); counts != "" {
		text += "\n" + counts
	}
	return text
}

// leagueTable compares townships by their rates, in the order of the closure
// rate's ranks; those with too few cases stand behind, unranked.
func (s *speaker) leagueTable() Table {
	ls := lines(s.annual.ByTownship)
	by := "appeals.closure_rate"
	slices.SortStableFunc(ls, func(a, b line) int { return place(&a, by) - place(&b, by) })
	codes := columnsOf(ls)
	t := Table{Columns: []Column{s.column("township", Left, 54)}}
	for i, c := range s.heads(codes) {
		t.Columns = append(t.Columns, c)
		if domain.IndicatorByCode(codes[i]).Unit == domain.UnitPercent {
			t.Columns = append(t.Columns, s.column("rank", Right, 29))
		}
	}
	for i := range ls {
		if ls[i].key != "" || ls[i].counts(codes) {
			t.Rows = append(t.Rows, s.leagueRow(&ls[i], codes))
		}
	}
	if len(t.Rows) > 0 {
		t.Rows = append(t.Rows, s.leagueRow(&line{name: s.labels.County, figures: s.figures}, codes))
	}
	return t
}

func (s *speaker) leagueRow(l *line, codes []string) []string {
	row := []string{s.label(l)}
	for _, code := range codes {
		f := l.figures[code]
		row = append(row, s.cell(f))
		if domain.IndicatorByCode(code).Unit != domain.UnitPercent {
			continue
		}
		rank := "—"
		if f != nil && f.Rank > 0 {
			rank = strconv.Itoa(f.Rank)
		}
		row = append(row, rank)
	}
	return row
}

// place is where a line stands in the league: by rank, the unranked behind.
func place(l *line, code string) int {
	if f := l.figures[code]; f != nil && f.Rank > 0 {
		return f.Rank
	}
	return 1 << 20
}

func (s *speaker) proceduresTable() Table {
	t := Table{Columns: []Column{
		s.column("procedure", Left, 30), s.column("figure", Left, 50), s.column("value", Right, 24), s.column("fraction", Right, 30),
	}}
	for _, l := range lines(s.annual.ByProcedure) {
		name := s.label(&l)
		for i := range domain.Indicators {
			f := l.figures[domain.Indicators[i].Code]
			if f == nil || f.Numerator == nil || *f.Numerator == 0 {
				continue
			}
			t.Rows = append(t.Rows, []string{name, f.Name.In(s.lang), s.withUnit(f), fraction(f)})
		}
	}
	return t
}

// ageLabel names a class of age: in days, beyond a year in years.
func (s *speaker) ageLabel(age report.Age) string {
	const year = 365
	if from := age.From / year; age.From > year && age.To == 0 {
		return fmt.Sprintf(s.labels.Age["over_years"], from)
	} else if age.From > year {
		return fmt.Sprintf(s.labels.Age["years"], from, age.To/year)
	}
	if age.To == 0 {
		return fmt.Sprintf(s.labels.Age["over"], age.From)
	}
	return fmt.Sprintf(s.labels.Age["between"], age.From, age.To)
}

func (s *speaker) backlogTable() Table {
	t := Table{
		Columns: []Column{s.column("age", Left, 40), s.column(s.whilePast("open"), Right, 30), s.column(s.whilePast("overdue"), Right, 30)},
		Remark:  s.labels.Remarks[s.whilePast("backlog")],
	}
	for _, age := range s.annual.Backlog {
		t.Rows = append(t.Rows, []string{s.ageLabel(age), strconv.FormatInt(age.Open, 10), strconv.FormatInt(age.Overdue, 10)})
	}
	if len(t.Rows) > 0 {
		t.Rows = append(t.Rows, []string{s.labels.All, strconv.FormatInt(s.open(), 10), strconv.FormatInt(s.overdue(), 10)})
	}
	return t
}
