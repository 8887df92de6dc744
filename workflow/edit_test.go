package workflow

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// What only actions raise and lower, with their guards and clocks, a
// correction may neither give nor take, and says so.
func TestEditLeavesTheFlagsOfActionsAlone(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01", domain.FlagBacklog)
	p.do("2022-06-02", "supervise", theBureau, domain.Fields{"supervision_ground": "evasion", "reason": "推诿"}, "forwarded")
	edit := func(flags ...domain.Flag) (domain.Change, error) {
		return p.rules.Edit(p.file, Patch{Flags: &flags}, housing, at(t, "2022-06-03"))
	}
	for _, flags := range [][]domain.Flag{nil, {domain.FlagEnterprise}, {domain.FlagSupervised, domain.FlagRisk}, {domain.FlagSupervised, domain.FlagSimplified}} {
		_, err := edit(flags...)
		require.ErrorContains(t, err, "[flags: flag_not_yours]")
	}
	change, err := edit(domain.FlagSupervised, domain.FlagEnterprise)
	require.NoError(t, err)
	require.Equal(t, []domain.Flag{domain.FlagEnterprise, domain.FlagSupervised}, change.After.Flags)
}

// Whoever registers a case may say that it is dangerous, and no more.
func TestRegistrationRaisesRiskOnly(t *testing.T) {
	in := Intake{Procedure: "petition", Class: "accusation", Title: "x", Flags: []domain.Flag{domain.FlagRisk, domain.FlagRepeat}, Parties: theParties}
	change, err := theRules(t).Register(in, theBureau, at(t, "2022-06-01"), testCase)
	require.NoError(t, err)
	require.Equal(t, []domain.Flag{domain.FlagRepeat, domain.FlagRisk}, change.After.Flags)
	for _, f := range []domain.Flag{domain.FlagSimplified, domain.FlagSupervised} {
		in.Flags = []domain.Flag{f}
		_, err := theRules(t).Register(in, theBureau, at(t, "2022-06-01"), testCase)
		require.ErrorContains(t, err, "[flags: flag_not_yours]")
	}
}

// A case is not corrected into one that could not have been registered.
func TestEditKeepsToTheGuardsOfRegistration(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	parties := []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}}
	for range 6 {
		parties = append(parties, domain.Party{Role: domain.PartyRepresentative, Name: "代表"})
	}
	_, err := p.rules.Edit(p.file, Patch{Parties: &parties}, theBureau, at(t, "2022-06-02"))
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
	require.ErrorContains(t, err, "guard_representatives_to")
	parties = parties[:6]
	_, err = p.rules.Edit(p.file, Patch{Parties: &parties}, theBureau, at(t, "2022-06-02"))
	require.NoError(t, err)
}

// Values of fields are bounded like those of the case.
func TestFieldBounds(t *testing.T) {
	for _, c := range []struct {
		typ   FieldType
		value any
		code  string
	}{
		{FieldAmount, 1e15, ""},
		{FieldAmount, 1e15 + 1, "amount_range"},
		{FieldAmount, -1, "not_a_whole_number"},
		{FieldUser, " ", "required"},
		{FieldUser, "0197a000-0000-7000-8000-000000000001", ""},
		{FieldUser, "\x00", "bad_characters"},
		{FieldUser, strings.Repeat("长", 65), "too_long"},
	} {
		f := Field{Type: c.typ}
		_, code := f.read(c.value)
		require.Equal(t, c.code, code, "%s %v", c.typ, c.value)
	}
}
