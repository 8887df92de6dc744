package workflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// finish wants the history to tell the whole case: folded from nothing it is
// the case and its clocks, its tallies are the case's facts, and every clock
// can be explained.
func (w *walker) finish() {
	var entries []domain.Entry
	require.NoError(w.t, json.Unmarshal(mustJSON(w.t, w.entries), &entries))
	folded, clocks, err := domain.Fold(entries)
	require.NoError(w.t, err)
	require.JSONEq(w.t, string(mustJSON(w.t, storedCase(w.file.Case))), string(mustJSON(w.t, storedCase(folded))))
	require.JSONEq(w.t, string(mustJSON(w.t, sortedClocks(w.file.Deadlines))), string(mustJSON(w.t, sortedClocks(clocks))))
	facts := map[domain.Cell]int64{}
	for _, f := range domain.Facts(&w.file.Case) {
		facts[f.Cell] += f.N
	}
	maps.DeleteFunc(w.tallies, func(_ domain.Cell, n int64) bool { return n == 0 })
	require.Equal(w.t, facts, w.tallies)
	for _, d := range w.file.Deadlines {
		x, err := w.rules.Explain(d, entries)
		require.NoError(w.t, err)
		assert.Equal(w.t, domain.DateIn(d.Due), x.Days[len(x.Days)-1].Date, "%s %v", d.Kind, x)
		for i := 1; i < len(x.Days); i++ {
			require.Equal(w.t, x.Days[i-1].Date.AddDays(1), x.Days[i].Date, "%s: a day is missing or twice", d.Kind)
		}
	}
}

func mustJSON(t require.TestingT, v any) []byte {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// storedCase is what history tells of a case: all but its texts, with empty
// lists and missing ones alike.
func storedCase(c domain.Case) domain.Case {
	c.Title, c.Statement, c.Number = "", "", ""
	c.Flags = append([]domain.Flag{}, c.Flags...)
	c.Partners = append([]string{}, c.Partners...)
	if len(c.Counts) == 0 {
		c.Counts = nil
	}
	return c
}

func sortedClocks(ds []domain.Deadline) []domain.Deadline {
	ds = append([]domain.Deadline{}, ds...)
	slices.SortFunc(ds, func(a, b domain.Deadline) int {
		return strings.Compare(fmt.Sprintf("%s %04d", a.Kind, a.Round), fmt.Sprintf("%s %04d", b.Kind, b.Round))
	})
	return ds
}
