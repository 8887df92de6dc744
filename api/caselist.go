package api

import (
	"context"
	"regexp"
	"time"

	"sudi/domain"
)

// CaseFilter says which cases are meant, in lists and ledgers.
type CaseFilter struct {
	State     string   `query:"state"`
	Procedure string   `query:"procedure"`
	Category  string   `query:"category" doc:"Code or the beginning of one"`
	Org       string   `query:"org" doc:"Touched by an organisation at or below this one"`
	Owner     string   `query:"owner" doc:"Organisation responsible"`
	Handler   string   `query:"handler" doc:"User id"`
	Text      string   `query:"q" maxLength:"200" doc:"Words of the title, or the whole of a number; for those who work on cases also a party's whole name, telephone or identity number"`
	Flag      flagName `query:"flag"`
	DueBefore string   `query:"due_before" doc:"A running limit ends before this time, or before this day begins"`
	Indicator string   `query:"indicator" doc:"Cases behind a figure: code of an indicator or of a measure"`
	Side      string   `query:"side" enum:"numerator,denominator" doc:"Of an indicator; numerator when left out"`
	Period    string   `query:"period" doc:"2020 or 2020-03: by the indicator's date, else by receipt"`
	Unit      string   `query:"unit" doc:"Township or county body that figures are kept by"`
	Township  string   `query:"township" doc:"Nine-digit division code of the place"`
}

type listInput struct {
	CaseFilter
	Cursor string `query:"cursor" maxLength:"500" doc:"From the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"50 when left out"`
}

type listOutput struct{ Body casePage }

func (s *server) listCases(ctx context.Context, who *Caller, in *listInput) (*listOutput, error) {
	q, wrong := in.query()
	if len(wrong) > 0 {
		return nil, domain.Invalid(wrong...)
	}
	q.Cursor, q.Limit = in.Cursor, in.Limit
	q.Scope, q.Persons = s.scope(who), who.Works()
	page, err := s.Store.List(ctx, q)
	if err != nil {
		return nil, err
	}
	return &listOutput{casePage{Items: itemsOf(page.Items, who), Next: page.Next}}, nil
}

// query reads the parameters; all that is wrong is said at once.
func (in *CaseFilter) query() (domain.CaseQuery, []domain.FieldError) {
	q := domain.CaseQuery{
		State: in.State, Procedure: in.Procedure, Category: in.Category, Org: in.Org, Owner: in.Owner,
		Handler: in.Handler, Text: in.Text, Flag: domain.Flag(in.Flag), Unit: in.Unit, Township: in.Township,
	}
	var wrong []domain.FieldError
	refuse := func(field, code string) { wrong = append(wrong, domain.FieldError{Field: field, Code: code}) }
	if in.DueBefore != "" {
		at, ok := moment(in.DueBefore)
		if !ok {
			refuse("due_before", "not_a_time")
		}
		q.DueBefore = &at
	}
	var code string
	if q.Measure, code = measureOf(in.Indicator, in.Side); code != "" {
		refuse("indicator", code)
	}
	var ok bool
	if q.Span, ok = spanOf(in.Period); !ok {
		refuse("period", "not_a_period")
	}
	return q, wrong
}

// moment reads a time, or a date for its first instant in Beijing.
func moment(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), sensible(domain.DateIn(t))
	}
	d, err := domain.ParseDate(s)
	return d.Start(), err == nil && sensible(d)
}

// sensible bounds years to those that PostgreSQL and people agree on.
func sensible(d domain.Date) bool { return d.Year >= 1949 && d.Year <= 2200 }

// measureOf finds what a figure counts: code is the message key of what is
// wrong.
func measureOf(indicator, side string) (measure, code string) {
	if indicator == "" {
		if side != "" {
			return "", "required"
		}
		return "", ""
	}
	if ind := domain.IndicatorByCode(indicator); ind != nil {
		measure = ind.Numerator
		if side == "denominator" {
			measure = ind.Denominator
		}
		if measure == "" {
			return "", "indicator_without_cases"
		}
		return measure, ""
	}
	if domain.MeasureByCode(indicator) == nil {
		return "", "indicator_unknown"
	}
	return indicator, ""
}

var periodShape = regexp.MustCompile(`^\d{4}(-\d{2})?$`)

// spanOf reads "2020" or "2020-03"; "" is all time.
func spanOf(period string) (domain.Span, bool) {
	if period == "" {
		return domain.Span{}, true
	}
	if !periodShape.MatchString(period) {
		return domain.Span{}, false
	}
	if len(period) == 4 {
		first, err := domain.ParseDate(period + "-01-01")
		return domain.Year(first.Year), err == nil && sensible(first)
	}
	first, err := domain.ParseDate(period + "-01")
	return domain.Span{From: first, To: first.AddMonths(1).AddDays(-1)}, err == nil && sensible(first)
}
