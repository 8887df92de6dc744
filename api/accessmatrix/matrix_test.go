package accessmatrix

import (
	"archive/zip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/api"
)

// caseRequest asks a route about one case.
type caseRequest struct {
	route  string
	path   string // behind the case's id
	body   any
	header []string
	seen   int    // status for whom the case is there
	shows  string // part that must be in the answer to whom it is shown whole, besides
}

// stale names no version of any case, so that a request that changes something
// is answered before it does.
var stale = []string{"If-Match", `"999"`}

var caseRequests = []caseRequest{
	{route: "GET /api/v1/cases/:id", seen: http.StatusOK, shows: "number title statement name phone identity address"},
	{route: "GET /api/v1/cases/:id/history", path: "/history", seen: http.StatusOK, shows: "note"},
	{route: "GET /api/v1/cases/:id/actions", path: "/actions", seen: http.StatusOK},
	{route: "GET /api/v1/cases/:id/deadlines", path: "/deadlines", seen: http.StatusOK},
	{route: "GET /api/v1/cases/:id/links", path: "/links", seen: http.StatusOK},
	{route: "GET /api/v1/cases/:id/chain", path: "/chain", seen: http.StatusOK, shows: "number title"},
	{route: "PATCH /api/v1/cases/:id", body: map[string]any{"title": "x"}, header: stale, seen: http.StatusPreconditionFailed},
	{route: "POST /api/v1/cases/:id/actions/:action", path: "/actions/note", body: map[string]any{"fields": map[string]any{"note_text": "x"}},
		header: stale, seen: http.StatusPreconditionFailed},
	{route: "POST /api/v1/cases/:id/parties/:seq/reveal", path: "/parties/1/reveal", body: map[string]any{"field": "name", "reason": "  "}, seen: http.StatusUnprocessableEntity},
	{route: "POST /api/v1/cases/:id/invitations", path: "/invitations", header: stale, seen: http.StatusPreconditionFailed},
}

// ruleOf is the row of a route.
func ruleOf(route string) *rule {
	for i := range rules {
		if rules[i].route == route {
			return &rules[i]
		}
	}
	panic("no row for " + route)
}

// findings gathers what does not agree with the policy.
type findings struct {
	mu    sync.Mutex
	cells int
	list  []string
}

func (f *findings) cell(who *reader, route string, of fmt.Stringer, what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cells++
	if what != "" {
		f.list = append(f.list, fmt.Sprintf("%s as %s, case %s: %s", route, who, of, what))
	}
}

// none fails for each finding; the first ones say enough.
func (f *findings) none(t *testing.T) {
	t.Helper()
	slices.Sort(f.list)
	t.Logf("%d cells, %d do not agree", f.cells, len(f.list))
	require.Positive(t, f.cells)
	for i, line := range f.list {
		if i == 30 {
			t.Errorf("and %d more", len(f.list)-i)
			return
		}
		t.Error(line)
	}
}

// everybody does something as each reader, several at once.
func (w *world) everybody(orgs []string, roles []string, do func(who *reader)) {
	work := make(chan *reader)
	var group sync.WaitGroup
	for range max(2, runtime.NumCPU()) {
		group.Go(func() {
			for who := range work {
				do(who)
			}
		})
	}
	for _, org := range orgs {
		for _, role := range roles {
			work <- w.readers[role+" "+org]
		}
	}
	close(work)
	group.Wait()
}

// TestEveryCase asks every route about every case, as every role of the bodies
// that stand in every relation, and of the others as one that works on cases and
// one that only looks.
func TestEveryCase(t *testing.T) {
	w := county(t)
	var f findings
	missing := w.missing()
	w.everybody([]string{"town", "bureau"}, roles, func(who *reader) { w.askCases(&f, w.api, who, missing) })
	w.everybody([]string{"county", "village", "station", "other", "housing", "court", "police"}, []string{"clerk", "auditor"},
		func(who *reader) { w.askCases(&f, w.api, who, missing) })
	f.none(t)
}

// missing are the answers about a case that there is not, by route and role.
func (w *world) missing() map[string]string {
	answers := map[string]string{}
	for _, q := range caseRequests {
		method, _, _ := strings.Cut(q.route, " ")
		who := w.readers["clerk town"]
		if !strings.Contains(ruleOf(q.route).roles, "clerk") {
			who = w.readers["leader town"]
		}
		a := ask(w.api, who, method, prefix+"/cases/"+nobody+q.path, q.body, q.header...)
		require.Equal(w.t, http.StatusNotFound, a.status, q.route)
		answers[q.route] = a.anonymous()
	}
	return answers
}

