package workflow

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/golden, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test ./workflow -update writes it anew; read the difference first")
}

// A change of a procedure is reviewed as a change of its drawing and matrix.
func TestProceduresAreAsDrawn(t *testing.T) {
	for _, p := range standardProcedures(t) {
		golden(t, p.Name+".zh.mmd", Draw(p, "zh", ""))
		golden(t, p.Name+".en.mmd", Draw(p, "en", ""))
		golden(t, p.Name+".matrix.txt", Matrix(p))
	}
}

func TestDrawMarksTheCasesPlace(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	p, err := lib.Latest("appeal", domain.NewDate(2024, 1, 1))
	require.NoError(t, err)
	drawing := Draw(p, "en", "handling")
	require.Contains(t, drawing, "class handling here\n")
	require.Contains(t, drawing, "handling --> replied: Reply\n")
	require.NotContains(t, Draw(p, "en", "nowhere"), "class")
	require.True(t, strings.HasPrefix(drawing, "stateDiagram-v2\n"))
}
