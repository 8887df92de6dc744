package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

func TestReadDateForms(t *testing.T) {
	for text, want := range map[string]string{
		"2019/4/25 9:32:09":         "2019-04-25 09:32:09",
		"2020-01-02 15:04":          "2020-01-02 15:04:00",
		"2020-01-02T15:04:05":       "2020-01-02 15:04:05",
		"2020-01-02T15:04:05Z":      "2020-01-02 23:04:05",
		"2020-01-02T15:04:05+0900":  "2020-01-02 14:04:05",
		"2020-01-02 15:04:05.25":    "2020-01-02 15:04:05",
		"2020年1月2日 15时04分05秒":       "2020-01-02 15:04:05",
		"2020年1月2日15时4分":            "2020-01-02 15:04:00",
		"2020年1月2日 8时":              "2020-01-02 08:00:00",
		"2020年5月6日上午9时":             "2020-05-06 09:00:00",
		"2020年5月6日下午3时30分":          "2020-05-06 15:30:00",
		"2020年5月6日 下午 3 点整":         "2020-05-06 15:00:00",
		"２０２０／１／２　１５：０４":            "2020-01-02 15:04:00",
		"2020/1/2 下午 3:04":          "2020-01-02 15:04:00",
		"2020/1/2 上午12:30:00":       "2020-01-02 00:30:00",
		"2020/1/2 3:04 PM":          "2020-01-02 15:04:00",
		"20200102150405":            "2020-01-02 15:04:05",
		"20200102 15:04":            "2020-01-02 15:04:00",
		"43563.359259259261":        "2019-04-08 08:37:20",
		"\t2020.1.2\u00a008:00:00 ": "2020-01-02 08:00:00",
		"2020-1-2":                  "2020-01-02 00:00:00 day",
		"2018/4/24":                 "2018-04-24 00:00:00 day",
		"2020年1月2日":                 "2020-01-02 00:00:00 day",
		"20200102":                  "2020-01-02 00:00:00 day",
		"43563":                     "2019-04-08 00:00:00 day",
	} {
		m, ok := ReadDate(text, nil, false)
		require.True(t, ok, text)
		got := m.In(domain.Beijing).Format(time.DateTime)
		if m.DateOnly {
			got += " day"
		}
		require.Equal(t, want, got, text)
	}
	m, ok := ReadDate("43563", nil, true)
	require.True(t, ok)
	require.Equal(t, domain.NewDate(2023, 4, 9), domain.DateIn(m.Time)) // 1,462 days later
	m, ok = ReadDate("25.04.19 09h32", []string{"02.01.06 15h04"}, false)
	require.True(t, ok)
	require.Equal(t, "2019-04-25T01:32:00Z", m.Format(time.RFC3339))
}

func TestReadDateRefuses(t *testing.T) {
	for _, text := range []string{
		"", "昨天", "2019/2/29", "2019-13-01", "2019-1-1 24:00", "2019-1-1 8:60", "2019-1-1 13:00 PM", "2019-1-1 上午 8:00 AM",
		"1900-1-1", "2500-1-1", "12345", "4356", "1/2/2019", "2019-1", "2019-1-1 x", "2019-1-1 8:0:0:0", "-43563", "999999",
		"2020年5月6日下午13时", "2020年5月6日下午0时", "2020年5月6日上午", "2020年5月6日上午25时",
	} {
		_, ok := ReadDate(text, nil, false)
		require.False(t, ok, text)
	}
}

// Whatever form a moment is written in, it is read back.
func TestReadDateReadsWhatIsWritten(t *testing.T) {
	forms := []string{
		"2006-01-02 15:04:05", "2006/1/2 15:04:05", "2006年1月2日 15:04:05", "2006年01月02日15时04分05秒",
		"2006.1.2 15:04:05", "20060102150405", "2006-01-02T15:04:05-07:00", "2006/1/2 3:04:05 PM",
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "at"), 0).In(domain.Beijing)
		text := at.Format(rapid.SampledFrom(forms).Draw(t, "form"))
		pad := rapid.SampledFrom([]string{"", " ", "\t", "\u3000", "\u00a0", "\n"})
		m, ok := ReadDate(pad.Draw(t, "before")+text+pad.Draw(t, "after"), nil, false)
		require.True(t, ok, text)
		require.True(t, m.Equal(at), text)
		require.False(t, m.DateOnly)

		days := float64(at.Unix()+8*3600)/86400 + 25569
		m, ok = ReadDate(fmt.Sprintf("%.10f", days), nil, false)
		require.True(t, ok)
		require.True(t, m.Equal(at), "%s is day %.10f", at, days)
	})
}

func FuzzReadDate(f *testing.F) {
	for _, s := range []string{"2019/4/25 9:32:09", "2020年1月2日 下午3:04", "43563.35", "20200102", "2020-01-02T15:04:05Z", "５"} {
		f.Add(s, "02.01.2006")
	}
	f.Fuzz(func(t *testing.T, text, layout string) {
		m, ok := ReadDate(text, []string{layout}, strings.HasPrefix(layout, "1"))
		if y := m.In(domain.Beijing).Year(); ok && (y < 1949 || y >= 2200) {
			t.Errorf("%q gave the year %d", text, y)
		}
		if ok && m.Location() != time.UTC {
			t.Errorf("%q is not in UTC", text)
		}
	})
}
