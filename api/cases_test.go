package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestRegisterReadAndRereadACase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.call("clerk@"+centreA, "POST", "/api/v1/cases", appeal())
		var c caseView
		a.into(201, &c)
		require.Equal(t, "/api/v1/cases/"+c.ID, a.header.Get("Location"))
		require.Equal(t, `"1"`, a.header.Get("ETag"))
		require.Empty(t, a.header.Get("Idempotency-Replayed"))
		require.Equal(t, "SQ-370404102-centre-2020-000001", c.Number)
		require.Equal(t, townA, c.Township)
		require.Equal(t, centreA, c.RegisteredBy)
		require.Equal(t, "张三丰", c.Parties[0].Name)

		path := a.header.Get("Location")
		again := w.call("clerk@"+centreA, "GET", path, nil)
		require.JSONEq(t, string(a.body), string(again.body))
		for _, tag := range []string{`"1"`, `W/"1"`, `"9", "1"`, "*"} {
			same := w.call("clerk@"+centreA, "GET", path, nil, "If-None-Match", tag)
			require.Equal(t, http.StatusNotModified, same.status, tag)
			require.Empty(t, same.body)
			require.Equal(t, `"1"`, same.header.Get("ETag"))
		}
		require.Equal(t, 200, w.call("clerk@"+centreA, "GET", path, nil, "If-None-Match", `"2"`).status)
	})
}

func TestPatchNeedsTheVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := "clerk@" + centreA
		c := w.register(who)
		path := "/api/v1/cases/" + c.ID
		w.call(who, "PATCH", path, `{"title":"新"}`).problem(428, "if_match_required")
		w.call(who, "PATCH", path, `{"title":"新"}`, "If-Match", `"2"`).problem(412, "version_stale")
		w.call(who, "PATCH", path, `{"title":"新"}`, "If-Match", `W/"1"`).problem(412, "version_stale")
		w.call(who, "PATCH", path, `{"title":"新"}`, "If-Match", `1`).problem(412, "version_stale")
		w.call(who, "PATCH", path, `{}`, "If-Match", `"1"`).problem(422, "patch_empty")
		w.call(who, "PATCH", path, `{"state":"closed"}`, "If-Match", `"1"`).problem(422, "invalid_fields")
		w.call(who, "PATCH", path, `{"title":""}`, "If-Match", `"1"`).problem(422, "invalid_fields")

		a := w.call(who, "PATCH", path, `{"title":"改正后的标题","flags":["urgent"],"parties":[{"name":"李四"}]}`, "If-Match", `"7", "1"`)
		a.into(200, &c)
		require.Equal(t, "改正后的标题", c.Title)
		require.Equal(t, []domain.Flag{domain.FlagUrgent}, c.Flags)
		require.Equal(t, "李四", c.Parties[0].Name)
		require.Equal(t, "坏了三个月。", c.Statement)
		require.Equal(t, `"2"`, a.header.Get("ETag"))
		w.call(who, "PATCH", path, `{"title":"旧页"}`, "If-Match", `"1"`).problem(412, "version_stale")
		w.call(who, "PATCH", path, `{"title":"任意版本"}`, "If-Match", `*`).into(200, &c)
	})
}

func TestTheLifeOfAnAppeal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk, handler := "clerk@"+centreA, "handler@"+centreA
		c := w.register(clerk)
		path := "/api/v1/cases/" + c.ID

		var actions actionList
		w.call(clerk, "GET", path+"/actions", nil).into(200, &actions)
		require.Equal(t, "dispatch", actions.Items[0].Action)
		require.Equal(t, fieldView{Name: "organization", Type: "organization", Title: actions.Items[0].Fields[0].Title, Required: true}, actions.Items[0].Fields[0])

		w.act(clerk, &c, "reply", map[string]any{"reply": "x", "result": "resolved"}).problem(409, "action_not_allowed")
		w.act(clerk, &c, "levitate", nil).problem(404, "action_unknown")
		w.act(clerk, &c, "auto_dispatch", nil).problem(403, "action_not_yours")
		p := w.act(clerk, &c, "dispatch", map[string]any{"colour": "red"}).problem(422, "invalid_fields")
		require.NotEmpty(t, p.wrong("fields.colour"))
		require.Equal(t, "此项必填。", p.wrong("fields.organization"))
		require.NotEmpty(t, ptr(w.act(clerk, &c, "dispatch", map[string]any{"organization": "nowhere"}).problem(422, "invalid_fields")).Errors)

		require.Equal(t, 200, w.act(clerk, &c, "dispatch", map[string]any{"organization": centreA}).status)
		require.Equal(t, 200, w.act(handler, &c, "accept", nil).status)
		w.clock.advance(time.Hour)
		require.Equal(t, 200, w.act(handler, &c, "reply", map[string]any{"reply": "已修好", "result": "resolved"}).status)
		require.Equal(t, domain.Concluded, c.Disposition)
		a := w.act(clerk, &c, "follow_up", map[string]any{"satisfaction": "satisfied", "resolved": true})
		require.Equal(t, 200, a.status, string(a.body))

		var history struct{ Items []entryView }
		w.call(clerk, "GET", path+"/history", nil).into(200, &history)
		require.Len(t, history.Items, c.Version)
		require.Equal(t, "答复", history.Items[3].ActionTitle)
		w.call(clerk, "GET", path+"/history", nil, "Accept-Language", "en").into(200, &history)
		require.Equal(t, "Reply", history.Items[3].ActionTitle)

		var deadlines struct{ Items []deadlineView }
		w.call(clerk, "GET", path+"/deadlines", nil).into(200, &deadlines)
		status := map[string]string{}
		for _, d := range deadlines.Items {
			status[d.Kind] = d.Status
		}
		require.Equal(t, map[string]string{"contact": "met", "answer": "met", "handle": "met", "hand_back": "met", "reopen": "running"}, status)
	})
}

