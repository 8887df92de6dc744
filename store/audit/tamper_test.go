package audit

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// tampers is how many random attacks TestEveryTamperingIsNamed makes at least.
const tampers = 10_000

// tamper attacks the rows of a log as a superuser can, and says with what.
func tamper(t *rapid.T, s Suite, rows []Row) ([]Row, string) {
	rows = slices.Clone(rows)
	how := rapid.SampledFrom([]string{
		"edit", "edit and hash", "leaf hash", "delete", "delete and renumber", "truncate",
		"swap", "move", "insert", "insert twice", "copy over", "replay", "foreign stretch",
	}).Draw(t, "how")
	at := func(label string, limit int) int { return rapid.IntRange(0, limit).Draw(t, label) }
	i := at("row", len(rows)-1)
	switch how {
	case "edit":
		rows[i].Canonical = fresh(t, s, "forged").Canonical
	case "edit and hash":
		rows[i].Canonical, rows[i].Leaf = fresh(t, s, "forged").Canonical, fresh(t, s, "forged").Leaf
	case "leaf hash":
		rows[i].Leaf[at("byte", HashSize-1)] ^= 1
	case "delete":
		rows = slices.Delete(rows, i, i+1)
	case "delete and renumber":
		rows = renumber(slices.Delete(rows, i, i+1+at("more", len(rows)-1-i)))
	case "truncate":
		rows = rows[:i]
	case "swap":
		j := at("other", len(rows)-1)
		rows[i], rows[j] = rows[j], rows[i]
		rows = renumber(rows)
	case "move":
		moved := rows[i]
		rows = slices.Delete(rows, i, i+1)
		rows = renumber(slices.Insert(rows, at("to", len(rows)), moved))
	case "insert":
		rows = renumber(slices.Insert(rows, i, fresh(t, s, "forged")))
	case "insert twice": // with a number that is there
		row := fresh(t, s, "forged")
		row.Seq = rows[i].Seq
		rows = slices.Insert(rows, i+at("after", 1), row)
	case "copy over":
		j := at("other", len(rows)-1)
		rows[i].Canonical, rows[i].Leaf = rows[j].Canonical, rows[j].Leaf
	case "replay":
		rows = renumber(slices.Insert(rows, i, rows[at("other", len(rows)-1)]))
	case "foreign stretch": // all hashes made to agree
		for j := i; j < len(rows); j++ {
			row := fresh(t, s, fmt.Sprintf("forged-%d", j))
			rows[j].Canonical, rows[j].Leaf = row.Canonical, row.Leaf
		}
	}
	return rows, how
}

func renumber(rows []Row) []Row {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Seq = uint64(i) + 1
	}
	return rows
}

func same(a, b Row) bool {
	return a.Seq == b.Seq && a.Leaf == b.Leaf && bytes.Equal(a.Canonical, b.Canonical)
}

// firstBad is the number of the first row that is not as it was; 0 if all are.
func firstBad(was, is []Row) uint64 {
	for i, row := range was {
		if i == len(is) || is[i].Seq >= row.Seq && !same(row, is[i]) {
			return row.Seq
		}
		if !same(row, is[i]) {
			return is[i].Seq // a number that is there twice
		}
	}
	if len(is) > len(was) {
		return min(is[len(was)].Seq, uint64(len(was))+1)
	}
	return 0
}

