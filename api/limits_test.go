package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

// ruleNamed gives a rule of the table at work.
func ruleNamed(t require.TestingT, name string) *ownersLimit {
	l, err := newLimits(time.Now)
	require.NoError(t, err)
	for _, rule := range l.rules {
		if rule.name == name {
			return rule
		}
	}
	require.Fail(t, "no such limit", name)
	return nil
}

// Whatever is asked when: no owner gets more in any stretch of time than its
// burst and what came back meanwhile; who waits as long as he was told is let
// in; and what others do changes nothing.
func TestLimitsHoldForEveryOwnerByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"address", "account", "account_search", "account_export", "organization_export"}).Draw(t, "limit")
		together := ruleNamed(t, name)
		alone := map[string]*ownersLimit{}
		let := map[string][]time.Time{}
		now := time.Unix(1583200000, 0)
		for range rapid.IntRange(1, 400).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 1000), rapid.IntRange(0, 60000)).Draw(t, "ms")) * time.Millisecond)
			owner := rapid.SampledFrom([]string{"a", "a", "a", "b"}).Draw(t, "owner")
			if alone[owner] == nil {
				alone[owner] = ruleNamed(t, name)
			}
			wait := together.take(owner, now)
			require.Equal(t, alone[owner].take(owner, now), wait, "as if nobody else were there")
			if wait > 0 {
				now = now.Add(wait + time.Microsecond) // it is counted in floating point
				require.Zero(t, together.take(owner, now), "told to wait %s", wait)
				require.Zero(t, alone[owner].take(owner, now))
			}
			let[owner] = append(let[owner], now)
			for i, from := range let[owner] {
				most := float64(together.burst) + float64(together.every)*now.Sub(from).Seconds()
				require.LessOrEqual(t, float64(len(let[owner])-i), most+1e-3)
			}
		}
	})
}

// A flood of addresses takes no more memory than the bound, and none is kept
// once it has everything again.
func TestLimitsForget(t *testing.T) {
	rule := ruleNamed(t, "address")
	now := time.Unix(1583200000, 0)
	for i := range 100_000 {
		require.Zero(t, rule.take(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), now))
		require.LessOrEqual(t, rule.owners.Len(), mostOwners)
	}
	require.Equal(t, mostOwners, rule.owners.Len())
	require.Zero(t, rule.take("192.0.2.1", now.Add(time.Second)))
	require.Equal(t, 1, rule.owners.Len())
}

// limitedWorld is one in which the limits hold.
func limitedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.limited = true
	w.rebuild(Config{})
	return w
}

// let sends requests that must not be refused for their number.
func (w *world) let(n int, who, path string, headers ...string) {
	w.t.Helper()
	for range n {
		require.NotEqual(w.t, http.StatusTooManyRequests, w.call(who, "GET", path, nil, headers...).status)
	}
}

func TestAccountsAreLimitedApart(t *testing.T) {
	w := limitedWorld(t)
	one, two := "clerk@"+centreA, "handler@"+centreA
	w.let(60, one, "/api/v1/me")
	a := w.call(one, "GET", "/api/v1/me", nil, "Accept-Language", "en")
	require.Contains(t, a.problem(429, "too_many_requests").Detail, "Too many requests")
	require.Equal(t, "1", a.header.Get("Retry-After"))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"), "it has the headers of any answer")
	require.Contains(t, w.call(one, "GET", "/api/v1/me", nil).problem(429, "too_many_requests").Detail, "请求过于频繁")

	// Its system on the desk channel has no share of its own, nor have requests that are refused.
	refused := w.desk(one, map[string]any{"method": "GET", "path": "/api/v1/me"}, roomy)
	refused.refused(429, "too_many_requests")
	require.Equal(t, "1", refused.header.Get("Retry-After"))
	w.call(one, "GET", "/api/v1/accounts", nil).problem(429, "too_many_requests")

	w.let(60, two, "/api/v1/me")
	w.clock.advance(time.Second)
	w.let(20, one, "/api/v1/me")
	w.call(one, "GET", "/api/v1/me", nil).problem(429, "too_many_requests")

	require.Equal(t, 60, func() (n int) { // the channel counts from the first request on
		w.clock.advance(time.Minute)
		for w.desk(two, map[string]any{"method": "GET", "path": "/api/v1/me"}, roomy).status == http.StatusOK {
			n++
		}
		return n
	}())
}

