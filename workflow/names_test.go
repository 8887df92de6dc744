package workflow

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// mayNameProcedures are the places that name procedures on purpose: the
// figures are declared by procedure, the model county plays them, the scripts
// are no part of the product, and a role, a flag and a function share a procedure's word.
var mayNameProcedures = []string{"domain/measures.go", "domain/actor.go", "domain/case.go", "workflow/words.go", "county/", "script/"}

// Procedures are data: no code but that asks which one a case is in.
func TestNoCodeNamesAProcedure(t *testing.T) {
	names := map[string]bool{}
	for _, p := range standardProcedures(t) {
		names[p.Name] = !slices.Contains(domain.Flags, domain.Flag(p.Name)) // a flag may have the same name
	}
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || excused(filepath.ToSlash(rel)):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				require.False(t, names[s], "%s names the procedure %q", rel, s)
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
}

func excused(path string) bool {
	for _, p := range mayNameProcedures {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
