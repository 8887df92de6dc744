package workflow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"sudi/domain"
)

// Common holds what every procedure shares.
type Common struct {
	Fields   map[string]Field `yaml:"fields"`
	Anywhere []Transition     `yaml:"anywhere"`
}

// Compile reads a procedure and proves that it holds together. Every mistake
// is reported, with file and line.
func Compile(file string, source []byte, common Common) (*Procedure, []error) {
	var p Procedure
	if errs := decodeStrict(file, source, &p); len(errs) > 0 {
		return nil, errs
	}
	for name, f := range common.Fields {
		if p.Fields == nil {
			p.Fields = map[string]Field{}
		}
		if _, own := p.Fields[name]; !own {
			p.Fields[name] = f
		}
	}
	own := len(p.Anywhere)
	p.Anywhere = append(p.Anywhere, common.Anywhere...)
	p.states = make(map[string]*State, len(p.States))
	for i := range p.States {
		p.states[p.States[i].Name] = &p.States[i]
	}
	p.counted = map[string]bool{}
	for _, t := range p.all() {
		for _, g := range t.If {
			if g.Name == "done_below" && len(g.Args) > 0 {
				p.counted[g.Args[0]] = true
			}
		}
	}
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, []error{fmt.Errorf("%s: %w", file, err)}
	}
	c := &compiler{p: &p, file: file, tree: tree}
	c.head()
	c.fields()
	c.clocks()
	c.transition("$.register", nil, &p.Register)
	for i := range p.States {
		c.state(fmt.Sprintf("$.states[%d]", i), &p.States[i])
	}
	for i := range p.Anywhere[:own] {
		c.transition(fmt.Sprintf("$.anywhere[%d]", i), nil, &p.Anywhere[i])
	}
	c.routes()
	if len(c.problems) == 0 { // the walks below need sound names
		c.reachability()
		c.clocksUsed()
	}
	return &p, c.problems
}

// decodeStrict refuses unknown keys.
func decodeStrict(file string, source []byte, v any) []error {
	if err := yaml.UnmarshalWithOptions(source, v, yaml.Strict()); err != nil {
		return []error{fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))}
	}
	return nil
}

// compiler collects what is wrong with one procedure.
type compiler struct {
	p        *Procedure
	file     string
	tree     *ast.File
	problems []error
}

// fail reports a problem at the line of a YAML path.
func (c *compiler) fail(path, format string, args ...any) {
	line := 0
	if yp, err := yaml.PathString(path); err == nil {
		if node, err := yp.FilterFile(c.tree); err == nil && node != nil {
			line = node.GetToken().Position.Line
		}
	}
	c.problems = append(c.problems, fmt.Errorf("%s:%d: %s", c.file, line, fmt.Sprintf(format, args...)))
}

func (c *compiler) title(path string, t domain.Text) {
	if t.ZH == "" || t.EN == "" {
		c.fail(path, "needs a title in zh and in en")
	}
}

func (c *compiler) head() {
	p := c.p
	if p.Name == "" {
		c.fail("$", "has no name")
	}
	if p.Version < 1 {
		c.fail("$", "version must be 1 or more")
	}
	if len(p.Number) < 2 || strings.ToUpper(p.Number) != p.Number {
		c.fail("$", "number must be two or more capital letters")
	}
	if len(p.Basis) == 0 {
		c.fail("$", "names no legal basis")
	}
	c.title("$.title", p.Title)
	for name, t := range p.Classes {
		c.title("$.classes."+name, t)
	}
	for name, t := range p.Outcomes {
		c.title("$.outcomes."+name, t)
	}
	for i, r := range p.Regimes {
		c.title(fmt.Sprintf("$.regimes[%d]", i), r.Title)
		if i > 0 && p.Regimes[i-1].Until.AddDays(1) != r.From {
			c.fail(fmt.Sprintf("$.regimes[%d]", i), "does not begin on the day after the regime before ends")
		}
	}
}

var fieldTypes = []FieldType{FieldText, FieldChoice, FieldDate, FieldAmount, FieldNumber, FieldBool, FieldOrganization, FieldUser, FieldCase}

func (c *compiler) fields() {
	for name, f := range c.p.Fields {
		path := "$.fields." + name
		c.title(path, f.Title)
		if !slices.Contains(fieldTypes, f.Type) {
			c.fail(path, "unknown field type %q", f.Type)
		}
		if (f.Type == FieldChoice) != (len(f.Values) > 0) {
			c.fail(path, "a choice, and nothing else, lists its values")
		}
		for v, t := range f.Values {
			c.title(path+".values."+v, t)
		}
	}
}