func TestSearchesAndAuditAreLimitedMore(t *testing.T) {
	w := limitedWorld(t)
	for who, paths := range map[string][]string{
		"clerk@" + centreA:  {"/api/v1/cases?q=%E8%B7%AF%E7%81%AF", "/api/v1/cases"},
		"auditor@" + county: {"/api/v1/audit", "/api/v1/cases"},
	} {
		w.let(20, who, paths[0])
		w.call(who, "GET", paths[0], nil).problem(429, "too_many_requests")
		w.let(10, who, paths[1])
	}
	w.call("clerk@"+centreA, "GET", "/api/v1/similar?name=%E5%BC%A0%E4%B8%89", nil).problem(429, "too_many_requests")
	w.let(1, "handler@"+centreA, "/api/v1/cases?q=%E8%B7%AF%E7%81%AF")
}

// Accounts of an organisation share its exports, and one that has had its own
// takes none of them.
func TestOrganizationsShareExports(t *testing.T) {
	w := limitedWorld(t)
	export := "/api/v1/reports/annual/2020/document/docx"
	readers := Readers().roles
	require.Greater(t, len(readers), 6)
	for _, role := range readers[:5] {
		who := string(role) + "@" + county
		w.let(6, who, export)
		a := w.call(who, "GET", export, nil)
		a.problem(429, "too_many_requests")
		require.Equal(t, "10", a.header.Get("Retry-After"))
	}
	a := w.call(string(readers[5])+"@"+county, "GET", export, nil)
	a.problem(429, "too_many_requests")
	require.Equal(t, "2", a.header.Get("Retry-After"))
	w.call(string(readers[6])+"@"+county, "GET", "/api/v1/ledgers/work.xlsx", nil).problem(429, "too_many_requests")
	w.let(6, string(readers[0])+"@"+townA, export)
	w.clock.advance(2 * time.Second)
	w.let(1, string(readers[5])+"@"+county, export)
}

// An address is held to its limit whoever sends; machines that ask after Sudi's
// health are not.
func TestAddressesAreLimited(t *testing.T) {
	w := limitedWorld(t)
	w.let(300, "", "/api/v1/nowhere")
	w.call("clerk@"+centreA, "GET", "/api/v1/me", nil).problem(429, "too_many_requests")
	w.call("", "POST", "/api/v1/sessions", signIn("clerk@"+centreA, testPassword)).problem(429, "too_many_requests")
	for path := range unlimited {
		require.Equal(t, http.StatusOK, w.call("", "GET", path, nil).status)
		w.let(400, "", path)
	}
	require.Contains(t, string(w.call("", "GET", "/metrics", nil).body), `sudi_http_limited_total{limit="address"} 2`)

	w.rebuild(Config{TrustProxy: true})
	send := func(address string) int {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/me", http.NoBody)
		r.RemoteAddr = "10.0.0.1:1234"
		r.Header.Set("X-Forwarded-For", address)
		return w.send(r, nil).status
	}
	for range 300 {
		require.Equal(t, http.StatusUnauthorized, send("2001:db8::1"))
	}
	require.Equal(t, http.StatusTooManyRequests, send("2001:db8::2"), "of the same network")
	require.Equal(t, http.StatusUnauthorized, send("2001:db8:0:1::1"))
}

// Without limits nothing is refused.
func TestLimitsCanBeOff(t *testing.T) {
	w := newWorld(t)
	w.let(1000, "clerk@"+centreA, "/api/v1/me")
}

// Each limit lets something through and none is stricter than the page of a
// clerk needs, and every kind that it names there is.
func TestLimitRules(t *testing.T) {
	w := newWorld(t)
	ids := map[string]bool{}
	for _, id := range w.server.names {
		ids[id] = true
	}
	kinds := map[limitKind]bool{anyRequest: true}
	for id, kind := range dearOperations {
		require.True(t, ids[id], id)
		kinds[kind] = true
	}
	names := map[string]bool{}
	for _, rule := range limitRules {
		require.False(t, names[rule.name], rule.name)
		names[rule.name] = true
		require.True(t, kinds[rule.kind], rule.name)
		require.Positive(t, float64(rule.every), rule.name)
		require.GreaterOrEqual(t, rule.burst, 6, rule.name)
	}
	for path := range unlimited {
		require.Contains(t, w.server.rules, "GET "+path)
	}
	require.NoError(t, w.server.limitCaller(nil, &domain.User{}))
}
