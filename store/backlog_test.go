package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestBacklogOfDays(t *testing.T) {
	s := open(t)
	day := domain.NewDate(2020, 3, 1)
	require.NoError(t, s.KeepBacklog(t.Context(), day), "nothing is open yet")
	open := register(t, s)
	register(t, s, func(c *domain.Change) { c.After.ConcludeDue, c.After.ConcludeMet = &c.After.ReceivedAt, new(false) })
	keep := func(day domain.Date) {
		t.Helper()
		require.NoError(t, s.KeepBacklog(t.Context(), day))
	}
	register(t, s, func(c *domain.Change) { c.After.ReceivedAt = day.AddDays(3).Start() }) // after the days that are kept
	keep(day)                                                                              // what was kept stays
	keep(day.AddDays(1))
	require.NoError(t, act(s, open.Case.ID, "close", func(c *domain.Case) {
		c.Disposition, c.AcceptedAt, c.ConcludedAt = domain.Concluded, &c.UpdatedAt, &c.UpdatedAt
	}).Err)
	keep(day.AddDays(1))
	_, err := s.FoldTallies(t.Context()) // until here nothing was folded: what waits counts, too
	require.NoError(t, err)
	keep(day.AddDays(2))
	for org, want := range map[string][]domain.BacklogDay{
		county:    {{Day: day.AddDays(1), Open: 2, Overdue: 1}, {Day: day.AddDays(2), Open: 1, Overdue: 1}},
		townshipA: {{Day: day.AddDays(1), Open: 2, Overdue: 1}, {Day: day.AddDays(2), Open: 1, Overdue: 1}},
		townshipB: {},
	} {
		got, err := s.BacklogDays(t.Context(), org, domain.Year(2020))
		require.NoError(t, err)
		require.Equal(t, want, got, org)
	}
	none, err := s.BacklogDays(t.Context(), county, domain.Year(2021))
	require.NoError(t, err)
	require.Empty(t, none)
}
