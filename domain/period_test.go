package domain

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// noon is an instant on the day, as a start event has.
func noon(s string) time.Time { return date(s).Start().Add(12 * time.Hour) }

// period reads a period in a test.
func period(s string) Period {
	p, err := ParsePeriod(s)
	if err != nil {
		panic(err)
	}
	return p
}

// anyPeriod draws a period of at most limit units.
func anyPeriod(t *rapid.T, limit int) Period {
	unit := rapid.SampledFrom([]Unit{Hours, Days, WorkingDays, Months}).Draw(t, "unit")
	return Period{rapid.IntRange(1, limit).Draw(t, "n"), unit}
}

// Every date of the domain law §8, in its order.
func TestDueWorkedExamples(t *testing.T) {
	for _, c := range []struct {
		name, start, period string
		roll                Roll
		due                 string
	}{
		{"1i appeal reply", "2020-04-29", "5 working days", RollNone, "2020-05-09"},
		{"1ii consultation reply", "2020-09-25", "1 working day", RollNone, "2020-09-27"},
		{"1iii hand-back", "2020-09-30", "1 working day", RollNone, "2020-10-09"},
		{"1iii organ after re-dispatch", "2020-10-09", "5 working days", RollNone, "2020-10-15"},
		{"1iii citizen-facing", "2020-09-30", "5 working days", RollNone, "2020-10-14"},
		{"2 forward", "2020-10-20", "15 days", RollNone, "2020-11-04"},
		{"2 notice", "2020-10-26", "15 days", RollNone, "2020-11-10"},
		{"2 handling", "2020-11-02", "60 days", RollNone, "2021-01-01"},
		{"2 review window", "2021-01-27", "30 days", RollNext, "2021-02-26"},
		{"2 review acceptance", "2021-02-22", "3 working days", RollNone, "2021-02-25"},
		{"2 review opinion", "2021-02-22", "30 days", RollNone, "2021-03-24"},
		{"2 recheck window", "2021-03-19", "30 days", RollNext, "2021-04-19"},
		{"3 not accepted", "2020-08-03", "15 days", RollNone, "2020-08-18"},
		{"4 mediation", "2020-06-24", "1 month", RollNone, "2020-07-24"},
		{"4 joint application", "2020-07-13", "30 days", RollNext, "2020-08-12"},
		{"4 from the wrong day", "2020-07-10", "30 days", RollNext, "2020-08-10"}, // 08-09 rolled
		{"4 court acceptance", "2020-07-30", "3 days", RollNext, "2020-08-03"},
		{"4 court decision", "2020-07-31", "15 days", RollNext, "2020-08-17"},
		{"5 second mediation", "2020-03-18", "7 working days", RollNone, "2020-03-27"},
		{"5 handling from non-performance", "2020-04-03", "30 days", RollNext, "2020-05-06"},
		{"6 entrusted mediation", "2020-12-03", "30 days", RollNext, "2021-01-04"},
		{"6 filing", "2021-01-15", "7 days", RollNext, "2021-01-22"},
		{"7 review", "2020-09-22", "5 working days", RollNext, "2020-09-28"},
		{"7 copy", "2020-09-22", "7 working days", RollNext, "2020-09-30"},
		{"7 answer", "2020-09-28", "10 days", RollNext, "2020-10-09"},
		{"7 decision", "2020-09-22", "60 days", RollNext, "2020-11-23"},
		{"7 sue", "2020-12-03", "15 days", RollNext, "2020-12-18"},
		{"7 R23 acceptance", "2024-09-24", "5 working days", RollNext, "2024-09-30"},
		{"7 R23 copy", "2024-09-30", "7 working days", RollNext, "2024-10-15"},
		{"7 R23 answer", "2024-10-09", "10 working days", RollNext, "2024-10-22"},
		{"7 R23 decision", "2024-09-30", "60 days", RollNext, "2024-11-29"},
		{"8 answer", "2021-04-19", "15 days", RollNext, "2021-05-06"},
		{"8 appeal", "2021-06-18", "15 days", RollNext, "2021-07-05"},
		{"8 first instance", "2021-04-14", "6 months", RollNext, "2021-10-14"},
		{"9 objection", "2020-05-29", "5 days", RollNone, "2020-06-03"},
		{"9 co-organ", "2020-05-29", "1 month", RollNone, "2020-06-29"},
		{"9 reply", "2020-05-29", "3 months", RollNone, "2020-08-29"},
		{"9 redo", "2020-08-31", "1 month", RollNone, "2020-09-30"},
		{"10 not accepted again", "2020-01-06", "15 days", RollNone, "2020-01-21"},
		{"10 watch", "2020-06-02", "6 months", RollNone, "2020-12-02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			due, err := StandardCalendar().Due(noon(c.start), period(c.period), c.roll)
			require.NoError(t, err)
			require.Equal(t, c.due, DateIn(due.Effective).String())
		})
	}
}

