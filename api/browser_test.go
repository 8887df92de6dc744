package api

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// answered gives what the API answers, without a look at the contract.
func (w *world) answered(method, path, body string, headers ...string) *http.Response {
	w.t.Helper()
	r := httptest.NewRequest(method, "https://sudi.example"+path, strings.NewReader(body)) // over TLS
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec.Result() //nolint:bodyclose // a recorder's needs no closing
}

// protects expects the headers that keep a browser from doing more with an
// answer than reading it.
func protects(t *testing.T, a *http.Response, what string) {
	t.Helper()
	for name, value := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000",
	} {
		require.Equal(t, []string{value}, a.Header.Values(name), "%s: %s", what, name)
	}
	require.Len(t, a.Header.Values("Content-Security-Policy"), 1, what)
	policy := strings.Split(a.Header.Get("Content-Security-Policy"), "; ")
	for _, directive := range policy {
		if strings.HasPrefix(directive, "style-src 'sha256-") && strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			continue
		}
		require.Contains(t, []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"}, directive, what)
	}
	for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		require.Contains(t, policy, directive, what)
	}
	for _, feature := range []string{"camera", "geolocation", "microphone", "payment", "usb"} {
		require.Contains(t, a.Header.Get("Permissions-Policy"), feature+"=()", what)
	}
	require.Contains(t, strings.Join(a.Header.Values("Vary"), ", "), "Cookie", what)
	require.Empty(t, a.Header.Values("Access-Control-Allow-Origin"), what)
}

var routeParameter = regexp.MustCompile(`:\w+`)

func TestEveryAnswerIsProtected(t *testing.T) {
	w := newWorld(t)
	c := w.register("clerk@" + centreA)
	statuses := map[int]bool{}
	ask := func(method, path, body string, headers ...string) int {
		t.Helper()
		a := w.answered(method, path, body, headers...)
		protects(t, a, method+" "+path+" "+a.Status)
		statuses[a.StatusCode] = true
		return a.StatusCode
	}
	bearer := func(who string) []string { return []string{"Authorization", "Bearer " + w.tokens[who]} }
	signOut := "DELETE " + prefix + "/sessions/current"
	for route := range w.server.rules {
		method, path, _ := strings.Cut(route, " ")
		if route == signOut { // it comes last
			continue
		}
		for _, with := range []string{"x", c.ID, "2020"} { // unknown, there, a year
			path := routeParameter.ReplaceAllString(path, with)
			ask(method, path, "")
			for _, who := range []string{"clerk@" + centreA, "leader@" + county, "admin@" + county} {
				ask(method, path, "", bearer(who)...)
				if unsafe(method) {
					ask(method, path, "{", append(bearer(who), "Content-Type", "application/json")...)
				}
			}
		}
	}
	clerk := append(bearer("clerk@"+centreA), "Content-Type", "application/json")
	require.Equal(t, 404, ask("GET", "/api/v1/nowhere", ""))
	require.Equal(t, 404, ask("GET", "/..%2fetc", ""))
	require.Equal(t, 405, ask("PUT", "/api/v1/cases", "{}", clerk...))
	require.Equal(t, 413, ask("POST", "/api/v1/cases", `{"title":"`+strings.Repeat("x", maxBody)+`"}`, clerk...))
	require.Equal(t, 415, ask("POST", "/api/v1/cases", "a=b", append(bearer("clerk@"+centreA), "Content-Type", "text/plain")...))
	require.Equal(t, 422, ask("POST", "/api/v1/cases", "{}", clerk...))
	require.Equal(t, 422, ask("GET", "/api/v1/cases?x=1&x=2", "", clerk...))
	require.Equal(t, 403, ask("POST", "/api/v1/sessions", "{}", "Origin", "https://evil.example"))
	require.Equal(t, 204, ask("OPTIONS", "/api/v1/cases", ""))
	require.Contains(t, w.server.rules, signOut)
	require.Equal(t, 204, ask("DELETE", prefix+"/sessions/current", "", clerk...))

	w.server.echo.GET("/breaks", func(echo.Context) error { panic("on purpose") })
	require.Equal(t, 500, ask("GET", "/breaks", ""))
	w.rebuild(Config{Ready: func(context.Context) error { return context.Canceled }})
	require.Equal(t, 503, ask("GET", "/readyz", ""))
	w.limited = true
	w.rebuild(Config{})
	for range 301 {
		ask("GET", "/api/v1/nowhere", "")
	}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503} {
		require.True(t, statuses[status], "no answer had the status %d: the table has a hole", status)
	}
}

