package store

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// TestSQLHoldsTheInvariants tries to break a case behind the store's back.
func TestSQLHoldsTheInvariants(t *testing.T) {
	s := open(t)
	id := register(t, s).Case.ID
	for _, tc := range []struct{ set, constraint string }{
		{"cases SET concluded_at = now(), accepted_at = now()", "cases_results_dated"},
		{"cases SET disposition = 'failed', accepted_at = now()", "cases_results_dated"},
		{"cases SET disposition = 'active'", "cases_work_accepted"},
		{"cases SET disposition = 'concluded', concluded_at = now()", "cases_work_accepted"},
		{"cases SET accepted_at = received_at - interval '1 day'", "cases_moments_after_receipt"},
		{"cases SET disposition = 'concluded', accepted_at = received_at, concluded_at = received_at - interval '1 day'", "cases_moments_after_receipt"},
		{"cases SET category = 'x'", "cases_category_shape"},
		{"cases SET category = '1'", "cases_category_shape"},
		{"cases SET lng = 117", "cases_position_whole"},
		{"cases SET lng = 500, lat = 34", "cases_position_on_earth"},
		{"cases SET lng = 'NaN', lat = 34", "cases_position_on_earth"},
		{"cases SET derived_from = id", "cases_not_from_itself"},
		{"cases SET conclude_met = true", "cases_verdicts_of_duties"},
		{"cases SET accept_met = false", "cases_verdicts_of_duties"},
		{"cases SET paused_days = -1", "cases_paused_not_negative"},
		{"cases SET returned_by = id", "cases_return_whole"},
		{"cases SET returned_at = now(), returned_by = id", "cases_return_after_conclusion"},
		{"cases SET state = ''", "cases_state_given"},
		{"cases SET unit = ''", "cases_unit_given"},
		{"cases SET flags = '{}'", "cases_flags_are_a_list"},
		{"cases SET counts = '[]'", "cases_counts_are_a_map"},
		{"parties SET name = ''", "parties_name_given"},
		{"deadlines SET roll = 'x'", "deadlines_roll_known"},
		{"deadlines SET duty = 'x'", "deadlines_duty_known"},
		{"deadlines SET duty = 'accept', chance = true", "deadlines_chance_is_no_duty"},
		{"deadlines SET nominal = due + interval '1 day'", "deadlines_due_rolled"},
		{"deadlines SET nominal = due + interval '1 day', roll = 'next'", "deadlines_due_rolled"},
		{"deadlines SET nominal = due - interval '1 day'", "deadlines_due_rolled"},
		{"deadlines SET ended_at = due + interval '1 second', met = true", "deadlines_met_is_in_time"},
	} {
		_, err := s.pool.Exec(t.Context(), "UPDATE "+tc.set)
		var pg *pgconn.PgError
		require.ErrorAs(t, err, &pg, tc.set)
		require.Equal(t, tc.constraint, pg.ConstraintName, tc.set)
	}
	for _, set := range []string{ // the edges of what is allowed
		"cases SET accepted_at = date_trunc('day', received_at AT TIME ZONE INTERVAL '08:00') AT TIME ZONE INTERVAL '08:00'",
		"cases SET disposition = 'failed', concluded_at = accepted_at",
		"cases SET disposition = 'terminated', concluded_at = NULL",
		"cases SET category = '010203', lng = 180, lat = -90",
		"deadlines SET nominal = due - interval '1 day', roll = 'next', ended_at = due, met = true",
	} {
		_, err := s.pool.Exec(t.Context(), "UPDATE "+set)
		require.NoError(t, err, set)
	}
	require.Equal(t, 1, count(t, s, "cases WHERE id = $1", id))
}

func TestEvaluationsAreAppendOnly(t *testing.T) {
	s := open(t)
	for _, sql := range []string{"UPDATE evaluations SET comment = 'x'", "DELETE FROM evaluations", "TRUNCATE evaluations"} {
		_, err := superuser(t, s).Exec(t.Context(), sql)
		require.ErrorContains(t, err, "evaluations is append-only", sql)
	}
}

func merge(s *Store, child, master string) error {
	return act(s, child, "merge", func(c *domain.Case) {
		c.State, c.Disposition, c.MergedInto = "merged", domain.Merged, &master
	}).Err
}

func requireBadTarget(t *testing.T, err error) {
	t.Helper()
	var e *domain.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, domain.KindInvalid, e.Kind)
	require.Equal(t, []domain.FieldError{{Field: "merged_into", Code: "merge_target_bad"}}, e.Fields)
}

// A merged case is counted with its master, so that there must be one.
func TestCasesAreMergedIntoOneThatCounts(t *testing.T) {
	s := open(t)
	a, b, c := register(t, s).Case.ID, register(t, s).Case.ID, register(t, s).Case.ID
	other := register(t, s, func(c *domain.Change) { c.After.Procedure = "petition" }).Case.ID
	require.NoError(t, merge(s, a, b))
	requireBadTarget(t, merge(s, b, a)) // a ring
	requireBadTarget(t, merge(s, c, a)) // its target is merged
	requireBadTarget(t, merge(s, b, c)) // others are merged into it
	requireBadTarget(t, merge(s, c, other))
	require.NoError(t, merge(s, c, b))
	require.NoError(t, act(s, a, "note", nil).Err, "nothing is said of a merge that stays")
	n, err := s.Count(t.Context(), domain.CountQuery{Measures: []string{"appeals.received"}, Org: county})
	require.NoError(t, err)
	require.EqualValues(t, 1, n[0][""]["appeals.received"].N)
}

// Two that are merged into each other at once: one of them is.
func TestMergesThatCrossMakeNoRing(t *testing.T) {
	s := open(t)
	for range 10 {
		a, b := register(t, s).Case.ID, register(t, s).Case.ID
		var wg sync.WaitGroup
		errs := make([]error, 2)
		wg.Go(func() { errs[0] = merge(s, a, b) })
		wg.Go(func() { errs[1] = merge(s, b, a) })
		wg.Wait()
		if errs[0] == nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		requireBadTarget(t, errs[0])
		require.NoError(t, errs[1])
	}
	require.Equal(t, 10, count(t, s, "cases WHERE merged_into IS NULL"))
}

// Master and merged case may come in one statement, in any order.
func TestMasterMayComeWithWhatIsMergedIntoIt(t *testing.T) {
	s := open(t)
	into := func(master string) func(*domain.Change) {
		return func(c *domain.Change) { c.After.Disposition, c.After.MergedInto = domain.Merged, &master }
	}
	a, b := newID(), newID()
	_, err := s.ApplyAll(t.Context(), []domain.Decision{
		deciding(newCase(newID(), into(a))), deciding(newCase(a)), deciding(newCase(newID(), into(a))),
	})
	require.NoError(t, err)
	_, err = s.ApplyAll(t.Context(), []domain.Decision{deciding(newCase(b, into(a))), deciding(newCase(newID(), into(b)))})
	requireBadTarget(t, err)
}
