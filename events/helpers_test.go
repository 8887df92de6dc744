package events

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

const (
	county  = "370404"
	patient = 20 * time.Second // for what happens at once on an idle machine
	glimpse = 5 * time.Millisecond
)

// bench is a broker, the connection to it and the memory behind.
type bench struct {
	t      testing.TB
	dir    string
	server *Server
	conn   *nats.Conn
	memory *memory
	log    *slog.Logger
	desks  Desks
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "broker"), memory: newMemory(), log: slog.New(slog.DiscardHandler)}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *bench) start() {
	var err error
	b.server, err = startServer(b.dir, b.desks, b.log, 50*time.Millisecond)
	require.NoError(b.t, err)
	b.conn, err = b.server.Connect()
	require.NoError(b.t, err)
}

func (b *bench) stop() {
	b.conn.Close()
	b.server.Shutdown()
}

func (b *bench) js() jetstream.JetStream {
	js, err := jetstream.New(b.conn)
	require.NoError(b.t, err)
	return js
}

func (b *bench) relay() *Relay {
	r := NewRelay(b.memory, b.conn, county, b.log)
	r.check = 50 * time.Millisecond
	return r
}

func (b *bench) consumer(name string, handle func(context.Context, domain.Event) error) *Consumer {
	return &Consumer{
		Name: name, Conn: b.conn, County: county, Handle: handle, Dead: b.memory, Log: b.log, AckWait: time.Second,
	}
}

// run runs something until the test ends or the given function is called.
func (b *bench) run(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(b.t, <-done)
	})
	b.t.Cleanup(stop)
	return stop
}

// relayAll announces events and waits until the broker has them.
func (b *bench) relayAll(es ...domain.Event) {
	b.memory.commit(es...)
	stop := b.run(b.relay().Run)
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	stop()
}

func (b *bench) eventually(ok func() bool) {
	b.t.Helper()
	require.Eventually(b.t, ok, patient, glimpse)
}

// stored gives the messages of a stream, oldest first.
func (b *bench) stored(stream string) []*jetstream.RawStreamMsg {
	ctx := b.t.Context()
	s, err := b.js().Stream(ctx, stream)
	require.NoError(b.t, err)
	state := s.CachedInfo().State
	var out []*jetstream.RawStreamMsg
	for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
		msg, err := s.GetMsg(ctx, seq)
		require.NoError(b.t, err)
		out = append(out, msg)
	}
	return out
}

// storedEvents gives the events of the case subjects, oldest first.
func (b *bench) storedEvents() []domain.Event {
	var es []domain.Event
	for _, m := range b.stored(CasesStream) {
		e, err := Decode(m.Data)
		require.NoError(b.t, err)
		if m.Subject == CaseSubject(county, e) {
			es = append(es, e)
		}
	}
	return es
}

func event(caseNo, version int) domain.Event {
	id := fmt.Sprintf("00000000-0000-7000-8000-%012d", caseNo)
	return domain.Event{
		ID: fmt.Sprintf("%s-%d", id, version), CaseID: id, Version: version, Matter: id,
		Number: fmt.Sprintf("XF-370404102-2020-%06d", caseNo), Procedure: "petition", Event: "registered",
		Action: "register", To: "registered", Disposition: domain.Pending, Owner: "370404102", Desk: "370404102",
		ActorRole: domain.RoleClerk, At: time.Date(2020, 3, 1, 9, 30, 0, 123456000, time.UTC),
	}
}

// events gives the versions 1 to n of each of some cases, in the order in which
// busy cases interleave.
func events(cases, n int) []domain.Event {
	var es []domain.Event
	for v := 1; v <= n; v++ {
		for c := range cases {
			es = append(es, event(c, v))
		}
	}
	return es
}

// applied records what a consumer applied, as receipts in a database would.
type applied struct {
	mu    sync.Mutex
	order map[string][]int // versions by case, as they came
	once  map[string]int   // how often an event came
}

func newApplied() *applied { return &applied{order: map[string][]int{}, once: map[string]int{}} }

func (a *applied) apply(_ context.Context, e domain.Event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.once[e.ID]++
	a.order[e.CaseID] = append(a.order[e.CaseID], e.Version)
	return nil
}

func (a *applied) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.once)
}

func (a *applied) times(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.once[id]
}

// inOrder checks that the versions of each case came 1, 2, … without a gap,
// repetitions of what came before aside.
func (a *applied) inOrder(t testing.TB) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, versions := range a.order {
		top := 0
		for _, v := range versions {
			require.LessOrEqual(t, v, top+1, "case %s: %v", id, versions)
			top = max(top, v)
		}
	}
}
