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
	p, err := rules.Library.Latest("mediation")
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
