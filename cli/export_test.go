package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

func TestExportRefusesBadUse(t *testing.T) {
	for _, args := range [][]string{
		{"--kind", "work"}, {"--out", "x"}, {"--kind", "nonsense", "--out", "x"}, {"--kind", "work", "--out", "x", "--period", "2020-13"},
		{"--kind", "work", "--out", "x", "--persons", "some"}, {"--kind", "work", "--out", "x", "--side", "left"},
		{"--kind", "cases", "--out", "x", "--indicator", "nonsense"}, {"--kind", "cases", "--out", "x", "--side", "numerator"},
		{"--kind", "work", "--out", "x", "extra"},
	} {
		var out bytes.Buffer
		require.Equal(t, exitBadUse, Run(context.Background(), append([]string{"export", "ledger"}, args...), nil, io.Discard, &out), args)
		require.NotEmpty(t, out.String())
	}
}

func TestFileAppearsWhenItIsWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "台账.xlsx")
	broken := errors.New("broken")
	require.ErrorIs(t, writeWhole(name, 0o600, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return broken
	}), broken)
	left, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, writeWhole(name, 0o600, func(w io.Writer) error {
		_, err := w.Write([]byte("whole"))
		return err
	}))
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Error(t, writeWhole(filepath.Join(t.TempDir(), "no", "folder"), 0o600, func(io.Writer) error { return nil }))
}

func TestLedgerIsExported(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	raw, err := sudi("demo", "--without-cases", "--data-dir", data).CombinedOutput()
	require.NoError(t, err, string(raw))
	name := filepath.Join(dir, "台账.xlsx")
	raw, err = sudi("export", "ledger", "--kind", "backlog", "--period", "2020", "--lang", "zh", "--data-dir", data, "--out", name).CombinedOutput()
	require.NoError(t, err, string(raw))
	require.Contains(t, string(raw), "积案销号台账：0 行")
	f, err := excelize.OpenFile(name)
	require.NoError(t, err)
	defer f.Close() //nolint:errcheck // in memory
	require.Equal(t, []string{"积案销号台账", "说明"}, f.GetSheetList())
	cmd := sudi("export", "ledger", "--kind", "work", "--org", "nowhere", "--data-dir", data, "--out", name)
	raw, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, exitBadUse, cmd.ProcessState.ExitCode(), string(raw))
	cmd = sudi("export", "ledger", "--kind", "work", "--data-dir", data, "--out", filepath.Join(dir, "no", "folder.xlsx"))
	raw, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, exitFailed, cmd.ProcessState.ExitCode(), string(raw))
}
