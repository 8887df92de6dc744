package cli

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"sudi/store/seal"
)

// keyName is the name of the key file in the data folder, when no other is named.
const keyName = "sudi.key"

// keyPath is the key file.
func (s *settings) keyPath() string {
	if s.keyFile != "" {
		return s.keyFile
	}
	return filepath.Join(s.dataDir, keyName)
}

// keys loads the ring of keys that personal fields are sealed by. A file that was
// named must be there; the one in the data folder is made at the first start.
func (s *settings) keys() (*seal.Ring, error) {
	path := s.keyPath()
	ring, err := seal.Load(path)
	if s.keyFile != "" || !errors.Is(err, os.ErrNotExist) {
		return ring, err
	}
	if err := os.MkdirAll(s.dataDir, 0o711); err != nil { //nolint:gosec // the database's own user must reach its folder below
		return nil, err
	}
	ring, err = seal.Create(path, s.keySuite, time.Now())
	if errors.Is(err, os.ErrExist) { // another process was quicker
		return seal.Load(path)
	}
	return ring, err
}
