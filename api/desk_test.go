package api

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

const roomy = 1 << 20

// desk asks on the desk channel.
func (w *world) desk(who string, call map[string]any, limit int) *answer {
	w.t.Helper()
	raw, err := json.Marshal(call)
	require.NoError(w.t, err)
	return w.deskRaw(w.t.Context(), who, string(raw), limit)
}

func (w *world) deskRaw(ctx context.Context, who, raw string, limit int) *answer {
	w.t.Helper()
	var out deskAnswer
	require.NoError(w.t, json.Unmarshal((&API{w.server}).Answer(ctx, who, []byte(raw), limit), &out))
	a := &answer{t: w.t, status: out.Status, header: map[string][]string{}, body: out.Body}
	for name, value := range out.Headers {
		a.header.Set(name, value)
	}
	return a
}

// refused expects a problem; there is no Content-Type to look at.
func (a *answer) refused(status int, code string) Problem {
	a.t.Helper()
	var p Problem
	a.into(status, &p)
	require.Equal(a.t, "urn:sudi:problem:"+code, p.Type)
	require.NotEmpty(a.t, p.Detail)
	require.NotEmpty(a.t, p.RequestID)
	return p
}

// Whoever asks, and whatever for, hears on the desk channel what he hears over
// HTTP.
func TestDeskChannelAnswersAsHTTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.register("clerk@" + centreA)
		one := "/api/v1/cases/" + c.ID
		for _, who := range []string{
			"clerk@" + centreA, "clerk@" + centreB, "mediator@" + townA, "supervisor@" + bureau, "leader@" + county, "admin@" + county,
		} {
			for _, call := range []struct{ method, path, body string }{
				{"GET", "/api/v1/me", ""},
				{"GET", "/api/v1/cases?limit=5", ""},
				{"GET", "/api/v1/cases?nonsense=5", ""},
				{"GET", one, ""},
				{"GET", one + "/actions", ""},
				{"GET", one + "/history", ""},
				{"GET", one + "/deadlines", ""},
				{"GET", one + "/links", ""},
				{"GET", "/api/v1/cases/none", ""},
				{"GET", "/api/v1/procedures/appeal", ""},
				{"GET", "/api/v1/organizations", ""},
				{"POST", one + "/actions/note", `{"fields":{"note_text":"x"}}`}, // without If-Match
				{"POST", one + "/actions/nonsense", `{"fields":{}}`},
				{"POST", "/api/v1/cases", `{"procedure":"appeal"}`},
				{"POST", "/api/v1/cases", `{"procedure":"appeal","no":1}`},
				{"PATCH", one, `{"title":7}`},
				{"PUT", one, ""},
				{"GET", "/api/v1/nowhere", ""},
			} {
				var body any
				asked := map[string]any{"method": call.method, "path": call.path, "accept_language": "en"}
				if call.body != "" {
					body, asked["body"] = call.body, json.RawMessage(call.body)
				}
				http := w.call(who, call.method, call.path, body, "Accept-Language", "en")
				desk := w.desk(who, asked, roomy)
				require.Equal(t, http.status, desk.status, "%s %s %s: %s", who, call.method, call.path, desk.body)
				require.Equal(t, http.header.Get("ETag"), desk.header.Get("ETag"))
				require.JSONEq(t, nameless(http.body), nameless(desk.body), "%s %s %s", who, call.method, call.path)
			}
		}
	})
}

// nameless is a body without the name of the request.
func nameless(raw []byte) string {
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil {
		return string(raw)
	}
	delete(body, "request_id")
	raw, _ = json.Marshal(body)
	return string(raw)
}

func TestDeskChannelChangesCases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := "clerk@" + centreA
		register := map[string]any{"method": "POST", "path": "/api/v1/cases", "idempotency_key": "desk-1", "body": appeal()}
		first := w.desk(who, register, roomy)
		var c caseView
		first.into(201, &c)
		require.Equal(t, "/api/v1/cases/"+c.ID, first.header.Get("Location"))
		again := w.desk(who, register, roomy)
		require.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
		require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))

		note := map[string]any{
			"method": "POST", "path": first.header.Get("Location") + "/actions/note", "if_match": first.header.Get("ETag"),
			"body": map[string]any{"fields": map[string]any{"note_text": "法院来函"}},
		}
		done := w.desk(who, note, roomy)
		require.Equal(t, 200, done.status, string(done.body))
		require.Equal(t, `"2"`, done.header.Get("ETag"))
		w.desk(who, note, roomy).refused(412, "version_stale")
		require.Equal(t, 404, w.desk("clerk@"+centreB, map[string]any{"method": "GET", "path": first.header.Get("Location")}, roomy).status)
	})
}

