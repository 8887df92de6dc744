package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestSignInByProvider(t *testing.T) {
	w, name := newProviderWorld(t), "clerk@"+centreA
	for what, set := range map[string]func(*Provider){
		"":               func(*Provider) {},
		"public client":  func(p *Provider) { p.ClientID, p.ClientSecret = "public", "" },
		"e-mail address": func(p *Provider) { p.Claim = "email" },
	} {
		for _, tells := range []bool{true, false} {
			t.Run(what, func(t *testing.T) {
				w.reset()
				if !tells { // and is asked
					w.open(w.newStorage())
				}
				w.set(set)
				b := w.browser()
				b.me(401)
				address, err := url.Parse(b.begin())
				require.NoError(t, err)
				q := address.Query()
				require.Equal(t, "S256", q.Get("code_challenge_method"))
				require.Equal(t, "code", q.Get("response_type"))
				require.Len(t, q.Get("code_challenge"), 43)
				for _, secret := range []string{"nonce", "state"} {
					require.Len(t, q.Get(secret), 26) // 128 bits
				}
				a := b.get(b.prove(address.String(), name))
				require.Equal(t, 303, a.status, string(a.body))
				require.Equal(t, "/", a.header.Get("Location"))
				cookies := a.header.Values("Set-Cookie")
				require.Len(t, cookies, 2)
				require.Contains(t, cookies[0], providerCookieTLS+"=; Path=/; Max-Age=0;")
				require.Regexp(t, cookieNameTLS+`=[\w-]{43}; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax`, cookies[1])
				require.Equal(t, name, b.me(200).Username)
			})
		}
	}
}

func TestProviderCookie(t *testing.T) {
	w := newProviderWorld(t)
	path := prefix + "/sessions/provider"
	a := w.browser().get(w.sudi.URL + path)
	require.Regexp(t, providerCookieTLS+`=[\w-]{43}; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax`, a.header.Get("Set-Cookie"))
	plain := w.call("", "GET", path, nil)
	require.Regexp(t, "^"+providerCookie+`=[\w-]{43}; Path=/; Max-Age=300; HttpOnly; SameSite=Lax`, plain.header.Get("Set-Cookie"))

	// Over TLS only the cookie that no neighbouring host can set counts.
	b := w.browser()
	callback := b.prove(plain.header.Get("Location"), "clerk@"+centreA)
	cookie, err := http.ParseSetCookie(plain.header.Get("Set-Cookie"))
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, callback, nil) // https, so TLS
	r.AddCookie(cookie)
	w.send(r, nil).problem(401, "continuation_unknown")
	r = httptest.NewRequest(http.MethodGet, strings.Replace(callback, "https:", "http:", 1), nil)
	r.AddCookie(cookie)
	require.Equal(t, 303, w.send(r, nil).status)
}

// An address that somebody made in his own browser signs nobody else in as him,
// whatever the other has begun himself (login CSRF).
func TestCallbackBelongsToItsBrowser(t *testing.T) {
	w := newProviderWorld(t)
	attacker, victim := w.browser(), w.browser()
	made := attacker.prove(attacker.begin(), "clerk@"+townB)
	victim.get(made).problem(401, "continuation_unknown")
	mine := victim.begin()
	victim.get(made).problem(401, "continuation_unknown")
	victim.me(401)

	// Nor does the attacker's code go with what the victim has begun: the verifier
	// is another.
	u, err := url.Parse(mine)
	require.NoError(t, err)
	victim.get(change(made, "state", u.Query().Get("state"))).problem(401, "provider_refused")
	victim.me(401)

	// The victim spends nothing of the attacker's, and the attacker nothing of his.
	callback := victim.prove(victim.begin(), "clerk@"+centreA)
	attacker.get(callback).problem(401, "continuation_unknown")
	attacker.me(401)
	require.Equal(t, 303, victim.get(callback).status)
	require.Equal(t, "clerk@"+centreA, victim.me(200).Username)
}

func TestCallbackWorksOnce(t *testing.T) {
	w := newProviderWorld(t)
	b := w.browser()
	address := b.begin()
	saved := b.client.Jar.Cookies(mustParse(t, w.sudi.URL))
	callback := b.prove(address, "clerk@"+centreA)
	require.Equal(t, 303, b.get(callback).status)
	b.get(callback).problem(401, "continuation_unknown")
	b.client.Jar.SetCookies(mustParse(t, w.sudi.URL), saved) // as a thief of the cookie too
	b.get(callback).problem(401, "continuation_unknown")

	// A spent code is refused by the provider, in a sign-in that is under way.
	again := mustParse(t, b.begin())
	b.get(change(callback, "state", again.Query().Get("state"))).problem(401, "provider_refused")
}

