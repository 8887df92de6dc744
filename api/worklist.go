package api

import (
	"context"
	"net/http"

	"sudi/domain"
)

// worklistItems is how many cases are shown of each kind.
const worklistItems = 50

type worklistOutput struct{ Body worklist }

// worklist is what waits for the caller and his organisation. A new case that is
// overdue stands under both.
type worklist struct {
	Overdue  workItems `json:"overdue" doc:"A limit has passed, earliest first"`
	DueToday workItems `json:"due_today" doc:"A limit ends today, earliest first"`
	New      workItems `json:"new" doc:"On a desk of the caller's organisation and not accepted yet, newest first"`
	Waiting  workItems `json:"waiting" doc:"The caller's to answer for, but another organisation's turn, newest first"`
}

type workItems struct {
	Items []caseItem `json:"items"`
	More  bool       `json:"more" doc:"There are more than are shown"`
}

func (s *server) worklistRoutes() {
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/worklist", id: "getWorklist", tag: "cases",
		summary: "What waits for the caller: overdue, due today, new, waiting for others",
	}, s.worklist)
}

func (s *server) worklist(ctx context.Context, who *Caller, _ *nothing) (*worklistOutput, error) {
	now := s.Now()
	tomorrow := domain.DateIn(now).AddDays(1).Start()
	actor := who.User.Actor()
	base := domain.CaseQuery{Scope: s.scope(who), Worker: &actor, Limit: worklistItems}
	open := []domain.Disposition{domain.Pending, domain.Active}
	overdue, today, fresh, waiting := base, base, base, base
	overdue.DueBefore = &now
	today.DueBefore, today.DueFrom = &tomorrow, &now
	fresh.Whose, fresh.In = domain.WhoseHere, []domain.Disposition{domain.Pending}
	waiting.Whose, waiting.In = domain.WhoseElsewhere, open
	out := &worklistOutput{}
	for _, part := range []struct {
		query *domain.CaseQuery
		to    *workItems
	}{{&overdue, &out.Body.Overdue}, {&today, &out.Body.DueToday}, {&fresh, &out.Body.New}, {&waiting, &out.Body.Waiting}} {
		page, err := s.Store.List(ctx, *part.query)
		if err != nil {
			return nil, err
		}
		*part.to = workItems{Items: itemsOf(page.Items), More: page.Next != ""}
	}
	return out, nil
}
