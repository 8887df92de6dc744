package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"
)

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// into decodes the answer, which must have a status.
func (a *answer) into(status int, v any) {
	a.t.Helper()
	require.Equal(a.t, status, a.status, string(a.body))
	require.NoError(a.t, json.Unmarshal(a.body, v))
}

// problem decodes a problem document with a status and code.
func (a *answer) problem(status int, code string) Problem {
	a.t.Helper()
	var p Problem
	a.into(status, &p)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(a.t, status, p.Status)
	require.Equal(a.t, "urn:sudi:problem:"+code, p.Type)
	require.NotEmpty(a.t, p.Title)
	require.NotEmpty(a.t, p.Detail)
	require.NotEmpty(a.t, p.RequestID)
	require.Equal(a.t, a.header.Get(headerRequestID), p.RequestID)
	return p
}

// wrong is the message for a field, "" when there is none.
func (p *Problem) wrong(field string) string {
	for _, e := range p.Errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// call sends a request as an account ("role@org", "" for nobody). body is
// JSON text or a value to marshal; headers come in pairs.
func (w *world) call(who, method, path string, body any, headers ...string) *answer {
	w.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		var err error
		raw, err = json.Marshal(b)
		require.NoError(w.t, err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(raw))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		require.Contains(w.t, w.tokens, who)
		r.Header.Set("Authorization", "Bearer "+w.tokens[who])
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.send(r, raw)
}

func (w *world) send(r *http.Request, raw []byte) *answer {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	a := &answer{w.t, rec.Code, rec.Result().Header, rec.Body.Bytes()}
	w.check(r, raw, a)
	return a
}

// check holds an exchange against the contract: every answer, and every
// request that was accepted.
func (w *world) check(r *http.Request, raw []byte, a *answer) {
	w.t.Helper()
	if strings.HasSuffix(r.URL.Path, "/openapi.json") || slices.Contains([]string{"/", "/docs", "/metrics"}, r.URL.Path) {
		return
	}
	route, params, err := w.paths.FindRoute(r)
	if err != nil { // not in the contract: then it must not be there
		require.GreaterOrEqual(w.t, a.status, 400, "%s %s is not in the contract", r.Method, r.URL.Path)
		require.Less(w.t, a.status, 500, string(a.body))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(withoutNulls(raw)))
	r.URL.RawQuery = given(r.URL.Query()).Encode()
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if a.status < 400 {
		require.NoError(w.t, openapi3filter.ValidateRequest(context.Background(), in))
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Options: in.Options}
	out.SetBodyBytes(a.body)
	require.NoError(w.t, openapi3filter.ValidateResponse(context.Background(), out), "%s %s → %d %s", r.Method, r.URL.Path, a.status, a.body)
}

// given leaves out empty parameters, which count as not given.
func given(query url.Values) url.Values {
	for name := range query {
		if query.Get(name) == "" {
			query.Del(name)
		}
	}
	return query
}

// withoutNulls leaves out the members of a body that are null, which count as
// left out.
func withoutNulls(raw []byte) []byte {
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil {
		return raw
	}
	maps.DeleteFunc(body, func(_ string, v any) bool { return v == nil })
	for _, p := range asList(body["parties"]) {
		if party, ok := p.(map[string]any); ok {
			maps.DeleteFunc(party, func(_ string, v any) bool { return v == nil })
		}
	}
	raw, _ = json.Marshal(body)
	return raw
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}
