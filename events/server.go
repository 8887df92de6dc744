package events

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	// storeLimit leaves room for both streams at their default sizes.
	storeLimit  = 4 << 30
	memoryLimit = 64 << 20 // no stream of ours lives in memory
	guardPeriod = 2 * time.Second
	reviewEach  = 3 // rounds of the guard
)

var (
	errNotRunning = errors.New("the broker is not running")
	errPort       = errors.New("the broker's port")
)

// Server is a NATS server inside this process. Connections made by Connect
// reach all of it; from outside nobody reaches it, or desks' systems what is
// theirs.
type Server struct {
	dir    string
	log    *slog.Logger
	desks  Desks
	secret string // of our own connections; it never leaves the process
	mu     sync.Mutex
	nats   *server.Server // nil while a restart is being tried
	gate   *gate
	stop   chan struct{}
	done   chan struct{}
	once   sync.Once
	period time.Duration
}

// StartServer starts a server that keeps its streams in dir. Each message is
// synced to disk before it is acknowledged. A store that cannot be used is moved
// aside, to dir.broken-<time>, and an empty one takes its place: the relay then
// announces all open cases again.
func StartServer(dir string, desks Desks, log *slog.Logger) (*Server, error) {
	return startServer(dir, desks, log, guardPeriod)
}

func startServer(dir string, desks Desks, log *slog.Logger, period time.Duration) (*Server, error) {
	s := &Server{
		dir: dir, log: log, desks: desks, secret: rand.Text(), period: period,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	if err := s.open(); err != nil {
		if errors.Is(err, errPort) {
			return nil, err
		}
		aside, moveErr := moveAside(dir)
		if moveErr != nil {
			return nil, fmt.Errorf("broker: %w", errors.Join(err, moveErr))
		}
		log.Warn("the broker's store is unusable: starting an empty one", "moved_to", aside, "error", err)
		if err := s.open(); err != nil {
			return nil, fmt.Errorf("broker: %w", err)
		}
	}
	go s.guard()
	return s, nil
}

// Addr is where desks' systems reach the server, "" when they do not.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nats == nil || s.nats.Addr() == nil {
		return ""
	}
	return s.nats.Addr().String()
}

// Connect opens a connection to the server. It outlives the server's restarts.
func (s *Server) Connect() (*nats.Conn, error) {
	return nats.Connect(nats.DefaultURL, append(connOptions(s.log), nats.InProcessServer(s), nats.Token(s.secret))...)
}

// InProcessConn is what the client library dials, the first time and after a
// restart.
func (s *Server) InProcessConn() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nats == nil {
		return nil, errNotRunning
	}
	return s.nats.InProcessConn()
}

// Shutdown stops the server and waits until it has.
func (s *Server) Shutdown() {
	s.once.Do(func() { close(s.stop) })
	<-s.done
}

// guard restarts the server when it has given up a stream, as it does for good
// when the disk is full, or when somebody has deleted its store.
func (s *Server) guard() {
	defer close(s.done)
	defer s.close()
	t := time.NewTicker(s.period)
	defer t.Stop()
	complaint := seldom{each: complainEach}
	ill := 0
	reviewed := time.Now()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		if time.Since(reviewed) >= reviewEach*s.period {
			s.review()
			reviewed = time.Now()
		}
		err := s.health()
		if err == nil {
			ill = 0
			continue
		}
		// A stream that is just being made or deleted looks ill for a moment.
		if ill++; ill < 2 {
			continue
		}
		complaint.do(func() { s.log.Warn("the broker is ill: restarting it", "error", err) })
		s.close()
		if err := s.open(); err != nil {
			s.log.Error("the broker does not start", "error", err)
		}
	}
}

func (s *Server) review() {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), signInPatience)
	defer cancel()
	gate.review(ctx)
}

func (s *Server) health() error {
	s.mu.Lock()
	ns := s.nats
	s.mu.Unlock()
	if ns == nil {
		return errNotRunning
	}
	if _, err := os.Stat(filepath.Join(s.dir, server.JetStreamStoreDir)); err != nil {
		return err
	}
	return health(ns)
}

// health says whether all streams on disk are up and can be written. The server
// itself only warns when it has to leave one out.
func health(ns *server.Server) error {
	for tries := 0; ; tries++ {
		errs := ns.Healthz(&server.HealthzOptions{Details: true}).Errors
		if len(errs) == 0 {
			return nil
		}
		// It allows itself a millisecond to be ready, and a busy machine takes longer.
		if errs[0].Type != server.HealthzErrorConn || tries == 50 {
			return errors.New(errs[0].Error)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *Server) open() error {
	gate := &gate{Desks: s.desks, secret: s.secret, log: s.log, conns: map[uint64]signedIn{}}
	opts := &server.Options{
		ServerName:                 "sudi",
		DontListen:                 true,
		NoSigs:                     true, // signals are the program's business
		JetStream:                  true,
		StoreDir:                   s.dir,
		JetStreamMaxStore:          storeLimit,
		JetStreamMaxMemory:         memoryLimit,
		SyncAlways:                 true,
		CustomClientAuthentication: gate,
	}
	if err := s.desks.options(opts); err != nil {
		return fmt.Errorf("%w: %w", errPort, err)
	}
	if err := portFree(opts); err != nil {
		return fmt.Errorf("%w: %w", errPort, err)
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	gate.nats = ns
	if err := s.desks.offer(ns.GlobalAccount()); err != nil {
		return err
	}
	log := &serverLog{log: s.log}
	ns.SetLogger(log, false, false)
	ns.Start() // returns when the streams are recovered, or after a fatal error
	err = log.fatal()
	if err == nil {
		err = health(ns)
	}
	if err != nil {
		halt(ns)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nats, s.gate = ns, gate
	if addr, ok := ns.Addr().(*net.TCPAddr); ok { // a port that was chosen stays over a restart
		s.desks.Listen = addr.String()
	}
	return nil
}

// portFree tells a port that somebody else has from a store that is broken: the
// server itself fails at either in the same way.
func portFree(o *server.Options) error {
	if o.DontListen || o.Port == server.RANDOM_PORT {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort(o.Host, strconv.Itoa(o.Port)))
	if err != nil {
		return err
	}
	return l.Close()
}

func (s *Server) close() {
	s.mu.Lock()
	ns := s.nats
	s.nats, s.gate = nil, nil
	s.mu.Unlock()
	if ns != nil {
		halt(ns)
	}
}

func halt(ns *server.Server) {
	ns.Shutdown()
	ns.WaitForShutdown()
}

// moveAside renames a store so that it can be looked at later.
func moveAside(dir string) (string, error) {
	aside := filepath.Clean(dir) + ".broken-" + time.Now().UTC().Format("20060102T150405.000000000")
	return aside, os.Rename(dir, aside)
}
