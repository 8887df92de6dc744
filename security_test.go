package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const securityPage = "docs/security.md"

// asvsRequirements is how many requirements of levels 1 and 2 each chapter of
// OWASP ASVS 5.0.0 has, from V1 on.
var asvsRequirements = []int{27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7}

var (
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	namedTest    = regexp.MustCompile("`([a-z][a-z0-9/]*\\.(?:Test|Fuzz)\\w+)`")
	namedFile    = regexp.MustCompile("`((?:[\\w.-]+/)*[\\w.-]+\\.(?:go|md|ya?ml|sum|sql)|script/\\w+)`")
	linkedFile   = regexp.MustCompile(`\]\(([^)#]+)\)`)
	givenDuty    = regexp.MustCompile(`(?m)^- \[ \] \*\*(\d+)\.`)
	namedDuties  = regexp.MustCompile(`\bdut(?:y|ies) (\d+(?:, \d+)*)`)
	asvsNumber   = regexp.MustCompile(`^(\d+)\.\d+\.\d+$`)
)

// The page on security promises nothing that is not there.
func TestSecurityPageNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile(securityPage)
	require.NoError(t, err)
	require.Empty(t, securityFaults(string(page), testsOfTheRepository(t)))
}

func TestSecurityPageIsChecked(t *testing.T) {
	raw, err := os.ReadFile(securityPage)
	require.NoError(t, err)
	page, tests := string(raw), testsOfTheRepository(t)
	line := func(number string) string {
		i := strings.Index(page, "\n| "+number+" |") + 1
		require.Positive(t, i, number)
		return page[i : i+strings.Index(page[i:], "\n")+1]
	}
	for what, changed := range map[string]string{
		"a test that is not there":      strings.Replace(page, "`store.TestPartiesAreSealed`", "`store.TestPartiesAreSealedWell`", 1),
		"a test of another package":     strings.Replace(page, "`store.TestPartiesAreSealed`", "`api.TestPartiesAreSealed`", 1),
		"a file that is not there":      strings.Replace(page, "`store/where.go`", "`store/there.go`", 1),
		"a link that leads nowhere":     strings.Replace(page, "(audit.md)", "(audits.md)", 1),
		"a duty that is not there":      strings.Replace(page, "duty 16", "duty 61", 1),
		"a state that there is not":     strings.Replace(page, line("3.4.3"), strings.Replace(line("3.4.3"), "test", "tested", 1), 1),
		"a test without a name":         strings.Replace(page, line("3.4.3"), "| 3.4.3 | 2 | CSP | test | trust us |\n", 1),
		"a file without a name":         strings.Replace(page, line("3.4.5"), "| 3.4.5 | 2 | policy | file | somewhere |\n", 1),
		"a duty without a number":       strings.Replace(page, line("3.5.4"), "| 3.5.4 | 2 | host | duty | somebody's |\n", 1),
		"a row without a reason":        strings.Replace(page, line("4.3.1"), "| 4.3.1 | 2 | cost | n/a |  |\n", 1),
		"a requirement that is missing": strings.Replace(page, line("8.4.1"), "", 1),
		"a requirement twice":           strings.Replace(page, line("8.4.1"), line("8.3.1")+line("8.3.1"), 1),
	} {
		require.NotEqual(t, page, changed, what)
		require.NotEmpty(t, securityFaults(changed, tests), what)
	}
}

// testsOfTheRepository are the tests and fuzz targets, named as the page names
// them: by folder, "sudi" for the root.
func testsOfTheRepository(t *testing.T) map[string]bool {
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(path))
		if folder == "." {
			folder = "sudi"
		}
		for _, name := range testFunction.FindAllStringSubmatch(string(source), -1) {
			tests[folder+"."+name[1]] = true
		}
		return nil
	}))
	return tests
}

// securityFaults says what the page names and there is not, and which rows of
// its tables say nothing.
func securityFaults(page string, tests map[string]bool) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, name := range namedTest.FindAllStringSubmatch(page, -1) {
		if !tests[name[1]] {
			fault("no test %s", name[1])
		}
	}
	for _, name := range namedFile.FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(name[1]); err != nil {
			fault("no file %s", name[1])
		}
	}
	for _, name := range linkedFile.FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(securityPage), name[1])); err != nil {
			fault("a link to %s", name[1])
		}
	}
	var duties []string
	for _, duty := range givenDuty.FindAllStringSubmatch(page, -1) {
		duties = append(duties, duty[1])
	}
	for _, named := range namedDuties.FindAllStringSubmatch(page, -1) {
		for _, duty := range strings.Split(named[1], ", ") {
			if !slices.Contains(duties, duty) {
				fault("no duty %s", duty)
			}
		}
	}
	counted, seen := make([]int, len(asvsRequirements)), map[string]bool{}
	for _, row := range requirementRows(page) {
		number, state, by := row[0], row[len(row)-2], row[len(row)-1]
		shown := map[string]bool{
			"test": namedTest.MatchString(by), "file": namedFile.MatchString(by), "duty": namedDuties.MatchString(by),
			"n/a": by != "", "open": by != "",
		}
		if !shown[state] {
			fault("%s is %q by %q", number, state, by)
		}
		if seen[number] {
			fault("%s twice", number)
		}
		seen[number] = true
		if parts := asvsNumber.FindStringSubmatch(number); parts != nil && len(row) == 5 {
			if chapter, err := strconv.Atoi(parts[1]); err == nil && chapter >= 1 && chapter <= len(counted) {
				counted[chapter-1]++
			}
		}
	}
	if !slices.Equal(counted, asvsRequirements) {
		fault("requirements of ASVS by chapter: %v, not %v", counted, asvsRequirements)
	}
	return faults
}

// requirementRows are the cells of the rows of the tables that say a state.
func requirementRows(page string) (rows [][]string) {
	inside := false
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasSuffix(line, "| state | by what |"):
			inside = true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "| ---"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}
