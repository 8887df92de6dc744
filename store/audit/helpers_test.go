package audit

import (
	"bytes"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// morning is when the logs of the tests begin.
var morning = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

var suites = []Suite{Ed25519SHA256, SM2SM3}

// book is a log with everything that an attacker and a verifier see of it.
type book struct {
	signer   *Signer
	verifier *Verifier
	rows     []Row
	batches  []Batch
	head     Head
}

func keys(t require.TestingT, s Suite) (*Signer, *Verifier) {
	secret, public, err := GenerateKey(s, "sudi/370404/audit")
	require.NoError(t, err)
	signer, err := NewSigner(secret)
	require.NoError(t, err)
	verifier, err := NewVerifier(public)
	require.NoError(t, err)
	return signer, verifier
}

func newBook(t require.TestingT, s Suite, sizes ...int) *book {
	b := &book{}
	b.signer, b.verifier = keys(t, s)
	b.head = NewHead(b.verifier)
	for _, size := range sizes {
		b.grow(t, size)
	}
	return b
}

// grow adds a batch of rows.
func (b *book) grow(t require.TestingT, rows int) {
	var leaves []Hash
	for range rows {
		row := fresh(t, b.verifier.suite, fmt.Sprintf("record-%d", len(b.rows)+1))
		row.Seq = uint64(len(b.rows)) + 1
		b.rows, leaves = append(b.rows, row), append(leaves, row.Leaf)
	}
	head, batch, err := b.head.Append(b.signer, leaves, morning.Add(time.Duration(len(b.batches))*5*time.Second))
	require.NoError(t, err)
	b.head, b.batches = head, append(b.batches, batch)
}

// fresh is a row of a record that is in no log, without a number.
func fresh(t require.TestingT, s Suite, id string) Row {
	text, err := Record{
		ID: id, At: morning, Actor: domain.Actor{ID: "u1", Name: "王", Role: domain.RoleClerk, Org: "370404102"},
		Action: "case.act", Object: Object{Type: "case", ID: "c-" + id}, Result: ResultDone,
		Details: map[string]string{"action": "accept"},
	}.Canonical()
	require.NoError(t, err)
	return Row{Canonical: text, Leaf: s.Leaf(text)}
}

// journal writes batches as a journal's bytes, without leaf hashes if bare.
func journal(t require.TestingT, batches []Batch, bare bool) []byte {
	var text []byte
	for _, b := range batches {
		if bare {
			b = b.Bare()
		}
		line, err := b.line()
		require.NoError(t, err)
		text = append(text, line...)
	}
	return text
}

func each[T any](values []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (b *book) verify(t require.TestingT, rows []Row, journal []byte) Report {
	report, err := Verify(b.verifier, each(rows), bytes.NewReader(journal))
	require.NoError(t, err)
	return report
}

func forSuites(t *testing.T, test func(t *testing.T, s Suite)) {
	for _, s := range suites {
		t.Run(string(s), func(t *testing.T) { test(t, s) })
	}
}
