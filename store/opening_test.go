package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// opens is an action that refers a case, and opens another out of it.
func opens(child string, edit ...func(*domain.Change)) func(domain.File) (domain.Change, error) {
	return func(f domain.File) (domain.Change, error) {
		c := step(f, "refer", func(c *domain.Case) { c.State = "referred" })
		c.Opens = []domain.Change{newCase(child, append(edit, func(n *domain.Change) {
			n.After.DerivedFrom, n.After.Matter, n.After.Procedure = &f.Case.ID, f.Case.Matter, "mediation"
			n.Links = []domain.Link{{From: child, To: f.Case.ID, Kind: domain.LinkDerivedFrom, CreatedAt: f.Case.UpdatedAt}}
		})...)}
		return c, nil
	}
}

// A case and the one that it opens are written together, and read together.
func TestOpeningIsOneTransaction(t *testing.T) {
	s := open(t)
	first := register(t, s).Case
	child := newID()
	r := s.Apply(t.Context(), domain.Decision{CaseID: first.ID, Decide: opens(child)})
	require.NoError(t, r.Err)
	require.Equal(t, []string{child}, []string{r.File.Derived[0].ID})
	require.NotEmpty(t, r.File.Derived[0].Number)

	f, err := s.File(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, r.File.Derived[0].Number, f.Derived[0].Number)
	second, err := s.File(t.Context(), child)
	require.NoError(t, err)
	require.Equal(t, first.Matter, second.Case.Matter)
	require.Len(t, second.Parties, 1)
	require.Equal(t, 1, count(t, s, "links WHERE from_case = $1 AND to_case = $2", child, first.ID))
	require.Equal(t, 3, count(t, s, "outbox"))

	// Where the second cannot be written, the first does not move either.
	before := count(t, s, "history")
	bad := domain.Decision{CaseID: first.ID, Decide: opens(newID(), func(n *domain.Change) { n.After.Desk = "nowhere" })}
	require.Equal(t, domain.KindInvalid, domain.KindOf(s.Apply(t.Context(), bad).Err))
	require.Equal(t, before, count(t, s, "history"))
	torn := domain.Decision{CaseID: first.ID, Decide: opens(newID(), func(n *domain.Change) { n.After.Version = 7 })}
	require.Equal(t, domain.KindInternal, domain.KindOf(s.Apply(t.Context(), torn).Err))
	require.Equal(t, before, count(t, s, "history"))
}

// The sweeper asks the cases that wait for one that is no longer pending.
func TestUnheededCases(t *testing.T) {
	s := open(t)
	points := []domain.RoutePoint{{Procedure: "appeal", Version: 1, State: "referred"}}
	first := register(t, s).Case
	register(t, s) // opens nothing
	child := newID()
	require.NoError(t, s.Apply(t.Context(), domain.Decision{CaseID: first.ID, Decide: opens(child)}).Err)
	unheeded := func() []string {
		ids, err := s.UnheededCases(t.Context(), points, tick().Add(time.Hour), "", 10)
		require.NoError(t, err)
		return ids
	}
	require.Empty(t, unheeded(), "nothing has become of it")
	require.NoError(t, act(s, child, "accept", func(c *domain.Case) { c.Disposition, c.AcceptedAt = domain.Active, &c.UpdatedAt }).Err)
	require.NoError(t, act(s, first.ID, "note", nil).Err) // nor does it matter who moved last
	require.Equal(t, []string{first.ID}, unheeded())
	early, err := s.UnheededCases(t.Context(), points, time.Unix(0, 0), "", 10)
	require.NoError(t, err)
	require.Empty(t, early)
	next, err := s.UnheededCases(t.Context(), points, tick().Add(time.Hour), first.ID, 10)
	require.NoError(t, err)
	require.Empty(t, next)
	require.NoError(t, act(s, first.ID, "hand_on", func(c *domain.Case) { c.State = "transferred" }).Err)
	require.Empty(t, unheeded())
}

// A case on which others hang cannot become another's repeat.
func TestMatterKeepsItsFirstCase(t *testing.T) {
	s := open(t)
	first, other := register(t, s).Case, register(t, s).Case
	repeat := func(id, of string) error {
		return act(s, id, "link_repeat", func(c *domain.Case) { c.Repeats, c.Matter = &of, of }).Err
	}
	later := register(t, s).Case
	require.NoError(t, repeat(later.ID, first.ID))
	err := repeat(first.ID, other.ID)
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
	require.ErrorContains(t, err, "matter_has_cases")
	onLater := register(t, s).Case
	require.NoError(t, act(s, onLater.ID, "link_repeat", func(c *domain.Case) { c.Repeats, c.Matter = &later.ID, first.ID }).Err)
	unlink := func() error {
		return act(s, later.ID, "unlink_repeat", func(c *domain.Case) { c.Repeats, c.Matter = nil, c.ID }).Err
	}
	require.ErrorContains(t, unlink(), "matter_has_cases", "what hangs on it would be torn off")
	require.ErrorContains(t, act(s, other.ID, "link_repeat", func(c *domain.Case) { c.Repeats, c.Matter = &onLater.ID, onLater.ID }).Err,
		"case_changed", "the matter of a case that was tied elsewhere meanwhile")
	require.NoError(t, act(s, onLater.ID, "unlink_repeat", func(c *domain.Case) { c.Repeats, c.Matter = nil, c.ID }).Err)
	require.NoError(t, act(s, later.ID, "unlink_repeat", func(c *domain.Case) { c.Repeats, c.Matter = nil, c.ID }).Err)
	require.NoError(t, repeat(first.ID, other.ID))
}
