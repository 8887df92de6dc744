package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

func TestCanonicalForm(t *testing.T) {
	r := Record{
		ID: "0198f0c2-0000-7000-8000-000000000001", At: time.Date(2026, 11, 24, 16, 0, 0, 120_000_999, time.FixedZone("CST", 8*3600)),
		Actor:  domain.Actor{ID: "u1", Name: "王 \"<&>\"", Role: domain.RoleClerk, Org: "370404102"},
		Action: "party.reveal", Object: Object{Type: "party", ID: "p1"}, Result: ResultDenied,
		Reason: "not yours\n\u2028", Request: "r\x00\xff", Address: "10.0.0.1",
		Details: map[string]string{"\U0001F600": "1", "\uFF01": "2", "a": ""},
	}
	text, err := r.Canonical()
	require.NoError(t, err)
	// Keys in the order of UTF-16 (RFC 8785): an emoji's surrogates come before U+FF01.
	require.Equal(t, `{"action":"party.reveal","actor":{"id":"u1","name":"王 \"<&>\"","org":"370404102","role":"clerk"},`+
		`"address":"10.0.0.1","at":"2026-11-24T08:00:00.120000Z","details":{"a":"","`+"\U0001F600"+`":"1","`+"\uFF01"+`":"2"},`+
		`"id":"0198f0c2-0000-7000-8000-000000000001","object":{"id":"p1","type":"party"},`+
		`"reason":"not yours\n`+"\u2028"+`","request":"r`+"\uFFFD\uFFFD"+`","result":"denied"}`, string(text))

	read, err := ParseRecord(text)
	require.NoError(t, err)
	r.At, r.Request = time.Date(2026, 11, 24, 8, 0, 0, 120_000_000, time.UTC), "r\uFFFD\uFFFD"
	require.Equal(t, r, read)
}

func TestRecordsThatAreNone(t *testing.T) {
	whole := Record{ID: "1", At: morning, Actor: domain.Clock, Action: "case.act", Result: ResultDone}
	_, err := whole.Canonical()
	require.NoError(t, err)
	for name, change := range map[string]func(*Record){
		"id":      func(r *Record) { r.ID = "" },
		"time":    func(r *Record) { r.At = time.Time{} },
		"far off": func(r *Record) { r.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"actor":   func(r *Record) { r.Actor = domain.Actor{} },
		"action":  func(r *Record) { r.Action = "" },
		"result":  func(r *Record) { r.Result = "perhaps" },
		"large":   func(r *Record) { r.Reason = strings.Repeat("长", MaxRecord/3) },
		"detail":  func(r *Record) { r.Details = map[string]string{"\xff": "1", "\xfe": "2"} },
	} {
		r := whole
		change(&r)
		_, err := r.Canonical()
		require.Error(t, err, name)
	}
	for _, text := range []string{
		"", "null", "{}", `"x"`,
		`{"action":"case.act","actor":{"id":"clock"},"at":"2026-11-24T08:00:00.000000Z","id":"1","result":"done"} `,
		`{"actor":{"id":"clock"},"action":"case.act","at":"2026-11-24T08:00:00.000000Z","id":"1","result":"done"}`,
		`{"action":"case.act","actor":{"id":"clock"},"at":"2026-11-24T08:00:00.000000Z","id":"1","more":1,"result":"done"}`,
		`{"action":"case.act","actor":{"id":"clock"},"at":"2026-11-24T08:00:00.000000Z","id":"0","id":"1","result":"done"}`,
		`{"action":"case.act","actor":{"id":"clock"},"at":"2026-11-24T08:00:00Z","id":"1","result":"done"}`,
		`{"action":"case.act","actor":{"id":"clock"},"at":"2026-11-24T08:00:00.000000Z","id":"\u0031","result":"done"}`,
	} {
		_, err := ParseRecord([]byte(text))
		require.Error(t, err, text)
	}
}

// Whatever callers write comes back, and equal records have equal bytes.
func TestCanonicalRoundTrip(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		r := Record{
			ID:     text.Draw(t, "id"),
			At:     time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC(),
			Actor:  domain.Actor{ID: text.Draw(t, "actor"), Name: text.Draw(t, "name"), Role: domain.Role(text.Draw(t, "role"))},
			Action: text.Draw(t, "action"), Object: Object{Type: text.Draw(t, "type"), ID: text.Draw(t, "object")},
			Result: rapid.SampledFrom([]Result{ResultDone, ResultDenied, ResultFailed}).Draw(t, "result"),
			Reason: text.Draw(t, "reason"), Request: text.Draw(t, "request"), Address: text.Draw(t, "address"),
			Details: rapid.MapOfN(text, text, 0, 4).Draw(t, "details"),
		}
		first, err := r.Canonical()
		if err != nil {
			return // an empty id, or details that become one
		}
		require.True(t, json.Valid(first))
		require.False(t, bytes.Contains(first, []byte(`\u0000`)), "PostgreSQL would refuse it")
		read, err := ParseRecord(first)
		require.NoError(t, err)
		require.True(t, r.At.Equal(read.At))
		again, err := read.Canonical()
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"action":"case.act","actor":{"id":"clock"},"at":"2026-11-24T08:00:00.000000Z","id":"1","result":"done"}`))
	f.Add([]byte(`{"action":"a","actor":{"id":"u","role":"clerk"},"at":"2026-11-24T08:00:00.000000Z","details":{"n":"1"},"id":"1","object":{"id":"c"},"result":"failed"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRecord(text)
		if err != nil {
			return
		}
		again, err := r.Canonical()
		require.NoError(t, err)
		require.Equal(t, text, again)
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add("1", "王", "case.act", "k", "v")
	f.Add("\xff", "\x00", "\u2028", "\U0001F600", "\ufffd")
	f.Fuzz(func(t *testing.T, id, name, action, key, value string) {
		r := Record{
			ID: id, At: morning, Actor: domain.Actor{ID: id, Name: name}, Action: action, Result: ResultDone,
			Details: map[string]string{key: value},
		}
		text, err := r.Canonical()
		if err != nil {
			require.True(t, id == "" || action == "" || len(id)+len(name)+len(action)+len(key)+len(value) > MaxRecord/12, "%v", err)
			return
		}
		read, err := ParseRecord(text)
		require.NoError(t, err)
		require.Equal(t, clean(value), read.Details[clean(key)])
		require.Equal(t, clean(name), read.Actor.Name)
	})
}
