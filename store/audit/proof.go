package audit

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/compact"
	merkleproof "github.com/transparency-dev/merkle/proof"
)

// Proven is a record of which a proof shows that it is in a log.
type Proven struct {
	Seq        uint64
	Record     Record
	Checkpoint Checkpoint // the log that it is in
}

// Prove writes a proof that the row is in the log of a signed checkpoint, for
// somebody who has the public key and not the log: the record, its path in the
// tree and the checkpoint, as text (c2sp.org/tlog-proof). Leaves are the
// checkpoint's leaf hashes from row 1 on; they are read through once, and
// nothing but the path is kept. A row that is not in the log is an error.
func Prove(v *Verifier, leaves iter.Seq2[Hash, error], row Row, note []byte) ([]byte, error) {
	c, err := v.Open(note)
	if err != nil {
		return nil, err
	}
	if row.Seq < 1 || row.Seq > c.Size {
		return nil, fmt.Errorf("audit: row %d is not among the %d rows of the checkpoint", row.Seq, c.Size)
	}
	nodes, err := merkleproof.Inclusion(row.Seq-1, c.Size)
	if err != nil {
		return nil, fmt.Errorf("audit: prove a row: %w", err)
	}
	hashes, err := collect(v.suite, leaves, c.Size, nodes.IDs)
	if err != nil {
		return nil, err
	}
	path, err := nodes.Rehash(hashes, v.suite.hasher().HashChildren)
	if err != nil {
		return nil, fmt.Errorf("audit: prove a row: %w", err)
	}
	p := proof.TLogProof{Index: row.Seq - 1, Checkpoint: note, ExtraData: row.Canonical}
	for _, hash := range path {
		p.Hashes = append(p.Hashes, Hash(hash))
	}
	text := p.Marshal()
	if _, err := CheckProof(v, text); err != nil {
		return nil, err // a row, or leaf hashes, that were tampered with
	}
	return text, nil
}

// collect gives the hashes of the nodes, which are those of perfect subtrees.
func collect(s Suite, leaves iter.Seq2[Hash, error], size uint64, ids []compact.NodeID) ([][]byte, error) {
	wanted := make(map[compact.NodeID]int, len(ids))
	for i, id := range ids {
		wanted[id] = i
	}
	hashes := make([][]byte, len(ids))
	t := newTree(s)
	for leaf, err := range leaves {
		if err != nil {
			return nil, err
		}
		err = t.edge.Append(leaf[:], func(id compact.NodeID, hash []byte) {
			if i, ok := wanted[id]; ok {
				hashes[i] = bytes.Clone(hash)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("audit: prove a row: %w", err)
		}
		if t.size() == size {
			return hashes, nil
		}
	}
	return nil, fmt.Errorf("audit: %d rows are there of the checkpoint's %d", t.size(), size)
}

// CheckProof verifies what Prove wrote. It is an error unless one of the log's
// keys signed the checkpoint and the record is in the tree in that place.
func CheckProof(v *Verifier, text []byte) (Proven, error) {
	var p proof.TLogProof
	if err := p.Unmarshal(text); err != nil {
		return Proven{}, fmt.Errorf("audit: read a proof: %w", err)
	}
	if !bytes.Equal(p.Marshal(), text) {
		return Proven{}, errors.New("audit: a proof is not in its one form")
	}
	c, err := v.Open(p.Checkpoint)
	if err != nil {
		return Proven{}, err
	}
	path := make([][]byte, len(p.Hashes))
	for i := range p.Hashes {
		path[i] = p.Hashes[i][:]
	}
	leaf := v.suite.Leaf(p.ExtraData)
	if err := merkleproof.VerifyInclusion(v.suite.hasher(), p.Index, c.Size, leaf[:], path, c.Root[:]); err != nil {
		return Proven{}, fmt.Errorf("audit: a record is not in the log: %w", err)
	}
	record, err := ParseRecord(p.ExtraData)
	if err != nil {
		return Proven{}, err
	}
	return Proven{Seq: p.Index + 1, Record: record, Checkpoint: c}, nil
}
