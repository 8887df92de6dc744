package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"sudi/domain"
)

// The cookie that ties a sign-in by the provider to the browser that began it.
const (
	providerCookie    = "sudi_provider"
	providerCookieTLS = "__Host-sudi_provider"
)

// ProviderCallback is the path to which the identity provider sends browsers
// back.
const ProviderCallback = prefix + "/sessions/provider/callback"

// consolePath is where a browser goes on. What a page there needs follows in the
// fragment, which reaches no server, no log and no other site.
const consolePath = "/"

type callbackInput struct {
	Code      string `query:"code" maxLength:"4096"`
	State     string `query:"state" maxLength:"128"`
	Error     string `query:"error" maxLength:"200" doc:"Of the provider, instead of a code"`
	Issuer    string `query:"iss" maxLength:"2000" doc:"RFC 9207; compared when it is there"`
	Cookie    string `cookie:"sudi_provider" doc:"As the start set it"`
	CookieTLS string `cookie:"__Host-sudi_provider" doc:"The same over TLS, where no other counts"`
}

type redirectOutput struct {
	Location  string   `header:"Location"`
	SetCookie []string `header:"Set-Cookie"`
}

func (s *server) providerRoutes() {
	register(s, Public(), operation{
		method: http.MethodGet, path: "/sessions/provider", id: "signInProvider", tag: "sessions", status: http.StatusSeeOther,
		summary: "Begin to sign in by the county's identity provider (OpenID Connect); for browsers",
		details: "Leads to the provider and sets a cookie that the callback asks for. The last sign-in begun in a browser counts.",
		errors:  []int{http.StatusNotFound},
	}, s.beginProvider)
	register(s, Public(), operation{
		method: http.MethodGet, path: "/sessions/provider/callback", id: "signInProviderCallback", tag: "sessions", status: http.StatusSeeOther,
		summary: "Where the identity provider sends a browser back",
		details: "Opens a session with its cookie and leads to /. For an account with a second factor it opens none and leads to " +
			"/#continuation=…, with what POST /sessions/second-factor goes on with. No account is made.",
		errors: []int{http.StatusUnauthorized, http.StatusNotFound}, openQuery: true,
	}, s.endProvider)
}

// beginProvider sends a browser to the provider.
func (s *server) beginProvider(ctx context.Context, who *Caller, _ *nothing) (*redirectOutput, error) {
	if s.provider == nil {
		return nil, errProviderOff
	}
	cookie, _ := newToken()
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	address, err := s.provider.address(ctx, state, nonce, verifier)
	if err != nil {
		return nil, err
	}
	c := domain.Continuation{
		TokenHash: providerHash(cookie, state), Kind: domain.AwaitsProvider, Nonce: nonce, Verifier: verifier,
		ExpiresAt: s.Now().Add(continuationFor),
	}
	if err := s.Store.KeepContinuation(ctx, c); err != nil {
		return nil, err
	}
	return &redirectOutput{address, []string{providerCookieOf(cookie, who.TLS, continuationFor)}}, nil
}

var errProviderOff = domain.Errorf(domain.KindNotFound, "provider_off")

// endProvider signs in whom the provider vouches for.
func (s *server) endProvider(ctx context.Context, who *Caller, in *callbackInput) (*redirectOutput, error) {
	if s.provider == nil {
		return nil, errProviderOff
	}
	cookie := in.Cookie
	if who.TLS { // the other name could have been set by a page of a neighbouring host
		cookie = in.CookieTLS
	}
	if cookie == "" || in.State == "" {
		return nil, domain.Errorf(domain.KindUnauthenticated, "continuation_unknown")
	}
	c, err := s.Store.TakeContinuation(ctx, domain.AwaitsProvider, providerHash(cookie, in.State), s.Now())
	if err != nil {
		return nil, err
	}
	user, err := s.vouchedFor(ctx, who, in, &c)
	if err != nil {
		return nil, err
	}
	out := &redirectOutput{consolePath, []string{providerCookieOf("", who.TLS, 0)}}
	session, err := s.proceed(ctx, who, &user)
	var asked *Problem
	if errors.As(err, &asked) && asked.Continuation != "" {
		out.Location += "#continuation=" + asked.Continuation
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.SetCookie = append(out.SetCookie, session.SetCookie.String())
	return out, nil
}

// vouchedFor finds the account for which the provider vouches. A refusal is
// recorded, and counts for the address as a wrong password does: a sign-in under
// way costs nothing, and records are kept for ever.
func (s *server) vouchedFor(ctx context.Context, who *Caller, in *callbackInput, c *domain.Continuation) (user domain.User, err error) {
	var name string
	err = s.counted(ctx, []domain.AttemptKey{{Kind: domain.AttemptAddress, Address: networkOf(who.IP)}}, func() (err error) {
		if name, err = s.askProvider(ctx, in, c); err == nil {
			user, err = s.enabledAccount(ctx, name)
		}
		return err
	})
	if err != nil && domain.KindOf(err) == domain.KindUnauthenticated {
		s.Logger.Warn("sign-in by the identity provider refused", "request_id", requestOf(ctx).ID, "cause", err)
		err = s.refusedSignIn(ctx, who.IP, name, err)
	}
	return user, err
}

func (s *server) askProvider(ctx context.Context, in *callbackInput, c *domain.Continuation) (string, error) {
	switch {
	case in.Issuer != "" && in.Issuer != s.provider.Issuer:
		return "", providerRefused(errors.New("the answer names another issuer"))
	case in.Error == "server_error" || in.Error == "temporarily_unavailable":
		return "", providerAway(errors.New(in.Error))
	case in.Error != "" || in.Code == "":
		return "", providerRefused(errors.New("the provider gave no code"))
	}
	return s.provider.username(ctx, in.Code, c.Nonce, c.Verifier)
}

// enabledAccount finds the account of exactly this name. Whether there is none,
// or it is shut out, does not show.
func (s *server) enabledAccount(ctx context.Context, name string) (domain.User, error) {
	none := domain.Errorf(domain.KindUnauthenticated, "provider_no_account")
	user, err := s.Store.UserByName(ctx, name)
	if domain.KindOf(err) == domain.KindNotFound {
		return domain.User{}, none
	}
	if err == nil && user.DisabledAt != nil {
		return domain.User{}, none
	}
	return user, err
}

// providerHash names a sign-in under way by the browser's cookie and the state
// that the provider returns: it is found with both only, so nobody can spend
// or finish another browser's.
func providerHash(cookie, state string) []byte { return hashToken(cookie + "\x00" + state) }

// providerCookieOf ties a sign-in to a browser; "" unties it. Lax lets it go with
// the way back from the provider, which is another site.
func providerCookieOf(value string, tls bool, period time.Duration) string {
	cookie := sessionCookie(value, tls, period) //nolint:gosec // Secure over TLS, like the session's
	cookie.Name = providerCookie
	if tls {
		cookie.Name = providerCookieTLS
	}
	return cookie.String()
}
