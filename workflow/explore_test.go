package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// unlimited are the states in which a case waits though no limit runs, and why
// no law and no default of ours sets one. "procedure.state".
var unlimited = map[string]string{
	"litigation_mediation.returned": "the court that entrusted it decides whom to entrust next, or files it: no text gives it a time before filing",
	// The time for trial is the court's; once it has passed no clock of ours runs
	// until the court gives its judgment, and nobody of the county can hasten it.
	"litigation_response.served":    "the court is past its time for trial",
	"litigation_response.answered":  "the court is past its time for trial",
	"litigation_response.conciling": "the court is past its time for trial",
	"litigation_response.heard":     "the court is past its time for trial",
}

// Every abstract state that a case of a procedure can come into, by real
// decisions: each can end without the router's help, each is somebody's, in each
// that waits for work a limit runs, and every state and transition comes about.
//
// Two cases are the same when they stand in the same state and agree in all that
// a guard which can still be asked reads: that is all a decision about where a
// case goes, and which clocks run, can depend on. So nothing is sampled.
func TestExploreEveryAbstractState(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			x := newExplorer(t, rules, p)
			x.explore()
			if len(x.bare()) > 0 {
				x = newExplorer(t, rules, p)
				x.everyClock = true
				x.explore()
			}
			t.Logf("%d abstract states, %d decisions, %s", len(x.nodes), x.decisions, time.Since(begun).Round(time.Millisecond))
			x.allReached()
			x.noDeadEnd()
			x.noLimitSkipped()
		})
	}
}

// spot is an abstract state, with a case that stands for it.
type spot struct {
	key  string
	file domain.File
	now  time.Time
	from []*spot // whence people, the citizen or time lead here
	way  string  // how it was come to first
}

// explorer goes through the abstract states of a procedure, breadth first.
type explorer struct {
	t         require.TestingT
	rules     *Rules
	p         *Procedure
	now       time.Time
	nodes     map[string]*spot
	queue     []*spot
	decisions int
	touched   map[string]bool            // variables that some transition of a state of its own reads or writes
	matters   map[*Transition]bool       // transitions that may change what the key holds
	live      map[string]map[string]bool // state → variables that a guard may still read
	sorted    map[string][]string        // live, in order, and the clocks
	most      map[string]int             // bound up to which a count is told apart
	desks     bool                       // the desk decides something
	climbs    bool                       // and its place among the committees

	everyClock bool                     // clocks that no guard asks for tell cases apart too
	reached    map[string]bool          // states, and "state action"
	refused    map[string]error         // why an action was refused last
	given      map[when][]domain.Fields // what each transition may be given
}

// when is a transition at a time.
type when struct {
	t  *Transition
	at time.Time
}

func newExplorer(t require.TestingT, rules *Rules, p *Procedure) *explorer {
	x := &explorer{
		t: t, rules: rules, p: p, nodes: map[string]*spot{}, touched: map[string]bool{}, matters: map[*Transition]bool{},
		live: map[string]map[string]bool{}, most: map[string]int{}, reached: map[string]bool{}, refused: map[string]error{},
		given: map[when][]domain.Fields{},
	}
	x.slice()
	return x
}

// reads are the variables that a guard depends on. What is asked of the actor
// and the fields is tried out, and what became of another case is anybody's
// guess.
func reads(g *Guard) []string {
	var vars []string
	switch g.Name {
	case "flag":
		for _, f := range g.Args {
			vars = append(vars, "flag "+f)
		}
	case "done_below":
		vars = append(vars, "count "+g.Args[0])
	case "in_time", "overdue":
		vars = append(vars, "clock "+g.Args[0], "passing "+g.Args[0])
	case "running", "paused":
		vars = append(vars, "clock "+g.Args[0])
	case "field", "not_requester", "derived", "derived_accepted", "derived_outcome", "derived_state":
	case "class", "regime":
		vars = append(vars, g.Name)
	default:
		vars = append(vars, strings.TrimPrefix(g.String(), "not "))
	}
	return vars
}

// reading are the guards that decide about a transition, and about whether the
// clocks that it starts begin at all.
func (x *explorer) reading(t *Transition) []Guard {
	gs := t.guards()
	for _, k := range t.Starts {
		limits := x.p.Deadlines[k].Limits
		if n := len(limits); n > 0 && len(limits[n-1].If) == 0 {
			continue
		}
		for i := range limits {
			gs = append(gs, limits[i].If...)
		}
	}
	return gs
}

