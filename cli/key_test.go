package cli

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/api"
	"sudi/store/seal"
	"sudi/store/storetest"
)

func TestKeyIsMadeOnce(t *testing.T) {
	s := settings{dataDir: filepath.Join(t.TempDir(), "new", "data"), keySuite: seal.SM}
	rings := make([]*seal.Ring, 8)
	errs := make([]error, len(rings))
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() { rings[i], errs[i] = s.keys() })
	}
	wg.Wait()
	for i, ring := range rings {
		require.NoError(t, errs[i])
		require.Equal(t, rings[0].Keys(), ring.Keys())
		require.Equal(t, rings[0].IndexCheck(), ring.IndexCheck())
		require.Equal(t, seal.SM, ring.Keys()[0].Suite)
	}
	files, err := os.ReadDir(s.dataDir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// Another key than the database's own is refused at start, in words.
func TestWrongKeyIsNoticedAtStart(t *testing.T) {
	set := settings{databaseURL: storetest.NewDatabase(t), dataDir: t.TempDir(), keySuite: seal.AES}
	a, err := openApp(t.Context(), &set, shared)
	require.NoError(t, err)
	a.close()
	a, err = openApp(t.Context(), &set, shared)
	require.NoError(t, err)
	a.close()
	own := set
	set.dataDir = t.TempDir() // another node that makes a key of its own
	_, err = openApp(t.Context(), &set, shared)
	require.Error(t, err)
	for lang, words := range map[string]string{"zh": "密钥文件与此数据库不符", "en": "does not belong to this database"} {
		text, ok := api.Describe(err, lang)
		require.True(t, ok)
		require.Contains(t, text, words)
		require.Contains(t, text, "SUDI_KEY_FILE")
	}
	set.keyFile = filepath.Join(own.dataDir, keyName)
	a, err = openApp(t.Context(), &set, shared)
	require.NoError(t, err)
	a.close()
}

func TestNamedKeyMustBeThere(t *testing.T) {
	s := settings{dataDir: t.TempDir(), keyFile: filepath.Join(t.TempDir(), "absent")}
	_, err := s.keys()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoFileExists(t, s.keyFile)
}
