package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"sudi/domain"
	"sudi/workflow"
)

// fuzzer is a run.
type fuzzer struct {
	*world
	seed       uint64
	rand       *rand.Rand
	known      *pools
	doc        *openapi3.T
	operations []operation
	admits     map[string][]*account // operation → who was let in
	refused    map[string]bool       // operation and role → the role may not
	classes    map[string][]string   // procedure → its classes
	coverage   map[string]map[int]int
	found      map[string]bool
	recovery   []string // codes of a second factor
	sent       int
	out        io.Writer
}

// operation is one of the contract.
type operation struct {
	routers.Route
	id string
}

// request is one to send.
type request struct {
	op      *operation // nil: it is meant to be none
	who     *account   // nil: nobody
	method  string
	path    string // with the query
	id      string // of the case that it names
	header  map[string][]string
	body    []byte
	hasBody bool
}

// readContract gets the document from the server itself.
func (f *fuzzer) readContract(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/api/v1/openapi.json", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if f.doc, err = openapi3.NewLoader().LoadFromData(text); err != nil {
		return fmt.Errorf("read the contract: %w", err)
	}
	f.admits, f.refused, f.classes = map[string][]*account{}, map[string]bool{}, map[string][]string{}
	library, err := workflow.StandardLibrary()
	if err != nil {
		return err
	}
	for _, p := range library.All() {
		f.classes[p.Name] = slices.Sorted(maps.Keys(p.Classes))
	}
	paths := f.doc.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range slices.Sorted(maps.Keys(paths[path].Operations())) {
			op := paths[path].Operations()[method]
			f.operations = append(f.operations, operation{routers.Route{
				Spec: f.doc, Path: path, PathItem: paths[path], Method: method, Operation: op,
			}, op.OperationID})
		}
	}
	for _, schema := range f.doc.Components.Schemas {
		anythingIsNullable(schema.Value)
	}
	return nil
}

// anythingIsNullable mends what kin-openapi makes of OpenAPI 3.1's empty schema,
// which allows null as it allows anything.
func anythingIsNullable(s *openapi3.Schema) {
	if free := s.AdditionalProperties.Schema; free != nil && free.Ref == "" && free.Value.Type == nil {
		yes := true
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: &yes}
	}
	for _, p := range s.Properties {
		if p.Ref == "" {
			anythingIsNullable(p.Value)
		}
	}
}