func TestDeskChannelIsNeverSilent(t *testing.T) {
	w := newWorld(t)
	who := "clerk@" + centreA
	for _, raw := range []string{
		``, `{`, `null`, `7`, `[]`, `"x"`, `{"method":"GET"}`, `{"method":"GET","path":"api/v1/me"}`, `{"method":"GET","path":"@elsewhere/"}`,
		`{"method":"G E T","path":"/api/v1/me"}`, `{"method":"GET","path":"/%zz"}`, `{"method":"GET","path":"/api/v1/me","no":1}`,
		`{"method":"GET","path":"/api/v1/me"}{}`, `{"specversion":"1.0","id":"x"}`, "\xff\xfe", strings.Repeat("[", 100_000),
	} {
		w.deskRaw(t.Context(), who, raw, roomy).refused(400, "bad_desk_request")
	}
	for _, path := range []string{
		"/api/v1/figures?year=2020", "/api/v1/worklist", "/api/v1/openapi.json", "/metrics", "/readyz", "/docs",
	} {
		w.desk(who, map[string]any{"method": "GET", "path": path}, roomy).refused(404, "not_on_desk")
	}
	for path, method := range map[string]string{"/api/v1/sessions": "POST", "/api/v1/sessions/current": "DELETE"} {
		w.desk(who, map[string]any{"method": method, "path": path}, roomy).refused(404, "not_on_desk")
	}
	large := map[string]any{"method": "POST", "path": "/api/v1/cases", "body": map[string]any{"title": strings.Repeat("x", maxBody)}}
	w.desk(who, large, roomy).refused(413, "http_413")

	me := map[string]any{"method": "GET", "path": "/api/v1/me"}
	w.desk("nobody", me, roomy).refused(401, "sign_in_first")
	w.desk(who, me, 100).refused(413, "answer_too_large")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	w.fake.fail = context.Canceled
	w.deskRaw(ended, who, `{"method":"GET","path":"/api/v1/cases"}`, roomy).refused(503, "overloaded")
	w.fake.fail = nil

	u := w.fake.users[who]
	now := w.clock.now()
	u.DisabledAt = &now
	w.fake.users[who] = u
	w.desk(who, me, roomy).refused(401, "sign_in_first")
}

// A change that was made is not called a failure because its answer is long.
func TestDeskChannelOwnsUpToChanges(t *testing.T) {
	w := newWorld(t)
	done := w.desk("clerk@"+centreA, map[string]any{"method": "POST", "path": "/api/v1/cases", "body": appeal()}, 100)
	require.Equal(t, 201, done.status)
	require.NotEmpty(t, done.header.Get("Location"))
	require.Empty(t, done.body)
}

func TestDeskOperationsExist(t *testing.T) {
	w := newWorld(t)
	n := 0
	for _, allowed := range w.server.desk {
		if allowed {
			n++
		}
	}
	require.Len(t, deskOperations, n)
}

func TestSignInForTheDeskChannelIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := &API{w.server}
		for _, role := range []string{"leader", "auditor", "admin", "security"} { // they would hear of what they may not see
			_, err := a.SignIn(t.Context(), "192.0.2.9", role+"@"+county, testPassword)
			require.Equal(t, domain.KindUnauthenticated, domain.KindOf(err), role)
			_, err = a.Account(t.Context(), role+"@"+county)
			require.Equal(t, domain.KindNotFound, domain.KindOf(err), role)
		}
		u, err := a.SignIn(t.Context(), "192.0.2.7", "clerk@"+centreA, testPassword)
		require.NoError(t, err)
		require.Equal(t, centreA, u.Org)
		for range domain.FreeAttempts {
			_, err = a.SignIn(t.Context(), "192.0.2.7", "clerk@"+centreA, "wrong")
			require.Equal(t, domain.KindUnauthenticated, domain.KindOf(err))
		}
		_, err = a.SignIn(t.Context(), "192.0.2.7", "clerk@"+centreA, testPassword)
		require.ErrorContains(t, err, "too_many_attempts")
	})
}

// The AsyncAPI page says what this package reads and writes, and its examples
// are requests that it understands.
func TestAsyncAPIDescribesTheRequests(t *testing.T) {
	raw, err := os.ReadFile("../docs/asyncapi.yaml")
	require.NoError(t, err)
	type schema struct {
		Required   []string
		Properties map[string]any
	}
	var doc struct {
		Components struct {
			Messages map[string]struct {
				Examples []struct {
					Name    string
					Payload map[string]any
				}
			}
			Schemas map[string]schema
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &doc))
	for name, typ := range map[string]reflect.Type{"Request": reflect.TypeFor[deskCall](), "Answer": reflect.TypeFor[deskAnswer]()} {
		var fields []string
		for i := range typ.NumField() {
			field, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			fields = append(fields, field)
		}
		require.ElementsMatch(t, fields, slices.Collect(maps.Keys(doc.Components.Schemas[name].Properties)), name)
	}
	headers, _ := doc.Components.Schemas["Answer"].Properties["headers"].(map[string]any)
	described, _ := headers["properties"].(map[string]any)
	require.Len(t, described, len(deskHeaders))
	for _, h := range deskHeaders {
		require.Contains(t, described, strings.ToLower(h))
	}

	w := newWorld(t)
	examples := doc.Components.Messages["request"].Examples
	require.Greater(t, len(examples), 4)
	for _, example := range examples {
		raw, err := json.Marshal(example.Payload)
		require.NoError(t, err)
		call, r, err := readCall(raw)
		require.NoError(t, err, example.Name)
		c := w.server.echo.NewContext(r, nil)
		w.server.echo.Router().Find(call.Method, r.URL.Path, c)
		require.True(t, w.server.desk[call.Method+" "+c.Path()], "%s is no desk operation", example.Name)
	}
}
