package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The tree is that of RFC 6962: two other implementations agree, and for SM3
// the definition written out.
func TestTreeIsRFC6962(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(at))
		for i := range at {
			hashes[i] = stored[at[i]]
		}
		return hashes, nil
	})
	tree := newTree(Ed25519SHA256)
	require.Equal(t, Hash(sha256.Sum256(nil)), tree.root())
	for i := range 130 {
		content := fmt.Appendf(nil, "row %d", i)
		leaf := Ed25519SHA256.Leaf(content)
		require.Equal(t, rfc6962.DefaultHasher.HashLeaf(content), leaf[:])
		tree.append(leaf)
		hashes, err := tlog.StoredHashes(int64(i), content, reader)
		require.NoError(t, err)
		stored = append(stored, hashes...)
		root, err := tlog.TreeHash(int64(i+1), reader)
		require.NoError(t, err)
		require.Equal(t, Hash(root), tree.root())
	}
	leaf := func(text string) []byte { return sm3Hasher.HashLeaf([]byte(text)) }
	sm3Tree := newTree(SM2SM3)
	for _, text := range []string{"a", "b", "c"} {
		sm3Tree.append(SM2SM3.Leaf([]byte(text)))
	}
	node := sm3Hasher.HashChildren(sm3Hasher.HashChildren(leaf("a"), leaf("b")), leaf("c"))
	require.Equal(t, Hash(node), sm3Tree.root())
}

// GB/T 32905-2016, example 1: SM3 of "abc".
func TestSM3IsTheStandards(t *testing.T) {
	sum := sm3Hasher.sum([]byte("abc"))
	require.Equal(t, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", hex.EncodeToString(sum[:]))
}

// From every prefix a log can be taken up from what a row of the database
// holds, and comes out as if it had been built at once.
func TestResumeFromEveryPrefix(t *testing.T) {
	forSuites(t, func(t *testing.T, s Suite) {
		const size = 70
		signer, verifier := keys(t, s)
		leaves := make([]Hash, size)
		whole := newTree(s)
		for i := range leaves {
			leaves[i] = s.Leaf(fmt.Append(nil, i))
			whole.append(leaves[i])
		}
		for prefix := range size + 1 {
			head, batch, err := NewHead(verifier).Append(signer, leaves[:prefix], morning)
			require.NoError(t, err)
			head, err = Resume(verifier, batch.Note, head.Frontier())
			require.NoError(t, err)
			require.Equal(t, uint64(prefix), head.Size())
			next, batch, err := head.Append(signer, leaves[prefix:], morning)
			require.NoError(t, err)
			require.Equal(t, whole.root(), next.Root())
			require.Equal(t, whole.frontier(), next.Frontier())
			require.Equal(t, head.Last().Digest(), batch.Previous)
			require.Equal(t, uint64(prefix), head.Size(), "whoever rolls back goes on with the old head")
		}
	})
}

func TestResumeRefusesAnotherHistory(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 5, 6)
	other := newBook(t, Ed25519SHA256, 5, 6)
	note, frontier := b.batches[1].Note, b.head.Frontier()
	_, err := Resume(b.verifier, note, frontier)
	require.NoError(t, err)

	bent := slices.Clone(frontier)
	bent[40] ^= 1
	for name, resume := range map[string]func() (Head, error){
		"bent":     func() (Head, error) { return Resume(b.verifier, note, bent) },
		"short":    func() (Head, error) { return Resume(b.verifier, note, frontier[:32]) },
		"older":    func() (Head, error) { return Resume(b.verifier, b.batches[0].Note, frontier) },
		"stranger": func() (Head, error) { return Resume(other.verifier, note, frontier) },
	} {
		_, err := resume()
		require.Error(t, err, name)
	}
	secret, _, err := GenerateKey(Ed25519SHA256, "another")
	require.NoError(t, err)
	stranger, err := NewSigner(secret)
	require.NoError(t, err)
	_, _, err = b.head.Append(stranger, nil, morning)
	require.ErrorIs(t, err, errKeyOther)
	_, _, err = b.head.Append(b.signer, make([]Hash, MaxBatch+1), morning)
	require.Error(t, err)
}

func TestClockThatGoesBack(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 1, 1)
	head, batch, err := b.head.Append(b.signer, nil, morning.Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, b.head.Last().Time, batch.Time)
	require.Equal(t, b.head.Root(), head.Root())
	require.True(t, b.verify(t, b.rows, journal(t, append(b.batches, batch), false)).OK())
}

func TestCheckpointForm(t *testing.T) {
	forSuites(t, func(t *testing.T, s Suite) {
		b := newBook(t, s, 3)
		c := b.batches[0]
		text, _, _ := bytes.Cut(c.Note, []byte("\n\n"))
		require.Equal(t, fmt.Sprintf("sudi/370404/audit\n3\n%s\nsuite %s\ntime 2026-11-24T08:00:00.000000Z\nprevious %s",
			c.Root, s, strings.Repeat("A", 43)+"="), string(text))
		opened, err := b.verifier.Open(c.Note)
		require.NoError(t, err)
		require.Equal(t, c.Checkpoint, opened)

		for i := range c.Note { // every byte counts
			bent := slices.Clone(c.Note)
			bent[i] ^= 1
			opened, err := b.verifier.Open(bent)
			if i > len(text) && err == nil { // bits of base64 behind a signature's end
				require.Equal(t, c.Checkpoint, opened)
				continue
			}
			require.Error(t, err, "byte %d", i)
		}
	})
}

