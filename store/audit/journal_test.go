package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEveryTamperingOfAJournalIsFound(t *testing.T) {
	for _, bare := range []bool{false, true} {
		rapid.Check(t, func(t *rapid.T) {
			b := newBook(t, Ed25519SHA256, rapid.SliceOfN(rapid.IntRange(1, 6), 3, 8).Draw(t, "batches")...)
			lines := bytes.SplitAfter(bytes.TrimSuffix(journal(t, b.batches, bare), []byte("\n")), []byte("\n"))
			lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
			i := rapid.IntRange(0, len(lines)-2).Draw(t, "line")
			var want *CheckpointFault
			switch rapid.SampledFrom([]string{"remove", "swap", "double", "forge", "size", "garble", "leaves"}).Draw(t, "how") {
			case "remove":
				lines = slices.Delete(lines, i, i+1)
				want = &CheckpointFault{CheckpointMissing, i + 1, b.batches[i+1].Size}
			case "garble":
				lines[i] = []byte("\x00\x00\n")
				want = &CheckpointFault{CheckpointMissing, i + 2, b.batches[i+1].Size}
			case "swap":
				lines[i], lines[i+1] = lines[i+1], lines[i]
				want = &CheckpointFault{CheckpointMissing, i + 1, b.batches[i+1].Size}
			case "double":
				lines = slices.Insert(lines, i, lines[i])
				want = &CheckpointFault{CheckpointMissing, i + 2, b.batches[i].Size}
			case "forge": // by somebody with a key of his own for the same name
				other, _ := keys(t, Ed25519SHA256)
				forged := b.batches[i]
				forged.Note = must(t)(forged.sign(other))
				lines[i] = must(t)(forged.line())
				want = &CheckpointFault{CheckpointForged, i + 1, 0}
			case "size":
				forged := b.batches[i]
				forged.Size++
				text := bytes.Replace(b.batches[i].Note, []byte(b.batches[i].text()), []byte(forged.text()), 1)
				forged.Note = text
				lines[i] = must(t)(forged.line())
				want = &CheckpointFault{CheckpointForged, i + 1, 0}
			case "leaves":
				if bare {
					return
				}
				forged := b.batches[i]
				forged.Leaves = slices.Clone(forged.Leaves)
				forged.Leaves[0][0] ^= 1
				lines[i] = must(t)(forged.line())
				want = &CheckpointFault{CheckpointLeaves, i + 1, forged.Size}
			}
			report := b.verify(t, b.rows, bytes.Join(lines, nil))
			require.Equal(t, want, report.Checkpoint)
			require.Nil(t, report.Row, "the rows are whole, and the next checkpoint tells")
			require.Equal(t, b.head.Size(), report.Rows)

			alone, err := Verify(b.verifier, nil, bytes.NewReader(bytes.Join(lines, nil)))
			require.NoError(t, err)
			require.Equal(t, want, alone.Checkpoint)
		})
	}
}

func must(t require.TestingT) func([]byte, error) []byte {
	return func(text []byte, err error) []byte {
		require.NoError(t, err)
		return text
	}
}

// A row is found by the genuine checkpoints although one between was forged.
func TestRowsBehindAForgedCheckpoint(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 3, 3, 3)
	lines := bytes.SplitAfter(journal(t, b.batches, false), []byte("\n"))
	lines[1] = []byte(`{"note":"nobody's"}` + "\n")
	rows := slices.Clone(b.rows)
	rows[4] = fresh(t, Ed25519SHA256, "forged")
	rows[4].Seq = 5
	report := b.verify(t, rows, bytes.Join(lines, nil))
	require.Equal(t, &CheckpointFault{CheckpointForged, 2, 0}, report.Checkpoint)
	require.Equal(t, &RowFault{RowRewritten, 4, 9, ""}, report.Row)
}

