package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"sudi/domain"
)

const (
	clientID       = "sudi"
	clientSecret   = "geheim: a%b"
	providerSecret = "von Hand"
)

// people are who has an account at the provider.
type people struct{}

func (people) GetUserByID(id string) *storage.User {
	name, _ := strings.CutPrefix(id, "id of ")
	return &storage.User{
		ID: "id of " + name, Username: name, Password: providerSecret, PreferredLanguage: language.Chinese,
		Email: name, EmailVerified: !strings.HasPrefix(name, "handler"),
	}
}

func (p people) GetUserByUsername(name string) *storage.User { return p.GetUserByID("id of " + name) }
func (people) ExampleClientID() string                       { return "service" }

// telling is a provider that puts what it knows of a person into the ID token,
// as many do; by itself it waits to be asked.
type telling struct{ *storage.Storage }

type tellingClient struct{ op.Client }

func (tellingClient) IDTokenUserinfoClaimsAssertion() bool { return true }

func (t telling) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := t.Storage.GetClientByClientID(ctx, id)
	return tellingClient{client}, err
}

// providerWorld is a world over TLS beside an identity provider at work.
type providerWorld struct {
	*world
	sudi     *httptest.Server
	op       *httptest.Server
	handler  http.Handler                          // the provider
	down     atomic.Bool                           // it hangs up
	tamper   func(path string, body string) string // changes its answers; nil: leaves them
	settings Provider
}

func newProviderWorld(t *testing.T) *providerWorld {
	w := &providerWorld{world: newRealWorld(t)}
	w.op = httptest.NewServer(http.HandlerFunc(w.provide))
	t.Cleanup(w.op.Close)
	w.sudi = httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		a := w.send(r, nil)
		for name, values := range a.header {
			out.Header()[name] = values
		}
		out.WriteHeader(a.status)
		_, _ = out.Write(a.body)
	}))
	t.Cleanup(w.sudi.Close)
	w.settings = Provider{Issuer: w.op.URL, ClientID: clientID, ClientSecret: clientSecret, Redirect: w.sudi.URL + ProviderCallback}
	w.reset()
	return w
}

// reset gives both sides their usual settings, and the provider other keys.
func (w *providerWorld) reset() {
	w.clock.advance(time.Since(w.clock.now())) // the provider's clock is not ours to set
	w.tamper = nil
	w.open(telling{w.newStorage()})
	w.set(func(*Provider) {})
}

func (w *providerWorld) newStorage() *storage.Storage {
	return storage.NewStorageWithClients(people{}, map[string]*storage.Client{
		clientID: storage.WebClient(clientID, clientSecret, w.settings.Redirect),
		"public": storage.NativeClient("public", w.settings.Redirect),
		"other":  storage.WebClient("other", clientSecret, w.settings.Redirect),
	})
}

// providerStorage is what a provider works on, with the people who sign in.
type providerStorage interface {
	op.Storage
	CheckUsernamePassword(username, password, id string) error
}

// open lets the provider work on a storage, with a page to sign in at.
func (w *providerWorld) open(s providerStorage) {
	provider, err := op.NewProvider(&op.Config{CodeMethodS256: true, AuthMethodPost: true}, s, op.StaticIssuer(w.op.URL),
		op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(w.t, err)
	mux := http.NewServeMux()
	mux.Handle("/", provider)
	mux.HandleFunc("POST /login/username", func(out http.ResponseWriter, r *http.Request) {
		if err := s.CheckUsernamePassword(r.FormValue("username"), r.FormValue("password"), r.FormValue("id")); err != nil {
			http.Error(out, err.Error(), http.StatusUnauthorized)
			return
		}
		http.Redirect(out, r, op.AuthCallbackURL(provider)(op.ContextWithIssuer(r.Context(), w.op.URL), r.FormValue("id")), http.StatusFound)
	})
	w.handler = mux
}

// set builds the API with other settings of the provider.
func (w *providerWorld) set(change func(*Provider)) {
	p := w.settings
	change(&p)
	w.rebuild(Config{Provider: &p})
}

func (w *providerWorld) provide(out http.ResponseWriter, r *http.Request) {
	if w.down.Load() {
		panic(http.ErrAbortHandler)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	body := rec.Body.String()
	if w.tamper != nil {
		body = w.tamper(r.URL.Path, body)
	}
	for name, values := range rec.Header() {
		out.Header()[name] = values
	}
	out.Header().Del("Content-Length")
	out.WriteHeader(rec.Code)
	_, _ = io.WriteString(out, body)
}

// browser keeps cookies and goes nowhere by itself.
type browser struct {
	w      *providerWorld
	client *http.Client
}

func (w *providerWorld) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &browser{w, &http.Client{
		Jar: jar, Transport: w.sudi.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *browser) do(method, address string, form url.Values) *answer {
	b.w.t.Helper()
	r, err := http.NewRequestWithContext(b.w.t.(*testing.T).Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(b.w.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(r)
	require.NoError(b.w.t, err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.w.t, err)
	return &answer{b.w.t, resp.StatusCode, resp.Header, body}
}

func (b *browser) get(address string) *answer { return b.do(http.MethodGet, address, nil) }

// begin gives the address at the provider to which Sudi leads.
func (b *browser) begin() string {
	b.w.t.Helper()
	a := b.get(b.w.sudi.URL + prefix + "/sessions/provider")
	require.Equal(b.w.t, http.StatusSeeOther, a.status, string(a.body))
	return a.header.Get("Location")
}

// prove signs in at the provider, and gives the address to which that leads.
func (b *browser) prove(address, name string) string {
	b.w.t.Helper()
	login := b.get(address).header.Get("Location")
	require.Contains(b.w.t, login, "/login/username?authRequestID=")
	_, id, _ := strings.Cut(login, "=")
	a := b.do(http.MethodPost, b.w.op.URL+"/login/username", url.Values{"id": {id}, "username": {name}, "password": {providerSecret}})
	require.Equal(b.w.t, http.StatusFound, a.status, string(a.body))
	back := a.header.Get("Location")
	if strings.HasPrefix(back, "/") {
		back = b.w.op.URL + back
	}
	callback := b.get(back).header.Get("Location")
	require.True(b.w.t, strings.HasPrefix(callback, b.w.sudi.URL+ProviderCallback+"?"), callback)
	return callback
}

// signIn does it all, up to the callback's answer.
func (b *browser) signIn(name string) *answer {
	b.w.t.Helper()
	return b.get(b.prove(b.begin(), name))
}

func (b *browser) me(status int) (me domain.User) {
	b.w.t.Helper()
	b.get(b.w.sudi.URL+prefix+"/me").into(status, &me)
	return me
}

// change gives an address with another query.
func change(address string, pairs ...string) string {
	u, _ := url.Parse(address)
	q := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}
