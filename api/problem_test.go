package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestEveryKindOfError(t *testing.T) {
	want := map[domain.Kind]int{
		domain.KindInvalid: 422, domain.KindUnauthenticated: 401, domain.KindForbidden: 403, domain.KindNotFound: 404,
		domain.KindConflict: 409, domain.KindStale: 412, domain.KindGone: 410, domain.KindOverloaded: 503, domain.KindInternal: 500,
		"invented": 500,
	}
	for kind, status := range want {
		for _, lang := range []string{"zh", "en"} {
			p := newRequest(lang).problem(fmt.Errorf("reading: %w", domain.Errorf(kind, "nothing_to_do")))
			require.Equal(t, status, p.Status, kind)
			require.Equal(t, statusTitles[status].In(lang), p.Title, kind)
			require.Equal(t, lang, p.headers.Get("Content-Language"))
			require.Equal(t, kind == domain.KindOverloaded, p.headers.Get("Retry-After") != "", kind)
			require.Equal(t, kind == domain.KindUnauthenticated, p.headers.Get("WWW-Authenticate") != "", kind)
		}
	}
}

func newRequest(lang string) *request {
	q := requestOf(context.Background())
	q.Caller.Lang = lang
	return q
}

func TestInternalErrorsAreOpaque(t *testing.T) {
	w := newWorld(t)
	w.fake.fail = errors.New("password=hunter2 host=10.0.0.1")
	a := w.call("clerk@"+centreA, "GET", "/api/v1/cases", nil)
	a.problem(500, "internal")
	require.NotContains(t, string(a.body), "hunter2")
	require.Contains(t, w.log.String(), "hunter2")
	require.Contains(t, w.log.String(), a.header.Get(headerRequestID))
}

func TestAnUnknownOutcomeIsSaid(t *testing.T) {
	w := newWorld(t)
	w.fake.fail = &domain.Error{Kind: domain.KindInternal, Code: "outcome_unknown", Cause: errors.New("EOF")}
	w.call("clerk@"+centreA, "GET", "/api/v1/cases", nil).problem(500, "outcome_unknown")
}

func TestPanicsAreProblems(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	w.fake.panics = true
	defer func() { w.fake.panics = false }()
	a := w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID, nil)
	a.problem(500, "internal")
	require.NotContains(t, string(a.body), "secret")
}

func TestTimeoutsAndOverloadAskToWait(t *testing.T) {
	w := newWorld(t)
	for _, err := range []error{context.DeadlineExceeded, domain.Errorf(domain.KindOverloaded, "overloaded"),
		&domain.Error{Kind: domain.KindInternal, Code: "database", Cause: context.DeadlineExceeded}} {
		w.fake.fail = err
		a := w.call("clerk@"+centreA, "GET", "/api/v1/cases", nil)
		a.problem(503, "overloaded")
		require.Equal(t, "2", a.header.Get("Retry-After"))
	}
}

func TestLanguages(t *testing.T) {
	w := newWorld(t)
	for header, en := range map[string]bool{
		"": false, "zh-CN": false, "en": true, "en-GB,en;q=0.9": true, "zh;q=0.1,en": true, "fr": false, "zh-TW": false,
		"*": false, ";;;": false, strings.Repeat("en,", 200): false, "en;q=0": false,
	} {
		a := w.call("", "GET", "/api/v1/me", nil, "Accept-Language", header)
		p := a.problem(401, "sign_in_first")
		want := "未登录"
		if en {
			want = "Not signed in"
		}
		require.Equal(t, want, p.Title, header)
	}
}

func TestUnknownAddresses(t *testing.T) {
	w := newWorld(t)
	who := "clerk@" + centreA
	require.Equal(t, "/docs", w.call("", "GET", "/", nil).header.Get("Location"))
	w.call("", "GET", "/nothing", nil).problem(404, "not_found")
	w.call(who, "GET", "/api/v1/nothing", nil).problem(404, "not_found")
	w.call(who, "PUT", "/api/v1/cases", "{}").problem(405, "http_405")
	require.Equal(t, 404, w.call("", "GET", "/api/v1/openapi.yaml", nil).status)
	w.call(who, "GET", "/api/v1/cases?stat=registered", nil).problem(422, "invalid_fields")
	require.NotEmpty(t, ptr(w.call(who, "GET", "/api/v1/cases?stat=registered", nil).problem(422, "invalid_fields")).wrong("stat"))
}

func ptr[T any](v T) *T { return &v }

