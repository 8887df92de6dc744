package paper

import (
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"sudi/domain"
	"sudi/report"
)

// title is a column's title in the report's words.
func (b *workbook) title(key string) string { return b.labels.Columns[key] }

// summary is the first sheet: what the workbook is and as of when.
func (b *workbook) summary() {
	name := b.labels.Sheets["summary"]
	_, err := b.book.NewSheet(name)
	b.try(err)
	b.try(b.book.SetColWidth(name, "A", "A", 18))
	b.try(b.book.SetColWidth(name, "B", "B", 80))
	rows := [][2]xcell{
		{{nil, heading}, {FileName(b.annual, b.lang), heading}},
		{{b.title("as_of"), general}, {wallClock(b.annual.AsOf), dayTime}},
	}
	status := b.labels.Unpublished
	if p := b.annual.Published; p != nil {
		status = b.publishedWords(p)
		rows = append(rows, [2]xcell{{"SHA-256", general}, {p.Hash, general}})
	}
	rows = append(rows, [2]xcell{{b.title("note"), general}, {b.wide(status), general}}, [2]xcell{{nil, general}, {b.wide(b.labels.Remarks["figures"]), general}},
		[2]xcell{{nil, general}, {b.wide(b.labels.Remarks["league"]), general}}, [2]xcell{{nil, general}, {b.wide(b.labels.Remarks[b.whilePast("backlog")]), general}})
	for i, row := range rows {
		b.put(name, 1, i+1, row[0])
		b.put(name, 2, i+1, row[1])
	}
	b.layout(name)
}

func (b *workbook) figureColumns(grouped bool) []xcolumn {
	cs := []xcolumn{{b.title("code"), 30}, {b.title("figure"), 26}, {b.title("value"), 14}, {b.title("unit"), 8}, {b.title("numerator"), 12}, {b.title("denominator"), 12},
		{b.title("before"), 14}, {b.title("change"), 12}}
	if grouped {
		return append([]xcolumn{{b.title("group_code"), 26}, {b.title("group"), 24}}, append(cs, xcolumn{b.title("rank"), 8}, xcolumn{b.title("small"), 10})...)
	}
	return append(cs, xcolumn{b.title("definition"), 70}, xcolumn{b.title("source"), 44})
}

func (b *workbook) figureRows(fs []report.Figure, grouped bool) [][]xcell {
	rows := make([][]xcell, 0, len(fs))
	for i := range fs {
		f := &fs[i]
		row := []xcell{
			{f.Code, general}, {b.wide(f.Name.In(b.lang)), general}, numberCell(f.Value, f.Unit), {b.labels.UnitOf[f.Unit], general},
			countCell(f.Numerator, f.Unit), countCell(f.Denominator, f.Unit), {nil, general}, {nil, general},
		}
		if f.Before != nil {
			row[6] = numberCell(f.Before.Value, f.Unit)
		}
		if f.Change != nil {
			row[7] = changeCell(f)
		}
		if grouped {
			row = append(append([]xcell{{f.Group, general}, {b.wide(b.label(&line{key: f.Group, name: f.GroupName})), general}}, row...), rankCell(f), smallCell(f, b.labels.Yes))
		} else if ind := domain.IndicatorByCode(f.Code); ind != nil {
			row = append(row, xcell{b.wide(ind.Definition.In(b.lang)), general}, xcell{b.wide(b.labels.cited(ind.Source)), general})
		}
		rows = append(rows, row)
	}
	return rows
}

// changeCell is a change: of a count in percent, of a rate in points.
func changeCell(f *report.Figure) xcell {
	n, err := strconv.ParseFloat(f.Change.String(), 64)
	switch {
	case err != nil:
		return xcell{nil, general}
	case suffixOf(f.Unit) == "":
		return xcell{n, points}
	default:
		return xcell{n / 100, rate}
	}
}

func rankCell(f *report.Figure) xcell {
	if f.Rank == 0 {
		return xcell{nil, whole}
	}
	return xcell{f.Rank, whole}
}

func smallCell(f *report.Figure, yes string) xcell {
	if !f.Small {
		return xcell{nil, general}
	}
	return xcell{yes, general}
}

func (b *workbook) backlogSheet() {
	var rows [][]xcell
	for _, age := range b.annual.Backlog {
		rows = append(rows, []xcell{{b.ageLabel(age), general}, {age.Open, whole}, {age.Overdue, whole}})
	}
	b.sheet("backlog", []xcolumn{{b.title("age"), 18}, {b.title(b.whilePast("open")), 24}, {b.title(b.whilePast("overdue")), 24}}, rows)
}

func (b *workbook) attestedSheet() {
	columns := []xcolumn{{b.title("code"), 36}, {b.title("section"), 12}, {b.title("item"), 40}, {b.title("value"), 14}, {b.title("over"), 8}, {b.title("unit"), 12},
		{b.title("department"), 30}, {b.title("paper"), 40}, {b.title("date"), 12}, {b.title("signer"), 12}, {b.title("revision"), 8}, {b.title("note"), 40}}
	var rows [][]xcell
	for i := range b.annual.Attested {
		st := &b.annual.Attested[i]
		over := ""
		if st.Over {
			over = b.labels.Yes
		}
		unit, note := st.Item.Unit.In(b.lang), st.Note
		if st.Item.Percent {
			unit = "%"
		}
		if st.Item.Unproven {
			note = strings.TrimSpace(b.labels.Unproven + " " + note)
		}
		rows = append(rows, []xcell{
			{st.Item.Code, general}, {b.wide(b.labels.Sections[st.Item.Section]), general}, {b.wide(st.Item.Name.In(b.lang)), general}, statedCell(st),
			{over, general}, {unit, general}, {st.DepartmentName, general}, {st.Source, general}, {dateValue(st.Date), dayOnly},
			{st.Signer, general}, {st.Revision, whole}, {note, general},
		})
	}
	b.sheet("attested", columns, rows)
}

