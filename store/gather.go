package store

import (
	"context"
	"sync/atomic"
	"time"

	"sudi/domain"
)

// Concurrent decisions are gathered into one transaction: a commit waits for
// the disk once, however many cases it carries. Nobody waits for others to
// come: a lane takes what is queued at that moment. While one lane waits for
// the disk, the other gathers.
const (
	writerLanes = 2
	gatherMost  = 128
	queueLength = 4096
	laneTimeout = time.Minute // for one gather, on a server that no longer answers
	// A gather does not wait long for a lock: those behind it wait as well.
	beginLane = "BEGIN; SET LOCAL lock_timeout = '2s'"
)

// request is one decision on its way.
type request struct {
	d     domain.Decision
	state atomic.Int32 // waiting, begun or withdrawn
	done  chan domain.Result
}

const (
	waiting int32 = iota
	begun
	withdrawn
)

// Apply decides about one case under its lock and writes the change; it
// answers only after the commit. It may share its transaction with others, but
// not their fate. A context that ends before the decision has begun withdraws
// it; afterwards it is carried out whatever happens to the caller.
func (s *Store) Apply(ctx context.Context, d domain.Decision) domain.Result {
	d.Origin = domain.OriginOf(ctx)
	r := &request{d: d, done: make(chan domain.Result, 1)}
	if err := s.enqueue(ctx, r); err != nil {
		return domain.Result{Err: err}
	}
	select {
	case result := <-r.done:
		return result
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return domain.Result{Err: ctx.Err()}
		}
		return <-r.done
	}
}

func (s *Store) enqueue(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return domain.Errorf(domain.KindOverloaded, "closing")
	}
	select {
	case s.queue <- r:
		return nil
	default:
		return domain.Errorf(domain.KindOverloaded, "overloaded")
	}
}

// lane gathers and decides until the queue is closed and empty.
func (s *Store) lane() {
	var held []*request
	for {
		if len(held) == 0 {
			r, ok := <-s.queue
			if !ok {
				return
			}
			held = append(held, r)
		}
		held = s.drain(held)
		var members []*request
		members, held = distinct(held)
		s.settle(members)
	}
}

// drain adds what is queued now.
func (s *Store) drain(held []*request) []*request {
	for len(held) < gatherMost {
		select {
		case r, ok := <-s.queue:
			if !ok {
				return held
			}
			held = append(held, r)
		default:
			return held
		}
	}
	return held
}

// distinct begins the requests that are still wanted, one a case; a second one
// for the same case has to see what the first did, so it is left for later.
func distinct(held []*request) (members, later []*request) {
	seen := make(map[string]bool, len(held))
	for _, r := range held {
		id := r.d.CaseID
		switch {
		case id != "" && seen[id]:
			later = append(later, r)
		case r.state.CompareAndSwap(waiting, begun):
			seen[id] = true
			members = append(members, r)
		}
	}
	return members, later
}

// settle decides about the members and answers them. When what they wrote
// together fails, each half is tried again: only the members at fault fail, and
// a fault among n costs log n transactions.
func (s *Store) settle(members []*request) {
	if len(members) == 0 {
		return
	}
	ds := make([]domain.Decision, len(members))
	for i, r := range members {
		ds[i] = r.d
	}
	ctx, cancel := context.WithTimeout(context.Background(), laneTimeout)
	results, err := s.decide(ctx, ds, false)
	cancel()
	if err != nil && len(members) > 1 && divisible(err) {
		half := len(members) / 2
		s.settle(members[:half])
		s.settle(members[half:])
		return
	}
	for i, r := range members {
		if err != nil {
			r.done <- domain.Result{Err: domainError(err)}
		} else {
			r.done <- results[i]
		}
	}
}
