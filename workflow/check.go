package workflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sudi/domain"
)

func (c *compiler) state(path string, s *State) {
	c.title(path, s.Title)
	c.name(path, "state", s.Name)
	if c.p.states[s.Name] != s {
		c.fail(path, "state %q stands here a second time", s.Name)
	}
	if !slices.Contains(domain.Dispositions, s.Disposition) {
		c.fail(path+".disposition", "state %s has unknown disposition %q", s.Name, s.Disposition)
	}
	switch {
	case s.Final && len(s.On) > 0:
		c.fail(path, "final state %s has a way out", s.Name)
	case !s.Final && !slices.Contains(turns, s.Turn):
		c.fail(path, "nobody is responsible in state %s: turn must be desk, owner or any", s.Name)
	}
	seen := map[string]bool{}
	for i := range c.p.Anywhere {
		seen[c.p.Anywhere[i].Do] = !s.Final
	}
	for i := range s.On {
		t := &s.On[i]
		at := fmt.Sprintf("%s.on[%d]", path, i)
		if seen[t.Do] {
			c.fail(at, "state %s has two transitions for %s", s.Name, t.Do)
		}
		seen[t.Do] = true
		c.transition(at, s, t)
	}
	if s.Route != "" {
		t := c.p.find(s, s.Route)
		if t == nil || !t.allows(domain.RoleRouter) {
			c.fail(path+".route", "route names %q, which the router may not take in state %s", s.Route, s.Name)
		} else if !c.p.counted[s.Route] { // what the sweeper knows of the router's work
			c.fail(path+".route", "the router takes %q once: guard it by done_below", s.Route)
		}
	}
}

var turns = []Turn{TurnDesk, TurnOwner, TurnAny, TurnInvolved, TurnPartner}

// systemRoles may stand in a transition beside the roles of staff.
var systemRoles = []domain.Role{domain.RoleCitizen, domain.RoleRouter, domain.RoleClock}

// everywhere checks a transition that every state has.
func (c *compiler) everywhere(path string, t *Transition) {
	c.transition(path, nil, t)
	if t.To != "" {
		c.fail(path+".to", "%s may be taken anywhere, so it may not lead elsewhere", t.Do)
	}
}

func (c *compiler) transition(path string, s *State, t *Transition) {
	c.name(path, "action", t.Do)
	c.title(path, t.Title)
	c.who(path, t)
	if s == nil && path == "$.register" && t.To == "" || t.To != "" && c.p.State(t.To) == nil && (t.To != previous || s == nil || !s.Hold) {
		c.fail(path+".to", "%s leads to %q, which is no state", t.Do, t.To)
	}
	c.guards(path+".if", t.If)
	c.asked(path, t)
	c.target(path+".desk", t, t.Desk)
	c.target(path+".owner", t, t.Owner)
	for i, target := range t.Partners {
		c.partner(fmt.Sprintf("%s.partners[%d]", path, i), t, target)
	}
	for name, gs := range t.Counts {
		c.name(path+".counts."+name, "count", name)
		c.guards(path+".counts."+name, gs)
	}
	for i, o := range t.Opens {
		c.opening(fmt.Sprintf("%s.opens[%d]", path, i), t, &o, i == len(t.Opens)-1)
	}
	c.outcome(path+".outcome", t)
	c.marks(path+".marks", t)
	c.sets(path+".sets", t)
	for flag, gs := range t.RaisesIf {
		c.guards(path+".raises_if."+string(flag), gs)
	}
	for _, flag := range t.flags() {
		if !slices.Contains(domain.Flags, flag) {
			c.fail(path, "%s: unknown flag %q", t.Do, flag)
		}
	}
	for _, event := range append(slices.Clone(t.Papers), t.event()) {
		c.name(path, "event or paper", event)
	}
	for _, list := range []struct {
		name   string
		clocks []string
	}{{"starts", t.Starts}, {"ends", t.Ends}, {"cancels", t.Cancels}, {"pauses", t.Pauses}, {"resumes", t.Resumes}, {"extends", t.Extends}} {
		for _, k := range list.clocks {
			if _, ok := c.p.Deadlines[k]; !ok {
				c.fail(path+"."+list.name, "%s %s unknown deadline %q", t.Do, list.name, k)
			}
		}
	}
	if pauses := slices.DeleteFunc(slices.Clone(t.Pauses), func(k string) bool { return c.p.Deadlines[k].Duty != domain.DutyConclude }); len(pauses) > 1 {
		c.fail(path+".pauses", "%s pauses %s, which both measure the duty to conclude: its days would count twice", t.Do, strings.Join(pauses, " and "))
	}
	for _, k := range t.Extends {
		if clock, ok := c.p.Deadlines[k]; ok && clock.Extend == nil {
			c.fail(path+".extends", "%s extends %s, which says nothing about extensions", t.Do, k)
		}
	}
}

