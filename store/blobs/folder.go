package blobs

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

const (
	halfDone = "incoming"     // where files are written before they have their name
	abandon  = 24 * time.Hour // after which a half-written file is nobody's
)

// folder keeps files below a directory and cannot be led out of it, not even by
// a link inside.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	if dir == "" {
		return nil, errors.New("no folder is named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

// prepare makes the folder for half-written files and clears it of those that a
// crash left. Another process may be writing, so the young ones stay.
func (f *folder) prepare() error {
	if err := f.mkdir(halfDone); err != nil {
		return err
	}
	left, err := fs.ReadDir(f.root.FS(), halfDone)
	if err != nil {
		return err
	}
	for _, e := range left {
		info, err := e.Info()
		if err == nil && time.Since(info.ModTime()) > abandon {
			_ = f.root.Remove(path.Join(halfDone, e.Name())) // the next start tries again
		}
	}
	return nil
}

// create writes beside and then links the file to its name: a link, unlike a
// rename, never replaces what is there.
func (f *folder) create(ctx context.Context, key string, r io.Reader, _ int64) error {
	part := path.Join(halfDone, rand.Text())
	if err := f.write(part, stoppable{ctx, r}); err != nil {
		return errors.Join(err, f.forget(part))
	}
	err := f.mkdir(path.Dir(key))
	if err == nil {
		err = f.root.Link(part, key)
	}
	if errors.Is(err, fs.ErrExist) { // somebody put the same just now
		err = nil
	}
	if err == nil {
		err = f.sync(path.Dir(key))
	}
	return errors.Join(err, f.forget(part))
}

func (f *folder) write(name string, r io.Reader) error {
	out, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

func (f *folder) forget(name string) error {
	if err := f.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// mkdir makes a directory and all above it, and makes sure that they last.
func (f *folder) mkdir(dir string) error {
	if _, err := f.root.Stat(dir); err == nil {
		return nil
	}
	if err := f.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for ; dir != "."; dir = path.Dir(dir) {
		if err := f.sync(path.Dir(dir)); err != nil {
			return err
		}
	}
	return nil
}

// sync writes a directory's names to the disk.
func (f *folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *folder) open(_ context.Context, key string) (io.ReadCloser, int64, error) {
	in, err := f.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errAbsent
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := in.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrDamaged
	}
	if err != nil {
		return nil, 0, errors.Join(err, in.Close())
	}
	return in, info.Size(), nil
}

func (f *folder) remove(_ context.Context, key string) error {
	if err := f.forget(key); err != nil {
		return err
	}
	if err := f.sync(path.Dir(key)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *folder) close() error { return f.root.Close() }
