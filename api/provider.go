package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"sudi/domain"
	"sudi/workflow"
)

// Provider is the identity provider by which accounts may sign in (OpenID
// Connect: authorization code with PKCE).
type Provider struct {
	Issuer       string // as the provider's discovery document has it, to the letter
	ClientID     string
	ClientSecret string // "" for a public client
	Redirect     string // the callback's address, as the provider knows it
	Claim        string // the claim that is the user name; "": preferred_username
}

// providerPatience bounds one request to the provider.
const providerPatience = 5 * time.Second

// identityProvider asks the provider who somebody is. It is found when it is
// first needed, so that Sudi runs while it is down.
type identityProvider struct {
	Provider
	now     func() time.Time
	client  *http.Client
	finding singleflight.Group
	known   atomic.Pointer[discovered]
}

// discovered is what the provider says of itself.
type discovered struct {
	provider *oidc.Provider
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier // with the provider's keys, read anew when it changes them
}

func newIdentityProvider(p *Provider, now func() time.Time) *identityProvider {
	if p == nil {
		return nil
	}
	out := &identityProvider{Provider: *p, now: now, client: &http.Client{
		Timeout: providerPatience,
		// What is asked of the provider is answered there, or not at all.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if out.Claim == "" {
		out.Claim = "preferred_username"
	}
	return out
}

// discover reads the provider's discovery document, once; KindOverloaded while
// that fails.
func (p *identityProvider) discover(ctx context.Context) (*discovered, error) {
	if d := p.known.Load(); d != nil {
		return d, nil
	}
	result := p.finding.DoChan("", func() (any, error) {
		// Others wait for it too, and the keys are read with this context, so it is no
		// request's.
		found := oidc.ClientContext(context.Background(), p.client)
		provider, err := oidc.NewProvider(found, p.Issuer)
		if err != nil {
			return nil, err
		}
		d := &discovered{provider, oauth2.Config{
			ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.Redirect,
			Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
		}, provider.VerifierContext(found, &oidc.Config{ClientID: p.ClientID, Now: p.now})}
		if d.oauth.Endpoint.AuthStyle, err = p.authStyle(provider); err != nil {
			return nil, err
		}
		p.known.Store(d)
		return d, nil
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, providerAway(r.Err)
		}
		return p.known.Load(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// authStyle is how the client proves itself: the library would try both ways,
// and a code works once.
func (p *identityProvider) authStyle(provider *oidc.Provider) (oauth2.AuthStyle, error) {
	var says struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&says); err != nil {
		return 0, err
	}
	if p.ClientSecret != "" && (len(says.Methods) == 0 || slices.Contains(says.Methods, "client_secret_basic")) {
		return oauth2.AuthStyleInHeader, nil
	}
	return oauth2.AuthStyleInParams, nil
}

// address is where a browser goes to sign in.
func (p *identityProvider) address(ctx context.Context, state, nonce, verifier string) (string, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return d.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// username gives the user name that the provider vouches for in exchange for a
// code. KindOverloaded when the provider cannot be asked, KindUnauthenticated
// when its answer does not hold.
func (p *identityProvider) username(ctx context.Context, code, nonce, verifier string) (string, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := d.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", exchangeError(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return "", providerRefused(errors.New("no id_token"))
	}
	token, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return "", providerRefused(err)
	}
	if nonce == "" || token.Nonce != nonce {
		return "", providerRefused(errors.New("another nonce"))
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return "", providerRefused(err)
	}
	if _, told := claims[p.Claim]; !told { // many providers tell it on request only
		info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			return "", providerAway(err)
		}
		if info.Subject != token.Subject {
			return "", providerRefused(errors.New("the user info is somebody else's"))
		}
		if err := info.Claims(&claims); err != nil {
			return "", providerRefused(err)
		}
	}
	// Whoever may write any address into his profile is not the owner of it.
	if verified, _ := claims["email_verified"].(bool); p.Claim == "email" && !verified {
		return "", providerRefused(errors.New("the e-mail address is not verified"))
	}
	name, _ := claims[p.Claim].(string)
	if name == "" || !workflow.CleanText(name) {
		return "", providerRefused(fmt.Errorf("no plain text in the claim %s", p.Claim))
	}
	return name, nil
}

// exchangeError tells a code that is spent, or was never given, from a provider
// that cannot be asked. What the provider wrote beside the code of its error
// stays out of the log.
func exchangeError(err error) error {
	var answered *oauth2.RetrieveError
	if !errors.As(err, &answered) {
		return providerAway(err)
	}
	said := fmt.Errorf("the token endpoint says %d %.40q", answered.Response.StatusCode, answered.ErrorCode)
	if answered.ErrorCode == "invalid_grant" {
		return providerRefused(said)
	}
	return providerAway(said)
}

func providerAway(cause error) error {
	return &domain.Error{Kind: domain.KindOverloaded, Code: "provider_away", Cause: cause}
}

func providerRefused(cause error) error {
	return &domain.Error{Kind: domain.KindUnauthenticated, Code: "provider_refused", Cause: cause}
}