func (c *compiler) who(path string, t *Transition) {
	if len(t.By) == 0 {
		c.fail(path, "%s can be taken by nobody", t.Do)
	}
	for _, r := range t.By {
		if !slices.Contains(domain.StaffRoles, r) && !slices.Contains(systemRoles, r) {
			c.fail(path+".by", "%s: unknown role %q", t.Do, r)
		}
	}
	if t.At != "" && t.At != TurnRegistrar && !slices.Contains(turns, t.At) {
		c.fail(path+".at", "%s: at must be desk, owner, any, involved, partner or registrar", t.Do)
	}
	if (t.allows(domain.RoleRouter) || t.allows(domain.RoleClock)) &&
		(len(t.Needs) > 0 || slices.ContainsFunc(t.If, Guard.reads)) {
		c.fail(path, "%s is taken by the system, which fills in no fields", t.Do)
	}
}

// opening checks what can be checked without the procedure that is opened.
func (c *compiler) opening(path string, t *Transition, o *Opening, last bool) {
	c.guards(path+".if", o.If)
	c.name(path+".procedure", "procedure", o.Procedure)
	if len(o.If) == 0 && !last {
		c.fail(path, "the openings after this one, which has no condition, never come about")
	}
	if o.Channel != "" && !slices.Contains(domain.Channels, o.Channel) {
		c.fail(path+".channel", "unknown channel %q", o.Channel)
	}
	for _, own := range o.Fields {
		if !slices.Contains(t.Needs, own) && !slices.Contains(t.Takes, own) {
			c.fail(path+".fields", "%s passes on field %q, which it does not ask for", t.Do, own)
		}
	}
}

// partner checks a target of partners, which may be a list that was left out.
func (c *compiler) partner(path string, t *Transition, target Target) {
	if name, ok := target.field(); ok {
		if !c.asks(t, name, FieldOrganization) && !c.asks(t, name, FieldOrganizations) {
			c.fail(path, "names partners by field %q, which is no organisation that %s asks for", name, t.Do)
		}
		return
	}
	c.target(path, t, target)
}

// asked checks the fields that a transition asks for and those its guards read.
func (c *compiler) asked(path string, t *Transition) {
	all := append(slices.Clone(t.Needs), t.Takes...)
	for i, name := range all {
		list := ".needs"
		if i >= len(t.Needs) {
			list = ".takes"
		}
		if _, ok := c.p.Fields[name]; !ok {
			c.fail(path+list, "%s asks for field %q, which is not declared", t.Do, name)
		}
		if slices.Contains(all[:i], name) {
			c.fail(path+list, "%s asks twice for field %q", t.Do, name)
		}
	}
	for _, g := range t.guards() {
		if !subset(g.fields(), all) {
			c.fail(path+".if", "guard %q reads a field that %s does not ask for", g.String(), t.Do)
		}
	}
	if slices.Contains(all, extensionDays) && (len(t.Extends) == 0 || c.p.Fields[extensionDays].Type != FieldNumber) {
		c.fail(path, "%s asks for %s, a number, and extends nothing", t.Do, extensionDays)
	}
}

// subset reports whether every one of some names stands in a list.
func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(name string) bool { return !slices.Contains(all, name) })
}

func (c *compiler) marks(path string, t *Transition) {
	for moment, when := range t.Marks {
		at := path + "." + moment
		if !slices.Contains([]string{momentAccepted, momentConcluded, momentClosed}, moment) {
			c.fail(at, "%s marks unknown moment %q", t.Do, moment)
		}
		laws, rest := when.laws()
		for _, law := range laws {
			if !c.exists("regime", law) {
				c.fail(at, "%s marks %s under unknown regime %q", t.Do, moment, law)
			}
		}
		if rest == markLapse && !slices.Equal(t.By, []domain.Role{domain.RoleClock}) {
			c.fail(at, "%s marks %s when a limit passed, and is not the clock's", t.Do, moment)
		}
		for _, field := range when.fields() {
			if !c.asks(t, field, FieldDate) {
				c.fail(at, "%s marks %s at %q, which is neither now, clear nor a date field that it asks for", t.Do, moment, field)
			}
		}
	}
}

