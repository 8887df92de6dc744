package api

import (
	"context"
	"net/http"

	"sudi/domain"
)

type similarInput struct {
	Text           string `query:"text" maxLength:"10000" doc:"Title or statement of the new case"`
	Phone          string `query:"phone" maxLength:"200"`
	IdentityNumber string `query:"identity_number" maxLength:"200"`
	Place          string `query:"place" maxLength:"40" doc:"Division code; weighs what was found"`
	Category       string `query:"category" maxLength:"40" doc:"Code; weighs what was found"`
}

type similarOutput struct {
	Body struct {
		Items []similarView `json:"items"`
	}
}

// similarView is a case that the new one may repeat.
type similarView struct {
	Case    caseItem     `json:"case"`
	Score   int          `json:"score" minimum:"0" maximum:"100" doc:"How likely it is the same matter"`
	Reasons []reasonView `json:"reasons"`
}

type reasonView struct {
	Code reasonName `json:"code"`
	Text string     `json:"text" doc:"In the caller's language"`
}

func (s *server) similarRoutes() {
	register(s, CaseWorkers(), operation{
		method: http.MethodGet, path: "/similar", id: "similarCases", tag: "cases",
		summary: "Cases that one at the window may repeat, the likeliest first",
		details: "At least one of text, phone and identity_number. At most ten cases, all of them the caller's to see.",
	}, s.similar)
}

func (s *server) similar(ctx context.Context, who *Caller, in *similarInput) (*similarOutput, error) {
	if in.Text == "" && in.Phone == "" && in.IdentityNumber == "" {
		return nil, domain.Invalid(domain.FieldError{Field: "text", Code: "similar_needs_one"})
	}
	if err := s.recordSearch(ctx, map[string]string{"text": in.Text, "phone": in.Phone, "identity_number": in.IdentityNumber}); err != nil {
		return nil, err
	}
	found, err := s.Store.Similar(ctx, domain.SimilarQuery{
		Scope: s.scope(who), Text: in.Text, Phone: in.Phone, IdentityNumber: in.IdentityNumber, Place: in.Place, Category: in.Category,
	})
	if err != nil {
		return nil, err
	}
	lines := make([]domain.CaseLine, len(found))
	for i := range found {
		lines[i] = found[i].CaseLine
	}
	items, err := s.items(ctx, lines, who)
	if err != nil {
		return nil, err
	}
	out := &similarOutput{}
	out.Body.Items = make([]similarView, len(found))
	for i, l := range found {
		v := similarView{Case: items[i], Score: l.Score, Reasons: make([]reasonView, len(l.Reasons))}
		for n, r := range l.Reasons {
			v.Reasons[n] = reasonView{reasonName(r), reasonTitles[r].In(who.Lang)}
		}
		out.Body.Items[i] = v
	}
	return out, nil
}