// Without TLS nobody is told to use it.
func TestNoTransportSecurityWithoutTLS(t *testing.T) {
	w := newWorld(t)
	require.Empty(t, w.call("", "GET", "/healthz", nil).header.Values("Strict-Transport-Security"))
	require.Empty(t, w.call("", "GET", "/healthz", nil, "X-Forwarded-Proto", "https").header.Values("Strict-Transport-Security"), "any client can say so")
}

// The page about the API needs its style, which its policy names, and nothing
// else.
func TestTheDocumentationPageLoadsNothing(t *testing.T) {
	w := newWorld(t)
	a := w.call("", "GET", "/docs", nil)
	body := string(a.body)
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(body)
	require.NotNil(t, style)
	sum := sha256.Sum256([]byte(style[1]))
	require.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'", a.header.Get("Content-Security-Policy"))
	require.Equal(t, 1, strings.Count(body, "<style"))
	for _, word := range []string{"<script", "<link", "<img", "<form", "<base", "<iframe", " src=", "url(", "@import", " style=", "javascript:", " onclick="} {
		require.NotContains(t, body, word)
	}
}

// The session's cookie is for scripts of nobody, other hosts of nobody and
// requests of other sites' pages of nobody.
func TestCookieFlags(t *testing.T) {
	w := newWorld(t)
	cookie := func(a *http.Response) *http.Cookie {
		t.Helper()
		require.Len(t, a.Cookies(), 1)
		return a.Cookies()[0]
	}
	proof := `{"username":"clerk@` + centreA + `","password":"` + testPassword + `"}`
	asJSON := []string{"Content-Type", "application/json"}
	secure := cookie(w.answered("POST", "/api/v1/sessions", proof, asJSON...))
	require.Equal(t, "__Host-sudi_session", secure.Name)
	require.True(t, secure.Secure && secure.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, secure.SameSite)
	require.Equal(t, "/", secure.Path)
	require.Empty(t, secure.Domain)
	require.Equal(t, 12*60*60, secure.MaxAge)

	r := httptest.NewRequest(http.MethodPost, "/api/v1/sessions", strings.NewReader(proof))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	plain := cookie(rec.Result()) //nolint:bodyclose // a recorder's needs no closing
	require.Equal(t, "sudi_session", plain.Name)
	require.True(t, plain.HttpOnly && !plain.Secure)
	require.Equal(t, http.SameSiteLaxMode, plain.SameSite)

	// Each is worth something where it was set: another host of the domain could
	// have set the plain one.
	me := func(over *tls.ConnectionState, name, value string) int {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/me", http.NoBody)
		r.TLS = over
		r.AddCookie(&http.Cookie{Name: name, Value: value})
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		return rec.Code
	}
	overTLS := &tls.ConnectionState{}
	require.Equal(t, 200, me(overTLS, secure.Name, secure.Value))
	require.Equal(t, 401, me(overTLS, plain.Name, plain.Value))
	require.Equal(t, 200, me(nil, plain.Name, plain.Value))
	require.Equal(t, 401, me(nil, secure.Name, secure.Value))

	out := cookie(w.answered("DELETE", "/api/v1/sessions/current", "", "Cookie", secure.Name+"="+secure.Value))
	require.Equal(t, secure.Name, out.Name)
	require.Empty(t, out.Value)
	require.Negative(t, out.MaxAge)
	require.Equal(t, 401, me(overTLS, secure.Name, secure.Value))
}

// No page of another site writes with the cookie, whatever the route; it may
// not even sign somebody in. What a page cannot send is not refused.
func TestOtherSitesWriteNothing(t *testing.T) {
	w := newWorld(t)
	cookie := []string{"Cookie", cookieNameTLS + "=" + w.tokens["clerk@"+centreA], "Content-Type", "application/json"}
	for route := range w.server.rules {
		method, path, _ := strings.Cut(route, " ")
		if !unsafe(method) {
			continue
		}
		path = routeParameter.ReplaceAllString(path, "x")
		for _, from := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
			{"Origin", "null"}, {"Origin", "https://sudi.example.evil.example", "Sec-Fetch-Site", "cross-site"},
		} {
			require.Equal(t, 403, w.answered(method, path, "{}", append(from, cookie...)...).StatusCode, "%s from %v", route, from)
		}
		for _, from := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://sudi.example"}, {}} {
			body := make([]byte, 400)
			a := w.answered(method, path, "{", append(from, cookie...)...)
			n, _ := a.Body.Read(body)
			require.NotContains(t, string(body[:n]), "cross_origin", "%s from %v", route, from)
		}
	}
	// Beside a bearer's token, which no page can add, the cookie counts for nothing.
	require.Equal(t, 401, w.answered("POST", "/api/v1/cases", "{}", append(cookie, "Authorization", "Basic eDp5", "Sec-Fetch-Site", "cross-site")...).StatusCode)
}
