package domain

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	_ "embed" // the holiday data
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Beijing is the zone every civil date is read in. China has kept +08:00
// without daylight saving since 1992, so no zone database is needed.
var Beijing = time.FixedZone("Asia/Shanghai", 8*3600)

// Date is a civil date without a zone. The zero Date means "none".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate returns the date, normalised as time.Date does: 31 April is 1 May.
func NewDate(year int, month time.Month, day int) Date {
	return dateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateIn is the civil date in Beijing at the instant t.
func DateIn(t time.Time) Date { return dateOf(t.In(Beijing)) }

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q is not YYYY-MM-DD", s)
	}
	return dateOf(t), nil
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// String is "2006-01-02", or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

// IsZero reports whether d means "none".
func (d Date) IsZero() bool { return d == Date{} }

// AddDays returns the date n natural days later; n may be negative.
func (d Date) AddDays(n int) Date { return NewDate(d.Year, d.Month, d.Day+n) }

// AddMonths returns the same day n months later, clamped to the month's end:
// 31 January plus one month is 28 or 29 February.
func (d Date) AddMonths(n int) Date {
	first := NewDate(d.Year, d.Month+time.Month(n), 1)
	last := NewDate(first.Year, first.Month+1, 0)
	return Date{first.Year, first.Month, min(d.Day, last.Day)}
}

// Sub is the number of natural days from e to d, negative if d is earlier.
func (d Date) Sub(e Date) int { return int(d.utc().Sub(e.utc()) / (24 * time.Hour)) }

// DayNumber counts the days since 1970-01-01.
func DayNumber(d Date) int { return d.Sub(Date{1970, time.January, 1}) }

// DayOf is the day with a number.
func DayOf(number int) Date { return Date{1970, time.January, 1}.AddDays(number) }

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Sub(e) < 0 }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.Sub(e) > 0 }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Start is the day's first instant in Beijing, as UTC.
func (d Date) Start() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, Beijing).UTC()
}

// End is the day's last nanosecond in Beijing, as UTC. PostgreSQL keeps
// microseconds: instants to be stored are cut to that, as Calendar.Due does.
func (d Date) End() time.Time { return d.AddDays(1).Start().Add(-time.Nanosecond) }

// MarshalText writes the form String gives.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form MarshalText writes, "" included.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Value stores the date as midnight UTC, which a date column keeps as it is;
// the zero Date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.utc(), nil
}

// Scan reads a date column; NULL is the zero Date.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case time.Time:
		*d = dateOf(v)
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("cannot read a date from %T", src)
}

// ErrCalendarYear marks a question about a year the calendar cannot answer.
// Guessing "weekends only" would silently misdate deadlines around holidays.
var ErrCalendarYear = errors.New("no holiday schedule for the year")

// provisionalYears is how far past the last published schedule the calendar
// answers, so that long clocks get a date before the next notice comes out
// (usually in November for the following year).
const provisionalYears = 3

// DayKind says why a day is or is not worked.
type DayKind string

// The kinds of day.
const (
	DayWork    DayKind = "workday"
	DayWeekend DayKind = "weekend"
	DayHoliday DayKind = "holiday"         // off by a State Council notice
	DayMakeUp  DayKind = "make-up workday" // a weekend worked by that notice (调休)
)

// Day is one calendar day. Name is the festival and Notice the State Council
// notice; both are empty for ordinary days.
type Day struct {
	Date    Date    `json:"date"`
	Working bool    `json:"working"`
	Kind    DayKind `json:"kind"`
	Name    string  `json:"name,omitempty"`
	Notice  string  `json:"notice,omitempty"`
}

// Calendar knows which days are worked in the People's Republic of China.
// It is immutable and safe for concurrent use.
type Calendar struct {
	days        map[Date]Day // only days that a notice names
	first, last int          // years with a published schedule
	version     string
}

//go:embed holidays.csv
var holidaysCSV []byte

// StandardCalendar is the calendar of the embedded holidays.csv. It panics if
// that file is malformed, which the tests rule out.
var StandardCalendar = sync.OnceValue(func() *Calendar {
	c, err := ParseCalendar(holidaysCSV)
	if err != nil {
		panic(fmt.Sprintf("domain: holidays.csv: %v", err))
	}
	return c
})

