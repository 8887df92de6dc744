package store

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func someText(name string, version int, document string) domain.ProcedureText {
	sum := sha256.Sum256([]byte(document))
	return domain.ProcedureText{
		Name: name, Version: version, PublishedAt: tick(), Hash: hex.EncodeToString(sum[:]),
		Source: "name: " + name, Common: "fields: {}", Document: document,
	}
}

func TestPublishedProceduresNeverChange(t *testing.T) {
	s := open(t)
	first := []domain.ProcedureText{someText("appeal", 1, "{一}"), someText("appeal", 2, "{}")}
	n, err := s.Publish(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = s.Publish(t.Context(), []domain.ProcedureText{someText("appeal", 2, "{other}"), someText("petition", 1, "{}")})
	require.NoError(t, err)
	require.Equal(t, 1, n, "what is published stays")
	kept, err := s.Procedures(t.Context())
	require.NoError(t, err)
	require.Len(t, kept, 3)
	require.Equal(t, first, kept[:2])
	n, err = s.Publish(t.Context(), nil)
	require.NoError(t, err)
	require.Zero(t, n)
	for _, statement := range []string{"UPDATE procedures SET source = ''", "DELETE FROM procedures", "TRUNCATE procedures"} {
		_, err := superuser(t, s).Exec(t.Context(), statement)
		require.ErrorContains(t, err, "append-only", statement)
	}
	wrong := someText("appeal", 3, "{}")
	wrong.Document = "{changed}"
	_, err = s.Publish(t.Context(), []domain.ProcedureText{wrong})
	require.ErrorContains(t, err, "procedures_hash_of_document")
}

func TestCasesOfAVersion(t *testing.T) {
	s := open(t)
	var ids []string
	for i := range 5 {
		f := register(t, s, func(c *domain.Change) { c.After.ProcedureVersion = 1 + i%2 })
		if i%2 == 0 {
			ids = append(ids, f.Case.ID)
		}
	}
	f := register(t, s)
	use, err := s.ProcedureUse(t.Context())
	require.NoError(t, err)
	total := 0
	for _, u := range use {
		require.Equal(t, f.Case.Procedure, u.Procedure)
		require.Equal(t, f.Case.State, u.State)
		total += u.Cases
	}
	require.Equal(t, 6, total)
	require.Len(t, use, 2)
	if f.Case.ProcedureVersion == 1 {
		ids = append(ids, f.Case.ID)
	}
	var read []string
	after := ""
	for {
		files, err := s.FilesOn(t.Context(), f.Case.Procedure, 1, after, 2)
		require.NoError(t, err)
		if len(files) == 0 {
			break
		}
		for _, f := range files {
			read = append(read, f.Case.ID)
			require.NotEmpty(t, f.Parties)
		}
		after = read[len(read)-1]
	}
	require.ElementsMatch(t, ids, read)
	require.IsIncreasing(t, read)
}
