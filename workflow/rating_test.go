package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var aRating = domain.Fields{"satisfaction": "satisfied", "resolved": true}

// Who gave a case its result never rates it, whoever is named its handler
// afterwards.
func TestNobodyRatesHisOwnWork(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, clerk, "2020-04-29")
	p.do("2020-04-29", "auto_dispatch", domain.Router, nil, "dispatched")
	p.do("2020-04-29", "accept", clerk, nil, "handling")
	p.do("2020-04-30", "reply", clerk, domain.Fields{"reply": "已办", "result": "resolved"}, "replied")
	require.Equal(t, clerk.ID, p.file.Case.ConcludedBy)
	p.do("2020-04-30", "assign_handler", clerk, domain.Fields{"handler": "somebody"}, "replied")
	p.refused("2020-04-30", "follow_up", clerk, aRating, domain.KindForbidden, "rates_himself")
	list, err := p.rules.Available(p.file, clerk, at(t, "2020-04-30"))
	require.NoError(t, err)
	for _, a := range list {
		require.NotEqual(t, "follow_up", a.Action.Do, "nor is it offered")
	}
	p.do("2020-05-01", "redo", clerk, domain.Fields{"reason": "未解决"}, "handling")
	require.Empty(t, p.file.Case.ConcludedBy, "there is no result any more")
	p.do("2020-05-02", "reply", theUnit, domain.Fields{"reply": "已办", "result": "resolved"}, "replied")
	p.do("2020-05-03", "follow_up", clerk, aRating, "closed")
}

var theUnit = staffOf(domain.RoleHandler, dizhenOrg)

func TestWhoAnsweredAtTheWindowDoesNotRate(t *testing.T) {
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "consultation", Place: villageOrg}, clerk, "2020-04-29")
	p.do("2020-04-29", "reply_directly", clerk, domain.Fields{"reply": "答", "knowledge": "知识库"}, "replied")
	p.refused("2020-04-30", "follow_up", clerk, aRating, domain.KindForbidden, "rates_himself")
	p.do("2020-04-30", "follow_up", citizen, aRating, "closed")
	p.refused("2020-05-02", "evaluate", clerk, aRating, domain.KindForbidden, "rates_himself")
	p.do("2020-05-02", "evaluate", staffOf(domain.RoleClerk, countyOrg), aRating, "closed")
}

// Whoever only serves another's opinion gave no result; whoever issued it did.
func TestWhoIssuedTheOpinionDoesNotRate(t *testing.T) {
	head, clerk := staffOf(domain.RoleSupervisor, housingOrg), staffOf(domain.RoleClerk, housingOrg)
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	p.do("2022-06-20", "issue_opinion", head, anOpinion, "opinion")
	p.do("2022-06-20", "serve", clerk, domain.Fields{"delivery": "in_person"}, "served")
	p.do("2022-06-20", "assign_handler", clerk, domain.Fields{"handler": housing.ID}, "served")
	rating := domain.Fields{"satisfaction": "satisfied"}
	p.refused("2022-06-21", "evaluate", head, rating, domain.KindForbidden, "rates_himself")
	p.do("2022-06-21", "evaluate", clerk, rating, "served")
}

func TestWhoSignedTheAgreementDoesNotRate(t *testing.T) {
	p, mediator := newMediation(t, "2020-06-01")
	head := staffOf(domain.RoleCommitteeHead, villageTJ)
	p.do("2020-06-04", "agree_orally", head, domain.Fields{"agreement": "赔礼道歉", "agreed_on": "2020-06-04"}, "agreed")
	rating := domain.Fields{"record": "已履行", "satisfaction": "satisfied"}
	for _, actor := range []domain.Actor{head, mediator} {
		p.refused("2020-06-05", "follow_up", actor, rating, domain.KindForbidden, "rates_himself")
	}
	p.do("2020-06-05", "follow_up", staffOf(domain.RoleClerk, dizhenOrg), rating, "agreed")
}
