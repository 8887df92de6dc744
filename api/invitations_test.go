package api

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// replied is an appeal that was answered by the township's handler.
func (w *world) replied() caseView {
	w.t.Helper()
	clerk, handler := "clerk@"+centreA, "handler@"+centreA
	c := w.register(clerk)
	require.Equal(w.t, 200, w.act(clerk, &c, "dispatch", map[string]any{"organization": centreA}).status)
	require.Equal(w.t, 200, w.act(handler, &c, "accept", nil).status)
	require.Equal(w.t, 200, w.act(handler, &c, "reply", map[string]any{"reply": "已修好", "result": "resolved"}).status)
	return c
}

func (w *world) invite(who, id string) (v invitationView) {
	w.t.Helper()
	w.call(who, "POST", prefix+"/cases/"+id+"/invitations", nil).into(201, &v)
	return v
}

func (w *world) rate(v *invitationView, satisfaction string, more ...any) *answer {
	w.t.Helper()
	body := map[string]any{"satisfaction": satisfaction, "resolved": satisfaction == "satisfied"}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return w.call("", "POST", v.Path, body)
}

func TestRatingByALink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.replied()
		v := w.invite("clerk@"+centreA, c.ID)
		require.Len(t, v.Token, 32)
		require.Equal(t, prefix+"/public/evaluations/"+v.Token, v.Path)
		require.Equal(t, w.clock.now().Add(14*24*time.Hour), v.ExpiresAt)

		var asked evaluationView
		a := w.call("", "GET", v.Path, nil)
		a.into(200, &asked)
		require.Equal(t, c.Number, asked.Number)
		require.Equal(t, "诉求", asked.ProcedureTitle)
		require.Equal(t, "甲镇中心", asked.Organization)
		require.Equal(t, "needed", asked.Resolved)
		require.Positive(t, asked.CommentMax)
		require.Equal(t, []choiceView{{"satisfied", "满意"}, {"basically_satisfied", "基本满意"}, {"dissatisfied", "不满意"}}, asked.Satisfaction)
		for _, secret := range []string{"张三丰", "13812345678", c.Title, c.Statement, c.ID} {
			require.NotContains(t, string(a.body), secret)
		}
		w.call("", "GET", strings.ToLower(v.Path), nil).into(200, &asked) // as somebody types it

		// What is filled in wrongly leaves the link good.
		require.NotEmpty(t, ptr(w.rate(&v, "happy").problem(422, "invalid_fields")).wrong("satisfaction"))
		require.NotEmpty(t, ptr(w.rate(&v, "").problem(422, "invalid_fields")).wrong("satisfaction"))
		require.NotEmpty(t, ptr(w.rate(&v, "satisfied", "resolved", nil).problem(422, "invalid_fields")).wrong("resolved"))
		require.NotEmpty(t, ptr(w.rate(&v, "satisfied", "comment", strings.Repeat("长", 10_000)).problem(422, "invalid_fields")).wrong("comment"))
		require.NotEmpty(t, ptr(w.rate(&v, "satisfied", "comment", "a\x01b").problem(422, "invalid_fields")).Errors)
		require.NotEmpty(t, ptr(w.rate(&v, "satisfied", "odd", 1).problem(422, "invalid_fields")).Errors)

		w.clock.advance(time.Hour)
		var done evaluatedView
		w.rate(&v, "satisfied", "comment", "谢谢").into(200, &done)
		require.Nil(t, done.RedressUntil)
		got := w.read("clerk@"+centreA, c.ID)
		require.Equal(t, "closed", got.State)
		require.Equal(t, domain.Satisfied, got.Satisfaction)
		require.Equal(t, 1, got.Counts["invited"])
		used := w.rate(&v, "dissatisfied").problem(410, "invitation_used")
		unknown := w.rate(&invitationView{Path: prefix + "/public/evaluations/" + strings.Repeat("A", 32)}, "satisfied").problem(410, "invitation_used")
		require.Equal(t, used.Detail, unknown.Detail)
		w.call("", "GET", v.Path, nil).problem(410, "invitation_used")

		var history historyOutput
		w.call("clerk@"+centreA, "GET", prefix+"/cases/"+c.ID+"/history", nil).into(200, &history.Body)
		n := len(history.Body.Items)
		require.Equal(t, "邀请评价", history.Body.Items[n-2].ActionTitle)
		require.Equal(t, "群众本人", history.Body.Items[n-1].ActorName)
		require.Equal(t, domain.RoleCitizen, history.Body.Items[n-1].ActorRole)

		// A later invitation replaces the answer, and says what can be done.
		w.clock.advance(time.Hour)
		v = w.invite("supervisor@"+townA, c.ID)
		w.rate(&v, "dissatisfied", "comment", "又坏了").into(200, &done)
		require.NotNil(t, done.RedressUntil)
		require.True(t, done.RedressUntil.After(w.clock.now()))
		require.Contains(t, done.Message, done.RedressUntil.In(domain.Beijing).Format("2006-01-02 15:04"))
		got = w.read("clerk@"+centreA, c.ID)
		require.Equal(t, domain.Dissatisfied, got.Satisfaction)
		require.Equal(t, 2, got.Counts["invited"])
		v = w.invite("clerk@"+centreA, c.ID)
		a = w.call("", "POST", v.Path, map[string]any{"satisfaction": "dissatisfied"}, "Accept-Language", "en")
		a.into(200, &done)
		require.Contains(t, done.Message, "Ask for reopening")
		// Where the time has run out nothing is promised.
		w.clock.advance(60 * 24 * time.Hour)
		v = w.invite("clerk@"+centreA, c.ID)
		var late evaluatedView
		w.rate(&v, "dissatisfied").into(200, &late)
		require.Nil(t, late.RedressUntil)
		require.Equal(t, "感谢您的评价。", late.Message)
	})
}

func TestLinksToRateEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.replied()
		v := w.invite("clerk@"+centreA, c.ID)
		w.clock.advance(14 * 24 * time.Hour)
		w.call("", "GET", v.Path, nil).into(200, &evaluationView{})
		w.clock.advance(time.Second)
		w.call("", "GET", v.Path, nil).problem(410, "invitation_used")
		w.rate(&v, "satisfied").problem(410, "invitation_used")
		require.Empty(t, w.read("clerk@"+centreA, c.ID).Satisfaction)
	})
}

func TestWhoMayInvite(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.replied()
		path := prefix + "/cases/" + c.ID + "/invitations"
		for _, role := range domain.StaffRoles {
			a := w.call(string(role)+"@"+townA, "POST", path, nil)
			switch role {
			case domain.RoleClerk, domain.RoleSupervisor, domain.RoleLeader:
				require.Equal(t, 201, a.status, role)
			default:
				a.problem(403, "role_not_allowed")
			}
		}
		w.call("clerk@"+townB, "POST", path, nil).problem(404, "case_not_found")
		w.call("clerk@"+centreA, "POST", path, nil, "If-Match", `"1"`).problem(412, "version_stale")
		w.call("", "POST", path, nil).problem(401, "sign_in_first")
		w.call("clerk@"+centreA, "POST", prefix+"/cases/x/invitations", nil).problem(404, "case_not_found")

		early := w.register("clerk@" + centreA)
		w.call("clerk@"+centreA, "POST", prefix+"/cases/"+early.ID+"/invitations", nil).problem(409, "rating_not_now")

		// Who answered it does not choose whom to ask about it.
		own := w.register("clerk@" + centreA)
		require.Equal(t, 200, w.act("clerk@"+centreA, &own, "dispatch", map[string]any{"organization": centreA}).status)
		require.Equal(t, 200, w.act("clerk@"+centreA, &own, "accept", nil).status)
		require.Equal(t, 200, w.act("clerk@"+centreA, &own, "reply", map[string]any{"reply": "x", "result": "resolved"}).status)
		w.call("clerk@"+centreA, "POST", prefix+"/cases/"+own.ID+"/invitations", nil).problem(403, "rates_himself")
		w.invite("supervisor@"+centreA, own.ID)

		// A complaint is not followed up by whom it is against.
		complaint := w.register("clerk@"+centreB, against(centreA))
		w.call("clerk@"+centreA, "POST", prefix+"/cases/"+complaint.ID+"/invitations", nil).problem(404, "case_not_found")
	})
}

