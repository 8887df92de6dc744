package domain

import (
	"context"
	"time"
)

// RecordResult is how what a record tells of came out.
type RecordResult string

// The results.
const (
	ResultDone   RecordResult = "done"
	ResultDenied RecordResult = "denied" // not allowed to this actor
	ResultFailed RecordResult = "failed" // allowed, but it did not happen
)

// RecordObject is what was read or written.
type RecordObject struct {
	Type string // e.g. "case", "party", "ledger"
	ID   string
}

// Record is one line of the audit log: who did what to what, when and from
// where.
//
// It is kept for years, cannot be changed and is handed out, so no value of a
// citizen stands in it plain: no name, telephone or identity number, address or
// word of a case, in no field. To tell that two records are of one person, put
// a keyed hash of the number there. Actor.Name is for staff alone.
type Record struct {
	ID      string    // unique; a UUID
	At      time.Time // kept in UTC, to the microsecond
	Actor   Actor
	Action  string // e.g. "case.accept", "party.reveal", "ledger.export", "session.open"
	Object  RecordObject
	Result  RecordResult
	Reason  string            // why it was done or refused, as a code or in words of staff
	Request string            // id of the request
	Address string            // network address that it came from
	Details map[string]string // numbers in decimal; no nesting, so that no form is in doubt
}

// Recorded is a record with its place in the audit log.
type Recorded struct {
	Position int64  // in which it was written down; the key of pages
	Seq      uint64 // its number in the sealed log; 0 while it has none
	Record
}

// RecordQuery selects records; what is zero selects all.
type RecordQuery struct {
	Actor, Action string // id of the actor; action, whole or up to a dot
	Object        string // id of the object
	From, To      time.Time
	Before        int64 // position below which the page begins; 0 for the newest
	Limit         int
}

// Origin says on whose behalf and from where something is asked of Sudi. What
// is recorded takes from it what it does not know itself.
type Origin struct {
	Actor   Actor
	Request string // id of the request
	Address string // network address
}

type originKey struct{}

// WithOrigin lets what is done with a context be recorded as of an origin.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is the origin of a context; without one it is Sudi itself.
func OriginOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Actor: Actor{ID: "sudi", Name: "sudi"}}
}
