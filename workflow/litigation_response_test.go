package workflow

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var (
	sued      = staffOf(domain.RoleHandler, dizhenOrg)
	plaintiff = []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}}
	theHead   = domain.Fields{
		"heard_on": "2021-05-20", "head_attended": true, "head_name": "某某", "head_post": "副镇长", "head_kind": "in_charge", "head_spoke": true,
	}
	theAppeal = domain.Fields{"appellant": "plaintiff", "court_number": "(2021)鲁0404行初10号", "appealed_on": "2021-07-05"}
)

// aSuit was filed five days before the summons came.
func aSuit(t *testing.T) *play {
	return begin(t, theRules(t), Intake{
		Procedure: "litigation_response", Class: "first_instance", Title: "诉处罚", Parties: plaintiff, ReceivedAt: at(t, "2021-04-19 09:00"),
		Fields: domain.Fields{"court_number": "(2021)鲁0404行初10号", "filed_on": "2021-04-14"},
	}, sued, "2021-04-20")
}

// judgedSuit is Example 8 up to the judgment.
func judgedSuit(t *testing.T, result string) *play {
	p := aSuit(t)
	p.do("2021-04-30", "answer", sued, domain.Fields{"answer": "答辩", "evidence": "十二份"}, "answered")
	p.do("2021-05-20", "hold_hearing", sued, theHead, "heard")
	p.do("2021-06-18", "judge", sued, domain.Fields{"result": result, "judgment_number": "判决", "served_on": "2021-06-18"}, "judged")
	return p
}

// Example 8: the appearance counts once an instance, and every day is as there.
func TestExample8LitigationResponse(t *testing.T) {
	p := aSuit(t)
	require.Equal(t, dizhenOrg, p.file.Case.Owner, "the defendant answers for it")
	require.Equal(t, domain.Active, p.file.Case.Disposition)
	require.Equal(t, "2021-04-19", domain.DateIn(*p.file.Case.AcceptedAt).String(), "at service, not at entry")
	p.due("answer", "2021-05-06")
	require.Equal(t, "法 81; 解释 50", p.due("trial", "2021-10-14").Basis)
	p.do("2021-04-30", "answer", sued, domain.Fields{"answer": "答辩", "evidence": "十二份"}, "answered")
	p.ended("answer", true)
	p.refused("2021-05-20", "hold_hearing", sued, merged(theHead, "head_attended", false), domain.KindInvalid, "fields.head_attended: must_be_yes")
	p.do("2021-05-20", "hold_hearing", sued, theHead, "heard")
	require.Equal(t, 1, p.file.Case.Counts["hearing_held"])
	require.Equal(t, 1, p.file.Case.Counts["head_appeared"])
	p.do("2021-06-18", "judge", sued, domain.Fields{"result": "won", "judgment_number": "判决", "served_on": "2021-06-18"}, "judged")
	p.ended("trial", true)
	require.Equal(t, domain.Concluded, p.file.Case.Disposition)
	require.Equal(t, "2021-06-18", domain.DateIn(*p.file.Case.ConcludedAt).String())
	require.Equal(t, "won", p.file.Case.Outcome)
	require.Nil(t, currentClock(&p.file, "decide_appeal"), "who won need not decide on an appeal")
	p.due("appeal_window", "2021-07-05")
	p.tick("2021-07-05 23:59")
	require.Equal(t, "judged", p.file.Case.State)
	p.tick("2021-07-06")
	require.Equal(t, "effective", p.file.Case.State)
	p.refused("2021-07-07", "perform", sued, domain.Fields{"voucher": "无"}, domain.KindConflict, "guard_done_below")
	p.do("2021-07-07", "close", sued, nil, "closed")
	p.owes("respond 2021-05-06 kept")
}

// merged is a copy of some fields with one changed.
func merged(f domain.Fields, name string, v any) domain.Fields {
	out := domain.Fields{name: v}
	for k, old := range f {
		if k != name {
			out[k] = old
		}
	}
	return out
}