// Of two histories that one key signed, the second is not the first's.
func TestAnotherHistory(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 3)
	_, other, err := NewHead(b.verifier).Append(b.signer, []Hash{{1}, {2}, {3}}, morning)
	require.NoError(t, err)
	report := b.verify(t, b.rows, journal(t, append(b.batches, other), true))
	require.Equal(t, &CheckpointFault{CheckpointMissing, 2, 3}, report.Checkpoint)
	require.Nil(t, report.Row)

	fork := b.batches[0]
	fork.Previous, fork.Root = b.batches[0].Digest(), Hash{1}
	fork.Note = must(t)(fork.sign(b.signer))
	report = b.verify(t, b.rows, journal(t, append(b.batches, fork), true))
	require.Equal(t, &CheckpointFault{CheckpointMissing, 2, 3}, report.Checkpoint)
	require.Nil(t, report.Row)
}

func TestJournalFile(t *testing.T) {
	forSuites(t, func(t *testing.T, s Suite) {
		b := newBook(t, s, 2, 0, 3000, 1)
		path := filepath.Join(t.TempDir(), "audit.journal")
		j, err := OpenJournal(b.verifier, path)
		require.NoError(t, err)
		require.True(t, j.Last().Time.IsZero())
		require.NoError(t, j.Append(b.batches[0]))
		require.ErrorContains(t, j.Append(b.batches[2]), "does not follow")
		require.NoError(t, j.Append(b.batches[1]))
		require.NoError(t, j.Append(b.batches[2])) // longer than what is read first
		require.NoError(t, j.Close())

		j, err = OpenJournal(b.verifier, path)
		require.NoError(t, err)
		require.Equal(t, b.batches[2].Checkpoint, j.Last())
		require.NoError(t, j.Append(b.batches[3]))
		require.NoError(t, j.Close())
		require.ErrorContains(t, j.Append(b.batches[3]), "does not follow")

		text := must(t)(os.ReadFile(path))
		require.Equal(t, journal(t, b.batches, false), text)
		report := b.verify(t, b.rows, text)
		require.True(t, report.OK())
		require.Equal(t, 4, report.Checkpoints)

		_, stranger := keys(t, s)
		_, err = OpenJournal(stranger, path)
		require.ErrorContains(t, err, "not the log's")
	})
}

// A death may cut the last line anywhere: the journal goes on, and is whole.
func TestTornJournal(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 2, 3, 1)
	whole := journal(t, b.batches[:2], false)
	first := len(journal(t, b.batches[:1], false))
	path := filepath.Join(t.TempDir(), "audit.journal")
	cuts := []int{first, first + 1, len(whole) - 2, len(whole) - 1, len(whole)}
	for cut := first + 2; cut < len(whole)-2; cut += 11 {
		cuts = append(cuts, cut)
	}
	for _, cut := range cuts {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		j, err := OpenJournal(b.verifier, path)
		require.NoError(t, err)
		for _, batch := range b.batches { // what is stored and not published
			if batch.Size > j.Last().Size {
				require.NoError(t, j.Append(batch), cut)
			}
		}
		require.NoError(t, j.Close())
		report := b.verify(t, b.rows, must(t)(os.ReadFile(path)))
		require.True(t, report.OK(), "%d: %v", cut, report.Checkpoint)
		require.Equal(t, uint64(6), report.Rows)
		require.Len(t, report.Torn, btoi(cut > first && cut < len(whole)-1), cut)
	}
	// After a power cut a file may end with zeros.
	require.NoError(t, os.WriteFile(path, append(whole[:first:first], make([]byte, 700)...), 0o600))
	j, err := OpenJournal(b.verifier, path)
	require.NoError(t, err)
	require.NoError(t, j.Append(b.batches[1]))
	require.NoError(t, j.Close())
	require.True(t, b.verify(t, b.rows, must(t)(os.ReadFile(path))).OK())
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A journal may go on in another file.
func TestJournalInSeveralFiles(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 2, 3, 1)
	torn := append(journal(t, b.batches[:2], false), `{"note":"sud`...)
	report, err := Verify(b.verifier, each(b.rows), bytes.NewReader(torn), bytes.NewReader(journal(t, b.batches[2:], false)))
	require.NoError(t, err)
	require.True(t, report.OK())
	require.Equal(t, []int{3}, report.Torn)
	require.Equal(t, uint64(6), report.Rows)

	report, err = Verify(b.verifier, each(b.rows), bytes.NewReader(journal(t, b.batches[2:], false)))
	require.NoError(t, err)
	require.Equal(t, &CheckpointFault{CheckpointMissing, 1, 6}, report.Checkpoint)
}
