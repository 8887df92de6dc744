package workflow

import (
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// The calendar and the second counter come to the same day.
func FuzzWorkingDays(f *testing.F) {
	f.Add(uint16(0), uint8(1))
	f.Add(uint16(400), uint8(60))
	f.Add(uint16(2400), uint8(90))
	calendar := domain.StandardCalendar()
	last := day("2026-12-31")
	f.Fuzz(func(t *testing.T, from uint16, n uint8) {
		start := day(firstCounted).AddDate(0, 0, int(from)%2900)
		want, err := countOut(fmt.Sprintf("W(%d) none from %s", n, start.Format(time.DateOnly)))
		require.NoError(t, err)
		if n == 0 || day(want).After(last) { // holidays that nobody has announced yet
			return
		}
		got, err := calendar.AddWorking(domain.NewDate(start.Year(), start.Month(), start.Day()), int(n))
		require.NoError(t, err)
		require.Equal(t, want, got.String())
	})
}

var atLine = regexp.MustCompile(`^p\.yaml:\d+`)

// A text is a procedure that holds together, or every mistake has its line.
func FuzzProcedure(f *testing.F) {
	library, err := StandardLibrary()
	require.NoError(f, err)
	sound, err := os.ReadFile("testdata/sound.yaml") // small: the more is tried
	require.NoError(f, err)
	f.Add(sound)
	for _, text := range []string{"", "name: x", "states: [{name: a, on: [{do: b, to: a}]}]", "a: &a [*a]", "\xff", "name: [", "like: p"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, _, mistakes := library.Read("p.yaml", text)
		require.Equal(t, p == nil, len(mistakes) > 0)
		for _, m := range mistakes {
			require.Regexp(t, atLine, m.Error())
		}
	})
}
