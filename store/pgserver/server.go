package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// User is the superuser of the cluster, and the name of the database made with it.
const User = "sudi"

const initDir = "data.new"

// Config says where the cluster lies and how it is set.
type Config struct {
	// Dir is the cluster's directory, such as ./.sudi/postgres. It is made when
	// missing. Root should leave the folders above it enterable (0711 or more);
	// where they are not, the cluster is made below /var/lib/sudi.
	Dir string
	// Logger receives the few messages of this package; nil discards them.
	Logger *slog.Logger
	// Settings are added to the server's settings and replace those of the same
	// name. The socket and the listening address are not open to change.
	Settings map[string]string

	relocateDir string // for tests; empty means the constant
}

// defaultSettings suit a small machine, and never give up durability.
func defaultSettings() map[string]string {
	return map[string]string{
		"fsync":                        "on",
		"full_page_writes":             "on",
		"synchronous_commit":           "on",
		"wal_compression":              "on",
		"max_wal_size":                 "2GB",
		"min_wal_size":                 "80MB",
		"checkpoint_timeout":           "15min",
		"checkpoint_completion_target": "0.9",
		"shared_buffers":               "256MB",
		"max_connections":              "100",
		"timezone":                     "UTC",
		"log_timezone":                 "UTC",
		"log_min_messages":             "warning",
		"log_line_prefix":              "%m [%p] %q%u@%d ",
		"logging_collector":            "on",
		"log_filename":                 "postgresql-%a.log",
		"log_file_mode":                "0600",
		"log_rotation_age":             "1d",
		"log_rotation_size":            "0",
		"log_truncate_on_rotation":     "on",
		"cluster_name":                 "sudi",
	}
}

// Server is a running cluster. Its methods may be called from any goroutine.
type Server struct {
	place  *place
	socket string
	log    *slog.Logger
	bin    binaries

	proc *os.Process
	done chan struct{}
	exit error // how the postmaster ended; read it after done

	stop    sync.Mutex // one Stop at a time
	stopped bool
}

// Start starts the cluster of cfg.Dir, making it first when there is none, and
// returns when it accepts connections. A cluster that was killed is recovered,
// which may take a while: ctx bounds the whole of Start, and nothing after it.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	log := cfg.Logger
	if log == nil {
		log = discard
	}
	relocate := cfg.relocateDir
	if relocate == "" {
		relocate = relocateDir
	}
	p, bin, err := claim(ctx, cfg.Dir, relocate, findBinaries)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	s := &Server{place: p, bin: bin, log: log, done: make(chan struct{})}
	if err := s.start(ctx, cfg.Settings); err != nil {
		p.unlock()
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	log.Info("private PostgreSQL is running", "dir", p.dir, "version", bin.major, "pid", s.proc.Pid)
	return s, nil
}

func (s *Server) start(ctx context.Context, settings map[string]string) error {
	if err := stopOrphans(ctx, s.place.data(), s.log); err != nil {
		return err
	}
	if err := s.initialise(ctx); err != nil {
		return err
	}
	if err := s.place.mkdir(s.place.logs()); err != nil {
		return err
	}
	var err error
	if s.socket, err = s.place.socketDir(ctx, s.bin); err != nil {
		return err
	}
	if err := s.launch(s.arguments(settings)); err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return errors.Join(err, s.Stop(stopCtx))
	}
	return nil
}

// initialise makes the cluster under another name and renames it when it is
// whole, so that a start that is cut off leaves nothing half made.
func (s *Server) initialise(ctx context.Context) error {
	major, err := s.place.existing()
	if err != nil || major != 0 {
		return err
	}
	tmp := filepath.Join(s.place.dir, initDir)
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := s.place.mkdir(tmp); err != nil {
		return err
	}
	s.log.Info("making a private PostgreSQL cluster", "dir", s.place.dir, "version", s.bin.major)
	if err := s.initdb(ctx, tmp); err != nil {
		return err
	}
	hba := filepath.Join(tmp, "pg_hba.conf") // initdb's own file, rewritten in place: owner and mode stay
	if err := os.WriteFile(hba, []byte("# The socket lies in a directory that only its owner and root may enter.\nlocal all all trust\nlocal replication all trust\n"), 0o600); err != nil {
		return err
	}
	cmd := s.place.command(ctx, s.bin.path("postgres"), "--single", "-D", tmp, "postgres")
	cmd.Stdin = strings.NewReader("CREATE DATABASE " + User + ";\n")
	// Single-user mode reports a failed statement only on stderr.
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("ERROR:")) {
		return fmt.Errorf("create database: %w", errors.Join(err, errors.New(tail(out))))
	}
	if err := os.Rename(tmp, s.place.data()); err != nil {
		return err
	}
	return syncDir(s.place.dir)
}

func (s *Server) initdb(ctx context.Context, dir string) error {
	var errs []error
	for _, locale := range []string{"C.UTF-8", "C"} { // not every system has the first
		cmd := s.place.command(ctx, s.bin.path("initdb"), "--pgdata="+dir, "--username="+User,
			"--data-checksums", "--encoding=UTF8", "--locale="+locale, "--auth=trust", "--no-instructions")
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("initdb: %w: %s", err, tail(out)))
		if ctx.Err() != nil || !bytes.Contains(out, []byte("locale")) {
			break
		}
	}
	return errors.Join(errs...)
}

