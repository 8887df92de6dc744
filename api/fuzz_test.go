package api

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// oddValues are what nobody should send and somebody will.
var oddValues = []any{
	nil, true, 0, -1, 1.5, 1e15, 1e300, "", " ", "x", "0", "null", "\x00", "\u202e", "字", "😀", "'; DROP TABLE cases; --", "%", "_", "\\",
	"2020-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "370404", village, centreA, "appeal", "urgent", "window", "applicant",
	[]any{}, []any{nil}, []any{"urgent"}, map[string]any{}, map[string]any{"name": "x"}, []any{map[string]any{"name": "x"}},
}

// anyValue draws a value, odd or made of odd ones.
func anyValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.SampledFrom(oddValues),
		rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "text") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Float64Range(-1e18, 1e18).Draw(t, "number") }),
	)
}

// Whatever is sent, the answer keeps to the contract and is no fault of ours.
func TestNothingSentIsOurFault(t *testing.T) {
	w := newRealWorld(t)
	who := "clerk@" + centreA
	c := w.register(who)
	fields := slices.Sorted(maps.Keys(appeal()))
	fields = append(fields, "amount", "persons", "lng", "lat", "flags", "received_at", "fields", "note", "repeats", "derived_from", "odd")
	v := w.invite(who, w.replied().ID)
	questions := []string{"text", "phone", "identity_number", "place", "category", "odd"}
	queries := []string{"state", "procedure", "category", "org", "owner", "handler", "q", "flag", "due_before", "indicator", "side", "period", "unit", "township", "cursor", "limit", "odd"}
	rapid.Check(t, func(t *rapid.T) {
		body := appeal()
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			body[rapid.SampledFrom(fields).Draw(t, "field")] = anyValue().Draw(t, "value")
		}
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		headers := []string{"If-Match", "*"}
		if rapid.Bool().Draw(t, "keyed") {
			headers = append(headers, "Idempotency-Key", rapid.StringMatching(`[ -~]{1,20}`).Draw(t, "key"))
		}
		act, err := json.Marshal(map[string]any{"fields": map[string]any{
			"organization": anyValue().Draw(t, "organization"), "reason": anyValue().Draw(t, "reason"), "master": anyValue().Draw(t, "master"),
		}, "note": anyValue().Draw(t, "note")})
		require.NoError(t, err)
		rating, err := json.Marshal(map[string]any{
			"satisfaction": anyValue().Draw(t, "satisfaction"), "resolved": anyValue().Draw(t, "resolved"), "comment": anyValue().Draw(t, "comment"),
		})
		require.NoError(t, err)
		question := url.Values{}
		for range rapid.IntRange(1, 3).Draw(t, "questions") {
			question.Set(rapid.SampledFrom(questions).Draw(t, "question"), rapid.String().Draw(t, "what is asked"))
		}
		query := url.Values{}
		for range rapid.IntRange(1, 3).Draw(t, "parameters") {
			query.Set(rapid.SampledFrom(queries).Draw(t, "parameter"), rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
				s, _ := rapid.SampledFrom(oddValues).Draw(t, "odd").(string)
				return s
			})).Draw(t, "parameter value"))
		}
		action := rapid.SampledFrom([]string{"dispatch", "refuse", "merge", "note", "assign_handler", "raise_risk", "link_repeat", "edit", "register"}).Draw(t, "action")
		for _, a := range []*answer{
			w.call(who, "POST", "/api/v1/cases", string(raw), headers...),
			w.call(who, "PATCH", "/api/v1/cases/"+c.ID, string(raw), headers...),
			w.call(who, "POST", "/api/v1/cases/"+c.ID+"/actions/"+action, string(act), headers...),
			w.call(who, "GET", "/api/v1/cases?"+query.Encode(), nil),
			w.call(who, "GET", "/api/v1/similar?"+question.Encode(), nil),
			w.call("", "POST", v.Path, string(rating)),
			w.call("", "GET", prefix+"/public/evaluations/x"+url.PathEscape(rapid.String().Draw(t, "token")), nil),
		} {
			require.Less(t, a.status, 500, "%s\n%s\n%s\n%s", raw, act, query, a.body)
		}
	})
}
