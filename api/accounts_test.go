package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// enter signs in and gives a name under which world.call knows the session.
func (w *world) enter(as, username, password string, headers ...string) sessionView {
	w.t.Helper()
	var s sessionView
	w.call("", "POST", "/api/v1/sessions", signIn(username, password), headers...).into(201, &s)
	w.tokens[as] = s.Token
	return s
}

// signInFrom signs in from an address.
func (w *world) signInFrom(address, username, password string) *answer {
	raw, err := json.Marshal(signIn(username, password))
	require.NoError(w.t, err)
	r := httptest.NewRequest(http.MethodPost, "/api/v1/sessions", bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = address + ":4711"
	return w.send(r, raw)
}

func (w *world) sessionsOf(who, path string) []sessionLine {
	w.t.Helper()
	var out sessionsOutput
	w.call(who, "GET", "/api/v1"+path, nil).into(200, &out.Body)
	return out.Body.Items
}

// A session that nobody uses ends, by the clock of the server.
func TestIdleSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.rebuild(Config{IdleLimit: 30 * time.Minute})
		w.enter("me", "clerk@"+centreA, testPassword)
		for range 3 {
			w.clock.advance(29 * time.Minute)
			require.Equal(t, 200, w.call("me", "GET", "/api/v1/me", nil).status)
		}
		w.clock.advance(30 * time.Minute)
		w.call("me", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	})
}