// settable are the case attributes that a transition's sets may name, with
// the field types that fit.
var settable = map[string][]FieldType{
	"settled": {FieldAmount}, "satisfaction": {FieldChoice}, "resolved": {FieldBool}, "handler": {FieldUser},
	"merged_into": {FieldCase}, "repeats": {FieldCase}, "class": {FieldChoice}, "amount": {FieldAmount},
}

func (c *compiler) sets(path string, t *Transition) {
	for attribute, name := range t.Sets {
		at := path + "." + attribute
		types, ok := settable[attribute]
		switch {
		case !ok:
			c.fail(at, "%s sets %q, which is no attribute that an action may set", t.Do, attribute)
		case name == "actor" && attribute == "handler":
		case !slices.Contains(t.Needs, name) && !slices.Contains(t.Takes, name):
			c.fail(at, "%s sets %s from field %q, which it does not ask for", t.Do, attribute, name)
		case !slices.Contains(types, c.p.Fields[name].Type):
			c.fail(at, "%s sets %s from field %q, which is of another type", t.Do, attribute, name)
		}
	}
}

func (c *compiler) asks(t *Transition, field string, typ FieldType) bool {
	return (slices.Contains(t.Needs, field) || slices.Contains(t.Takes, field)) && c.p.Fields[field].Type == typ
}

func (c *compiler) outcome(path string, t *Transition) {
	if t.Outcome == "" {
		return
	}
	if name, isField := strings.CutPrefix(t.Outcome, "field "); isField {
		if !slices.Contains(t.Needs, name) {
			c.fail(path, "%s takes its outcome from field %q, which it does not need", t.Do, name)
		}
		for v := range c.p.Fields[name].Values {
			if _, ok := c.p.Outcomes[v]; !ok {
				c.fail(path, "field %s offers %q, which is no outcome", name, v)
			}
		}
		return
	}
	if _, ok := c.p.Outcomes[t.Outcome]; !ok {
		c.fail(path, "%s: unknown outcome %q", t.Do, t.Outcome)
	}
}

func (c *compiler) guards(path string, gs []Guard) {
	for i, g := range gs {
		at := fmt.Sprintf("%s[%d]", path, i)
		kind, ok := guardKinds[g.Name]
		if !ok {
			c.fail(at, "unknown guard %q", g.Name)
			continue
		}
		if len(g.Args) < kind.least || kind.most >= 0 && len(g.Args) > kind.most {
			c.fail(at, "guard %q has %d arguments", g.String(), len(g.Args))
			continue
		}
		for i, arg := range g.Args {
			refers := kind.refers
			if i > 0 {
				refers = behind(refers, g.Args[0], i)
			}
			if refers != "" && !c.exists(refers, arg) {
				c.fail(at, "guard %q names unknown %s %q", g.String(), strings.Replace(refers, "dates", "date", 1), arg)
			}
		}
		for _, law := range g.Under {
			if !c.exists("regime", law) {
				c.fail(at, "guard %q names unknown regime %q", g.String(), law)
			}
		}
		if kind.refers == "date" {
			if _, err := domain.ParsePeriod(strings.Join(g.Args[1:], " ")); err != nil {
				c.fail(at, "guard %q: %v", g.String(), err)
			}
		}
	}
}

// behind is what a guard's argument at i, which is not its first, names.
func behind(refers, first string, i int) string {
	switch {
	case refers == "field":
		return "value of " + first
	case refers == "date":
		return "" // of a period, which is read as a whole
	case refers == "action", refers == "party" && i == 1:
		return "number"
	case refers == "dates" && i == 1:
		return "dates"
	case refers == "dates" && i == 2:
		return "number"
	case refers == "party" && i == 2, refers == "dates" && i == 3:
		return "word"
	case refers == "party", refers == "dates":
		return "class"
	default:
		return refers
	}
}

