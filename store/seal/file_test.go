package seal

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// task says what a process that a test starts does to the key file of its folder.
const (
	task    = "SUDI_TEST_SEAL_TASK"
	die     = "die"
	rotates = "rotate"
	keyFile = "sudi.key"
)

func TestMain(m *testing.M) {
	switch os.Getenv(task) {
	case die:
		dieBeforeRename(keyFile)
	case rotates:
		rotateForEver(keyFile)
	}
	os.Exit(m.Run())
}

func process(t *testing.T, what, folder string) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), task+"="+what)
	return cmd
}

// dieBeforeRename does as Change does, but is killed when the new file is
// written and has not got its name.
func dieBeforeRename(path string) {
	unlock, err := lock(filepath.Dir(path))
	if err != nil {
		panic(err)
	}
	defer unlock()
	c, info, err := load(path)
	if err != nil {
		panic(err)
	}
	r := ringOf(c)
	if _, err := r.NewKey(SM, noon); err != nil {
		panic(err)
	}
	panic(put(path, r.now.Load(), info, func(_, _ string) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {}
	}))
}

// rotateForEver says the id of each key once Change has answered for it.
func rotateForEver(path string) {
	for {
		var id string
		if _, err := Change(path, func(r *Ring) (err error) {
			id, err = r.NewKey(SM, noon)
			return err
		}); err != nil {
			panic(err)
		}
		fmt.Println(id)
	}
}

func names(t *testing.T, dir string) (list []string) {
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		list = append(list, f.Name())
	}
	return list
}

func TestKilledBetweenWriteAndRename(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	r, err := Create(path, SM, noon)
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	sealed := r.Seal([]byte("13800138000"), phoneOf)

	cmd := process(t, die, filepath.Dir(path))
	out, err := cmd.CombinedOutput()
	require.Error(t, err, string(out))
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), string(out))

	left := names(t, filepath.Dir(path))
	require.Len(t, left, 2, "the file that did not get its name")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), ".sudi.key-backup"), before, 0o600))

	r, err = Change(path, func(r *Ring) error { _, err := r.NewKey(AES, noon); return err })
	require.NoError(t, err)
	require.Len(t, r.Keys(), 2)
	_, err = r.Open(sealed, phoneOf)
	require.NoError(t, err)
	require.Equal(t, []string{".sudi.key-backup", keyFile}, names(t, filepath.Dir(path)), "what is left over goes, and only that")
}

// Killed at any moment, the file is whole and has every key that was answered for.
func TestKilledAtAnyMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	_, err := Create(path, SM, noon)
	require.NoError(t, err)
	answered := 0
	for round := range 15 {
		cmd := process(t, rotates, filepath.Dir(path))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		require.True(t, lines.Scan())
		ids := []string{lines.Text()}
		time.AfterFunc(time.Duration(round)*700*time.Microsecond, func() { cmd.Process.Kill() })
		for lines.Scan() {
			if len(lines.Text()) == 2*len(keyID{}) { // the last one may be cut short
				ids = append(ids, lines.Text())
			}
		}
		require.Error(t, cmd.Wait())
		r, err := Load(path)
		require.NoError(t, err)
		have := map[string]bool{}
		for _, k := range r.Keys() {
			have[k.ID] = true
		}
		for _, id := range ids {
			require.True(t, have[id], "key %s was answered for", id)
		}
		answered += len(ids)
	}
	require.GreaterOrEqual(t, answered, 15)
}

func TestCreate(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite string) {
		path := filepath.Join(t.TempDir(), keyFile)
		made := make([]*Ring, 8)
		var group sync.WaitGroup
		for i := range made {
			group.Go(func() {
				r, err := Create(path, suite, noon)
				if err == nil {
					made[i] = r
				} else {
					require.ErrorIs(t, err, os.ErrExist)
				}
			})
		}
		group.Wait()
		r, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, []Key{{activeID(r), suite, noon, Active}}, r.Keys())
		winners := 0
		for _, m := range made {
			if m != nil {
				winners++
				require.Equal(t, r.Keys(), m.Keys())
				require.Equal(t, r.IndexCheck(), m.IndexCheck())
			}
		}
		require.Equal(t, 1, winners)
		require.Equal(t, []string{keyFile}, names(t, filepath.Dir(path)))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
	path := filepath.Join(t.TempDir(), keyFile)
	_, err := Create(path, "des", noon)
	require.Equal(t, "suite_unknown", code(err))
	require.NoFileExists(t, path)
}

func TestOthersMayNotReadTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	r, err := Create(path, SM, noon)
	require.NoError(t, err)
	for mode, fine := range map[os.FileMode]bool{
		0o400: true, 0o600: true, 0o640: true, 0o440: true,
		0o644: false, 0o604: false, 0o602: false, 0o601: false, 0o660: false, 0o666: false,
	} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := Load(path)
		if fine {
			require.NoError(t, err, mode)
			continue
		}
		require.Equal(t, "key_file_open", code(err), mode)
		require.Equal(t, "key_file_open", code(r.Reload(path)), mode)
		_, err = Change(path, func(*Ring) error { return nil })
		require.Equal(t, "key_file_open", code(err), mode)
	}
	require.NoError(t, os.WriteFile(path, random(oldLength), 0o600)) // as of before
	require.NoError(t, os.Chmod(path, 0o644))
	_, err = Load(path)
	require.Equal(t, "key_file_open", code(err))
	_, err = Load(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestChangeKeepsRightsAndLinks(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	path, link := filepath.Join(dir, "real.key"), filepath.Join(other, keyFile)
	_, err := Create(path, SM, noon)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	owner := 0
	if os.Getuid() == 0 { // only root may give a file away
		owner = 12345
		require.NoError(t, os.Chown(path, owner, owner))
	}
	require.NoError(t, os.Symlink(path, link))
	_, err = Change(link, func(r *Ring) error { _, err := r.NewKey(SM, noon); return err })
	require.NoError(t, err)
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode())
	if owner != 0 {
		require.EqualValues(t, owner, info.Sys().(*syscall.Stat_t).Uid)
		require.EqualValues(t, owner, info.Sys().(*syscall.Stat_t).Gid)
	}
	info, err = os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	r, err := Load(link)
	require.NoError(t, err)
	require.Len(t, r.Keys(), 2)
}

func TestChangeThatFailsWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	_, err := Create(path, SM, noon)
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = Change(path, func(r *Ring) error {
		_, err := r.NewKey(SM, noon)
		require.NoError(t, err)
		return os.ErrInvalid
	})
	require.ErrorIs(t, err, os.ErrInvalid)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestChangesOfManyAreAllKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	_, err := Create(path, SM, noon)
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			_, err := Change(path, func(r *Ring) error { _, err := r.NewKey(AES, noon); return err })
			okay(t, err)
		})
	}
	group.Wait()
	r, err := Load(path)
	require.NoError(t, err)
	require.Len(t, r.Keys(), 11)
}

func TestReloadRefusesAnotherRing(t *testing.T) {
	dir := t.TempDir()
	r, err := Create(filepath.Join(dir, "a"), SM, noon)
	require.NoError(t, err)
	_, err = Create(filepath.Join(dir, "b"), SM, noon)
	require.NoError(t, err)
	before := r.Keys()
	require.Equal(t, "key_wrong", code(r.Reload(filepath.Join(dir, "b"))))
	require.Equal(t, before, r.Keys())
	require.NoError(t, r.Reload(filepath.Join(dir, "a")))
}

// The key file of before: every process that reads it gets the same ring, and the
// ring that it becomes opens what was sealed and finds whom it found.
func TestSingleKeyBecomesARing(t *testing.T) {
	old := []byte("0123456789abcdef0123456789ABCDEF")
	for what, text := range map[string]string{
		"raw": string(old), "hex": hex.EncodeToString(old), "HEX with a new line": strings.ToUpper(hex.EncodeToString(old)) + "\n",
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), keyFile)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			r, err := Load(path)
			require.NoError(t, err)
			require.Equal(t, []Key{{ID: "601c8b2736c84a6f", Suite: AES, State: Active}}, r.Keys())
			require.NotEqual(t, old, r.now.Load().active.secret.Reveal(), "the file's key serves the index too")
			sealed, index := r.Seal([]byte("13800138000"), phoneOf), r.Index(Phone, "13800138000")

			_, err = Change(path, func(r *Ring) error { rotate(t, r, SM); return nil })
			require.NoError(t, err)
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(raw), `"sudi_keys": 1`)
			require.NoError(t, r.Reload(path))
			require.Len(t, r.Keys(), 2)
			require.Equal(t, SM, r.Keys()[1].Suite)
			require.Equal(t, index, r.Index(Phone, "13800138000"))
			opened, err := r.Open(sealed, phoneOf)
			require.NoError(t, err)
			require.Equal(t, "13800138000", string(opened))
		})
	}
}

func TestMalformedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	_, err := Create(path, SM, noon)
	require.NoError(t, err)
	_, err = Change(path, func(r *Ring) error { _, err := r.NewKey(AES, noon); return err })
	require.NoError(t, err)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	good := string(raw)
	c, err := parse(raw)
	require.NoError(t, err)
	first := hex.EncodeToString(c.keys[0].secret.Reveal())
	index := hex.EncodeToString(c.index.secret.Reveal())
	other := "00"
	if strings.HasPrefix(first, other) {
		other = "11"
	}
	replace := func(from, to string) string {
		require.Contains(t, good, from)
		return strings.Replace(good, from, to, 1)
	}
	for what, text := range map[string]string{
		"empty": "", "31 bytes": strings.Repeat("k", 31), "33 bytes": strings.Repeat("k", 33),
		"62 digits": strings.Repeat("0f", 31), "cut short": good[:len(good)/2], "two of them": good + good, "a bracket more": good + "}",
		"not ours":            `{"keys": []}`,
		"version 0":           replace(`"sudi_keys": 1`, `"sudi_keys": 0`),
		"unknown field":       replace(`"sudi_keys": 1`, `"sudi_keys": 1, "more": 1`),
		"unknown suite":       replace(`"suite": "aes"`, `"suite": "des"`),
		"unknown index suite": replace(`"suite": "sm"`, `"suite": "des"`),
		"other suite":         replace(`"suite": "aes"`, `"suite": "sm"`),
		"short index secret":  replace(index, index[2:]),
		"no digits":           replace(first, "zz"+first[2:]),
		"damaged key":         replace(first, other+first[2:]),
		"short key":           replace(first, first[2:]),
		"two active":          replace(`"waiting"`, `"active"`),
		"none active":         replace(`"active"`, `"waiting"`),
		"unknown state":       replace(`"waiting"`, `"lost"`),
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path)
		require.Equal(t, "key_file_malformed", code(err), what)
		for _, secret := range []string{first[2:], index[2:]} {
			require.NotContains(t, err.Error(), secret, what)
		}
		_, err = Change(path, func(*Ring) error { return nil })
		require.Equal(t, "key_file_malformed", code(err), what)
	}
	require.NoError(t, os.WriteFile(path, []byte(`{"sudi_keys": 2, "rings": []}`), 0o600))
	_, err = Load(path)
	require.Equal(t, "key_file_version", code(err))

	_, err = newContent(c.index, []key{c.keys[0], c.keys[1], c.keys[1]})
	require.ErrorContains(t, err, "a key stands twice")
}
