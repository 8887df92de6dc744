package domain

import "time"

// AttemptKind is what attempts to sign in are counted by.
type AttemptKind string

// The kinds, in the order in which their rows are locked.
const (
	AttemptAddress AttemptKind = "address" // whatever the accounts
	AttemptPair    AttemptKind = "pair"    // an account from an address
	AttemptAccount AttemptKind = "account" // whatever the addresses, but for those that it has signed in from
	AttemptFactor  AttemptKind = "factor"  // second factors of an account, after the right password
)

// attemptRules say how many attempts are free and how long the longest wait is.
// Each account from each address waits by itself, and each address as a whole,
// so nobody locks out an account that signs in from elsewhere. Guesses from
// many addresses at one account are slowed down together, for half a minute at
// most and not where the account is known to sign in from: a wait without limit
// would let anybody shut out anybody.
var attemptRules = map[AttemptKind]struct {
	free    int
	longest time.Duration
}{
	AttemptAddress: {40, 15 * time.Minute},
	AttemptPair:    {FreeAttempts, LongestAttemptWait},
	AttemptAccount: {20, 30 * time.Second},
	AttemptFactor:  {FreeAttempts, LongestAttemptWait},
}

// How attempts wait.
const (
	FreeAttempts       = 5 // wrong passwords for an account from an address before the first wait
	LongestAttemptWait = 15 * time.Minute
	AttemptsForgotten  = time.Hour           // after the last one
	AddressKnown       = 30 * 24 * time.Hour // since the last sign-in from it
	firstAttemptWait   = time.Second
	mostDoublings      = 20
)

// AttemptKey names what is counted.
type AttemptKey struct {
	Kind    AttemptKind
	Account string // the user name as it was typed; empty for AttemptAddress
	Address string // empty for AttemptAccount and AttemptFactor
}

// Attempts are those counted under one key.
type Attempts struct {
	N           int
	LastAt      time.Time
	NextAt      time.Time  // none before
	SucceededAt *time.Time // when one was last right
}

// CountAttempts counts one attempt under several keys before it is made, so
// that many at once do not pass, and says how long it must wait instead; then
// nothing is counted. seen holds what each key has, in the order of keys.
func CountAttempts(keys []AttemptKey, seen []Attempts, now time.Time) (after []Attempts, wait time.Duration) {
	known := false
	for i, k := range keys {
		at := seen[i].SucceededAt
		known = known || k.Kind == AttemptPair && at != nil && now.Sub(*at) < AddressKnown
	}
	after = make([]Attempts, len(seen))
	for i, k := range keys {
		after[i] = seen[i]
		if known && k.Kind == AttemptAccount {
			continue
		}
		wait = max(wait, seen[i].NextAt.Sub(now))
		after[i] = seen[i].count(k.Kind, now)
	}
	return after, max(wait, 0)
}

func (a Attempts) count(kind AttemptKind, now time.Time) Attempts {
	if now.Sub(a.LastAt) > AttemptsForgotten {
		a.N = 0
	}
	rule := attemptRules[kind]
	a.N++
	a.LastAt = now
	if a.N >= rule.free {
		a.NextAt = now.Add(min(rule.longest, firstAttemptWait<<min(a.N-rule.free, mostDoublings)))
	}
	return a
}

// Settle takes an attempt back: one that was right forgives those of the
// account, one that was not judged counts nowhere.
func (a Attempts) Settle(kind AttemptKind, right bool, now time.Time) Attempts {
	if right && (kind == AttemptPair || kind == AttemptFactor) {
		return Attempts{LastAt: now, NextAt: now, SucceededAt: &now}
	}
	a.N = max(0, a.N-1)
	return a
}