func (w *world) askCases(f *findings, to *api.API, who *reader, missing map[string]string) {
	for _, c := range w.cases {
		as := c.shownTo(who)
		for _, q := range caseRequests {
			method, _, _ := strings.Cut(q.route, " ")
			a := ask(to, who, method, prefix+"/cases/"+c.id+q.path, q.body, q.header...)
			t := tokens(a.body)
			what := judge(c, who, as, &q, &a, missing, t)
			for _, secret := range w.secrets(c) {
				if what == "" && a.status == http.StatusOK {
					what = leaks(secret, who, secret.listedTo(who, q.route), q.route, t)
				}
			}
			f.cell(who, q.route, c, what)
		}
	}
}

// secrets are the cases that hang together with a case.
func (w *world) secrets(c *planted) []*planted {
	var list []*planted
	for name, tie := range ties {
		switch {
		case name == c.name:
			list = append(list, w.planted(tie.with))
		case tie.with == c.String():
			list = append(list, w.planted(name+"/tied"))
		}
	}
	return list
}

// judge says what is wrong with an answer about a case, "" when nothing is.
func judge(c *planted, who *reader, as shown, q *caseRequest, a *answer, missing map[string]string, t text) string {
	switch {
	case !has(ruleOf(q.route).roles, who.role):
		if a.problem() != "role_not_allowed" {
			return fmt.Sprintf("the role is let in: %d", a.status)
		}
	case as == absent:
		if a.anonymous() != missing[q.route] {
			return fmt.Sprintf("%d, not as a case that there is not: %s", a.status, a.body)
		}
	case a.status != q.seen:
		return fmt.Sprintf("%d instead of %d: %s", a.status, q.seen, a.body)
	case as == whole:
		for part := range strings.FieldsSeq(q.shows) {
			if !t[c.token(part)] {
				return "does not show the " + part
			}
		}
	case as == masked && strings.Contains(q.shows, "number") && !t[c.number]:
		return "does not show the number"
	}
	return leaks(c, who, as, q.route, t)
}

// leaks says what of a case stands in an answer and may not. Which matter a case
// belongs to may be known, though the matter is named after its first case, but
// where that complains of the reader's unit, or is sealed.
func leaks(c *planted, who *reader, as shown, route string, t text) string {
	rel := c.relations[who.org]
	secret := rel == against || c.state == sealed
	if secret && t[ofMatter+c.id] && as == absent {
		return "shows the matter " + c.id
	}
	for _, token := range c.hidden(as) {
		told := rel == traced && route == chain && token == c.number ||
			!secret && route == ledger && token == c.id // a ledger names a row's matter, and has the numbers of all its rows
		if t[token] && !told {
			return "shows " + token
		}
	}
	return ""
}

const (
	chain    = "GET /api/v1/cases/:id/chain"
	ledger   = "GET /api/v1/ledgers/:file"
	worklist = "GET /api/v1/worklist"
)

// listRequest asks a route that answers about many cases.
type listRequest struct {
	route string
	path  string
	whole bool // all that the reader may see is in the answer
	file  bool // the answer is a workbook
	words bool // cases are found by words of their titles
	full  bool // for those who work on cases alone
}

var listRequests = func() []listRequest {
	const list, similar = "GET /api/v1/cases", "GET /api/v1/similar"
	requests := []listRequest{
		{route: list, path: "/cases?limit=200", whole: true},
		{route: list, path: "/cases?limit=200&q=" + url.QueryEscape("路灯"), whole: true, words: true},
		{route: list, path: "/cases?limit=200&period=2020", whole: true},
		{route: list, path: "/cases?limit=200&due_before=2030-01-01"},
		{route: list, path: "/cases?limit=200&flag=confidential"},
		{route: list, path: "/cases?limit=200&procedure=petition"},
		{route: list, path: "/cases?limit=200&state=merged"},
		{route: worklist, path: "/worklist?limit=200"},
		{route: similar, path: "/similar?text=" + url.QueryEscape("路灯Z050TI坏了Z050ST") + "&place=370404102201&category=0101"},
		{route: ledger, path: "/ledgers/cases.xlsx", whole: true, file: true},
		{route: ledger, path: "/ledgers/cases.xlsx?persons=full", whole: true, file: true, full: true},
	}
	for _, org := range []string{"county", "bureau", "town", "village", "other"} {
		requests = append(requests, listRequest{route: list, path: "/cases?limit=200&org=" + code(org)},
			listRequest{route: list, path: "/cases?limit=200&owner=" + code(org)})
	}
	for _, kind := range []string{"work", "mediation", "backlog", "supervised"} {
		requests = append(requests, listRequest{route: ledger, path: "/ledgers/" + kind + ".xlsx", file: true})
	}
	for _, indicator := range []string{"appeals.received", "petitions.visits", "cases.open", "appeals.closure_rate"} {
		requests = append(requests, listRequest{route: list, path: "/cases?limit=200&period=2020&indicator=" + indicator},
			listRequest{route: ledger, path: "/ledgers/cases.xlsx?period=2020&indicator=" + indicator, file: true})
	}
	return requests
}()

