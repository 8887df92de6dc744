package audit

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func (b *book) leaves() []Hash {
	var leaves []Hash
	for _, row := range b.rows {
		leaves = append(leaves, row.Leaf)
	}
	return leaves
}

func TestProveEveryRow(t *testing.T) {
	forSuites(t, func(t *testing.T, s Suite) {
		b := newBook(t, s, 1, 4, 8, 7)
		for _, batch := range b.batches {
			for _, row := range b.rows[:batch.Size] {
				text, err := Prove(b.verifier, each(b.leaves()), row, batch.Note)
				require.NoError(t, err)
				proven, err := CheckProof(b.verifier, text)
				require.NoError(t, err)
				require.Equal(t, row.Seq, proven.Seq)
				record, err := ParseRecord(row.Canonical)
				require.NoError(t, err)
				require.Equal(t, Proven{row.Seq, record, batch.Checkpoint}, proven)
			}
		}
	})
}

func TestProofsThatAreNone(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 4, 9)
	note := b.batches[1].Note
	row := b.rows[6]
	text, err := Prove(b.verifier, each(b.leaves()), row, note)
	require.NoError(t, err)
	want, err := CheckProof(b.verifier, text)
	require.NoError(t, err)
	signature := bytes.LastIndex(text, []byte("\n\n"))
	for i := range text { // every byte counts
		bent := slices.Clone(text)
		bent[i] ^= 1
		proven, err := CheckProof(b.verifier, bent)
		if i > signature && err == nil { // bits of base64 behind a signature's end
			require.Equal(t, want, proven)
			continue
		}
		require.Error(t, err, "byte %d", i)
	}
	_, err = CheckProof(b.verifier, append(text, '\n'))
	require.Error(t, err)
	_, stranger := keys(t, Ed25519SHA256)
	_, err = CheckProof(stranger, text)
	require.Error(t, err)

	elsewhere := row
	elsewhere.Seq--
	_, err = Prove(b.verifier, each(b.leaves()), elsewhere, note)
	require.Error(t, err)
	_, err = Prove(b.verifier, each(b.leaves()), row, b.batches[0].Note)
	require.ErrorContains(t, err, "not among the 4 rows")
	_, err = Prove(b.verifier, each(b.leaves()[:9]), row, note)
	require.ErrorContains(t, err, "9 rows are there of the checkpoint's 13")
	bent := b.leaves()
	bent[0][0] ^= 1
	_, err = Prove(b.verifier, each(bent), row, note)
	require.Error(t, err)
}

func FuzzCheckProof(f *testing.F) {
	b := newBook(f, Ed25519SHA256, 5)
	text, err := Prove(b.verifier, each(b.leaves()), b.rows[2], b.batches[0].Note)
	require.NoError(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		proven, err := CheckProof(b.verifier, text)
		if err != nil {
			return
		}
		canonical, err := proven.Record.Canonical()
		require.NoError(t, err)
		require.True(t, bytes.Equal(b.rows[proven.Seq-1].Canonical, canonical))
	})
}
