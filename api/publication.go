package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"sudi/domain"
	"sudi/report"
)

type annualOutput struct{ Body annualView }

// annualView is the report of a year: as it was published, or as it stands.
type annualView struct {
	report.Annual
	Pending domain.Differences `json:"pending"`
}

// Schema leaves open what the parts of a report hold: figures are those of
// getFigures, and a published report keeps the form in which it was published.
func (annualView) Schema(r huma.Registry) *huma.Schema {
	figures := func() *huma.Schema {
		return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
	}
	object := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"year", "as_of", "figures", "pending"},
		Properties: map[string]*huma.Schema{
			"year":    {Type: huma.TypeInteger},
			"county":  {Type: huma.TypeString, Description: "Its name"},
			"as_of":   {Type: huma.TypeString, Format: "date-time"},
			"figures": figures(), "by_month": figures(), "by_township": figures(), "by_category": figures(),
			"by_procedure": figures(), "by_organization": figures(), "backlog": figures(),
			"attested":  {Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[report.Stated](), true, "")},
			"missing":   {Type: huma.TypeArray, Items: r.Schema(reflect.TypeFor[report.Missing](), true, "")},
			"published": r.Schema(reflect.TypeFor[report.Published](), true, ""),
			"pending":   r.Schema(reflect.TypeFor[domain.Differences](), true, ""),
		}}
	return object
}

type pendingOutput struct{ Body domain.Differences }

type freezeInput struct {
	Year int `path:"year" minimum:"1949" maximum:"2100"`
	Body *freezeBody
}

type freezeBody struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why what was published is published anew; required from the second revision on"`
}

type publicationOutput struct {
	Location string `header:"Location"`
	Body     domain.Publication
}

type publicationsOutput struct {
	Body struct {
		Items []domain.Publication `json:"items"`
	}
}

type revisionInput struct {
	Year     int `path:"year" minimum:"1949" maximum:"2100"`
	Revision int `path:"revision" minimum:"1" maximum:"1000000"`
}

// contentOutput is a publication to the letter, so that anybody can hash it.
type contentOutput struct {
	ETag string `header:"ETag" doc:"The hash of the body"`
	Body json.RawMessage
}

func (s *server) publicationRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}", id: "getAnnual", tag: "reports",
		summary: "The annual report: as published last, or as it stands when it never was",
		details: "pending is how the figures differ now from those published, without the cases that made them differ: " +
			"…/pending has those. For those who may see the whole county.",
		errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, who *Caller, in *yearInput) (*annualOutput, error) {
		annual, pending, err := s.Reports.Current(ctx, in.Year, s.scope(who))
		return &annualOutput{annualView{annual, pending}}, err
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}/pending", id: "getAnnualPending", tag: "reports",
		summary: "What the next revision of the annual report would change, and why",
		details: "Each figure that differs from the one published last, with its causes: which cases, by which steps. It looks through " +
			"the history of every case that changed since, so it takes longer than the report. Nothing for a year that was never published. " +
			"For those who may see the whole county.",
		errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, who *Caller, in *yearInput) (*pendingOutput, error) {
		_, pending, err := s.Reports.Pending(ctx, in.Year, s.scope(who))
		if err == nil {
			err = s.untieDifferences(ctx, who, &pending)
		}
		return &pendingOutput{pending}, err
	})
	register(s, Roles(domain.RoleSupervisor, domain.RoleLeader, domain.RoleAdmin), operation{
		method: http.MethodPost, path: "/reports/annual/{year}/freeze", id: "freezeAnnual", tag: "reports", status: http.StatusCreated,
		summary: "Publish the annual report",
		details: "For the county's supervisor, leader and administrator. Freezes the figures as they stand; once published, a year is " +
			"published anew as the next revision, with its differences and a reason. 409: nothing has changed, or the year is not over. " +
			"503: cases were being written for so long that no line could be drawn; nothing was published, try again.",
		errors: []int{http.StatusConflict},
	}, s.freeze)
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}/publications", id: "listPublications", tag: "reports",
		summary: "What was published of a year, the newest first", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, who *Caller, in *yearInput) (*publicationsOutput, error) {
		items, err := s.Reports.Revisions(ctx, in.Year, s.scope(who))
		for i := range items {
			if err == nil {
				err = s.untieDifferences(ctx, who, &items[i].Differences)
			}
		}
		out := &publicationsOutput{}
		out.Body.Items = list(items)
		return out, err
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/reports/annual/{year}/publications/{revision}", id: "getPublication", tag: "reports",
		summary: "A publication, to the letter",
		details: "The SHA-256 of the body is the publication's hash, so nothing can be left out of it: 403 for who may not see a case " +
			"that it names; the list of publications tells him the rest.",
		errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, func(ctx context.Context, who *Caller, in *revisionInput) (*contentOutput, error) {
		p, _, err := s.Reports.Revision(ctx, in.Year, in.Revision, s.scope(who))
		if err == nil {
			err = s.mayReadWhole(ctx, who, &p.Differences)
		}
		if err != nil {
			return nil, err
		}
		return &contentOutput{`"` + p.Hash + `"`, json.RawMessage(p.Content)}, nil
	})
}

func (s *server) freeze(ctx context.Context, who *Caller, in *freezeInput) (*publicationOutput, error) {
	f := report.Freeze{Year: in.Year}
	if in.Body != nil {
		f.Reason = in.Body.Reason
	}
	p, err := s.Reports.Freeze(ctx, who.Actor(), f)
	if err == nil {
		err = s.untieDifferences(ctx, who, &p.Differences)
	}
	if err != nil {
		return nil, err
	}
	return &publicationOutput{fmt.Sprintf("%s/reports/annual/%d/publications/%d", prefix, p.Year, p.Revision), p}, nil
}