// arguments are given on the command line, where neither a configuration file
// nor ALTER SYSTEM overrides them.
func (s *Server) arguments(extra map[string]string) []string {
	all := defaultSettings()
	maps.Copy(all, extra)
	all["log_directory"] = s.place.logs()
	all["listen_addresses"] = ""
	all["port"] = socketPort
	all["unix_socket_directories"] = s.socket
	all["unix_socket_permissions"] = "0700"
	args := []string{"-D", s.place.data()}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", k+"="+all[k])
	}
	return args
}

func (s *Server) startupLog() string { return filepath.Join(s.place.logs(), "startup.log") }

// launch starts the postmaster from a thread that lives as long as it does:
// PR_SET_PDEATHSIG is tied to the thread.
func (s *Server) launch(args []string) error {
	out, err := os.OpenFile(s.startupLog(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer out.Close() // the child has its own copy
	if err := s.place.own(s.startupLog()); err != nil {
		return err
	}
	// Not bound to a context: the server outlives the call that starts it.
	cmd := s.place.command(context.Background(), s.bin.path("postgres"), args...)
	cmd.Stdout, cmd.Stderr = out, out
	dieWithParent(cmd)

	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		s.proc = cmd.Process
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		if err == nil {
			err = errors.New("exit status 0")
		}
		s.exit = err
		close(s.done)
	}()
	return <-started
}

// ready waits until the postmaster accepts connections.
func (s *Server) ready(ctx context.Context) error {
	begin, told := time.Now(), time.Now()
	for {
		select {
		case <-s.done:
			return fmt.Errorf("the server ended while starting: %w: %s", s.exit, s.lastWords())
		default:
		}
		if pm, err := readPostmaster(s.place.data()); err == nil && pm.pid == s.proc.Pid && pm.status == "ready" {
			return nil
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			s.log.Info("PostgreSQL is still recovering", "seconds", int(time.Since(begin).Seconds()))
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("the server did not become ready: %w", err)
		}
	}
}

// lastWords quotes the end of what the server wrote, for an error message.
func (s *Server) lastWords() string {
	files := []string{s.startupLog(), filepath.Join(s.place.logs(), "postgresql-"+time.Now().UTC().Format("Mon")+".log")}
	var all []byte
	for _, name := range files {
		f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
		if err != nil {
			continue
		}
		if fi, err := f.Stat(); err == nil && fi.Size() > 4096 {
			_, _ = f.Seek(-4096, io.SeekEnd)
		}
		b, _ := io.ReadAll(io.LimitReader(f, 4096))
		_ = f.Close()
		all = append(all, b...)
	}
	return tail(all) + " (more in " + s.place.logs() + ")"
}

// tail returns the last lines of out that say something went wrong, on one line,
// or simply the last lines.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var bad []string
	for _, l := range lines {
		for _, w := range []string{"FATAL:", "PANIC:", "ERROR:", "error:", "HINT:", "DETAIL:"} {
			if strings.Contains(l, w) {
				bad = append(bad, strings.TrimSpace(l))
				break
			}
		}
	}
	if len(bad) == 0 {
		bad = lines
	}
	return strings.Join(bad[max(0, len(bad)-5):], " | ")
}

// DSN is the address of a database of the cluster, over the Unix socket, as a
// URL that pgx and libpq understand. The database "sudi" exists from the start.
func (s *Server) DSN(database string) string {
	q := url.Values{"host": {s.socket}, "port": {socketPort}, "user": {User}, "sslmode": {"disable"}}
	// libpq and pgx read "+" as a plus, not as a blank.
	return "postgres:///" + url.PathEscape(database) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// Dir is where the cluster really lies.
func (s *Server) Dir() string { return s.place.dir }

// BinDir is where the server's programs are; pg_dump of the same version is
// usually among them.
func (s *Server) BinDir() string { return s.bin.dir }

// Done is closed when the postmaster has ended, whoever ended it.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says how the postmaster ended, with the last lines of its log; nil while
// it runs and after Stop.
func (s *Server) Err() error {
	select {
	case <-s.done:
	default:
		return nil
	}
	s.stop.Lock()
	defer s.stop.Unlock()
	if s.stopped {
		return nil
	}
	return fmt.Errorf("PostgreSQL ended unexpectedly: %w: %s", s.exit, s.lastWords())
}

// Stop ends the server: connections are cut, a checkpoint is written, and the
// lock on the data directory is released. If ctx ends first the server is
// stopped at once, which loses nothing committed but costs a recovery at the
// next start, and the error says so. Further calls do nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Lock()
	defer s.stop.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	defer s.place.unlock()
	defer s.removeSocketDir()
	defer s.awaitChildren()

	_ = s.proc.Signal(syscall.SIGINT) // ended already is as good
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	err := fmt.Errorf("PostgreSQL did not stop in time and was cut off; it recovers at the next start: %w", context.Cause(ctx))
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		_ = s.proc.Signal(sig)
		select {
		case <-s.done:
			return err
		case <-time.After(6 * time.Second): // after 5 it kills its own children
		}
	}
	<-s.done
	return err
}

// awaitChildren waits for the log collector, which ends a moment after the
// postmaster.
func (s *Server) awaitChildren() {
	for range 200 {
		if len(processesIn(s.place.data())) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// removeSocketDir removes a socket directory outside the data directory. It
// fails harmlessly where a killed server left files; the next start reuses it.
func (s *Server) removeSocketDir() {
	if filepath.Dir(s.socket) != s.place.dir {
		_ = os.Remove(s.socket)
	}
}
