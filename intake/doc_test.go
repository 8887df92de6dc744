package intake

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/county"
	"sudi/domain"
	"sudi/store"
	"sudi/store/storetest"
)

// The example that docs/import.md builds up works as it says.
func TestExampleOfTheGuide(t *testing.T) {
	raw, err := os.ReadFile("../docs/import.md")
	require.NoError(t, err)
	_, guide, ok := strings.Cut(string(raw), "## A mapping, step by step")
	require.True(t, ok)
	guide, _, ok = strings.Cut(guide, "## Rejects")
	require.True(t, ok)
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(guide, -1) {
		blocks = append(blocks, block[1])
	}
	mapping := strings.Join(blocks, "")
	var file strings.Builder
	w := csv.NewWriter(&file)
	for _, line := range regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(guide, -1) {
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(c))
		}
		if cells[0] != "---" {
			require.NoError(t, w.Write(cells))
		}
	}
	w.Flush()

	m := newMemory()
	path := writeFile(t, "hotline.csv", file.String())
	r, err := Run(bg(), options(t, m, path, mapping))
	require.NoError(t, err)
	require.Equal(t, [2]int{2, 0}, [2]int{r.Taken, r.Rejected}, m.reasons)
	require.Equal(t, domain.Concluded, m.files[0].Case.Disposition)
	require.Equal(t, "何时供暖？", m.files[1].Case.Title)
	require.Equal(t, "handling", m.files[1].Case.State)

	wrong, err := Parse("hotline.yaml", []byte(strings.Replace(mapping, "求助: help", "求助: hlep", 1)))
	require.NoError(t, err)
	require.ErrorContains(t, wrong.Check(testRules(t), domain.DateIn(now)), `hotline.yaml:6: case.class: "hlep" is not one of complaint, consultation, help, suggestion`)
	o := options(t, m, path, strings.Replace(mapping, "id: 工单号", "id: 工单", 1))
	_, err = Run(bg(), o)
	require.ErrorContains(t, err, `test.yaml:2: id: the file has no column "工单"; it has 工单号, 来电时间`)
}

// The guide names every key.
func TestGuideNamesEveryKey(t *testing.T) {
	raw, err := os.ReadFile("../docs/import.md")
	require.NoError(t, err)
	source, err := os.ReadFile("mapping.go")
	require.NoError(t, err)
	for _, tag := range regexp.MustCompile("`yaml:\"([a-z_]+)\"`").FindAllStringSubmatch(string(source), -1) {
		require.Regexp(t, "`[^`]*\\b"+tag[1]+"\\b[^`]*`", string(raw), tag[1])
	}
}

// The sample into a real database, twice: rejects stay rejects.
func TestSampleIntoTheDatabase(t *testing.T) {
	st, err := store.Open(bg(), storetest.NewDatabase(t), store.Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.LoadCounty(bg(), county.Organizations(), county.Categories(), county.Competences()))
	mapping, err := Load("replied-messages")
	require.NoError(t, err)
	o := Options{
		Path: sampleXLSX, Mapping: mapping, Engine: countyEngine(st), Store: st, Categories: county.Categories(),
		Actor: domain.Actor{ID: "tester"}, RejectsPath: filepath.Join(t.TempDir(), "rejects.csv"),
	}
	r, err := Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [2]int{6, 5}, [2]int{r.Taken, r.Rejected})
	rejected, err := st.RejectedRows(bg(), r.ImportID)
	require.NoError(t, err)
	got := map[int]string{}
	for _, x := range rejected {
		got[x.Row] = x.Reason
	}
	require.Equal(t, sampleReasons, got)
	imp, err := st.Import(bg(), r.ImportID)
	require.NoError(t, err)
	require.Equal(t, [3]int{11, 6, 5}, [3]int{imp.Total, imp.Taken, imp.Rejected})
	require.NotNil(t, imp.EndedAt)

	rows, err := st.ImportedRows(bg(), r.ImportID)
	require.NoError(t, err)
	require.Len(t, rows, 11)
	require.False(t, rows[9], "a rejected row is told from a taken one")
	r, err = Run(bg(), o)
	require.NoError(t, err)
	require.Equal(t, [3]int{6, 5, 11}, [3]int{r.Taken, r.Rejected, r.Already})
}
