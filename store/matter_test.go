package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func repeating(first domain.File) func(*domain.Change) {
	return func(c *domain.Change) { c.After.Repeats, c.After.Matter = &first.Case.ID, first.Case.ID }
}

func comingOutOf(origin domain.File) func(*domain.Change) {
	return func(c *domain.Change) { c.After.DerivedFrom, c.After.Matter = &origin.Case.ID, origin.Case.Matter }
}

// A matter with no end of repeats is told as far as somebody would read.
func TestStoryIsBounded(t *testing.T) {
	s := open(t)
	first := register(t, s)
	ds := make([]domain.Decision, mostLegs+2)
	for i := range ds {
		ds[i] = deciding(newCase(newID(), repeating(first)))
	}
	_, err := s.ApplyAll(t.Context(), ds)
	require.NoError(t, err)
	story, err := s.Story(t.Context(), domain.AllCases, first.Case.ID)
	require.NoError(t, err)
	require.Len(t, story.Legs, mostLegs)
	require.Equal(t, 3, story.More)
	require.Zero(t, story.Hidden)
	require.Equal(t, first.Case.ID, story.Legs[0].Case.ID)
	require.Len(t, story.Legs[1].Entries, 1)
	require.Len(t, story.Legs[1].Deadlines, 2)
	n, err := s.MatterNumbers(t.Context(), domain.AllCases, first.Case.ID)
	require.NoError(t, err)
	require.Equal(t, domain.MatterNumbers{Petitioners: 1, Visits: mostLegs + 3}, n)
}

// Only who received the matter first traces what came out of it.
func TestWhoTracesALeg(t *testing.T) {
	s := open(t)
	first := register(t, s)
	leg := register(t, s, at(court), comingOutOf(first))
	second := register(t, s, at(court), comingOutOf(leg)) // out of one that came out of it
	register(t, s, at(townshipB), repeating(first))
	for org, want := range map[string][2]int{ // legs, hidden
		townshipA: {3, 1}, court: {2, 2}, townshipB: {1, 3}, village: {0, 4}, county: {4, 0}, "nobody": {0, 4},
	} {
		story, err := s.Story(t.Context(), domain.Scope{Org: org}, first.Case.ID)
		require.NoError(t, err)
		require.Equal(t, want, [2]int{len(story.Legs), story.Hidden}, org)
		for _, l := range story.Legs {
			require.Equal(t, org == townshipA && (l.Case.ID == leg.Case.ID || l.Case.ID == second.Case.ID), l.Traced, org)
		}
	}
	// It is traced and no more: neither opened, listed nor counted.
	scope := domain.Scope{Org: townshipA}
	_, err := s.Visible(t.Context(), scope, leg.Case.ID)
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
	lines, err := s.Lines(t.Context(), scope, []string{first.Case.ID, leg.Case.ID, "x"})
	require.NoError(t, err)
	require.Len(t, lines, 1)
	page, err := s.List(t.Context(), domain.CaseQuery{Scope: scope})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
}

// That a matter holds a complaint of the reader's own organisation is not for
// it to know, not even as a number.
func TestAMatterHidesThatItComplainsOfTheReader(t *testing.T) {
	s := open(t)
	first := register(t, s)
	complaint := func(of string) func(*domain.Change) {
		return func(c *domain.Change) {
			c.Parties = append(c.Parties, domain.Party{CaseID: c.After.ID, Seq: 2, Role: domain.PartyRespondent, Organization: true, OrgCode: of, Name: "被反映单位"})
		}
	}
	register(t, s, at(court), repeating(first), complaint(townshipA))
	register(t, s, at(court), repeating(first), complaint(village))
	merged := register(t, s, at(court), complaint(townshipA), func(c *domain.Change) { c.After.Persons = 20 })
	require.NoError(t, act(s, merged.Case.ID, "merge", func(c *domain.Case) {
		c.MergedInto, c.Disposition = &first.Case.ID, domain.Merged
	}).Err)
	for org, want := range map[string][4]int{ // legs, hidden, petitioners, visits
		townshipA: {1, 1, 1, 2}, village: {0, 1, 1, 1}, court: {2, 1, 21, 4}, county: {3, 0, 21, 4}, townshipB: {0, 3, 21, 4},
	} {
		story, err := s.Story(t.Context(), domain.Scope{Org: org}, first.Case.ID)
		require.NoError(t, err)
		n, err := s.MatterNumbers(t.Context(), domain.Scope{Org: org}, first.Case.ID)
		require.NoError(t, err)
		require.Equal(t, want, [4]int{len(story.Legs), story.Hidden, n.Petitioners, n.Visits}, org)
	}
}

func TestUnknownMattersAndInvitations(t *testing.T) {
	s := open(t)
	for _, id := range []string{"", "x", newID()} {
		_, err := s.MatterNumbers(t.Context(), domain.Scope{Org: county}, id)
		require.Equal(t, domain.KindNotFound, domain.KindOf(err), id)
	}
	story, err := s.Story(t.Context(), domain.AllCases, newID())
	require.NoError(t, err)
	require.Empty(t, story.Legs)
	for _, hash := range [][]byte{nil, {}, make([]byte, 32), make([]byte, 1000)} {
		_, err := s.Invitation(t.Context(), hash, time.Now())
		require.Equal(t, domain.KindGone, domain.KindOf(err))
	}
}
