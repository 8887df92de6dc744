package api

import (
	"context"
	"net/http"

	"sudi/domain"
)

type passwordInput struct {
	Body struct {
		Old string `json:"old_password" minLength:"1" maxLength:"200"`
		New string `json:"password" minLength:"1" maxLength:"200" doc:"10 characters or more, without the user name, none that is easy to guess"`
	}
}

type accountInput struct {
	ID string `path:"id" format:"uuid" doc:"Of the account"`
}

type accountSessionInput struct {
	ID      string `path:"id" format:"uuid" doc:"Of the account"`
	Session string `path:"session" format:"uuid" doc:"As the list of sessions has it"`
}

// securityAdmins look after what accounts may do and who is signed in.
func securityAdmins() Access { return Roles(domain.RoleSecurity) }

func (s *server) accountRoutes() {
	register(s, SignedIn().withoutFactor(), operation{
		method: http.MethodPost, path: "/me/password", id: "changePassword", tag: "accounts",
		summary: "Change the caller's password", errors: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
		details: "Every session of the account ends, the caller's too; the answer is a new one.",
	}, s.changePassword)
	register(s, securityAdmins(), operation{
		method: http.MethodGet, path: "/accounts/{id}/sessions", id: "listAccountSessions", tag: "accounts",
		summary: "Another account's sessions", errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, who *Caller, in *accountInput) (*sessionsOutput, error) {
		if _, err := s.Store.UserByID(ctx, in.ID); err != nil {
			return nil, err
		}
		return s.sessionsOf(ctx, who, in.ID)
	})
	register(s, securityAdmins(), operation{
		method: http.MethodDelete, path: "/accounts/{id}/sessions/{session}", id: "endAccountSession", tag: "accounts",
		status: http.StatusNoContent, summary: "End another account's session", errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, who *Caller, in *accountSessionInput) (*nothing, error) {
		return nil, s.Store.EndSession(ctx, in.ID, in.Session)
	})
	register(s, securityAdmins(), operation{
		method: http.MethodDelete, path: "/accounts/{id}/sessions", id: "endAccountSessions", tag: "accounts",
		status: http.StatusNoContent, summary: "End all sessions of another account",
	}, func(ctx context.Context, who *Caller, in *accountInput) (*nothing, error) {
		return nil, s.Store.EndSession(ctx, in.ID, "")
	})
	register(s, securityAdmins(), operation{
		method: http.MethodPost, path: "/accounts/{id}/unlock", id: "unlockAccount", tag: "accounts", status: http.StatusNoContent,
		summary: "Let an account sign in at once after too many wrong attempts", errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, who *Caller, in *accountInput) (*nothing, error) {
		u, err := s.Store.UserByID(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return nil, s.Store.ForgetAttempts(ctx, &u)
	})
	register(s, securityAdmins(), operation{
		method: http.MethodDelete, path: "/accounts/{id}/second-factor", id: "resetSecondFactor", tag: "accounts", status: http.StatusNoContent,
		summary: "Take away the second factor of somebody who has lost it", errors: []int{http.StatusNotFound},
		details: "Every session of the account ends. The security administrator's own is another one's to take away, or the command line's.",
	}, func(ctx context.Context, who *Caller, in *accountInput) (*nothing, error) {
		if in.ID == who.User.ID {
			return nil, domain.Errorf(domain.KindForbidden, "own_account")
		}
		return nil, s.Store.RemoveFactor(ctx, in.ID)
	})
}

func (s *server) changePassword(ctx context.Context, who *Caller, in *passwordInput) (*signInOutput, error) {
	if _, err := s.attempt(ctx, who.IP, who.User.Username, in.Body.Old); err != nil {
		return nil, err
	}
	if err := CheckPassword(in.Body.New, &who.User); err != nil {
		return nil, err
	}
	user := who.User
	var err error
	if user.PasswordHash, err = s.password.hash(ctx, in.Body.New); err != nil {
		return nil, err
	}
	if err := s.Store.ChangeUser(ctx, domain.UserChange{ID: user.ID, PasswordHash: &user.PasswordHash, By: who.Actor(), At: s.Now()}); err != nil {
		return nil, err
	}
	return s.openSession(ctx, who, &user, who.factor)
}
