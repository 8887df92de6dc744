package workflow

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStandardLibraryCompiles(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	var names []string
	for _, p := range lib.All() {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{
		"administrative_mediation", "appeal", "backlog", "enterprise_mediation", "litigation_mediation", "litigation_response",
		"mediation", "petition", "police_mediation", "proposal", "reconsideration",
	}, names)
}

func TestSoundProcedureCompiles(t *testing.T) {
	source, err := os.ReadFile("testdata/sound.yaml")
	require.NoError(t, err)
	p, errs := Compile("sound.yaml", source, Common{})
	require.Empty(t, errs)
	require.Equal(t, "sample", p.Name)
}

// Each file in testdata/broken is the sound one with a mistake; the comment
// "# want: text | text" stands on the line that must be blamed.
func TestCompileRefuses(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 25)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			p, errs := Compile(filepath.Base(file), source, Common{})
			assert.Nil(t, p)
			wanted := 0
			for i, line := range strings.Split(string(source), "\n") {
				_, comment, ok := strings.Cut(line, "# want:")
				if !ok {
					continue
				}
				for _, text := range strings.Split(comment, "|") {
					wanted++
					assert.True(t, blamed(errs, fmt.Sprintf("%s:%d: ", filepath.Base(file), i+1), strings.TrimSpace(text)),
						"line %d is not blamed for %q in %v", i+1, text, errs)
				}
			}
			assert.Len(t, errs, wanted, "%v", errs)
		})
	}
}

func blamed(errs []error, at, text string) bool {
	for _, err := range errs {
		if strings.HasPrefix(err.Error(), at) && strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// A library reports the mistakes of all its files together.
func TestLoadLibraryReportsEverything(t *testing.T) {
	source, err := os.ReadFile("testdata/sound.yaml")
	require.NoError(t, err)
	bad := strings.Replace(string(source), "number: YL", "number: y", 1)
	_, err = LoadLibrary(fstest.MapFS{
		"_common.yaml": {Data: []byte("anywhere:\n  - {do: note, title: {zh: 记, en: Note}, by: [nobody]}\n")},
		"a.yaml":       {Data: []byte(bad)},
		"b.yaml":       {Data: source},
		"c.yaml":       {Data: source},
		"d.yaml":       {Data: []byte(strings.Replace(string(source), "name: sample", "name: other", 1))},
	})
	require.ErrorContains(t, err, "_common.yaml:2: note: unknown role \"nobody\"")
	require.ErrorContains(t, err, "a.yaml:4: number must be")
	require.ErrorContains(t, err, "c.yaml: sample version 1 stands in two files")
	require.ErrorContains(t, err, "sample has the number letters YL of other")
}

func TestLintNamesUnsourcedLimits(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	var texts []string
	for _, r := range Lint(lib) {
		texts = append(texts, r.Procedure+" "+r.Text)
	}
	require.Contains(t, texts, "mediation accept: 3 working days is a default without a source")
	require.NotContains(t, strings.Join(texts, "\n"), "petition conclude, [class demand]")
}
