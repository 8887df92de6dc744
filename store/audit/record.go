package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"sudi/domain"
)

// MaxRecord is the largest size of a record's canonical form, in bytes. A proof
// (Prove) holds it in one line.
const MaxRecord = 32 << 10

// Result is how what a record tells of came out.
type Result = domain.RecordResult

// The results.
const (
	ResultDone   = domain.ResultDone
	ResultDenied = domain.ResultDenied
	ResultFailed = domain.ResultFailed
)

// Object is what was read or written.
type Object = domain.RecordObject

// Record is a line of the audit log that can be written canonically.
type Record domain.Record

// timeForm has a fixed width, so that one instant has one form.
const timeForm = "2006-01-02T15:04:05.000000Z"

// form is a record as JSON.
type form struct {
	Action  string            `json:"action"`
	Actor   formActor         `json:"actor"`
	Address string            `json:"address,omitempty"`
	At      string            `json:"at"`
	Details map[string]string `json:"details,omitempty"`
	ID      string            `json:"id"`
	Object  *formObject       `json:"object,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Request string            `json:"request,omitempty"`
	Result  Result            `json:"result"`
}

type formActor struct {
	ID   string      `json:"id"`
	Name string      `json:"name,omitempty"`
	Org  string      `json:"org,omitempty"`
	Role domain.Role `json:"role,omitempty"`
}

type formObject struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type,omitempty"`
}

// Canonical gives the record as bytes, the same for equal records: JSON by RFC
// 8785 (keys in order, no spaces, least escaping) of strings only, without
// empty fields, the time with six decimals. What is no UTF-8, and U+0000, which
// PostgreSQL does not take, becomes U+FFFD: a strange header must not keep an
// act from being recorded.
//
// A record without id, time, actor, action or result, or larger than MaxRecord,
// is an error.
func (r Record) Canonical() ([]byte, error) {
	switch {
	case r.ID == "", r.Actor.ID == "", r.Action == "":
		return nil, errors.New("audit: a record needs id, actor and action")
	case r.At.UTC().Year() < 1 || r.At.UTC().Year() > 9999 || r.At.IsZero():
		return nil, errors.New("audit: a record needs a time")
	case r.Result != ResultDone && r.Result != ResultDenied && r.Result != ResultFailed:
		return nil, fmt.Errorf("audit: a record has no result %q", r.Result)
	}
	f := form{
		Action: clean(r.Action),
		Actor: formActor{
			ID: clean(r.Actor.ID), Name: clean(r.Actor.Name),
			Org: clean(r.Actor.Org), Role: domain.Role(clean(string(r.Actor.Role))),
		},
		Address: clean(r.Address),
		At:      r.At.UTC().Format(timeForm),
		ID:      clean(r.ID),
		Reason:  clean(r.Reason),
		Request: clean(r.Request),
		Result:  r.Result,
	}
	if r.Object != (Object{}) {
		f.Object = &formObject{ID: clean(r.Object.ID), Type: clean(r.Object.Type)}
	}
	for key, value := range r.Details {
		if f.Details == nil {
			f.Details = make(map[string]string, len(r.Details))
		}
		if _, twice := f.Details[clean(key)]; twice {
			return nil, fmt.Errorf("audit: two details are called %q", clean(key))
		}
		f.Details[clean(key)] = clean(value)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("audit: write a record: %w", err)
	}
	if text, err = jcs.Transform(text); err != nil {
		return nil, fmt.Errorf("audit: write a record canonically: %w", err)
	}
	if len(text) > MaxRecord {
		return nil, fmt.Errorf("audit: a record of %d bytes is too large", len(text))
	}
	return text, nil
}

func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// ParseRecord reads what Canonical wrote, and nothing else: any other bytes,
// also JSON of the same meaning, are an error.
func ParseRecord(canonical []byte) (Record, error) {
	decoder := json.NewDecoder(bytes.NewReader(canonical))
	decoder.DisallowUnknownFields()
	var f form
	if err := decoder.Decode(&f); err != nil {
		return Record{}, fmt.Errorf("audit: read a record: %w", err)
	}
	at, err := time.Parse(timeForm, f.At)
	if err != nil {
		return Record{}, fmt.Errorf("audit: read a record: %w", err)
	}
	r := Record{
		ID: f.ID, At: at, Action: f.Action, Result: f.Result,
		Actor:  domain.Actor{ID: f.Actor.ID, Name: f.Actor.Name, Role: f.Actor.Role, Org: f.Actor.Org},
		Reason: f.Reason, Request: f.Request, Address: f.Address, Details: f.Details,
	}
	if f.Object != nil {
		r.Object = Object{Type: f.Object.Type, ID: f.Object.ID}
	}
	again, err := r.Canonical()
	if err != nil {
		return Record{}, err
	}
	if !bytes.Equal(again, canonical) {
		return Record{}, errors.New("audit: a record is not in canonical form")
	}
	return r, nil
}
