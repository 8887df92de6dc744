package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// What is not done by its day is missed from then on, whatever is done later;
// one that withdraws before the day is owed nothing, one that does so after it
// was kept waiting.
func TestDutiesAreMissed(t *testing.T) {
	withdraw := domain.Fields{"reason": "不再坚持"}
	accepted := func() *play {
		p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Place: otherVillage}, theBureau, "2022-06-06")
		p.owes("accept 2022-06-21 open")
		p.do("2022-06-08", "accept", theBureau, nil, "accepted")
		p.owes("accept 2022-06-21 kept", "conclude 2022-08-07 open")
		p.measured("petitions.conclude_due", "", 0, 0)
		return p
	}
	p := accepted()
	p.do("2022-08-01", "withdraw", citizen, withdraw, "withdrawn")
	p.owes("accept 2022-06-21 kept")

	p = accepted()
	p.tick("2022-08-08")
	p.owes("accept 2022-06-21 kept", "conclude 2022-08-07 missed")
	p.measured("cases.overdue", "2022-06-06", 1, 19149)
	p.measured("petitions.conclude_due", "2022-08-07", 1, 0)
	p.measured("petitions.concluded_in_time", "", 0, 0)
	p.do("2022-08-09", "withdraw", citizen, withdraw, "withdrawn")
	p.owes("accept 2022-06-21 kept", "conclude 2022-08-07 missed")
	p.measured("cases.overdue", "", 0, 0)

	p = accepted() // and however late the sweeper comes
	p.unswept("2022-08-09", "withdraw", citizen, withdraw)
	p.owes("accept 2022-06-21 kept", "conclude 2022-08-07 missed")
}

// An extension moves the day; a redoing is owed anew.
func TestDutiesMoveWithTheirClocks(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Place: otherVillage}, theBureau, "2022-06-06")
	p.do("2022-06-08", "accept", theBureau, nil, "accepted")
	p.do("2022-08-01", "extend", theBureau, domain.Fields{"reason": "复杂", "approved_by": "局长", "extension_days": 10}, "accepted")
	p.owes("accept 2022-06-21 kept", "conclude 2022-08-17 open")
	p.do("2022-08-10", "issue_opinion", theBureau, domain.Fields{
		"statement_heard": true, "result": "unsupported", "facts": "经查", "opinion": "不予支持", "legal_basis": "某办法", "approved_by": "局长",
	}, "opinion")
	p.do("2022-08-11", "serve", theBureau, domain.Fields{"delivery": "in_person"}, "served")
	p.owes("accept 2022-06-21 kept", "conclude 2022-08-17 kept")
	p.do("2022-08-15", "request_review", citizen, domain.Fields{"reason": "不服"}, "review")
	p.do("2022-08-20", "annul", staffOf(domain.RoleSupervisor, countyOrg),
		domain.Fields{"reason": "事实不清", "opinion": "撤销", "redo_by": "2022-09-20"}, "accepted")
	p.owes("accept 2022-06-21 kept", "conclude 2022-09-20 open")
	require.Nil(t, p.file.Case.ConcludedAt)
}

// Merged cases stand still and owe what they owed; figures leave them out.
func TestDutiesOfAMergedCase(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand", Place: otherVillage, ReceivedAt: at(t, "2022-06-06")}, theBureau, "2022-06-06")
	merge := Action{Name: "merge", Actor: theBureau, Now: at(t, "2022-06-07"), Fields: domain.Fields{"master": otherCase}, Cases: theOtherCase}
	change, err := p.rules.Step(p.file, merge)
	require.NoError(t, err)
	p.take(change)
	p.tick("2022-06-30")
	p.owes("accept 2022-06-21 open")
	p.do("2022-07-01", "unmerge", theBureau, domain.Fields{"reason": "并错了"}, "registered")
	p.tick("2022-07-01")
	p.owes("accept 2022-06-21 missed")
}

// The days on which a committee waits for an expert are not held against it:
// not the day of acceptance, and none after the day that the paper bears.
func TestPausedDays(t *testing.T) {
	head := staffOf(domain.RoleCommitteeHead, dizhenTJ)
	mediating := func() *play {
		p := begin(t, theRules(t), Intake{Procedure: "mediation", Class: "application", Place: dizhenOrg}, staffOf(domain.RoleClerk, dizhenOrg), "2020-06-01")
		p.do("2020-06-01", "auto_assign", domain.Router, nil, "registered")
		p.do("2020-06-02", "accept", head, domain.Fields{"rights_notified": true}, "accepted")
		p.do("2020-06-02", "assign_mediator", head, domain.Fields{"handler": "user"}, "mediating")
		p.do("2020-06-02", "begin_appraisal", head, domain.Fields{"reason": "鉴定"}, "mediating")
		return p
	}
	p := mediating()
	p.do("2020-06-12", "end_appraisal", head, domain.Fields{"record": "已鉴定"}, "mediating")
	require.Equal(t, 9, p.file.Case.PausedDays) // the 3rd to the 11th
	p.owes("accept 2020-06-04 kept", "conclude 2020-07-11 open")
	agreed := domain.Fields{"agreement": "赔偿", "signed_on": "2020-06-20", "sealed_on": "2020-06-20"}
	p.do("2020-06-20", "sign_agreement", head, agreed, "agreed")
	p.measured("mediation.handled", "2020-06-20", 1, 18-9)

	p = mediating() // signed while the expert was still at work, and entered later
	agreed["signed_on"], agreed["sealed_on"] = "2020-06-05", "2020-06-05"
	p.do("2020-06-20", "sign_agreement", head, agreed, "agreed")
	require.Equal(t, 2, p.file.Case.PausedDays)
	p.measured("mediation.handled", "2020-06-05", 1, 1)
}
