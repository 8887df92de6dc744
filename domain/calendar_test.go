package domain

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// date reads a date in a test.
func date(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// anyDate draws dates whose calendar year is published, away from its edges.
func anyDate(t *rapid.T, label string) Date {
	return date("2011-01-01").AddDays(rapid.IntRange(0, 14*365).Draw(t, label))
}

// namedDays are the year's days of one kind, as "01-02".
func namedDays(t *testing.T, year int, kind DayKind) string {
	days, err := StandardCalendar().Days(year)
	require.NoError(t, err)
	var out []string
	for _, d := range days {
		if d.Kind == kind {
			out = append(out, d.Date.String()[5:])
		}
	}
	return strings.Join(out, " ")
}

// The lists and counts of the domain law §5.
func TestCalendarYearsOfTheLaw(t *testing.T) {
	require.Equal(t, "01-01 01-24 01-25 01-26 01-27 01-28 01-29 01-30 01-31 02-01 02-02 "+
		"04-04 04-05 04-06 05-01 05-02 05-03 05-04 05-05 06-25 06-26 06-27 "+
		"10-01 10-02 10-03 10-04 10-05 10-06 10-07 10-08", namedDays(t, 2020, DayHoliday))
	require.Equal(t, "01-19 04-26 05-09 06-28 09-27 10-10", namedDays(t, 2020, DayMakeUp))
	require.Equal(t, "01-01 01-02 01-03 02-11 02-12 02-13 02-14 02-15 02-16 02-17 "+
		"04-03 04-04 04-05 05-01 05-02 05-03 05-04 05-05 06-12 06-13 06-14 "+
		"09-19 09-20 09-21 10-01 10-02 10-03 10-04 10-05 10-06 10-07", namedDays(t, 2021, DayHoliday))
	require.Equal(t, "02-07 02-20 04-25 05-08 09-18 09-26 10-09", namedDays(t, 2021, DayMakeUp))
}

func TestCalendarWorkingDaysPerYear(t *testing.T) {
	want := map[int]int{
		2010: 250, 2011: 250, 2012: 249, 2013: 250, 2014: 250, 2015: 249, 2016: 250, 2017: 249, 2018: 250,
		2019: 250, 2020: 249, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248,
	}
	c := StandardCalendar()
	for year, n := range want {
		got, err := c.workingBetween(Date{year, 1, 1}, Date{year + 1, 1, 1})
		require.NoError(t, err)
		require.Equal(t, n, got, year)
	}
}

func TestCalendarEveryRowNamesItsNotice(t *testing.T) {
	c := StandardCalendar()
	first, last := c.Years()
	require.Equal(t, [2]int{2010, 2026}, [2]int{first, last})
	for d, day := range c.days {
		require.Regexp(t, "^国(办)?发明电〔20[0-9]{2}〕[0-9]+号$", day.Notice, d) // the State Council's own in 2015
		require.NotEmpty(t, day.Name, d)
	}
	extension, err := c.Day(date("2020-02-01"))
	require.NoError(t, err)
	require.Equal(t, Day{Date: date("2020-02-01"), Kind: DayHoliday, Name: "春节延长", Notice: "国办发明电〔2020〕1号"}, extension)
}

// Days of the older notices that are easily got wrong.
func TestCalendarOlderYears(t *testing.T) {
	c := StandardCalendar()
	for day, want := range map[string]DayKind{
		"2011-12-31": DayMakeUp,  // worked for the New Year holiday of 2012
		"2012-01-03": DayHoliday, // in exchange
		"2014-01-30": DayWork,    // the eve of the Spring Festival, not a holiday that year
		"2015-09-03": DayHoliday, // 70 years after the victory
		"2015-09-04": DayHoliday,
		"2015-09-06": DayMakeUp,
		"2015-09-07": DayWork,
		"2017-10-08": DayHoliday, // eight days, with the Mid-Autumn Festival
		"2018-12-29": DayMakeUp,  // worked for the New Year holiday of 2019
		"2018-12-31": DayHoliday,
	} {
		got, err := c.Day(date(day))
		require.NoError(t, err)
		require.Equal(t, want, got.Kind, day)
	}
	require.Equal(t, "01-04 02-15 02-28 09-06 10-10", namedDays(t, 2015, DayMakeUp))
}

func TestCalendarUnknownAndProvisionalYears(t *testing.T) {
	c := StandardCalendar()
	for _, d := range []string{"2009-12-31", "2030-01-01"} {
		_, err := c.IsWorking(date(d))
		require.ErrorIs(t, err, ErrCalendarYear)
		require.ErrorContains(t, err, d[:4])
	}
	_, err := c.Days(2030)
	require.ErrorIs(t, err, ErrCalendarYear)
	_, err = c.AddWorking(date("2010-01-04"), -2)
	require.ErrorIs(t, err, ErrCalendarYear)

	require.False(t, c.Provisional(2026))
	require.True(t, c.Provisional(2027))
	require.True(t, c.Provisional(2029))
	require.False(t, c.Provisional(2030))
	working, err := c.IsWorking(date("2027-10-01")) // a Friday, not yet declared off
	require.NoError(t, err)
	require.True(t, working)
}

func TestCalendarRefusesMalformedData(t *testing.T) {
	const head = "date,kind,name,notice\n"
	for name, data := range map[string]string{
		"empty":            head,
		"date":             head + "2020-1-1,off,元旦,x\n",
		"kind":             head + "2020-01-01,rest,元旦,x\n",
		"weekday made up":  head + "2020-01-01,off,元旦,x\n2020-01-02,work,元旦,x\n",
		"order":            head + "2020-01-01,off,元旦,x\n2020-01-01,off,元旦,x\n",
		"year left out":    head + "2020-01-01,off,元旦,x\n2022-01-01,off,元旦,x\n",
		"next year begun":  head + "2020-01-01,off,元旦,x\n2021-02-11,off,春节,x\n",
		"fields too few":   head + "2020-01-01,off\n",
		"stray first year": head + "2019-12-31,off,元旦,x\n2020-01-01,off,元旦,x\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCalendar([]byte(data))
			require.Error(t, err)
		})
	}
}