// ParseCalendar reads holiday rows (date,kind,name,notice; # starts a comment)
// in date order. Every year from the first row to the last must be complete,
// which is taken to mean that it has its New Year holiday.
func ParseCalendar(data []byte) (*Calendar, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, errors.New("no rows")
	}
	c := &Calendar{days: make(map[Date]Day, len(rows)), version: digest(data)}
	var prev Date
	for _, row := range rows[1:] {
		day, err := parseDay(row)
		if err != nil {
			return nil, err
		}
		if !prev.IsZero() && !day.Date.After(prev) {
			return nil, fmt.Errorf("%s does not come after %s", day.Date, prev)
		}
		prev = day.Date
		c.days[day.Date] = day
		if c.first == 0 {
			c.first = day.Date.Year
		}
	}
	c.last = prev.Year
	for y := c.first; y <= c.last; y++ {
		if c.days[Date{y, time.January, 1}].Kind != DayHoliday {
			return nil, fmt.Errorf("%d lacks its New Year holiday", y)
		}
	}
	return c, nil
}

func parseDay(row []string) (Day, error) {
	date, err := ParseDate(row[0])
	if err != nil {
		return Day{}, err
	}
	day := Day{Date: date, Name: row[2], Notice: row[3]}
	switch row[1] {
	case "off":
		day.Kind = DayHoliday
	case "work":
		day.Kind, day.Working = DayMakeUp, true
		if !weekend(date) {
			return Day{}, fmt.Errorf("%s: a make-up workday falls on a weekend", date)
		}
	default:
		return Day{}, fmt.Errorf("%s: kind %q is neither off nor work", date, row[1])
	}
	return day, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

func weekend(d Date) bool {
	w := d.Weekday()
	return w == time.Saturday || w == time.Sunday
}

// Version identifies the holiday data (start of its SHA-256); clocks store it,
// so that a new schedule shows which open ones to recompute.
func (c *Calendar) Version() string { return c.version }

// Years are the first and last years with a published schedule.
func (c *Calendar) Years() (first, last int) { return c.first, c.last }

// Provisional reports whether the year's schedule is still to be published and
// the calendar answers with weekends only.
func (c *Calendar) Provisional(year int) bool {
	return year > c.last && year <= c.last+provisionalYears
}

// Day describes one date; ErrCalendarYear if its year is unknown.
func (c *Calendar) Day(d Date) (Day, error) {
	if d.Year < c.first || d.Year > c.last+provisionalYears {
		return Day{}, fmt.Errorf("%w %d", ErrCalendarYear, d.Year)
	}
	if day, ok := c.days[d]; ok {
		return day, nil
	}
	if weekend(d) {
		return Day{Date: d, Kind: DayWeekend}, nil
	}
	return Day{Date: d, Kind: DayWork, Working: true}, nil
}

// Days lists the whole year; ErrCalendarYear if it is unknown.
func (c *Calendar) Days(year int) ([]Day, error) {
	days := make([]Day, 0, 366)
	for d := (Date{year, time.January, 1}); d.Year == year; d = d.AddDays(1) {
		day, err := c.Day(d)
		if err != nil {
			return nil, err
		}
		days = append(days, day)
	}
	return days, nil
}

// IsWorking reports whether d is worked; ErrCalendarYear if its year is unknown.
func (c *Calendar) IsWorking(d Date) (bool, error) {
	day, err := c.Day(d)
	return day.Working, err
}

// AddWorking is the nth working day after d, or before it if n is negative;
// d itself is never counted, and n = 0 is d.
func (c *Calendar) AddWorking(d Date, n int) (Date, error) {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.AddDays(step)
		working, err := c.IsWorking(d)
		if err != nil {
			return Date{}, err
		}
		if working {
			n--
		}
	}
	return d, nil
}

// workingBetween counts the working days in [from, to).
func (c *Calendar) workingBetween(from, to Date) (int, error) {
	n := 0
	for d := from; d.Before(to); d = d.AddDays(1) {
		working, err := c.IsWorking(d)
		if err != nil {
			return 0, err
		}
		if working {
			n++
		}
	}
	return n, nil
}
