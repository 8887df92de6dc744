package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sudi/domain"
	"sudi/workflow"
)

type caseInput struct {
	ID string `path:"id"`
}

type actInput struct {
	ID      string `path:"id"`
	Action  string `path:"action" maxLength:"64"`
	IfMatch string `header:"If-Match" doc:"ETag of the case as it was read; required"`
	Body    *actionBody
}

type actionsOutput struct {
	ETag string `header:"ETag"`
	Body actionList
}

type actionList struct {
	Items []actionView `json:"items"`
}

// actionView is an action that the caller may take, with what it asks for.
type actionView struct {
	Action  string      `json:"action"`
	Title   domain.Text `json:"title"`
	Fields  []fieldView `json:"fields"`
	Blocked string      `json:"blocked,omitempty" doc:"What stands in the way for now, in words; absent when nothing does"`
	Article string      `json:"article,omitempty"`
	Papers  []string    `json:"papers" doc:"Kinds of paper that it produces"`
}

// fieldView is a field of an action.
type fieldView struct {
	Name     string                 `json:"name"`
	Type     workflow.FieldType     `json:"type"`
	Title    domain.Text            `json:"title"`
	Required bool                   `json:"required"`
	Max      int                    `json:"max,omitempty" doc:"Characters of a text"`
	Values   map[string]domain.Text `json:"values,omitempty" doc:"Of a choice"`
}

func (s *server) actionRoutes() {
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases/{id}/actions", id: "listActions", tag: "cases",
		summary: "What the caller may do with a case now", errors: []int{http.StatusNotFound},
	}, s.listActions)
	register(s, Actors(), operation{
		method: http.MethodPost, path: "/cases/{id}/actions/{action}", id: "act", tag: "cases", summary: "Take an action on a case",
		details: "404: no such case or action; 409: not in this state, or a condition is not met; 412: the case has moved on.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired},
	}, s.act)
}

func (s *server) act(ctx context.Context, who *Caller, in *actInput) (*caseOutput, error) {
	file, version, err := s.visibleAt(ctx, who, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	a := workflow.Action{Name: in.Action, Actor: who.Actor()}
	if in.Body != nil {
		a.Fields, a.Note = domain.Fields(in.Body.Fields), in.Body.Note
	}
	if err := s.knows(ctx, who, &file.Case, a.Fields); err != nil {
		return nil, err
	}
	p, v := file.Case.Procedure, file.Case.ProcedureVersion
	if file, err = s.Engine.Act(ctx, in.ID, version, a); err != nil {
		return nil, s.inWords(s.asFields(err, in.Action, p, v), p, v)
	}
	return &caseOutput{Status: http.StatusOK, ETag: etag(file.Case.Version), Body: s.viewOf(ctx, &file, who)}, nil
}

// knows refuses fields that name a case which the caller may not see (he could
// otherwise tie his own to it, or find out that it exists), and people who do
// not work at the case's desk. A person may be named by account or by id.
func (s *server) knows(ctx context.Context, who *Caller, c *domain.Case, fields domain.Fields) error {
	p, err := s.Engine.Rules().Library.Get(c.Procedure, c.ProcedureVersion)
	if err != nil {
		return err
	}
	for name := range fields {
		unknown := ""
		if p.Fields[name].Type == workflow.FieldCase {
			unknown = errCaseNotFound.Code
			_, err = s.visible(ctx, who, fields.String(name))
		}
		if p.Fields[name].Type == workflow.FieldUser {
			unknown = "user_not_here"
			var user domain.User
			if user, err = s.colleague(ctx, c, fields.String(name)); err == nil {
				fields[name] = user.ID
			}
		}
		if domain.KindOf(err) == domain.KindNotFound {
			return domain.Invalid(domain.FieldError{Field: "fields." + name, Code: unknown})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// colleague finds somebody who works on cases at a case's desk, by account or
// id; KindNotFound when there is nobody.
func (s *server) colleague(ctx context.Context, c *domain.Case, named string) (domain.User, error) {
	users, err := s.Store.Users(ctx)
	if err != nil {
		return domain.User{}, err
	}
	for _, u := range users {
		if (u.ID == named || u.Username == named) && u.DisabledAt == nil &&
			slices.Contains(CaseWorkers().roles, u.Role) && s.Engine.Rules().Directory.Within(c.Desk, u.Org) {
			return u, nil
		}
	}
	return domain.User{}, domain.Errorf(domain.KindNotFound, "user_not_here")
}

func (s *server) listActions(ctx context.Context, who *Caller, in *caseInput) (*actionsOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	rules := s.Engine.Rules()
	p, err := rules.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return nil, err
	}
	out := &actionsOutput{ETag: etag(file.Case.Version)}
	out.Body.Items = []actionView{}
	list, err := rules.Available(file, who.Actor(), s.Now())
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		out.Body.Items = append(out.Body.Items, actionOf(p, &a, who.Lang))
	}
	return out, nil
}

func actionOf(p *workflow.Procedure, a *workflow.Available, lang string) actionView {
	t := a.Action
	v := actionView{Action: t.Do, Title: t.Title, Fields: fieldsOf(p, t), Article: t.Article, Papers: list(t.Papers)}
	if a.Blocked != "" {
		v.Blocked = p.Obstacle(a.Blocked).In(lang)
	}
	return v
}

// fieldsOf lists what a transition asks for, the needed fields first.
func fieldsOf(p *workflow.Procedure, t *workflow.Transition) []fieldView {
	fields := []fieldView{}
	for _, name := range slices.Concat(t.Needs, t.Takes) {
		f := p.Fields[name]
		fields = append(fields, fieldView{
			Name: name, Type: f.Type, Title: f.Title, Required: slices.Contains(t.Needs, name), Max: f.Max, Values: f.Values,
		})
	}
	return fields
}

// asFields names the field of the action where the store finds fault with what
// the action sets by it.
func (s *server) asFields(err error, action, procedure string, version int) error {
	p, missing := s.Engine.Rules().Library.Get(procedure, version)
	if missing != nil {
		return err
	}
	return renamed(err, func(field string) string {
		for i := range p.States {
			for _, t := range p.Transitions(&p.States[i]) {
				if name, sets := t.Sets[field]; sets && t.Do == action {
					return "fields." + name
				}
			}
		}
		return field
	})
}

// inWords replaces the codes of actions, states and guards that an error
// mentions by their titles in the procedure; version 0 is the newest.
func (s *server) inWords(err error, procedure string, version int) error {
	var e *domain.Error
	if !errors.As(err, &e) || len(e.Args) == 0 {
		return err
	}
	library := s.Engine.Rules().Library
	p, missing := library.Get(procedure, version)
	if version == 0 {
		p, missing = library.Latest(procedure, domain.DateIn(s.Now()))
	}
	if missing != nil {
		return err
	}
	named := *e
	named.Args = slices.Clone(e.Args)
	for i, arg := range named.Args {
		code, ok := arg.(string)
		switch {
		case ok && i == 1 && strings.HasPrefix(e.Code, "guard_"):
			named.Args[i] = p.Obstacle(code)
		case ok:
			named.Args[i] = titleOf(p, code)
		}
	}
	return &named
}

// titleOf is the title of an action or state, or the code itself.
func titleOf(p *workflow.Procedure, code string) any {
	if title, ok := p.TitleOf(code); ok {
		return title
	}
	return code
}

// list gives an empty list for nil, as JSON wants it.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
