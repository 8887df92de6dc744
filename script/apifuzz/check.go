package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"

	"sudi/report"
)

var (
	problemType = regexp.MustCompile(`^urn:sudi:problem:[a-z0-9_]+$`)
	varying     = regexp.MustCompile(`0x[0-9a-f]+|\d+|"[^"]*"`)
)

// enoughRequests give every operation a fair chance of success.
const enoughRequests = 5000

// unreached are the operations that need no success in a run, with the reason.
var unreached = map[string]string{
	"signInProvider":         "there is no identity provider; api has its own tests with one",
	"signInProviderCallback": "the same",
}

// check holds an answer against the contract.
func (f *fuzzer) check(q *request, a *answer) {
	for _, fault := range f.log.take() {
		f.report(q, "logged a fault", fault)
	}
	if a.status >= 500 {
		f.report(q, fmt.Sprint("answered ", a.status), string(a.body))
		return
	}
	if a.header.Get("X-Request-Id") == "" && slices.Contains([]int{http.StatusBadRequest, http.StatusRequestHeaderFieldsTooLarge}, a.status) {
		return // net/http refused it before Sudi heard of it
	}
	if a.status >= 400 {
		f.checkProblem(q, a)
	}
	op := f.called(q)
	if op == nil {
		return
	}
	if f.coverage[op.id] == nil {
		f.coverage[op.id] = map[int]int{}
	}
	f.coverage[op.id][a.status]++
	options := &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	r, err := http.NewRequestWithContext(context.Background(), q.method, f.base, http.NoBody)
	if err != nil {
		return
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: &op.Route, Options: options},
		Status:                 a.status, Header: a.header, Options: options,
	}
	out.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		f.report(q, fmt.Sprintf("%d is not as the contract says", a.status), err.Error())
	}
}

// called is the operation that a request reaches, nil when its path or method
// was changed into what may be none.
func (f *fuzzer) called(q *request) *operation {
	path, _, _ := strings.Cut(q.path, "?")
	given, want := strings.Split(path, "/"), strings.Split(q.op.Path, "/")
	if q.method != q.op.Method || len(given) != len(want) {
		return nil
	}
	for i := range want {
		varies := strings.HasPrefix(want[i], "{")
		if given[i] != want[i] && !varies || varies && (given[i] == "" || strings.Trim(given[i], "%2eEfF.") == "") {
			return nil
		}
		if varies && f.literal(q, given, i) { // /sessions/current is not /sessions/{session}
			return nil
		}
	}
	return q.op
}

// literal reports whether a path with a part replaced is another's own.
func (f *fuzzer) literal(q *request, given []string, i int) bool {
	return slices.ContainsFunc(f.operations, func(o operation) bool {
		parts := strings.Split(o.Path, "/")
		return o.Path != q.op.Path && len(parts) == len(given) && parts[i] == given[i] && strings.Join(parts[:i], "/") == strings.Join(given[:i], "/")
	})
}

// checkProblem holds an error against RFC 9457 as Sudi uses it.
func (f *fuzzer) checkProblem(q *request, a *answer) {
	if len(a.body) == 0 && q.method == http.MethodHead {
		return
	}
	var p struct {
		Type, Title, Detail string
		Status              int
		RequestID           string `json:"request_id"`
		Errors              []struct{ Message string }
	}
	err := json.Unmarshal(a.body, &p)
	switch {
	case a.header.Get("Content-Type") != "application/problem+json" || err != nil:
		f.report(q, fmt.Sprint(a.status, " is no problem document"), a.header.Get("Content-Type")+" "+string(a.body))
	case !problemType.MatchString(p.Type) || p.Status != a.status || p.Title == "" || p.Detail == "" || p.RequestID == "":
		f.report(q, fmt.Sprint(a.status, " is half a problem document"), string(a.body))
	case strings.HasSuffix(p.Type, ":internal") || strings.HasSuffix(p.Type, ":http_other"):
		f.report(q, fmt.Sprint(a.status, " has no words"), string(a.body))
	}
	for _, e := range p.Errors {
		if e.Message == "" {
			f.report(q, "a wrong field has no words", string(a.body))
		}
	}
}

// report prints a fault, once for each kind, with what repeats it.
func (f *fuzzer) report(q *request, kind, detail string) {
	id := "none"
	if q.op != nil {
		id = q.op.id
	}
	key := id + " " + kind + " " + varying.ReplaceAllString(detail[:min(len(detail), 300)], "")
	if f.found[key] {
		return
	}
	f.found[key] = true
	f.say("\nFOUND %s: %s (seed %d, request %d)\n  %s\n  %s\n", id, kind, f.seed, f.sent, detail[:min(len(detail), 1500)], f.curl(q))
}

// curl writes a request as a command line.
func (f *fuzzer) curl(q *request) string {
	parts := []string{"curl -sS --path-as-is -X", q.method, quote(f.base + q.path)}
	if q.who != nil {
		parts = append(parts, `-H "Authorization: Bearer $TOKEN"`)
	}
	for _, name := range slices.Sorted(maps.Keys(q.header)) {
		parts = append(parts, "-H", quote(name+": "+q.header[name][0]))
	}
	if q.hasBody {
		body := q.body[:min(len(q.body), 2000)]
		parts = append(parts, "--data-binary", quote(string(body)))
		if len(body) < len(q.body) {
			parts = append(parts, fmt.Sprintf("# the body goes on, %d bytes in all", len(q.body)))
		}
	}
	if q.who != nil {
		parts = append(parts, "# as "+q.who.Username)
	}
	return strings.Join(parts, " ")
}

// quote writes a text for bash.
func quote(s string) string {
	plain := true
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			plain = false
			b.WriteString(`\` + string(c))
		case c < ' ' || c >= 0x7f:
			plain = false
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	if plain {
		return "'" + s + "'"
	}
	return "$'" + b.String() + "'"
}

// verify proves that what all these requests have left agrees with itself.
func (f *fuzzer) verify(ctx context.Context) error {
	result, err := f.figures.Verify(ctx, report.VerifyOptions{Year: time.Now().Year()})
	if err != nil {
		return err
	}
	published, err := f.figures.VerifyPublications(ctx)
	if err != nil {
		return err
	}
	f.say("sudi: %d cases and %d entries verified\n", result.Cases, result.Entries)
	for _, d := range result.Differences {
		f.found["verify "+string(d.Check)] = true
		f.say("\nFOUND verify: %+v (seed %d)\n", d, f.seed)
	}
	if !published.OK() {
		f.found["publications"] = true
		f.say("\nFOUND verify: %+v (seed %d)\n", published, f.seed)
	}
	return nil
}

// tell prints which answers each operation has given, and minds those that
// never succeeded.
func (f *fuzzer) tell() {
	f.say("\n%-22s %6s %6s %6s %6s\n", "operation", "2xx", "3xx", "4xx", "5xx")
	for i := range f.operations {
		id := f.operations[i].id
		classes := map[int]int{}
		for status, n := range f.coverage[id] {
			classes[status/100] += n
		}
		f.say("%-22s %6d %6d %6d %6d\n", id, classes[2], classes[3], classes[4], classes[5])
		if _, explained := unreached[id]; classes[2] == 0 && !explained && f.sent >= enoughRequests {
			f.found["unreached "+id] = true
			f.say("FOUND %s: never succeeded (%v)\n", id, f.coverage[id])
		}
	}
	f.say("sudi: %d requests, %d kinds of fault, seed %d\n", f.sent, len(f.found), f.seed)
}
