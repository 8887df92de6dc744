package store

import (
	"slices"
	"sync"
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
		c := step(f, "assign", func(c *domain.Case) { c.Desk, c.State = court, "assigned" })
		c.Entries[0].Desk = court
		return c, nil
	}}).Err)
	unsent, err := s.Unsent(ctx, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 3)
	require.Equal(t, domain.Event{
		ID: a.ID + "-2", CaseID: a.ID, Version: 2, Matter: a.Matter, Number: a.Number, Procedure: "appeal", Event: "assign", Action: "assign",
		From: "registered", To: "assigned", Disposition: domain.Pending, Owner: townshipA, Desk: court, HandedOver: true,
		Notified: []string{}, Repeats: []string{}, ActorRole: domain.RoleHandler, At: unsent[2].Event.At,
	}, unsent[2].Event)
	require.False(t, unsent[0].Event.HandedOver)
	require.Equal(t, b.ID, unsent[1].Event.CaseID)

	require.NoError(t, s.MarkSent(ctx, []int64{unsent[0].Position, unsent[1].Position}))
	rest, err := s.Unsent(ctx, 10)
	require.NoError(t, err)
	require.Equal(t, unsent[2:], rest)

	require.NoError(t, act(s, b.ID, "close", func(c *domain.Case) { c.ClosedAt = &c.UpdatedAt }).Err)
	n, err := s.Requeue(ctx) // what waits of a is announced once; b is closed
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.Equal(t, 3, count(t, s, "outbox"))
}

// Whom a case turns out to be against hears no more of it, not even when the
// broker has lost its store and everything is announced again.
func TestACaseIsNotAnnouncedToWhomItIsAgainst(t *testing.T) {
	s := open(t)
	hand := func(to string, told ...string) domain.File {
		first := register(t, s, at(townshipB)).Case
		require.NoError(t, s.Apply(t.Context(), domain.Decision{CaseID: first.ID, Decide: func(f domain.File) (domain.Change, error) {
			c := step(f, "assign", func(c *domain.Case) { c.Desk, c.State, c.Partners = to, "assigned", told })
			c.Entries[0].Desk, c.Entries[0].Notified = to, told
			return c, nil
		}}).Err)
		r := s.Apply(t.Context(), domain.Decision{CaseID: first.ID, Decide: func(f domain.File) (domain.Change, error) {
			c := step(f, "edit", func(c *domain.Case) { c.Desk = townshipB })
			c.Parties = append(slices.Clone(f.Parties), domain.Party{CaseID: first.ID, Seq: 2, Role: domain.PartyRespondent, Organization: true, OrgCode: townshipA, Name: "甲镇"})
			c.Entries[0].Desk = townshipB
			return c, nil
		}})
		require.NoError(t, r.Err)
		return r.File
	}
	for _, c := range []struct {
		to    string
		told  []string
		heard bool
		left  []string
	}{
		{townshipA, []string{court, village}, false, []string{court}},
		{village, []string{county, townshipA}, false, []string{county}},
		{court, nil, true, []string{}},
		{court, []string{village}, true, []string{}},
	} {
		id := hand(c.to, c.told...).Case.ID
		unsent, err := s.Unsent(t.Context(), 100)
		require.NoError(t, err)
		unsent = slices.DeleteFunc(unsent, func(u domain.Unsent) bool { return u.Event.CaseID != id })
		require.Len(t, unsent, 3)
		require.Equal(t, c.heard, unsent[1].Event.HandedOver)
		require.Equal(t, c.left, unsent[1].Event.Notified)
		require.True(t, unsent[2].Event.HandedOver, "who has it now does")
	}
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
	for _, version := range []int{2, 1} {
		require.NoError(t, s.Apply(ctx, domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
			c := step(f, "assign", nil)
			c.Receipt = &domain.Receipt{Consumer: "router", CaseID: id, Version: version}
			return c, nil
		}}).Err)
		require.Equal(t, []bool{true, true, false}, []bool{applied(1), applied(2), applied(3)})
	}
}

