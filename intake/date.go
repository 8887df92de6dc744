package intake

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sudi/domain"
)

// Moment is a point in time as a file gives it.
type Moment struct {
	time.Time      // UTC
	DateOnly  bool // no time of day was given: Time is the day's start in Beijing
}

var (
	dateForm    = regexp.MustCompile(`^([0-9]{4}) ?[-/.年] ?([0-9]{1,2}) ?[-/.月] ?([0-9]{1,2}) ?日?(.*)$`)
	compactForm = regexp.MustCompile(`^([0-9]{4})([0-9]{2})([0-9]{2})(?: ?([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?)?$`)
	timeForm    = regexp.MustCompile(`^(?:[Tt]| )? ?(上午|下午|AM|PM|am|pm)? ?([0-9]{1,2}) ?[:时点] ?([0-9]{1,2})(?: ?[:分] ?([0-9]{1,2})(?:\.([0-9]{1,9}))? ?秒?| ?分)? ?(AM|PM|am|pm)?$`)
	wholeHour   = regexp.MustCompile(`^ ?(上午|下午)? ?([0-9]{1,2}) ?[时点]整?$`)
	zoneForm    = regexp.MustCompile(`(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})$`)
	serialForm  = regexp.MustCompile(`^[0-9]{5}(?:\.[0-9]+)?$`)
)

// ReadDate reads a date as people and spreadsheets write it: in one of the
// layouts (those of package time), or in a common form: 2020-01-02 15:04:05,
// 2020/1/2 15:04, 2020.1.2, 2020年1月2日 15时04分, 20200102, 2020-01-02T15:04:05Z,
// or the day number of a spreadsheet, which counts from 1900, or from 1904 if
// base1904. Times without a zone are Beijing's.
func ReadDate(text string, layouts []string, base1904 bool) (Moment, bool) {
	text = strings.Join(strings.FieldsFunc(domain.HalfWidth(text), isSpace), " ")
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, domain.Beijing); err == nil {
			return sound(Moment{t.UTC(), !strings.Contains(layout, "04")})
		}
	}
	if serialForm.MatchString(text) {
		return serial(text, base1904)
	}
	if m := compactForm.FindStringSubmatch(text); m != nil {
		if m[4] == "" {
			return civil(m[1:4], nil, 0, domain.Beijing)
		}
		return civil(m[1:4], m[4:7], 0, domain.Beijing)
	}
	m := dateForm.FindStringSubmatch(text)
	if m == nil {
		return Moment{}, false
	}
	if strings.TrimSpace(m[4]) == "" {
		return civil(m[1:4], nil, 0, domain.Beijing)
	}
	return withTime(m[1:4], m[4])
}

// withTime reads the time of day behind a date.
func withTime(date []string, rest string) (Moment, bool) {
	zone := domain.Beijing
	if z := zoneForm.FindString(rest); z != "" {
		at, err := time.Parse("Z0700", strings.ToUpper(strings.ReplaceAll(z, ":", "")))
		if err != nil {
			return Moment{}, false
		}
		_, offset := at.Zone()
		zone, rest = time.FixedZone("", offset), strings.TrimRight(strings.TrimSuffix(rest, z), " ")
	}
	if m := wholeHour.FindStringSubmatch(rest); m != nil {
		hour, ok := hourOf(m[1], m[2])
		if !ok {
			return Moment{}, false
		}
		return civil(date, []string{hour, "0", ""}, 0, zone)
	}
	m := timeForm.FindStringSubmatch(rest)
	if m == nil {
		return Moment{}, false
	}
	if m[1] != "" && m[6] != "" {
		return Moment{}, false
	}
	hour, ok := hourOf(m[1]+m[6], m[2])
	if !ok {
		return Moment{}, false
	}
	fraction := 0
	if m[5] != "" {
		fraction, _ = strconv.Atoi(m[5] + strings.Repeat("0", 9-len(m[5])))
	}
	return civil(date, []string{hour, m[3], m[4]}, fraction, zone)
}

// hourOf is the hour of the day that an hour of one of its halves is.
func hourOf(half, hour string) (string, bool) {
	if half == "" {
		return hour, true
	}
	h, _ := strconv.Atoi(hour) // digits
	if h > 12 || h == 0 && half != "上午" {
		return "", false
	}
	h %= 12
	if half == "下午" || strings.EqualFold(half, "pm") {
		h += 12
	}
	return strconv.Itoa(h), true
}

// civil builds a moment and refuses 31 April and 25 o'clock.
func civil(date, clock []string, nanos int, zone *time.Location) (Moment, bool) {
	var n [6]int
	for i, s := range append(append([]string{}, date...), clock...) {
		n[i], _ = strconv.Atoi(s) // digits, or "" for no seconds
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], nanos, zone)
	if t.Year() != n[0] || int(t.Month()) != n[1] || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || t.Second() != n[5] {
		return Moment{}, false
	}
	return sound(Moment{t.UTC(), clock == nil})
}

// serial reads the day number of a spreadsheet, to the second.
func serial(text string, base1904 bool) (Moment, bool) {
	days, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Moment{}, false
	}
	base := domain.NewDate(1899, time.December, 30)
	if base1904 {
		base = domain.NewDate(1904, time.January, 1)
	}
	seconds := math.Round(days * 86400)
	t := base.Start().Add(time.Duration(seconds) * time.Second)
	return sound(Moment{t, days == math.Trunc(days)})
}

// sound refuses dates that no case can have.
func sound(m Moment) (Moment, bool) {
	y := m.In(domain.Beijing).Year()
	return m, y >= 1949 && y < 2200
}
