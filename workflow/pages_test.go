package workflow

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// The pages in docs are those of today's procedures, and no others.
func TestPagesAreCurrent(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	pages := Pages(lib)
	dir := filepath.Join("..", "docs", "procedures")
	if *update {
		require.NoError(t, os.MkdirAll(dir, 0o750))
		for name, page := range pages {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(page), 0o600))
		}
	}
	there, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range there {
		names = append(names, f.Name())
		page, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		require.Equal(t, pages[f.Name()], string(page), "go test ./workflow -run Pages -update writes %s anew; read the difference first", f.Name())
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(pages)), names)
}

// A reader meets no code but where a column is for codes.
func TestPagesAreInWords(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	code := regexp.MustCompile("`[^`]*`")
	raw := regexp.MustCompile(`[a-z]_[a-z]|%!|\{\d\}`)
	for name, page := range Pages(lib) {
		_, page, _ = strings.Cut(page, "\n\n") // the file names of the index
		drawing := false
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "```") {
				drawing = !drawing
			}
			if !drawing && name != "README.md" {
				require.NotRegexp(t, raw, code.ReplaceAllString(line, ""), name)
			}
		}
		require.False(t, drawing)
	}
}

func TestEveryPaperHasATitle(t *testing.T) {
	missing := map[string]bool{}
	for _, p := range standardProcedures(t) {
		for _, tr := range p.all() {
			for _, paper := range tr.Papers {
				if _, ok := PaperTitles[paper]; !ok {
					missing[paper] = true
				}
			}
		}
	}
	require.Empty(t, missing, "papers.go names them to people")
	for kind, title := range PaperTitles {
		inBothLanguages(t, kind, title)
	}
}

func TestPagesHaveWordsForEverything(t *testing.T) {
	for _, r := range MatrixRoles {
		inBothLanguages(t, string(r), RoleTitles[r])
	}
	for _, turn := range turns {
		inBothLanguages(t, string(turn), TurnTitles[turn])
	}
	for _, typ := range fieldTypes {
		inBothLanguages(t, string(typ), fieldTypeTitles[typ])
	}
	for name := range settable {
		inBothLanguages(t, name, attributeTitles[name])
	}
	for unit, words := range unitTitles {
		inBothLanguages(t, string(unit), words.many)
	}
	require.Equal(t, "5 个工作日", PeriodTitle(domain.Period{N: 5, Unit: domain.WorkingDays}).ZH)
	require.Equal(t, "1 month", PeriodTitle(domain.Period{N: 1, Unit: domain.Months}).EN)
	p := standardProcedures(t)[0]
	for target, words := range map[Target]domain.Text{
		"owner": text("责任单位", "the owner"), "department competent": text("主管部门", "the competent department"),
		"industry_committee finance": text("行业性专业性调委会（金融）", "an industry's committee (finance)"),
		"department housing":         text("区直部门（housing）", "a department (housing)"),
		"registrar":                  text("登记单位", "the registrar"), "escalate": text("上一级调解组织", "the next larger committee"),
	} {
		require.Equal(t, words, p.TargetTitle(target), target)
	}
}