func (c *compiler) clocks() {
	for name, k := range c.p.Deadlines {
		path := "$.deadlines." + name
		c.title(path, k.Title)
		if k.Roll != domain.RollNext && k.Roll != domain.RollNone {
			c.fail(path, "roll must be next or none")
		}
		switch k.From {
		case "", "now", "received", "accepted", "concluded":
		default:
			if f, ok := c.p.Fields[k.From]; !ok || f.Type != FieldDate {
				c.fail(path, "counts from %q, which is neither a moment nor a date field", k.From)
			}
		}
		if len(k.Limits) == 0 {
			c.fail(path, "has no limit")
		}
		for i, l := range k.Limits {
			at := fmt.Sprintf("%s.limits[%d]", path, i)
			if l.Period.IsZero() {
				c.fail(at, "has no length")
			}
			if l.Article == "" {
				c.fail(at, "names no article; write [D] for a default without a source")
			}
			c.guards(at, l.If)
		}
		if k.OnMiss != "" && !c.clockMay(k.OnMiss) {
			c.fail(path, "on_miss names %q, which the clock may take nowhere", k.OnMiss)
		}
	}
}

func (c *compiler) clockMay(action string) bool {
	return slices.ContainsFunc(c.p.all(), func(t *Transition) bool { return t.Do == action && t.allows(domain.RoleClock) })
}

func (c *compiler) state(path string, s *State) {
	c.title(path, s.Title)
	if s.Name == "" || c.p.states[s.Name] != s {
		c.fail(path, "state %q is unnamed or stands here twice", s.Name)
	}
	if !slices.Contains(domain.Dispositions, s.Disposition) {
		c.fail(path, "unknown disposition %q", s.Disposition)
	}
	switch {
	case s.Final && len(s.On) > 0:
		c.fail(path, "final state %s has a way out", s.Name)
	case !s.Final && !slices.Contains([]Turn{TurnDesk, TurnOwner, TurnAny}, s.Turn):
		c.fail(path, "nobody is responsible in state %s: turn must be desk, owner or any", s.Name)
	}
	seen := map[string]bool{}
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
			c.fail(path, "route names %q, which the router may not take here", s.Route)
		}
	}
}

// systemRoles may stand in a transition beside the roles of staff.
var systemRoles = []domain.Role{domain.RoleCitizen, domain.RoleRouter, domain.RoleClock}

func (c *compiler) transition(path string, s *State, t *Transition) {
	if t.Do == "" {
		c.fail(path, "has no action (do)")
	}
	c.title(path, t.Title)
	if len(t.By) == 0 {
		c.fail(path, "%s can be taken by nobody", t.Do)
	}
	for _, r := range t.By {
		if !slices.Contains(domain.StaffRoles, r) && !slices.Contains(systemRoles, r) {
			c.fail(path, "unknown role %q", r)
		}
	}
	if s == nil && path == "$.register" && t.To == "" || t.To != "" && c.p.State(t.To) == nil {
		c.fail(path, "%s leads to %q, which is no state", t.Do, t.To)
	}
	c.guards(path, t.If)
	for _, name := range append(slices.Clone(t.Needs), t.Takes...) {
		if _, ok := c.p.Fields[name]; !ok {
			c.fail(path, "%s asks for field %q, which is not declared", t.Do, name)
		}
	}
	c.target(path, t, t.Desk)
	c.target(path, t, t.Owner)
	c.outcome(path, t)
	for moment, when := range t.Marks {
		if !slices.Contains([]string{"accepted", "concluded", "closed"}, moment) {
			c.fail(path, "marks unknown moment %q", moment)
		}
		if when != "now" && when != "clear" && !c.asks(t, when, FieldDate) {
			c.fail(path, "marks %s at %q, which is neither now, clear nor a date field that it asks for", moment, when)
		}
	}
	for attribute, name := range t.Sets {
		if !slices.Contains(settable, attribute) {
			c.fail(path, "sets %q, which is no attribute that an action may set", attribute)
		}
		if !slices.Contains(t.Needs, name) && !slices.Contains(t.Takes, name) {
			c.fail(path, "sets %s from field %q, which it does not ask for", attribute, name)
		}
	}
	for _, flag := range append(slices.Clone(t.Raises), t.Lowers...) {
		if !slices.Contains(domain.Flags, flag) {
			c.fail(path, "unknown flag %q", flag)
		}
	}
	for _, list := range [][]string{t.Starts, t.Ends, t.Cancels, t.Pauses, t.Resumes, t.Extends} {
		for _, k := range list {
			if _, ok := c.p.Deadlines[k]; !ok {
				c.fail(path, "unknown deadline %q", k)
			}
		}
	}
	for _, k := range t.Extends {
		if c.p.Deadlines[k].Extend == nil {
			c.fail(path, "extends %s, which says nothing about extensions", k)
		}
	}
}

// settable are the case attributes that a transition's sets may name.
var settable = []string{"settled", "satisfaction", "resolved", "handler", "merged_into", "class", "category"}

func (c *compiler) asks(t *Transition, field string, typ FieldType) bool {
	return (slices.Contains(t.Needs, field) || slices.Contains(t.Takes, field)) && c.p.Fields[field].Type == typ
}

func (c *compiler) outcome(path string, t *Transition) {
	if t.Outcome == "" {
		return
	}
	if name, isField := strings.CutPrefix(t.Outcome, "field "); isField {
		if !slices.Contains(t.Needs, name) {
			c.fail(path, "takes its outcome from field %q, which it does not need", name)
		}
		for v := range c.p.Fields[name].Values {
			if _, ok := c.p.Outcomes[v]; !ok {
				c.fail(path, "field %s offers %q, which is no outcome", name, v)
			}
		}
		return
	}
	if _, ok := c.p.Outcomes[t.Outcome]; !ok {
		c.fail(path, "unknown outcome %q", t.Outcome)
	}
}

