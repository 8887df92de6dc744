package api

import (
	"bytes"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store"
	"sudi/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// each runs a scenario on every store there is.
func each(t *testing.T, scenario func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { t.Parallel(); scenario(t, newWorld(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); scenario(t, newRealWorld(t)) })
}

// newRealWorld builds a world on the real store.
func newRealWorld(t *testing.T) *world {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.NewDatabase(t), store.Options{Key: bytes.Repeat([]byte{7}, store.KeyLength), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	categories := []domain.Category{{Code: "01", Level1: "城乡建设"}, {Code: "0101", Level1: "城乡建设", Level2: "市政"}}
	require.NoError(t, s.LoadCounty(t.Context(), modelCounty(), categories, nil))
	return buildWorld(t, s, func(users []domain.User) { require.NoError(t, s.PutUsers(t.Context(), users)) })
}
