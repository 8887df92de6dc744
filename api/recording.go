package api

import (
	"context"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"sudi/domain"
)

// anonymous is who has not signed in, in the audit log.
var anonymous = domain.Actor{ID: "anonymous", Name: "anonymous"}

// withOrigin lets everything that a request leads to be recorded as its own.
func withOrigin(ctx context.Context, user *domain.User) context.Context {
	q := requestOf(ctx)
	o := domain.Origin{Actor: anonymous, Request: q.ID, Address: q.Caller.IP}
	if user.ID != "" {
		o.Actor = user.Actor()
	}
	return domain.WithOrigin(ctx, o)
}

// recordRead records that a caller reads what is not shown to everybody. It has
// to be called, and to succeed, before he is shown it.
func (s *server) recordRead(ctx context.Context, action, objectType, id string, details map[string]string) error {
	return s.Store.Record(ctx, domain.Record{
		At: s.Now(), Action: action, Object: domain.RecordObject{Type: objectType, ID: id}, Details: details,
	})
}

// recordSearch records what was searched for, as keyed hashes.
func (s *server) recordSearch(ctx context.Context, words map[string]string) error {
	details := make(map[string]string, len(words))
	for name, value := range words {
		if value != "" {
			details[name] = s.Store.SearchKey(value)
		}
	}
	return s.recordRead(ctx, "person.search", "", "", details)
}

var codeShape = regexp.MustCompile(`^[0-9A-Za-z_.:-]{1,40}$`)

// code is a code that somebody gave; anything else is kept as a keyed hash.
func (s *server) code(given string) string {
	if codeShape.MatchString(given) {
		return given
	}
	return s.Store.SearchKey(given)
}

// asked notes what a request is about, for the audit log.
func (q *request) asked(c echo.Context, operation string) {
	q.operation = operation
	if id := c.Param("id"); len(id) == 36 && uuid.Validate(id) == nil {
		q.object = domain.RecordObject{Type: "case", ID: id}
		if strings.HasPrefix(c.Path(), prefix+"/accounts/") {
			q.object.Type = "account"
		}
	}
}

// refused records that somebody who is signed in was refused something: a route
// that is not his, or a case that he may not see. What cannot be recorded is not
// answered either. Refusals of anybody else are too many to keep.
func (s *server) refused(ctx context.Context, err error) error {
	q := requestOf(ctx)
	if q.Caller.User.ID == "" || domain.KindOf(err) != domain.KindForbidden && !isCode(err, errCaseNotFound.Code) {
		return err
	}
	r := domain.Record{
		At: s.Now(), Action: "request", Object: q.object, Result: domain.ResultDenied, Reason: codeOf(err),
		Details: map[string]string{"operation": q.operation},
	}
	if failed := s.Store.Record(ctx, r); failed != nil {
		return failed
	}
	return err
}

// refusedSignIn records a wrong name, password or code; what was given for the
// name of no account may be anything, so only its keyed hash is kept.
func (s *server) refusedSignIn(ctx context.Context, address, username string, err error) error {
	r := domain.Record{
		At: s.Now(), Actor: anonymous, Action: "session.open", Result: domain.ResultDenied, Reason: codeOf(err),
		Request: requestOf(ctx).ID, Address: address, Details: map[string]string{"username": s.Store.SearchKey(username), "operation": requestOf(ctx).operation},
	}
	user, missing := s.Store.UserByName(ctx, username)
	if missing == nil {
		r.Object = domain.RecordObject{Type: "account", ID: user.ID}
	} else if domain.KindOf(missing) != domain.KindNotFound {
		return missing
	}
	if failed := s.Store.Record(ctx, r); failed != nil {
		return failed
	}
	return err
}
