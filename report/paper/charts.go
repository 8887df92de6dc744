package paper

import (
	"slices"

	"sudi/domain"
	"sudi/report"
)

// charts are the charts that the words may ask for.
var charts = map[string]func(*speaker) Chart{
	"appeals_by_month":        func(s *speaker) Chart { return s.chartOf(Columns, s.annual.ByMonth, "appeals.received") },
	"rates_by_month":          func(s *speaker) Chart { return s.chartOf(Dots, s.annual.ByMonth, theRates...) },
	"rates_by_township":       func(s *speaker) Chart { return s.chartOf(Dots, s.annual.ByTownship, theRates...) },
	"mediations_by_procedure": func(s *speaker) Chart { return s.chartOf(Bars, s.annual.ByProcedure, "mediation.succeeded") },
	"backlog_by_age":          (*speaker).backlogChart,
}

var theRates = []string{"appeals.closure_rate", "appeals.satisfaction_rate"}

// chartOf draws indicators over the groups that have any of them.
func (s *speaker) chartOf(kind ChartKind, fs []report.Figure, codes ...string) Chart {
	c := Chart{Kind: kind}
	ls := lines(fs)
	ls = slices.DeleteFunc(ls, func(l line) bool {
		return l.key == "" || !slices.ContainsFunc(codes, func(code string) bool { return plotted(l.figures[code]) != nil })
	})
	for i := range ls {
		label := s.label(&ls[i])
		if slices.ContainsFunc(codes, func(code string) bool { f := ls[i].figures[code]; return f != nil && f.Small }) {
			label += s.labels.Small
		}
		c.Labels = append(c.Labels, label)
	}
	for _, code := range codes {
		ind := domain.IndicatorByCode(code)
		c.Percent = ind.Unit == domain.UnitPercent
		series := Series{Name: ind.Name.In(s.lang)}
		for i := range ls {
			series.Values = append(series.Values, plotted(ls[i].figures[code]))
		}
		c.Series = append(c.Series, series)
	}
	if c.Kind == Dots {
		c.Remark = s.labels.ChartRemarks["rates"]
	}
	return c
}

// plotted is the height of a figure: its count, or its rate in tenths.
func plotted(f *report.Figure) *int64 {
	if f == nil || f.Numerator == nil {
		return nil
	}
	if f.Denominator == nil {
		return f.Numerator
	}
	v, ok := domain.Percent(*f.Numerator, *f.Denominator)
	if !ok {
		return nil
	}
	return &v
}

func (s *speaker) backlogChart() Chart {
	c := Chart{
		Kind:   Columns,
		Series: []Series{{Name: s.labels.Columns[s.whilePast("open")]}, {Name: s.labels.Columns[s.whilePast("overdue")]}},
		Remark: s.labels.ChartRemarks[s.whilePast("backlog")],
	}
	for _, age := range s.annual.Backlog {
		c.Labels = append(c.Labels, s.ageLabel(age))
		c.Series[0].Values = append(c.Series[0].Values, &age.Open)
		c.Series[1].Values = append(c.Series[1].Values, &age.Overdue)
	}
	return c
}
