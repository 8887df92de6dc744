package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sudi/store/storetest"
)

// attestedCounty is a database with the model county's organisations, as
// arguments.
func attestedCounty(t *testing.T) []string {
	t.Helper()
	db := []string{"--database-url", storetest.NewDatabase(t), "--data-dir", t.TempDir()}
	out, code := runs(t, append([]string{"demo", "--without-cases"}, db...)...)
	require.Equal(t, 0, code, out)
	return db
}

func TestAttestAndFreeze(t *testing.T) {
	db := attestedCounty(t)
	sudi := func(want int, args ...string) string {
		t.Helper()
		out, code := runs(t, append(args, db...)...)
		require.Equal(t, want, code, out)
		return out
	}
	said := []string{"--year", "2020", "--source", "工作台账", "--date", "2021-01-15", "--signer", "某甲"}
	enter := func(want int, args ...string) string {
		t.Helper()
		return sudi(want, append(append([]string{"attest", "enter"}, args...), said...)...)
	}
	require.Contains(t, enter(0, "training.examined", "2560", "--over"), "over 2560 persons (revision 1)")
	require.Contains(t, enter(0, "training.examined", "2560", "--over"), "(revision 1)", "the same again")
	require.Contains(t, enter(0, "training.examined", "2561"), "(revision 2)")
	require.Contains(t, enter(1, "training.examined", "many"), "decimal")
	require.Contains(t, enter(1, "no.such", "1"), "no such attested item")
	require.Contains(t, enter(1, "cleanup.kept", "21", "--department", "370404-nobody"), "no such organisation")
	sudi(2, "attest", "enter", "cleanup.kept", "21", "--year", "2020")
	sudi(2, "attest", "list")

	list := sudi(0, "attest", "list", "--year", "2020", "--history")
	require.Regexp(t, `training.examined .* 2561 persons +2 +峄城区司法局`, list)
	require.Regexp(t, `training.examined .* over 2560 persons +1 `, list)
	missing := sudi(0, "attest", "missing", "--year", "2020")
	require.NotContains(t, missing, "training.examined")
	require.Regexp(t, `openness.topics .* 峄城区人民政府办公室`, missing)

	out := sudi(0, "report", "freeze", "--year", "2020")
	require.Contains(t, out, "revision 1")
	require.Regexp(t, `sha256:[0-9a-f]{64}`, out)
	require.Contains(t, sudi(1, "report", "freeze", "--year", "2020"), "revision 1, which is published already")
	require.Contains(t, sudi(0, "report", "pending", "--year", "2020"), "Nothing differs")
	enter(0, "training.examined", "2560", "--over")
	require.Contains(t, sudi(1, "report", "freeze", "--year", "2020"), "required")
	out = sudi(0, "report", "--year", "2020")
	require.Contains(t, out, "2561 persons", "as published")
	require.Contains(t, out, "Officials who sat the examination in law (2020): 2561 → 2560+")
	require.Contains(t, out, "statement revision 3, 工作台账, signed by 某甲")
	require.Contains(t, sudi(0, "report", "freeze", "--year", "2020", "--reason", "更正"), "revision 2")
	require.Contains(t, sudi(0, "report", "--year", "2020"), "over 2560 persons")
	require.Contains(t, sudi(0, "report", "pending", "--year", "2019"), "not published")
}

func TestAttestImport(t *testing.T) {
	db := attestedCounty(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	imports := func(path string) (string, int) {
		return runs(t, append([]string{"attest", "import", path, "--year", "2020"}, db...)...)
	}
	const head = "code,value,over,department,source,date,signer,note\n"
	out, code := imports(write("bad.csv", head+"cleanup.kept,21,,,台账,2021-01-15,某甲,\ncleanup.repealed,x,,,台账,2021-01-15,某甲,\n"))
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "row 3 (cleanup.repealed)")
	require.Contains(t, out, "Nothing was entered")
	for name, text := range map[string]string{
		"empty.csv": head, "column.csv": "code,colour\na,b\n", "twice.csv": "code,code\na,b\n", "date.csv": head + "cleanup.kept,21,,,台账,15.1.2021,某甲,\n",
		"over.csv": head + "cleanup.kept,21,perhaps,,台账,2021-01-15,某甲,\n", "short.csv": "code,value\na,1\n", "file.txt": head,
	} {
		out, code := imports(write(name, text))
		require.Equal(t, 2, code, "%s: %s", name, out)
	}
	out, code = imports(write("sums.csv", "\xef\xbb\xbf代码,数值,余,来源,日期,签字人\n"+
		"decisions.reviewed,3,,台账,2021-01-15,某甲\ndecisions.documents_reviewed,11,否,台账,2021-01-15,某甲\n"+
		"decisions.matters_reviewed,71,,台账,2021-01-15,某甲\ndecisions.legal_opinions,86,,台账,2021-01-15,某甲\n\n"))
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "4 rows are entered; 63 items of 2020 are missing.")
	require.Contains(t, out, "decisions.legal_opinions is stated as 86; by decisions.reviewed, decisions.documents_reviewed, decisions.matters_reviewed it would be 85")

	book := excelize.NewFile()
	for i, row := range [][]any{
		{"code", "value", "over", "source", "date", "signer"},
		{"openness.published", "12,000余", nil, "年报", time.Date(2021, 1, 5, 0, 0, 0, 0, time.UTC), "某乙"},
		{"training.excellent_rate", 0.936, nil, "年报", "2021-01-06", "某乙"},
	} {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, book.SetSheetRow("Sheet1", cell, &row))
	}
	percent, err := book.NewStyle(&excelize.Style{NumFmt: 10})
	require.NoError(t, err)
	require.NoError(t, book.SetCellStyle("Sheet1", "B3", "B3", percent))
	xlsx := filepath.Join(dir, "more.xlsx")
	require.NoError(t, book.SaveAs(xlsx))
	out, code = imports(xlsx)
	require.Equal(t, 0, code, out)
	list, code := runs(t, append([]string{"attest", "list", "--year", "2020"}, db...)...)
	require.Equal(t, 0, code)
	require.Regexp(t, `openness.published .* over 12000 items .* 2021-01-05 +某乙`, list)
	require.Regexp(t, `training.excellent_rate .* 93.6% .* 2021-01-06 +某乙`, list)
}
