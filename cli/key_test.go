package cli

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/store"
)

func TestKeyIsMadeOnce(t *testing.T) {
	s := settings{dataDir: filepath.Join(t.TempDir(), "new", "data")}
	keys := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, err := s.key()
			if err == nil {
				keys[i] = key
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		require.Len(t, key, store.KeyLength)
		require.Equal(t, keys[0], key)
	}
	files, err := os.ReadDir(s.dataDir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestNamedKeyMustBeThere(t *testing.T) {
	s := settings{dataDir: t.TempDir(), keyFile: filepath.Join(t.TempDir(), "absent")}
	_, err := s.key()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoFileExists(t, s.keyFile)
}
