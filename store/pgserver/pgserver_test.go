package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const helperEnv = "SUDI_PGSERVER_TEST_HELPER"

// TestMain doubles as the program that TestKilledParent kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		s, err := Start(context.Background(), Config{Dir: dir, Settings: small})
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(s.proc.Pid)
		select {}
	}
	os.Exit(m.Run())
}

var small = map[string]string{"shared_buffers": "16MB", "max_connections": "20"}

// tempDir is enterable by every user, as testing's own is not.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sudi-pgserver-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func config(t *testing.T, dir string) Config {
	return Config{Dir: dir, Settings: small, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), relocateDir: filepath.Join(tempDir(t), "var-lib-sudi")}
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(testContext(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	require.NoError(t, s.Stop(testContext(t)))
}

func connect(t *testing.T, s *Server) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(testContext(t), s.DSN("sudi"))
	require.NoError(t, err)
	return c
}

func query(t *testing.T, s *Server, sql string) string {
	t.Helper()
	c := connect(t, s)
	defer func() { _ = c.Close(context.Background()) }()
	var v string
	require.NoError(t, c.QueryRow(testContext(t), sql).Scan(&v))
	return v
}

func execute(t *testing.T, s *Server, sql string) {
	t.Helper()
	c := connect(t, s)
	defer func() { _ = c.Close(context.Background()) }()
	_, err := c.Exec(testContext(t), sql)
	require.NoError(t, err)
}

func TestStartStopRestart(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	for name, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"listen_addresses": "", "server_encoding": "UTF8", "shared_buffers": "16MB", "TimeZone": "UTC",
	} {
		require.Equal(t, want, query(t, s, "SHOW "+name), name)
	}
	require.Equal(t, "sudi", query(t, s, "SELECT current_user::text"))
	execute(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, s.Err())
	fi, err := os.Stat(s.socket)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), fi.Mode().Perm())

	stop(t, s)
	<-s.Done()
	stop(t, s)
	require.NoError(t, s.Err())
	require.Empty(t, processesIn(s.place.data()))

	require.Equal(t, "42", query(t, start(t, cfg), "SELECT n::text FROM kept"))
}

func TestSettingsCannotBeOverridden(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	execute(t, s, "ALTER SYSTEM SET fsync = off")
	stop(t, s)
	require.Equal(t, "on", query(t, start(t, cfg), "SHOW fsync"))
}

func TestRecoversAfterKill(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	execute(t, s, "CREATE TABLE kept (n int)")
	for i := range 50 {
		execute(t, s, "INSERT INTO kept VALUES ("+strconv.Itoa(i)+")")
	}
	for _, pid := range processesIn(s.place.data()) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // a child may end by itself first
	}
	<-s.Done()
	require.ErrorContains(t, s.Err(), "killed")
	stop(t, s)

	require.Equal(t, "50", query(t, start(t, cfg), "SELECT count(*)::text FROM kept"))
}

// A postmaster killed alone leaves children that keep the next one from starting.
func TestKilledPostmasterLeavesChildren(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	execute(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	c := connect(t, s)
	go func() { // a backend that does not look up until it is done
		_, _ = c.Exec(context.Background(), "SELECT count(*) FROM generate_series(1, 1000000000)")
	}()
	require.Eventually(t, func() bool {
		return query(t, s, "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE '%1000000000)' AND state = 'active' AND pid <> pg_backend_pid()") == "1"
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, syscall.Kill(s.proc.Pid, syscall.SIGKILL))
	<-s.Done()
	stop(t, s)

	require.Equal(t, "42", query(t, start(t, cfg), "SELECT n::text FROM kept"))
}

func TestSecondStartIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)

	_, err := Start(testContext(t), cfg)
	require.ErrorIs(t, err, ErrInUse)
	var in *InUseError
	require.ErrorAs(t, err, &in)
	require.Equal(t, os.Getpid(), in.PID)
	require.ErrorContains(t, err, fmt.Sprintf("another sudi (pid %d) is running on this data directory", os.Getpid()))
	require.ErrorIs(t, Remove(cfg.Dir), ErrInUse)
	require.Equal(t, "1", query(t, s, "SELECT '1'"))

	stop(t, s)
	start(t, cfg)
}