// writes are the variables that a transition changes.
func (x *explorer) writes(t *Transition) []string {
	var vars []string
	for _, f := range append(slices.Clone(t.Raises), t.Lowers...) {
		vars = append(vars, "flag "+string(f))
	}
	if x.p.counted[t.Do] {
		vars = append(vars, "count "+t.Do)
	}
	for name := range t.Counts {
		vars = append(vars, "count "+name)
	}
	for _, k := range slices.Concat(t.Starts, t.Ends, t.Cancels, t.Pauses, t.Resumes, t.Extends) {
		vars = append(vars, "clock "+k)
	}
	if t.Sets["class"] != "" {
		vars = append(vars, "class")
	}
	for v := range x.touched {
		name, _, _ := strings.Cut(v, " ")
		if name == "evaluated" && t.Sets["satisfaction"] != "" || name == "outcome" && (t.Outcome != "" || t.Marks[momentConcluded] == "clear") ||
			name == "amount_over" && t.Sets["amount"] != "" || (name == "desk_kind" || name == "can_escalate") && t.Desk != "" {
			vars = append(vars, v)
		}
	}
	return vars
}

// slice finds which transitions matter to where a case goes, and which variables
// may still be read from each state on. What only the actions of every state
// read and write among themselves (a supervision, a risk) is left out: it can
// neither help nor hinder.
func (x *explorer) slice() {
	p := x.p
	for i := range p.States {
		for j := range p.States[i].On {
			for _, g := range x.reading(&p.States[i].On[j]) {
				for _, v := range reads(&g) {
					x.touched[v] = true
				}
			}
		}
	}
	for i := range p.States {
		for j := range p.States[i].On {
			for _, v := range x.writes(&p.States[i].On[j]) {
				x.touched[v] = true
			}
		}
	}
	for _, v := range x.writes(&p.Register) {
		x.touched[v] = true
	}
	needed := map[string]bool{}
	for grew := true; grew; {
		grew = false
		for _, t := range p.all()[1:] {
			if x.matters[t] || t.To == "" && len(t.Opens) == 0 && !slices.ContainsFunc(x.writes(t), func(v string) bool {
				return needed[v] || strings.HasPrefix(v, "clock ") && x.touched[v]
			}) {
				continue
			}
			x.matters[t], grew = true, true
			for _, g := range x.reading(t) {
				for _, v := range reads(&g) {
					needed[v] = true
				}
			}
		}
	}
	for i := range p.States {
		s := &p.States[i]
		x.live[s.Name] = map[string]bool{}
		for _, t := range p.Transitions(s) {
			for _, g := range x.reading(t) {
				if g.Name == "done_below" {
					n, _ := strconv.Atoi(g.Args[1])
					x.most[g.Args[0]] = max(x.most[g.Args[0]], n)
				}
				x.desks = x.desks || x.matters[t] && (g.Name == "can_escalate" || g.Name == "desk_kind")
				x.climbs = x.climbs || x.matters[t] && g.Name == "can_escalate"
				for _, v := range reads(&g) {
					if x.matters[t] {
						x.live[s.Name][v] = true
					}
				}
			}
		}
	}
	x.spread()
	x.sorted = map[string][]string{"clocks of all": slices.Sorted(maps.Keys(p.Deadlines))}
	for state, vars := range x.live {
		x.sorted[state] = slices.Sorted(maps.Keys(vars))
	}
}

// spread makes what may be read from a state on live in those before it too.
func (x *explorer) spread() {
	p := x.p
	for grew := true; grew; {
		grew = false
		for i := range p.States {
			s := &p.States[i]
			for _, t := range p.Transitions(s) {
				for _, to := range p.targets(s, t) {
					for v := range x.live[to] {
						if !x.live[s.Name][v] {
							x.live[s.Name][v], grew = true, true
						}
					}
				}
			}
		}
	}
}

