package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what a caller can do about an error; the API maps each kind to one
// HTTP status.
type Kind string

// The kinds of error. Anything without a kind is KindInternal and its text
// never reaches a user.
const (
	KindInvalid         Kind = "invalid"         // the input is wrong; Fields says where
	KindUnauthenticated Kind = "unauthenticated" // nobody is signed in
	KindForbidden       Kind = "forbidden"       // signed in, but not theirs to do
	KindNotFound        Kind = "not_found"       // absent, or not visible to the caller
	KindConflict        Kind = "conflict"        // the case is in another state or version
	KindStale           Kind = "stale"           // If-Match names an old version
	KindGone            Kind = "gone"            // a link or cursor that is used up
	KindOverloaded      Kind = "overloaded"      // try again later
	KindInternal        Kind = "internal"        // ours to mend
)

// FieldError names one wrong field and the message key that explains it.
type FieldError struct {
	Field string // JSON name, dotted: "parties.0.phone"
	Code  string // message key, e.g. "required"
	Args  []any  // what the message mentions
}

// Error is an error with a kind and a message key; the words are chosen at the
// edge, in the caller's language.
type Error struct {
	Kind   Kind
	Code   string // message key, e.g. "action_not_allowed"
	Args   []any
	Fields []FieldError
	Cause  error
}

// Error is for logs and developers; users read the message behind Code.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Kind, e.Code)
	for _, a := range e.Args {
		fmt.Fprintf(&b, " %v", a)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", f.Field, f.Code)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an error of a kind with a message key and its arguments.
func Errorf(kind Kind, code string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Args: args}
}

// Invalid makes a KindInvalid error that names the wrong fields.
func Invalid(fields ...FieldError) *Error {
	return &Error{Kind: KindInvalid, Code: "invalid_fields", Fields: fields}
}

// KindOf is the kind of an error, KindInternal when it has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}
