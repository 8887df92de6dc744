package workflow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// A clock that stands still, or has ended, is not paused again.
func TestPauseOnlyARunningClock(t *testing.T) {
	rules := theRules(t)
	p, err := rules.Library.Latest("mediation", domain.NewDate(2020, 1, 1))
	require.NoError(t, err)
	when := at(t, "2020-06-10")
	for _, d := range []domain.Deadline{{PausedAt: &when}, {EndedAt: &when}} {
		d.Kind, d.Round, d.Limit = "mediate", 1, "1 month"
		k := clockwork{rules: rules, p: p, file: &domain.File{Deadlines: []domain.Deadline{d}}, after: &domain.Case{}, now: when.Add(time.Hour)}
		require.NoError(t, k.run(&Transition{Pauses: []string{"mediate"}}, &State{}, nil))
		require.Empty(t, k.records)
	}
}

// The start day never counted, so a pause that begins on it cannot take it.
func TestPauseOnTheStartDay(t *testing.T) {
	p, mediator := newMediation(t, "2020-06-01")
	p.do("2020-06-01", "begin_appraisal", mediator, domain.Fields{"reason": "鉴定"}, "mediating")
	p.do("2020-06-03", "end_appraisal", mediator, domain.Fields{"record": "鉴定意见"}, "mediating")
	p.due("mediate", "2020-07-02") // the 2nd is lost, the 3rd counts again
	p.due("level", "2020-06-09")
}

// A sweep that comes late sees each clock as the ones before have left it:
// what an earlier limit has ended is not missed afterwards.
func TestLateSweep(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	p.do("2022-06-06", "settle", housing, domain.Fields{"agreement": "和解"}, "settled")
	p.do("2022-06-20", "supervise", theBureau, domain.Fields{"supervision_ground": "not_executed", "reason": "未履行"}, "settled")
	p.due("rating", "2022-07-06")
	p.due("supervision", "2022-07-20")
	before := len(p.entries)
	p.tick("2022-12-01")
	require.Equal(t, "concluded", p.file.Case.State)
	require.Len(t, p.entries, before+1)
	d := clockOf(&p.file, "supervision", 1)
	require.NotNil(t, d.EndedAt)
	require.Nil(t, d.MissedAt)
	p.tick("2022-12-02")
	require.Len(t, p.entries, before+1, "there is nothing left to do")
}

// A limit is warned of once, missed once, and an end after it is late.
func TestNearMissedLate(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	var events []string
	note := func() {
		for _, e := range p.entries[len(p.entries)-1:] {
			events = append(events, e.Event)
		}
	}
	require.Equal(t, "2022-07-29", domain.DateIn(p.due("conclude", "2022-08-01").WarnAt).String())
	p.tick("2022-07-28 23:59")
	note()
	p.tick("2022-07-29 00:00")
	note()
	p.tick("2022-08-01 23:59")
	note()
	p.tick("2022-08-02 00:00")
	note()
	p.tick("2022-08-03")
	note()
	require.Equal(t, []string{"accepted", "deadline_near", "deadline_near", "deadline_missed", "deadline_missed"}, events)
	p.do("2022-08-04", "settle", housing, domain.Fields{"agreement": "和解"}, "settled")
	p.ended("conclude", false)
}

// A chance that has run out before the sweeper came is nobody's failure: it
// lapses with whatever ends it.
func TestChanceEndedAfterItsDay(t *testing.T) {
	unit := staffOf(domain.RoleHandler, dizhenOrg)
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, citizen, "2020-04-29")
	p.do("2020-04-29", "auto_dispatch", domain.Router, nil, "dispatched")
	p.due("hand_back", "2020-04-30")
	p.unswept("2020-05-06", "accept", unit, nil)
	p.ended("hand_back", false)
	require.Nil(t, currentClock(&p.file, "hand_back").MissedAt)
	require.NotNil(t, currentClock(&p.file, "contact").MissedAt, "which was owed")
	events := map[string]domain.ClockEvent{}
	for _, c := range p.entries[len(p.entries)-1].Clocks {
		events[c.Deadline.Kind] = c.Event
	}
	require.Equal(t, map[string]domain.ClockEvent{"hand_back": domain.ClockLapsed, "contact": domain.ClockLate}, events)
}