// key is all that may still matter of a case.
func (x *explorer) key(f *domain.File) string {
	var b strings.Builder
	fmt.Fprint(&b, f.Case.State, " ", f.Case.HeldFrom, " ", len(f.Derived) > 0)
	live := x.live[f.Case.State]
	facts := &facts{file: f, now: x.now, rules: x.rules}
	for _, v := range x.sorted[f.Case.State] {
		name, arg, _ := strings.Cut(v, " ")
		switch name {
		case "flag":
			fmt.Fprint(&b, " ", v, f.Case.Has(domain.Flag(arg)))
		case "count":
			fmt.Fprint(&b, " ", v, min(f.Case.Counts[arg], x.most[arg]))
		case "class":
			fmt.Fprint(&b, " ", f.Case.Class)
		case "regime":
			fmt.Fprint(&b, " ", f.Case.Regime)
		case "clock", "passing":
		default:
			g := Guard{Name: name, Args: strings.Fields(arg)}
			fmt.Fprint(&b, " ", v, g.holds(facts))
		}
	}
	if x.climbs {
		fmt.Fprint(&b, " ", x.rules.Directory.Get(f.Case.Desk).Kind)
	}
	for _, kind := range x.sorted["clocks of all"] {
		d := currentClock(f, kind)
		switch {
		case d == nil || !x.told(f.Case.State, kind):
		case d.EndedAt != nil && x.p.Deadlines[kind].Once:
			fmt.Fprint(&b, " ", kind, "=ended")
		case d.EndedAt != nil:
		case d.PausedAt != nil:
			fmt.Fprint(&b, " ", kind, "=paused")
		case live["passing "+kind] && passed(d, x.now):
			fmt.Fprint(&b, " ", kind, "=passed")
		default:
			fmt.Fprint(&b, " ", kind, "=open")
		}
	}
	return b.String()
}

// told reports whether a clock tells cases apart in a state: because a guard may
// ask for it, because its passing leads on or, where that does not do to prove
// that a limit always runs, because it is a limit.
func (x *explorer) told(state, kind string) bool {
	return x.touched["clock "+kind] && (x.everyClock || x.live[state]["clock "+kind] || x.p.Deadlines[kind].OnMiss != "")
}

// add notes a case that was come to from another. counts is false where the
// router, or what became of another case, was needed for it.
func (x *explorer) add(file domain.File, from *spot, how string, counts bool) {
	key := x.key(&file)
	s := x.nodes[key]
	if s == nil {
		s = &spot{key: key, file: file, now: x.now, way: how}
		if from != nil {
			s.way = from.way + ", " + how
		}
		x.nodes[key] = s
		x.queue = append(x.queue, s)
		x.reached[file.Case.State] = true
		x.mayBe(&file.Case, s.way)
	}
	if counts && !slices.Contains(s.from, from) {
		s.from = append(s.from, from)
	}
}

// mayBe wants of a case what the database wants of it too, and that it is
// somebody's.
func (x *explorer) mayBe(c *domain.Case, way string) {
	require.NotNil(x.t, x.rules.Directory.Get(c.Owner), "nobody is responsible after %s", way)
	require.NotNil(x.t, x.rules.Directory.Get(c.Desk), "it is nobody's turn after %s", way)
	result := slices.Contains(results, c.Disposition)
	require.Equal(x.t, result, c.ConcludedAt != nil, "%s and the day of its result, after %s", c.Disposition, way)
	require.True(x.t, c.AcceptedAt != nil || !result && c.Disposition != domain.Active, "%s, and never accepted, after %s", c.Disposition, way)
	require.Equal(x.t, c.Disposition == domain.Merged, c.MergedInto != nil, "%s and its master, after %s", c.Disposition, way)
	require.True(x.t, c.HeldFrom == "" || c.MergedInto != nil, "held without a master after %s", way)
	require.Equal(x.t, c.Satisfaction == "", c.EvaluatedAt == nil, "rated without a day after %s", way)
}

func (x *explorer) explore() {
	x.register()
	require.NotEmpty(x.t, x.nodes, "no case could be registered: %v", x.refused["register"])
	for ; len(x.queue) > 0; x.queue = x.queue[1:] {
		n := x.queue[0]
		x.now = n.now
		s := x.p.State(n.file.Case.State)
		if s.Final {
			continue
		}
		x.wait(n)
		for _, t := range x.p.Transitions(s) {
			if x.matters[t] || !x.reached[s.Name+" "+t.Do] {
				x.act(n, n.file, s, t)
			}
		}
	}
}