// An appeal opens the second instance: a case of its own in the same matter,
// with its own hearings to appear at.
func TestAppealOpensTheSecondInstance(t *testing.T) {
	p := judgedSuit(t, "lost")
	p.due("decide_appeal", "2021-06-28")
	change, err := p.rules.Step(p.file, Action{Name: "appeal", Actor: sued, Now: at(t, "2021-07-05"), Fields: theAppeal})
	require.NoError(t, err)
	require.Len(t, change.Opens, 1)
	p.take(change)
	require.Equal(t, "appealed", p.file.Case.State)
	second := &play{t: t, rules: p.rules, tallies: map[domain.Cell]int64{}}
	second.take(change.Opens[0])
	c := &second.file.Case
	require.Equal(t, []string{"litigation_response", "second_instance", "served", dizhenOrg, p.file.Case.Matter},
		[]string{c.Procedure, c.Class, c.State, c.Owner, c.Matter})
	require.Empty(t, c.Counts["hearing_held"])
	require.Equal(t, "解释 108, 48", second.due("answer", "2021-07-20").Basis)
	second.due("trial", "2021-10-08") // 5 October lies in the holiday
	second.do("2021-07-26", "record_filing", sued, domain.Fields{"court_number": "(2021)鲁04行终88号", "filed_on": "2021-07-22"}, "served")
	require.Equal(t, 2, second.due("trial", "2021-10-22").Round)
	second.refused("2021-08-02", "judge", sued, domain.Fields{"result": "won", "judgment_number": "号", "served_on": "2021-08-02"},
		domain.KindConflict, "guard_class")
	second.do("2021-09-01", "hold_hearing_without_head", sued, domain.Fields{
		"heard_on": "2021-09-01", "absence": "official_duty", "staff_attended": true, "agents": "科员",
	}, "heard")
	require.Equal(t, map[string]int{"hearing_held": 1, "record_filing": 1}, c.Counts, "nobody's appearance at another instance counts here")
	second.do("2021-10-11", "judge_finally", sued, domain.Fields{"result": "won", "judgment_number": "号", "served_on": "2021-10-11"}, "effective")
	procedure, _, err := p.rules.stand(&p.file.Case)
	require.NoError(t, err)
	require.False(t, procedure.State("appealed").Final, "the first instance waits")
}

// What becomes of the second instance decides what the first judgment is worth.
func TestFirstInstanceHearsOfTheSecond(t *testing.T) {
	for outcome, state := range map[string]string{"won": "replaced", "remanded": "replaced", "withdrawn": "replaced", "appeal_withdrawn": "effective"} {
		p := judgedSuit(t, "won")
		p.do("2021-07-05", "appeal", sued, theAppeal, "appealed")
		router := Router{Engine: NewEngine(nil, p.rules, func() time.Time { return at(t, "2021-10-11") }, uuid.NewString)}
		_, err := router.heed(p.file)
		require.Equal(t, domain.KindConflict, domain.KindOf(err), "it is still pending")
		p.file.Derived[0].Disposition, p.file.Derived[0].Outcome = domain.Concluded, outcome
		change, err := router.heed(p.file)
		require.NoError(t, err)
		require.Equal(t, state, change.After.State, outcome)
		require.Equal(t, "won", change.After.Outcome, "each instance keeps its own result")
	}
}

// A remand opens the next first instance.
func TestRemandOpensAFirstInstance(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "litigation_response", Class: "second_instance", Parties: plaintiff,
		Fields: domain.Fields{"court_number": "终", "filed_on": "2021-07-22", "appellant": "defendant"}}, sued, "2021-07-26")
	require.Nil(t, currentClock(&p.file, "answer"), "whoever appeals owes no answer")
	change, err := p.rules.Step(p.file, Action{Name: "remand", Actor: sued, Now: at(t, "2021-10-11"),
		Fields: domain.Fields{"court_number": "终", "judgment_number": "裁定", "served_on": "2021-10-11"}})
	require.NoError(t, err)
	require.Equal(t, "remanded", change.After.State)
	require.Equal(t, "first_instance", change.Opens[0].After.Class)
}

// An appeal of the other side may become known only when the window is over.
func TestAppealLearnedLate(t *testing.T) {
	p := judgedSuit(t, "won")
	p.refused("2021-07-06", "judge", sued, nil, domain.KindConflict, "action_not_allowed")
	p.do("2021-07-12", "appeal", sued, theAppeal, "appealed")
	require.Len(t, p.file.Derived, 1)
}

// The suit was filed before the organ heard of it, but not after today, and not
// before any calendar.
func TestFilingBeforeTheReceipt(t *testing.T) {
	rules := theRules(t)
	for filed, code := range map[string]string{"2021-04-21": "date_in_future", "1999-01-01": "date_too_old"} {
		_, err := rules.Register(Intake{Procedure: "litigation_response", Class: "first_instance", Title: "诉", Parties: plaintiff,
			Fields: domain.Fields{"court_number": "号", "filed_on": filed}}, sued, at(t, "2021-04-20"), testCase)
		require.Equal(t, domain.KindInvalid, domain.KindOf(err))
		require.ErrorContains(t, err, code)
	}
}

