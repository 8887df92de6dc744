package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// door counts attempts as a store does.
type door map[AttemptKey]Attempts

// try makes an attempt; false when it has to wait.
func (d door) try(address, account string, right bool, now time.Time) bool {
	keys := []AttemptKey{{Kind: AttemptAddress, Address: address}, {Kind: AttemptPair, Address: address, Account: account}, {Kind: AttemptAccount, Account: account}}
	seen := make([]Attempts, len(keys))
	put := func(as []Attempts) {
		for i, a := range as {
			d[keys[i]], seen[i] = a, a
		}
	}
	for i, k := range keys {
		seen[i] = d[k]
	}
	after, wait := CountAttempts(keys, seen, now)
	if wait > 0 {
		return false
	}
	put(after)
	if right {
		put(SettleAttempts(keys, seen, true, now))
	}
	return true
}

// A town hall behind one address slips now and then all day: nobody there waits
// for it, neither who has signed in there before nor who is new.
func TestSlipsOfADayHoldNobodyUp(t *testing.T) {
	d, now := door{}, time.Date(2020, 3, 2, 0, 0, 0, 0, time.UTC)
	for i := range 12 * 60 {
		now = now.Add(time.Minute)
		require.True(t, d.try("10.0.0.1", "clerk", true, now), "%d", i)
		if i%6 == 0 {
			require.True(t, d.try("10.0.0.1", string(rune('a'+i%26)), false, now), "%d", i)
			now = now.Add(time.Second)
			require.True(t, d.try("10.0.0.1", "new"+string(rune('a'+i%26)), true, now), "%d", i)
		}
	}
}

// A right sign-in does not make the next one wait, whatever went before.
func TestRightSignInsDoNotCloseTheDoor(t *testing.T) {
	d, now := door{}, time.Date(2020, 3, 2, 0, 0, 0, 0, time.UTC)
	for i := range 45 {
		for !d.try("10.0.0.1", string(rune(0x4e00+i)), false, now) {
			now = now.Add(time.Second)
		}
	}
	for !d.try("10.0.0.1", "clerk", true, now) {
		now = now.Add(time.Second)
	}
	for _, account := range []string{"mediator", "handler", "clerk"} {
		require.True(t, d.try("10.0.0.1", account, true, now), account)
	}
}

// Whoever guesses at one account from one address gets a few tries an hour, and
// the account's own people, at an address where they are known, do not notice.
func TestGuessingIsSlow(t *testing.T) {
	d, now := door{}, time.Date(2020, 3, 2, 0, 0, 0, 0, time.UTC)
	require.True(t, d.try("10.0.0.1", "clerk", true, now))
	guesses := 0
	for range 24 * 60 * 60 / 10 {
		now = now.Add(10 * time.Second)
		if d.try("10.6.6.6", "clerk", false, now) {
			guesses++
		}
		if guesses%50 == 0 {
			require.True(t, d.try("10.0.0.1", "clerk", true, now))
		}
	}
	require.Less(t, guesses, 200, "in a day")
	require.Greater(t, guesses, 20)
}

// Guesses from ever new addresses at one account come two a minute.
func TestGuessingFromManyAddressesIsSlowedDown(t *testing.T) {
	d, now := door{}, time.Date(2020, 3, 2, 0, 0, 0, 0, time.UTC)
	guesses := 0
	for i := range 3600 {
		now = now.Add(time.Second)
		if d.try(string(rune(0x4e00+i)), "clerk", false, now) {
			guesses++
		}
	}
	require.Less(t, guesses, 20+3*60)
}
