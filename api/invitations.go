package api

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net/http"
	"strings"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

type inviteInput struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"ETag of the case as it was read; not required"`
}

type inviteOutput struct {
	ETag string `header:"ETag"`
	Body invitationView
}

// invitationView is the only time that a token is shown.
type invitationView struct {
	Token     string    `json:"token"`
	Path      string    `json:"path" doc:"Of the link, below the server's address"`
	ExpiresAt time.Time `json:"expires_at"`
}

type evaluationInput struct {
	Token string `path:"token"`
}

type evaluateInput struct {
	Token string `path:"token"`
	Body  struct {
		Satisfaction string `json:"satisfaction" doc:"One of the choices that the link offers"`
		Resolved     *bool  `json:"resolved,omitempty" doc:"Whether the problem is solved; needed where the link says so"`
		Comment      string `json:"comment,omitempty"`
	}
}

type evaluationOutput struct{ Body evaluationView }

// evaluationView is what somebody with a link is asked about: no personal data,
// as a link can fall into other hands.
type evaluationView struct {
	Number         string       `json:"number"`
	ProcedureTitle string       `json:"procedure_title" doc:"In the caller's language"`
	Organization   string       `json:"organization" doc:"Name of the one that answers for the case"`
	ReceivedAt     time.Time    `json:"received_at"`
	ConcludedAt    *time.Time   `json:"concluded_at,omitempty"`
	ExpiresAt      time.Time    `json:"expires_at" doc:"Of the link"`
	Satisfaction   []choiceView `json:"satisfaction" doc:"The choices, the best first"`
	Resolved       string       `json:"resolved" enum:"needed,asked,no" doc:"Whether it is asked if the problem is solved"`
	CommentMax     int          `json:"comment_max" doc:"Characters; 0 when no comment is asked for"`
}

type choiceView struct {
	Value string `json:"value"`
	Title string `json:"title" doc:"In the caller's language"`
}

type evaluatedOutput struct{ Body evaluatedView }

type evaluatedView struct {
	Number       string     `json:"number"`
	Satisfaction string     `json:"satisfaction"`
	Message      string     `json:"message" doc:"In the caller's language: thanks, and what can still be done"`
	Redress      string     `json:"redress,omitempty" doc:"What who is not content may still ask for"`
	RedressUntil *time.Time `json:"redress_until,omitempty"`
}

func (s *server) invitationRoutes() {
	register(s, Roles(domain.RoleClerk, domain.RoleSupervisor, domain.RoleLeader), operation{
		method: http.MethodPost, path: "/cases/{id}/invitations", id: "invite", tag: "evaluations", status: http.StatusCreated,
		summary: "Make a link by which the applicant rates a case, once, within 14 days",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
	}, s.invite)
	register(s, Public(), operation{
		method: http.MethodGet, path: "/public/evaluations/{token}", id: "evaluation", tag: "evaluations",
		summary: "What a link asks about", errors: []int{http.StatusGone, http.StatusConflict, http.StatusTooManyRequests},
	}, s.evaluation)
	register(s, Public(), operation{
		method: http.MethodPost, path: "/public/evaluations/{token}", id: "evaluate", tag: "evaluations",
		summary: "Rate a case by a link", errors: []int{http.StatusGone, http.StatusConflict, http.StatusTooManyRequests},
		details: "410 for a link that is used, expired or unknown; 422 leaves the link good.",
	}, s.evaluate)
}

func (s *server) invite(ctx context.Context, who *Caller, in *inviteInput) (*inviteOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	version := 0
	if in.IfMatch != "" {
		if version, err = matching(in.IfMatch, file.Case.Version); err != nil {
			return nil, err
		}
	}
	token := newInvitation()
	p, v := file.Case.Procedure, file.Case.ProcedureVersion
	file, made, err := s.Engine.Invite(ctx, file.Case.ID, version, who.Actor(), hashToken(token))
	if err != nil {
		return nil, s.inWords(err, p, v)
	}
	return &inviteOutput{
		ETag: etag(file.Case.Version),
		Body: invitationView{Token: token, Path: prefix + "/public/evaluations/" + token, ExpiresAt: made.ExpiresAt},
	}, nil
}

const invitationBytes = 20

// newInvitation makes a token that can be read out over the telephone: 160
// random bits in letters and the digits 2 to 7.
func newInvitation() string {
	raw := make([]byte, invitationBytes)
	_, _ = rand.Read(raw) // never fails
	return base32.StdEncoding.EncodeToString(raw)
}

// invited finds the case of a link. Whoever tries links that are none has to
// wait ever longer; a good link costs nothing.
func (s *server) invited(ctx context.Context, who *Caller, token string) (inv domain.Invitation, file domain.File, err error) {
	key := linkKey(who)
	if err = s.backoff.try(key); err != nil {
		return inv, file, err
	}
	inv, err = s.Store.Invitation(ctx, hashToken(strings.ToUpper(token)), s.Now())
	if domain.KindOf(err) != domain.KindGone {
		s.backoff.giveBack(key)
	}
	if err != nil {
		return inv, file, err
	}
	file, err = s.Store.Visible(ctx, domain.AllCases, inv.CaseID)
	return inv, file, err
}

// linkKey is what tries of links are counted by.
func linkKey(who *Caller) string { return "\x00evaluation\x00" + who.IP }

func (s *server) evaluation(ctx context.Context, who *Caller, in *evaluationInput) (*evaluationOutput, error) {
	inv, file, err := s.invited(ctx, who, in.Token)
	if err != nil {
		return nil, err
	}
	rating, err := s.Engine.Rules().Rating(file, s.Now())
	if err != nil {
		return nil, err
	}
	c := &file.Case
	v := evaluationView{
		Number: c.Number, Organization: s.nameOf(c.Owner), ReceivedAt: c.ReceivedAt, ConcludedAt: c.ConcludedAt,
		ExpiresAt: inv.ExpiresAt, Satisfaction: []choiceView{}, Resolved: "no",
	}
	v.ProcedureTitle, _, _ = s.titles(c, who.Lang)
	_, satisfaction, _, _ := rating.Field("satisfaction")
	for _, value := range domain.Satisfactions {
		if title, ok := satisfaction.Values[string(value)]; ok {
			v.Satisfaction = append(v.Satisfaction, choiceView{string(value), title.In(who.Lang)})
		}
	}
	switch _, _, needed, asked := rating.Field("resolved"); {
	case needed:
		v.Resolved = "needed"
	case asked:
		v.Resolved = "asked"
	}
	if _, comment, _, asked := rating.Field("comment"); asked {
		v.CommentMax = comment.MaxLength()
	}
	return &evaluationOutput{v}, nil
}

func (s *server) evaluate(ctx context.Context, who *Caller, in *evaluateInput) (*evaluatedOutput, error) {
	inv, file, err := s.invited(ctx, who, in.Token)
	if err != nil {
		return nil, err
	}
	rating, err := s.Engine.Rules().Rating(file, s.Now())
	if err != nil {
		return nil, s.unlessSpent(ctx, &inv, err)
	}
	answer := workflow.Answer{Satisfaction: in.Body.Satisfaction, Resolved: in.Body.Resolved, Comment: in.Body.Comment}
	if file, err = s.Engine.Rate(ctx, inv.CaseID, inv.TokenHash, answer); err != nil {
		err = s.unlessSpent(ctx, &inv, err)
		return nil, s.inWords(unprefixed(err, rating), rating.Procedure.Name, rating.Procedure.Version)
	}
	s.backoff.clear(linkKey(who)) // a terminal in a hall is many people's; a guesser has no link to spend
	c := &file.Case
	v := evaluatedView{Number: c.Number, Satisfaction: string(c.Satisfaction), Message: say(who.Lang, "evaluation_thanks", "")}
	if c.Satisfaction == domain.Dissatisfied || in.Body.Resolved != nil && !*in.Body.Resolved {
		var what domain.Text
		what, v.RedressUntil = s.Engine.Rules().Redress(file, s.Now())
		v.Redress = what.In(who.Lang)
	}
	if v.RedressUntil != nil {
		v.Message = say(who.Lang, "evaluation_redress", "", v.RedressUntil.In(domain.Beijing).Format("2006-01-02 15:04"), v.Redress)
	}
	return &evaluatedOutput{v}, nil
}

// unlessSpent prefers to say that a link is used where the same answer, sent
// twice at once, finds a case that can be rated only once.
func (s *server) unlessSpent(ctx context.Context, inv *domain.Invitation, err error) error {
	if !isCode(err, "rating_not_now") {
		return err
	}
	if _, gone := s.Store.Invitation(ctx, inv.TokenHash, s.Now()); gone != nil {
		return gone
	}
	return err
}

// unprefixed names the fields of an error as the body of an evaluation does.
func unprefixed(err error, rating workflow.Rating) error {
	return renamed(err, func(field string) string {
		for _, part := range []string{"satisfaction", "resolved", "comment"} {
			if name, _, _, _ := rating.Field(part); field == "fields."+name {
				return part
			}
		}
		return field
	})
}

// renamed gives an error's fields other names.
func renamed(err error, name func(string) string) error {
	var e *domain.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = make([]domain.FieldError, len(e.Fields))
	for i, f := range e.Fields {
		f.Field = name(f.Field)
		out.Fields[i] = f
	}
	return &out
}
