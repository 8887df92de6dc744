package pgserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// relocateDir holds the clusters that cannot lie where Config.Dir says.
const relocateDir = "/var/lib/sudi"

// place is where a cluster lies and as whom it runs.
type place struct {
	dir   string              // real path, links resolved
	creds *syscall.Credential // nil: this process's own user
	locks []*os.File
}

func (p *place) data() string { return filepath.Join(p.dir, "data") }
func (p *place) logs() string { return filepath.Join(p.dir, "log") }

// command prepares a PostgreSQL program to run as the cluster's user, apart from
// the terminal's process group, with an environment free of PG* variables.
func (p *place) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=/"}
	for _, k := range []string{"LD_LIBRARY_PATH", "TZDIR", "LOCPATH"} {
		if v, ok := os.LookupEnv(k); ok {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: p.creds}
	return cmd
}

func (p *place) own(path string) error {
	if p.creds == nil {
		return nil
	}
	return os.Lchown(path, int(p.creds.Uid), int(p.creds.Gid))
}

// mkdir makes a directory that only the cluster's user may enter. An existing
// one is accepted if it belongs to that user and is not a link.
func (p *place) mkdir(path string) error {
	err := os.Mkdir(path, 0o700)
	if err == nil {
		return p.own(path)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	fi, err := os.Lstat(path)
	if err != nil {
		return err
	}
	uid := os.Geteuid()
	if p.creds != nil {
		uid = int(p.creds.Uid)
	}
	if owner, _ := ownerOf(fi); !fi.IsDir() || int64(owner) != int64(uid) {
		return fmt.Errorf("%w: %s is not a directory of uid %d", ErrAccess, path, uid)
	}
	return os.Chmod(path, 0o700) //nolint:gosec // a directory
}

func (p *place) unlock() {
	for _, f := range p.locks {
		_ = f.Close() // closing releases the lock
	}
	p.locks = nil
}

func (p *place) lock(dir string) error {
	f, err := lockFile(dir)
	if err == nil {
		p.locks = append(p.locks, f)
	}
	return err
}

// claim locks dir and finds the cluster's real place and user. find is called
// with the major version of an existing cluster, or zero.
func claim(ctx context.Context, dir, relocate string, find func(context.Context, int) (binaries, error)) (_ *place, _ binaries, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, binaries{}, err
	}
	if err = os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // the cluster's user passes through it
		return nil, binaries{}, err
	}
	p := &place{}
	defer func() {
		if err != nil {
			p.unlock()
		}
	}()
	if err = p.lock(dir); err != nil {
		return nil, binaries{}, err
	}
	if err = p.resolve(dir); err != nil {
		return nil, binaries{}, err
	}
	major, err := p.existing()
	if err != nil {
		return nil, binaries{}, err
	}
	bin, err := find(ctx, major)
	if err != nil {
		return nil, binaries{}, err
	}
	if major == 0 {
		if err = p.refuseForeign(); err != nil {
			return nil, binaries{}, err
		}
	}
	if os.Geteuid() == 0 {
		if err = p.dropPrivileges(ctx, dir, relocate, bin, major != 0); err != nil {
			return nil, binaries{}, err
		}
	}
	if err = p.mkdir(p.dir); err != nil {
		return nil, binaries{}, err
	}
	return p, bin, nil
}

// resolve finds the real directory behind dir and locks that too: two copies of
// a checkout may hold the same link.
func (p *place) resolve(dir string) error {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if target, e := os.Readlink(dir); e == nil {
			return fmt.Errorf("%w: %s points to %s, which is gone; restore it, or remove the link to begin with an empty database",
				ErrAccess, dir, target)
		}
		parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
		if err != nil {
			return err
		}
		p.dir = filepath.Join(parent, filepath.Base(dir))
		return nil
	}
	if err != nil {
		return err
	}
	p.dir = real
	if fi, err := os.Lstat(dir); err != nil || fi.Mode()&fs.ModeSymlink == 0 {
		return err
	}
	return p.lock(real)
}

// existing returns the major version of the cluster in p, or zero.
func (p *place) existing() (int, error) {
	b, err := os.ReadFile(filepath.Join(p.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return 0, fmt.Errorf("%w: %s belongs to another user; start sudi as that user or as root", ErrAccess, p.dir)
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%s: not a PostgreSQL version: %q", p.data(), b)
	}
	return n, nil
}

// ours are the directories that may lie in p.dir before there is a cluster.
var ours = []string{initDir, "log", "run"}

// refuseForeign protects a directory named by mistake: a new cluster changes the
// owner and mode of its directory, which must therefore be empty or ours.
func (p *place) refuseForeign() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !slices.Contains(ours, e.Name()) {
			return fmt.Errorf("%w: %s holds other files (%s) and no cluster; name an empty directory", ErrAccess, p.dir, e.Name())
		}
	}
	return nil
}