// exists reports whether a guard's argument names something real.
func (c *compiler) exists(what, name string) bool {
	ok := true
	switch what {
	case "clock":
		_, ok = c.p.Deadlines[name]
	case "field":
		_, ok = c.p.Fields[name]
	case "date", "dates":
		ok = c.p.Fields[name].Type == FieldDate
	case "class":
		_, ok = c.p.Classes[name]
	case "outcome":
		_, ok = c.p.Outcomes[name]
	case "regime":
		ok = slices.ContainsFunc(c.p.Regimes, func(r Regime) bool { return r.Code == name })
	case "flag":
		ok = slices.Contains(domain.Flags, domain.Flag(name))
	case "channel":
		ok = slices.Contains(domain.Channels, domain.Channel(name))
	case "action":
		ok = c.p.knows(name) || slices.ContainsFunc(c.p.all(), func(t *Transition) bool { _, counts := t.Counts[name]; return counts })
	case "disposition":
		ok = slices.Contains(domain.Dispositions, domain.Disposition(name))
	case "kind":
		ok = slices.Contains(orgKinds, domain.OrgKind(name))
	case "party":
		ok = name == anyParty || slices.Contains(partyRoles, domain.PartyRole(name))
	case "word":
		ok = name == "unless"
	case "number", "digits":
		n, err := strconv.ParseInt(name, 10, 64)
		ok = err == nil && n >= 0
	default:
		field, _ := strings.CutPrefix(what, "value of ")
		if f := c.p.Fields[field]; f.Type == FieldChoice {
			_, ok = f.Values[name]
		} else if f.Type == FieldBool {
			ok = name == "true" || name == "false"
		}
	}
	return ok
}

// orgKinds are the kinds that a target may name.
var orgKinds = []domain.OrgKind{
	domain.OrgCounty, domain.OrgCitizensCentre, domain.OrgPetitionBureau, domain.OrgJusticeBureau, domain.OrgCourt,
	domain.OrgPublicSecurity, domain.OrgDepartment, domain.OrgTownship, domain.OrgTownshipCentre, domain.OrgTownshipOffice,
	domain.OrgPoliceStation, domain.OrgVillage, domain.OrgVillageCommittee, domain.OrgTownshipCommittee,
	domain.OrgIndustryCommittee, domain.OrgEnterpriseCommittee, domain.OrgServiceCentre,
}

func (c *compiler) target(path string, t *Transition, target Target) {
	first, rest, _ := strings.Cut(string(target), " ")
	switch {
	case target == "", slices.Contains([]string{"owner", "desk", "registrar", "route", "escalate"}, string(target)):
	case first == "field":
		name, fallback, _ := strings.Cut(rest, " or ")
		if t == nil || !c.asks(t, name, FieldOrganization) {
			c.fail(path, "hands over to field %q, which is no organisation that it asks for", name)
		} else if fallback == "" && !slices.Contains(t.Needs, name) {
			c.fail(path, "hands over to field %q, which may be left out", name)
		}
		c.target(path, t, Target(fallback))
	case !slices.Contains(orgKinds, domain.OrgKind(first)):
		c.fail(path, "unknown target %q", target)
	}
}

// routes checks that the decision table always decides and has no dead row.
func (c *compiler) routes() {
	p := c.p
	uses := slices.ContainsFunc(p.all(), func(t *Transition) bool {
		return strings.Contains(string(t.Desk), "route") || strings.Contains(string(t.Owner), "route")
	})
	if uses && (len(p.Routes) == 0 || len(p.Routes[len(p.Routes)-1].If) > 0) {
		c.fail("$.routes", "the last route must have no condition, so that every case goes somewhere")
	}
	for i, r := range p.Routes {
		path := fmt.Sprintf("$.routes[%d]", i)
		c.title(path+".why", r.Why)
		c.guards(path+".if", r.If)
		c.target(path+".to", nil, r.To)
		if r.To == "" || strings.HasPrefix(string(r.To), "route") {
			c.fail(path, "the route leads nowhere")
		}
		for _, before := range p.Routes[:i] {
			if before.To == r.To && impliedBy(before.If, r.If) {
				c.fail(path, "an earlier route to %s takes every case that this one would", r.To)
				break
			}
		}
	}
}

// fallbacks checks who is told of risks, and who takes a case in place of those
// that it complains of.
func (c *compiler) fallbacks() {
	for i, t := range c.p.Alerts {
		c.target(fmt.Sprintf("$.alerts[%d]", i), nil, t)
	}
	for i, t := range c.p.Instead {
		c.target(fmt.Sprintf("$.instead[%d]", i), nil, t)
	}
}

// impliedBy reports whether every guard of the first list stands in the second.
func impliedBy(some, all []Guard) bool {
	for _, g := range some {
		if !slices.ContainsFunc(all, func(h Guard) bool { return h.String() == g.String() }) {
			return false
		}
	}
	return true
}
