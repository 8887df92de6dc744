package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// A case's file knows its repeats and theirs, the oldest first; an event says
// to which cases its own comes back, or was thought to.
func TestRepeatsOfACase(t *testing.T) {
	s := open(t)
	first := register(t, s).Case
	again := func(of domain.Case, days int) domain.Case {
		return register(t, s, func(c *domain.Change) {
			c.After.Repeats, c.After.Matter = &of.ID, of.Matter
			c.After.ReceivedAt = first.ReceivedAt.AddDate(0, 0, days)
		}).Case
	}
	late, early := again(first, 9), again(first, 3)
	onLate := again(late, 12)
	file, err := s.File(t.Context(), first.ID)
	require.NoError(t, err)
	want := func(cases ...domain.Case) (rs []domain.Repeat) {
		for _, c := range cases {
			rs = append(rs, domain.Repeat{ID: c.ID, ReceivedAt: c.ReceivedAt})
		}
		return rs
	}
	require.Equal(t, want(early, late, onLate), file.Repeats)
	file, err = s.File(t.Context(), late.ID)
	require.NoError(t, err)
	require.Equal(t, want(onLate), file.Repeats)

	require.NoError(t, s.Apply(t.Context(), domain.Decision{CaseID: first.ID, Decide: func(f domain.File) (domain.Change, error) {
		require.Equal(t, want(early, late, onLate), f.Repeats, "a decision sees them too")
		return step(f, "conclude", func(c *domain.Case) {
			c.Disposition, c.AcceptedAt, c.ConcludedAt = domain.Concluded, &c.ReceivedAt, new(c.ReceivedAt.Add(time.Hour))
			c.SetReturn(f.Repeats)
		}), nil
	}}).Err)
	require.Equal(t, []string{first.ID}, eventOf(t, s, early.ID).Repeats)
	require.Equal(t, []string{late.ID}, eventOf(t, s, onLate.ID).Repeats)
	require.Empty(t, eventOf(t, s, first.ID).Repeats)

	require.NoError(t, act(s, early.ID, "unlink_repeat", func(c *domain.Case) { c.Repeats, c.Matter = nil, c.ID }).Err)
	require.Equal(t, []string{first.ID}, eventOf(t, s, early.ID).Repeats, "it still stands as the return")
}

// eventOf is the last event of a case that waits to be announced.
func eventOf(t *testing.T, s *Store, id string) (e domain.Event) {
	t.Helper()
	unsent, err := s.Unsent(t.Context(), 100)
	require.NoError(t, err)
	for _, u := range unsent {
		if u.Event.CaseID == id {
			e = u.Event
		}
	}
	require.Equal(t, id, e.CaseID)
	return e
}
