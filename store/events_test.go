package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestOutbox(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	a := register(t, s).Case
	b := register(t, s).Case
	require.NoError(t, s.Apply(ctx, domain.Decision{CaseID: a.ID, Decide: func(f domain.File) (domain.Change, error) {
		c := step(f, "assign", func(c *domain.Case) { c.Desk, c.State, c.Disposition = court, "assigned", domain.Active })
		c.Entries[0].Desk = court
		return c, nil
	}}).Err)
	unsent, err := s.Unsent(ctx, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 3)
	require.Equal(t, domain.Event{
		ID: a.ID + "-2", CaseID: a.ID, Version: 2, Matter: a.Matter, Number: a.Number, Procedure: "appeal", Event: "assign", Action: "assign",
		From: "registered", To: "assigned", Disposition: domain.Active, Owner: townshipA, Desk: court, HandedOver: true,
		ActorRole: domain.RoleHandler, At: unsent[2].Event.At,
	}, unsent[2].Event)
	require.False(t, unsent[0].Event.HandedOver)
	require.Equal(t, b.ID, unsent[1].Event.CaseID)

	require.NoError(t, s.MarkSent(ctx, []int64{unsent[0].Position, unsent[1].Position}))
	rest, err := s.Unsent(ctx, 10)
	require.NoError(t, err)
	require.Equal(t, unsent[2:], rest)

	require.NoError(t, act(s, b.ID, "close", func(c *domain.Case) { c.ClosedAt = &c.UpdatedAt }).Err)
	n, err := s.Requeue(ctx) // of a only what does not wait already; b is closed
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, 3, count(t, s, "outbox"))
}

func TestReceiptsGoForwardOnly(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	id := register(t, s).Case.ID
	applied := func(version int) bool {
		yes, err := s.Applied(ctx, "router", id, version)
		require.NoError(t, err)
		return yes
	}
	require.False(t, applied(1))
	require.NoError(t, s.Receive(ctx, domain.Receipt{Consumer: "router", CaseID: id, Version: 2}))
	require.NoError(t, s.Receive(ctx, domain.Receipt{Consumer: "router", CaseID: id, Version: 1}))
	require.Equal(t, []bool{true, true, false}, []bool{applied(1), applied(2), applied(3)})
	r := s.Apply(ctx, domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
		c := step(f, "assign", nil)
		c.Receipt = &domain.Receipt{Consumer: "router", CaseID: id, Version: 3}
		return c, nil
	}})
	require.NoError(t, r.Err)
	require.True(t, applied(3))
	// A receipt without an action changes nothing else.
	r = s.Apply(ctx, domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
		return domain.Change{Before: &f.Case, After: f.Case, Receipt: &domain.Receipt{Consumer: "router", CaseID: id, Version: 4}}, nil
	}})
	require.NoError(t, r.Err)
	require.Equal(t, 2, r.File.Case.Version)
	require.True(t, applied(4))
	require.Error(t, s.Receive(ctx, domain.Receipt{Consumer: "router", CaseID: "x", Version: 1}))
}

func TestDeadLetters(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	at := tick()
	letter := domain.DeadLetter{ID: newID(), Consumer: "router", Subject: "sudi.x", EventID: "e-1", Payload: []byte{0, 1}, Cause: "boom", Attempts: 5, CreatedAt: at}
	require.NoError(t, s.SaveDeadLetter(ctx, letter))
	got, err := s.DeadLetter(ctx, letter.ID)
	require.NoError(t, err)
	require.Equal(t, letter, got)
	require.NoError(t, s.MarkReplayed(ctx, letter.ID, at))
	open, err := s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Empty(t, open)
	again := letter
	again.ID, again.Attempts = newID(), 6
	require.NoError(t, s.SaveDeadLetter(ctx, again), "it failed again")
	open, err = s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, letter.ID, open[0].ID)
	require.Equal(t, 6, open[0].Attempts)
	for _, id := range []string{newID(), "x"} {
		_, err = s.DeadLetter(ctx, id)
		require.Equal(t, domain.KindNotFound, domain.KindOf(err))
		require.Equal(t, domain.KindNotFound, domain.KindOf(s.MarkReplayed(ctx, id, at)))
	}
}

func TestBrokerStoreAndSettings(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	_, ok, err := s.BrokerStore(ctx, "SUDI_CASES")
	require.NoError(t, err)
	require.False(t, ok)
	at := tick()
	for range 2 {
		at = at.Add(time.Hour)
		require.NoError(t, s.SetBrokerStore(ctx, "SUDI_CASES", at))
		got, ok, err := s.BrokerStore(ctx, "SUDI_CASES")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, at, got)
		require.NoError(t, s.SetSetting(ctx, "county", at.String()))
		value, ok, err := s.Setting(ctx, "county")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, at.String(), value)
	}
	_, ok, err = s.Setting(ctx, "no such")
	require.NoError(t, err)
	require.False(t, ok)
}
