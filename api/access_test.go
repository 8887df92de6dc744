package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestEveryRouteHasARule(t *testing.T) {
	w := newWorld(t)
	s, err := build(Config{Engine: w.engine, Store: w.store, Figures: &w.figures, Reports: w.reports})
	require.NoError(t, err)
	require.Greater(t, len(s.echo.Routes()), 20)
	for _, r := range s.echo.Routes() {
		rule, ok := s.rules[r.Method+" "+r.Path]
		require.True(t, ok, "%s %s", r.Method, r.Path)
		require.NotEqual(t, closed, rule.level, "%s %s", r.Method, r.Path)
	}
	s.echo.GET("/api/v1/backdoor", func(echo.Context) error { return nil })
	require.ErrorContains(t, s.everyRouteHasRule(), "backdoor")
}

func TestTheZeroAccessIsNobody(t *testing.T) {
	require.Error(t, Access{}.admits(&Caller{User: domain.User{Role: domain.RoleAdmin}, session: []byte{1}}))
}

// public are the only operations that ask for no account.
var publicOperations = map[string]bool{
	"POST /api/v1/sessions": true, "POST /api/v1/sessions/second-factor": true,
	"GET /api/v1/sessions/provider": true, "GET /api/v1/sessions/provider/callback": true, "GET /healthz": true, "GET /readyz": true, "GET /metrics": true,
	"GET /api/v1/public/evaluations/:token": true, "POST /api/v1/public/evaluations/:token": true,
	"GET /": true, "GET /docs": true, "GET /api/v1/openapi.json": true,
}

func TestNobodyIsLetInWithoutSigningIn(t *testing.T) {
	w := newWorld(t)
	s, err := build(Config{Engine: w.engine, Store: w.store, Figures: &w.figures, Reports: w.reports})
	require.NoError(t, err)
	for _, r := range s.echo.Routes() {
		if publicOperations[r.Method+" "+r.Path] {
			continue
		}
		path := strings.NewReplacer(":id", "x", ":action", "reply", ":name", "appeal", ":year", "2020", ":code", "cleanup.kept", ":revision", "1", ":seq", "1", ":session", "x", ":file", "work.xlsx").Replace(r.Path)
		w.call("", r.Method, path, nil).problem(http.StatusUnauthorized, "sign_in_first")
	}
}

func TestWhoOnlyLooksChangesNothing(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	for _, role := range []string{"leader", "auditor", "admin"} {
		who := role + "@" + county
		w.call(who, "POST", "/api/v1/cases", appeal()).problem(403, "role_not_allowed")
		w.call(who, "PATCH", "/api/v1/cases/"+c.ID, `{"title":"x"}`, "If-Match", `"1"`).problem(403, "role_not_allowed")
		// A leader may act, where a procedure gives him something to do.
		w.act(who, &c, "withdraw", map[string]any{"reason": "x"}).problem(403, map[bool]string{true: "action_not_yours", false: "role_not_allowed"}[role == "leader"])
		if role != "leader" {
			continue
		}
		var actions actionList
		w.call(who, "GET", "/api/v1/cases/"+c.ID+"/actions", nil).into(200, &actions)
		require.Empty(t, actions.Items)
	}
	// A role that works on cases, but not on this kind.
	w.call("mediator@"+centreA, "POST", "/api/v1/cases", appeal()).problem(403, "action_not_yours")
	w.act("handler@"+centreA, &c, "refuse", map[string]any{"refusal": "statutory_route", "reason": "x"}).problem(403, "action_not_yours")
}

func TestMasking(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@"+centreA, func(b map[string]any) {
		b["parties"] = append(b["parties"].([]any),
			map[string]any{"role": "respondent", "organization": true, "name": "大河物业公司", "phone": "06321234567"})
	})
	require.False(t, c.Masked)
	require.Equal(t, "13812345678", c.Parties[0].Phone)
	for _, role := range []string{"leader"} {
		a := w.call(role+"@"+county, "GET", "/api/v1/cases/"+c.ID, nil)
		for _, secret := range []string{"张三丰", "13812345678", "370404199001011234", "丙村一组"} {
			require.NotContains(t, string(a.body), secret, role)
		}
		var v caseView
		a.into(200, &v)
		require.True(t, v.Masked)
		require.Equal(t, "张***", v.Parties[0].Name)
		require.Equal(t, "138***78", v.Parties[0].Phone)
		require.Equal(t, "大河物业公司", v.Parties[1].Name)
	}
}

// The administrators of the system and of its security see no case, nor whether
// there is one.
func TestAdministratorsSeeNoCases(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	for _, role := range []string{"admin", "security"} {
		require.True(t, domain.Role(role).Administrator())
		for _, id := range []string{c.ID, "x"} {
			for _, path := range []string{
				"/cases", "/cases?q=x", "/cases/" + id, "/cases/" + id + "/history", "/cases/" + id + "/deadlines", "/cases/" + id + "/links",
				"/cases/" + id + "/actions", "/cases/" + id + "/chain", "/worklist", "/ledgers/work.xlsx", "/similar?phone=13812345678", "/users",
			} {
				w.call(role+"@"+county, "GET", prefix+path, nil).problem(403, "role_not_allowed")
			}
		}
	}
	for _, role := range domain.StaffRoles {
		if role != domain.RoleAdmin && role != domain.RoleSecurity {
			require.Equal(t, 200, w.call(string(role)+"@"+county, "GET", prefix+"/cases/"+c.ID, nil).status, role)
		}
	}
}

