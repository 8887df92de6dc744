package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/store/storetest"
)

// read reads settings as a command does, and gives what it says against them.
func read(t *testing.T, lang string, args ...string) (*settings, string) {
	t.Helper()
	var out bytes.Buffer
	con := &console{out: &out, err: &out, lang: lang}
	set := &settings{}
	cmd := group("test", "")
	set.flags(cmd.Flags(), con)
	require.NoError(t, cmd.ParseFlags(args))
	if err := set.finish(con); err != nil {
		require.ErrorAs(t, err, new(badUse))
		return set, err.Error()
	}
	return set, ""
}

func TestSignInSettings(t *testing.T) {
	set, wrong := read(t, "en")
	require.Empty(t, wrong)
	require.Equal(t, []any{30 * time.Minute, 12 * time.Hour, "off"}, []any{set.sessionIdle, set.sessionLimit, set.secondFactor})

	t.Setenv("SUDI_SESSION_IDLE", "10m")
	t.Setenv("SUDI_SESSION_LIMIT", "8h")
	t.Setenv("SUDI_SECOND_FACTOR", "admins")
	set, wrong = read(t, "en")
	require.Empty(t, wrong)
	require.Equal(t, []any{10 * time.Minute, 8 * time.Hour, "admins"}, []any{set.sessionIdle, set.sessionLimit, set.secondFactor})
	set, wrong = read(t, "en", "--session-idle", "8h", "--second-factor", "all")
	require.Empty(t, wrong, "as long as the session is allowed, and a flag wins")
	require.Equal(t, []any{8 * time.Hour, "all"}, []any{set.sessionIdle, set.secondFactor})

	for args, words := range map[string][2]string{
		"--session-idle=0s":                  {"应为正的时间", "is a positive time"},
		"--session-limit=-1h":                {"应为正的时间", "is a positive time"},
		"--session-idle=9h":                  {"不得长于", "may not be longer than"},
		"--session-limit=5m":                 {"(5m0s)", "longer than --session-limit (5m0s)"},
		"--limits=maybe":                     {`不是 "maybe"`, `not "maybe"`},
		"--second-factor=some":               {`不是 "some"`, `not "some"`},
		"--session-idle=1s --second-factor=": {"应为 off、admins 或 all", "is off, admins or all"},
	} {
		_, zh := read(t, "zh", strings.Fields(args)...)
		_, en := read(t, "en", strings.Fields(args)...)
		require.Contains(t, zh, words[0], args)
		require.Contains(t, en, words[1], args)
	}
	t.Setenv("SUDI_SESSION_IDLE", "half an hour")
	_, wrong = read(t, "en")
	require.Contains(t, wrong, "--session-idle is a positive time")
}

// What is set reaches the API: limits on requests and what a session is.
func TestLimitsCanBeSwitchedOff(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	for limits, status := range map[string]int{limitsOn: http.StatusTooManyRequests, limitsOff: http.StatusNotFound} {
		set, wrong := read(t, "en", "--limits", limits, "--database-url", dsn, "--data-dir", t.TempDir(), "--key-file", sharedKeyFile())
		require.Empty(t, wrong)
		a, err := openApp(t.Context(), set, shared)
		require.NoError(t, err)
		handler, err := a.handler(func() bool { return true })
		require.NoError(t, err)
		last := 0
		for range 2000 {
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/v1/nowhere", http.NoBody))
			last = rec.Code
		}
		require.Equal(t, status, last, limits)
		a.close()
	}
}
