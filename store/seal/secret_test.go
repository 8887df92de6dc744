package seal

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const number = "13800138000"

// party holds a secret wherever one can stand.
type party struct {
	Phone  Secret[string]
	hidden Secret[string]
	Far    *Secret[string]
	Many   []Secret[string]
	Named  map[string]Secret[string]
	Bytes  Secret[[]byte]
	Deep   Secret[struct{ Number string }]
	Any    any
}

func somebody() party {
	s := Hide(number)
	return party{
		s, s, &s, []Secret[string]{s}, map[string]Secret[string]{"a": s}, Hide([]byte(number)),
		Hide(struct{ Number string }{number}), s,
	}
}

func requireHidden(t *testing.T, text, how string) {
	t.Helper()
	for _, form := range []string{number, fmt.Sprintf("%x", number), fmt.Sprintf("%X", number), "49 51 56", "0x31, 0x33"} {
		require.NotContains(t, text, form, how)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	s := Hide(number)
	for verb := range 128 {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#20.3"} {
			format := "%" + flags + string(rune(verb))
			for _, arg := range []any{s, &s, somebody(), []any{s}, map[string]any{"a": s}} {
				requireHidden(t, fmt.Sprintf(format, arg), format)
			}
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%e"} {
		require.Equal(t, "***", fmt.Sprintf(format, s), format)
	}
	require.Equal(t, "*** ***", fmt.Sprint(s, s))
	require.Equal(t, "***", s.String())
	require.Equal(t, "***", s.GoString())
	require.Contains(t, fmt.Sprintf("%+v", somebody()), "Phone:***")
	for _, wrong := range []string{"none asked for", "%*d", "%[3]v", "%.*f"} { // a variable, for vet
		requireHidden(t, fmt.Sprintf(wrong, s, 1), wrong)
	}
	requireHidden(t, fmt.Errorf("party %v: %w", s, fmt.Errorf("phone %v", s)).Error(), "error")
	var failed report
	assert.Equal(&failed, somebody(), party{}) // which walks by reflection and follows pointers
	require.Contains(t, string(failed), "hidden:")
	requireHidden(t, string(failed), "by reflection")
}

// report is what a failed assertion says.
type report string

func (r *report) Errorf(format string, args ...any) { *r += report(fmt.Sprintf(format, args...)) }

func TestNothingWritesASecret(t *testing.T) {
	whole := somebody()
	raw, err := json.Marshal(whole)
	require.NoError(t, err)
	requireHidden(t, string(raw), "json")
	require.Equal(t, 7, strings.Count(string(raw), `"***"`), string(raw))
	type file struct{ Phone Secret[string] }
	raw, err = xml.Marshal(file{whole.Phone})
	require.NoError(t, err)
	require.Contains(t, string(raw), "<Phone>***</Phone>")
	var b bytes.Buffer
	if gob.NewEncoder(&b).Encode(whole.Phone) == nil {
		requireHidden(t, b.String(), "gob")
	}
	require.Error(t, json.Unmarshal([]byte(`{"Phone": "***"}`), &whole), "what was hidden cannot come back")
	require.Equal(t, number, whole.Phone.Reveal())
}

func TestNoLogHasASecret(t *testing.T) {
	s, whole := Hide(number), somebody()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		log := slog.New(handler(&b)).With("bound", s)
		log.Info("hidden", "secret", s, "pointer", &s, "whole", whole, "pointer to it", &whole, "list", []any{s}, slog.Group("g", "s", s), slog.Any("err", fmt.Errorf("no %v", s)))
		require.Greater(t, strings.Count(b.String(), "***"), 4, name)
		requireHidden(t, b.String(), name)
	}
}

func TestReveal(t *testing.T) {
	require.Equal(t, number, Hide(number).Reveal())
	require.Equal(t, "", Secret[string]{}.Reveal())
	require.Nil(t, Secret[[]byte]{}.Reveal())
	require.Equal(t, "***", fmt.Sprint(Secret[int]{}))
}

// A ring is not to be printed either.
func TestRingHidesItsKeys(t *testing.T) {
	r := newRing(t, SM)
	c := r.now.Load()
	text := fmt.Sprintf("%v %+v %#v %v %+v %#v", r, r, r, c.keys, *c, c.index)
	for _, secret := range [][]byte{c.active.secret.Reveal(), c.index.secret.Reveal()} {
		for _, form := range []string{"%x", "%X", "%v", "%s"} {
			require.NotContains(t, text, fmt.Sprintf(form, secret))
		}
	}
}
