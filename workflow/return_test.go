package workflow

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// someCases is a store of a few cases.
type someCases struct {
	oneCase
	files map[string]domain.File
}

func (s *someCases) File(_ context.Context, id string) (domain.File, error) {
	f := s.files[id]
	f.Repeats = nil
	for _, c := range s.files {
		for up := c.Case.Repeats; up != nil; up = s.files[*up].Case.Repeats {
			if *up == id {
				f.Repeats = append(f.Repeats, domain.Repeat{ID: c.Case.ID, ReceivedAt: c.Case.ReceivedAt})
			}
		}
	}
	slices.SortFunc(f.Repeats, func(a, b domain.Repeat) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return f, nil
}

func (s *someCases) Apply(ctx context.Context, d domain.Decision) domain.Result {
	f, _ := s.File(ctx, d.CaseID)
	change, err := d.Decide(f)
	if err == nil {
		s.files[d.CaseID], s.last = change.File(f), change
	}
	return domain.Result{File: s.files[d.CaseID], Err: err}
}

// returning is a petition concluded on 8 June, and who comes back with it.
type returning struct {
	t     *testing.T
	store *someCases
	now   time.Time
	first string
}

func newReturning(t *testing.T) *returning {
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "suggestion", Place: otherVillage, ReceivedAt: at(t, "2022-06-06")}, theBureau, "2022-06-06")
	p.do("2022-06-07", "accept", theBureau, nil, "accepted")
	p.do("2022-06-08", "reply_suggestion", theBureau, domain.Fields{"adoption": "adopted", "opinion": "采纳"}, "answered")
	return &returning{t: t, store: &someCases{files: map[string]domain.File{testCase: p.file}}, first: testCase}
}

// visit is a repeat of a case, by its last digit.
func (y *returning) visit(digit, of, day string) domain.Event {
	id := testCase[:len(testCase)-1] + digit
	in := Intake{
		Procedure: "petition", Class: "suggestion", Title: "再次来访", Place: otherVillage, ReceivedAt: at(y.t, day), Parties: theParties,
		Repeats: of, Cases: map[string]domain.Case{of: y.store.files[of].Case},
	}
	y.now = at(y.t, day)
	change, err := theRules(y.t).Register(in, theBureau, y.now, id)
	require.NoError(y.t, err)
	y.store.files[id] = change.File(domain.File{})
	return domain.Event{CaseID: id, Version: 1, Repeats: []string{of}}
}

// tell lets the router hear of an event, twice, and gives the first case.
func (y *returning) tell(e domain.Event) *domain.Case {
	router := Router{Engine: NewEngine(y.store, theRules(y.t), func() time.Time { return y.now }, nil)}
	require.NoError(y.t, router.Handle(y.t.Context(), e))
	version := y.store.files[y.first].Case.Version
	require.NoError(y.t, router.Handle(y.t.Context(), e))
	require.Equal(y.t, version, y.store.files[y.first].Case.Version, "what comes twice has its effect once")
	c := y.store.files[y.first].Case
	return &c
}

// settled wants the first visit to count as having settled the matter, or not.
func (y *returning) settled(c *domain.Case, want bool) {
	_, counted := domain.MeasureByCode("petitions.first_concluded").Counts(c)
	require.True(y.t, counted)
	_, settled := domain.MeasureByCode("petitions.first_resolved").Counts(c)
	require.Equal(y.t, want, settled)
}

func TestFirstCaseHearsOfARepeat(t *testing.T) {
	y := newReturning(t)
	e := y.visit("2", testCase, "2022-09-06") // the ninetieth day
	c := y.tell(e)
	require.Equal(t, e.CaseID, *c.ReturnedBy)
	require.Equal(t, "2022-09-06", domain.DateIn(*c.ReturnedAt).String())
	y.settled(c, false)
	require.Equal(t, ActionRepeatArrived, y.store.last.Entries[0].Action)
	require.Equal(t, returnConsumer, y.store.last.Receipt.Consumer)
	require.Contains(t, y.store.last.Entries[0].Effect, "returned_at")

	c = y.tell(y.visit("3", e.CaseID, "2022-10-01")) // the first return stays it
	require.Equal(t, e.CaseID, *c.ReturnedBy)

	// It was another matter after all: the next visit is the return now.
	second := y.store.files[e.CaseID]
	second.Case.Repeats, second.Case.Matter = nil, e.CaseID
	y.store.files[e.CaseID] = second
	third := y.store.files[e.CaseID[:len(testCase)-1]+"3"]
	third.Case.Repeats = new(testCase)
	y.store.files[third.Case.ID] = third
	c = y.tell(domain.Event{CaseID: e.CaseID, Version: 2, Repeats: []string{testCase}})
	require.Equal(t, third.Case.ID, *c.ReturnedBy)
	y.settled(c, true) // more than ninety days later

	third.Case.Repeats = nil
	y.store.files[third.Case.ID] = third
	c = y.tell(domain.Event{CaseID: third.Case.ID, Version: 2, Repeats: []string{testCase}})
	require.Nil(t, c.ReturnedAt)
	require.Equal(t, ActionRepeatUndone, y.store.last.Entries[0].Action)
}

// Who comes again while his case is open has not come back to it, until it is
// over; and what is concluded anew begins anew.
func TestOnlyWhatComesAfterTheConclusionIsAReturn(t *testing.T) {
	y := newReturning(t)
	c := y.tell(y.visit("2", testCase, "2022-06-07"))
	require.Nil(t, c.ReturnedAt)
	e := y.visit("3", testCase[:len(testCase)-1]+"2", "2022-06-20")
	c = y.tell(e)
	require.Equal(t, e.CaseID, *c.ReturnedBy, "through the one that it repeats")

	file, err := y.store.File(t.Context(), testCase)
	require.NoError(t, err)
	again := file.Case.Clone()
	again.ConcludedAt = new(at(t, "2022-06-21"))
	require.True(t, again.SetReturn(file.Repeats))
	require.Nil(t, again.ReturnedAt)
	again.ConcludedAt = nil
	require.False(t, again.SetReturn(file.Repeats))
}

// A year that was played behind everybody's back needs no events.
func TestReturnsOfAYearPlayed(t *testing.T) {
	y := newReturning(t)
	e := y.visit("2", testCase, "2022-07-01")
	engine := NewEngine(y.store, theRules(t), func() time.Time { return at(t, "2026-01-01") }, nil)
	for range 2 {
		require.NoError(t, engine.SeeReturns(t.Context(), []string{testCase}))
		c := y.store.files[testCase].Case
		require.Equal(t, e.CaseID, *c.ReturnedBy)
		require.Equal(t, y.store.last.After.Version, c.Version)
		require.True(t, y.store.last.Entries[0].At.Equal(at(t, "2022-07-01")), "when it happened")
	}
}

// The events that make or unmake a repeat reach the router in every procedure.
func TestRepeatsAreAnnounced(t *testing.T) {
	for _, p := range standardProcedures(t) {
		require.Subset(t, theRules(t).Library.Announced()[p.Name], []string{p.Register.event(), "repeat_linked", "repeat_unlinked"}, p.Name)
	}
}