// Conciliation at the centre stops the court's time; the centre and the organ
// may both act.
func TestConciliationStopsTheTrial(t *testing.T) {
	p := aSuit(t)
	p.do("2021-04-30", "answer", sued, domain.Fields{"answer": "答辩", "evidence": "十二份"}, "answered")
	p.do("2021-05-10", "conciliate", sued, domain.Fields{"consent": true}, "conciling")
	require.Equal(t, settleOrg, p.file.Case.Desk)
	p.do("2021-05-20", "hold_session", staffOf(domain.RoleMediator, settleOrg), domain.Fields{"record": "协调"}, "conciling")
	p.do("2021-06-09", "end_conciliation", sued, domain.Fields{"record": "不成"}, "answered")
	require.Equal(t, dizhenOrg, p.file.Case.Desk)
	p.due("trial", "2021-11-15") // thirty days from 14 October, a Saturday: 13 November
	p.tick("2021-11-16")
	d := currentClock(&p.file, "trial")
	require.NotNil(t, d.EndedAt)
	require.Nil(t, d.MissedAt, "the court's time is no failure of the organ")
	p.do("2021-11-17", "withdraw", sued, domain.Fields{"ending": "settled", "court_document": "裁定"}, "withdrawn")
	require.Equal(t, domain.Concluded, p.file.Case.Disposition)
	require.Equal(t, "settled", p.file.Case.Outcome)
	require.Empty(t, p.file.Case.Counts["hearing_held"], "closed without a hearing")
}

// Evidence by leave counts from the day that the cause is gone.
func TestLateEvidence(t *testing.T) {
	p := aSuit(t)
	p.refused("2021-04-21", "remove_cause", sued, domain.Fields{"cause_removed_on": "2021-04-21"}, domain.KindConflict, "guard_done_below")
	p.do("2021-04-21", "postpone_evidence", sued, domain.Fields{"reason": "不可抗力", "court_document": "准许"}, "served")
	p.do("2021-05-06", "answer", sued, domain.Fields{"answer": "答辩", "evidence": "无"}, "answered")
	p.do("2021-05-10", "remove_cause", sued, domain.Fields{"cause_removed_on": "2021-05-08"}, "answered")
	p.due("late_evidence", "2021-05-24") // the 23rd is a Sunday
	p.do("2021-05-24", "give_evidence", sued, domain.Fields{"evidence": "三份"}, "answered")
	p.ended("late_evidence", true)
}

// What was judged is performed by its day, or stands as default until it is.
func TestPerformance(t *testing.T) {
	p := judgedSuit(t, "partly_lost")
	p.do("2021-06-21", "decide_appeal", sued, domain.Fields{"record": "不上诉"}, "judged")
	p.do("2021-07-08", "record_order", sued, domain.Fields{"order": "退还罚款", "performance_due": "2021-07-20"}, "effective")
	p.refused("2021-07-20", "default", sued, domain.Fields{"reason": "无款"}, domain.KindConflict, "guard_overdue")
	p.do("2021-07-21", "default", sued, domain.Fields{"reason": "无款"}, "defaulted")
	p.do("2021-08-02", "perform", sued, domain.Fields{"voucher": "划拨", "enforced": true}, "performed")
	p.ended("performance", false)
	require.Equal(t, 1, p.file.Case.Counts["performance_ordered"])
	require.Zero(t, p.file.Case.Counts["performed_in_time"])
}

// The defendant organ answers for itself, however it is named: a suit is no
// complaint before the county.
func TestDefendantKeepsItsCase(t *testing.T) {
	in := Intake{Procedure: "litigation_response", Class: "first_instance", Title: "x", Fields: domain.Fields{"court_number": "行初1号", "filed_on": "2021-04-14"},
		Parties: []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}, {Role: domain.PartyRespondent, Name: dizhenOrg, OrgCode: dizhenOrg}}}
	change, err := theRules(t).Register(in, staffOf(domain.RoleHandler, dizhenOrg), at(t, "2021-04-19"), testCase)
	require.NoError(t, err)
	require.Equal(t, dizhenOrg, change.After.Owner)
	require.Empty(t, change.Parties[1].OrgCode)
}
