package api

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"sudi/domain"
	"sudi/workflow"
)

// ProcedureSummary is a procedure in a list. It is exported because huma skips
// embedded types that are not.
type ProcedureSummary struct {
	Name     string                 `json:"name"`
	Version  int                    `json:"version"`
	Title    domain.Text            `json:"title"`
	Basis    []string               `json:"basis" doc:"Statutes that it follows"`
	Number   string                 `json:"number" doc:"Letters of its case numbers"`
	Classes  map[string]domain.Text `json:"classes,omitempty"`
	Outcomes map[string]domain.Text `json:"outcomes,omitempty"`
	Register transitionView         `json:"register" doc:"How a case begins"`
}

// procedureView is a procedure whole.
type procedureView struct {
	ProcedureSummary
	Regimes   []regimeView     `json:"regimes"`
	Deadlines []clockView      `json:"deadlines"`
	States    []stateView      `json:"states"`
	Anywhere  []transitionView `json:"anywhere" doc:"Possible in every state that is not final"`
	Routes    []routeView      `json:"routes" doc:"Who is given a case: the first row that fits"`
	Drawing   string           `json:"drawing,omitempty" doc:"Mermaid state diagram, in the caller's language"`
}

type regimeView struct {
	Code  string      `json:"code"`
	Title domain.Text `json:"title"`
	From  domain.Date `json:"from" doc:"First day of receipt; empty: since ever"`
	Until domain.Date `json:"until" doc:"Last day of receipt; empty: still"`
}

type clockView struct {
	Kind   string      `json:"kind"`
	Title  domain.Text `json:"title"`
	Roll   domain.Roll `json:"roll"`
	Extend string      `json:"extend,omitempty" doc:"By how much an extension moves it"`
	OnMiss string      `json:"on_miss,omitempty" doc:"Action that follows by itself when it has passed"`
	Limits []limitView `json:"limits" doc:"The first whose conditions hold"`
}

type limitView struct {
	If      []string `json:"if" doc:"Conditions, in words"`
	Limit   string   `json:"limit"`
	Article string   `json:"article"`
}

type stateView struct {
	Name        string             `json:"name"`
	Title       domain.Text        `json:"title"`
	Turn        workflow.Turn      `json:"turn,omitempty" doc:"Where the person works whose turn it is"`
	Disposition domain.Disposition `json:"disposition"`
	Final       bool               `json:"final"`
	Actions     []transitionView   `json:"actions"`
}

type transitionView struct {
	Action  string        `json:"action"`
	Title   domain.Text   `json:"title"`
	By      []domain.Role `json:"by"`
	To      string        `json:"to,omitempty" doc:"State after it; absent: the same"`
	If      []string      `json:"if" doc:"Conditions, in words"`
	Fields  []fieldView   `json:"fields"`
	Papers  []string      `json:"papers"`
	Article string        `json:"article,omitempty"`
}

type routeView struct {
	If  []string    `json:"if" doc:"Conditions, in words"`
	To  string      `json:"to"`
	Why domain.Text `json:"why"`
}

type proceduresOutput struct {
	Body struct {
		Items []ProcedureSummary `json:"items"`
	}
}

type procedureInput struct {
	Name    string `path:"name"`
	Version int    `query:"version" minimum:"1" doc:"The one by which new cases run when left out"`
}

type procedureOutput struct{ Body procedureView }

func (s *server) procedureRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/procedures", id: "listProcedures", tag: "reference",
		summary: "The procedures, each in the version by which new cases run",
	}, func(_ context.Context, who *Caller, _ *nothing) (*proceduresOutput, error) {
		out := &proceduresOutput{}
		out.Body.Items = []ProcedureSummary{}
		for _, p := range s.Engine.Rules().Library.InForce(domain.DateIn(s.Now())) {
			out.Body.Items = append(out.Body.Items, summaryOf(p, who.Lang))
		}
		return out, nil
	})
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/procedures/{name}", id: "getProcedure", tag: "reference",
		summary: "A procedure: states, actions, limits, routes and its drawing", errors: []int{http.StatusNotFound},
	}, s.procedure)
}

func (s *server) procedure(_ context.Context, who *Caller, in *procedureInput) (*procedureOutput, error) {
	library := s.Engine.Rules().Library
	p, err := library.Latest(in.Name, domain.DateIn(s.Now()))
	if in.Version != 0 {
		p, err = library.Get(in.Name, in.Version)
	}
	if err != nil {
		return nil, domain.Errorf(domain.KindNotFound, "procedure_unknown")
	}
	return &procedureOutput{procedureOf(p, who.Lang)}, nil
}

func summaryOf(p *workflow.Procedure, lang string) ProcedureSummary {
	return ProcedureSummary{
		Name: p.Name, Version: p.Version, Title: p.Title, Basis: list(p.Basis), Number: p.Number,
		Classes: p.Classes, Outcomes: p.Outcomes, Register: transitionOf(p, &p.Register, lang),
	}
}

func procedureOf(p *workflow.Procedure, lang string) procedureView {
	v := procedureView{
		ProcedureSummary: summaryOf(p, lang), Regimes: []regimeView{}, Deadlines: clocksOf(p, lang),
		States: []stateView{}, Anywhere: transitionsOf(p, p.Anywhere, lang), Routes: []routeView{}, Drawing: workflow.Draw(p, lang, ""),
	}
	for _, r := range p.Regimes {
		v.Regimes = append(v.Regimes, regimeView{r.Code, r.Title, r.From, r.Until})
	}
	for i := range p.States {
		st := &p.States[i]
		v.States = append(v.States, stateView{st.Name, st.Title, st.Turn, st.Disposition, st.Final, transitionsOf(p, st.On, lang)})
	}
	for _, r := range p.Routes {
		v.Routes = append(v.Routes, routeView{guardsInWords(p, r.If, lang), string(r.To), r.Why})
	}
	return v
}

func clocksOf(p *workflow.Procedure, lang string) []clockView {
	clocks := []clockView{}
	for _, kind := range slices.Sorted(maps.Keys(p.Deadlines)) {
		k := p.Deadlines[kind]
		v := clockView{Kind: kind, Title: k.Title, Roll: k.Roll, OnMiss: k.OnMiss, Limits: []limitView{}}
		if k.Extend != nil {
			v.Extend = k.Extend.String()
		}
		for _, l := range k.Limits {
			v.Limits = append(v.Limits, limitView{guardsInWords(p, l.If, lang), l.Period.String(), l.Article})
		}
		clocks = append(clocks, v)
	}
	return clocks
}

func transitionsOf(p *workflow.Procedure, ts []workflow.Transition, lang string) []transitionView {
	views := make([]transitionView, len(ts))
	for i := range ts {
		views[i] = transitionOf(p, &ts[i], lang)
	}
	return views
}

func transitionOf(p *workflow.Procedure, t *workflow.Transition, lang string) transitionView {
	return transitionView{
		Action: t.Do, Title: t.Title, By: list(t.By), To: t.To, If: guardsInWords(p, t.If, lang),
		Fields: fieldsOf(p, t), Papers: list(t.Papers), Article: t.Article,
	}
}

func guardsInWords(p *workflow.Procedure, gs []workflow.Guard, lang string) []string {
	said := make([]string, len(gs))
	for i, g := range gs {
		said[i] = p.Condition(g).In(lang)
	}
	return said
}
