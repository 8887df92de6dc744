package events

import (
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"sudi/domain"
)

// delivery is a message on its way through a consumer.
type delivery struct {
	msg      jetstream.Msg
	eventID  string
	event    domain.Event
	unread   error // why the event could not be decoded
	attempts int
	failing  time.Time // since when Handle has failed
	renewed  time.Time // when the broker last heard that we have it
}

// lane holds the messages of one case that wait for their turn, by version. At
// most one worker works for a lane, which keeps the order of a case while
// different cases run side by side.
type lane struct {
	key     string
	waiting []*delivery
}

// lanes share the cases out among workers. A case whose event failed is parked
// until its next attempt, with its later events behind it; no worker waits.
type lanes struct {
	mu      sync.Mutex
	changed *sync.Cond
	byKey   map[string]*lane
	ready   []*lane
	held    map[*delivery]struct{} // everything not yet answered
	closed  bool
}

func newLanes() *lanes {
	l := &lanes{byKey: map[string]*lane{}, held: map[*delivery]struct{}{}}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// add puts a message into its lane.
func (l *lanes) add(key string, d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.renewed = time.Now()
	l.held[d] = struct{}{}
	ln := l.byKey[key]
	if ln == nil {
		ln = &lane{key: key}
		l.byKey[key] = ln
		l.wake(ln)
	}
	ln.insert(d)
}

// next waits for a case that has work and gives its earliest event; nil when
// the lanes are closed and nothing is ready any more.
func (l *lanes) next() (*lane, *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.ready) == 0 {
		if l.closed {
			return nil, nil
		}
		l.changed.Wait()
	}
	ln := l.ready[0]
	l.ready = l.ready[1:]
	d := ln.waiting[0]
	ln.waiting = ln.waiting[1:]
	return ln, d
}

// finish says that an event was answered, and lets the case's next one go.
func (l *lanes) finish(ln *lane, d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, d)
	if len(ln.waiting) == 0 {
		delete(l.byKey, ln.key)
		return
	}
	l.wake(ln)
}

// park puts an event back, to be tried again after a delay.
func (l *lanes) park(ln *lane, d *delivery, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln.insert(d)
	time.AfterFunc(delay, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.closed {
			l.wake(ln)
		}
	})
}

// close lets the workers go when they have emptied what is ready.
func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Broadcast()
}

// abandon closes and takes away what is ready, too.
func (l *lanes) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.ready = nil
	l.changed.Broadcast()
}

// unanswered gives what is held and was not renewed since.
func (l *lanes) unanswered(since time.Time) []*delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ds []*delivery
	for d := range l.held {
		if d.renewed.Before(since) {
			d.renewed = time.Now()
			ds = append(ds, d)
		}
	}
	return ds
}

func (l *lanes) wake(ln *lane) {
	l.ready = append(l.ready, ln)
	l.changed.Signal()
}

func (ln *lane) insert(d *delivery) {
	i := len(ln.waiting)
	for i > 0 && ln.waiting[i-1].event.Version > d.event.Version {
		i--
	}
	ln.waiting = slices.Insert(ln.waiting, i, d)
}
