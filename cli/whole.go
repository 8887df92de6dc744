package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// writeWhole writes a file that appears under its name, with its mode, only when
// it is whole; until then nobody else may read it.
func writeWhole(name string, mode os.FileMode, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone once it has its name
	if err := errors.Join(write(tmp), tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
