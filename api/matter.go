package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

type linksOutput struct {
	Body struct {
		Items  []linkView `json:"items"`
		Hidden int        `json:"hidden" doc:"Ties to cases that the caller may not see, but for those that complain of his own unit"`
	}
}

// linkView is a tie with the case at its other end.
type linkView struct {
	domain.Link
	Case linkedCase `json:"case" doc:"The other one"`
}

type linkedCase struct {
	ID             string             `json:"id"`
	Number         string             `json:"number"`
	Title          string             `json:"title"`
	ProcedureTitle string             `json:"procedure_title" doc:"In the caller's language"`
	State          string             `json:"state"`
	StateTitle     string             `json:"state_title" doc:"In the caller's language"`
	Disposition    domain.Disposition `json:"disposition"`
}

type chainOutput struct{ Body chainView }

// chainView is a matter as one story.
type chainView struct {
	Matter  string      `json:"matter"`
	Legs    []legView   `json:"legs" doc:"Its cases in the order of receipt, the first case first"`
	Entries []chainLine `json:"entries" doc:"What matters of their histories, oldest first"`
	Hidden  int         `json:"hidden" doc:"Cases of the matter that the caller may not see, but for those that complain of his own unit"`
	More    int         `json:"more,omitempty" doc:"Cases that he may see but that are too many to list"`
}

// legView is one case of a matter. A traced one, which came out of the case
// that the caller's organisation received first, tells where it stands and no
// word that anybody wrote.
type legView struct {
	Leg            int                `json:"leg" doc:"Its place in the story, from 1"`
	ID             string             `json:"id,omitempty" doc:"Absent when the caller may not open it"`
	Number         string             `json:"number"`
	Title          string             `json:"title"`
	Procedure      string             `json:"procedure"`
	ProcedureTitle string             `json:"procedure_title" doc:"In the caller's language"`
	Unit           string             `json:"unit"`
	UnitName       string             `json:"unit_name"`
	State          string             `json:"state"`
	StateTitle     string             `json:"state_title" doc:"In the caller's language"`
	Disposition    domain.Disposition `json:"disposition"`
	Outcome        string             `json:"outcome,omitempty"`
	OutcomeTitle   string             `json:"outcome_title,omitempty" doc:"In the caller's language"`
	ReceivedAt     time.Time          `json:"received_at"`
	AcceptedAt     *time.Time         `json:"accepted_at,omitempty"`
	ConcludedAt    *time.Time         `json:"concluded_at,omitempty"`
	Due            *time.Time         `json:"due,omitempty" doc:"Of its earliest running limit"`
	LimitTitle     string             `json:"limit_title,omitempty" doc:"Of that limit, in the caller's language"`
	DerivedFrom    int                `json:"derived_from,omitempty" doc:"Leg that it came out of"`
	Repeats        int                `json:"repeats,omitempty" doc:"Leg that it repeats"`
	Masked         bool               `json:"masked" doc:"Whether the title is hidden"`
}

// chainKind is why an entry matters to who reads the story.
type chainKind string

const (
	chainRegistered chainKind = "registered"
	chainOpened     chainKind = "opened"   // came out of another case
	chainTakenUp    chainKind = "taken_up" // accepted, or work began again
	chainResult     chainKind = "result"
	chainHandedOver chainKind = "handed_over"
)

var chainKinds = []chainKind{chainRegistered, chainOpened, chainTakenUp, chainResult, chainHandedOver}

type chainLine struct {
	At          time.Time `json:"at"`
	Leg         int       `json:"leg"`
	Number      string    `json:"number"`
	Kind        chainKind `json:"kind"`
	Action      string    `json:"action"`
	ActionTitle string    `json:"action_title" doc:"In the caller's language"`
	ToTitle     string    `json:"to_title" doc:"State after it, in the caller's language"`
	ActorOrg    string    `json:"actor_org,omitempty"`
	Desk        string    `json:"desk,omitempty" doc:"Organisation that the case was handed to"`
}

func (s *server) matterRoutes() {
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases/{id}/links", id: "caseLinks", tag: "cases",
		summary: "The cases that a case hangs together with, both ways, as far as the caller may see them", errors: []int{http.StatusNotFound},
	}, s.links)
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/cases/{id}/chain", id: "caseChain", tag: "cases",
		summary: "The matter of a case as one story, through all its procedures", errors: []int{http.StatusNotFound},
	}, s.chain)
}

func (s *server) links(ctx context.Context, who *Caller, in *caseInput) (*linksOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Links(ctx, file.Case.ID)
	if err != nil {
		return nil, err
	}
	other := func(l *domain.Link) string {
		if l.To == file.Case.ID {
			return l.From
		}
		return l.To
	}
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = other(&all[i])
	}
	seen, known, err := s.seenOf(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	out := &linksOutput{}
	out.Body.Items = []linkView{}
	for i := range all {
		id := other(&all[i])
		if c := seen[id]; c != nil {
			out.Body.Items = append(out.Body.Items, linkView{all[i], s.linked(c, who)})
		} else if known[id] != nil {
			out.Body.Hidden++
		}
	}
	return out, nil
}

// casesOf reads those of some cases that a scope covers, by id.
func (s *server) casesOf(ctx context.Context, scope domain.Scope, ids []string) (map[string]*domain.Case, error) {
	lines, err := s.Store.Lines(ctx, scope, ids)
	cases := make(map[string]*domain.Case, len(lines))
	for i := range lines {
		cases[lines[i].ID] = &lines[i].Case
	}
	return cases, err
}