// register begins every kind of case that anything asks about.
func (x *explorer) register() {
	p := x.p
	asked := map[string][]string{"place": {villageOrg, ""}, "persons": {"1"}, "amount": {"0"}, "origin": {""}, "class": {""}, "flag": {""}, "channel": {""}, "category": {"0102"}}
	for _, gs := range x.conditions() {
		for _, g := range gs {
			switch g.Name {
			case "flag", "channel", "category":
				asked[g.Name] = append(asked[g.Name], g.Args...)
			case "persons_from":
				asked["persons"] = append(asked["persons"], g.Args[0])
			case "amount_over":
				asked["amount"] = append(asked["amount"], g.Args[0]+"1")
			case "opened_from":
				asked["origin"] = []string{"", otherCase}
			}
		}
	}
	if len(p.Classes) > 0 {
		asked["class"] = slices.Sorted(maps.Keys(p.Classes))
	}
	regimes := p.Regimes
	if len(regimes) == 0 {
		regimes = []Regime{{}}
	}
	for _, regime := range regimes {
		x.now = craftNow
		if !regime.From.IsZero() {
			x.now = regime.From.Start().Add(12 * time.Hour)
		} else if !regime.Until.IsZero() {
			x.now = regime.Until.Start().Add(12 * time.Hour)
		}
		each(asked, func(one map[string]string) {
			persons, _ := strconv.Atoi(one["persons"])
			amount, _ := strconv.ParseInt(one["amount"], 10, 64)
			in := Intake{
				Procedure: p.Name, Title: "标题", Class: one["class"], Place: one["place"], Channel: domain.Channel(one["channel"]),
				Category: one["category"], Persons: persons, Amount: amount, DerivedFrom: one["origin"], Cases: theOtherCase,
			}
			if one["flag"] != "" {
				in.Flags = []domain.Flag{domain.Flag(one["flag"])}
			}
			x.registerEverywhere(in)
		})
	}
}

// each goes through every way to choose one of each list.
func each(lists map[string][]string, visit func(one map[string]string)) {
	names := slices.Sorted(maps.Keys(lists))
	one := map[string]string{}
	var choose func(i int)
	choose = func(i int) {
		if i == len(names) {
			visit(one)
			return
		}
		seen := map[string]bool{}
		for _, v := range lists[names[i]] {
			if one[names[i]] = v; !seen[v] {
				seen[v] = true
				choose(i + 1)
			}
		}
	}
	choose(0)
}

// registerEverywhere registers a case at one organisation of each kind, and from
// outside.
func (x *explorer) registerEverywhere(in Intake) {
	for role, n := range map[domain.PartyRole]int{domain.PartyApplicant: 1, domain.PartyRespondent: 1} {
		for _, g := range x.p.Register.If {
			if g.Name == guardParties && g.Args[0] == string(role) {
				n, _ = strconv.Atoi(g.Args[1])
			}
		}
		for range n {
			in.Parties = append(in.Parties, domain.Party{Role: role, Name: "某人"})
		}
	}
	var actors []domain.Actor
	staff := slices.DeleteFunc(slices.Clone(x.p.Register.By), func(r domain.Role) bool { return !actorFor(r).Staff() })
	if len(staff) < len(x.p.Register.By) {
		actors = append(actors, citizen)
	}
	kinds := map[string]bool{}
	for _, o := range testOrgs {
		what := o[2] + " " + o[4] // its kind and what it is for, by which guards tell organisations apart
		if !kinds[what] && len(staff) > 0 {
			kinds[what] = true
			actors = append(actors, staffOf(staff[0], o[0]))
		}
	}
	for _, actor := range actors {
		for _, fields := range x.choices(&x.p.Register) {
			in.Fields = fields
			change, err := x.rules.Register(in.clone(), actor, x.now, testCase)
			x.decisions++
			if err != nil {
				x.refused["register"] = err
				continue
			}
			x.add(change.File(domain.File{}), nil, fmt.Sprintf("register %s %s by %s of %s", in.Class, in.Flags, actor.Role, actor.Org), true)
		}
	}
}

// conditions are the guards of whatever matters to where a case goes, and of the
// routes where the desk does.
func (x *explorer) conditions() [][]Guard {
	all := [][]Guard{x.reading(&x.p.Register)}
	for _, t := range x.p.all()[1:] {
		if x.matters[t] {
			all = append(all, x.reading(t))
		}
	}
	for i := range x.p.Routes {
		if x.desks {
			all = append(all, x.p.Routes[i].If)
		}
	}
	return all
}

