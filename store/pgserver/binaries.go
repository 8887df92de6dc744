package pgserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// minMajor is the oldest PostgreSQL that Sudi's migrations are written for.
const minMajor = 15

// binaries are the server programs of one PostgreSQL installation.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// FindBinaries returns the directory and major version of the PostgreSQL server
// programs that a new cluster would use. Without any the error is ErrNoBinaries
// and says which command installs them.
func FindBinaries(ctx context.Context) (dir string, major int, err error) {
	b, err := findBinaries(ctx, 0)
	return b.dir, b.major, err
}

// findBinaries looks in SUDI_PG_BIN, then in PATH and in the usual places.
// SUDI_PG_BIN is taken at its word. Of the others the highest version wins, or,
// when want is not zero, the one of that major version.
func findBinaries(ctx context.Context, want int) (binaries, error) {
	if dir := os.Getenv("SUDI_PG_BIN"); dir != "" {
		b, err := inspect(ctx, dir)
		switch {
		case err != nil:
			return binaries{}, fmt.Errorf("%w in SUDI_PG_BIN=%s (%w): %s", ErrNoBinaries, dir, err, howToInstall(want))
		case b.major < minMajor:
			return binaries{}, fmt.Errorf("%w in SUDI_PG_BIN=%s: version %d, need %d or newer: %s",
				ErrNoBinaries, dir, b.major, minMajor, howToInstall(want))
		case want != 0 && b.major != want:
			return binaries{}, versionError(want, []int{b.major})
		}
		return b, nil
	}

	var found []binaries
	var seen, old []int
	for _, dir := range candidateDirs() {
		b, err := inspect(ctx, dir)
		if err != nil {
			continue
		}
		if b.major < minMajor {
			old = append(old, b.major)
			continue
		}
		found, seen = append(found, b), append(seen, b.major)
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].major > found[j].major })
	for _, b := range found {
		if want == 0 || b.major == want {
			return b, nil
		}
	}
	if len(found) > 0 {
		return binaries{}, versionError(want, seen)
	}
	if len(old) > 0 {
		return binaries{}, fmt.Errorf("%w in version %d or newer (found %s): %s", ErrNoBinaries, minMajor, join(old), howToInstall(want))
	}
	return binaries{}, fmt.Errorf("%w: %s", ErrNoBinaries, howToInstall(want))
}

func versionError(want int, have []int) error {
	return fmt.Errorf("%w: it needs %d, found %s: install it with `apt-get install postgresql-%d`, or name its programs in SUDI_PG_BIN",
		ErrVersion, want, join(have), want)
}

func howToInstall(want int) string {
	pkg := "postgresql"
	if want != 0 {
		pkg += "-" + strconv.Itoa(want)
	}
	return "run `script/setup`, or install them as root with `apt-get install " + pkg + "` (Debian, Ubuntu) or `dnf install postgresql-server` " +
		"(Fedora, RHEL); programs elsewhere can be named in SUDI_PG_BIN, a running database in DATABASE_URL"
}

func join(ns []int) string {
	s := make([]string, len(ns))
	for i, n := range ns {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, ", ")
}

func candidateDirs() []string {
	var dirs []string
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // PostgreSQL's own RPMs
		"/usr/libexec/postgresql*",          // Alpine
		"/usr/lib/postgresql*/bin",          // SUSE
		"/usr/local/pgsql/bin",              // from source
		"/opt/homebrew/opt/postgresql*/bin", // macOS
		"/usr/local/opt/postgresql*/bin",
	} {
		m, _ := filepath.Glob(pattern) // only a malformed pattern is an error
		dirs = append(dirs, m...)
	}
	return dirs
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect asks the programs in dir for their version.
func inspect(ctx context.Context, dir string) (binaries, error) {
	b := binaries{dir: dir}
	if _, err := exec.LookPath(b.path("initdb")); err != nil {
		return b, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, b.path("postgres"), "--version").Output()
	if err != nil {
		return b, err
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return b, fmt.Errorf("unknown version %q", out)
	}
	b.major, err = strconv.Atoi(string(m[1]))
	return b, err
}
