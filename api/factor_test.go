package api

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// code is what an app that knows a secret shows.
func (w *world) code(secret string, shift time.Duration) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.clock.now().Add(shift))
	require.NoError(w.t, err)
	return code
}

// enrol gives an account a second factor.
func (w *world) enrol(who string) (secret string, recovery []string) {
	w.t.Helper()
	var made enrolOutput
	w.call(who, "POST", "/api/v1/me/second-factor", map[string]any{"password": testPassword}).into(200, &made.Body)
	var done confirmOutput
	w.call(who, "POST", "/api/v1/me/second-factor/confirm", map[string]any{"code": w.code(made.Body.Secret, 0)}).into(200, &done.Body)
	return made.Body.Secret, done.Body.RecoveryCodes
}

// halfway gives the password and gets what the sign-in goes on with.
func (w *world) halfway(username string) string {
	w.t.Helper()
	a := w.call("", "POST", "/api/v1/sessions", signIn(username, testPassword))
	p := a.problem(401, "second_factor_needed")
	require.Empty(w.t, a.header.Get("Set-Cookie"))
	require.NotEmpty(w.t, p.Continuation)
	return p.Continuation
}

func (w *world) goOn(continuation, code string) *answer {
	return w.call("", "POST", "/api/v1/sessions/second-factor", map[string]any{"continuation": continuation, "code": code})
}

