package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sudi/domain"
	"sudi/report"
)

// Figures makes figures.
type Figures interface {
	// Figures answers a query within its scope; KindInvalid for a year,
	// grouping or organisation that there is not, KindForbidden for another's.
	Figures(ctx context.Context, q report.Query) ([]report.Figure, error)
}

type figuresInput struct {
	Year int    `query:"year" minimum:"1949" maximum:"2100" doc:"This year when left out"`
	Org  string `query:"org" doc:"The unit responsible: township or county body; all that the caller may see when left out"`
	By   string `query:"by" enum:"month,township,category,procedure" doc:"By township is by the place of the matter, whichever unit is responsible"`
}

type figuresOutput struct {
	Body struct {
		Year    int          `json:"year"`
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
	Org         string               `json:"org,omitempty" doc:"The unit counted; absent for all"`
	Numerator   *int64               `json:"numerator" required:"true" nullable:"true"`
	Denominator *int64               `json:"denominator" required:"true" nullable:"true"`
	Value       figureValue          `json:"value"`
	Unit        domain.IndicatorUnit `json:"unit"`
	Source      string               `json:"source" doc:"computed or attested"`
	AsOf        time.Time            `json:"as_of"`
}

// figureValue writes a value as the report package does.
type figureValue struct{ report.Value }

// Schema is that of a number that may be unknown.
func (figureValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Nullable: true}
}

func (s *server) figureRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/figures", id: "getFigures", tag: "figures",
		summary: "The figures of a year", errors: []int{http.StatusForbidden},
	}, s.figures)
}

func (s *server) figures(ctx context.Context, who *Caller, in *figuresInput) (*figuresOutput, error) {
	now := s.Now()
	year := in.Year
	if year == 0 {
		year = domain.DateIn(now).Year
	}
	figures, err := s.Figures.Figures(ctx, report.Query{Year: year, Org: in.Org, By: in.By, Scope: s.scope(who)})
	if err != nil {
		return nil, err
	}
	out := &figuresOutput{}
	out.Body.Year, out.Body.AsOf, out.Body.Figures = year, now.UTC(), make([]figureView, len(figures))
	for i, f := range figures {
		out.Body.AsOf = f.AsOf
		out.Body.Figures[i] = figureView{
			Code: f.Code, Name: f.Name, Group: f.Group, GroupName: f.GroupName, Org: f.Org,
			Numerator: f.Numerator, Denominator: f.Denominator, Value: figureValue{f.Value},
			Unit: f.Unit, Source: f.Source, AsOf: f.AsOf,
		}
	}
	return out, nil
}