func TestDueWorkedExampleExtensions(t *testing.T) {
	c := StandardCalendar()

	petition, err := c.Due(noon("2020-11-02"), period("60 days"), RollNone)
	require.NoError(t, err)
	petition, err = c.Extend(petition, period("30 days"), RollNone)
	require.NoError(t, err)
	require.Equal(t, "2021-01-31", DateIn(petition.Effective).String())

	entrusted, err := c.Due(noon("2020-12-03"), period("30 days"), RollNext)
	require.NoError(t, err)
	require.Equal(t, "2021-01-02", DateIn(entrusted.Nominal).String())
	entrusted, err = c.Extend(entrusted, period("15 days"), RollNext)
	require.NoError(t, err)
	require.Equal(t, "2021-01-17", DateIn(entrusted.Nominal).String())
	require.Equal(t, "2021-01-18", DateIn(entrusted.Effective).String())
}

func TestDueWorkedExampleSuspension(t *testing.T) {
	c := StandardCalendar()
	due, err := c.Due(noon("2020-09-22"), period("60 days"), RollNext)
	require.NoError(t, err)
	require.Equal(t, "2020-11-21", DateIn(due.Nominal).String())
	due, err = c.Resume(due, Days, date("2020-10-26"), date("2020-11-09"), RollNext)
	require.NoError(t, err)
	require.Equal(t, "2020-12-05", DateIn(due.Nominal).String())
	require.Equal(t, "2020-12-07", DateIn(due.Effective).String())
}

func TestDueWorkedExampleWarnings(t *testing.T) {
	for due, warn := range map[string]string{
		"2021-01-01": "2020-12-31", // §8, 2: a holiday
		"2020-08-29": "2020-08-28", // §8, 9: a Saturday
		"2020-05-09": "2020-05-08", // §8, 1: itself a working day
		"2020-10-09": "2020-09-30", // over the National Day week
	} {
		got, err := StandardCalendar().WarnOn(endOfDay(date(due)))
		require.NoError(t, err)
		require.Equal(t, warn, got.String())
	}
}

func TestDueEdges(t *testing.T) {
	for _, c := range []struct {
		name, start, period string
		roll                Roll
		due                 string
	}{
		{"on leap day", "2020-02-28", "1 day", RollNone, "2020-02-29"},
		{"from leap day", "2020-02-29", "1 month", RollNone, "2020-03-29"},
		{"clamped to leap day, a Saturday", "2020-01-31", "1 month", RollNext, "2020-03-02"},
		{"over the year end", "2020-12-31", "1 working day", RollNone, "2021-01-04"},
		{"rolled over the year end", "2020-12-22", "10 days", RollNext, "2021-01-04"},
		{"Spring Festival 2020 as extended", "2020-01-23", "1 working day", RollNone, "2020-02-03"},
		{"make-up day before it counts", "2020-01-17", "1 working day", RollNone, "2020-01-19"},
		{"rolled over its extension", "2020-01-20", "11 days", RollNext, "2020-02-03"},
		{"make-up Saturday is not rolled", "2020-04-09", "30 days", RollNext, "2020-05-09"},
		{"unrolled years need no schedule", "2014-05-12", "60 days", RollNone, "2014-07-11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			due, err := StandardCalendar().Due(noon(c.start), period(c.period), c.roll)
			require.NoError(t, err)
			require.Equal(t, c.due, DateIn(due.Effective).String())
		})
	}
}

func TestDueInstants(t *testing.T) {
	c := StandardCalendar()
	late := time.Date(2020, 7, 10, 16, 30, 0, 0, time.UTC) // 07-11 00:30 in Beijing

	due, err := c.Due(late, period("1 day"), RollNone)
	require.NoError(t, err)
	require.Equal(t, "2020-07-12T15:59:59.999999Z", due.Nominal.Format(time.RFC3339Nano))

	due, err = c.Due(late, period("2 hours"), RollNext) // a Saturday: hours do not roll
	require.NoError(t, err)
	require.Equal(t, late.Add(2*time.Hour), due.Effective)
	require.Equal(t, due.Nominal, due.Effective)
}