// statedCell is a stated value as a number, or as text where it is none.
func statedCell(st *report.Stated) xcell {
	n, err := strconv.ParseFloat(st.Value, 64)
	switch {
	case err != nil:
		return xcell{st.Value, general}
	case st.Item.Percent:
		return xcell{n / 100, rate}
	case n != float64(int64(n)):
		return xcell{n, decimal}
	default:
		return xcell{int64(n), whole}
	}
}

func (b *workbook) missingSheet() {
	var rows [][]xcell
	for i := range b.annual.Missing {
		m := &b.annual.Missing[i]
		rows = append(rows, []xcell{{m.Item.Code, general}, {b.wide(b.labels.Sections[m.Item.Section]), general}, {b.wide(m.Item.Name.In(b.lang)), general}, {m.DepartmentName, general}})
	}
	b.sheet("missing", []xcolumn{{b.title("code"), 36}, {b.title("section"), 12}, {b.title("item"), 44}, {b.title("owed_by"), 34}}, rows)
}

// chartRows is the height of a chart on its sheet, in rows.
const chartRows = 20

// chartSheet draws the report's charts from their data, which stands beside
// them.
func (b *workbook) chartSheet() {
	if b.err != nil {
		return
	}
	name, row := b.labels.Sheets["charts"], 1
	for _, key := range []string{"appeals_by_month", "rates_by_month", "rates_by_township", "mediations_by_procedure", "backlog_by_age"} {
		c := charts[key](b.speaker)
		if len(c.Labels) == 0 {
			continue
		}
		if row == 1 {
			_, err := b.book.NewSheet(name)
			b.try(err)
			b.try(b.book.SetColWidth(name, "A", "A", 22))
		}
		c.Caption = b.wide(b.labels.Charts[key])
		b.drawChart(name, row, &c)
		row += max(chartRows, len(c.Labels)+3) + 1
	}
	if row > 1 {
		b.layout(name)
	}
}

func (b *workbook) drawChart(sheet string, row int, c *Chart) {
	b.put(sheet, 1, row, xcell{c.Caption, plainText})
	form := whole
	if c.Percent {
		form = rate
	}
	for i, s := range c.Series {
		b.put(sheet, i+2, row, xcell{s.Name, plainText})
		for k, v := range s.Values {
			cell := xcell{nil, form}
			if v != nil && c.Percent {
				cell.value = float64(*v) / 1000
			} else if v != nil {
				cell.value = *v
			}
			b.put(sheet, i+2, row+k+1, cell)
		}
	}
	for k, label := range c.Labels {
		b.put(sheet, 1, row+k+1, xcell{b.wide(label), general})
	}
	b.try(b.book.AddChart(sheet, "F"+strconv.Itoa(row), nativeChart(sheet, row, c)))
}

// nativeChart is a chart of the data written from a row on.
func nativeChart(sheet string, row int, c *Chart) *excelize.Chart {
	grey := excelize.Font{Color: "404040", Size: 9}
	kinds := map[ChartKind]excelize.ChartType{Columns: excelize.Col, Bars: excelize.Bar, Dots: excelize.Line}
	chart := &excelize.Chart{
		Type: kinds[c.Kind], Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.Caption}}},
		Legend: excelize.ChartLegend{Position: "bottom"}, Dimension: excelize.ChartDimension{Width: 720, Height: 380},
		PlotArea: excelize.ChartPlotArea{ShowVal: true}, VaryColors: ptr(false),
		XAxis: excelize.ChartAxis{Font: grey}, YAxis: excelize.ChartAxis{Font: grey, MajorGridLines: true},
	}
	if len(c.Series) < 2 {
		chart.Legend.Position = "none"
	}
	if c.Percent {
		low, high := axisOf(c)
		chart.YAxis.Minimum, chart.YAxis.Maximum = ptr(float64(low)/1000), ptr(float64(high)/1000)
	}
	if c.Kind == Bars {
		chart.XAxis.ReverseOrder = true
	}
	at := func(column string, from, to int) string {
		return "'" + sheet + "'!$" + column + "$" + strconv.Itoa(from) + ":$" + column + "$" + strconv.Itoa(to)
	}
	for i := range c.Series {
		column := string(rune('B' + i))
		s := excelize.ChartSeries{
			Name: "'" + sheet + "'!$" + column + "$" + strconv.Itoa(row), Categories: at("A", row+1, row+len(c.Labels)), Values: at(column, row+1, row+len(c.Labels)),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{palette[i%len(palette)]}},
		}
		if c.Kind == Dots {
			s.Line = excelize.LineOptions{Type: excelize.LineNone}
			s.Marker = excelize.ChartMarker{Symbol: []string{"circle", "diamond"}[i%2], Size: 8, Fill: s.Fill}
		}
		chart.Series = append(chart.Series, s)
	}
	return chart
}

// dateValue is a date as a workbook has it: the day's midnight, no zone.
func dateValue(d domain.Date) any {
	if d.IsZero() {
		return nil
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// wallClock is a moment as the clock on a Beijing wall shows it: a workbook
// knows no zones.
func wallClock(t time.Time) time.Time {
	t = t.In(domain.Beijing)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
