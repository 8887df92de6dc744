package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/emmansun/gmsm/sm3"
	"github.com/transparency-dev/merkle"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Suite names the algorithms of a log: how checkpoints are signed, and what
// the tree is hashed with. A log keeps its suite; another suite is another log.
type Suite string

// The suites.
const (
	Ed25519SHA256 Suite = "ed25519-sha256" // the default: RFC 8032, FIPS 180-4
	SM2SM3        Suite = "sm2-sm3"        // 国密: GB/T 32918.2, GB/T 32905
)

// HashSize is the length of a hash, in bytes, with either suite.
const HashSize = 32

// Hash is a leaf's or a tree's hash.
type Hash [HashSize]byte

// String gives the hash in base64.
func (h Hash) String() string { return base64.StdEncoding.EncodeToString(h[:]) }

// Leaf gives the leaf hash of a record's canonical bytes, which is stored
// beside them. It panics on a suite that is none.
func (s Suite) Leaf(canonical []byte) Hash { return Hash(s.hasher().HashLeaf(canonical)) }

func (s Suite) hasher() hasher {
	switch s {
	case Ed25519SHA256:
		return sha256Hasher
	case SM2SM3:
		return sm3Hasher
	default:
		panic(fmt.Sprintf("audit: no suite %q", s))
	}
}

// factory makes the compact ranges of the suite's trees; those of one suite
// must share it.
func (s Suite) factory() *compact.RangeFactory {
	if s == SM2SM3 {
		return sm3Ranges
	}
	return sha256Ranges
}

// hasher hashes as RFC 6962 has it: a prefix tells leaves from nodes.
type hasher struct{ sum func([]byte) [HashSize]byte }

var (
	sha256Hasher = hasher{sha256.Sum256}
	sm3Hasher    = hasher{sm3.Sum}
	sha256Ranges = &compact.RangeFactory{Hash: sha256Hasher.HashChildren}
	sm3Ranges    = &compact.RangeFactory{Hash: sm3Hasher.HashChildren}

	_ merkle.LogHasher = hasher{}
)

// EmptyRoot is the root of a tree without leaves.
func (h hasher) EmptyRoot() []byte {
	sum := h.sum(nil)
	return sum[:]
}

// HashLeaf hashes a leaf's content.
func (h hasher) HashLeaf(content []byte) []byte {
	prefixed := make([]byte, 0, 1+len(content))
	sum := h.sum(append(append(prefixed, rfc6962.RFC6962LeafHashPrefix), content...))
	return sum[:]
}

// HashChildren hashes a node.
func (h hasher) HashChildren(left, right []byte) []byte {
	prefixed := make([]byte, 0, 1+2*HashSize)
	prefixed = append(append(append(prefixed, rfc6962.RFC6962NodeHashPrefix), left...), right...)
	sum := h.sum(prefixed)
	return sum[:]
}

// Size is the length of a hash.
func (h hasher) Size() int { return HashSize }

// tree is a Merkle tree of which only the right edge is kept: the roots of the
// perfect subtrees that it consists of, one for each 1 in its size in binary.
type tree struct {
	suite Suite
	edge  *compact.Range
}

func newTree(s Suite) tree { return tree{suite: s, edge: s.factory().NewEmptyRange(0)} }

// resumeTree takes up a tree of the given size from its frontier.
func resumeTree(s Suite, size uint64, frontier []byte) (tree, error) {
	if len(frontier) != compact.RangeSize(0, size)*HashSize {
		return tree{}, fmt.Errorf("audit: a frontier of %d bytes is none of %d rows", len(frontier), size)
	}
	var hashes [][]byte
	for hash := range slices.Chunk(frontier, HashSize) {
		hashes = append(hashes, bytes.Clone(hash))
	}
	edge, err := s.factory().NewRange(0, size, hashes)
	if err != nil {
		return tree{}, fmt.Errorf("audit: resume a tree: %w", err)
	}
	return tree{suite: s, edge: edge}, nil
}

func (t tree) size() uint64 { return t.edge.End() }

func (t tree) append(leaf Hash) {
	if err := t.edge.Append(leaf[:], nil); err != nil {
		panic(err) // a range from 0 whose length was checked takes any leaf
	}
}

func (t tree) root() Hash {
	root, err := t.edge.GetRootHash(nil)
	if err != nil {
		panic(err) // the range begins at 0
	}
	if root == nil {
		root = t.suite.hasher().EmptyRoot()
	}
	return Hash(root)
}

func (t tree) frontier() []byte { return bytes.Join(t.edge.Hashes(), nil) }

// clone gives a tree that grows on its own.
func (t tree) clone() tree {
	again, err := resumeTree(t.suite, t.size(), t.frontier())
	if err != nil {
		panic(err) // the frontier is the tree's own
	}
	return again
}
