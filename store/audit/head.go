package audit

import (
	"errors"
	"fmt"
	"time"
)

// MaxBatch is the largest number of rows that one checkpoint adds; it bounds
// what Verify holds in memory.
const MaxBatch = 1 << 16

// Head is the end of a log: what must be kept to append to it, some hundred
// bytes however long the log is. It is a value: Append gives another one, and
// whoever rolls back goes on with the one that he had.
type Head struct {
	tree tree
	last Checkpoint // zero before the first
}

// Batch is a checkpoint as it is published.
type Batch struct {
	Checkpoint
	Note   []byte // the checkpoint, signed
	Leaves []Hash // of the rows that the checkpoint adds; nil if only the note is published
}

// Bare gives the batch without leaf hashes: 44 bytes a row less, at the price
// that Verify names only a batch if an attacker made all hashes agree.
func (b Batch) Bare() Batch {
	b.Leaves = nil
	return b
}

// NewHead begins the log of the keys.
func NewHead(v *Verifier) Head {
	return Head{tree: newTree(v.suite), last: Checkpoint{Origin: v.origin, Suite: v.suite}}
}

// Resume takes a log up from its newest signed checkpoint and the frontier
// that Head.Frontier gave then.
//
// Both may come from the database: the note is signed, and a frontier that is
// not the note's is an error, so no history but the signed one is continued. What
// Resume cannot see is that the database was set back to an older, once
// genuine state; so the caller compares the note with Journal.Last of every
// journal and refuses to go on if one has a newer checkpoint.
func Resume(v *Verifier, note, frontier []byte) (Head, error) {
	last, err := v.Open(note)
	if err != nil {
		return Head{}, err
	}
	t, err := resumeTree(v.suite, last.Size, frontier)
	if err != nil {
		return Head{}, err
	}
	if t.root() != last.Root {
		return Head{}, fmt.Errorf("audit: the frontier is not that of the checkpoint of %d rows", last.Size)
	}
	return Head{tree: t, last: last}, nil
}

// Size is the number of rows.
func (h Head) Size() uint64 { return h.tree.size() }

// Root is the tree's root hash.
func (h Head) Root() Hash { return h.tree.root() }

// Frontier is what Resume needs beside the note: at most 64 hashes.
func (h Head) Frontier() []byte { return h.tree.frontier() }

// Last is the newest checkpoint; its Time is zero before the first.
func (h Head) Last() Checkpoint { return h.last }

// Append adds rows with the given leaf hashes, numbered from Size+1 on, and
// signs a checkpoint. Without rows it is a sign of life. A clock that went back
// is held at the last checkpoint's time.
//
// The caller numbers the rows and stores Frontier of the new head and the note
// in one transaction, and publishes the batch after the commit: before, it might
// never come to be. It then appends to each journal, from the stored notes, all
// that follow the journal's last, which also mends a crash between the two.
func (h Head) Append(key *Signer, leaves []Hash, at time.Time) (Head, Batch, error) {
	switch {
	case key.Name() != h.last.Origin || key.suite != h.last.Suite:
		return Head{}, Batch{}, errKeyOther
	case len(leaves) > MaxBatch:
		return Head{}, Batch{}, errors.New("audit: too many rows for one checkpoint")
	}
	next := Head{tree: h.tree.clone()}
	for _, leaf := range leaves {
		next.tree.append(leaf)
	}
	if at = at.UTC().Truncate(time.Microsecond); at.Before(h.last.Time) {
		at = h.last.Time
	}
	next.last = Checkpoint{
		Origin: h.last.Origin, Size: next.tree.size(), Root: next.tree.root(),
		Suite: h.last.Suite, Time: at, Previous: h.last.Digest(),
	}
	signed, err := next.last.sign(key)
	if err != nil {
		return Head{}, Batch{}, err
	}
	return next, Batch{Checkpoint: next.last, Note: signed, Leaves: leaves}, nil
}
