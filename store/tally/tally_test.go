package tally

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// place is an entry without its count.
type place struct {
	group         string
	measure, step int
}

func entries(row []byte) (map[place]int64, []Entry, error) {
	counts, list, r := map[place]int64{}, []Entry(nil), Read(row)
	for r.Next() {
		e := r.Entry
		counts[place{e.Group, e.Measure, e.Step}] = e.N
		list = append(list, e)
	}
	return counts, list, r.Err()
}

// A row is the sum of all that was ever added to it, in order, each place once.
func TestRowIsTheSum(t *testing.T) {
	one := rapid.Custom(func(t *rapid.T) Entry {
		return Entry{
			Group:   rapid.SampledFrom([]string{"", "370404102", "03", "调解"}).Draw(t, "group"),
			Measure: rapid.IntRange(0, 300).Draw(t, "measure"),
			Step:    rapid.OneOf(rapid.Just(0), rapid.IntRange(-2, 3), rapid.IntRange(0, 30_000)).Draw(t, "step"),
			N:       rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-1<<40, 1<<40)).Draw(t, "n"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var row []byte
		want := map[place]int64{}
		for range rapid.IntRange(0, 5).Draw(t, "times") {
			more := rapid.SliceOf(one).Draw(t, "more")
			for _, e := range more {
				want[place{e.Group, e.Measure, e.Step}] += e.N
			}
			var err error
			row, err = Add(row, more)
			require.NoError(t, err)
		}
		maps.DeleteFunc(want, func(_ place, n int64) bool { return n == 0 })
		got, list, err := entries(row)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Len(t, list, len(want), "each place once")
		require.True(t, slices.IsSortedFunc(list, func(a, b Entry) int { return a.Compare(&b) }))
		require.Equal(t, len(want) == 0, len(row) == 0)
	})
}

// What is no row is refused, not read as something else.
func TestMalformed(t *testing.T) {
	row, err := Add(nil, []Entry{{Group: "370404", Measure: 3, Step: 7, N: 300}})
	require.NoError(t, err)
	for cut := 1; cut < len(row); cut++ {
		if _, _, err := entries(row[:cut]); cut > 1 {
			require.ErrorIs(t, err, ErrMalformed, "cut after %d", cut)
		}
	}
	for _, bad := range [][]byte{{2}, {0}, {format, 0, 200}, {format, 0, 0, 0}, {format, 255, 255, 255, 255, 1, 0, 0}} {
		_, err := Add(bad, nil)
		require.ErrorIs(t, err, ErrMalformed, "%v", bad)
	}
}

func FuzzRead(f *testing.F) {
	row, _ := Add(nil, []Entry{{Group: "a", Measure: 1, N: 1}, {Group: "b", Measure: 2, Step: 3, N: -4}})
	f.Add(row)
	f.Fuzz(func(t *testing.T, row []byte) {
		counts, list, err := entries(row)
		if err != nil || len(list) != len(counts) || !slices.IsSortedFunc(list, func(a, b Entry) int { return a.Compare(&b) }) {
			return
		}
		again, err := Add(row, nil)
		require.NoError(t, err)
		maps.DeleteFunc(counts, func(_ place, n int64) bool { return n == 0 })
		got, _, err := entries(again)
		require.NoError(t, err)
		require.Equal(t, counts, got)
	})
}