func TestProviderSignInExpires(t *testing.T) {
	w := newProviderWorld(t)
	b := w.browser()
	callback := b.prove(b.begin(), "clerk@"+centreA)
	w.clock.advance(continuationFor)
	b.get(callback).problem(401, "continuation_unknown")
	b.me(401)
}

// Whatever does not hold of the provider's answer signs nobody in.
func TestProviderAnswerMustHold(t *testing.T) {
	w, name := newProviderWorld(t), "clerk@"+centreA
	tampered := func(w *providerWorld, pairs ...string) *answer {
		b := w.browser()
		return b.get(b.prove(change(b.begin(), pairs...), name))
	}
	for what, try := range map[string]func(w *providerWorld) *answer{
		"nonce":     func(w *providerWorld) *answer { return tampered(w, "nonce", "another") },
		"no nonce":  func(w *providerWorld) *answer { return tampered(w, "nonce", "") },
		"audience":  func(w *providerWorld) *answer { return tampered(w, "client_id", "other") },
		"challenge": func(w *providerWorld) *answer { return tampered(w, "code_challenge", strings.Repeat("A", 43)) },
		"issuer of the answer": func(w *providerWorld) *answer {
			b := w.browser()
			return b.get(change(b.prove(b.begin(), name), "iss", "https://other.example"))
		},
		"issuer of the token": func(w *providerWorld) *answer {
			w.tamper = func(path, body string) string {
				if path == "/.well-known/openid-configuration" {
					return strings.Replace(body, `"issuer":"`+w.op.URL+`"`, `"issuer":"`+strings.Replace(w.op.URL, "127.0.0.1", "localhost", 1)+`"`, 1)
				}
				return body
			}
			w.set(func(p *Provider) { p.Issuer = strings.Replace(p.Issuer, "127.0.0.1", "localhost", 1) })
			return w.browser().signIn(name)
		},
		"signature": func(w *providerWorld) *answer {
			b := w.browser()
			callback := b.prove(b.begin(), name)
			genuine := w.handler
			w.open(w.newStorage()) // another key under another name
			other := w.handler
			w.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/keys" {
					other.ServeHTTP(out, r)
					return
				}
				genuine.ServeHTTP(out, r)
			})
			return b.get(callback)
		},
		"expiry": func(w *providerWorld) *answer {
			w.clock.advance(2 * time.Hour)
			return w.browser().signIn(name)
		},
		"no id_token": func(w *providerWorld) *answer {
			w.tamper = func(path, body string) string {
				if path == "/oauth/token" {
					return strings.Replace(body, `"id_token"`, `"other"`, 1)
				}
				return body
			}
			return w.browser().signIn(name)
		},
		"somebody else's user info": func(w *providerWorld) *answer {
			w.open(w.newStorage())
			w.tamper = func(path, body string) string {
				if path == "/userinfo" {
					return strings.Replace(body, `"sub":"id of `, `"sub":"id of another `, 1)
				}
				return body
			}
			return w.browser().signIn(name)
		},
		"no such claim": func(w *providerWorld) *answer {
			w.set(func(p *Provider) { p.Claim = "uid" })
			return w.browser().signIn(name)
		},
		"e-mail address": func(w *providerWorld) *answer { // that is not verified
			w.set(func(p *Provider) { p.Claim = "email" })
			return w.browser().signIn("handler@" + centreA)
		},
		"consent": func(w *providerWorld) *answer {
			b := w.browser()
			return b.get(w.settings.Redirect + "?error=access_denied&error_description=no&state=" + mustParse(w.t, b.begin()).Query().Get("state"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			w.reset()
			before := w.refusals()
			a := try(w)
			a.problem(401, "provider_refused")
			require.Empty(t, a.header.Get("Set-Cookie"))
			after := w.refusals()
			require.Len(t, after, len(before)+1)
			require.Equal(t, "provider_refused", after[0].Reason)
			require.Contains(t, w.log.String(), "sign-in by the identity provider refused")
		})
	}
}

// refusals are those of sign-ins in the audit log, the newest first.
func (w *providerWorld) refusals() []domain.Recorded {
	w.t.Helper()
	list, err := w.store.Records(context.Background(), domain.RecordQuery{Action: "session.open", Limit: 200})
	require.NoError(w.t, err)
	return slices.DeleteFunc(list, func(r domain.Recorded) bool { return r.Result != domain.ResultDenied })
}