// Use does not keep a session alive beyond its absolute limit.
func TestUsedSessionsEndToo(t *testing.T) {
	w := newRealWorld(t)
	w.rebuild(Config{IdleLimit: 30 * time.Minute})
	w.enter("me", "clerk@"+centreA, testPassword)
	for range 35 {
		w.clock.advance(20 * time.Minute)
		require.Equal(t, 200, w.call("me", "GET", "/api/v1/me", nil).status)
	}
	w.clock.advance(20 * time.Minute)
	w.call("me", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + townB
	w.enter("desk", name, testPassword, "User-Agent", "Mozilla/5.0 \x7f"+strings.Repeat("很", 200))
	w.clock.advance(time.Minute)
	w.enter("phone", name, testPassword)
	list := w.sessionsOf("phone", "/sessions")
	require.Len(t, list, 3) // and the harness's own
	require.True(t, list[0].Current)
	require.False(t, list[1].Current)
	require.Equal(t, "192.0.2.1", list[1].Address)
	require.True(t, strings.HasPrefix(list[1].UserAgent, "Mozilla/5.0 很"))
	require.Len(t, []rune(list[1].UserAgent), agentLength)
	require.True(t, list[1].ExpiresAt.Equal(list[1].CreatedAt.Add(12*time.Hour)))

	// Somebody else's cannot be ended, nor be told from one that there is not.
	w.call("clerk@"+townA, "DELETE", "/api/v1/sessions/"+list[1].ID, nil).problem(404, "session_not_found")
	require.Equal(t, 204, w.call("phone", "DELETE", "/api/v1/sessions/"+list[1].ID, nil).status)
	w.call("desk", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.call("phone", "DELETE", "/api/v1/sessions/"+list[1].ID, nil).problem(404, "session_not_found")
	require.Equal(t, 200, w.call("phone", "GET", "/api/v1/me", nil).status)
}

func TestSecurityAdministratorEndsSessions(t *testing.T) {
	w := newRealWorld(t)
	session := w.enter("desk", "clerk@"+townB, testPassword)
	account, security := "/accounts/"+session.User.ID, "security@"+county
	for _, role := range domain.StaffRoles {
		if role == domain.RoleSecurity {
			continue
		}
		w.call(string(role)+"@"+county, "GET", "/api/v1"+account+"/sessions", nil).problem(403, "role_not_allowed")
		w.call(string(role)+"@"+county, "DELETE", "/api/v1"+account+"/sessions", nil).problem(403, "role_not_allowed")
	}
	list := w.sessionsOf(security, account+"/sessions")
	require.Len(t, list, 2)
	require.Equal(t, 204, w.call(security, "DELETE", "/api/v1"+account+"/sessions/"+list[0].ID, nil).status)
	w.call("desk", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	require.Equal(t, 204, w.call(security, "DELETE", "/api/v1"+account+"/sessions", nil).status)
	w.call("clerk@"+townB, "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.call(security, "GET", "/api/v1/accounts/01900000-0000-7000-8000-000000000000/sessions", nil).problem(404, "user_unknown")
}

// A change of what an account may do, or of its secret, ends every session at
// once.
func TestChangesEndSessions(t *testing.T) {
	w := newRealWorld(t)
	role, org, yes, name := domain.RoleHandler, townA, true, "新名"
	for what, c := range map[string]domain.UserChange{
		"role": {Role: &role}, "organisation": {Org: &org}, "state": {Disabled: &yes}, "password": {PasswordHash: new(testHash() + "x")},
	} {
		u := domain.User{ID: uuid.NewString(), Username: "user-of-" + what, Name: "某", Role: domain.RoleClerk, Org: centreA, PasswordHash: testHash(), CreatedAt: w.clock.now()}
		require.NoError(t, w.store.CreateUsers(t.Context(), []domain.User{u}))
		w.enter("me", u.Username, testPassword)
		c.ID, c.At = u.ID, w.clock.now()
		named := domain.UserChange{ID: u.ID, Name: &name, At: w.clock.now()}
		require.NoError(t, w.store.ChangeUser(t.Context(), named))
		require.Equal(t, 200, w.call("me", "GET", "/api/v1/me", nil).status, what)
		require.NoError(t, w.store.ChangeUser(t.Context(), c))
		w.call("me", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
		// Nor does a sign-in succeed that began before the change.
		late := domain.Session{TokenHash: []byte(what), CreatedAt: w.clock.now(), ExpiresAt: w.clock.now().Add(time.Hour)}
		require.Equal(t, domain.KindUnauthenticated, domain.KindOf(w.store.CreateSession(t.Context(), late, &u)), what)
	}
}

// Nor does one that began before the account got its second factor.
func TestNoSessionWithoutTheSecondFactor(t *testing.T) {
	w := newRealWorld(t)
	u, err := w.store.UserByName(t.Context(), "clerk@"+centreA)
	require.NoError(t, err)
	late := domain.Session{TokenHash: []byte("late"), CreatedAt: w.clock.now(), ExpiresAt: w.clock.now().Add(time.Hour)}
	w.enter("clerk@"+centreA, "clerk@"+centreA, testPassword)
	w.enrol("clerk@" + centreA)
	require.Equal(t, domain.KindUnauthenticated, domain.KindOf(w.store.CreateSession(t.Context(), late, &u)))
	late.Factor = true
	require.NoError(t, w.store.CreateSession(t.Context(), late, &u))
}

func TestNobodyChangesHisOwnRights(t *testing.T) {
	w := newRealWorld(t)
	u, err := w.store.UserByName(t.Context(), "security@"+county)
	require.NoError(t, err)
	role, org, no := domain.RoleAdmin, townA, false
	for _, c := range []domain.UserChange{{Role: &role}, {Org: &org}, {Disabled: &no}} {
		c.ID, c.By, c.At = u.ID, u.Actor(), w.clock.now()
		require.ErrorContains(t, w.store.ChangeUser(t.Context(), c), "own_account")
	}
}

func TestPasswordIsChanged(t *testing.T) {
	w := newRealWorld(t)
	name, better := "clerk@"+centreA, "三更灯火五更鸡-Zq7"
	w.enter("old", name, testPassword)
	change := func(who, old, now string) *answer {
		return w.call(who, "POST", "/api/v1/me/password", map[string]any{"old_password": old, "password": now})
	}
	change("old", "wrong", better).problem(401, "wrong_password")
	for password, code := range map[string]string{
		"short": "password_short", strings.Repeat("很", 67) + strings.Repeat("x", 134): "", "password1234": "password_common", "woaini1314520": "password_common",
		"1qaz2wsx3edc": "password_common", "Clerk@" + centreA + "!Zq7": "password_is_name",
	} {
		p := change("old", testPassword, password).problem(422, "invalid_fields")
		if code != "" {
			require.Equal(t, say("zh", code, "", minPassword), p.wrong("password"), password)
		}
	}
	a := change("old", testPassword, better)
	var s sessionView
	a.into(200, &s)
	require.Contains(t, a.header.Get("Set-Cookie"), s.Token)
	w.tokens["new"] = s.Token
	w.call("old", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.call(name, "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	require.Len(t, w.sessionsOf("new", "/sessions"), 1)
	w.call("", "POST", "/api/v1/sessions", signIn(name, testPassword)).problem(401, "wrong_password")
	w.enter("again", name, better)
}

// Wrong old passwords are guesses too.
func TestOldPasswordIsNotGuessed(t *testing.T) {
	w := newRealWorld(t)
	body := map[string]any{"old_password": "wrong", "password": "三更灯火五更鸡-Zq7"}
	for range domain.FreeAttempts {
		w.call("clerk@"+centreA, "POST", "/api/v1/me/password", body).problem(401, "wrong_password")
	}
	w.call("clerk@"+centreA, "POST", "/api/v1/me/password", body).problem(429, "too_many_attempts")
}

// What slows guesses down outlives a restart, and shuts nobody out who signs in
// from elsewhere.
func TestGuessesAreRememberedAcrossRestarts(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	try := func(address, password string) *answer { return w.signInFrom(address, name, password) }
	require.Equal(t, 201, try("198.51.100.1", testPassword).status)
	for range domain.FreeAttempts {
		try("203.0.113.9", "wrong").problem(401, "wrong_password")
	}
	w.rebuild(Config{})
	try("203.0.113.9", testPassword).problem(429, "too_many_attempts")
	require.Equal(t, 201, try("198.51.100.2", testPassword).status)

	// Many addresses at one account wait together, for half a minute at most …
	for i := range 30 {
		if a := try(fmt.Sprintf("203.0.113.%d", i+10), "wrong"); a.status == http.StatusTooManyRequests {
			w.clock.advance(30 * time.Second)
		}
	}
	w.clock.advance(30 * time.Second)
	try("203.0.113.99", "wrong").problem(401, "wrong_password")
	a := try("198.51.100.3", testPassword)
	a.problem(429, "too_many_attempts")
	require.Equal(t, "30", a.header.Get("Retry-After"))
	// … and not where it has signed in before.
	require.Equal(t, 201, try("198.51.100.1", testPassword).status)
	w.clock.advance(30 * time.Second)
	require.Equal(t, 201, try("198.51.100.3", testPassword).status)
}

func TestAddressesOfOneNetworkAreOne(t *testing.T) {
	for in, want := range map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "::ffff:192.0.2.1": "192.0.2.1", "192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::/64", "": "", "x": "x",
	} {
		require.Equal(t, want, networkOf(in), in)
	}
}