func TestDueRefuses(t *testing.T) {
	c := StandardCalendar()
	start := noon("2020-01-06")
	for _, p := range []Period{{}, {0, Days}, {-1, WorkingDays}, {maxPeriod + 1, Hours}, {1, "weeks"}} {
		_, err := c.Due(start, p, RollNone)
		require.Error(t, err, p)
	}
	_, err := c.Due(start, period("1 day"), "")
	require.Error(t, err)
	_, err = c.Due(noon("2009-06-01"), period("1 working day"), RollNone)
	require.ErrorIs(t, err, ErrCalendarYear)
	_, err = c.Due(noon("2009-06-01"), period("1 day"), RollNext)
	require.ErrorIs(t, err, ErrCalendarYear)
}

func TestDueResume(t *testing.T) {
	c := StandardCalendar()
	due, err := c.Due(noon("2020-09-21"), period("10 working days"), RollNone)
	require.NoError(t, err)
	require.Equal(t, "2020-10-10", DateIn(due.Nominal).String())

	// Paused Wednesday 09-23 to Monday 09-28: four working days, 09-27 among them.
	moved, err := c.Resume(due, WorkingDays, date("2020-09-23"), date("2020-09-28"), RollNone)
	require.NoError(t, err)
	require.Equal(t, "2020-10-15", DateIn(moved.Nominal).String())

	same, err := c.Resume(due, WorkingDays, date("2020-10-11"), date("2020-11-01"), RollNone)
	require.NoError(t, err)
	require.Equal(t, due, same, "a pause after the count is complete")

	_, err = c.Resume(due, WorkingDays, date("2020-09-28"), date("2020-09-23"), RollNone)
	require.Error(t, err)

	hours, err := c.Due(noon("2020-09-21"), period("48 hours"), RollNone)
	require.NoError(t, err)
	hours, err = c.Resume(hours, Hours, date("2020-09-22"), date("2020-09-24"), RollNone)
	require.NoError(t, err)
	require.Equal(t, noon("2020-09-25"), hours.Effective)
}

func TestDueBeyondTheCalendar(t *testing.T) {
	c := StandardCalendar()
	due, err := c.Due(noon("2029-12-01"), period("10 working days"), RollNone)
	require.NoError(t, err)
	_, err = c.Resume(due, WorkingDays, date("2029-12-03"), date("2030-02-01"), RollNone)
	require.ErrorIs(t, err, ErrCalendarYear)
	_, err = c.Resume(due, WorkingDays, date("2029-12-03"), date("2029-12-31"), RollNone)
	require.ErrorIs(t, err, ErrCalendarYear)
	for _, p := range []Pause{{}, {date("2029-12-03"), date("2030-02-01")}} {
		_, err = c.Explain(noon("2029-12-01"), period("30 working days"), RollNone, p)
		require.ErrorIs(t, err, ErrCalendarYear)
	}
}

func TestDueExplained(t *testing.T) {
	c := StandardCalendar()
	days, err := c.Explain(noon("2020-04-29"), period("5 working days"), RollNone)
	require.NoError(t, err)
	require.Equal(t, []Counted{
		{date("2020-04-29"), false, WhyStart},
		{date("2020-04-30"), true, WhyCounted},
		{date("2020-05-01"), false, WhyHoliday},
		{date("2020-05-02"), false, WhyHoliday},
		{date("2020-05-03"), false, WhyHoliday},
		{date("2020-05-04"), false, WhyHoliday},
		{date("2020-05-05"), false, WhyHoliday},
		{date("2020-05-06"), true, WhyCounted},
		{date("2020-05-07"), true, WhyCounted},
		{date("2020-05-08"), true, WhyCounted},
		{date("2020-05-09"), true, WhyMakeUp},
	}, days)

	days, err = c.Explain(noon("2020-07-30"), period("3 days"), RollNext)
	require.NoError(t, err)
	require.Equal(t, []Counted{
		{date("2020-07-30"), false, WhyStart},
		{date("2020-07-31"), true, WhyCounted},
		{date("2020-08-01"), true, WhyCounted},
		{date("2020-08-02"), true, WhyCounted},
		{date("2020-08-03"), false, WhyRolled},
	}, days)

	days, err = c.Explain(noon("2020-07-16"), period("2 working days"), RollNone, Pause{date("2020-07-20"), date("2020-07-21")})
	require.NoError(t, err)
	require.Equal(t, []Counted{
		{date("2020-07-16"), false, WhyStart},
		{date("2020-07-17"), true, WhyCounted},
		{date("2020-07-18"), false, WhyWeekend},
		{date("2020-07-19"), false, WhyWeekend},
		{date("2020-07-20"), false, WhyPaused},
		{date("2020-07-21"), true, WhyCounted},
	}, days)
}

