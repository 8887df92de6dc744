package report_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
)

var (
	admin = domain.Actor{ID: "u8", Name: "管理员", Role: domain.RoleAdmin, Org: county}
	clerk = domain.Actor{ID: "u7", Name: "司法局承办人", Role: domain.RoleHandler, Org: justice}
)

// states is a statement about 2020 that is right.
func states(code, value, department string, edit ...func(*report.States)) report.States {
	st := report.States{Attested: domain.Attested{
		Year: 2020, Code: code, Value: value, Department: department, Source: "工作台账", Date: domain.NewDate(2021, 1, 15), Signer: "某甲",
	}}
	for _, f := range edit {
		f(&st)
	}
	return st
}

func expecting(revision int) func(*report.States) {
	return func(st *report.States) { st.Expected = &revision }
}

func newAttesting() (*memory, *report.Service) {
	m := newMemory()
	for i := range m.orgs {
		if m.orgs[i].Code == justice {
			m.orgs[i].Function = "justice"
		}
	}
	return m, newService(m)
}

func TestStatementsFollowOneAnother(t *testing.T) {
	m, s := newAttesting()
	ctx := t.Context()
	first, checks, err := s.State(ctx, clerk, states("decisions.reviewed", "3", justice))
	require.NoError(t, err)
	require.Equal(t, 1, first.Revision)
	require.Equal(t, "司法局", first.DepartmentName)
	require.Equal(t, "u7", first.EnteredBy)
	require.Empty(t, checks, "its sum is not stated yet")

	again, _, err := s.State(ctx, admin, states("decisions.reviewed", "3", justice))
	require.NoError(t, err)
	require.Equal(t, first, again, "the same again is no revision")
	_, _, err = s.State(ctx, clerk, states("decisions.reviewed", "4", justice))
	require.Equal(t, domain.KindStale, domain.KindOf(err), "who does not know what holds replaces nothing")
	_, _, err = s.State(ctx, clerk, states("decisions.reviewed", "4", justice, expecting(0)))
	require.Equal(t, domain.KindStale, domain.KindOf(err))
	second, _, err := s.State(ctx, clerk, states("decisions.reviewed", "4", justice, expecting(1)))
	require.NoError(t, err)
	require.Equal(t, 2, second.Revision)
	third, _, err := s.State(ctx, clerk, states("decisions.reviewed", "3", justice, expecting(report.AnyRevision)))
	require.NoError(t, err)
	require.Equal(t, 3, third.Revision)

	year, err := s.AttestedYear(ctx, 2020)
	require.NoError(t, err)
	require.Len(t, year.Items, 1)
	require.Equal(t, "3", year.Items[0].Value)
	require.Equal(t, []int{2, 1}, []int{year.Items[0].Earlier[0].Revision, year.Items[0].Earlier[1].Revision})
	require.Len(t, year.Missing, len(domain.AttestedItems)-1)
	require.Len(t, m.attested, 3)
	missing, err := s.MissingOf(ctx, 2020)
	require.NoError(t, err)
	require.Equal(t, year.Missing, missing)
	_, err = s.AttestedYear(ctx, 1)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
}

