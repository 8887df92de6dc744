package events

import (
	"context"
	"slices"
	"sync"
	"time"

	"sudi/domain"
)

// memory is the store's part in moving events, without a database.
type memory struct {
	mu       sync.Mutex
	last     int64
	outbox   []domain.Unsent
	history  []domain.Event // what Requeue announces again
	requeues int
	stores   map[string]time.Time
	letters  map[string]domain.DeadLetter
	share    int // most entries that are given at a time, as of a lane that is to leave room; 0: any number
	lock     chan struct{}
	failing  error // of every call, as when the database is away
}

func newMemory() *memory {
	return &memory{stores: map[string]time.Time{}, letters: map[string]domain.DeadLetter{}, lock: make(chan struct{}, 1)}
}

func (m *memory) commit(es ...domain.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.history = append(m.history, es...)
	m.enqueue(es)
}

func (m *memory) enqueue(es []domain.Event) {
	for _, e := range es {
		m.last++
		m.outbox = append(m.outbox, domain.Unsent{Position: m.last, Event: e})
	}
}

func (m *memory) setFailing(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = err
}

func (m *memory) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.outbox)
}

func (m *memory) requeued() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requeues
}

func (m *memory) letter(id string) domain.DeadLetter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.letters[id]
}

func (m *memory) Unsent(_ context.Context, limit int) ([]domain.Unsent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.share > 0 {
		limit = min(limit, m.share)
	}
	return slices.Clone(m.outbox[:min(limit, len(m.outbox))]), m.failing
}

func (m *memory) MarkSent(_ context.Context, positions []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent := map[int64]bool{}
	for _, p := range positions {
		sent[p] = true
	}
	m.outbox = slices.DeleteFunc(m.outbox, func(u domain.Unsent) bool { return sent[u.Position] })
	return m.failing
}

func (m *memory) Requeue(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requeues++
	m.enqueue(m.history)
	return int64(len(m.history)), m.failing
}

func (m *memory) WithLock(ctx context.Context, _ string, fn func(context.Context) error) (bool, error) {
	select {
	case m.lock <- struct{}{}:
		defer func() { <-m.lock }()
		return true, fn(ctx)
	default:
		return false, nil
	}
}

func (m *memory) BrokerStore(_ context.Context, stream string) (time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.stores[stream]
	return at, ok, m.failing
}

func (m *memory) SetBrokerStore(_ context.Context, stream string, created time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stores[stream] = created.Round(time.Microsecond).In(time.FixedZone("", 8*3600)) // as PostgreSQL gives it back
	return m.failing
}

func (m *memory) SaveDeadLetter(_ context.Context, d domain.DeadLetter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing == nil {
		m.letters[d.ID] = d
	}
	return m.failing
}

func (m *memory) DeadLetters(_ context.Context, onlyOpen bool) ([]domain.DeadLetter, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []domain.DeadLetter
	for _, d := range m.letters {
		if !onlyOpen || d.ReplayedAt == nil {
			out = append(out, d)
		}
	}
	return out, m.failing
}

func (m *memory) DeadLetter(_ context.Context, id string) (domain.DeadLetter, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.letters[id]
	if !ok {
		return d, domain.Errorf(domain.KindNotFound, "dead_letter_not_found", id)
	}
	return d, m.failing
}

func (m *memory) MarkReplayed(_ context.Context, read domain.DeadLetter, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.letters[read.ID]
	if d.CreatedAt.Equal(read.CreatedAt) {
		d.ReplayedAt = &at
	}
	m.letters[read.ID] = d
	return m.failing
}