// helper runs a start in a process of its own and returns the postmaster's pid.
func helper(t *testing.T, dir string) (parent *exec.Cmd, pid int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err, line)
	return cmd, pid
}

func TestKilledParent(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	execute(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	stop(t, s)

	parent, pid := helper(t, cfg.Dir)
	require.NotEqual(t, pid, s.proc.Pid)
	_, err := Start(testContext(t), cfg)
	var in *InUseError
	require.ErrorAs(t, err, &in)
	require.Equal(t, parent.Process.Pid, in.PID)

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Equal(t, "42", query(t, start(t, cfg), "SELECT n::text FROM kept"))
	require.NotContains(t, processesIn(s.place.data()), pid)
}

func TestServerEndsWithItsKilledParent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "postgres")
	parent, pid := helper(t, dir)
	data := filepath.Join(dir, "data")
	require.Contains(t, processesIn(data), pid)
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return len(processesIn(data)) == 0 }, 30*time.Second, 20*time.Millisecond)
}

// An orphan that the kernel's signal did not end is stopped by the next start.
func TestTakesOverAnOrphan(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	execute(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	stop(t, s)

	orphan := s.place.command(context.Background(), s.bin.path("postgres"), s.arguments(small)...)
	require.NoError(t, orphan.Start())
	ended := make(chan struct{})
	go func() { _ = orphan.Wait(); close(ended) }()
	require.Eventually(t, func() bool {
		pm, err := readPostmaster(s.place.data())
		return err == nil && pm.pid == orphan.Process.Pid && pm.status == "ready"
	}, 20*time.Second, 10*time.Millisecond)

	s2 := start(t, cfg)
	<-ended
	require.NotEqual(t, orphan.Process.Pid, s2.proc.Pid)
	require.Equal(t, "42", query(t, s2, "SELECT n::text FROM kept"))
}

func TestStalePidOfAStrangerIsLeftAlone(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	stop(t, s)
	stranger := exec.Command("sleep", "60")
	require.NoError(t, stranger.Start())
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	require.NoError(t, os.WriteFile(filepath.Join(s.place.data(), "postmaster.pid"), []byte(strconv.Itoa(stranger.Process.Pid)+"\n"), 0o600))
	require.NoError(t, stopOrphans(testContext(t), s.place.data(), discard))
	require.NoError(t, stranger.Process.Signal(syscall.Signal(0)))
}

func TestFolderThatOnlyRootEnters(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	closed := filepath.Join(tempDir(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	cfg := config(t, filepath.Join(closed, "checkout", ".sudi", "postgres"))
	s := start(t, cfg)
	execute(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	target, err := os.Readlink(cfg.Dir)
	require.NoError(t, err)
	require.Equal(t, s.Dir(), target)
	require.Equal(t, cfg.relocateDir, filepath.Dir(target))
	stop(t, s)

	// The checkout is moved, and copied: the data stays with it, the lock too.
	moved, copied := filepath.Join(closed, "moved"), filepath.Join(closed, "copied")
	require.NoError(t, os.Rename(filepath.Join(closed, "checkout"), moved))
	require.NoError(t, os.Mkdir(copied, 0o700))
	require.NoError(t, os.Symlink(target, filepath.Join(copied, "postgres")))
	cfg.Dir = filepath.Join(moved, ".sudi", "postgres")
	s = start(t, cfg)
	require.Equal(t, "42", query(t, s, "SELECT n::text FROM kept"))
	_, err = Start(testContext(t), Config{Dir: filepath.Join(copied, "postgres")})
	require.ErrorIs(t, err, ErrInUse)
	stop(t, s)

	require.NoError(t, Remove(cfg.Dir))
	require.NoDirExists(t, target)
	_, err = Start(testContext(t), Config{Dir: filepath.Join(copied, "postgres")})
	require.ErrorIs(t, err, ErrAccess)
	require.ErrorContains(t, err, "which is gone")
}

// A cluster that a user made is run by root as that user.
func TestRootRunsAUsersClusterAsThatUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	s := start(t, cfg)
	stop(t, s)
	require.NoError(t, filepath.WalkDir(s.Dir(), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 12345, 12345))
	}))
	require.NoError(t, os.Chown(filepath.Dir(s.Dir()), 12345, 12345))
	require.NoError(t, os.Chmod(filepath.Dir(s.Dir()), 0o700))
	s = start(t, cfg)
	require.Equal(t, uint32(12345), s.place.creds.Uid)
	require.Equal(t, "1", query(t, s, "SELECT '1'"))
}