// However long the pause, Explain counts exactly the days of the limit and ends
// on the effective due day.
func TestDueExplainCountsTheLimit(t *testing.T) {
	c := StandardCalendar()
	rapid.Check(t, func(t *rapid.T) {
		start := anyDate(t, "start").Start()
		p := anyPeriod(t, 40)
		roll := rapid.SampledFrom([]Roll{RollNext, RollNone}).Draw(t, "roll")
		due, err := c.Due(start, p, roll)
		require.NoError(t, err)
		want := map[Unit]int{Days: p.N, WorkingDays: p.N, Months: DateIn(due.Nominal).Sub(DateIn(start))}

		var pauses []Pause
		if span := DateIn(due.Nominal).Sub(DateIn(start)); span > 0 && p.Unit != Hours && rapid.Bool().Draw(t, "paused") {
			from := DateIn(start).AddDays(rapid.IntRange(1, span).Draw(t, "from"))
			pauses = []Pause{{from, from.AddDays(rapid.IntRange(0, 60).Draw(t, "length"))}}
			due, err = c.Resume(due, p.Unit, pauses[0].From, pauses[0].To, roll)
			require.NoError(t, err)
		}
		days, err := c.Explain(start, p, roll, pauses...)
		require.NoError(t, err)
		require.Equal(t, DateIn(due.Effective), days[len(days)-1].Date)
		counted := 0
		for i, day := range days {
			require.Equal(t, DateIn(start).AddDays(i), day.Date)
			if day.Counted {
				counted++
			}
		}
		if p.Unit != Hours {
			require.Equal(t, want[p.Unit], counted)
		}
	})
}

// Rolling only ever moves forward, onto a working day, past no other.
func TestDueRollsForward(t *testing.T) {
	c := StandardCalendar()
	rapid.Check(t, func(t *rapid.T) {
		start, p := anyDate(t, "start").End(), anyPeriod(t, 30)
		due, err := c.Due(start, p, RollNext)
		require.NoError(t, err)
		require.False(t, due.Effective.Before(due.Nominal))
		require.True(t, due.Effective.After(start))
		if p.Unit == Hours {
			return
		}
		skipped, err := c.workingBetween(DateIn(due.Nominal), DateIn(due.Effective))
		require.NoError(t, err)
		require.Zero(t, skipped)
		working, err := c.IsWorking(DateIn(due.Effective))
		require.NoError(t, err)
		require.True(t, working)

		stays, err := c.Due(start, p, RollNone)
		require.NoError(t, err)
		require.Equal(t, stays.Nominal, stays.Effective)
		require.Equal(t, due.Nominal, stays.Nominal)
	})
}

func TestPeriodText(t *testing.T) {
	for s, want := range map[string]Period{
		"2 hours":        {2, Hours},
		"1 hour":         {1, Hours},
		"15 days":        {15, Days},
		"1 day":          {1, Days},
		"5 working days": {5, WorkingDays},
		"1 working day":  {1, WorkingDays},
		"1 month":        {1, Months},
		"6 months":       {6, Months},
	} {
		got, err := ParsePeriod(s)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, s, got.String())
	}
	for _, s := range []string{
		"", "15", "days", "15days", "15  days", " 15 days", "15 days ", "0 days", "-1 days", "+5 days", "05 days",
		"1 days", "2 day", "1 working days", "5 workingdays", "5 working_days", "1.5 hours", "1 week", "10001 days", "１ day",
	} {
		_, err := ParsePeriod(s)
		require.Error(t, err, s)
	}
}

func TestPeriodRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPeriod(t, maxPeriod)
		parsed, err := ParsePeriod(p.String())
		require.NoError(t, err)
		require.Equal(t, p, parsed)

		text, err := json.Marshal(p)
		require.NoError(t, err)
		var back Period
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, p, back)
	})
	_, err := json.Marshal(Period{})
	require.Error(t, err)
	require.Error(t, json.Unmarshal([]byte(`"soon"`), &Period{}))
	require.True(t, Period{}.IsZero())
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"5 working days", "15 days", "1 month", "2 hours", "1 working day", "1 days", "", "9999999999999999999 days"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if err == nil && (p.String() != s || p.N < 1 || p.N > maxPeriod) {
			t.Errorf("%q is read as %#v, written %q", s, p, p)
		}
	})
}
