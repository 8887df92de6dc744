package events

import (
	"context"
	"math/rand/v2"
	"time"
)

const firstDelay = 100 * time.Millisecond

// backoff is the pause after the n-th failure: doubling, up to a limit, and
// spread so that many do not come back at once.
func backoff(n int, limit time.Duration) time.Duration {
	d := limit
	if n < 20 { // beyond it the shift says nothing
		d = min(limit, firstDelay<<max(0, n-1))
	}
	return d*3/4 + rand.N(d/2) //nolint:gosec // no secret depends on it
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// seldom does something at most once in a while.
type seldom struct {
	each time.Duration
	last time.Time
}

func (s *seldom) do(f func()) {
	if now := time.Now(); s.last.IsZero() || now.Sub(s.last) >= s.each {
		s.last = now
		f()
	}
}