func (s *server) linked(c *domain.Case, who *Caller) linkedCase {
	v := linkedCase{ID: c.ID, Number: c.Number, Title: c.Title, State: c.State, Disposition: c.Disposition}
	if s.masked(who, c) {
		v.Title = maskCase(*c).Title
	}
	v.ProcedureTitle, v.StateTitle, _ = s.titles(c, who.Lang)
	return v
}

// titles are those of a case's procedure, state and outcome; the codes where
// the procedure is gone.
func (s *server) titles(c *domain.Case, lang string) (procedure, state, outcome string) {
	p, err := s.Engine.Rules().Library.Get(c.Procedure, c.ProcedureVersion)
	if err != nil {
		return c.Procedure, c.State, c.Outcome
	}
	outcome = c.Outcome
	if title, ok := p.Outcomes[c.Outcome]; ok {
		outcome = title.In(lang)
	}
	return p.Title.In(lang), word(lang, titleOf(p, c.State)), outcome
}

func (s *server) chain(ctx context.Context, who *Caller, in *caseInput) (*chainOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	scope := s.scope(who)
	if file.Case.Restricted() { // its own story tells of it, that of another case does not
		scope = s.opening(who)
	}
	story, err := s.Store.Story(ctx, scope, file.Case.Matter)
	if err != nil {
		return nil, err
	}
	if err := s.untie(ctx, who, &file.Case); err != nil {
		return nil, err
	}
	v := chainView{Matter: file.Case.Matter, Legs: []legView{}, Entries: []chainLine{}, Hidden: story.Hidden, More: story.More}
	places := map[string]int{}
	for i := range story.Legs {
		places[story.Legs[i].Case.ID] = i + 1
	}
	for i := range story.Legs {
		leg := &story.Legs[i]
		v.Legs = append(v.Legs, s.legOf(leg, who, places))
		v.Entries = append(v.Entries, s.chainLines(leg, i+1, who.Lang)...)
	}
	slices.SortStableFunc(v.Entries, func(a, b chainLine) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Leg, b.Leg))
	})
	return &chainOutput{v}, nil
}

func (s *server) legOf(leg *domain.Leg, who *Caller, places map[string]int) legView {
	c := &leg.Case
	v := legView{
		Leg: places[c.ID], ID: c.ID, Number: c.Number, Title: c.Title, Procedure: c.Procedure, Unit: c.Unit, UnitName: s.nameOf(c.Unit),
		State: c.State, Disposition: c.Disposition, Outcome: c.Outcome,
		ReceivedAt: c.ReceivedAt, AcceptedAt: c.AcceptedAt, ConcludedAt: c.ConcludedAt,
		DerivedFrom: place(places, c.DerivedFrom), Repeats: place(places, c.Repeats),
	}
	v.ProcedureTitle, v.StateTitle, v.OutcomeTitle = s.titles(c, who.Lang)
	switch {
	case leg.Traced:
		v.ID, v.Title = "", stars
	case s.masked(who, c):
		v.Title = maskCase(*c).Title
	}
	v.Masked = v.Title == stars
	v.Due, v.LimitTitle = s.runningLimit(leg, who.Lang)
	return v
}

// place is the leg that a case names, 0 for none, or none that is told.
func place(places map[string]int, id *string) int {
	if id == nil {
		return 0
	}
	return places[*id]
}

// nameOf is an organisation's name, its code when it is gone.
func (s *server) nameOf(code string) string {
	if o := s.Engine.Rules().Directory.Get(code); o != nil {
		return o.Name
	}
	return code
}

// runningLimit is the earliest limit of a leg by which somebody must act.
func (s *server) runningLimit(leg *domain.Leg, lang string) (due *time.Time, title string) {
	var first *domain.Deadline
	for i := range leg.Deadlines {
		if d := &leg.Deadlines[i]; d.Running() && !d.Chance && (first == nil || d.Due.Before(first.Due)) {
			first = d
		}
	}
	if first == nil {
		return nil, ""
	}
	title = first.Kind
	if p, err := s.Engine.Rules().Library.Get(leg.Case.Procedure, leg.Case.ProcedureVersion); err == nil {
		title = p.Deadlines[first.Kind].Title.In(lang)
	}
	return &first.Due, title
}

// chainLines picks what matters out of a leg's history.
func (s *server) chainLines(leg *domain.Leg, place int, lang string) []chainLine {
	versions, err := s.versionsOf(&leg.Case, leg.Entries)
	if err != nil { // the codes tell it as well as they can
		versions = slices.Repeat([]*workflow.Procedure{{}}, len(leg.Entries))
	}
	var lines []chainLine
	for i := range leg.Entries {
		e, p := &leg.Entries[i], versions[i]
		kind := kindOf(e, leg.Case.DerivedFrom != nil)
		if kind == "" {
			continue
		}
		lines = append(lines, chainLine{
			At: e.At, Leg: place, Number: leg.Case.Number, Kind: kind, Action: e.Action,
			ActionTitle: word(lang, titleOf(p, e.Action)), ToTitle: word(lang, titleOf(p, e.To)), ActorOrg: e.ActorOrg, Desk: e.Desk,
		})
	}
	return lines
}

// kindOf says why an entry matters to a reader of the story, "" when it does
// not.
func kindOf(e *domain.Entry, derived bool) chainKind {
	disposition, moved := e.Effect["disposition"]
	outcome, given := e.Effect["outcome"]
	switch {
	case e.Version == 1 && derived:
		return chainOpened
	case e.Version == 1:
		return chainRegistered
	case moved && fmt.Sprint(disposition) == string(domain.Active):
		return chainTakenUp
	case moved && fmt.Sprint(disposition) != string(domain.Pending), given && outcome != "":
		return chainResult
	case e.Desk != "":
		return chainHandedOver
	default:
		return ""
	}
}