func TestErrorsSpeakOfTitlesNotCodes(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	p := w.act("clerk@"+centreA, &c, "reply", map[string]any{"reply": "x"}).problem(409, "action_not_allowed")
	require.Equal(t, "案件在“已登记”状态，不能“答复”。", p.Detail)
	a := w.call("clerk@"+centreA, "POST", "/api/v1/cases/"+c.ID+"/actions/reply", nil, "If-Match", `"1"`, "Accept-Language", "en")
	require.Equal(t, "The case is in state “Registered”, in which “Reply” is not possible.", ptr(a.problem(409, "action_not_allowed")).Detail)

	w.act("clerk@"+centreA, &c, "dispatch", map[string]any{"organization": centreA})
	w.clock.advance(30 * 24 * time.Hour)
	p = w.act("handler@"+centreA, &c, "hand_back", map[string]any{"reason": "不归我们管"}).problem(409, "guard_in_time")
	require.Equal(t, "暂不能“申请退回”：“申请退回”期限已过、已用或尚未开始。", p.Detail)
	var actions actionList
	w.call("handler@"+centreA, "GET", "/api/v1/cases/"+c.ID+"/actions", nil).into(200, &actions)
	for _, a := range actions.Items {
		if a.Action == "hand_back" {
			require.Equal(t, "“申请退回”期限已过、已用或尚未开始", a.Blocked)
		}
	}
}

func TestActNeedsTheVersion(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	w.call("clerk@"+centreA, "POST", "/api/v1/cases/"+c.ID+"/actions/dispatch", `{}`).problem(428, "if_match_required")
}

// Two clicks on one button, or many, have one effect.
func TestStaleDoubleClick(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@" + centreA)
		statuses := make([]int, 20)
		var wg sync.WaitGroup
		for i := range statuses {
			wg.Go(func() {
				statuses[i] = w.call("clerk@"+centreA, "POST", "/api/v1/cases/"+c.ID+"/actions/dispatch",
					map[string]any{"fields": map[string]any{"organization": centreA}}, "If-Match", `"1"`).status
			})
		}
		wg.Wait()
		won := 0
		for _, s := range statuses {
			if s == 200 {
				won++
			} else {
				require.Equal(t, 412, s)
			}
		}
		require.Equal(t, 1, won)
		w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID, nil).into(200, &c)
		require.Equal(t, 2, c.Version)
	})
}

func TestIdempotencyKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := "clerk@" + centreA
		first := w.call(who, "POST", "/api/v1/cases", appeal(), "Idempotency-Key", "k-1")
		require.Equal(t, 201, first.status)
		again := w.call(who, "POST", "/api/v1/cases", appeal(), "Idempotency-Key", "k-1")
		require.Equal(t, 201, again.status)
		require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
		require.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
		require.JSONEq(t, string(first.body), string(again.body))

		// The same content in another order of fields is the same request.
		reordered, err := json.Marshal(appeal())
		require.NoError(t, err)
		spaced := strings.ReplaceAll(string(reordered), `,"`, ` ,  "`)
		require.Equal(t, first.header.Get("Location"), w.call(who, "POST", "/api/v1/cases", spaced, "Idempotency-Key", "k-1").header.Get("Location"))

		w.call(who, "POST", "/api/v1/cases", appeal(func(b map[string]any) { b["title"] = "另一件事" }), "Idempotency-Key", "k-1").problem(422, "idempotency_key_mismatch")
		other := w.call("handler@"+centreA, "POST", "/api/v1/cases", appeal(), "Idempotency-Key", "k-1") // another's key is another key
		require.Equal(t, 201, other.status)
		require.NotEqual(t, first.header.Get("Location"), other.header.Get("Location"))

		for _, odd := range []string{strings.Repeat("k", 201), "a b", "键", "a\tb"} {
			w.call(who, "POST", "/api/v1/cases", appeal(), "Idempotency-Key", odd).problem(422, "invalid_fields")
		}
		// A refused request leaves its key free.
		w.call(who, "POST", "/api/v1/cases", appeal(func(b map[string]any) { b["title"] = "" }), "Idempotency-Key", "k-2").problem(422, "invalid_fields")
		require.Equal(t, 201, w.call(who, "POST", "/api/v1/cases", appeal(), "Idempotency-Key", "k-2").status)
	})
}

func TestConcurrentPostsWithOneKeyMakeOneCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		places := make([]string, 20)
		for i := range places {
			wg.Go(func() {
				a := w.call("clerk@"+centreA, "POST", "/api/v1/cases", appeal(), "Idempotency-Key", "same")
				require.Equal(t, 201, a.status, string(a.body))
				places[i] = a.header.Get("Location")
			})
		}
		wg.Wait()
		for _, p := range places {
			require.Equal(t, places[0], p)
		}
		require.Len(t, w.list("clerk@"+centreA, "").Items, 1)
	})
}
