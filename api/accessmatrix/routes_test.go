package accessmatrix

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// addRow is what to do about a route without a row.
const addRow = `%s has no row in the policy: add one to rules in api/accessmatrix/policy_test.go
(who may call it, and what it answers about), bring docs/access.md up to date with
	go test ./api/accessmatrix -update
and, when it answers about cases, add it to the requests of matrix_test.go`

// Every route that is served has a row, and every row a route.
func TestEveryRouteHasARow(t *testing.T) {
	served := county(t).api.Routes()
	require.NotEmpty(t, served)
	var rows []string
	for _, r := range rules {
		rows = append(rows, r.route)
		assert.Contains(t, served, r.route, "the policy has a row for a route that there is not")
	}
	for _, route := range served {
		assert.Contains(t, rows, route, addRow, route)
	}
	asked := map[string]bool{}
	for _, q := range caseRequests {
		asked[q.route] = true
	}
	for _, q := range listRequests {
		asked[q.route] = true
	}
	for _, r := range rules {
		if (r.about == aCase || r.about == manyCases) && r.route != "POST /api/v1/cases" { // which TestTiesToHiddenCases asks
			assert.True(t, asked[r.route], "%s answers about cases, but matrix_test.go never asks it", r.route)
		}
	}
}

// fill puts harmless values into a route's path: the id of no case, a token of
// no link.
var fill = strings.NewReplacer(":id", nobody, ":action", "note", ":year", theYear, ":name", "appeal", ":code", "cleanup.kept",
	":revision", "1", ":form", "json", ":file", "work.xlsx", ":token", strings.Repeat("A", 32), ":session", nobody)

// Who has not signed in gets 401 everywhere but on the public routes; a role
// that a route is not for gets 403; the others are not refused as a role.
func TestEveryRouteAsEveryRole(t *testing.T) {
	w := county(t)
	for _, rule := range rules {
		method, path, _ := strings.Cut(rule.route, " ")
		path = fill.Replace(path)
		a := ask(w.api, nil, method, path, nil)
		if rule.roles == public {
			assert.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, a.status, "%s without an account", rule.route)
			continue
		}
		assert.Equal(t, http.StatusUnauthorized, a.status, "%s without an account", rule.route)
		if rule.route == "DELETE /api/v1/sessions/current" {
			continue // it would end the session; any account has one
		}
		for _, role := range roles {
			for _, org := range []string{"county", "bureau", "town", "village"} {
				who := w.readers[role+" "+org]
				a := ask(w.api, who, method, path, nil)
				if has(rule.roles, role) {
					assert.NotEqual(t, http.StatusUnauthorized, a.status, "%s as %s", rule.route, who)
					assert.NotEqual(t, "role_not_allowed", a.problem(), "%s as %s", rule.route, who)
				} else {
					assert.Equal(t, "role_not_allowed", a.problem(), "%s as %s: %d", rule.route, who, a.status)
				}
				watches := org == "county" || org == "bureau" && role == "supervisor"
				if rule.about == wholeYear && !watches {
					assert.Equal(t, http.StatusForbidden, a.status, "%s as %s", rule.route, who)
				}
			}
		}
	}
}