// TestEveryList asks every list, count, export and search as every role of every
// body: what the reader may not see is in none of them, by no word, number or id.
func TestEveryList(t *testing.T) {
	w := county(t)
	var f findings
	w.everybody(readers, roles, func(who *reader) { w.askLists(&f, w.api, who) })
	f.none(t)
}

func (w *world) askLists(f *findings, to *api.API, who *reader) {
	for _, q := range listRequests {
		a := ask(to, who, http.MethodGet, prefix+q.path, nil)
		if !has(ruleOf(q.route).roles, who.role) || q.full && !has(workers, who.role) {
			what := ""
			if a.status != http.StatusForbidden {
				what = fmt.Sprintf("the role is let in: %d", a.status)
			}
			f.cell(who, q.path, all, what)
			continue
		}
		if a.status != http.StatusOK {
			f.cell(who, q.path, all, fmt.Sprintf("%d: %s", a.status, a.body))
			continue
		}
		body := a.body
		if q.file {
			body = unzipped(body)
		}
		t := tokens(body)
		for _, c := range w.cases {
			f.cell(who, q.path, c, found(c, who, &q, t))
		}
	}
}

// found says what is wrong with what a list holds of a case.
func found(c *planted, who *reader, q *listRequest, t text) string {
	as := c.listedTo(who, q.route)
	if what := leaks(c, who, as, q.route, t); what != "" {
		return what
	}
	if q.words && as == masked && c.state == confidential {
		if t[c.number] {
			return "is found by a word that is hidden"
		}
		return ""
	}
	if q.whole && as != absent && !t[c.number] {
		return "is not there"
	}
	return ""
}

type every string

func (e every) String() string { return string(e) }

const all every = "any"

// unzipped are all parts of a workbook, one behind the other.
func unzipped(file string) string {
	z, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		return "no workbook: " + err.Error()
	}
	var text strings.Builder
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			return "no workbook: " + err.Error()
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			return "no workbook: " + err.Error()
		}
		text.Write(raw)
	}
	return text.String()
}

// TestEverySearch looks for each case by all that it could be found by.
func TestEverySearch(t *testing.T) {
	w := county(t)
	var f findings
	w.everybody(readers, []string{"clerk"}, func(who *reader) { w.search(&f, w.api, who, w.cases) })
	w.everybody([]string{"town", "bureau"}, []string{"leader"}, func(who *reader) { w.search(&f, w.api, who, w.cases) })
	w.everybody([]string{"bureau"}, []string{"supervisor"}, func(who *reader) { w.search(&f, w.api, who, w.cases) })
	f.none(t)
}

func (w *world) search(f *findings, to *api.API, who *reader, cases []*planted) {
	for _, c := range cases {
		as := c.listedTo(who, "")
		look := func(path string, finds, alone bool) {
			a := ask(to, who, http.MethodGet, prefix+path, nil)
			what := ""
			switch {
			case a.status != http.StatusOK:
				what = fmt.Sprintf("%d: %s", a.status, a.body)
			case tokens(a.body)[c.id] != finds:
				what = fmt.Sprintf("found: %t", !finds)
			case alone && !finds && !strings.Contains(a.body, `"items":[]`):
				what = "something else is found"
			}
			f.cell(who, path, c, what)
		}
		look("/cases?q="+url.QueryEscape(c.number), as != absent, true)
		for _, part := range []string{"phone", "identity", "name"} { // only who works on cases finds people
			look("/cases?q="+url.QueryEscape(c.word(part)), as == whole, true)
		}
		if has(workers, who.role) {
			look("/similar?phone="+c.word("phone"), as == whole, true)
			look("/similar?identity_number="+c.word("identity"), as == whole, true)
			look("/similar?text="+url.QueryEscape(c.word("title")+c.word("statement")), as == whole, false)
		}
	}
}

// What stands about a figure is of the cases of the reader's own organisation.
func TestFiguresStayBelow(t *testing.T) {
	w := county(t)
	for _, org := range readers {
		for _, role := range []string{"clerk", "supervisor", "leader"} {
			who := w.readers[role+" "+org]
			for _, asked := range tree {
				mine := org == "county" || org == "bureau" && role == "supervisor" || within(asked.name, org)
				for _, path := range []string{"/figures?year=2020&org=", "/figures/backlog?year=2020&org=", "/cases?indicator=appeals.received&period=2020&org=",
					"/ledgers/cases.xlsx?indicator=appeals.received&period=2020&org="} {
					a := ask(w.api, who, http.MethodGet, prefix+path+asked.code, nil)
					want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[mine]
					assert.Equal(t, want, a.status, "%s%s as %s", path, asked.name, who)
				}
			}
		}
	}
}

// within reports whether a body is another one or stands below it.
func within(name, above string) bool {
	for name != "" {
		if name == above {
			return true
		}
		for _, o := range tree {
			if o.name == name {
				name = o.above
				break
			}
		}
	}
	return false
}