// Whether a limit was kept does not depend on when the sweeper came, nor on
// how the case ended.
func TestCancelledLimitWasMissedAllTheSame(t *testing.T) {
	for _, swept := range []bool{true, false} {
		p := newPetition(t, "demand", "2022-06-01")
		p.do("2022-06-02", "accept", housing, nil, "accepted")
		if swept {
			p.tick("2022-08-02")
		}
		p.unswept("2022-08-05", "withdraw", citizen, domain.Fields{"reason": "撤回"})
		d := currentClock(&p.file, "conclude")
		require.NotNil(t, d.MissedAt, "swept %v", swept)
		require.NotNil(t, d.EndedAt)
		p = newPetition(t, "demand", "2022-06-01")
		p.unswept("2022-06-20", "withdraw", citizen, domain.Fields{"reason": "撤回"})
		require.Nil(t, currentClock(&p.file, "objection").MissedAt, "a chance")
	}
}

// What a clock stood still counts before it ends, and while it stands still its
// day does not pass.
func TestPausedClockEnds(t *testing.T) {
	appraised := func() (*play, domain.Actor) {
		p, mediator := newMediation(t, "2020-03-02")
		p.do("2020-03-05", "begin_appraisal", mediator, domain.Fields{"reason": "鉴定"}, "mediating")
		p.due("mediate", "2020-04-02")
		return p, mediator
	}
	p, mediator := appraised()
	f := &facts{file: &p.file, now: at(t, "2020-05-20"), rules: p.rules}
	require.True(t, Guard{Name: "in_time", Args: []string{"mediate"}}.holds(f))
	require.False(t, Guard{Name: "overdue", Args: []string{"mediate"}}.holds(f))
	p.do("2020-05-20", "sign_agreement", mediator, domain.Fields{
		"agreement": "赔偿", "signed_on": "2020-05-20", "sealed_on": "2020-05-20",
	}, "agreed")
	p.ended("mediate", true)
	d := p.due("mediate", "2020-06-17") // 76 days later
	require.Nil(t, d.PausedAt)
	x, err := p.rules.Explain(*d, p.entries)
	require.NoError(t, err)
	require.Equal(t, []domain.Pause{{From: domain.NewDate(2020, 3, 5), To: domain.NewDate(2020, 5, 20)}}, x.Pauses)

	p, _ = appraised()
	p.do("2020-05-20", "withdraw", citizen, domain.Fields{"reason": "自行和解"}, "withdrawn")
	require.Nil(t, p.due("mediate", "2020-06-17").MissedAt)

	p, mediator = appraised()
	p.do("2020-05-20", "extend", mediator, domain.Fields{"consent": true, "reason": "等待鉴定"}, "mediating")
	p.do("2020-05-20", "end_appraisal", mediator, domain.Fields{"record": "鉴定意见"}, "mediating")
	p.due("mediate", "2020-07-17")
}

// Pass is a sweeper that never sleeps: each thing at its moment, and what falls
// on the last moment is left to whoever acts then.
func TestPass(t *testing.T) {
	p := newPetition(t, "demand", "2022-06-01")
	p.do("2022-06-02", "accept", housing, nil, "accepted")
	_, ok, err := p.rules.Pass(p.file, at(t, "2022-07-29 00:00"))
	require.NoError(t, err)
	require.False(t, ok)
	change, ok, err := p.rules.Pass(p.file, at(t, "2022-09-01"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, change.Entries, 2)
	require.Equal(t, "deadline_near", change.Entries[0].Action)
	require.True(t, at(t, "2022-07-29 00:00").Equal(change.Entries[0].At))
	require.Equal(t, "deadline_missed", change.Entries[1].Action)
	require.True(t, at(t, "2022-08-02 00:00").Equal(change.Entries[1].At))
	p.take(change)
	_, ok, err = p.rules.Pass(p.file, at(t, "2030-01-01"))
	require.NoError(t, err)
	require.False(t, ok, "there is nothing left to do")
}

// What silence brings about happens when the time is over, not when the sweeper
// notices it: figures, and limits that follow, count from there.
func TestLateSweepDatesBack(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg}, theBureau, "2020-12-30")
	p.do("2020-12-30", "auto_dispatch", domain.Router, nil, "dispatched")
	e := NewEngine(nil, p.rules, func() time.Time { return at(t, "2021-01-04") }, nil)
	change, err := e.tick(p.file)
	require.NoError(t, err)
	require.Equal(t, "handling", change.After.State)
	require.Equal(t, "2021-01-01 00:00", change.After.AcceptedAt.In(domain.Beijing).Format(minuteLayout))
	_, err = e.tick(change.File(p.file))
	require.ErrorIs(t, err, errNothing)
}
