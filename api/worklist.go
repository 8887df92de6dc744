package api

import (
	"context"
	"net/http"

	"sudi/domain"
)

const (
	worklistItems = 50  // shown of each kind
	worklistPage  = 200 // read at a time
	worklistPages = 10  // read at most
)

type worklistOutput struct{ Body worklist }

// worklist is what waits for the caller, each case in the first of these that
// fits.
type worklist struct {
	Overdue  workItems `json:"overdue" doc:"A limit has passed, earliest first"`
	DueToday workItems `json:"due_today" doc:"A limit ends today, earliest first"`
	New      workItems `json:"new" doc:"On the caller's desk and not accepted yet, newest first"`
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
	w := worker{s: s, ctx: ctx, who: who, seen: map[string]bool{}}
	now := s.Now()
	tomorrow := domain.DateIn(now).AddDays(1).Start()
	out := &worklistOutput{}
	out.Body.Overdue = w.gather(domain.CaseQuery{DueBefore: &now}, w.answersFor)
	out.Body.DueToday = w.gather(domain.CaseQuery{DueBefore: &tomorrow}, w.answersFor)
	out.Body.New = w.gather(domain.CaseQuery{}, w.isNew)
	out.Body.Waiting = w.gather(domain.CaseQuery{}, w.waits)
	return out, w.err
}

// worker reads one caller's work; the first error stops it.
type worker struct {
	s    *server
	ctx  context.Context //nolint:containedctx // lives as long as the request
	who  *Caller
	seen map[string]bool
	err  error
}

// answersFor reports whether a case is on the caller's desk, in his hands or
// his organisation's responsibility.
func (w *worker) answersFor(c *domain.Case) bool {
	return c.Desk == w.who.User.Org || c.Owner == w.who.User.Org || c.Handler == w.who.User.ID
}

func (w *worker) isNew(c *domain.Case) bool {
	return c.Desk == w.who.User.Org && c.Disposition == domain.Pending
}

func (w *worker) waits(c *domain.Case) bool {
	open := c.Disposition == domain.Pending || c.Disposition == domain.Active
	return open && c.Owner == w.who.User.Org && c.Desk != w.who.User.Org
}

// gather reads pages until enough cases are found or nothing is left. It looks
// at a bounded number and says so.
func (w *worker) gather(q domain.CaseQuery, wanted func(*domain.Case) bool) workItems {
	found := workItems{Items: []caseItem{}}
	q.Scope, q.Org, q.Limit = w.who.Scope(), w.who.User.Org, worklistPage
	for range worklistPages {
		if w.err != nil {
			return found
		}
		var page domain.CasePage
		if page, w.err = w.s.Store.List(w.ctx, q); w.err != nil {
			return found
		}
		for i := range page.Items {
			c := &page.Items[i]
			if w.seen[c.ID] || !wanted(c) {
				continue
			}
			if len(found.Items) == worklistItems {
				found.More = true
				return found
			}
			w.seen[c.ID] = true
			found.Items = append(found.Items, itemsOf([]domain.Case{*c})...)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return found
		}
	}
	found.More = true
	return found
}
