package api

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// recorded are the records of an action that the API has had written.
func (w *world) recorded(action string) []domain.Record {
	w.t.Helper()
	var out []domain.Record
	if w.fake != nil {
		w.fake.mu.Lock()
		defer w.fake.mu.Unlock()
		for _, r := range w.fake.records {
			if r.Action == action {
				out = append(out, r)
			}
		}
		return out
	}
	list, err := w.store.Records(context.Background(), domain.RecordQuery{Action: action, Limit: 1000})
	require.NoError(w.t, err)
	for _, r := range slices.Backward(list) {
		if r.Action == action {
			out = append(out, r.Record)
		}
	}
	return out
}

func TestSensitiveReadsAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@" + centreA)
		w.call("leader@"+county, "GET", "/api/v1/cases/"+c.ID, nil).into(200, &caseView{})
		require.Empty(t, w.recorded("case.read"), "he sees it masked")
		a := w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID, nil)
		require.Equal(t, 200, a.status)
		w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID, nil, "If-None-Match", etag(c.Version))
		reads := w.recorded("case.read")
		require.Len(t, reads, 1, "who was told that nothing is new has seen nothing")
		require.Equal(t, domain.RecordObject{Type: "case", ID: c.ID}, reads[0].Object)
		require.Equal(t, domain.RoleClerk, reads[0].Actor.Role)
		require.Equal(t, centreA, reads[0].Actor.Org)
		require.Equal(t, a.header.Get("X-Request-Id"), reads[0].Request)
		require.NotEmpty(t, reads[0].Address)
		w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID+"/history", nil)
		require.Len(t, w.recorded("case.history"), 1)

		w.call("clerk@"+centreA, "GET", "/api/v1/similar?phone=13812345678", nil)
		w.call("clerk@"+centreA, "GET", "/api/v1/cases?q=%E5%BC%A0%E4%B8%89%E4%B8%B0", nil)
		w.call("leader@"+county, "GET", "/api/v1/cases?q=%E5%BC%A0%E4%B8%89%E4%B8%B0", nil) // searches titles alone
		searches := w.recorded("person.search")
		require.Len(t, searches, 2)
		require.NotEmpty(t, searches[0].Details["phone"])
		require.NotEmpty(t, searches[1].Details["q"])
		for _, r := range searches {
			for _, value := range r.Details {
				require.NotContains(t, value, "13812345678")
				require.NotContains(t, value, "张三丰")
			}
		}
	})
}

func TestRefusalsAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@" + centreA)
		w.call("clerk@"+centreB, "GET", "/api/v1/cases/"+c.ID, nil).problem(404, "case_not_found")
		w.call("clerk@"+centreB, "GET", "/api/v1/cases/Zhang-San", nil).problem(404, "case_not_found")
		w.call("auditor@"+county, "POST", "/api/v1/cases", appeal()).problem(403, "role_not_allowed")
		w.call("", "GET", "/api/v1/cases/"+c.ID, nil).problem(401, "sign_in_first")
		refused := w.recorded("request")
		require.Len(t, refused, 3)
		for i, want := range []struct{ object, reason, operation string }{
			{c.ID, "case_not_found", "getCase"}, {"", "case_not_found", "getCase"}, {"", "role_not_allowed", "registerCase"},
		} {
			require.Equal(t, domain.ResultDenied, refused[i].Result)
			require.Equal(t, want.object, refused[i].Object.ID)
			require.Equal(t, want.reason, refused[i].Reason)
			require.Equal(t, want.operation, refused[i].Details["operation"])
		}
		require.Equal(t, centreB, refused[0].Actor.Org)
	})
}

func TestSignInsAreRecorded(t *testing.T) {
	w := newRealWorld(t)
	before := len(w.recorded("session.open"))
	w.call("", "POST", "/api/v1/sessions", map[string]any{"username": "clerk@" + centreA, "password": "wrong"}).problem(401, "wrong_password")
	w.call("", "POST", "/api/v1/sessions", map[string]any{"username": "370404199001011234", "password": "wrong"}).problem(401, "wrong_password")
	w.call("", "POST", "/api/v1/sessions", map[string]any{"username": "clerk@" + centreA, "password": testPassword}).into(201, &sessionView{})
	w.call("clerk@"+centreA, "DELETE", "/api/v1/sessions/current", nil)
	opened := w.recorded("session.open")[before:]
	require.Len(t, opened, 3)
	require.Equal(t, domain.ResultDenied, opened[0].Result)
	require.Equal(t, "anonymous", opened[0].Actor.ID)
	require.NotEmpty(t, opened[0].Object.ID, "an account was tried")
	require.Equal(t, domain.ResultDenied, opened[1].Result)
	require.Empty(t, opened[1].Object, "there is no such account")
	require.NotContains(t, opened[1].Details["username"], "370404199001011234")
	require.Equal(t, domain.ResultDone, opened[2].Result)
	require.Equal(t, opened[0].Object.ID, opened[2].Actor.ID)
	closed := w.recorded("session.close")
	require.Len(t, closed, 1)
	require.Equal(t, opened[2].Actor.ID, closed[0].Actor.ID)
}

func TestExportsAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.register("clerk@" + centreA)
		w.ledger("clerk@"+centreA, "work.xlsx?persons=full&period=2020&q=%E5%BC%A0%E4%B8%89%E4%B8%B0&category="+"%E6%9D%8E%E5%9B%9B")
		began, ended := w.recorded("ledger.export"), w.recorded("ledger.exported")
		require.Len(t, began, 1)
		require.Len(t, ended, 1)
		require.Equal(t, domain.RecordObject{Type: "ledger", ID: "work"}, began[0].Object)
		require.Equal(t, "false", began[0].Details["masked"])
		require.Equal(t, "2020-01-01", began[0].Details["from"])
		require.Equal(t, "0", ended[0].Details["rows"])
		for _, r := range append(began, ended...) {
			for _, value := range r.Details {
				require.False(t, strings.Contains(value, "张三丰") || strings.Contains(value, "李四"), value)
			}
		}
	})
}

// What cannot be recorded is not shown.
func TestNothingIsShownUnrecorded(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	w.fake.deaf = domain.Errorf(domain.KindOverloaded, "overloaded")
	for _, path := range []string{"/cases/" + c.ID, "/cases/" + c.ID + "/history", "/similar?phone=13812345678", "/cases?q=x", "/ledgers/work.xlsx"} {
		a := w.call("clerk@"+centreA, "GET", "/api/v1"+path, nil)
		a.problem(503, "overloaded")
		require.NotContains(t, string(a.body), "张三丰")
	}
	w.call("clerk@"+centreB, "GET", "/api/v1/cases/"+c.ID, nil).problem(503, "overloaded")
}

func TestRevealIsRecordedAndBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.rebuild(Config{Reveals: 2})
		c := w.register("clerk@" + centreA)
		path := "/api/v1/cases/" + c.ID + "/parties/1/reveal"
		body := func(field string) map[string]any { return map[string]any{"field": field, "reason": "核对督办件"} }
		w.call("leader@"+centreB, "POST", path, body("phone")).problem(404, "case_not_found")
		w.call("admin@"+county, "POST", path, body("phone")).problem(403, "role_not_allowed")
		w.call("leader@"+county, "POST", path, map[string]any{"field": "phone", "reason": "   "}).problem(422, "invalid_fields")
		w.call("leader@"+county, "POST", strings.Replace(path, "/1/", "/7/", 1), body("phone")).problem(404, "party_not_found")
		require.Empty(t, w.recorded("party.reveal"), "nothing was shown")
		var shown struct {
			Field, Value string
			Left         int
		}
		w.call("leader@"+county, "POST", path, body("phone")).into(200, &shown)
		require.Equal(t, "13812345678", shown.Value)
		require.Equal(t, 1, shown.Left)
		w.call("leader@"+county, "POST", path, body("name")).into(200, &shown)
		require.Equal(t, "张三丰", shown.Value)
		a := w.call("leader@"+county, "POST", path, body("address"))
		a.problem(429, "reveals_used_up")
		require.Equal(t, "54001", a.header.Get("Retry-After"), "until midnight in Beijing")
		require.NotContains(t, string(a.body), "丙村一组")
		list := w.recorded("party.reveal")
		require.Len(t, list, 2)
		require.Equal(t, domain.RecordObject{Type: "case", ID: c.ID}, list[0].Object)
		require.Equal(t, "核对督办件", list[0].Reason)
		require.Equal(t, map[string]string{"party": "1", "field": "phone"}, list[0].Details)
		w.call("auditor@"+county, "POST", path, body("phone")).into(200, &shown)
		w.clock.advance(16 * time.Hour) // the next day
		w.call("leader@"+county, "POST", path, body("address")).into(200, &shown)
		require.Equal(t, "丙村一组", shown.Value)
		if w.fake != nil {
			w.fake.deaf = domain.Errorf(domain.KindOverloaded, "overloaded")
			w.call("leader@"+county, "POST", path, body("name")).problem(503, "overloaded")
		}
	})
}

func TestAuditIsReadByAuditorsAndRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@" + centreA)
		for range 3 {
			w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID, nil)
			w.clock.advance(time.Hour)
		}
		for _, who := range []string{"leader@" + county, "admin@" + county, "supervisor@" + bureau} {
			w.call(who, "GET", "/api/v1/audit", nil).problem(403, "role_not_allowed")
		}
		var page auditPage
		w.call("auditor@"+county, "GET", "/api/v1/audit?action=case.read&limit=2", nil).into(200, &page)
		require.Len(t, page.Items, 2)
		require.NotEmpty(t, page.Next)
		last := page.Items[1]
		require.Equal(t, &auditObject{"case", c.ID}, last.Object)
		require.Equal(t, "clerk", last.Actor.Role)
		next := page.Next
		page = auditPage{}
		w.call("auditor@"+county, "GET", "/api/v1/audit?action=case.read&limit=2&cursor="+next, nil).into(200, &page)
		require.Len(t, page.Items, 1)
		require.Empty(t, page.Next)
		require.True(t, page.Items[0].At.Before(last.At))
		page = auditPage{}
		w.call("auditor@"+county, "GET", "/api/v1/audit?object="+c.ID+"&actor="+last.Actor.ID+"&action=case.read&from="+last.At.Format(time.RFC3339), nil).into(200, &page)
		require.Len(t, page.Items, 2)
		page = auditPage{}
		w.call("auditor@"+county, "GET", "/api/v1/audit?action=audit", nil).into(200, &page)
		require.Len(t, page.Items, 4, "reading it is recorded, this time too")
		require.Equal(t, "case.read", page.Items[1].Details["action"])
		w.call("auditor@"+county, "GET", "/api/v1/audit?cursor=x", nil).problem(422, "invalid_fields")
		w.call("auditor@"+county, "GET", "/api/v1/audit?from=x", nil).problem(422, "invalid_fields")
	})
}
