package api

import (
	"context"
	"net/http"
	"time"

	"sudi/domain"
)

// mostCounted bounds the totals of a worklist.
const mostCounted = 1000

type worklistOutput struct{ Body worklist }

// worklist is what waits for the caller and his organisation, in the procedures
// that his role works on. A new case that is overdue stands under both.
type worklist struct {
	Overdue      workItems `json:"overdue" doc:"A limit has passed, earliest first"`
	DueToday     workItems `json:"due_today" doc:"A limit ends today, earliest first"`
	New          workItems `json:"new" doc:"On a desk of the caller's organisation and not accepted yet, newest first"`
	Waiting      workItems `json:"waiting" doc:"The caller's to answer for, but another organisation's turn, newest first"`
	Helping      workItems `json:"helping" doc:"On which the caller's organisation helps, or of which it was told, newest first"`
	Risks        workItems `json:"risks" doc:"Open cases with a risk that the caller may see, newest first"`
	Dissatisfied workItems `json:"dissatisfied" doc:"Rated dissatisfied within the last thirty days, newest first"`
	Sealed       workItems `json:"sealed" doc:"Accusations (检举控告) that the caller's own organisation has on its desk or answers for, until they are closed, newest first; they stand in no list"`
}

type workItems struct {
	Items []caseItem `json:"items"`
	Total int        `json:"total" doc:"How many there are; 1000 means that many or more"`
	Next  string     `json:"next,omitempty" doc:"Cursor of the next page: ask for this part alone with it"`
}

type worklistInput struct {
	Part   string `query:"part" enum:"overdue,due_today,new,waiting,helping,risks,dissatisfied,sealed" doc:"One part alone; all when left out"`
	Cursor string `query:"cursor" maxLength:"500" doc:"From the page before, with its part"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"Of each part; 50 when left out"`
}

func (s *server) worklistRoutes() {
	register(s, Readers(), operation{
		method: http.MethodGet, path: "/worklist", id: "getWorklist", tag: "cases",
		summary: "What waits for the caller: overdue, due today, new, waiting for others, helped on, risks, dissatisfied, sealed",
	}, s.worklist)
}

func (s *server) worklist(ctx context.Context, who *Caller, in *worklistInput) (*worklistOutput, error) {
	if in.Cursor != "" && in.Part == "" {
		return nil, domain.Invalid(domain.FieldError{Field: "part", Code: "required"})
	}
	out := &worklistOutput{}
	for name, to := range map[string]*workItems{
		"overdue": &out.Body.Overdue, "due_today": &out.Body.DueToday, "new": &out.Body.New, "waiting": &out.Body.Waiting,
		"helping": &out.Body.Helping, "risks": &out.Body.Risks, "dissatisfied": &out.Body.Dissatisfied, "sealed": &out.Body.Sealed,
	} {
		to.Items = []caseItem{}
		if in.Part != "" && in.Part != name {
			continue
		}
		q := s.workQuery(who, name)
		q.Limit, q.Cursor = in.Limit, in.Cursor
		page, err := s.Store.List(ctx, q)
		if err != nil {
			return nil, err
		}
		total, err := s.Store.CountList(ctx, q, mostCounted)
		if err != nil {
			return nil, err
		}
		items, err := s.items(ctx, page.Items, who)
		if err != nil {
			return nil, err
		}
		*to = workItems{Items: items, Total: total, Next: page.Next}
	}
	return out, nil
}

// dissatisfiedFor is how long somebody's dissatisfaction stands on the worklist:
// as long as he may ask for reopening.
const dissatisfiedFor = 30 * 24 * time.Hour

// open are the dispositions of cases on which something is still to be done.
var open = []domain.Disposition{domain.Pending, domain.Active}

// workQuery selects one part of a caller's worklist.
func (s *server) workQuery(who *Caller, part string) domain.CaseQuery {
	now := s.Now()
	actor := who.Actor()
	q := domain.CaseQuery{Scope: s.opening(who), Worker: &actor, Among: s.Engine.Rules().Library.WorkedOnBy(actor.Role)}
	switch part {
	case "overdue":
		q.DueBefore = &now
	case "due_today":
		tomorrow := domain.DateIn(now).AddDays(1).Start()
		q.DueBefore, q.DueFrom = &tomorrow, &now
	case "new":
		q.Whose, q.In = domain.WhoseHere, []domain.Disposition{domain.Pending}
	case "waiting":
		q.Whose, q.In = domain.WhoseElsewhere, open
	case "helping":
		q.Scope, q.Whose, q.In, q.Among = s.scope(who), domain.WhosePartners, open, nil // whatever the procedure
	case "risks":
		q.Scope, q.Worker, q.In, q.Among, q.Flag = s.scope(who), nil, open, nil, domain.FlagRisk
	case "dissatisfied":
		since := now.Add(-dissatisfiedFor)
		q.Dissatisfied = &since
	case "sealed":
		q.Restricted = true
	}
	return q
}
