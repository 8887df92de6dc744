package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sudi/store"
)

// keyName is the key's file in the data folder, when no other is named.
const keyName = "sudi.key"

// key reads the key that people are found by. A file that was named must be
// there; the one in the data folder is made at the first start.
func (s *settings) key() ([]byte, error) {
	if s.keyFile != "" {
		return os.ReadFile(s.keyFile)
	}
	path := filepath.Join(s.dataDir, keyName)
	key, err := os.ReadFile(path) //nolint:gosec // the folder is the administrator's choice
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(s.dataDir, 0o711); err != nil { //nolint:gosec // the database's own user must reach its folder below
		return nil, err
	}
	if err := makeKey(path); err != nil && !errors.Is(err, os.ErrExist) { // another process may have been quicker
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	return os.ReadFile(path) //nolint:gosec // as above
}

// makeKey writes a new key; the file is there whole or not at all.
func makeKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), keyName+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a file left over does no harm
	key := make([]byte, store.KeyLength)
	_, _ = rand.Read(key) // never fails
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