// Whatever is sent, it is never a fault of ours.
func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	deep := `{"fields":` + strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500) + "}"
	bottomless := strings.Repeat("[", 200_000)
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
		field  string
	}{
		"empty":            {"", 400, "body_required", ""},
		"not JSON":         {"{", 400, "bad_json", ""},
		"trailing":         {`{} {}`, 400, "bad_json", ""},
		"text":             {`"x"`, 422, "invalid_fields", ""},
		"list":             {`[]`, 422, "invalid_fields", ""},
		"null":             {`null`, 422, "invalid_fields", ""},
		"nothing in it":    {`{}`, 422, "invalid_fields", "title"},
		"unknown field":    {`{"procedure":"appeal","title":"x","titel":"x"}`, 422, "invalid_fields", "titel"},
		"other case":       {`{"procedure":"appeal","Title":"x","title":"x"}`, 422, "invalid_fields", "Title"},
		"nested unknown":   {`{"procedure":"appeal","title":"x","parties":[{"name":"x","telephone":"1"}]}`, 422, "invalid_fields", "parties.0.telephone"},
		"number for text":  {`{"procedure":"appeal","title":1}`, 422, "invalid_fields", "title"},
		"text for number":  {`{"procedure":"appeal","title":"x","amount":"1"}`, 422, "invalid_fields", "amount"},
		"fraction":         {`{"procedure":"appeal","title":"x","amount":1.5}`, 422, "invalid_fields", "amount"},
		"huge number":      {`{"procedure":"appeal","title":"x","amount":1e300}`, 422, "invalid_fields", "amount"},
		"endless number":   {`{"procedure":"appeal","title":"x","amount":1e999}`, 422, "invalid_fields", ""},
		"unknown flag":     {`{"procedure":"appeal","title":"x","flags":["nice"]}`, 422, "invalid_fields", "flags.0"},
		"unknown channel":  {`{"procedure":"appeal","title":"x","channel":"pigeon"}`, 422, "invalid_fields", "channel"},
		"time":             {`{"procedure":"appeal","title":"x","received_at":"yesterday"}`, 422, "invalid_fields", "received_at"},
		"NUL":              {`{"procedure":"appeal","title":"a\u0000b"}`, 422, "invalid_fields", "title"},
		"NUL in a name":    {`{"procedure":"appeal","title":"x","fields":{"a\u0000":1}}`, 422, "invalid_fields", "fields"},
		"NUL deep down":    {`{"procedure":"appeal","title":"x","fields":{"a":["\u0007"]}}`, 422, "invalid_fields", "fields.a.0"},
		"not UTF-8":        {"{\"procedure\":\"appeal\",\"title\":\"\xff\"}", 422, "invalid_fields", ""},
		"deep":             {deep, 422, "invalid_fields", "fields"},
		"bottomless":       {bottomless, 400, "bad_json", ""},
		"unknown proc":     {`{"procedure":"divination","title":"x"}`, 422, "invalid_fields", "procedure"},
		"blank title":      {`{"procedure":"appeal","class":"help","title":"  "}`, 422, "invalid_fields", "title"},
		"long title":       {`{"procedure":"appeal","class":"help","title":"` + strings.Repeat("字", 201) + `"}`, 422, "invalid_fields", "title"},
		"long note":        {`{"procedure":"appeal","class":"help","title":"x","note":"` + strings.Repeat("n", 20001) + `"}`, 422, "invalid_fields", "note"},
		"unknown category": {`{"procedure":"appeal","class":"help","title":"x","category":"9999"}`, 422, "invalid_fields", "category"},
	} {
		p := w.call("clerk@"+centreA, "POST", "/api/v1/cases", c.body).problem(c.status, c.code)
		if c.field != "" {
			require.NotEmpty(t, p.wrong(c.field), "%s: %v", name, p.Errors)
		}
	}
}

func TestStrangeUnicodeIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, title := range []string{"𠮷野家 👩‍👩‍👧‍👦", "مرحبا", "e\u0301", "第一行\n第二行"} {
			c := w.register("clerk@"+centreA, func(b map[string]any) { b["title"] = title })
			require.Equal(t, title, c.Title)
		}
	})
}

func TestLargeBodies(t *testing.T) {
	w := newWorld(t)
	big := `{"procedure":"appeal","title":"` + strings.Repeat("x", maxBody) + `"}`
	w.call("clerk@"+centreA, "POST", "/api/v1/cases", big).problem(413, "http_413")
	w.call("", "POST", "/api/v1/cases", big).problem(401, "sign_in_first") // not even read
}

func TestContentTypes(t *testing.T) {
	w := newWorld(t)
	for ct, status := range map[string]int{
		"application/json; charset=utf-8": 201, "text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data": 415,
		";+": 415, "application/xml": 415,
	} {
		a := w.call("clerk@"+centreA, "POST", "/api/v1/cases", appeal(), "Content-Type", ct)
		require.Equal(t, status, a.status, "%s: %s", ct, a.body)
	}
}

