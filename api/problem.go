package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sudi/domain"
)

// Problem is an error document (RFC 9457) in the caller's language.
type Problem struct {
	Type      string         `json:"type" doc:"urn:sudi:problem: and a code that does not depend on the language"`
	Title     string         `json:"title" doc:"What kind of problem it is"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail" doc:"What went wrong and what to do about it"`
	Errors    []FieldProblem `json:"errors,omitempty" doc:"Each wrong field"`
	RequestID string         `json:"request_id" doc:"Names the request in the log"`

	// Continuation goes with second_factor_needed and wrong_code.
	Continuation string `json:"continuation,omitempty" doc:"What POST /sessions/second-factor goes on with; works once, for five minutes"`

	headers http.Header
}

// FieldProblem is one wrong field.
type FieldProblem struct {
	Field   string `json:"field" doc:"JSON name, dotted: parties.0.phone"`
	Message string `json:"message"`
}

// Error is for logs.
func (p *Problem) Error() string { return p.Type + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that go with it.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is that of problem documents.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// statuses is the one mapping from kinds of error to HTTP.
var statuses = map[domain.Kind]int{
	domain.KindInvalid:         http.StatusUnprocessableEntity,
	domain.KindUnauthenticated: http.StatusUnauthorized,
	domain.KindForbidden:       http.StatusForbidden,
	domain.KindNotFound:        http.StatusNotFound,
	domain.KindConflict:        http.StatusConflict,
	domain.KindStale:           http.StatusPreconditionFailed,
	domain.KindGone:            http.StatusGone,
	domain.KindOverloaded:      http.StatusServiceUnavailable,
	domain.KindInternal:        http.StatusInternalServerError,
}

// protocolError is an error of HTTP itself, for which the domain has no kind.
type protocolError struct {
	status     int
	code       string
	retryAfter int // seconds; 0 = not said
}

func (e *protocolError) Error() string { return e.code }

// retryAfterOverload is how long, in seconds, a caller should wait for us.
const retryAfterOverload = 2

// problem turns any error into a document. What is ours to mend is logged and
// not shown.
func (q *request) problem(err error) *Problem {
	var (
		known    *Problem
		ours     *domain.Error
		protocol *protocolError
		framed   *echo.HTTPError
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return q.document(http.StatusServiceUnavailable, "overloaded", retryAfterOverload)
	case errors.As(err, &ours) && ours.Kind != domain.KindInternal:
		return q.fromDomain(ours)
	case errors.As(err, &protocol):
		return q.document(protocol.status, protocol.code, protocol.retryAfter)
	case errors.As(err, &tooLarge):
		return q.document(http.StatusRequestEntityTooLarge, "body_too_large", 0)
	case errors.As(err, &framed) && framed.Code < http.StatusInternalServerError:
		return q.document(framed.Code, statusCode(framed.Code), 0)
	}
	q.log.Error("request failed", "request_id", q.ID, "cause", err)
	if isCode(err, "outcome_unknown") { // whoever asked must know that it may have happened
		return q.document(http.StatusInternalServerError, "outcome_unknown", 0)
	}
	return q.document(http.StatusInternalServerError, "internal", 0)
}

func (q *request) fromDomain(e *domain.Error) *Problem {
	status, ok := statuses[e.Kind]
	if !ok {
		status = http.StatusInternalServerError
	}
	retry := 0
	if e.Kind == domain.KindOverloaded {
		retry = retryAfterOverload
		q.log.Warn("overloaded", "request_id", q.ID, "cause", e)
	}
	p := q.document(status, e.Code, retry, e.Args...)
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, FieldProblem{f.Field, say(q.Caller.Lang, f.Code, "bad_value", f.Args...)})
	}
	return p
}

// document writes a problem document.
func (q *request) document(status int, code string, retryAfter int, args ...any) *Problem {
	lang := q.Caller.Lang
	code = known(code, status)
	p := &Problem{
		Type: "urn:sudi:problem:" + code, Title: statusTitles[status].In(lang), Status: status,
		Detail: say(lang, code, statusCode(status), args...), RequestID: q.ID, headers: http.Header{},
	}
	p.headers.Set("Content-Language", lang)
	if retryAfter > 0 {
		p.headers.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if status == http.StatusUnauthorized {
		p.headers.Set("WWW-Authenticate", "Bearer")
	}
	return p
}

// handleError answers what no typed route answered: unknown paths and methods,
// refusals of the middleware, panics.
func (s *server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := requestOf(c.Request().Context()).problem(err)
	for name, values := range p.headers {
		c.Response().Header()[name] = values
	}
	c.Response().Header().Set(echo.HeaderContentType, p.ContentType(""))
	if c.Request().Method == http.MethodHead {
		c.Response().WriteHeader(p.Status)
		return
	}
	c.Response().WriteHeader(p.Status)
	if err := strictJSON.Marshal(c.Response(), p); err != nil {
		s.Logger.Debug("answer not written", "cause", err)
	}
}
