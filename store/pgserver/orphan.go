package pgserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

// stopOrphans ends the server processes that a killed sudi left on data. It is
// called with the lock held, so that no live sudi owns them.
//
// A process counts as one of them only if its working directory is data, which
// is where every PostgreSQL process works. The number in postmaster.pid alone
// proves nothing: after a restart of the machine it may be anybody's.
func stopOrphans(ctx context.Context, data string, log *slog.Logger) error {
	pids := processesIn(data)
	if len(pids) == 0 {
		return nil
	}
	post, _ := readPostmaster(data)
	steps := []struct {
		sig  syscall.Signal
		all  bool
		wait time.Duration
	}{
		{0, true, time.Second},                    // time to end by themselves
		{syscall.SIGINT, false, 30 * time.Second}, // fast shutdown
		{syscall.SIGQUIT, true, 10 * time.Second}, // immediate shutdown
		{syscall.SIGKILL, true, 10 * time.Second},
	}
	for i, s := range steps {
		if i == 1 {
			log.Warn("stopping a PostgreSQL that outlived its sudi", "dir", data, "pids", pids)
		}
		alive := false
		for _, pid := range pids {
			alive = alive || pid == post.pid
			if s.all || pid == post.pid {
				_ = syscall.Kill(pid, s.sig) // gone already is as good
			}
		}
		if !alive && !s.all {
			continue // no postmaster left to shut the others down
		}
		for deadline := time.Now().Add(s.wait); time.Now().Before(deadline); {
			if pids = processesIn(data); len(pids) == 0 {
				return nil
			}
			if err := sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("PostgreSQL processes %v still run in %s and do not stop", pids, data)
}

// processesIn lists the live processes that work in dir. Without /proc it finds
// none, and PostgreSQL's own interlock refuses the start instead.
func processesIn(dir string) []int {
	const procfs = "/proc"
	entries, _ := os.ReadDir(procfs)
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		proc := filepath.Join(procfs, e.Name())
		if cwd, err := os.Readlink(filepath.Join(proc, "cwd")); err != nil || cwd != dir {
			continue
		}
		// An administrator's shell may stand there as well.
		if comm, err := os.ReadFile(filepath.Join(proc, "comm")); err == nil && strings.HasPrefix(string(comm), "post") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// postmaster is what postmaster.pid tells.
type postmaster struct {
	pid    int
	status string
}

var errNoPostmaster = errors.New("no postmaster.pid")

func readPostmaster(data string) (postmaster, error) {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return postmaster{}, err
	}
	var p postmaster
	sc := bufio.NewScanner(bytes.NewReader(b))
	for line := 1; sc.Scan(); line++ {
		switch line {
		case 1:
			p.pid, _ = strconv.Atoi(strings.TrimSpace(sc.Text()))
		case 8:
			p.status = strings.TrimSpace(sc.Text())
		}
	}
	if p.pid <= 0 {
		return postmaster{}, errNoPostmaster
	}
	return p, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
