package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sudi/domain"
)

// deskOperations are what an organisation's own system may ask for on the desk
// channel: the work on cases and what one must know for it.
var deskOperations = map[string]bool{
	"me": true, "listCases": true, "registerCase": true, "getCase": true, "editCase": true,
	"listActions": true, "act": true, "caseHistory": true, "caseDeadlines": true, "caseLinks": true,
	"listProcedures": true, "getProcedure": true, "listOrganizations": true, "listCategories": true, "listUsers": true,
}

// deskCall is a request on the desk channel: one call of this API.
type deskCall struct {
	Method         string          `json:"method"`
	Path           string          `json:"path"` // with /api/v1 and the query
	IfMatch        string          `json:"if_match"`
	IdempotencyKey string          `json:"idempotency_key"`
	AcceptLanguage string          `json:"accept_language"`
	Body           json.RawMessage `json:"body"`
}

// deskAnswer is what is answered.
type deskAnswer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// deskHeaders are the headers that an answer carries.
var deskHeaders = []string{"ETag", "Location", "Retry-After", "Idempotency-Replayed"}

// deskKey marks the context of a request that came over the desk channel; its
// value is the account.
type deskKey struct{}

// Account reads an account that may have a system on its desk; KindNotFound for
// any other.
func (a *API) Account(ctx context.Context, username string) (domain.User, error) {
	user, err := a.server.Store.UserByName(ctx, username)
	if err == nil && !worksOnCases(user.Role) {
		return domain.User{}, domain.Errorf(domain.KindNotFound, "user_unknown")
	}
	return user, err
}

// SignIn finds the account of a name and password, unless too many were wrong
// lately; attempts over HTTP from the same address count too. An account with a
// second factor is a person's and does not sign in here, where none is asked
// for, nor does one that does not work on cases.
func (a *API) SignIn(ctx context.Context, address, username, password string) (domain.User, error) {
	user, err := a.server.attempt(ctx, address, username, password)
	if err != nil {
		return domain.User{}, err
	}
	has, err := a.server.hasFactor(ctx, user.ID)
	if err != nil {
		return domain.User{}, err
	}
	if !worksOnCases(user.Role) { // he would hear of cases that he may not see
		return domain.User{}, domain.Errorf(domain.KindUnauthenticated, "role_not_allowed")
	}
	if has {
		return domain.User{}, domain.Errorf(domain.KindUnauthenticated, "second_factor_needed")
	}
	return user, a.server.Store.Record(ctx, domain.Record{
		At: a.server.Now(), Actor: user.Actor(), Action: "desk.open", Object: domain.RecordObject{Type: "account", ID: user.ID}, Address: address,
	})
}

// Answer answers a request that an account's system sent over the desk channel,
// as the HTTP interface would, in at most limit bytes. The channel vouches for
// the name; what the account may do is found out anew each time.
func (a *API) Answer(ctx context.Context, username string, raw []byte, limit int) []byte {
	s := a.server
	q := &request{ID: rand.Text(), Caller: Caller{Lang: "zh"}, log: s.Logger}
	call, r, err := readCall(raw)
	q.Caller.Lang = languageOf(call.AcceptLanguage)
	if err != nil {
		return encodeAnswer(q.answer(err))
	}
	user, err := s.Store.UserByName(ctx, username)
	if err != nil && domain.KindOf(err) != domain.KindNotFound {
		return encodeAnswer(q.answer(err))
	}
	if err != nil || user.DisabledAt != nil {
		user = domain.User{}
	}
	r.Header.Set(headerRequestID, q.ID)
	rec := &recorder{header: http.Header{}}
	s.echo.ServeHTTP(rec, r.WithContext(context.WithValue(ctx, deskKey{}, user)))
	answer := encodeAnswer(rec.answer())
	if len(answer) <= limit {
		return answer
	}
	if unsafe(call.Method) { // it has happened, and must not look as if it had not
		done := rec.answer()
		done.Body = nil
		return encodeAnswer(done)
	}
	return encodeAnswer(q.answer(&protocolError{http.StatusRequestEntityTooLarge, "answer_too_large", 0}))
}

// readCall makes the HTTP request that a message stands for.
func readCall(raw []byte) (call deskCall, r *http.Request, err error) {
	refusal := &protocolError{http.StatusBadRequest, "bad_desk_request", 0}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&call) != nil || d.More() || !strings.HasPrefix(call.Path, "/") {
		return call, nil, refusal
	}
	r, err = http.NewRequest(call.Method, "http://desk"+call.Path, bytes.NewReader(call.Body)) //nolint:noctx // it gets its own
	if err != nil {
		return call, nil, refusal
	}
	for name, value := range map[string]string{
		"If-Match": call.IfMatch, "Idempotency-Key": call.IdempotencyKey, "Accept-Language": call.AcceptLanguage,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if len(call.Body) > 0 {
		r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	}
	return call, r, nil
}

// fromDesk gives the account of a request that came over the desk channel.
func fromDesk(ctx context.Context) (user domain.User, ok bool) {
	user, ok = ctx.Value(deskKey{}).(domain.User)
	return user, ok
}

// answer is a problem as an answer.
func (q *request) answer(err error) deskAnswer {
	p := q.problem(err)
	body, _ := json.Marshal(p) // strings and numbers only
	return deskAnswer{Status: p.Status, Headers: chosen(p.headers), Body: body}
}

func encodeAnswer(a deskAnswer) []byte {
	var b bytes.Buffer
	if err := strictJSON.Marshal(&b, a); err != nil { // a body that is no JSON, which no desk operation has
		a.Body = nil
		_ = strictJSON.Marshal(&b, a)
	}
	return b.Bytes()
}

func chosen(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range deskHeaders {
		if v := h.Get(name); v != "" {
			out[strings.ToLower(name)] = v
		}
	}
	return out
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *recorder) answer() deskAnswer {
	r.WriteHeader(http.StatusOK)
	return deskAnswer{Status: r.status, Headers: chosen(r.header), Body: bytes.TrimSpace(r.body.Bytes())}
}
