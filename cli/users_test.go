package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/storetest"
)

// When no administrator can sign in, who runs the machine lets accounts in and
// keeps them out; the audit log names him.
func TestAccountsByCommand(t *testing.T) {
	dsn := storetest.NewDatabase(t)
	command := func(want int, stdin string, args ...string) string {
		t.Helper()
		cmd := sudi(append(args, "--database-url", dsn)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, _ := cmd.CombinedOutput()
		require.Equal(t, want, cmd.ProcessState.ExitCode(), string(out))
		return string(out)
	}
	add := []string{"users", "add", "security-1", "--name", "某", "--role", "security", "--org", "370404"}
	command(exitDone, "", "demo", "--without-cases")
	require.Contains(t, command(exitBadUse, "1234567890\n", add...), "password:")
	require.Contains(t, command(exitBadUse, "security-1-2020\n", add...), "name")
	require.Contains(t, command(exitBadUse, testPassword+"\n", "users", "add", "Big", "--name", "某", "--role", "emperor", "--org", "nowhere"),
		"no such role")
	require.Contains(t, command(exitDone, testPassword+"\n", add...), "security-1 is made")
	require.Contains(t, command(exitFailed, testPassword+"\n", add...), "taken")

	set := settings{databaseURL: dsn, dataDir: t.TempDir(), keyFile: sharedKeyFile(), county: "370404"}
	a, err := openApp(t.Context(), &set, shared)
	require.NoError(t, err)
	defer a.close()
	ctx, now := t.Context(), time.Now()
	u, err := a.store.UserByName(ctx, "security-1")
	require.NoError(t, err)
	session := func() {
		t.Helper()
		require.NoError(t, a.store.CreateSession(ctx, domain.Session{TokenHash: []byte(t.Name()), CreatedAt: now, ExpiresAt: now.Add(time.Hour), Factor: true}, &u))
	}
	signedIn := func() int {
		t.Helper()
		sessions, err := a.store.Sessions(ctx, u.ID, now, time.Hour)
		require.NoError(t, err)
		return len(sessions)
	}

	keys := []domain.AttemptKey{{Kind: domain.AttemptAccount, Account: u.Username}}
	wait := time.Duration(0)
	for range 30 {
		wait, err = a.store.CountAttempt(ctx, keys, now)
		require.NoError(t, err)
	}
	require.Positive(t, wait)
	command(exitDone, "", "users", "unlock", u.Username)
	wait, err = a.store.CountAttempt(ctx, keys, now)
	require.NoError(t, err)
	require.Zero(t, wait)

	require.Contains(t, command(exitFailed, "", "users", "reset-second-factor", u.Username), "no second factor")
	require.NoError(t, a.store.EnrolFactor(ctx, u.ID, []byte("SECRET"), now))
	begun, err := a.store.Factor(ctx, u.ID)
	require.NoError(t, err)
	require.NoError(t, a.store.ConfirmFactor(ctx, u.ID, begun.CreatedAt, 1, nil, nil, now))
	session()
	command(exitDone, "", "users", "reset-second-factor", u.Username)
	_, err = a.store.Factor(ctx, u.ID)
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
	require.Zero(t, signedIn())

	session()
	command(exitDone, "", "users", "disable", u.Username)
	require.Zero(t, signedIn())
	u, err = a.store.UserByName(ctx, u.Username)
	require.NoError(t, err)
	require.NotNil(t, u.DisabledAt)
	require.Contains(t, command(exitDone, "", "users", "list"), "disabled")
	command(exitDone, "", "users", "enable", u.Username)
	u, err = a.store.UserByName(ctx, u.Username)
	require.NoError(t, err)
	require.Nil(t, u.DisabledAt)

	for _, verb := range []string{"unlock", "reset-second-factor", "disable", "enable"} {
		require.Contains(t, command(exitFailed, "", "users", verb, "nobody"), "no such user")
		require.Contains(t, command(exitFailed, "", "users", verb, "nobody", "--lang", "zh"), "没有这个用户")
		command(exitBadUse, "", "users", verb)
	}

	records, err := a.store.Records(ctx, domain.RecordQuery{Object: u.ID, Actor: operator().ID, Limit: 20})
	require.NoError(t, err)
	var did []string
	for _, r := range records {
		did = append(did, strings.TrimSpace(r.Action+" "+r.Details["disabled"]))
	}
	require.Equal(t, []string{"account.change false", "account.change true", "factor.remove", "account.unlock"}, did)
	records, err = a.store.Records(ctx, domain.RecordQuery{Object: u.Username, Actor: operator().ID, Action: "account.put", Limit: 20})
	require.NoError(t, err)
	require.Len(t, records, 1, "made once, by the same")
}