func TestSecondFactor(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	w.enter("other", name, testPassword)
	var made enrolOutput
	w.call(name, "POST", "/api/v1/me/second-factor", map[string]any{"password": "wrong"}).problem(401, "wrong_password")
	w.call(name, "POST", "/api/v1/me/second-factor", map[string]any{"password": testPassword}).into(200, &made.Body)
	key, err := otp.NewKeyFromURL(made.Body.URL)
	require.NoError(t, err)
	require.Equal(t, made.Body.Secret, key.Secret())
	require.Equal(t, name, key.AccountName())
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(made.Body.QR, "data:image/png;base64,"))
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(raw))
	require.NoError(t, err)

	// It does not count before a code of it was shown.
	w.enter("still", name, testPassword)
	w.call(name, "POST", "/api/v1/me/second-factor/confirm", map[string]any{"code": "000000"}).problem(401, "wrong_code")
	var done confirmOutput
	w.call(name, "POST", "/api/v1/me/second-factor/confirm", map[string]any{"code": w.code(made.Body.Secret, 0)}).into(200, &done.Body)
	require.Len(t, done.Body.RecoveryCodes, recoveryCodes)
	w.call("still", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.call("other", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	require.Equal(t, 200, w.call(name, "GET", "/api/v1/me", nil).status)
	w.call(name, "POST", "/api/v1/me/second-factor", map[string]any{"password": testPassword}).problem(409, "second_factor_exists")

	// The code that confirmed is spent.
	p := w.goOn(w.halfway(name), w.code(made.Body.Secret, 0)).problem(401, "wrong_code")
	w.clock.advance(30 * time.Second)
	a := w.goOn(p.Continuation, w.code(made.Body.Secret, 0))
	require.Equal(t, 201, a.status)
	require.Contains(t, a.header.Get("Set-Cookie"), "HttpOnly")
}

func TestCodesWorkOnceAndNearly(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	secret, _ := w.enrol(name)
	w.clock.advance(2 * time.Minute)
	for _, far := range []time.Duration{-61 * time.Second, 61 * time.Second} {
		w.goOn(w.halfway(name), w.code(secret, far)).problem(401, "wrong_code")
	}
	first := w.code(secret, -30*time.Second)
	require.Equal(t, 201, w.goOn(w.halfway(name), first).status)
	w.goOn(w.halfway(name), first).problem(401, "wrong_code")
	later := w.code(secret, 30*time.Second)
	require.Equal(t, 201, w.goOn(w.halfway(name), later).status)
	// Nor does one that is older than an accepted one.
	w.goOn(w.halfway(name), w.code(secret, 0)).problem(401, "wrong_code")
}

func TestContinuationsWorkOnce(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	secret, _ := w.enrol(name)
	w.clock.advance(time.Minute)
	c := w.halfway(name)
	next := w.goOn(c, "000000").problem(401, "wrong_code").Continuation
	w.goOn(c, w.code(secret, 0)).problem(401, "continuation_unknown")
	require.Equal(t, 201, w.goOn(next, w.code(secret, 0)).status)
	w.goOn(next, w.code(secret, 30*time.Second)).problem(401, "continuation_unknown")
	late := w.halfway(name)
	w.clock.advance(continuationFor)
	w.goOn(late, w.code(secret, 0)).problem(401, "continuation_unknown")
}

func TestCodesAreNotGuessed(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	secret, _ := w.enrol(name)
	w.clock.advance(time.Minute)
	for range domain.FreeAttempts {
		w.goOn(w.halfway(name), "000000").problem(401, "wrong_code")
	}
	w.goOn(w.halfway(name), w.code(secret, 0)).problem(http.StatusTooManyRequests, "too_many_attempts")
	var me domain.User
	w.call(name, "GET", "/api/v1/me", nil).into(200, &me)
	require.Equal(t, 204, w.call("security@"+county, "POST", "/api/v1/accounts/"+me.ID+"/unlock", nil).status)
	require.Equal(t, 201, w.goOn(w.halfway(name), w.code(secret, 0)).status)
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	_, codes := w.enrol(name)
	require.Equal(t, 201, w.goOn(w.halfway(name), strings.ToLower(codes[3])).status)
	w.goOn(w.halfway(name), codes[3]).problem(401, "wrong_code")
	require.Equal(t, 201, w.goOn(w.halfway(name), strings.ReplaceAll(codes[4], "-", "")).status)
	other := "handler@" + centreA
	_, theirs := w.enrol(other)
	w.goOn(w.halfway(name), theirs[0]).problem(401, "wrong_code")
}

func TestRolesThatNeedASecondFactor(t *testing.T) {
	for setting, needs := range map[string]map[string]bool{
		FactorOff: {}, FactorAdmins: {"admin": true, "security": true, "auditor": true},
		FactorAll: {"admin": true, "security": true, "auditor": true, "clerk": true, "leader": true},
	} {
		w := newRealWorld(t)
		w.rebuild(Config{SecondFactor: setting})
		for _, role := range []string{"admin", "security", "auditor", "clerk", "leader"} {
			who := role + "@" + county
			if !needs[role] {
				require.Equal(t, 200, w.call(who, "GET", "/api/v1/categories", nil).status, "%s %s", setting, role)
				continue
			}
			w.call(who, "GET", "/api/v1/categories", nil).problem(403, "second_factor_required")
			require.Equal(t, 200, w.call(who, "GET", "/api/v1/me", nil).status)
			secret, _ := w.enrol(who)
			require.Equal(t, 200, w.call(who, "GET", "/api/v1/categories", nil).status, "%s %s", setting, role)
			w.clock.advance(30 * time.Second)
			body := map[string]any{"password": testPassword, "code": w.code(secret, 0)}
			w.call(who, "POST", "/api/v1/me/second-factor/remove", body).problem(403, "second_factor_kept")
		}
	}
}

func TestSecondFactorIsGivenUp(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	secret, _ := w.enrol(name)
	w.clock.advance(30 * time.Second)
	remove := func(password, code string) *answer {
		return w.call(name, "POST", "/api/v1/me/second-factor/remove", map[string]any{"password": password, "code": code})
	}
	remove("wrong", w.code(secret, 0)).problem(401, "wrong_password")
	remove(testPassword, "000000").problem(401, "wrong_code")
	require.Equal(t, 204, remove(testPassword, w.code(secret, 0)).status)
	w.call(name, "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.enter("again", name, testPassword)
}

func TestSecurityAdministratorTakesALostFactorAway(t *testing.T) {
	w := newRealWorld(t)
	name, security := "clerk@"+centreA, "security@"+county
	w.enrol(name)
	var me, own domain.User
	w.call(name, "GET", "/api/v1/me", nil).into(200, &me)
	w.call(security, "GET", "/api/v1/me", nil).into(200, &own)
	path := "/api/v1/accounts/" + me.ID + "/second-factor"
	w.call("admin@"+county, "DELETE", path, nil).problem(403, "role_not_allowed")
	w.call(security, "DELETE", "/api/v1/accounts/"+own.ID+"/second-factor", nil).problem(403, "own_account")
	require.Equal(t, 204, w.call(security, "DELETE", path, nil).status)
	w.call(security, "DELETE", path, nil).problem(404, "second_factor_none")
	w.call(name, "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.enter("again", name, testPassword)
}

// The desk channel asks for no second factor, so who has one stays out of it.
func TestSecondFactorKeepsOffTheDeskChannel(t *testing.T) {
	w := newRealWorld(t)
	name := "clerk@" + centreA
	a := &API{w.server}
	_, err := a.SignIn(t.Context(), "192.0.2.7", name, testPassword)
	require.NoError(t, err)
	w.enrol(name)
	_, err = a.SignIn(t.Context(), "192.0.2.7", name, testPassword)
	require.Equal(t, domain.KindUnauthenticated, domain.KindOf(err))
}