func TestEveryTamperingIsNamed(t *testing.T) {
	attacks := map[string]int{}
	total := 0
	defer func() { t.Log(total, attacks) }()
	for total < tampers {
		rapid.Check(t, func(t *rapid.T) {
			s := Ed25519SHA256
			if rapid.IntRange(0, 9).Draw(t, "suite") == 0 {
				s = SM2SM3
			}
			b := newBook(t, s, rapid.SliceOfN(rapid.IntRange(0, 12), 1, 8).Draw(t, "batches")...)
			b.grow(t, 1)
			full, bare := journal(t, b.batches, false), journal(t, b.batches, true)
			for _, text := range [][]byte{full, bare} {
				report := b.verify(t, b.rows, text)
				require.True(t, report.OK(), "%v %v", report.Row, report.Checkpoint)
				require.Equal(t, uint64(len(b.rows)), report.Rows)
			}
			for range 115 {
				rows, how := tamper(t, s, b.rows)
				want := firstBad(b.rows, rows)
				if want == 0 {
					continue // e.g. a row swapped with itself
				}
				total++
				attacks[how]++

				report := b.verify(t, rows, full)
				require.Nil(t, report.Checkpoint)
				if want > uint64(len(b.rows)) { // no checkpoint covers it
					require.Nil(t, report.Row, how)
					require.NotZero(t, report.Pending, how)
					continue
				}
				require.NotNil(t, report.Row, how)
				require.Equal(t, want, report.Row.Row, "%s: %v", how, report.Row)
				require.Equal(t, want, report.Row.From, "%s: %v", how, report.Row)
				require.Equal(t, b.head.Size(), report.Last.Size)

				report = b.verify(t, rows, bare)
				require.Nil(t, report.Checkpoint)
				require.NotNil(t, report.Row, how)
				require.LessOrEqual(t, report.Row.From, want, "%s: %v", how, report.Row)
				require.GreaterOrEqual(t, report.Row.Row, want, "%s: %v", how, report.Row)
				from, to := b.around(want)
				require.GreaterOrEqual(t, report.Row.From, from, "%s: %v", how, report.Row)
				require.LessOrEqual(t, report.Row.Row, to, "%s: %v", how, report.Row)
				if how == "edit" || how == "leaf hash" {
					require.Equal(t, report.Row.From, report.Row.Row, "content and hash disagree: the row is known")
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	require.Len(t, attacks, 13)
}

// around gives the rows of the batch that has the row.
func (b *book) around(seq uint64) (from, to uint64) {
	from = 1
	for _, batch := range b.batches {
		if seq <= batch.Size {
			return from, batch.Size
		}
		from = batch.Size + 1
	}
	return from, seq
}

func TestKindOfTampering(t *testing.T) {
	forSuites(t, func(t *testing.T, s Suite) {
		b := newBook(t, s, 4, 3, 5)
		forged := fresh(t, s, "forged")
		with := func(change func(rows []Row) []Row) []Row { return change(slices.Clone(b.rows)) }
		overwrite := func(at int, hashToo bool) []Row {
			return with(func(rows []Row) []Row {
				rows[at].Canonical = forged.Canonical
				if hashToo {
					rows[at].Leaf = forged.Leaf
				}
				return rows
			})
		}
		deleted := func(from, to int) []Row {
			return with(func(rows []Row) []Row { return slices.Delete(rows, from, to) })
		}
		swapped := with(func(rows []Row) []Row {
			rows[1], rows[9] = rows[9], rows[1]
			return renumber(rows)
		})
		tests := map[string]struct {
			rows       []Row
			full, bare RowFault
		}{
			"edit":                   {overwrite(5, false), RowFault{RowEdited, 6, 6, "forged"}, RowFault{RowEdited, 6, 6, "forged"}},
			"edit with hash":         {overwrite(5, true), RowFault{RowEdited, 6, 6, "forged"}, RowFault{RowRewritten, 5, 7, ""}},
			"hash":                   {with(func(rows []Row) []Row { rows[5].Leaf = forged.Leaf; return rows }), RowFault{RowLeaf, 6, 6, "record-6"}, RowFault{RowLeaf, 6, 6, "record-6"}},
			"delete":                 {deleted(5, 6), RowFault{RowMissing, 6, 6, ""}, RowFault{RowMissing, 5, 6, ""}},
			"delete and renumber":    {renumber(deleted(5, 6)), RowFault{RowMissing, 6, 6, ""}, RowFault{RowRewritten, 5, 7, ""}},
			"delete a batch's last":  {renumber(deleted(6, 7)), RowFault{RowMissing, 7, 7, ""}, RowFault{RowRewritten, 5, 7, ""}},
			"delete a batch":         {renumber(deleted(4, 7)), RowFault{RowMissing, 5, 5, ""}, RowFault{RowRewritten, 5, 7, ""}},
			"truncate":               {deleted(10, 12), RowFault{RowTruncated, 11, 11, ""}, RowFault{RowTruncated, 8, 11, ""}},
			"truncate to a boundary": {deleted(7, 12), RowFault{RowTruncated, 8, 8, ""}, RowFault{RowTruncated, 8, 8, ""}},
			"swap":                   {swapped, RowFault{RowMoved, 2, 2, "record-10"}, RowFault{RowRewritten, 1, 4, ""}},
			"insert": {with(func(rows []Row) []Row { return renumber(slices.Insert(rows, 5, forged)) }),
				RowFault{RowInserted, 6, 6, "forged"}, RowFault{RowRewritten, 5, 7, ""}},
			"copy a later row over": {with(func(rows []Row) []Row {
				rows[5].Canonical, rows[5].Leaf = rows[8].Canonical, rows[8].Leaf
				return rows
			}), RowFault{RowEdited, 6, 6, "record-9"}, RowFault{RowRewritten, 5, 7, ""}},
			"edit two of a batch": {with(func(rows []Row) []Row {
				rows[4].Canonical, rows[4].Leaf = forged.Canonical, forged.Leaf
				rows[5].Canonical = forged.Canonical
				return rows
			}), RowFault{RowEdited, 5, 5, "forged"}, RowFault{RowEdited, 5, 6, "forged"}},
			"nothing left": {nil, RowFault{RowTruncated, 1, 1, ""}, RowFault{RowTruncated, 1, 1, ""}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				require.Equal(t, &test.full, b.verify(t, test.rows, journal(t, b.batches, false)).Row)
				require.Equal(t, &test.bare, b.verify(t, test.rows, journal(t, b.batches, true)).Row)
			})
		}
	})
}

func TestPendingRows(t *testing.T) {
	b := newBook(t, Ed25519SHA256, 4, 3)
	whole := journal(t, b.batches, false)
	short := journal(t, b.batches[:1], false)

	report := b.verify(t, b.rows, short)
	require.True(t, report.OK())
	require.Equal(t, uint64(4), report.Rows)
	require.Equal(t, uint64(3), report.Pending)

	edited := slices.Clone(b.rows)
	edited[5].Canonical = fresh(t, Ed25519SHA256, "forged").Canonical
	require.Equal(t, &RowFault{RowEdited, 5, 6, "forged"}, b.verify(t, edited, short).Row)
	require.Equal(t, &RowFault{RowMissing, 5, 6, ""}, b.verify(t, slices.Delete(slices.Clone(b.rows), 5, 6), short).Row)

	report = b.verify(t, b.rows, nil)
	require.Equal(t, &CheckpointFault{Kind: CheckpointNone}, report.Checkpoint)
	require.True(t, b.verify(t, nil, nil).OK(), "a log that has not begun")

	// A journal cut off with its rows is a log that stood so once; the other
	// place of the journal tells.
	require.True(t, b.verify(t, b.rows[:4], short).OK())
	require.Equal(t, RowTruncated, b.verify(t, b.rows[:4], whole).Row.Kind)
}
