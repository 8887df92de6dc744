// Package seal encrypts personal fields before they reach a database, and makes
// the keyed values by which people are found in one. It knows no database.
//
// Every record has a data key of its own, wrapped by a key-encryption key of a
// Ring that lives in a file outside the database. docs/decisions/0016 says why,
// and shows the bytes.
package seal

import "crypto/rand"

// Place says where a sealed value lies. A value opens nowhere else, so nobody
// who can write to the database can give one person's number to another.
// The names are bound for good: they stay what they were when a table or column
// is renamed, and Row is what never changes of a record, such as its id.
type Place struct {
	Table  string
	Column string // empty for the data key of a row
	Row    string
}

// Seal encrypts one value under a data key of its own, which it carries along.
// For several fields of a record, NewRow is shorter and cheaper.
func (r *Ring) Seal(value []byte, at Place) []byte {
	key, wrapped := r.now.Load().newDataKey(at)
	return key.seal(wrapped, value, at)
}

// Open decrypts what Seal made for the same place. Its errors are of
// domain.KindInternal, with one of these codes: sealed_malformed (cut short, or
// no sealed value), sealed_version_unknown, sealed_suite_unknown,
// sealed_key_unknown (its argument is the key's id), sealed_refused (another
// place, or changed bytes).
func (r *Ring) Open(sealed []byte, at Place) ([]byte, error) {
	key, field, err := r.now.Load().openDataKey(sealed, at)
	if err != nil {
		return nil, err
	}
	return key.open(field, at)
}

// Rewrap wraps the data key of what Seal made by the active key. What the data
// key encrypts stays as it is, byte for byte. The place is asked for because the
// wrapping is bound to it: a run over all records also finds those that were
// moved. Errors as for Open.
func (r *Ring) Rewrap(sealed []byte, at Place) ([]byte, error) {
	wrapped, field, err := r.now.Load().rewrap(sealed, at)
	if err != nil {
		return nil, err
	}
	return append(wrapped, field...), nil
}

// RewrapRow wraps the data key of a row by the active key, as Rewrap does.
// at.Column is not used.
func (r *Ring) RewrapRow(key []byte, at Place) ([]byte, error) {
	at.Column = ""
	wrapped, rest, err := r.now.Load().rewrap(key, at)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errMalformed
	}
	return wrapped, nil
}

// NeedsRewrap reports whether a sealed value, or the key of a row, is wrapped by
// another key than the active one. Errors as for Open.
func (r *Ring) NeedsRewrap(sealed []byte) (bool, error) {
	h, _, err := readHeader(sealed)
	return err == nil && h.id != r.now.Load().active.id, err
}

// Header is what a sealed value, or the key of a row, tells without a key.
type Header struct {
	KeyID string // of the key-encryption key
	Suite string // of the data key and all that it encrypts
}

// Inspect reads the header of a sealed value or of a row's key, without knowing
// whether it is genuine. Counting KeyID tells when a retired key may be removed.
// Errors as for Open, but never sealed_key_unknown or sealed_refused.
func Inspect(sealed []byte) (Header, error) {
	h, _, err := readHeader(sealed)
	if err != nil {
		return Header{}, err
	}
	return Header{KeyID: h.id.String(), Suite: h.dek.name()}, nil
}

// Row encrypts the fields of one record under the record's own data key. It is
// safe for concurrent use.
type Row struct {
	at      Place
	wrapped []byte
	key     dataKey
}

// NewRow makes a data key for a record. at.Column is not used.
func (r *Ring) NewRow(at Place) *Row {
	at.Column = ""
	key, wrapped := r.now.Load().newDataKey(at)
	return &Row{at: at, wrapped: wrapped, key: key}
}

// OpenRow takes up the data key that Row.Key gave for the same record. Errors as
// for Open. at.Column is not used.
func (r *Ring) OpenRow(key []byte, at Place) (*Row, error) {
	at.Column = ""
	data, rest, err := r.now.Load().openDataKey(key, at)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errMalformed
	}
	return &Row{at: at, wrapped: append([]byte(nil), key...), key: data}, nil
}

// Key is the wrapped data key, to be kept beside the fields: without it none of
// them opens ever again.
func (w *Row) Key() []byte { return append([]byte(nil), w.wrapped...) }

// Seal encrypts the value of a column.
func (w *Row) Seal(column string, value []byte) []byte {
	return w.key.seal(nil, value, w.place(column))
}

// Open decrypts what Seal made for the same column of the same record. Errors as
// for Ring.Open.
func (w *Row) Open(column string, sealed []byte) ([]byte, error) {
	return w.key.open(sealed, w.place(column))
}

func (w *Row) place(column string) Place {
	at := w.at
	at.Column = column
	return at
}

// random gives n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
