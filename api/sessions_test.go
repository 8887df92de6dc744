package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func signIn(name, password string) map[string]any {
	return map[string]any{"username": name, "password": password}
}

func TestSignInAndOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.call("", "POST", "/api/v1/sessions", signIn("clerk@"+centreA, testPassword))
		var s sessionView
		a.into(201, &s)
		require.Equal(t, domain.RoleClerk, s.User.Role)
		require.Len(t, s.Token, 43)
		require.NotContains(t, string(a.body), "argon2id")
		cookie := a.header.Get("Set-Cookie")
		require.Contains(t, cookie, "HttpOnly")
		require.Contains(t, cookie, "SameSite=Lax")
		require.NotContains(t, cookie, "Secure")

		w.tokens["me"] = s.Token
		var me domain.User
		w.call("me", "GET", "/api/v1/me", nil).into(200, &me)
		require.Equal(t, "clerk@"+centreA, me.Username)
		require.Equal(t, 204, w.call("me", "DELETE", "/api/v1/sessions/current", nil).status)
		w.call("me", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	})
}

func TestSessionEndsAfterTwelveHours(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var s sessionView
		w.call("", "POST", "/api/v1/sessions", signIn("clerk@"+centreA, testPassword)).into(201, &s)
		w.tokens["me"] = s.Token
		w.clock.advance(12*time.Hour - time.Second)
		require.Equal(t, 200, w.call("me", "GET", "/api/v1/me", nil).status)
		w.clock.advance(time.Second)
		w.call("me", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	})
}

func TestUnknownUserAndWrongPasswordLookAlike(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		wrong := w.call("", "POST", "/api/v1/sessions", signIn("clerk@"+centreA, "wrong")).problem(401, "wrong_password")
		absent := w.call("", "POST", "/api/v1/sessions", signIn("nobody", "wrong")).problem(401, "wrong_password")
		wrong.RequestID, absent.RequestID = "", ""
		require.Equal(t, wrong, absent)
	})
}

func TestDisabledAccountsStayOut(t *testing.T) {
	w := newWorld(t)
	name := "clerk@" + centreA
	u := w.fake.users[name]
	now := w.clock.now()
	u.DisabledAt = &now
	w.fake.users[name] = u
	w.call("", "POST", "/api/v1/sessions", signIn(name, testPassword)).problem(401, "wrong_password")
	w.call(name, "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
}

func TestGuessingIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	name := "clerk@" + centreA
	for range domain.FreeAttempts {
		w.call("", "POST", "/api/v1/sessions", signIn(name, "wrong")).problem(401, "wrong_password")
	}
	a := w.call("", "POST", "/api/v1/sessions", signIn(name, testPassword))
	a.problem(429, "too_many_attempts")
	require.Equal(t, "1", a.header.Get("Retry-After"))
	require.Equal(t, 201, w.call("", "POST", "/api/v1/sessions", signIn("handler@"+centreA, testPassword)).status) // others are not held up
	w.clock.advance(time.Second)
	require.Equal(t, 201, w.call("", "POST", "/api/v1/sessions", signIn(name, testPassword)).status)
	require.Equal(t, 201, w.call("", "POST", "/api/v1/sessions", signIn(name, testPassword)).status) // forgiven
}

func TestBackoffIsBounded(t *testing.T) {
	c := &clock{at: time.Date(2020, 3, 3, 1, 0, 0, 0, time.UTC)}
	b := newBackoff(c.now)
	for i := range mostRemembered * 2 {
		require.NoError(t, b.try(strings.Repeat("x", i%50)+string(rune(i))))
	}
	require.LessOrEqual(t, len(b.tries), mostRemembered)
	for range 60 {
		_ = b.try("k")
		c.advance(longestWait)
	}
	require.NoError(t, b.try("k"))
	require.LessOrEqual(t, b.tries["k"].next.Sub(c.now()), longestWait)
}

func TestSignInsWaitInLine(t *testing.T) {
	p, err := newPasswords()
	require.NoError(t, err)
	p.slots <- struct{}{}
	p.slots <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = p.match(ctx, "x", "")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	<-p.slots
	ok, err := p.match(t.Context(), testPassword, testHash())
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = p.match(t.Context(), "x", "")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestManySignInsAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for _, role := range []string{"clerk", "handler", "supervisor", "leader"} {
		wg.Go(func() {
			require.Equal(t, 201, w.call("", "POST", "/api/v1/sessions", signIn(role+"@"+townA, testPassword)).status)
		})
	}
	wg.Wait()
}

