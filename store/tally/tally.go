// Package tally is how a row of the roll-up is written: all counts of an
// organisation over a period, in one grouping, in a few bytes each and in order,
// so that a report reads few rows and adding to one is a merge.
package tally

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// Entry is a count in a row.
type Entry struct {
	Group   string
	Measure int // domain.Measure.Number
	Step    int // what the measure is spread over, 0 when it is not
	N       int64
}

// Compare orders entries by group, measure and step, as a row holds them.
func (e *Entry) Compare(other *Entry) int {
	return cmp.Or(strings.Compare(e.Group, other.Group), cmp.Compare(e.Measure, other.Measure), cmp.Compare(e.Step, other.Step))
}

// ErrMalformed says that bytes are no row.
var ErrMalformed = errors.New("tally: malformed row")

// format is the first byte of a row that is not empty.
const format = 1

// Add writes a row anew with more entries added to it, of which it changes the
// order. What comes to nothing is left out; a row of nothing is empty.
func Add(row []byte, more []Entry) ([]byte, error) {
	slices.SortFunc(more, func(a, b Entry) int { return a.Compare(&b) })
	w, r := writer{row: []byte{}}, Read(row)
	have := r.Next()
	for len(more) > 0 || have {
		var next Entry
		switch {
		case !have:
			next, more = more[0], more[1:]
		case len(more) == 0 || r.Entry.Compare(&more[0]) <= 0:
			next = r.Entry
			have = r.Next()
		default:
			next, more = more[0], more[1:]
		}
		w.add(&next)
	}
	w.flush()
	return w.row, r.Err()
}

// writer writes entries that come in order; equal ones are added up.
type writer struct {
	row     []byte
	sum     Entry // what came last, not written yet
	written Entry // what was written last
}

func (w *writer) add(e *Entry) {
	if w.sum.Compare(e) == 0 {
		w.sum.N += e.N
		return
	}
	w.flush()
	w.sum = *e
}

// flush writes an entry as its distance from the one before: 0 and the name when
// the group is another, how far on the measure is, counted from 1, how far on the
// step is, and the count.
func (w *writer) flush() {
	e, last := &w.sum, &w.written
	if e.N == 0 {
		return
	}
	switch {
	case len(w.row) == 0:
		w.row = append(w.row, format)
		fallthrough
	case e.Group != last.Group:
		w.row = append(w.row, 0)
		w.row = binary.AppendUvarint(w.row, uint64(len(e.Group)))
		w.row = append(w.row, e.Group...)
		*last = Entry{Group: e.Group}
	}
	if e.Measure != last.Measure {
		last.Step = 0
	}
	w.row = binary.AppendUvarint(w.row, uint64(e.Measure-last.Measure)+1) //nolint:gosec // ascending
	w.row = binary.AppendVarint(w.row, int64(e.Step-last.Step))
	w.row = binary.AppendVarint(w.row, e.N)
	*last = *e
}

// Reader gives the entries of a row, in order.
type Reader struct {
	Entry Entry // the one that Next moved to

	rest []byte
	err  error
}

// Read begins to read a row.
func Read(row []byte) *Reader {
	r := &Reader{rest: row}
	if len(row) > 0 {
		if row[0] != format {
			r.fail()
		} else {
			r.rest = row[1:]
		}
	}
	return r
}

// Next moves to the next entry; false at the end, and where the row is malformed.
func (r *Reader) Next() bool {
	if len(r.rest) == 0 {
		return false
	}
	on := r.uvarint()
	if on == 0 {
		length := r.uvarint()
		if length > uint64(len(r.rest)) {
			return r.fail()
		}
		r.Entry = Entry{Group: string(r.rest[:length])}
		r.rest = r.rest[length:]
		on = r.uvarint()
	}
	if on == 0 || on > 1<<16 {
		return r.fail()
	}
	if on > 1 {
		r.Entry.Measure += int(on - 1) //nolint:gosec // bounded above
		r.Entry.Step = 0
	}
	r.Entry.Step += int(r.varint())
	r.Entry.N = r.varint()
	return r.err == nil
}

// Err is ErrMalformed when the row could not be read to its end.
func (r *Reader) Err() error { return r.err }

func (r *Reader) fail() bool {
	r.rest, r.err = nil, ErrMalformed
	return false
}

func (r *Reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *Reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}
