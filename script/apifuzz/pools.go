package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"sudi/county"
	"sudi/domain"
)

// pools are what earlier answers have told, for later requests to name.
type pools struct {
	cases    []string            // ids
	replied  []string            // ids of cases that can be rated
	by       map[string]*account // id → who registered it
	tags     map[string]string   // id → ETag
	cursors  map[string][]string
	sessions map[string]*account // id → whose it is
	tokens   []string            // of invitations
	orgs     []string
	items    []string // attested
	stated   []string // paths of those that somebody has stated
}

const mostKept = 60

func newPools() *pools {
	p := &pools{by: map[string]*account{}, tags: map[string]string{}, cursors: map[string][]string{}, sessions: map[string]*account{}}
	for _, o := range county.Organizations() {
		if o.Kind != domain.OrgVillage && o.Kind != domain.OrgVillageCommittee {
			p.orgs = append(p.orgs, o.Code)
		}
	}
	for _, item := range county.Attested() {
		p.items = append(p.items, item.Code)
	}
	slices.Sort(p.items)
	p.items = slices.Compact(p.items)[:8] // few, so that what was stated is asked for
	return p
}

func keep(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	if list = append(list, s); len(list) > mostKept {
		list = list[1:]
	}
	return list
}

// learn takes from an answer what later requests may name.
func (p *pools) learn(q *request, header http.Header, body []byte) {
	operation, id := q.op.id, q.id
	var told struct {
		ID    string `json:"id"`
		Next  string `json:"next"`
		Token string `json:"token"`
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if json.Unmarshal(body, &told) != nil {
		return
	}
	p.cursors[operation] = keep(p.cursors[operation], told.Next)
	switch operation {
	case "registerCase":
		p.cases = keep(p.cases, told.ID)
		p.by[told.ID] = q.who
		p.tags[told.ID] = header.Get("ETag")
	case "getCase", "editCase", "act", "invite", "listActions":
		if tag := header.Get("ETag"); tag != "" {
			p.tags[id] = tag
		}
		if operation == "invite" {
			p.tokens = keep(p.tokens, told.Token)
		}
	case "attest":
		p.stated = keep(p.stated, q.path)
	case "listSessions":
		for _, x := range told.Items {
			p.sessions[x.ID] = q.who
		}
	}
}

var oneOf = map[string][]any{
	"procedure": {"appeal", "appeal", "appeal", "petition", "mediation"},
	"place":     {town, "370404", "370404102201"}, "category": {"010101", "010102"}, "channel": {"window", "online", "hotline"},
	"title": {"路灯不亮", "邻里排水纠纷"}, "phone": {"19900000001"}, "identity_number": {""}, "year": {2020, 2025}, "period": {"2026", "2026-Q1", "2025-03"},
	"password": {password}, "old_password": {password}, "seq": {1, 1, 2}, "revision": {1, 1, 2}, "by": {"", "month", "township"},
	"org_code": {""}, "amount": {0, 100_00}, "persons": {1, 2}, "flags": {[]any{}, []any{"urgent"}},
	"due_before": {"2027-01-01"}, "value": {"12", "93.6"}, "signer": {"某甲"}, "source": {"台账"}, "unit": {""}, "township": {"", town},
	"indicator": {"", "appeals_received"}, "compare": {"", "year"}, "fields": {map[string]any{}}, "repeats": {""}, "derived_from": {""}, "side": {""},
	"satisfaction": {"satisfied", "dissatisfied", "basically_satisfied"}, "handler": {""}, "limit": {1, 2, 50}, "state": {""},
}

// meant makes what a name stands for in Sudi, which no schema can say.
func (f *fuzzer) meant(name string) (any, bool) {
	switch name {
	case "org", "owner", "department", "organization":
		if name == "organization" { // a flag of a party
			return false, true
		}
		return pick(f, f.known.orgs), true
	case "username":
		return "made-" + strconv.Itoa(f.rand.IntN(1_000_000)), true
	case "role":
		return nil, false
	case "id":
		if len(f.known.cases) > 0 {
			return pick(f, f.known.cases), true
		}
	case "code":
		return pick(f, f.known.items), true
	case "parties":
		if f.chance(20) {
			return nil, false
		}
		return []any{map[string]any{"role": "applicant", "name": "周某甲", "phone": "19900000001"}, map[string]any{"role": "respondent", "name": "吴某乙"}}, true
	case "date":
		return time.Now().AddDate(0, 0, -f.rand.IntN(30)).Format(time.DateOnly), true
	case "name":
		return pick(f, []any{"周某甲", "吴某乙", "郑某丙"}), true
	case "received_at":
		return time.Now().AddDate(0, 0, -f.rand.IntN(5)).Format(time.RFC3339), true
	case "from":
		return "2026-01-01", true
	case "to":
		return "2027-01-01", true
	}
	list, ok := oneOf[name]
	if !ok {
		return nil, false
	}
	return pick(f, list), true
}

// parameter makes the value of a parameter in the path, the query or a header.
func (f *fuzzer) parameter(operation, in, name string) (any, bool) {
	switch {
	case name == "id" && strings.Contains(operation, "ccount") || name == "id" && operation == "resetSecondFactor":
		if f.chance(10) {
			return uuid.NewString(), true
		}
		return pick(f, f.victims).ID, true
	case name == "session" && len(f.known.sessions) > 0:
		return pick(f, slices.Sorted(maps.Keys(f.known.sessions))), true
	case name == "id" && operation == "invite" && len(f.known.replied) > 0 && f.chance(70):
		return pick(f, f.known.replied), true
	case name == "token" && len(f.known.tokens) > 0:
		return pick(f, f.known.tokens[max(0, len(f.known.tokens)-3):]), true
	case name == "name" && in == "path":
		return pick(f, []any{"appeal", "petition", "mediation"}), true
	case name == "cursor":
		if list := f.known.cursors[operation]; len(list) > 0 {
			return pick(f, list), true
		}
		return "", true
	case name == "action":
		return pick(f, []any{"dispatch", "note", "accept", "edit", "refuse", "merge", "reply", "conclude"}), true
	}
	return nil, false
}
