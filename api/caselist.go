package api

import (
	"context"
	"time"

	"sudi/domain"
	"sudi/report"
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
	Indicator string   `query:"indicator" doc:"Cases behind a figure: code of an indicator or of a measure; org is then the organisation that the figure is of"`
	Side      string   `query:"side" enum:"numerator,denominator" doc:"Of an indicator; the one that it has, or numerator, when left out"`
	Period    string   `query:"period" doc:"2020, 2020-H1, 2020-Q2 or 2020-03: by the indicator's date, else by receipt"`
	By        string   `query:"by" enum:"month,township,category,procedure,organization" doc:"With an indicator: what its figure is split by …"`
	Group     string   `query:"group" doc:"… and the group, empty for the cases without one"`
	From      string   `query:"received_from" doc:"Received on this day or later"`
	To        string   `query:"received_to" doc:"Received on this day or earlier"`
	Township  string   `query:"township" doc:"Nine-digit division code of the place"`
}

type listInput struct {
	CaseFilter
	Cursor string `query:"cursor" maxLength:"500" doc:"From the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"50 when left out"`
}

type listOutput struct{ Body casePage }

func (s *server) listCases(ctx context.Context, who *Caller, in *listInput) (*listOutput, error) {
	q, err := s.selection(ctx, who, &in.CaseFilter)
	if err != nil {
		return nil, err
	}
	if q.Persons && in.Text != "" {
		if err := s.recordSearch(ctx, map[string]string{"q": in.Text}); err != nil {
			return nil, err
		}
	}
	q.Cursor, q.Limit = in.Cursor, in.Limit
	page, err := s.Store.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := casePage{Next: page.Next}
	if out.Items, err = s.items(ctx, page.Items, who); err != nil {
		return nil, err
	}
	if q.Cursor == "" {
		if out.Withheld, err = s.withheld(ctx, in.CaseFilter, q); err != nil {
			return nil, err
		}
	}
	return &listOutput{out}, nil
}

// withheld is how many cases a figure counts that its list keeps from the
// reader; none where the figure leaves them out for him.
func (s *server) withheld(ctx context.Context, in CaseFilter, q domain.CaseQuery) (int, error) {
	root := s.Engine.Rules().Directory.Root()
	whole := in.By == "" && in.From == "" && in.To == "" && report.Whole(q.Span, q.Within, root)
	if !in.isFigure() || report.Without(q.Scope, whole, root) != "" {
		return 0, nil
	}
	return s.Store.CountWithheld(ctx, q)
}

// selection is what a caller's parameters select for him.
func (s *server) selection(ctx context.Context, who *Caller, in *CaseFilter) (domain.CaseQuery, error) {
	q, wrong := in.query()
	if len(wrong) > 0 {
		return q, domain.Invalid(wrong...)
	}
	q.Scope, q.Persons = s.scope(who), who.Works()
	var err error
	if q.Measure != "" {
		q.Within, err = s.Figures.Org(ctx, in.Org, q.Scope)
	}
	return q, err
}

// isFigure reports whether what is listed are the cases behind a figure and no
// narrower. Only then may a reader learn how many cases are kept from him: with
// more conditions he would find out from whom those come that complain of him.
// What his own figures count by category, place and month he knows anyway.
func (in *CaseFilter) isFigure() bool {
	m := domain.MeasureByCode(in.Indicator)
	figure := CaseFilter{Indicator: in.Indicator, Side: in.Side, Period: in.Period, Org: in.Org, By: in.By, Group: in.Group}
	if m != nil && m.Stock && in.By == "" { // a class of age
		figure.From, figure.To = in.From, in.To
	}
	return in.Indicator != "" && *in == figure
}

// query reads the parameters; all that is wrong is said at once.
func (in *CaseFilter) query() (domain.CaseQuery, []domain.FieldError) {
	q := domain.CaseQuery{
		State: in.State, Procedure: in.Procedure, Category: in.Category, Org: in.Org, Owner: in.Owner,
		Handler: in.Handler, Text: in.Text, Flag: domain.Flag(in.Flag), Township: in.Township,
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
	if q.Received.From, ok = dayOf(in.From); !ok {
		refuse("received_from", "not_a_date")
	}
	if q.Received.To, ok = dayOf(in.To); !ok {
		refuse("received_to", "not_a_date")
	}
	if q.Measure != "" { // the coordinates of a figure
		q.Org, q.Within = "", in.Org
		if in.By != "" {
			q.Group = &domain.Group{By: in.By, Key: in.Group}
			if domain.MeasureByCode(q.Measure).Stock && in.By == domain.ByMonth {
				refuse("by", "not_a_choice") // what stood at a month's end is not known any more
			}
			if month, ok := report.ParsePeriod(in.Group); in.By == domain.ByMonth && (!ok || domain.MonthKey(month.To) != in.Group) {
				refuse("group", "not_a_period")
			}
		}
	} else if in.By != "" {
		refuse("by", "indicator_missing")
	}
	return q, wrong
}

// dayOf reads a date; "" is none.
func dayOf(text string) (domain.Date, bool) {
	if text == "" {
		return domain.Date{}, true
	}
	d, err := domain.ParseDate(text)
	return d, err == nil && sensible(d)
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
		if side == "denominator" || side == "" && measure == "" {
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

// spanOf reads a period; "" is all time.
func spanOf(period string) (domain.Span, bool) {
	if period == "" {
		return domain.Span{}, true
	}
	return report.ParsePeriod(period)
}
