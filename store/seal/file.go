package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sudi/domain"
)

const (
	// fileVersion is of the file's form.
	fileVersion = 1
	// oldLength is the length of the single key that a file held before there
	// were rings, in bytes.
	oldLength = 32
	// mostFile is more than any ring takes, in bytes.
	mostFile = 1 << 20
	// othersRights are those that a key file may not give: any to the world, and
	// writing to the group. Reading by the group is how a secret is mounted.
	othersRights os.FileMode = 0o027
)

// fileForm is a key file. Secrets are in hexadecimal digits.
type fileForm struct {
	Version int       `json:"sudi_keys"`
	Index   indexForm `json:"index"`
	Keys    []keyForm `json:"keys"`
}

type indexForm struct {
	Suite  string `json:"suite"`
	Secret string `json:"secret"`
}

type keyForm struct {
	ID      string    `json:"id"`
	Suite   string    `json:"suite"`
	Created time.Time `json:"created,omitzero"`
	State   State     `json:"state"`
	Key     string    `json:"key"`
}

// Create makes a key file with one active key of a suite. It never replaces a
// file: then its error is os.ErrExist. It fails with suite_unknown.
func Create(path, suite string, now time.Time) (*Ring, error) {
	s, err := suiteNamed(suite)
	if err != nil {
		return nil, err
	}
	c, err := newContent(indexSecret{s, Hide(random(oldLength))},
		[]key{newKey(s, random(s.keyLength()), now.UTC().Truncate(time.Second), Active)})
	if err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := put(path, c, nil, os.Link); err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	return ringOf(c), nil
}

// Load reads a key file. One that holds a single key of 32 bytes, raw or in 64
// hexadecimal digits, is a ring with one key of the suite AES, the same for
// whoever reads it. It fails with key_file_open when others may read the file,
// key_file_version when a newer sudi wrote it, key_file_malformed.
func Load(path string) (*Ring, error) {
	c, _, err := load(path)
	if err != nil {
		return nil, err
	}
	return ringOf(c), nil
}

// Change loads a key file, changes the ring and writes the file, whole or not at
// all; one process at a time does. A file that held a single key becomes a ring's.
// The ring that it gives is the one that was written.
func Change(path string, change func(*Ring) error) (*Ring, error) {
	path, err := filepath.EvalSymlinks(path) // a link stays a link
	if err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	c, info, err := load(path)
	if err != nil {
		return nil, err
	}
	r := ringOf(c)
	if err := change(r); err != nil {
		return nil, err
	}
	if err := put(path, r.now.Load(), info, os.Rename); err != nil {
		return nil, fmt.Errorf("write the key file: %w", err)
	}
	return r, nil
}

func load(path string) (*content, os.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Mode().Perm()&othersRights != 0 {
		return nil, nil, domain.Errorf(domain.KindConflict, "key_file_open", path)
	}
	raw, err := io.ReadAll(io.LimitReader(f, mostFile))
	if err != nil {
		return nil, nil, err
	}
	c, err := parse(raw)
	var own *domain.Error
	if err != nil && !errors.As(err, &own) {
		own = domain.Errorf(domain.KindConflict, "key_file_malformed", path)
		own.Cause, err = err, own
	}
	return c, info, err
}

// parse names in its errors what is wrong, and nothing of what is written.
func parse(raw []byte) (*content, error) {
	if old := oldKey(raw); old != nil {
		s := aesSuite{}
		kek := newKey(s, derive(s, old, "key-encryption key", s.keyLength()), time.Time{}, Active)
		return newContent(indexSecret{s, Hide(old)}, []key{kek})
	}
	var v struct {
		Version int `json:"sudi_keys"`
	}
	if json.Unmarshal(raw, &v) == nil && v.Version > fileVersion {
		return nil, domain.Errorf(domain.KindConflict, "key_file_version", v.Version)
	}
	var form fileForm
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&form) != nil || !errors.Is(d.Decode(&struct{}{}), io.EOF) || form.Version != fileVersion {
		return nil, errors.New("neither a key nor a ring of keys")
	}
	s, secret, err := readSecret(form.Index.Suite, form.Index.Secret)
	if err != nil || len(secret) != oldLength {
		return nil, errors.New("the index secret cannot be read")
	}
	index := indexSecret{s, Hide(secret)}
	var keys []key
	for i, k := range form.Keys {
		s, secret, err := readSecret(k.Suite, k.Key)
		if err != nil || len(secret) != s.keyLength() {
			return nil, fmt.Errorf("key %d cannot be read", i+1)
		}
		keys = append(keys, newKey(s, secret, k.Created, k.State))
		if keys[i].id.String() != k.ID {
			return nil, fmt.Errorf("key %d is not the one that its id names", i+1)
		}
	}
	return newContent(index, keys)
}

// oldKey is the single key of a file of before, nil when it is another file.
func oldKey(raw []byte) []byte {
	if len(raw) == oldLength {
		return raw
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != oldLength {
		return nil
	}
	return key
}

func readSecret(name, digits string) (suite, []byte, error) {
	s, err := suiteNamed(name)
	if err != nil {
		return nil, nil, err
	}
	secret, err := hex.DecodeString(digits)
	return s, secret, err
}

func (c *content) form() fileForm {
	form := fileForm{Version: fileVersion, Index: indexForm{c.index.suite.name(), hex.EncodeToString(c.index.secret.Reveal())}}
	for _, k := range c.keys {
		form.Keys = append(form.Keys, keyForm{k.id.String(), k.suite.name(), k.created, k.state, hex.EncodeToString(k.secret.Reveal())})
	}
	return form
}

// put writes a ring under another name and, when it is safely on the disk, gives
// it its own. It has the rights and the owner of the file that it replaces: who
// rotates keys need not be who serves.
func put(path string, c *content, old os.FileInfo, place func(from, to string) error) error {
	sweep(path)
	tmp, err := writeBeside(path, c, old)
	if err != nil {
		return err
	}
	defer os.Remove(tmp) //nolint:errcheck // gone once it has its name
	if err := place(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func writeBeside(path string, c *content, old os.FileInfo) (name string, err error) {
	raw, err := json.MarshalIndent(c.form(), "", "  ")
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), unfinished(path)) // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(append(raw, '\n'))
	if old != nil {
		err = errors.Join(err, f.Chmod(old.Mode().Perm()))
		if of, ok := old.Sys().(*syscall.Stat_t); ok {
			err = errors.Join(err, f.Chown(int(of.Uid), int(of.Gid)))
		}
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name()) //nolint:errcheck // the first error counts
		return "", err
	}
	return f.Name(), nil
}

// unfinished is how a key file is called until it has its name; a * stands for
// any text.
func unfinished(path string) string { return "." + filepath.Base(path) + "-*.unfinished" }

// sweep removes what a process left that was killed before it gave its file its
// name: keys lie in it. Whoever writes holds the lock, so nobody else needs it.
func sweep(path string) {
	before, after, _ := strings.Cut(unfinished(path), "*")
	files, _ := os.ReadDir(filepath.Dir(path)) // what cannot be read fails later, in words
	for _, f := range files {
		if strings.HasPrefix(f.Name(), before) && strings.HasSuffix(f.Name(), after) {
			os.Remove(filepath.Join(filepath.Dir(path), f.Name())) //nolint:errcheck // the next one tries again
		}
	}
}

// lock waits until no other process writes a key file in the folder. The system
// takes the lock back when a process dies.
func lock(folder string) (unlock func(), err error) {
	d, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("lock %s: %w", folder, err)
	}
	return func() { d.Close() }, nil
}