// everyRole sends every operation once as each role, and once as nobody.
func (f *fuzzer) everyRole(ctx context.Context) error {
	for i := range f.operations {
		for _, role := range append(slices.Clone(domain.StaffRoles), "") {
			q := f.build(&f.operations[i])
			q.who = nil
			if list := f.ofRole(role); len(list) > 0 {
				q.who = pick(f, list)
			}
			if _, err := f.send(ctx, q); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn sends one request, or takes a case a step on.
func (f *fuzzer) turn(ctx context.Context) error {
	if f.chance(15) {
		return f.walk(ctx)
	}
	op := &f.operations[f.sent%len(f.operations)] // each as often as any
	q := f.build(op)
	if f.chance(45) {
		f.breakIt(q)
	}
	_, err := f.send(ctx, q)
	return err
}

// build makes a request that the contract allows.
func (f *fuzzer) build(op *operation) *request {
	q := &request{op: op, who: f.somebody(op.id), method: op.Method, path: op.Path, header: map[string][]string{}}
	query := url.Values{}
	for _, ref := range op.Operation.Parameters {
		p := ref.Value
		v, ok := f.parameter(op.id, p.In, p.Name)
		if !ok {
			v = f.value(p.Schema.Value, p.Name)
		}
		text := fmt.Sprint(v)
		switch p.In {
		case "path":
			if p.Name == "id" {
				q.id = text
			}
			q.path = strings.Replace(q.path, "{"+p.Name+"}", url.PathEscape(text), 1)
		case "query":
			if (p.Required || f.chance(20)) && text != "" {
				query.Set(p.Name, text)
			}
		case "header":
			f.headerOf(q, p.Name)
		}
	}
	f.own(q)
	if op.id == "getAttested" && len(f.known.stated) > 0 && f.chance(60) {
		q.path = pick(f, f.known.stated)
	}
	if len(query) > 0 {
		q.path += "?" + query.Encode()
	}
	if s := bodySchema(op); s != nil {
		q.header["Content-Type"] = []string{"application/json"}
		q.body, q.hasBody = encode(f.value(s, "")), true
	}
	return q
}

// own lets cases be handled by who registered them, and sessions be ended by,
// or of, whose they are.
func (f *fuzzer) own(q *request) {
	if who := f.known.by[q.id]; who != nil && q.who != nil && !f.refused[q.op.id+" "+string(who.Role)] && f.chance(50) {
		q.who = who
	}
	segments := strings.Split(q.path, "/")
	owner := f.known.sessions[segments[len(segments)-1]]
	switch {
	case owner == nil || f.chance(10):
	case q.op.id == "endSession":
		q.who = owner
	case q.op.id == "endAccountSession":
		q.path = strings.Replace(q.path, q.id, owner.ID, 1)
	}
}

// headerOf gives a request one of the headers that the contract names.
func (f *fuzzer) headerOf(q *request, name string) {
	switch name {
	case "If-Match":
		switch {
		case q.op.id == "attest" || f.chance(10):
		case f.chance(60) && f.known.tags[q.id] != "":
			q.header[name] = []string{f.known.tags[q.id]}
		default:
			q.header[name] = []string{"*"}
		}
	case "If-None-Match":
		if f.chance(30) {
			q.header[name] = []string{pick(f, []string{"*", "W/" + f.known.tags[q.id], `"1"`})}
		}
	case "Idempotency-Key":
		if f.chance(8) {
			q.header[name] = []string{fmt.Sprint("key-", f.rand.IntN(40))}
		}
	}
}

func bodySchema(op *operation) *openapi3.Schema {
	if op.Operation.RequestBody == nil {
		return nil
	}
	if m := op.Operation.RequestBody.Value.Content["application/json"]; m != nil {
		return m.Schema.Value
	}
	return nil
}

// somebody is who asks: mostly one who was let in before.
func (f *fuzzer) somebody(operation string) *account {
	switch list := f.admits[operation]; {
	case f.chance(4):
		return nil
	case len(list) > 0 && f.chance(70):
		return pick(f, list)
	case operation == "changePassword" || f.chance(5):
		return pick(f, f.victims)
	}
	for range 20 { // any role as often as any, less what it may not do
		role := pick(f, domain.StaffRoles)
		if f.refused[operation+" "+string(role)] && !f.chance(5) {
			continue
		}
		if list := f.ofRole(role); len(list) > 0 {
			return pick(f, list)
		}
	}
	return pick(f, f.accounts)
}

func (f *fuzzer) ofRole(role domain.Role) (list []*account) {
	for _, a := range f.accounts {
		if a.Role == role {
			list = append(list, a)
		}
	}
	return list
}

// breakIt makes a request wrong in some way.
func (f *fuzzer) breakIt(q *request) {
	switch n := f.rand.IntN(10); {
	case n < 5 && q.hasBody:
		s := bodySchema(q.op)
		q.body = f.spoil(s, f.value(s, ""))
	case n < 6 && q.hasBody:
		q.header["Content-Type"] = []string{pick(f, []string{"", "text/plain", "application/xml", "application/json; charset=gbk", "multipart/form-data", "application/json;;", "x"})}
	case n == 6:
		q.method = pick(f, []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "QUERY", "PROPFIND"})
	case n == 7:
		name := pick(f, []string{"If-Match", "If-None-Match", "Idempotency-Key", "Accept-Language", "X-Request-Id", "Accept", "Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "User-Agent"})
		q.header[name] = []string{pick(f, []string{strings.Repeat("x", 5000), strings.Repeat(`"1",`, 1000), "cross-site", "en;q=NaN", "Bearer ", f.oddText()})}
	case n == 8:
		q.path = f.oddPath(q)
	default:
		q.path = f.oddQuery(q)
	}
}

// oddPath is a request's path with one segment, or all of it, replaced.
func (f *fuzzer) oddPath(q *request) string {
	path, query, _ := strings.Cut(q.path, "?")
	segments := strings.Split(path, "/")
	i := 1 + f.rand.IntN(len(segments)-1)
	segments[i] = pick(f, []string{
		"..", ".", "", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%00", "%ff", "%zz", "%e2%80%ae", strings.Repeat("a", 9000), url.PathEscape(f.oddText()),
		"01900000-0000-7000-8000-000000000000", "{01900000-0000-7000-8000-000000000000}", "-1", "99999999999999999999", "1e3", ";x", "%2f",
	})
	return strings.Join(segments, "/") + "?" + query
}

// oddQuery is a request's path with odd, unknown or repeated parameters.
func (f *fuzzer) oddQuery(q *request) string {
	path, query, _ := strings.Cut(q.path, "?")
	names := []string{"unknown", "cursor"}
	for _, p := range q.op.Operation.Parameters {
		if p.Value.In == "query" {
			names = append(names, p.Value.Name, p.Value.Name, p.Value.Name)
		}
	}
	parts := []string{query}
	for range 1 + f.rand.IntN(3) {
		parts = append(parts, pick(f, names)+"="+pick(f, []string{url.QueryEscape(f.oddText()), url.QueryEscape(fmt.Sprint(pick(f, oddNumbers))), "%zz", "%00", "%ff", "a;b"}))
	}
	return path + "?" + strings.TrimPrefix(strings.Join(parts, "&"), "&")
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

var errUnsendable = errors.New("no client sends this")

// send sends a request, checks its answer and learns from it.
func (f *fuzzer) send(ctx context.Context, q *request) (*answer, error) {
	f.sent++
	a, err := f.exchange(ctx, q)
	if errors.Is(err, errUnsendable) {
		return nil, nil //nolint:nilnil // nothing was sent
	}
	if err != nil {
		if ctx.Err() == nil && len(q.body) < 1<<19 { // a larger one may be cut off while it is sent
			f.report(q, "no answer", err.Error())
		}
		return nil, nil //nolint:nilnil // there is none
	}
	f.check(q, a)
	if q.op != nil && a.status < 400 {
		f.known.learn(q, a.header, a.body)
		if q.who != nil && !slices.Contains(f.admits[q.op.id], q.who) {
			f.admits[q.op.id] = append(f.admits[q.op.id], q.who)
		}
	}
	if q.op != nil && q.who != nil && a.status == http.StatusForbidden && bytes.Contains(a.body, []byte(":role_not_allowed")) {
		f.refused[q.op.id+" "+string(q.who.Role)] = true
	}
	if q.who != nil && (a.status == http.StatusUnauthorized || q.op != nil && strings.Contains(q.op.id, "sign")) {
		return a, f.again(ctx, q.who)
	}
	return a, nil
}

func (f *fuzzer) exchange(ctx context.Context, q *request) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, f.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		path, query, _ := strings.Cut(q.path, "?") // as it is, whatever net/url thinks of it
		if r, err = http.NewRequestWithContext(ctx, q.method, f.base, bytes.NewReader(q.body)); err != nil {
			return nil, errUnsendable
		}
		r.URL.Opaque, r.URL.RawQuery = "//"+r.URL.Host+path, query
	}
	if q.who != nil {
		r.Header.Set("Authorization", "Bearer "+q.who.token)
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		if strings.Contains(err.Error(), "invalid header field") {
			return nil, errUnsendable
		}
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(resp.Body)
	return &answer{resp.StatusCode, resp.Header, body}, err
}

// walk takes a case a step on, by whatever the server says may be done.
func (f *fuzzer) walk(ctx context.Context) error {
	if len(f.known.cases) == 0 {
		return nil
	}
	recent := f.known.cases[max(0, len(f.known.cases)-8):]
	id, who := pick(f, recent), pick(f, f.accounts)
	if list := f.admits["listActions"]; len(list) > 0 && f.chance(80) {
		who = pick(f, list)
	}
	a, err := f.send(ctx, f.plain(who, "listActions", id))
	if err != nil || a == nil || a.status != http.StatusOK {
		return err
	}
	var actions struct {
		Items []struct {
			Action, Blocked string
			Fields          []field
		}
	}
	if err := json.Unmarshal(a.body, &actions); err != nil || len(actions.Items) == 0 {
		return err
	}
	next := pick(f, actions.Items)
	fields := map[string]any{}
	for _, x := range next.Fields {
		if x.Required || f.chance(30) {
			fields[x.Name] = f.fieldValue(&x, who)
		}
	}
	q := f.plain(who, "act", id)
	q.path = strings.Replace(q.path, "{action}", url.PathEscape(next.Action), 1)
	q.header["If-Match"] = []string{a.header.Get("ETag")}
	q.body, q.hasBody = encode(map[string]any{"fields": fields}), true
	q.header["Content-Type"] = []string{"application/json"}
	_, err = f.send(ctx, q)
	return err
}

// plain is a request for an operation on a case, or on nothing.
func (f *fuzzer) plain(who *account, name, id string) *request {
	i := slices.IndexFunc(f.operations, func(o operation) bool { return o.id == name })
	op := &f.operations[i]
	return &request{op: op, who: who, method: op.Method, path: strings.Replace(op.Path, "{id}", id, 1), id: id, header: map[string][]string{}}
}