// A case that moved while the broker was away is announced in the order of its
// history all the same, however many others are before it.
func TestRequeueKeepsTheOrderOfACase(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	const cases = 300
	ds := make([]domain.Decision, cases)
	ids := make([]string, cases)
	for i := range ds {
		ids[i] = newID()
		ds[i] = deciding(newCase(ids[i]))
	}
	_, err := s.ApplyAll(ctx, ds)
	require.NoError(t, err)
	_, err = s.pool.Exec(ctx, "DELETE FROM outbox") // all of it was announced
	require.NoError(t, err)
	last := ids[cases-1]
	require.NoError(t, act(s, last, "accept", nil).Err)
	for range 2 { // the second time everything waits already
		n, err := s.Requeue(ctx)
		require.NoError(t, err)
		require.EqualValues(t, cases+1, n)
		require.Equal(t, cases+1, count(t, s, "outbox"))
	}
	require.NoError(t, act(s, last, "reply", nil).Err)
	require.NoError(t, act(s, ids[0], "accept", nil).Err)
	seen := map[string]int{}
	for batch := 0; ; batch++ {
		unsent, err := s.Unsent(ctx, 1024)
		require.NoError(t, err)
		if len(unsent) == 0 {
			break
		}
		var positions []int64
		for _, u := range unsent {
			positions = append(positions, u.Position)
			seen[u.Event.CaseID]++
			require.Equal(t, seen[u.Event.CaseID], u.Event.Version, "in batch %d", batch)
		}
		require.NoError(t, s.MarkSent(ctx, positions))
	}
	require.Len(t, seen, cases)
	require.Equal(t, 3, seen[last])
}

// Whoever adds an entry while the open cases are announced again comes after
// them.
func TestRequeueWhileWorkGoesOn(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = register(t, s).Case.ID
	}
	_, err := s.pool.Exec(ctx, "DELETE FROM outbox")
	require.NoError(t, err)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for _, id := range ids {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := act(s, id, "act", nil).Err; err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		_, err := s.Requeue(ctx)
		require.NoError(t, err)
	}
	close(stop)
	wg.Wait()
	require.Zero(t, count(t, s, `(SELECT count(*) FILTER (WHERE NOT later) AS now, count(*) FILTER (WHERE later) AS later,
		bool_and(version = n) AS in_order FROM (SELECT case_id, later, version,
			row_number() OVER (PARTITION BY case_id ORDER BY position) AS n FROM outbox) o GROUP BY case_id) c
		WHERE now > 0 OR NOT in_order`))
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
	require.NoError(t, s.MarkReplayed(ctx, got, tick()))
	open, err := s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Empty(t, open)
	again := letter
	again.ID, again.Attempts, again.CreatedAt = newID(), 6, tick()
	require.NoError(t, s.SaveDeadLetter(ctx, again), "it failed again")
	open, err = s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, letter.ID, open[0].ID)
	require.Equal(t, 6, open[0].Attempts)

	require.NoError(t, s.AskReplay(ctx, letter.ID, tick()))
	require.NoError(t, s.MarkReplayed(ctx, got, tick()), "the first failure's letter, not the one that is open")
	open, err = s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.NotNil(t, open[0].ReplayAskedAt)
	require.NoError(t, s.MarkReplayed(ctx, open[0], tick()))
	open, err = s.DeadLetters(ctx, true)
	require.NoError(t, err)
	require.Empty(t, open)
	for _, id := range []string{newID(), "x"} {
		_, err = s.DeadLetter(ctx, id)
		require.Equal(t, domain.KindNotFound, domain.KindOf(err))
		require.Equal(t, domain.KindNotFound, domain.KindOf(s.MarkReplayed(ctx, domain.DeadLetter{ID: id, CreatedAt: at}, at)))
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
