package api

import (
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"sudi/domain"
)

// limitKind is what requests are told apart by, for limits.
type limitKind string

// The kinds of request that a limit can be on; every request is of the first.
const (
	anyRequest limitKind = "any"
	aSearch    limitKind = "search" // finds people and cases by words
	anExport   limitKind = "export" // gives many cases, or a document that takes long to make
	anAudit    limitKind = "audit"  // reads the audit log
	aSignIn    limitKind = "signin" // leaves a row behind before anybody is known
)

// dearOperations are those that are of a kind of their own, by id.
var dearOperations = map[string]limitKind{
	"similarCases": aSearch, "exportLedger": anExport, "getAnnualDocument": anExport, "listAudit": anAudit,
	"signInProvider": aSignIn,
}

// unlimited are the routes that machines ask for, which say whether Sudi is
// well: they must answer when it is not.
var unlimited = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// limitOwner is whose requests are counted together.
type limitOwner int

const (
	ofAddress limitOwner = iota // an IPv4 address, or an IPv6 network of 64 bits
	ofAccount
	ofOrganization
)

// limitRule lets an owner send burst requests of a kind at once, and every more.
type limitRule struct {
	name  string // for the metric
	owner limitOwner
	kind  limitKind
	every rate.Limit // a second
	burst int
}

// limitRules are asked from above to below, and the first that refuses ends it:
// an account that has had its share takes none of its organisation's. They are
// wide: a clerk sends some ten requests for a page and a town hall's clerks may
// share an address. What they stop is programs.
var limitRules = []limitRule{
	{"address", ofAddress, anyRequest, 100, 300},
	{"address_sign_in", ofAddress, aSignIn, 1, 60},

	{"account", ofAccount, anyRequest, 20, 60},
	{"account_search", ofAccount, aSearch, 2, 20},
	{"account_export", ofAccount, anExport, perMinute(6), 6},
	{"account_audit", ofAccount, anAudit, 2, 20},

	{"organization", ofOrganization, anyRequest, 200, 600},
	{"organization_search", ofOrganization, aSearch, 20, 200},
	{"organization_export", ofOrganization, anExport, perMinute(30), 30},
}

// perMinute is a rate by the minute.
func perMinute(n float64) rate.Limit { return rate.Limit(n / 60) }

// mostOwners are remembered by each rule; beyond them the one that was quiet
// longest is forgotten, and begins with a full burst again.
const mostOwners = 20_000

// limits are the rules at work. They live in memory, in each process by itself;
// a restart forgives.
type limits struct {
	rules []*ownersLimit
	now   func() time.Time
}

// ownersLimit is a rule with what each owner has left.
type ownersLimit struct {
	limitRule
	mu     sync.Mutex
	owners *simplelru.LRU[string, *rate.Limiter] // the quiet ones first
}

func newLimits(now func() time.Time) (*limits, error) {
	l := &limits{now: now}
	for _, rule := range limitRules {
		owners, err := simplelru.NewLRU[string, *rate.Limiter](mostOwners, nil)
		if err != nil {
			return nil, err
		}
		l.rules = append(l.rules, &ownersLimit{limitRule: rule, owners: owners})
	}
	return l, nil
}

// take counts a request of an owner, or says how long it must wait instead; then
// it is not counted.
func (l *ownersLimit) take(owner string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left, ok := l.owners.Get(owner)
	if !ok {
		left = rate.NewLimiter(l.every, l.burst)
		l.owners.Add(owner, left)
	}
	turn := left.ReserveN(now, 1)
	if wait = turn.DelayFrom(now); wait > 0 {
		turn.CancelAt(now)
	}
	for { // who has everything again is as good as new
		quiet, full, ok := l.owners.GetOldest()
		if !ok || full.TokensAt(now) < float64(l.burst) {
			return wait
		}
		l.owners.Remove(quiet)
	}
}

// limit asks the rules of some owners whether they have a request of these
// kinds left; an owner without a name has no limit.
func (s *server) limit(owners map[limitOwner]string, kinds ...limitKind) error {
	if s.NoLimits {
		return nil
	}
	now := s.limits.now()
	for _, rule := range s.limits.rules {
		owner := owners[rule.owner]
		if owner == "" || !slices.Contains(kinds, rule.kind) {
			continue
		}
		if wait := rule.take(owner, now); wait > 0 {
			s.metrics.refusals.WithLabelValues(rule.name).Inc()
			return &protocolError{http.StatusTooManyRequests, "too_many_requests", int(math.Ceil(wait.Seconds()))}
		}
	}
	return nil
}

// limitAddress holds what comes from one address to its limit, before anything
// is asked of the database. The desk channel's requests have no address.
func (s *server) limitAddress(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		_, desk := fromDesk(c.Request().Context())
		if !desk && !unlimited[c.Path()] {
			owner := networkOf(requestOf(c.Request().Context()).Caller.IP)
			if err := s.limit(map[limitOwner]string{ofAddress: owner}, s.kindsOf(c)...); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// limitCaller holds an account and its organisation to their limits. guard asks
// it as soon as it knows who calls, so that refusals, each of which leaves an
// audit record, count too.
func (s *server) limitCaller(c echo.Context, user *domain.User) error {
	if user.ID == "" {
		return nil
	}
	return s.limit(map[limitOwner]string{ofAccount: user.ID, ofOrganization: user.Org}, s.kindsOf(c)...)
}

// kindsOf are those that a request is of.
func (s *server) kindsOf(c echo.Context) []limitKind {
	if kind, dear := dearOperations[s.names[c.Request().Method+" "+c.Path()]]; dear {
		return []limitKind{anyRequest, kind}
	}
	if c.QueryParam("q") != "" {
		return []limitKind{anyRequest, aSearch}
	}
	return []limitKind{anyRequest}
}