// Where the case has moved on the link waits: it is neither spent nor taken.
func TestRatingWhileTheCaseIsOpenAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.replied()
		v := w.invite("clerk@"+centreA, c.ID)
		c = w.read("clerk@"+centreA, c.ID)
		require.Equal(t, 200, w.act("clerk@"+centreA, &c, "redo", map[string]any{"reason": "x"}).status)
		w.call("", "GET", v.Path, nil).problem(409, "rating_not_now")
		w.rate(&v, "satisfied").problem(409, "rating_not_now")
		require.Equal(t, 200, w.act("handler@"+centreA, &c, "reply", map[string]any{"reply": "x", "result": "resolved"}).status)
		w.rate(&v, "satisfied").into(200, &evaluatedView{})
	})
}

func TestSimultaneousRatingsCountOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.replied()
		v := w.invite("clerk@"+centreA, c.ID)
		version := w.read("clerk@"+centreA, c.ID).Version
		statuses := make([]int, 8)
		var wg sync.WaitGroup
		for i := range statuses {
			wg.Go(func() { statuses[i] = w.rate(&v, []string{"satisfied", "dissatisfied"}[i%2]).status })
		}
		wg.Wait()
		counted := map[int]int{}
		for _, status := range statuses {
			counted[status]++
		}
		require.Equal(t, map[int]int{200: 1, 410: 7}, counted)
		require.Equal(t, version+1, w.read("clerk@"+centreA, c.ID).Version)
	})
}

func TestGuessingTokens(t *testing.T) {
	w := newWorld(t)
	v := w.invite("clerk@"+centreA, w.replied().ID)
	for range 3 * freePerAddress {
		require.Equal(t, 200, w.call("", "GET", v.Path, nil).status)
	}
	at := prefix + "/public/evaluations/"
	for i, token := range []string{
		"x", strings.Repeat("A", 31), strings.Repeat("A", 33), strings.Repeat("A", 10_000), "%00", "%27%20OR%201=1", "%F0%9F%98%80", v.Token + "A", "..%2F..",
		"%FF%FE", "=", "null", "%E2%80%AE" + v.Token,
	} {
		a := w.call("", []string{"GET", "POST"}[i%2], at+token, map[string]any{"satisfaction": "satisfied"})
		require.GreaterOrEqual(t, a.status, 400, token)
		require.Less(t, a.status, 500, token)
	}
	for range freePerAddress {
		w.call("", "GET", at+strings.Repeat("B", 32), nil)
	}
	a := w.call("", "GET", at+strings.Repeat("B", 32), nil)
	a.problem(http.StatusTooManyRequests, "too_many_attempts")
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NotContains(t, w.log.String(), v.Token, "a link is not for the log")
	w.clock.advance(2 * time.Hour)
	require.Equal(t, 200, w.call("", "GET", v.Path, nil).status)
	// Who has a link to spend is no guesser: his address begins anew.
	for range freePerAddress - 1 {
		w.call("", "GET", at+strings.Repeat("B", 32), nil).problem(410, "invitation_used")
	}
	w.rate(&v, "satisfied").into(200, &evaluatedView{})
	for range freePerAddress - 1 {
		w.call("", "GET", at+strings.Repeat("B", 32), nil).problem(410, "invitation_used")
	}
}
