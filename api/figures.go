package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sudi/domain"
	"sudi/report"
)

// Figures makes figures.
type Figures interface {
	// Figures answers a query within its scope; KindInvalid for a period,
	// grouping or organisation that there is not, KindForbidden for another's.
	Figures(ctx context.Context, q report.Query) ([]report.Figure, error)
	// Org is the organisation that a reader's figures are of, asked for by its
	// code, or his own for ""; the errors are those of Figures.
	Org(ctx context.Context, asked string, scope domain.Scope) (string, error)
	// Backlog tells how old the open cases are; the errors are those of Figures.
	Backlog(ctx context.Context, q report.Query) (report.Backlog, error)
}

type figuresInput struct {
	Year    int    `query:"year" minimum:"1949" maximum:"2100" doc:"This year when left out"`
	Period  string `query:"period" doc:"2020, 2020-H1, 2020-Q2 or 2020-05, in place of a year"`
	Org     string `query:"org" doc:"The organisation responsible, with all below it; the caller's own, or the county, when left out"`
	By      string `query:"by" enum:"month,township,category,procedure,organization" doc:"By township is by the place of the matter, whoever is responsible; by organisation are those next below the one asked about, and itself"`
	Compare string `query:"compare" enum:"year,period" doc:"With the same period a year before, or the one just before"`
}

// query reads the parameters.
func (in *figuresInput) query(now time.Time, scope domain.Scope) (report.Query, error) {
	q := report.Query{Year: in.Year, Org: in.Org, By: in.By, Compare: report.Comparison(in.Compare), Scope: scope}
	if in.Year == 0 {
		q.Year = domain.DateIn(now).Year
	}
	if in.Period == "" {
		return q, nil
	}
	span, ok := report.ParsePeriod(in.Period)
	if !ok || in.Year != 0 && in.Year != span.From.Year {
		return q, domain.Invalid(domain.FieldError{Field: "period", Code: "not_a_period"})
	}
	q.Span = span
	return q, nil
}

type figuresOutput struct {
	Body struct {
		Period  string       `json:"period"`
		AsOf    time.Time    `json:"as_of"`
		Figures []figureView `json:"figures"`
	}
}

// figureView is a figure as it is sent: a percentage has the decimals that it
// was rounded to, and what is unknown is null.
type figureView struct {
	Code        string               `json:"code"`
	Name        domain.Text          `json:"name"`
	Group       string               `json:"group,omitempty" doc:"2006-01 or a code, with by"`
	GroupName   string               `json:"group_name,omitempty"`
	Org         string               `json:"org" doc:"The organisation counted, with all below it"`
	Numerator   *int64               `json:"numerator" required:"true" nullable:"true" doc:"null of a mean or a percentile"`
	Denominator *int64               `json:"denominator" required:"true" nullable:"true"`
	Value       figureValue          `json:"value"`
	Unit        domain.IndicatorUnit `json:"unit"`
	Source      string               `json:"source" doc:"computed or attested"`
	AsOf        time.Time            `json:"as_of"`
	NotBefore   string               `json:"not_before,omitempty" doc:"The day from which there is a value"`
	Before      *priorView           `json:"before,omitempty" doc:"With compare"`
	Change      *figureValue         `json:"change,omitempty" doc:"With compare: of a count in percent, of anything else in its own unit"`
	Rank        int                  `json:"rank,omitempty" doc:"Among townships or organisations, the best first; absent when not ranked"`
	Small       bool                 `json:"small,omitempty" doc:"Of fewer than 30 cases: not ranked"`
	Cases       *figureCases         `json:"cases,omitempty" doc:"Where the cases behind it are listed"`
}

type priorView struct {
	Period      string      `json:"period"`
	Numerator   *int64      `json:"numerator" required:"true" nullable:"true"`
	Denominator *int64      `json:"denominator" required:"true" nullable:"true"`
	Value       figureValue `json:"value"`
}

type figureCases struct {
	Numerator   string `json:"numerator,omitempty"`
	Denominator string `json:"denominator,omitempty"`
}

// figureValue writes a value as the report package does.
type figureValue struct{ report.Value }

// Schema is that of a number that may be unknown.
func (figureValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Nullable: true}
}

type backlogOutput struct {
	Body struct {
		AsOf time.Time    `json:"as_of"`
		Ages []ageView    `json:"ages"`
		Days []backlogDay `json:"days" doc:"As it was written down at the end of each day of the period"`
	}
}