func TestStatementsAreChecked(t *testing.T) {
	_, s := newAttesting()
	for name, c := range map[string]struct {
		in    report.States
		field string
	}{
		"no value":            {states("decisions.reviewed", "", justice), "value"},
		"words":               {states("decisions.reviewed", "three", justice), "value"},
		"negative":            {states("decisions.reviewed", "-1", justice), "value"},
		"exponent":            {states("decisions.reviewed", "1e3", justice), "value"},
		"leading zero":        {states("decisions.reviewed", "03", justice), "value"},
		"minus nothing":       {states("court.filings_change", "-0", justice), "value"},
		"more than all":       {states("training.excellent_rate", "100.1", justice), "value"},
		"fall below nothing":  {states("court.filings_change", "-100.1", justice), "value"},
		"half an honour":      {states("openness.city_rank", "1.5", justice), "value"},
		"no source":           {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Source = " " }), "source"},
		"no signer":           {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Signer = "" }), "signer"},
		"long signer":         {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Signer = strings.Repeat("某", 51) }), "signer"},
		"control characters":  {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Note = "a\x07" }), "note"},
		"no date":             {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Date = domain.Date{} }), "date"},
		"tomorrow":            {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Date = domain.NewDate(2021, 3, 9) }), "date"},
		"before the year":     {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Date = domain.NewDate(2019, 12, 31) }), "date"},
		"unknown department":  {states("decisions.reviewed", "3", "370404-nobody"), "department"},
		"a year to come":      {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Year = 2022 }), "year"},
		"a year before years": {states("decisions.reviewed", "3", justice, func(st *report.States) { st.Year = 0 }), "year"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.State(t.Context(), admin, c.in)
			var e *domain.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, domain.KindInvalid, e.Kind)
			require.Len(t, e.Fields, 1)
			require.Equal(t, c.field, e.Fields[0].Field)
		})
	}
	_, _, err := s.State(t.Context(), admin, states("no.item", "3", justice))
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
}

func TestWhoMayAttest(t *testing.T) {
	_, s := newAttesting()
	for _, c := range []struct {
		role domain.Role
		org  string
		may  bool
	}{
		{domain.RoleHandler, justice, true}, {domain.RoleReconsideration, justice, true}, {domain.RoleMediator, justice + "-mc", true},
		{domain.RoleSupervisor, county, true}, {domain.RoleAdmin, county, true},
		{domain.RoleLeader, county, false}, {domain.RoleAuditor, county, false}, {domain.RoleClerk, county, false},
		{domain.RoleLeader, justice, false}, {domain.RoleHandler, townshipA, false}, {domain.RoleAdmin, townshipA, false},
		{domain.RoleCitizen, justice, false},
	} {
		who := domain.Actor{ID: "x", Role: c.role, Org: c.org}
		_, _, err := s.State(t.Context(), who, states("decisions.reviewed", "3", justice))
		if c.may {
			require.NoError(t, err, who)
		} else {
			require.Equal(t, domain.KindForbidden, domain.KindOf(err), "%+v", who)
		}
	}
	// Another department's figure is not theirs.
	_, _, err := s.State(t.Context(), clerk, states("court.filings", "3", justice))
	require.Equal(t, domain.KindForbidden, domain.KindOf(err))
	_, _, err = s.State(t.Context(), admin, states("court.filings", "3", justice))
	require.NoError(t, err)
}

func TestSumsWarn(t *testing.T) {
	_, s := newAttesting()
	ctx := t.Context()
	for code, value := range map[string]string{
		"decisions.reviewed": "3", "decisions.documents_reviewed": "11", "decisions.matters_reviewed": "71",
		"court.filings": "2775", "court.filings_previous": "3125",
	} {
		_, _, err := s.State(ctx, admin, states(code, value, justice))
		require.NoError(t, err)
	}
	_, checks, err := s.State(ctx, admin, states("decisions.legal_opinions", "86", justice))
	require.NoError(t, err, "a warning, no refusal")
	require.Len(t, checks, 1)
	require.False(t, checks[0].OK)
	require.Equal(t, "85", checks[0].Want)
	_, checks, err = s.State(ctx, admin, states("decisions.legal_opinions", "85", justice, expecting(1)))
	require.NoError(t, err)
	require.True(t, checks[0].OK)
	year, err := s.AttestedYear(ctx, 2020)
	require.NoError(t, err)
	require.Len(t, year.Checks, 2)
	require.Equal(t, "-11.2", year.Checks[1].Want, "computed, though not stated")
	require.True(t, year.Checks[1].OK)
}

func TestSeveralStatementsAreAllOrNone(t *testing.T) {
	m, s := newAttesting()
	_, err := s.StateAll(t.Context(), admin, []report.States{
		states("decisions.reviewed", "3", justice), states("cleanup.kept", "x", justice),
	})
	var row report.RowError
	require.True(t, errors.As(err, &row))
	require.Equal(t, 1, row.Index)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
	require.Empty(t, m.attested)
}