func (c *compiler) guards(path string, gs []Guard) {
	for _, g := range gs {
		kind, ok := guardKinds[g.Name]
		if !ok {
			c.fail(path, "unknown guard %q", g.Name)
			continue
		}
		if len(g.Args) < kind.least || kind.most >= 0 && len(g.Args) > kind.most {
			c.fail(path, "guard %q has %d arguments", g.String(), len(g.Args))
			continue
		}
		for i, arg := range g.Args {
			if i > 0 && (kind.refers == "field" || kind.refers == "action") {
				break
			}
			if kind.refers != "" && !c.exists(kind.refers, arg) {
				c.fail(path, "guard %q names unknown %s %q", g.String(), kind.refers, arg)
			}
		}
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
	case "class":
		_, ok = c.p.Classes[name]
	case "outcome":
		_, ok = c.p.Outcomes[name]
	case "regime":
		ok = slices.ContainsFunc(c.p.Regimes, func(r Regime) bool { return r.Code == name })
	case "flag":
		ok = slices.Contains(domain.Flags, domain.Flag(name))
	case "action":
		ok = c.p.knows(name)
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
		}
		c.target(path, t, Target(fallback))
	case !slices.Contains(orgKinds, domain.OrgKind(first)):
		c.fail(path, "unknown target %q", target)
	}
}

// routes checks that the decision table always decides and never twice.
func (c *compiler) routes() {
	p := c.p
	uses := slices.ContainsFunc(p.all(), func(t *Transition) bool {
		return strings.Contains(string(t.Desk), "route") || strings.Contains(string(t.Owner), "route")
	})
	if uses && (len(p.Routes) == 0 || len(p.Routes[len(p.Routes)-1].If) > 0) {
		c.fail("$.routes", "the last route must have no condition, so that every case goes somewhere")
	}
	seen := map[string]bool{}
	for i, r := range p.Routes {
		path := fmt.Sprintf("$.routes[%d]", i)
		c.title(path, r.Why)
		c.guards(path, r.If)
		c.target(path, nil, r.To)
		key := fmt.Sprint(r.If, r.To)
		if seen[key] {
			c.fail(path, "repeats an earlier route")
		}
		seen[key] = true
	}
}

// reachability proves that every state can be reached and every state that is
// not final can end.
func (c *compiler) reachability() {
	reached := c.walk([]string{c.p.Register.To}, func(from, to string) (string, string) { return from, to })
	var finals []string
	for i := range c.p.States {
		if c.p.States[i].Final {
			finals = append(finals, c.p.States[i].Name)
		}
	}
	ends := c.walk(finals, func(from, to string) (string, string) { return to, from })
	for i := range c.p.States {
		s := &c.p.States[i]
		path := fmt.Sprintf("$.states[%d]", i)
		if !reached[s.Name] {
			c.fail(path, "state %s can never be reached", s.Name)
		}
		if !ends[s.Name] {
			c.fail(path, "a case in state %s can never end", s.Name)
		}
	}
}

// walk gives the states reachable from some, along edges as dir turns them.
func (c *compiler) walk(start []string, dir func(from, to string) (string, string)) map[string]bool {
	edges := map[string][]string{}
	for i := range c.p.States {
		s := &c.p.States[i]
		for _, t := range c.p.Transitions(s) {
			if t.To != "" {
				a, b := dir(s.Name, t.To)
				edges[a] = append(edges[a], b)
			}
		}
	}
	seen := map[string]bool{}
	for queue := start; len(queue) > 0; queue = queue[1:] {
		if s := queue[0]; !seen[s] {
			seen[s] = true
			queue = append(queue, edges[s]...)
		}
	}
	return seen
}

// clocksUsed proves that every limit is started somewhere, and can be met.
func (c *compiler) clocksUsed() {
	started, ended := map[string]bool{}, map[string]bool{}
	for _, t := range c.p.all() {
		for _, k := range t.Starts {
			started[k] = true
		}
		for _, k := range append(slices.Clone(t.Ends), t.Cancels...) {
			ended[k] = true
		}
	}
	for name, k := range c.p.Deadlines {
		if !started[name] {
			c.fail("$.deadlines."+name, "is started nowhere")
		}
		if !ended[name] && k.OnMiss == "" {
			c.fail("$.deadlines."+name, "can never be met")
		}
	}
}

// all lists every transition of the procedure.
func (p *Procedure) all() []*Transition {
	ts := []*Transition{&p.Register}
	for i := range p.States {
		for j := range p.States[i].On {
			ts = append(ts, &p.States[i].On[j])
		}
	}
	for i := range p.Anywhere {
		ts = append(ts, &p.Anywhere[i])
	}
	return ts
}

// knows reports whether any transition has this action.
func (p *Procedure) knows(action string) bool {
	return slices.ContainsFunc(p.all(), func(t *Transition) bool { return t.Do == action })
}
