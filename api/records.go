package api

import (
	"context"
	"net/http"

	"sudi/domain"
	"sudi/workflow"
)

type historyOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		Items []entryView `json:"items"`
	}
}

// entryView is a line of a case's history, with the titles of its procedure.
type entryView struct {
	domain.Entry
	ActionTitle string `json:"action_title" doc:"In the caller's language"`
	ToTitle     string `json:"to_title" doc:"Title of the state after it, in the caller's language"`
}

func (s *server) recordRoutes() {
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases/{id}/history", id: "caseHistory", tag: "cases",
		summary: "Everything that happened to a case, oldest first", errors: []int{http.StatusNotFound},
	}, s.history)
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases/{id}/deadlines", id: "caseDeadlines", tag: "cases",
		summary: "The time limits of a case, with each day counted and skipped", errors: []int{http.StatusNotFound},
	}, s.deadlines)
}

func (s *server) history(ctx context.Context, who *Caller, in *caseInput) (*historyOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	masked := s.masked(who, &file.Case)
	if !masked {
		if err := s.recordRead(ctx, "case.history", "case", file.Case.ID, nil); err != nil {
			return nil, err
		}
	}
	entries, err := s.Store.History(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	versions, err := s.versionsOf(&file.Case, entries)
	if err != nil {
		return nil, err
	}
	secret, err := s.untieEntries(ctx, who, &file.Case, versions, entries)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{ETag: etag(file.Case.Version)}
	out.Body.Items = make([]entryView, 0, len(entries))
	for i, e := range entries {
		if secret[e.Version] {
			continue
		}
		if e.Effect == nil {
			e.Effect = domain.Effect{}
		}
		if masked {
			e = maskEntry(e)
		}
		if e.ActorRole == domain.RoleRouter || e.ActorRole == domain.RoleClock || e.ActorID == domain.Citizen.ID {
			e.ActorName = word(who.Lang, e.ActorName)
		}
		p := versions[i]
		if !masked && s.private(who, p, &file.Case, &e) {
			e = maskEntry(e)
		}
		out.Body.Items = append(out.Body.Items, entryView{
			Entry: e, ActionTitle: word(who.Lang, titleOf(p, e.Action)), ToTitle: word(who.Lang, titleOf(p, e.To)),
		})
	}
	return out, nil
}

// private reports whether an entry is for those who work where it was written,
// or are responsible for the case, and above them: what was said in a mediation
// serves nobody elsewhere.
func (s *server) private(who *Caller, p *workflow.Procedure, c *domain.Case, e *domain.Entry) bool {
	d := s.Engine.Rules().Directory
	return p.Private(e.From, e.Action) && !d.Within(e.ActorOrg, who.User.Org) && !d.Within(c.Owner, who.User.Org)
}

// versionsOf gives, for each entry of a case's history, the version of its
// procedure that it stood on after it: a migration may have moved it.
func (s *server) versionsOf(c *domain.Case, entries []domain.Entry) ([]*workflow.Procedure, error) {
	versions := make([]*workflow.Procedure, len(entries))
	p, err := s.Engine.Rules().Library.Get(c.Procedure, c.ProcedureVersion)
	for i := len(entries) - 1; i >= 0 && err == nil; i-- {
		versions[i] = p
		if from, moved := entries[i].Fields["from_version"].(float64); moved && entries[i].Action == workflow.ActionMigrate {
			p, err = s.Engine.Rules().Library.Get(c.Procedure, int(from))
		}
	}
	return versions, err
}