func TestMaskTextNeverShowsShortOnes(t *testing.T) {
	for in, want := range map[string]string{"": "", "1": "***", "123": "***", "12345": "123***", "1234567": "123***", "12345678": "123***78"} {
		require.Equal(t, want, maskText(in, 3, 2), in)
	}
	require.Equal(t, "***", maskText("张", 1, 0))
	require.Equal(t, "欧***", maskText("欧阳震华", 1, 0))
}

// The petition bureau's supervisor watches over every organ (信访工作条例 14,
// 40), but does not see what is complained of his own.
func TestBureauSupervisorWatchesTheCounty(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		theirs := w.register("clerk@" + centreA)
		against := w.register("clerk@"+centreA, func(b map[string]any) {
			b["parties"] = append(b["parties"].([]any),
				map[string]any{"role": "respondent", "organization": true, "name": "信访局", "org_code": bureau})
		})
		supervisor := "supervisor@" + bureau
		w.call(supervisor, "GET", "/api/v1/cases/"+theirs.ID, nil).into(200, &caseView{})
		w.call("clerk@"+bureau, "GET", "/api/v1/cases/"+theirs.ID, nil).problem(404, "case_not_found")
		w.call(supervisor, "GET", "/api/v1/cases/"+against.ID, nil).problem(404, "case_not_found")
		var page casePage
		w.call(supervisor, "GET", "/api/v1/cases", nil).into(200, &page)
		require.Len(t, page.Items, 1)
		require.Equal(t, theirs.ID, page.Items[0].ID)
	})
}

// Who does not work on cases reads nothing that people wrote about people.
func TestMaskedReadersSeeNoFreeText(t *testing.T) {
	w := newWorld(t)
	clerk := "clerk@" + centreA
	c := w.register(clerk, func(b map[string]any) {
		b["statement"] = "身份证370404190001010012"
		b["title"] = "张三丰反映停水"
		b["flags"] = []any{"confidential"}
	})
	require.Equal(t, 200, w.act(clerk, &c, "note", map[string]any{"note_text": "回电13900000000"}).status)
	for _, role := range []string{"leader"} {
		for _, path := range []string{"/cases/" + c.ID, "/cases/" + c.ID + "/history", "/cases"} {
			a := w.call(role+"@"+county, "GET", prefix+path, nil)
			require.Equal(t, 200, a.status)
			for _, secret := range []string{"370404190001010012", "13900000000", "张三丰"} {
				require.NotContains(t, string(a.body), secret, "%s %s", role, path)
			}
		}
	}
}

// A case cannot be tied to one that the caller may not see, nor be found out by
// trying.
func TestMergeIntoAnotherTownshipsCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		theirs, mine := w.register("clerk@"+centreB), w.register("clerk@"+centreA)
		for _, id := range []string{theirs.ID, "01900000-0000-7000-8000-000000000000"} {
			p := w.act("clerk@"+centreA, &mine, "merge", map[string]any{"master": id}).problem(422, "invalid_fields")
			require.Equal(t, "fields.master", p.Errors[0].Field)
		}
	})
}

// A repeated request names the case that the first one opened, also when it
// complains of its sender's own unit; of what he may not read it tells no more.
func TestRepeatedComplaintOfOwnUnit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		body := appeal()
		body["parties"] = append(body["parties"].([]any),
			map[string]any{"role": "respondent", "organization": true, "name": "甲镇中心", "org_code": centreA})
		var first, again caseView
		w.call("clerk@"+centreA, "POST", "/api/v1/cases", body, "Idempotency-Key", "k1").into(201, &first)
		w.call("clerk@"+centreA, "POST", "/api/v1/cases", body, "Idempotency-Key", "k1").into(201, &again)
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, first.Number, again.Number)
		require.True(t, again.Masked)
		require.Empty(t, again.Title+again.Statement+again.State+again.Desk)
		require.Empty(t, again.Parties)
		w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+first.ID, nil).problem(404, "case_not_found")
	})
}

// A handler is somebody who works at the case's desk, named by account or id.
func TestHandlersArePeopleAtTheDesk(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk := "clerk@" + centreA
		c := w.register(clerk)
		for _, nobody := range []string{"不存在的人", "handler@" + centreB, "leader@" + county, "00000000-0000-0000-0000-000000000000"} {
			p := w.act(clerk, &c, "assign_handler", map[string]any{"handler": nobody}).problem(422, "invalid_fields")
			require.Equal(t, "fields.handler", p.Errors[0].Field)
		}
		var people usersOutput
		w.call(clerk, "GET", "/api/v1/users", nil).into(200, &people.Body)
		require.NotEmpty(t, people.Body.Items)
		for _, u := range people.Body.Items {
			require.Equal(t, centreA, u.Org)
		}
		require.Equal(t, 200, w.act(clerk, &c, "assign_handler", map[string]any{"handler": "handler@" + centreA}).status)
		var v caseView
		w.call(clerk, "GET", "/api/v1/cases/"+c.ID, nil).into(200, &v)
		ids := map[string]string{}
		for _, u := range people.Body.Items {
			ids[u.Username] = u.ID
		}
		require.Equal(t, ids["handler@"+centreA], v.Handler)
	})
}