func TestCalendarVersionFollowsTheData(t *testing.T) {
	other, err := ParseCalendar(append([]byte("# later\n"), holidaysCSV...))
	require.NoError(t, err)
	require.Len(t, StandardCalendar().Version(), 12)
	require.NotEqual(t, StandardCalendar().Version(), other.Version())
}

// Counting the working days up to the nth gives n, and the nth is one of them.
func TestCalendarAddWorkingCounts(t *testing.T) {
	c := StandardCalendar()
	rapid.Check(t, func(t *rapid.T) {
		start, n := anyDate(t, "start"), rapid.IntRange(1, 200).Draw(t, "n")
		end, err := c.AddWorking(start, n)
		require.NoError(t, err)
		got, err := c.workingBetween(start.AddDays(1), end.AddDays(1))
		require.NoError(t, err)
		require.Equal(t, n, got)
		working, err := c.IsWorking(end)
		require.NoError(t, err)
		require.True(t, working)
		if on, _ := c.IsWorking(start); on {
			back, err := c.AddWorking(end, -n)
			require.NoError(t, err)
			require.Equal(t, start, back)
		}
	})
}

func TestDateMonthsClampToTheMonthsEnd(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2020-01-31", 1, "2020-02-29"},
		{"2021-01-31", 1, "2021-02-28"},
		{"2020-02-29", 12, "2021-02-28"},
		{"2020-08-31", 1, "2020-09-30"},
		{"2020-11-30", 3, "2021-02-28"},
		{"2020-12-15", 1, "2021-01-15"},
		{"2020-03-31", -1, "2020-02-29"},
		{"2020-01-15", -13, "2018-12-15"},
		{"2014-05-12", 67, "2019-12-12"}, // §8, 10: age 5 y 7 m at the baseline
	} {
		require.Equal(t, c.want, date(c.from).AddMonths(c.n).String(), c.from)
	}
}

func TestDateDaysCrossLeapDayAndYearEnd(t *testing.T) {
	require.Equal(t, "2020-02-29", date("2020-02-28").AddDays(1).String())
	require.Equal(t, "2021-03-01", date("2021-02-28").AddDays(1).String())
	require.Equal(t, "2021-01-01", date("2020-12-31").AddDays(1).String())
	require.Equal(t, 366, date("2021-01-01").Sub(date("2020-01-01")))
	require.True(t, date("2020-12-31").Before(date("2021-01-01")))
	require.True(t, date("2021-01-01").After(date("2020-12-31")))
	require.Equal(t, time.Sunday, date("2020-09-27").Weekday())
}

func TestDateIsTheOneInBeijing(t *testing.T) {
	lastUTC := time.Date(2020, 1, 31, 15, 59, 59, 0, time.UTC)
	require.Equal(t, "2020-01-31", DateIn(lastUTC).String())
	require.Equal(t, "2020-02-01", DateIn(lastUTC.Add(time.Second)).String())
	require.Equal(t, "2020-01-31T16:00:00Z", date("2020-02-01").Start().Format(time.RFC3339Nano))
	require.Equal(t, "2020-02-01T15:59:59.999999999Z", date("2020-02-01").End().Format(time.RFC3339Nano))
}

func TestDateText(t *testing.T) {
	for _, s := range []string{"", "2020-1-1", "2020-02-30", "2020-01-01T00:00:00Z", "20200101"} {
		_, err := ParseDate(s)
		require.Error(t, err, s)
	}
	type holder struct{ D Date }
	for _, d := range []Date{{}, date("2020-02-29")} {
		text, err := json.Marshal(holder{d})
		require.NoError(t, err)
		require.JSONEq(t, `{"D":"`+d.String()+`"}`, string(text))
		var back holder
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, d, back.D)
	}
	require.Error(t, json.Unmarshal([]byte(`{"D":"soon"}`), &holder{}))
}

func TestDateInTheDatabase(t *testing.T) {
	d := date("2020-02-29")
	value, err := d.Value()
	require.NoError(t, err)
	require.Equal(t, time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC), value)
	for _, src := range []any{value, "2020-02-29", []byte("2020-02-29")} {
		var back Date
		require.NoError(t, back.Scan(src))
		require.Equal(t, d, back)
	}
	none, err := Date{}.Value()
	require.NoError(t, err)
	require.Nil(t, none)
	require.NoError(t, d.Scan(nil))
	require.True(t, d.IsZero())
	require.Error(t, d.Scan(42))
}

func TestDateArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate(t, "date"), rapid.IntRange(-5000, 5000).Draw(t, "n")
		require.Equal(t, n, d.AddDays(n).Sub(d))
		require.Equal(t, d, date(d.String()))
		require.Equal(t, d, DateIn(d.Start()))
		require.Equal(t, d, DateIn(d.End()))
		m := d.AddMonths(n)
		require.LessOrEqual(t, m.Day, d.Day)
		require.Equal(t, d.Year*12+int(d.Month)+n, m.Year*12+int(m.Month))
	})
}
