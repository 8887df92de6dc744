package seal

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden is all that a Secret shows of itself.
const hidden = "***"

// Secret holds a value that no log, error or answer may show: whatever prints it
// prints "***". The zero Secret holds the zero value.
type Secret[T any] struct {
	// A function, for fmt walks into what it may not call methods on (a field
	// that is not exported, the verb %p) and finds only an address here. So do
	// packages that follow pointers by reflection.
	reveal func() T
}

// Hide makes a value secret.
func Hide[T any](value T) Secret[T] {
	return Secret[T]{func() T { return value }}
}

// Reveal gives the value. Each call is a place to look at in a review.
func (s Secret[T]) Reveal() (value T) {
	if s.reveal == nil {
		return value
	}
	return s.reveal()
}

// String is "***".
func (Secret[T]) String() string { return hidden }

// GoString is "***".
func (Secret[T]) GoString() string { return hidden }

// Format prints "***" for every verb.
func (Secret[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue is "***".
func (Secret[T]) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON gives "***", which cannot be read back.
func (Secret[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText gives "***", for YAML and XML.
func (Secret[T]) MarshalText() ([]byte, error) { return []byte(hidden), nil }