type backlogDay struct {
	Day     string `json:"day"`
	Open    int64  `json:"open"`
	Overdue int64  `json:"overdue"`
}

type ageView struct {
	From    int    `json:"from_days"`
	To      int    `json:"to_days,omitempty" doc:"Inclusive; absent of the oldest"`
	Open    int64  `json:"open"`
	Overdue int64  `json:"overdue" doc:"Of those, the ones whose day to be concluded has passed"`
	Cases   string `json:"cases" doc:"Where the open ones are listed"`
}

func (s *server) figureRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/figures", id: "getFigures", tag: "figures",
		summary: "The figures of a period", errors: []int{http.StatusForbidden},
	}, s.figures)
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/figures/backlog", id: "getBacklog", tag: "figures",
		summary: "What stands open now, of what was received by the period's end, by its age then", errors: []int{http.StatusForbidden},
	}, s.backlog)
}

func (s *server) figures(ctx context.Context, who *Caller, in *figuresInput) (*figuresOutput, error) {
	q, err := in.query(s.Now(), s.scope(who))
	if err != nil {
		return nil, err
	}
	figures, err := s.Figures.Figures(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &figuresOutput{}
	out.Body.Period, out.Body.AsOf, out.Body.Figures = in.Period, s.Now().UTC(), make([]figureView, len(figures))
	for i := range figures {
		f := &figures[i]
		out.Body.Period, out.Body.AsOf = f.Period, f.AsOf
		out.Body.Figures[i] = figureViewOf(f)
	}
	return out, nil
}

func figureViewOf(f *report.Figure) figureView {
	v := figureView{
		Code: f.Code, Name: f.Name, Group: f.Group, GroupName: f.GroupName, Org: f.Org,
		Numerator: f.Numerator, Denominator: f.Denominator, Value: figureValue{f.Value},
		Unit: f.Unit, Source: f.Source, AsOf: f.AsOf, Rank: f.Rank, Small: f.Small, Cases: casesBehind(f),
	}
	if f.NotBefore != nil {
		v.NotBefore = f.NotBefore.String()
	}
	if b := f.Before; b != nil {
		v.Before = &priorView{b.Period, b.Numerator, b.Denominator, figureValue{b.Value}}
	}
	if f.Change != nil {
		v.Change = &figureValue{*f.Change}
	}
	return v
}

// casesBehind are the addresses of the lists that a figure opens to.
func casesBehind(f *report.Figure) *figureCases {
	ind := domain.IndicatorByCode(f.Code)
	if ind == nil || len(ind.OrgKinds) > 0 || f.NotBefore != nil {
		return nil
	}
	address := func(side string) string {
		q := url.Values{"indicator": {f.Code}, "side": {side}, "period": {f.Period}, "org": {f.Org}}
		if f.By != "" {
			q.Set("by", f.By)
			q.Set("group", f.Group)
		}
		return prefix + "/cases?" + q.Encode()
	}
	lists := &figureCases{}
	if ind.Numerator != "" {
		lists.Numerator = address("numerator")
	}
	if ind.Denominator != "" {
		lists.Denominator = address("denominator")
	}
	return lists
}

func (s *server) backlog(ctx context.Context, who *Caller, in *figuresInput) (*backlogOutput, error) {
	if in.By != "" || in.Compare != "" {
		return nil, domain.Invalid(domain.FieldError{Field: "by", Code: "not_a_choice"})
	}
	q, err := in.query(s.Now(), s.scope(who))
	if err != nil {
		return nil, err
	}
	b, err := s.Figures.Backlog(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &backlogOutput{}
	out.Body.AsOf, out.Body.Ages, out.Body.Days = s.Now().UTC(), make([]ageView, len(b.Ages)), make([]backlogDay, len(b.Days))
	for i, a := range b.Ages {
		list := url.Values{"indicator": {report.OpenCases}, "org": {b.Org}, "received_to": {a.Received.To.String()}}
		if !a.Received.From.IsZero() {
			list.Set("received_from", a.Received.From.String())
		}
		out.Body.Ages[i] = ageView{a.From, a.To, a.Open, a.Overdue, prefix + "/cases?" + list.Encode()}
	}
	for i, d := range b.Days {
		out.Body.Days[i] = backlogDay{d.Day.String(), d.Open, d.Overdue}
	}
	return out, nil
}
