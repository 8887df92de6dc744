package api

import (
	"net/http"
	"sync"
	"time"
)

const (
	freePerAddress  = 40 // tries from an address before the first wait
	firstWait       = time.Second
	longestWait     = 15 * time.Minute
	forgetAfter     = time.Hour
	mostRemembered  = 10_000
	secondsRoundUp  = time.Second - 1
	maxDoublingStep = 20
)

// backoff slows down who guesses links from an address. It lives in memory; a
// restart forgives. Guesses at passwords are counted in the database
// (auth_attempts.go).
type backoff struct {
	mu    sync.Mutex
	now   func() time.Time
	tries map[string]attempts
}

type attempts struct {
	n    int
	last time.Time
	next time.Time // no earlier attempt than this
}

func newBackoff(now func() time.Time) *backoff {
	return &backoff{now: now, tries: map[string]attempts{}}
}

// try counts an attempt before it is made, so that many at once do not pass,
// and says when it must wait instead.
func (b *backoff) try(key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	a := b.tries[key]
	if now.Before(a.next) {
		return &protocolError{http.StatusTooManyRequests, "too_many_attempts", int((a.next.Sub(now) + secondsRoundUp) / time.Second)}
	}
	if now.Sub(a.last) > forgetAfter {
		a = attempts{}
	}
	if len(b.tries) >= mostRemembered {
		b.forget(now)
	}
	a.n++
	a.last = now
	if a.n >= freePerAddress {
		a.next = now.Add(min(longestWait, firstWait<<min(a.n-freePerAddress, maxDoublingStep)))
	}
	b.tries[key] = a
	return nil
}

// giveBack takes an attempt back that was not judged.
func (b *backoff) giveBack(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a, ok := b.tries[key]; ok {
		a.n--
		b.tries[key] = a
	}
}

// clear forgets the attempts of somebody who knew the password.
func (b *backoff) clear(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tries, key)
}

// forget makes room: what is old first, else all that need not wait now.
func (b *backoff) forget(now time.Time) {
	for key, a := range b.tries {
		if now.Sub(a.last) > forgetAfter {
			delete(b.tries, key)
		}
	}
	if len(b.tries) < mostRemembered {
		return
	}
	for key, a := range b.tries {
		if !now.Before(a.next) {
			delete(b.tries, key)
		}
	}
}
