package workflow

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

// Whatever happens to a case, in whatever order, by whoever: it stays one that
// may be, and its history tells it whole.
func TestRandomWalks(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		t.Run(p.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				dice := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "dice") }
				if w := walk(t, rules, p.Name, dice, 40, nil); w != nil {
					w.finish()
				}
			})
		})
	}
}

// The walks must get everywhere, or they prove little.
func TestRandomWalksReachEveryState(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		missing := map[string]bool{}
		for _, s := range p.States {
			missing["state "+s.Name] = true
		}
		for _, tr := range p.all() {
			missing["action "+tr.Do] = true
		}
		for seed := uint64(0); len(missing) > 0 && seed < 5_000; seed++ {
			r := rand.New(rand.NewPCG(seed, 1))
			w := walk(t, rules, p.Name, r.IntN, 80, func(action string) bool { return missing["action "+action] })
			if w == nil {
				continue
			}
			for _, e := range w.entries {
				delete(missing, "state "+e.To)
				delete(missing, "action "+e.Action)
			}
		}
		require.Empty(t, missing, p.Name)
	}
}

var writeHistories = flag.Bool("histories", false, "write the histories of procedure versions that have none yet")

// history is a case as it was stored once; it must be read the same for ever.
type history struct {
	Entries   []domain.Entry    `json:"entries"`
	Case      domain.Case       `json:"case"`
	Deadlines []domain.Deadline `json:"deadlines"`
}

const historiesPerProcedure = 40

// Stored histories fold to the stored case under today's code.
func TestStoredHistoriesFoldToTheirCases(t *testing.T) {
	for _, p := range standardProcedures(t) {
		name := filepath.Join("testdata", "histories", fmt.Sprintf("%s-%d.json", p.Name, p.Version))
		if _, err := os.Stat(name); os.IsNotExist(err) && *writeHistories {
			require.NoError(t, os.WriteFile(name, newHistories(t, p), 0o600))
		}
	}
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), len(standardProcedures(t)))
	lib, err := StandardLibrary()
	require.NoError(t, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var hs []history
		require.NoError(t, json.Unmarshal(raw, &hs))
		require.GreaterOrEqual(t, len(hs), 30)
		for i, h := range hs {
			c, clocks, err := domain.Fold(h.Entries)
			require.NoError(t, err)
			require.JSONEq(t, string(mustJSON(t, h.Case)), string(mustJSON(t, storedCase(c))), "%s %d", file, i)
			require.JSONEq(t, string(mustJSON(t, h.Deadlines)), string(mustJSON(t, sortedClocks(clocks))), "%s %d", file, i)
			p, err := lib.Get(c.Procedure, c.ProcedureVersion)
			require.NoError(t, err, "a published version was taken away")
			s := p.State(c.State)
			require.NotNil(t, s, "a published version lost state %s", c.State)
			require.Equal(t, c.Disposition, s.Disposition)
		}
	}
}

func newHistories(t *testing.T, p *Procedure) []byte {
	rules := theRules(t)
	var lines []string
	for seed := uint64(1); len(lines) < historiesPerProcedure; seed++ {
		r := rand.New(rand.NewPCG(seed, 2))
		w := walk(t, rules, p.Name, r.IntN, 30, nil)
		if w == nil || len(w.entries) < 4 || len(w.entries) > 12 {
			continue
		}
		lines = append(lines, string(mustJSON(t, history{w.entries, storedCase(w.file.Case), sortedClocks(w.file.Deadlines)})))
	}
	return []byte("[\n" + strings.Join(lines, ",\n") + "\n]\n")
}