func TestLongAndOddPaths(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"long":           strings.Repeat("very-long-folder-name/", 8) + "postgres",
		"blank and plus": "a + b/postgres",
		"odd":            `comma, quote' "double" % 100`,
		"中文 路径":          "诉递 数据/postgres",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, config(t, filepath.Join(tempDir(t), dir)))
			require.Equal(t, "1", query(t, s, "SELECT '1'"))
			socket := s.socket
			stop(t, s)
			if filepath.Dir(socket) != s.Dir() {
				require.NoDirExists(t, socket)
			}
		})
	}
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600))
	_, err := Start(testContext(t), config(t, dir))
	require.ErrorIs(t, err, ErrAccess)
	require.ErrorContains(t, err, "thesis.txt")
	require.NoError(t, os.Remove(dir+".lock"))
}

func TestHalfMadeClusterIsMadeAgain(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	require.NoError(t, os.MkdirAll(filepath.Join(cfg.Dir, initDir, "base"), 0o700))
	s := start(t, cfg)
	require.Equal(t, "1", query(t, s, "SELECT '1'"))
	require.NoDirExists(t, filepath.Join(cfg.Dir, initDir))
}

func TestFailedStartSaysWhyAndLetsGo(t *testing.T) {
	t.Parallel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	cfg.Settings = map[string]string{"shared_buffers": "a lot"}
	_, err := Start(testContext(t), cfg)
	require.ErrorContains(t, err, `invalid value for parameter "shared_buffers"`)
	cfg.Settings = small
	start(t, cfg)
}

func TestStartObeysItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cfg := config(t, filepath.Join(tempDir(t), "postgres"))
	_, err := Start(ctx, cfg)
	require.Error(t, err)
	start(t, cfg)
}

func TestNoBinaries(t *testing.T) {
	t.Setenv("SUDI_PG_BIN", t.TempDir())
	_, err := Start(testContext(t), Config{Dir: filepath.Join(tempDir(t), "postgres")})
	require.ErrorIs(t, err, ErrNoBinaries)
	require.ErrorContains(t, err, "script/setup")
	require.ErrorContains(t, err, "apt-get install postgresql")
}

func TestOldAndOtherVersions(t *testing.T) {
	fake := func(version string) string {
		dir := tempDir(t)
		for _, name := range []string{"postgres", "initdb"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho 'postgres (PostgreSQL) "+version+"'\n"), 0o755))
		}
		return dir
	}
	t.Setenv("SUDI_PG_BIN", fake("14.9"))
	_, _, err := FindBinaries(testContext(t))
	require.ErrorIs(t, err, ErrNoBinaries)

	t.Setenv("SUDI_PG_BIN", fake("18beta1"))
	_, major, err := FindBinaries(testContext(t))
	require.NoError(t, err)
	require.Equal(t, 18, major)
	_, err = findBinaries(testContext(t), 16)
	require.ErrorIs(t, err, ErrVersion)
	require.ErrorContains(t, err, "apt-get install postgresql-16")
}