// A page of another site must not act with the console's cookie.
func TestCookieIsUselessToOtherSites(t *testing.T) {
	w := newWorld(t)
	send := func(headers ...string) *answer {
		r := httptest.NewRequest(http.MethodPost, "http://sudi.example/api/v1/cases", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		r.AddCookie(&http.Cookie{Name: cookieName, Value: w.tokens["clerk@"+centreA]})
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return w.send(r, []byte("{}"))
	}
	send("Sec-Fetch-Site", "cross-site").problem(403, "cross_origin")
	send("Origin", "https://evil.example").problem(403, "cross_origin")
	send("Sec-Fetch-Site", "same-origin").problem(422, "invalid_fields") // it got as far as the body
	w.rebuild(Config{TrustedOrigins: []string{"https://desk.example"}})
	send("Origin", "https://desk.example", "Sec-Fetch-Site", "cross-site").problem(422, "invalid_fields")
}

func TestCookieIsSecureBehindTLS(t *testing.T) {
	w := newWorld(t)
	w.rebuild(Config{TrustProxy: true})
	raw, err := json.Marshal(signIn("clerk@"+centreA, testPassword))
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/api/v1/sessions", bytes.NewReader(raw))
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-Proto", "https")
	a := w.send(r, raw)
	require.Equal(t, 201, a.status)
	require.Contains(t, a.header.Get("Set-Cookie"), cookieNameTLS+"=")
	require.Contains(t, a.header.Get("Set-Cookie"), "; Secure")
	require.NotEmpty(t, a.header.Get("Strict-Transport-Security"))
}

// What a proxy says is believed of the addresses that a proxy can have, where
// there is one, and of those alone.
func TestOnlyAProxyIsBelieved(t *testing.T) {
	w := newWorld(t)
	for _, proxy := range []bool{true, false} {
		w.rebuild(Config{TrustProxy: proxy})
		for remote, near := range map[string]bool{
			"127.0.0.1:1": true, "[::1]:1": true, "10.0.0.1:1": true, "172.16.0.1:1": true, "192.168.1.1:1": true, "[fd00::1]:1": true,
			"[::ffff:10.0.0.1]:1": true, "169.254.0.1:1": true, "[fe80::1%eth0]:1": true,
			"192.0.2.1:1": false, "[2001:db8::1]:1": false, "[::ffff:192.0.2.1]:1": false, "172.32.0.1:1": false, "10.0.0.1": false, "": false,
		} {
			r := httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody)
			r.RemoteAddr = remote
			r.Header.Set("X-Forwarded-Proto", "https")
			require.Equal(t, proxy && near, w.send(r, nil).header.Get("Strict-Transport-Security") != "", "%q behind a proxy: %t", remote, proxy)
		}
	}
}

// Behind a proxy a client is where the proxy saw him, whatever he says himself.
func TestAddressBehindAProxy(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"10.0.0.1:1", "10.1.2.3", "10.1.2.3"},
		{"10.0.0.1:1", "8.8.8.8, 10.1.2.3", "10.1.2.3"},
		{"10.0.0.1:1", "8.8.8.8,10.9.9.9 , 192.0.2.7", "192.0.2.7"},
		{"10.0.0.1:1", "8.8.8.8, nobody", "10.0.0.1"},
		{"10.0.0.1:1", "8.8.8.8,", "10.0.0.1"},
		{"[::1]:1", "::ffff:10.1.2.3", "10.1.2.3"},
		{"[::1]:1", "2001:db8::7", "2001:db8::7"},
		{"192.0.2.1:1", "10.1.2.3", "192.0.2.1"}, // no proxy of ours
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		require.Equal(t, c.want, addressBehindProxy(r), "%v", c)
	}
}

func TestOddTokensAreNobodys(t *testing.T) {
	w := newWorld(t)
	for _, header := range []string{"Bearer", "Bearer ", "Basic Zm9vOmJhcg==", "Bearer " + strings.Repeat("x", 5000), "Bearer \xff"} {
		w.call("", "GET", "/api/v1/me", nil, "Authorization", header).problem(401, "sign_in_first")
	}
}
