package api

import (
	"os"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

// A change of the contract shows as a change of this file; one that breaks
// callers must not be made without a new version of the API.
func TestContractIsGolden(t *testing.T) {
	w := newWorld(t)
	s, err := build(Config{Engine: w.engine, Store: w.store, Figures: &w.figures, Reports: w.reports, Version: "1"})
	require.NoError(t, err)
	got, err := s.huma.OpenAPI().YAML()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("openapi.yaml", got, 0o644))
	}
	want, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "the contract has changed: go test ./api -run TestContractIsGolden -update")
}

func TestEveryOperationIsDescribed(t *testing.T) {
	w := newWorld(t)
	s, err := build(Config{Engine: w.engine, Store: w.store, Figures: &w.figures, Reports: w.reports})
	require.NoError(t, err)
	seen := map[string]bool{}
	for path, item := range s.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			require.NotEmpty(t, op.Summary, path)
			require.NotEmpty(t, op.OperationID, path)
			require.False(t, seen[op.OperationID], op.OperationID)
			seen[op.OperationID] = true
			for _, status := range []string{"422", "500", "503"} {
				require.Contains(t, op.Responses, status, path)
			}
		}
	}
}
