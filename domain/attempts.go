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
	AttemptsForgotten  = time.Hour           // so long it takes to forget as many as are free
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
	LastAt      time.Time  // from when on they are forgotten, bit by bit
	NextAt      time.Time  // none before
	SucceededAt *time.Time // when one was last right
}

// CountAttempts counts one attempt under several keys before it is made, so
// that many at once do not pass, and says how long it must wait instead; then
// nothing is counted. seen holds what each key has, in the order of keys.
func CountAttempts(keys []AttemptKey, seen []Attempts, now time.Time) (after []Attempts, wait time.Duration) {
	counted := countedKeys(keys, seen, now)
	after = make([]Attempts, len(seen))
	for i, k := range keys {
		after[i] = seen[i]
		if counted[i] {
			wait = max(wait, seen[i].NextAt.Sub(now))
			after[i] = seen[i].count(k.Kind, now)
		}
	}
	return after, max(wait, 0)
}

// SettleAttempts takes back an attempt that was counted: one that was right
// forgives those of the account, one that was not judged counts nowhere.
func SettleAttempts(keys []AttemptKey, seen []Attempts, right bool, now time.Time) []Attempts {
	counted := countedKeys(keys, seen, now)
	after := make([]Attempts, len(seen))
	for i, k := range keys {
		after[i] = seen[i]
		if counted[i] {
			after[i] = seen[i].settle(k.Kind, right, now)
		}
	}
	return after
}

// countedKeys are those that an attempt counts under: an account that is known to
// sign in from an address is counted there alone, so that it waits for nobody
// else, behind the same address or elsewhere.
func countedKeys(keys []AttemptKey, seen []Attempts, now time.Time) []bool {
	known := false
	for i, k := range keys {
		at := seen[i].SucceededAt
		known = known || k.Kind == AttemptPair && at != nil && now.Sub(*at) < AddressKnown
	}
	counted := make([]bool, len(keys))
	for i, k := range keys {
		counted[i] = !known || k.Kind == AttemptPair
	}
	return counted
}

func (a Attempts) count(kind AttemptKind, now time.Time) Attempts {
	rule := attemptRules[kind]
	// What is old is forgotten bit by bit, so that an address which is never quiet
	// does not gather the slips of a whole day.
	unit := AttemptsForgotten / time.Duration(rule.free)
	past := max(0, int(now.Sub(a.LastAt)/unit)) // another node's clock may be ahead
	if a.N = max(0, a.N-past); a.N == 0 {
		a.LastAt = now
	} else {
		a.LastAt = a.LastAt.Add(time.Duration(past) * unit)
	}
	a.N++
	if a.N >= rule.free {
		a.NextAt = now.Add(min(rule.longest, firstAttemptWait<<min(a.N-rule.free, mostDoublings)))
	}
	return a
}

func (a Attempts) settle(kind AttemptKind, right bool, now time.Time) Attempts {
	if right && (kind == AttemptPair || kind == AttemptFactor) {
		return Attempts{LastAt: now, NextAt: now, SucceededAt: &now}
	}
	a.N = max(0, a.N-1)
	a.NextAt = now // it did not have to wait, so neither has the next
	return a
}