func TestCheckpointsThatAreNone(t *testing.T) {
	whole := newBook(t, Ed25519SHA256, 3).batches[0].text()
	_, err := parseCheckpoint(whole)
	require.NoError(t, err)
	for _, change := range [][2]string{
		{"\n3\n", "\n03\n"}, {"\n3\n", "\n+3\n"}, {"\n3\n", "\n-3\n"}, {"suite ", ""}, {"ed25519-sha256", "md5"},
		{"08:00:00.000000Z", "08:00:00Z"}, {"previous A", "previous =A"}, {"previous ", "previous AAAA"}, {"time ", "at "},
		{"sudi/370404/audit", ""}, {"=\nsuite", "\nsuite"}, {"AA=\n", "AB=\n"}, {"AA=\n", "AA=\nmore\n"},
	} {
		text := strings.Replace(whole, change[0], change[1], 1)
		require.NotEqual(t, whole, text)
		_, err := parseCheckpoint(text)
		require.Error(t, err, "%q", text)
	}
}

// Anybody's verifier of signed notes can check our default signatures.
func TestNotesAreOrdinary(t *testing.T) {
	secret, public, err := GenerateKey(Ed25519SHA256, "sudi/370404/audit")
	require.NoError(t, err)
	signer, err := NewSigner(secret)
	require.NoError(t, err)
	v, err := NewVerifier(public)
	require.NoError(t, err)
	_, batch, err := NewHead(v).Append(signer, []Hash{{1}}, morning)
	require.NoError(t, err)
	plain, err := note.NewVerifier(public)
	require.NoError(t, err)
	_, err = note.Open(batch.Note, note.VerifierList(plain))
	require.NoError(t, err)

	// A witness may sign beside the log.
	witnessKey, _, err := GenerateKey(Ed25519SHA256, "witness")
	require.NoError(t, err)
	witness, err := note.NewSigner(witnessKey)
	require.NoError(t, err)
	opened, err := note.Open(batch.Note, note.VerifierList(plain))
	require.NoError(t, err)
	both, err := note.Sign(opened, witness)
	require.NoError(t, err)
	c, err := v.Open(both)
	require.NoError(t, err)
	require.Equal(t, batch.Digest(), c.Digest())
}

func TestKeys(t *testing.T) {
	forSuites(t, func(t *testing.T, s Suite) {
		secret, public, err := GenerateKey(s, "sudi/370404/audit")
		require.NoError(t, err)
		_, second, err := GenerateKey(s, "sudi/370404/audit")
		require.NoError(t, err)
		_, elsewhere, err := GenerateKey(s, "sudi/370405/audit")
		require.NoError(t, err)
		signer, err := NewSigner(secret)
		require.NoError(t, err)
		v, err := NewVerifier(second, public) // after a change of keys
		require.NoError(t, err)
		require.Equal(t, s, v.Suite())
		require.Equal(t, "sudi/370404/audit", v.Origin())
		_, batch, err := NewHead(v).Append(signer, nil, morning)
		require.NoError(t, err)
		_, err = v.Open(batch.Note)
		require.NoError(t, err)
		_, err = NewVerifier(public, elsewhere)
		require.ErrorIs(t, err, errKeyOther)

		for _, text := range []string{"", "x", public, strings.Replace(secret, "370404", "370405", 1), secret[:len(secret)-8]} {
			_, err = NewSigner(text)
			require.ErrorIs(t, err, errKey, text)
		}
		for _, text := range []string{"", "x", secret, strings.Replace(public, "370404", "370405", 1), public[:len(public)-8]} {
			_, err = NewVerifier(text)
			require.ErrorIs(t, err, errKey, text)
		}
		for _, origin := range []string{"", "a b", "a+b", "a\nb"} {
			_, _, err = GenerateKey(s, origin)
			require.Error(t, err, origin)
		}
	})
	_, _, err := GenerateKey("md5", "x")
	require.Error(t, err)
	_, err = NewVerifier()
	require.ErrorIs(t, err, errKey)
}

func FuzzParseCheckpoint(f *testing.F) {
	b := newBook(f, Ed25519SHA256, 3, 4)
	for _, batch := range b.batches {
		f.Add(batch.text())
	}
	f.Add("a\n01\n\nsuite sm2-sm3\ntime 2026-11-24T08:00:00.000000Z\nprevious \n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err == nil {
			require.Equal(t, text, c.text())
		}
	})
}

// Nothing but what the log signed is ever opened, and no journal makes Verify
// fail or find rows right that it does not cover.
func FuzzJournal(f *testing.F) {
	b := newBook(f, Ed25519SHA256, 3, 4)
	genuine := map[Hash]bool{}
	for _, batch := range b.batches {
		genuine[batch.Digest()] = true
	}
	f.Add(journal(f, b.batches, false))
	f.Add(journal(f, b.batches, true))
	f.Add([]byte("null\n{}\n{\"note\":1}\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		report := b.verify(t, b.rows, text)
		require.LessOrEqual(t, report.Rows, uint64(len(b.rows)))
		require.Nil(t, report.Row, "the rows are whole")
		require.True(t, report.Checkpoints == 0 || genuine[report.Last.Digest()])
		require.Equal(t, uint64(len(b.rows)), report.Rows+report.Pending)
	})
}