// dropPrivileges chooses the user to run as and moves a new cluster elsewhere
// when that user cannot reach dir.
func (p *place) dropPrivileges(ctx context.Context, dir, relocate string, bin binaries, exists bool) error {
	var err error
	if p.creds, err = p.runUser(exists); err != nil {
		return err
	}
	if err := p.canEnter(ctx, bin, "/"); err != nil {
		return fmt.Errorf("uid %d cannot run %s: %w", p.creds.Uid, bin.path("postgres"), err)
	}
	if !exists {
		if err := os.Mkdir(p.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := p.own(p.dir); err != nil {
			return err
		}
	}
	err = p.canEnter(ctx, bin, p.dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if fi, e := os.Lstat(dir); exists || e != nil || fi.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%w: uid %d, as whom PostgreSQL runs, may not enter a folder above %s; allow that (chmod o+x), or move the data",
			ErrAccess, p.creds.Uid, p.dir)
	}
	return p.relocate(dir, relocate)
}

func (p *place) relocate(dir, base string) error {
	if err := os.MkdirAll(base, 0o755); err != nil { //nolint:gosec // the cluster's user passes through it
		return err
	}
	real, err := os.MkdirTemp(base, "postgres-")
	if err != nil {
		return err
	}
	if real, err = filepath.EvalSymlinks(real); err != nil {
		return err
	}
	if err := errors.Join(p.own(real), p.lock(real)); err != nil {
		return err
	}
	// refuseForeign has seen that nothing but remains of an earlier start is there.
	for _, name := range ours {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := os.Remove(dir); err != nil {
		return err
	}
	if err := os.Symlink(real, dir); err != nil {
		return err
	}
	p.dir = real
	return syncDir(filepath.Dir(dir))
}

// runUser is the owner of an existing cluster, else postgres, else nobody.
func (p *place) runUser(exists bool) (*syscall.Credential, error) {
	if exists {
		fi, err := os.Stat(p.data())
		if err != nil {
			return nil, err
		}
		uid, gid := ownerOf(fi)
		if uid == 0 {
			return nil, fmt.Errorf("%w: %s belongs to root, as whom PostgreSQL does not run; chown it to an ordinary user", ErrAccess, p.data())
		}
		return &syscall.Credential{Uid: uid, Gid: gid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("%w: root may not run PostgreSQL, and there is no user postgres or nobody to run it as", ErrAccess)
}

// canEnter runs a program as the cluster's user with dir as its working
// directory. Asking the kernel is right where reading mode bits is not: access
// lists, security modules, network file systems.
func (p *place) canEnter(ctx context.Context, bin binaries, dir string) error {
	cmd := p.command(ctx, bin.path("postgres"), "--version")
	cmd.Dir = dir
	return cmd.Run()
}

// socketDir returns a directory for the socket: run/ below the cluster, or, when
// that path is too long for a Unix socket or holds what a connection string
// cannot, one below the system's temporary directory named by its hash.
func (p *place) socketDir(ctx context.Context, bin binaries) (string, error) {
	dir := filepath.Join(p.dir, "run")
	if fits(dir) {
		return dir, p.mkdir(dir)
	}
	sum := sha256.Sum256([]byte(p.dir))
	var errs []error
	for _, tmp := range []string{os.TempDir(), "/tmp"} {
		dir = filepath.Join(tmp, "sudi-"+hex.EncodeToString(sum[:8]))
		if !fits(dir) {
			continue
		}
		err := p.mkdir(dir)
		if err == nil {
			err = p.canEnter(ctx, bin, dir)
		}
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("no directory for the database socket: %w", errors.Join(errs...))
}

const (
	socketPort = "5432"
	socketName = "/.s.PGSQL." + socketPort
	maxSocket  = 103 // 107 on Linux, 103 on macOS and the BSDs
)

func fits(dir string) bool {
	return filepath.IsAbs(dir) && len(dir)+len(socketName) <= maxSocket && !strings.ContainsAny(dir, `,"'\`)
}

// lockFile takes the lock beside dir.
func lockFile(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir+".lock", os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644) //nolint:gosec // whoever is refused may read by whom
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w: %w; start sudi as the user who started it first, or as root", ErrAccess, err)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		b, _ := io.ReadAll(io.LimitReader(f, 32))
		pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		return nil, &InUseError{Dir: dir, PID: pid}
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func ownerOf(fi fs.FileInfo) (uid, gid uint32) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Uid, st.Gid
	}
	return math.MaxUint32, math.MaxUint32 // nobody at all
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Remove deletes the cluster of dir, wherever it lies, with its lock files. It
// fails with ErrInUse while a process holds it.
func Remove(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	p := &place{}
	defer p.unlock()
	if err := p.lock(dir); err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil && real != dir {
		if fi, err := os.Lstat(dir); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			if err := p.lock(real); err != nil {
				return err
			}
			p.dir = real
		}
	}
	if p.dir == "" {
		p.dir = dir
	}
	if err := stopOrphans(context.Background(), p.data(), discard); err != nil {
		return err
	}
	var errs []error
	for _, path := range []string{p.dir, dir} {
		errs = append(errs, os.RemoveAll(path))
	}
	for _, f := range p.locks {
		errs = append(errs, os.Remove(f.Name()))
	}
	return errors.Join(errs...)
}