// wait lets each running clock pass whose passing can matter, one at a time.
func (x *explorer) wait(n *spot) {
	s := x.p.State(n.file.Case.State)
	for i := range n.file.Deadlines {
		d := &n.file.Deadlines[i]
		if !d.Running() || d.MissedAt != nil {
			continue
		}
		leads := x.p.Deadlines[d.Kind].OnMiss != "" || x.live[s.Name]["passing "+d.Kind]
		var only []*Transition // which nothing but this makes possible
		for _, t := range x.p.Transitions(s) {
			if !x.reached[s.Name+" "+t.Do] && slices.ContainsFunc(t.If, func(g Guard) bool { return slices.Contains(reads(&g), "passing "+d.Kind) }) {
				only = append(only, t)
			}
		}
		if !leads && len(only) == 0 {
			continue
		}
		file := n.file
		file.Deadlines = slices.Clone(file.Deadlines)
		gone := x.now.Add(-time.Microsecond)
		file.Deadlines[i].Due, file.Deadlines[i].Nominal, file.Deadlines[i].WarnAt = gone, gone, gone
		change, ok, err := x.rules.Tick(file, x.now)
		x.decisions++
		require.NoError(x.t, err, "%s passes after %s", d.Kind, n.way)
		require.True(x.t, ok)
		for _, e := range change.Entries {
			x.reached[e.From+" "+e.Action] = true
		}
		next := change.File(file)
		if leads {
			x.add(next, n, d.Kind+" passes", true)
		}
		for _, t := range only {
			if next.Case.State == s.Name {
				x.act(n, next, s, t)
			}
		}
	}
}

// act tries a transition: by anybody who may, with every value of a field that
// something asks about, and whatever may have become of the case that was opened
// out of this one.
func (x *explorer) act(n *spot, file domain.File, s *State, t *Transition) {
	asks := slices.ContainsFunc(t.guards(), func(g Guard) bool { return strings.HasPrefix(g.Name, "derived") })
	fates := []*domain.Case{nil}
	if asks && len(file.Derived) > 0 {
		fates = x.fates(s)
	}
	for _, fate := range fates {
		if fate != nil {
			fate.Procedure = file.Derived[len(file.Derived)-1].Procedure
			file.Derived = append(slices.Clone(file.Derived[:len(file.Derived)-1]), *fate)
		}
		for _, fields := range x.choices(t) {
			if x.actWith(n, file, s, t, fields, asks) {
				break
			}
		}
	}
}

// actWith tries a transition with one set of fields. hopeless: no other fields
// could make it possible.
func (x *explorer) actWith(n *spot, file domain.File, s *State, t *Transition, fields domain.Fields, asks bool) (hopeless bool) {
	var actors []domain.Actor
	for _, role := range t.By {
		if role == domain.RoleClock {
			continue // wait lets it act
		}
		actor := actorFor(role)
		actors = append(actors, actor)
		if actor.Staff() { // his colleague, where it must be somebody else
			actor.ID += "-2"
			actors = append(actors, actor)
		}
	}
	for _, actor := range actors {
		change, err := x.rules.Step(file, Action{Name: t.Do, Actor: actor, Fields: maps.Clone(fields), Now: x.now, Cases: theOtherCase})
		x.decisions++
		if err != nil {
			require.NotEqual(x.t, domain.KindInternal, domain.KindOf(err), "%s after %s: %v", t.Do, n.way, err)
			x.refused[s.Name+" "+t.Do] = err
			if domain.KindOf(err) == domain.KindConflict && !strings.Contains(err.Error(), "not_requester") {
				return !strings.Contains(err.Error(), "no_organization")
			}
			continue
		}
		x.reached[s.Name+" "+t.Do] = true
		next := change.File(file)
		x.add(next, n, t.Do, !asks && actor.Role != domain.RoleRouter)
		if x.matters[t] {
			return false
		}
		for _, u := range x.p.Transitions(s) { // what only this made possible
			if !x.reached[s.Name+" "+u.Do] {
				x.act(n, next, s, u)
			}
		}
		return false
	}
	return false
}

