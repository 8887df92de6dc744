package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mayImport is the import law (docs/decisions): which packages of ours each
// package may import. What is not listed may import nothing of ours.
var mayImport = map[string]string{
	"sudi":            "cli",
	"sudi/cli":        "api county domain events intake report report/ledger report/paper store store/audit store/pgserver store/seal workflow",
	"sudi/api":        "domain report report/ledger report/paper workflow",
	"sudi/workflow":   "domain",
	"sudi/report":     "domain",
	"sudi/events":     "domain",
	"sudi/store":      "domain migrations store/audit store/seal store/tally",
	"sudi/intake":     "domain intake/upload workflow",
	"sudi/county":     "domain workflow",
	"sudi/domain":     "",
	"sudi/migrations": "",

	"sudi/intake/upload":               "domain",
	"sudi/api/accessmatrix":            "", // tests alone, of all the parts together
	"sudi/report/ledger":               "domain report/xlsx",
	"sudi/report/xlsx":                 "",
	"sudi/report/paper":                "domain report",
	"sudi/store/audit":                 "domain",
	"sudi/store/blobs":                 "domain",
	"sudi/store/pgserver":              "",
	"sudi/store/seal":                  "domain",
	"sudi/store/tally":                 "",
	"sudi/store/storetest":             "migrations store/pgserver store/seal",
	"sudi/store/storetest/testcluster": "store/storetest",
	"sudi/script/apifuzz":              "api county domain report store store/pgserver store/storetest workflow",
	"sudi/script/intakeload":           "",
	"sudi/script/reportload":           "domain report store store/seal store/tally",
}

// onlyHere says which packages alone may know a library.
var onlyHere = map[string][]string{
	"github.com/labstack/echo":           {"sudi/api"},
	"github.com/danielgtaylor/huma":      {"sudi/api"},
	"gorm.io/":                           {"sudi/store"},
	"github.com/nats-io/":                {"sudi/events"},
	"github.com/emmansun/":               {"sudi/store/audit", "sudi/store/seal"},
	"github.com/gabriel-vasile/mimetype": {"sudi/intake/upload"},
	"github.com/minio/minio-go":          {"sudi/store/blobs"},
	"github.com/coreos/go-oidc":          {"sudi/api"},
	"golang.org/x/oauth2":                {"sudi/api"},
	"github.com/xuri/excelize":           {"sudi/intake", "sudi/report/paper"},
}

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "./...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		allowed, known := mayImport[pkg]
		require.True(t, known, "%s has no import rule: add one, and a decision record for a new folder", pkg)
		for _, imported := range strings.Fields(imports) {
			if ours, ok := strings.CutPrefix(imported, "sudi/"); ok {
				require.Contains(t, strings.Fields(allowed), ours, "%s may not import %s", pkg, imported)
			}
			if pkg == "sudi/domain" {
				require.NotContains(t, imported, ".", "domain imports the standard library only")
			}
			for library, homes := range onlyHere {
				if strings.HasPrefix(imported, library) {
					require.Contains(t, homes, pkg, "only %v may know %s", homes, library)
				}
			}
		}
	}
}
