package api

import (
	"context"
	"net/http"
	"time"

	"sudi/domain"
)

type signInInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"100"`
		Password string `json:"password" minLength:"1" maxLength:"200"`
	}
}

type signInOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      sessionView
}

type sessionView struct {
	Token     string      `json:"token" doc:"Send as Authorization: Bearer; browsers use the cookie"`
	ExpiresAt time.Time   `json:"expires_at"`
	User      domain.User `json:"user"`
}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

type userOutput struct{ Body domain.User }

type nothing struct{}

func (s *server) sessionRoutes() {
	register(s, Public(), operation{
		method: http.MethodPost, path: "/sessions", id: "signIn", tag: "sessions", status: http.StatusCreated,
		summary: "Sign in", errors: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
	}, s.signIn)
	register(s, SignedIn(), operation{
		method: http.MethodDelete, path: "/sessions/current", id: "signOut", tag: "sessions", status: http.StatusNoContent,
		summary: "Sign out",
	}, s.signOut)
	register(s, CaseWorkers(), operation{
		method: http.MethodGet, path: "/users", id: "listUsers", tag: "sessions",
		summary: "Colleagues at or below an organisation, for choosing a handler",
	}, s.users)
	register(s, SignedIn(), operation{
		method: http.MethodGet, path: "/me", id: "me", tag: "sessions", summary: "Who is signed in",
	}, func(_ context.Context, who *Caller, _ *nothing) (*userOutput, error) {
		return &userOutput{who.User}, nil
	})
}

type usersInput struct {
	Org string `query:"org" doc:"Of organisations at or below this one; the caller's own when left out"`
}

type usersOutput struct {
	Body struct {
		Items []domain.User `json:"items"`
	}
}

// users lists colleagues, for choosing a handler or a mediator.
func (s *server) users(ctx context.Context, who *Caller, in *usersInput) (*usersOutput, error) {
	all, err := s.Store.Users(ctx)
	if err != nil {
		return nil, err
	}
	directory := s.Engine.Rules().Directory
	if in.Org == "" {
		in.Org = who.User.Org
	}
	out := &usersOutput{}
	out.Body.Items = []domain.User{}
	for _, u := range all {
		if u.DisabledAt == nil && directory.Within(u.Org, in.Org) && directory.Within(u.Org, who.User.Org) {
			out.Body.Items = append(out.Body.Items, u)
		}
	}
	return out, nil
}

func (s *server) signIn(ctx context.Context, who *Caller, in *signInInput) (*signInOutput, error) {
	user, err := s.attempt(ctx, who.IP, in.Body.Username, in.Body.Password)
	if err != nil {
		return nil, err
	}
	token, hash := newToken()
	now := s.Now()
	if err := s.Store.CreateSession(withOrigin(ctx, &user), hash, user.ID, now, now.Add(sessionPeriod)); err != nil {
		return nil, err
	}
	out := &signInOutput{SetCookie: sessionCookie(token, who.TLS)}
	out.Body = sessionView{Token: token, ExpiresAt: now.Add(sessionPeriod), User: user}
	return out, nil
}

// attempt checks a password unless too many were wrong lately. One that could
// not be checked, because of the load, does not count.
func (s *server) attempt(ctx context.Context, address, username, password string) (domain.User, error) {
	key := username + "\x00" + address
	if err := s.backoff.try(address, freePerAddress); err != nil {
		return domain.User{}, err
	}
	if err := s.backoff.try(key, freeAttempts); err != nil {
		s.backoff.giveBack(address)
		return domain.User{}, err
	}
	user, err := s.checkPassword(ctx, username, password)
	switch {
	case err == nil:
		s.backoff.clear(key)
		s.backoff.giveBack(address)
	case domain.KindOf(err) == domain.KindUnauthenticated:
		err = s.refusedSignIn(ctx, address, username, err)
	case domain.KindOf(err) == domain.KindOverloaded:
		s.backoff.giveBack(key)
		s.backoff.giveBack(address)
	}
	return user, err
}

// checkPassword finds the account of a name and password. Whether the name,
// the password or the account was wrong shows neither in words nor in time.
func (s *server) checkPassword(ctx context.Context, username, password string) (domain.User, error) {
	user, err := s.Store.UserByName(ctx, username)
	if err != nil && domain.KindOf(err) != domain.KindNotFound {
		return domain.User{}, err
	}
	hash := user.PasswordHash
	if err != nil {
		hash = ""
	}
	ok, err := s.password.match(ctx, password, hash)
	if err != nil {
		return domain.User{}, err
	}
	if !ok || user.DisabledAt != nil {
		return domain.User{}, domain.Errorf(domain.KindUnauthenticated, "wrong_password")
	}
	return user, nil
}

func (s *server) signOut(ctx context.Context, who *Caller, _ *nothing) (*signOutOutput, error) {
	if err := s.Store.DeleteSession(ctx, who.session); err != nil {
		return nil, err
	}
	return &signOutOutput{sessionCookie("", who.TLS)}, nil
}