// fates are all that may become of an opened case, as far as a state asks.
func (x *explorer) fates(s *State) []*domain.Case {
	words := map[string][]string{"derived": {string(domain.Pending)}, "derived_accepted": {""}, "derived_outcome": {""}, "derived_state": {""}}
	for i := range s.On {
		for _, g := range s.On[i].guards() {
			if g.Name == "derived_accepted" {
				words[g.Name] = []string{"", "yes"}
			} else if _, speaks := words[g.Name]; speaks {
				words[g.Name] = append(words[g.Name], g.Args...)
			}
			if g.Name == "derived" && g.Not { // what it is not, it must be able to be
				words[g.Name] = append(words[g.Name], string(domain.Withdrawn))
			}
		}
	}
	var fates []*domain.Case
	each(words, func(one map[string]string) {
		c := domain.Case{Disposition: domain.Disposition(one["derived"]), Outcome: one["derived_outcome"], State: one["derived_state"]}
		if one["derived_accepted"] != "" {
			c.AcceptedAt = &x.now
		}
		fates = append(fates, &c)
	})
	return fates
}

// choices are the transition's fields, thought out once.
func (x *explorer) choices(t *Transition) []domain.Fields {
	w := when{t, x.now}
	if x.given[w] == nil {
		x.given[w] = x.fields(t)
	}
	return x.given[w]
}

// fields are what a transition may be given: what it needs, with each value of
// each field that a guard, an opening, a count or the case's class depends on.
func (x *explorer) fields(t *Transition) []domain.Fields {
	untils, asked := map[string]bool{}, map[string]bool{}
	for _, k := range t.Starts {
		untils[x.p.Deadlines[k].Until] = true
	}
	base := domain.Fields{}
	value := func(name string) any {
		f := x.p.Fields[name]
		if f.Type != FieldDate {
			return aValue(f, false)
		}
		if untils[name] {
			return domain.DateIn(x.now).AddDays(9).String()
		}
		return domain.DateIn(x.now).String()
	}
	for _, name := range t.Needs {
		base[name] = value(name)
	}
	for _, name := range t.Takes {
		if x.p.Fields[name].Type == FieldOrganizations { // whom a partner's actions are for
			base[name] = value(name)
		}
	}
	gs := t.guards()
	for _, k := range t.Starts {
		for i := range x.p.Deadlines[k].Limits {
			gs = append(gs, x.p.Deadlines[k].Limits[i].If...)
		}
	}
	for _, g := range gs {
		if g.Name == guardField && (slices.Contains(t.Needs, g.Args[0]) || slices.Contains(t.Takes, g.Args[0])) {
			asked[g.Args[0]] = true
		}
	}
	for _, g := range t.If {
		if g.Name == guardField {
			x.please(base, &g, value)
		}
	}
	asked[t.Sets["class"]] = true
	asked[fieldName(t.Outcome)] = slices.ContainsFunc(x.conditions(), func(gs []Guard) bool {
		return slices.ContainsFunc(gs, func(g Guard) bool { return g.Name == "outcome" })
	})
	all := []domain.Fields{base}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		f, known := x.p.Fields[name]
		if !known || !asked[name] {
			continue
		}
		values := []any{value(name)}
		if f.Type == FieldBool {
			values = []any{true, false}
		}
		for _, v := range slices.Sorted(maps.Keys(f.Values)) {
			values = append(values, v)
		}
		for _, v := range values {
			if fmt.Sprint(v) != fmt.Sprint(base[name]) {
				other := maps.Clone(base)
				other[name] = v
				all = append(all, other)
			}
		}
	}
	return all
}

// please gives a field the value that a guard wants.
func (x *explorer) please(fields domain.Fields, g *Guard, value func(string) any) {
	name, f := g.Args[0], x.p.Fields[g.Args[0]]
	switch {
	case len(g.Args) == 1 && g.Not:
		delete(fields, name)
	case len(g.Args) == 1:
		fields[name] = value(name)
	case f.Type == FieldBool:
		fields[name] = (g.Args[1] == "true") != g.Not
	case !g.Not:
		fields[name] = g.Args[1]
	default:
		for _, v := range slices.Sorted(maps.Keys(f.Values)) {
			if !slices.Contains(g.Args[1:], v) {
				fields[name] = v
			}
		}
	}
}

// allReached wants every state and every transition to come about.
func (x *explorer) allReached() {
	for i := range x.p.States {
		s := &x.p.States[i]
		assert.True(x.t, x.reached[s.Name], "no case can ever stand in %s", s.Name)
		for _, t := range x.p.Transitions(s) {
			assert.True(x.t, x.reached[s.Name+" "+t.Do], "%s can never be done in %s: %v", t.Do, s.Name, x.refused[s.Name+" "+t.Do])
		}
	}
}

