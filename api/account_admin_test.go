package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

const newPassword = "三更灯火五更鸡-Zq7"

// Neither administrator gives anybody rights alone.
func TestTwoAdministratorsMakeAnAccount(t *testing.T) {
	w := newRealWorld(t)
	admin, security := "admin@"+county, "security@"+county
	body := map[string]any{"username": "wang.wu", "name": "王五", "role": "clerk", "org": centreA, "password": newPassword}
	w.call(security, "POST", "/api/v1/accounts", body).problem(403, "role_not_allowed")
	w.call("auditor@"+county, "GET", "/api/v1/accounts", nil).problem(403, "role_not_allowed")
	w.call("clerk@"+county, "POST", "/api/v1/accounts", body).problem(403, "role_not_allowed")
	var made accountView
	w.call(admin, "POST", "/api/v1/accounts", body).into(201, &made)
	require.NotNil(t, made.DisabledAt)
	w.call(admin, "POST", "/api/v1/accounts", body).problem(409, "username_taken")
	w.call("", "POST", "/api/v1/sessions", signIn("wang.wu", newPassword)).problem(401, "wrong_password")
	patch := func(who string, change map[string]any) *answer {
		return w.call(who, "PATCH", "/api/v1/accounts/"+made.ID, change)
	}
	patch(admin, map[string]any{"disabled": false}).problem(403, "role_not_allowed")
	var v accountView
	patch(security, map[string]any{"disabled": false}).into(200, &v)
	require.Nil(t, v.DisabledAt)
	w.enter("wang", "wang.wu", newPassword)

	// Role and organisation are the security administrator's, and count at once.
	patch(admin, map[string]any{"role": "leader"}).problem(403, "role_not_allowed")
	patch(admin, map[string]any{"org": county}).problem(403, "role_not_allowed")
	patch(security, map[string]any{"role": "leader", "org": townA}).into(200, &v)
	require.Equal(t, domain.RoleLeader, v.Role)
	w.call("wang", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.enter("wang", "wang.wu", newPassword)

	// Name and password are the system administrator's, who cannot sign in with
	// what he has set.
	patch(security, map[string]any{"name": "王六"}).problem(403, "role_not_allowed")
	patch(security, map[string]any{"password": newPassword + "x"}).problem(403, "role_not_allowed")
	patch(admin, map[string]any{"name": "王六"}).into(200, &v)
	require.Equal(t, 200, w.call("wang", "GET", "/api/v1/me", nil).status)
	patch(admin, map[string]any{"password": newPassword + "x"}).into(200, &v)
	require.NotNil(t, v.DisabledAt)
	w.call("wang", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")
	w.call("", "POST", "/api/v1/sessions", signIn("wang.wu", newPassword+"x")).problem(401, "wrong_password")
	patch(security, map[string]any{"disabled": false}).into(200, &v)
	w.enter("wang", "wang.wu", newPassword+"x")
	patch(admin, map[string]any{"disabled": true}).into(200, &v)
	w.call("wang", "GET", "/api/v1/me", nil).problem(401, "sign_in_first")

	var all accountsOutput
	w.call(security, "GET", "/api/v1/accounts", nil).into(200, &all.Body)
	require.Greater(t, len(all.Body.Items), len(domain.StaffRoles))
}

func TestAccountsAreChecked(t *testing.T) {
	w := newRealWorld(t)
	admin, security := "admin@"+county, "security@"+county
	make := func(field string, value any) *answer {
		body := map[string]any{"username": "wang.wu", "name": "王五", "role": "clerk", "org": centreA, "password": newPassword}
		body[field] = value
		return w.call(admin, "POST", "/api/v1/accounts", body)
	}
	for field, value := range map[string]string{"username": "Wang Wu", "role": "router", "org": "370404999", "password": "password123"} {
		p := make(field, value).problem(422, "invalid_fields")
		require.NotEmpty(t, p.wrong(field), field)
	}
	for _, who := range []string{admin, security} {
		var me domain.User
		w.call(who, "GET", "/api/v1/me", nil).into(200, &me)
		change := map[string]map[string]any{admin: {"password": newPassword}, security: {"role": "admin"}}[who]
		w.call(who, "PATCH", "/api/v1/accounts/"+me.ID, change).problem(403, "own_account")
		w.call(who, "PATCH", "/api/v1/accounts/"+me.ID, map[string]any{"disabled": true}).problem(403, "own_account")
	}
	w.call(security, "PATCH", "/api/v1/accounts/01900000-0000-7000-8000-000000000000", map[string]any{"disabled": true}).problem(404, "user_unknown")
}
