package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// Who must be named when a case is registered: an applicant of a petition, both
// sides of a mediation, any two where the committee itself takes it up, and
// nobody in an appeal.
func TestRegistrationNeedsParties(t *testing.T) {
	rules := theRules(t)
	party := func(roles ...domain.PartyRole) (ps []domain.Party) {
		for _, r := range roles {
			ps = append(ps, domain.Party{Role: r, Name: "某人"})
		}
		return ps
	}
	const applicant, respondent, third = domain.PartyApplicant, domain.PartyRespondent, domain.PartyThird
	for _, c := range []struct {
		procedure, class string
		parties          []domain.Party
		wrong            []string
	}{
		{"appeal", "help", nil, nil},
		{"petition", "demand", nil, []string{"party_missing"}},
		{"petition", "demand", party(respondent), []string{"party_missing"}},
		{"petition", "demand", party(applicant), nil},
		{"mediation", "application", nil, []string{"parties_missing", "party_missing", "party_missing"}},
		{"mediation", "application", party(applicant, applicant), []string{"party_missing"}},
		{"mediation", "court_referral", party(applicant, respondent), nil},
		{"mediation", "initiative", party(applicant), []string{"parties_missing"}},
		{"mediation", "initiative", party(third, respondent), nil},
	} {
		in := Intake{Procedure: c.procedure, Class: c.class, Title: "x", Parties: c.parties}
		change, err := rules.Register(in, citizen, at(t, "2022-06-01"), testCase)
		if c.wrong == nil {
			require.NoError(t, err, "%v", c)
			continue
		}
		var invalid *domain.Error
		require.ErrorAs(t, err, &invalid, "%v", c)
		require.Equal(t, domain.KindInvalid, invalid.Kind)
		var codes []string
		for _, f := range invalid.Fields {
			require.Equal(t, "parties", f.Field)
			codes = append(codes, f.Code)
		}
		require.Equal(t, c.wrong, codes, "%v", c)
		require.Empty(t, change.Entries)
	}
}

// A correction cannot take away whom the registration needed.
func TestEditKeepsTheParties(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	none := []domain.Party{}
	_, err := p.rules.Edit(p.file, Patch{Parties: &none}, theBureau, at(t, "2022-06-02"))
	require.ErrorContains(t, err, "[parties: party_missing]")
}

func TestRegistrationNamesTheClasses(t *testing.T) {
	for class, code := range map[string]string{"": "required", "divorce": "class_unknown"} {
		_, err := theRules(t).Register(Intake{Procedure: "appeal", Class: class, Title: "x"}, citizen, at(t, "2022-06-01"), testCase)
		var invalid *domain.Error
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, []domain.FieldError{{Field: "class", Code: code, Args: []any{
			domain.Text{ZH: "投诉”“咨询”“求助”“建议", EN: "Complaint”, “Consultation”, “Request for help”, “Suggestion"},
		}}}, invalid.Fields)
	}
}

// A date has no hour: on the day of the receipt, or of the acceptance, it means
// no moment before it.
func TestDateOnTheDayOfReceipt(t *testing.T) {
	p, mediator := newMediation(t, "2020-06-01") // at noon
	p.do("2020-06-01 15:00", "agree_orally", mediator, domain.Fields{"agreement": "赔礼道歉", "agreed_on": "2020-06-01"}, "agreed")
	require.True(t, at(t, "2020-06-01").Equal(*p.file.Case.ConcludedAt))
	require.False(t, p.file.Case.ConcludedAt.Before(*p.file.Case.AcceptedAt))
	p.due("apply_confirmation", "2020-07-01")

	p = begin(t, theRules(t), Intake{Procedure: "mediation", Class: "application", Place: villageOrg}, mediator, "2020-06-01")
	p.do("2020-06-03 09:00", "accept", mediator, domain.Fields{"rights_notified": true}, "accepted")
	p.do("2020-06-03 09:00", "assign_mediator", mediator, domain.Fields{"handler": mediator.ID}, "mediating")
	p.do("2020-06-04", "sign_agreement", mediator, domain.Fields{"agreement": "赔偿", "signed_on": "2020-06-01", "sealed_on": "2020-06-03"}, "agreed")
	require.True(t, at(t, "2020-06-03 09:00").Equal(*p.file.Case.ConcludedAt))
}

// A limit's range stands in the words that refuse what lies outside.
func TestDateOutsideItsRange(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	p.do("2022-06-20", "issue_opinion", housing, anOpinion, "opinion")
	p.do("2022-06-20", "serve", housing, domain.Fields{"delivery": "in_person"}, "served")
	p.do("2022-06-27", "request_review", citizen, domain.Fields{"reason": "不服"}, "review")
	for day, code := range map[string]string{"2022-07-11": "date_in_past", "2030-01-01": "date_too_far"} {
		err := p.try("2022-07-11", "annul", theCounty, domain.Fields{"reason": "x", "opinion": "x", "redo_by": day})
		var invalid *domain.Error
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, []domain.FieldError{{Field: "fields.redo_by", Code: code, Args: []any{
			domain.NewDate(2022, 7, 12), domain.NewDate(2024, 7, 10),
		}}}, invalid.Fields)
	}
}

// A joint petition is of as many as are named, when nobody counted; five make it
// collective.
func TestPetitionersAreCounted(t *testing.T) {
	rules := theRules(t)
	several := func(n int) (ps []domain.Party) {
		for range n {
			ps = append(ps, domain.Party{Name: "某人"})
		}
		return append(ps, domain.Party{Role: domain.PartyRepresentative, Name: "代表"}, domain.Party{Role: domain.PartyRespondent, Name: "某某"})
	}
	for _, c := range []struct {
		named, told, persons int
		collective           bool
	}{{1, 0, 2, false}, {4, 0, 5, true}, {2, 23, 23, true}} {
		change, err := rules.Register(Intake{Procedure: "petition", Class: "demand", Title: "x", Persons: c.told, Parties: several(c.named)},
			theBureau, at(t, "2022-06-01"), testCase)
		require.NoError(t, err)
		require.Equal(t, c.persons, change.After.Persons)
		require.Equal(t, c.collective, change.After.Has(domain.FlagCollective))
	}
}