func TestBadAddresses(t *testing.T) {
	w := newWorld(t)
	who := "clerk@" + centreA
	for path, status := range map[string]int{
		"/api/v1/cases/%00": 422, "/api/v1/cases/%ff": 422, "/api/v1/cases?q=%00": 422, "/api/v1/cases?q=%ff": 422,
		"/api/v1/cases?q=a&q=b": 422, "/api/v1/cases?limit=x": 422, "/api/v1/cases?limit=0": 422, "/api/v1/cases?limit=201": 422,
		"/api/v1/cases?limit=99999999999999999999": 422, "/api/v1/cases/..%2f..%2fetc": 404, "/api/v1/cases/1": 404,
		"/api/v1/calendar/x": 422, "/api/v1/calendar/99999": 404, "/api/v1/calendar/-1": 404, "/api/v1/calendar/1": 404,
		"/api/v1/procedures/none": 404, "/api/v1/procedures/appeal?version=9": 404, "/api/v1/figures?by=mood": 422,
		"/api/v1/cases?a;b": 422, "/api/v1/cases?q=%zz": 422,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "", "", ""
		u, err := r.URL.Parse("http://sudi.example" + path)
		require.NoError(t, err)
		r.URL, r.RequestURI = u, path
		r.Header.Set("Authorization", "Bearer "+w.tokens[who])
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		require.Equal(t, status, rec.Code, "%s: %s", path, rec.Body)
		require.Equal(t, "application/problem+json", rec.Header().Get("Content-Type"), path)
	}
}

func TestHeadersAndRequestIDs(t *testing.T) {
	w := newWorld(t)
	a := w.call("", "GET", "/healthz", nil, headerRequestID, "desk-7.2020_x")
	require.Equal(t, "desk-7.2020_x", a.header.Get(headerRequestID))
	require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
	require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	for _, odd := range []string{"", "short", "has space in it", strings.Repeat("x", 65), "héllo-héllo"} {
		require.NotEqual(t, odd, w.call("", "GET", "/healthz", nil, headerRequestID, odd).header.Get(headerRequestID))
	}
}

// The access log names routes, never what people asked for.
func TestLogHoldsNoPersonalData(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	w.call("clerk@"+centreA, "GET", "/api/v1/cases?q=%E5%BC%A0%E4%B8%89%E4%B8%B0", nil)
	w.call("clerk@"+centreA, "GET", "/api/v1/cases/"+c.ID, nil)
	w.call("", "POST", "/api/v1/sessions", signIn("clerk@"+centreA, testPassword))
	log := w.log.String()
	require.Contains(t, log, "/api/v1/cases/:id")
	for _, secret := range []string{"张三丰", "%E5", "13812345678", testPassword, c.ID, "192.0.2.1", "路灯"} {
		require.NotContains(t, log, secret)
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.call("", "GET", "/readyz", nil).status)
	metrics := w.call("", "GET", "/metrics", nil)
	require.Contains(t, string(metrics.body), `sudi_http_request_seconds_count{method="GET",route="/readyz",status="200"} 1`)
	w.rebuild(Config{Ready: func(context.Context) error { return errors.New("broker away") }})
	w.call("", "GET", "/readyz", nil).problem(503, "not_ready")
	require.Equal(t, 200, w.call("", "GET", "/healthz", nil).status)
	w.fake.fail = errors.New("down")
	w.call("", "GET", "/readyz", nil).problem(503, "not_ready")
}

func TestDocsLoadNothingFromElsewhere(t *testing.T) {
	w := newWorld(t)
	a := w.call("", "GET", "/docs", nil)
	require.Equal(t, 200, a.status)
	require.Contains(t, string(a.body), "/api/v1/cases/{id}/actions/{action}")
	require.NotContains(t, string(a.body), "<script")
	require.NotContains(t, strings.ReplaceAll(string(a.body), `href="/api`, ""), "http")
	require.Equal(t, 200, w.call("", "GET", "/api/v1/openapi.json", nil).status)
}

// What would show another text than was typed is refused, not kept in silence.
func TestMisleadingTextIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, title := range []string{`"\u202eabc"`, `"\ud800"`, `"坏\ufffd"`} {
		body := `{"procedure":"appeal","class":"help","title":` + title + `}`
		p := w.call("clerk@"+centreA, "POST", "/api/v1/cases", body).problem(422, "invalid_fields")
		require.Equal(t, "title", p.Errors[0].Field)
	}
}