// Nobody is made an account by the provider, and a disabled one does not show.
func TestProviderMakesNoAccounts(t *testing.T) {
	w := newProviderWorld(t)
	name, yes := "clerk@"+centreA, true
	u, err := w.store.UserByName(t.Context(), name)
	require.NoError(t, err)
	require.NoError(t, w.store.ChangeUser(t.Context(), domain.UserChange{ID: u.ID, Disabled: &yes, At: w.clock.now()}))
	before, err := w.store.Users(t.Context())
	require.NoError(t, err)
	absent := w.browser().signIn("nobody").problem(401, "provider_no_account")
	refused := w.refusals()[0]
	require.Empty(t, refused.Object.ID)
	require.Equal(t, w.store.SearchKey("nobody"), refused.Details["username"])
	disabled := w.browser().signIn(name).problem(401, "provider_no_account")
	require.Equal(t, u.ID, w.refusals()[0].Object.ID)
	absent.RequestID, disabled.RequestID = "", ""
	require.Equal(t, absent, disabled)
	for _, almost := range []string{strings.ToUpper("handler@" + centreA), " handler@" + centreA} {
		w.browser().signIn(almost).problem(401, "provider_no_account")
	}
	w.browser().signIn("handler@"+centreA+"\x00").problem(401, "provider_refused")
	after, err := w.store.Users(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, before, after)
}

// Sudi starts while the provider is down, says so to whoever would sign in, and
// finds it when it is back.
func TestProviderDown(t *testing.T) {
	w := newProviderWorld(t)
	w.down.Store(true)
	b := w.browser()
	a := b.get(w.sudi.URL + prefix + "/sessions/provider")
	a.problem(503, "provider_away")
	require.Equal(t, "2", a.header.Get("Retry-After"))
	require.Equal(t, 201, w.call("", "POST", "/api/v1/sessions", signIn("clerk@"+centreA, testPassword)).status)

	w.down.Store(false)
	callback := b.prove(b.begin(), "clerk@"+centreA)
	w.down.Store(true)
	b.get(callback).problem(503, "provider_away")
	w.down.Store(false)
	require.Equal(t, 303, b.signIn("clerk@"+centreA).status)

	busy := mustParse(t, b.begin()).Query().Get("state")
	b.get(w.settings.Redirect+"?error=temporarily_unavailable&state="+busy).problem(503, "provider_away")
	w.set(func(p *Provider) { p.Issuer += "/" }) // not what it says of itself
	b.get(w.sudi.URL+prefix+"/sessions/provider").problem(503, "provider_away")
	w.set(func(p *Provider) { p.ClientSecret = "wrong" }) // ours to mend, and logged
	b.signIn("clerk@"+centreA).problem(503, "provider_away")
	require.Contains(t, w.log.String(), "invalid_client")
}

func TestProviderAndSecondFactor(t *testing.T) {
	w := newProviderWorld(t)
	name := "clerk@" + centreA
	secret, _ := w.enrol(name)
	w.clock.advance(time.Minute)
	a := w.browser().signIn(name)
	require.Equal(t, 303, a.status, string(a.body))
	require.Len(t, a.header.Values("Set-Cookie"), 1) // no session
	continuation, ok := strings.CutPrefix(a.header.Get("Location"), "/#continuation=")
	require.True(t, ok)
	next := w.goOn(continuation, "000000").problem(401, "wrong_code").Continuation
	w.goOn(continuation, w.code(secret, 0)).problem(401, "continuation_unknown")
	require.Equal(t, 201, w.goOn(next, w.code(secret, 0)).status)
}

// Who owes a second factor and has none yet owes it after the provider too.
func TestProviderReplacesNoSecondFactor(t *testing.T) {
	w := newProviderWorld(t)
	w.rebuild(Config{Provider: &w.settings, SecondFactor: FactorAll})
	b := w.browser()
	require.Equal(t, 303, b.signIn("clerk@"+centreA).status)
	b.me(200)
	b.get(w.sudi.URL+prefix+"/categories").problem(403, "second_factor_required")
}

func TestProviderNotSetUp(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/sessions/provider", "/sessions/provider/callback?code=x&state=y&session_state=z"} {
		w.call("", "GET", prefix+path, nil).problem(404, "provider_off")
		require.Contains(t, w.call("", "GET", prefix+path, nil, "Accept-Language", "en").problem(404, "provider_off").Detail, "not set up")
	}
}

// Nothing that a browser can send to the callback is our fault.
func TestOddCallbacks(t *testing.T) {
	w := newProviderWorld(t)
	b := w.browser()
	b.begin()
	for query, status := range map[string]int{
		"": 401, "code=x": 401, "state=x": 401, "code=x&state=x&session_state=y&scope=openid": 401, "state=" + strings.Repeat("x", 129): 422,
		"code=x&code=y&state=z": 422, "state=%00": 422, "error=x": 401,
	} {
		require.Equal(t, status, b.get(w.settings.Redirect+"?"+query).status, query)
	}
}

func mustParse(t testing.TB, address string) *url.URL {
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}
