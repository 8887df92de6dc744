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
	register(s, SignedIn().withoutFactor(), operation{
		method: http.MethodDelete, path: "/sessions/current", id: "signOut", tag: "sessions", status: http.StatusNoContent,
		summary: "Sign out",
	}, s.signOut)
	register(s, SignedIn().withoutFactor(), operation{
		method: http.MethodGet, path: "/sessions", id: "listSessions", tag: "sessions", summary: "The caller's own sessions",
	}, func(ctx context.Context, who *Caller, _ *nothing) (*sessionsOutput, error) {
		return s.sessionsOf(ctx, who, who.User.ID)
	})
	register(s, SignedIn(), operation{
		method: http.MethodDelete, path: "/sessions/{session}", id: "endSession", tag: "sessions", status: http.StatusNoContent,
		summary: "End a session of the caller's own", errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, who *Caller, in *sessionInput) (*nothing, error) {
		return nil, s.Store.EndSession(ctx, who.User.ID, in.Session)
	})
	register(s, CaseWorkers(), operation{
		method: http.MethodGet, path: "/users", id: "listUsers", tag: "sessions",
		summary: "Colleagues at or below an organisation, for choosing a handler",
	}, s.users)
	register(s, SignedIn().withoutFactor(), operation{
		method: http.MethodGet, path: "/me", id: "me", tag: "sessions", summary: "Who is signed in",
	}, func(_ context.Context, who *Caller, _ *nothing) (*userOutput, error) {
		return &userOutput{who.User}, nil
	})
}

type sessionInput struct {
	Session string `path:"session" format:"uuid" doc:"As GET /sessions lists it"`
}

type sessionsOutput struct {
	Body struct {
		Items []sessionLine `json:"items"`
	}
}

type sessionLine struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at" doc:"Noted at most once a minute"`
	ExpiresAt time.Time `json:"expires_at" doc:"It ends then, or earlier when it is not used"`
	Address   string    `json:"address"`
	UserAgent string    `json:"user_agent" doc:"Shortened"`
	Current   bool      `json:"current" doc:"It is the one that asks"`
}

// sessionsOf lists an account's sessions.
func (s *server) sessionsOf(ctx context.Context, who *Caller, userID string) (*sessionsOutput, error) {
	sessions, err := s.Store.Sessions(ctx, userID, s.Now(), s.IdleLimit)
	if err != nil {
		return nil, err
	}
	out := &sessionsOutput{}
	out.Body.Items = make([]sessionLine, len(sessions))
	for i, x := range sessions {
		out.Body.Items[i] = sessionLine{x.ID, x.CreatedAt, x.UsedAt, x.ExpiresAt, x.Address, x.UserAgent, x.ID == who.sessionID}
	}
	return out, nil
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
	return s.proceed(ctx, who, &user)
}

// openSession signs an account in that has proved who it is; factor says that it
// gave its second one. Whatever session the caller had before stays what it was.
func (s *server) openSession(ctx context.Context, who *Caller, user *domain.User, factor bool) (*signInOutput, error) {
	token, hash := newToken()
	now := s.Now()
	session := domain.Session{TokenHash: hash, CreatedAt: now, ExpiresAt: now.Add(s.SessionLimit), Address: who.IP, UserAgent: who.Agent, Factor: factor}
	if err := s.Store.CreateSession(withOrigin(ctx, user), session, user); err != nil {
		return nil, err
	}
	out := &signInOutput{SetCookie: sessionCookie(token, who.TLS, s.SessionLimit)}
	out.Body = sessionView{Token: token, ExpiresAt: session.ExpiresAt, User: *user}
	return out, nil
}

// attempt checks a password unless too many were wrong lately.
func (s *server) attempt(ctx context.Context, address, username, password string) (user domain.User, err error) {
	err = s.try(ctx, address, username, passwordKeys(address, username), func() (err error) {
		user, err = s.checkPassword(ctx, username, password)
		return err
	})
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
	return &signOutOutput{sessionCookie("", who.TLS, 0)}, nil
}