// noDeadEnd wants a way to a final state from everywhere, without the router and
// whatever becomes of a case that was opened.
func (x *explorer) noDeadEnd() {
	ends := map[*spot]bool{}
	var queue []*spot
	for _, n := range x.nodes {
		if x.p.State(n.file.Case.State).Final {
			queue = append(queue, n)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		if n := queue[0]; n != nil && !ends[n] {
			ends[n] = true
			queue = append(queue, n.from...)
		}
	}
	stuck := map[string]*spot{}
	for _, n := range x.nodes {
		if shortest := stuck[n.file.Case.State]; !ends[n] && (shortest == nil || len(n.way) < len(shortest.way)) {
			stuck[n.file.Case.State] = n
		}
	}
	for state, n := range stuck {
		assert.Fail(x.t, "a dead end", "in %s a case cannot end, after %s\n%s", state, n.way, n.key)
	}
}

// bare are the states in which somebody is to accept or to work while no limit
// with its article runs or stands still, with the shortest way there.
func (x *explorer) bare() map[string]*spot {
	bare := map[string]*spot{}
	for _, n := range x.nodes {
		c := &n.file.Case
		if c.Disposition != domain.Pending && c.Disposition != domain.Active || slices.ContainsFunc(n.file.Deadlines, func(d domain.Deadline) bool {
			return d.EndedAt == nil && d.Basis != "" && x.told(c.State, d.Kind)
		}) {
			continue
		}
		if first := bare[c.State]; first == nil || len(n.way) < len(first.way) {
			bare[c.State] = n
		}
	}
	return bare
}

// noLimitSkipped wants a limit wherever none is excused, and no excuse for more.
func (x *explorer) noLimitSkipped() {
	bare := x.bare()
	for state, n := range bare {
		assert.Contains(x.t, unlimited, x.p.Name+"."+state, "no limit runs after %s", n.way)
	}
	for name := range unlimited {
		if state, ours := strings.CutPrefix(name, x.p.Name+"."); ours {
			assert.Contains(x.t, bare, state, "a limit runs in %s at all times: it needs no excuse", name)
		}
	}
}

const holesYAML = `
name: holes
version: 1
title: {zh: 洞, en: Holes}
number: HO
basis: [洞法]
deadlines:
  act: {title: {zh: 办, en: Act}, roll: none, limits: [{limit: 5 days, article: 洞法 1}]}
register: {do: register, title: {zh: 登记, en: Register}, by: [clerk], to: open, starts: [act]}
states:
  - name: open
    title: {zh: 在办, en: Open}
    turn: desk
    disposition: pending
    on:
      - {do: begin, title: {zh: 开始, en: Begin}, by: [clerk], to: begun, marks: {accepted: now}, ends: [act]}
      - {do: refuse, title: {zh: 不办, en: Refuse}, by: [clerk], to: refused, ends: [act]}
  - name: begun
    title: {zh: 办理中, en: Begun}
    turn: desk
    disposition: active
    on:
      - {do: finish, title: {zh: 办结, en: Finish}, by: [clerk], if: [in_time act], to: done, marks: {concluded: now}, ends: [act]}
  - {name: done, title: {zh: 完, en: Done}, disposition: concluded, final: true}
  - {name: refused, title: {zh: 不予办理, en: Refused}, disposition: not_accepted, final: true}
`

// failures collects what an explorer finds.
type failures struct{ found []string }

func (f *failures) Errorf(format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf(format, args...))
}

func (f *failures) FailNow() { panic("the explorer gave up") }

// What the compiler's proofs, which know no guards, let pass: a state that
// nobody can leave, one that nobody can reach, and work without a limit.
func TestExplorerFindsHoles(t *testing.T) {
	lib, err := LoadLibrary(fstest.MapFS{"holes.yaml": {Data: []byte(holesYAML)}})
	require.NoError(t, err)
	rules := *theRules(t)
	rules.Library = lib
	holes := &failures{}
	x := newExplorer(holes, &rules, lib.All()[0])
	x.explore()
	x.allReached()
	x.noDeadEnd()
	x.noLimitSkipped()
	all := strings.Join(holes.found, "\n")
	for _, want := range []string{
		"no case can ever stand in done", "finish can never be done in begun", "in begun a case cannot end", "no limit runs after register",
	} {
		require.Contains(t, all, want)
	}
	require.Len(t, holes.found, 4)
}
