package workflow

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
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
	Alerts   []Target         `yaml:"alerts"`
	Instead  []Target         `yaml:"instead"`
}

// Compile reads a procedure and proves that it holds together. Every mistake
// is reported, with file and line, in the order of the lines.
func Compile(file string, text []byte, common Common) (*Procedure, []error) {
	return compile(source{file: file, text: text}, nil, common)
}

// compile reads a procedure that may take the rest from the file that it is
// like, nil for none.
func compile(own source, model *source, common Common) (*Procedure, []error) {
	var p Procedure
	c := &compiler{p: &p, file: own.file}
	if !c.fill(c.complete(own, model), &p) {
		return nil, c.errors()
	}
	before := len(p.Anywhere)
	p.file = own.file
	p.adopt(common)
	c.head()
	c.fields()
	c.clocks()
	c.transition("$.register", nil, &p.Register)
	for i := range p.States {
		c.state(fmt.Sprintf("$.states[%d]", i), &p.States[i])
	}
	for i := range p.Anywhere[:before] {
		c.everywhere(fmt.Sprintf("$.anywhere[%d]", i), &p.Anywhere[i])
	}
	c.routes()
	c.fallbacks()
	if len(c.problems) == 0 { // the proofs need sound names
		c.prove(before)
	}
	if len(c.problems) > 0 {
		return nil, c.errors()
	}
	return &p, nil
}

// CompileCommon reads what every procedure shares.
func CompileCommon(file string, text []byte) (Common, []error) {
	var common Common
	c := &compiler{p: &Procedure{}, file: file}
	if !c.fill(c.parse(text), &common) {
		return common, c.errors()
	}
	c.p.adopt(common)
	c.fields()
	for i := range common.Anywhere {
		c.everywhere(fmt.Sprintf("$.anywhere[%d]", i), &common.Anywhere[i])
	}
	c.fallbacks()
	return common, c.errors()
}

// adopt adds what is common to all procedures, and the indexes.
func (p *Procedure) adopt(common Common) {
	if p.Fields == nil {
		p.Fields = map[string]Field{}
	}
	for name, f := range common.Fields {
		if _, own := p.Fields[name]; !own {
			p.Fields[name] = f
		}
	}
	p.Anywhere = append(p.Anywhere, common.Anywhere...)
	if p.Alerts == nil {
		p.Alerts = common.Alerts
	}
	if p.Instead == nil {
		p.Instead = common.Instead
	}
	p.states = make(map[string]*State, len(p.States))
	for i := range p.States {
		if s := &p.States[i]; p.states[s.Name] == nil {
			p.states[s.Name] = s
		}
	}
	p.counted, p.opened = map[string]bool{}, map[string]bool{}
	p.governed = map[domain.Flag]bool{domain.FlagSupervised: true, domain.FlagSimplified: true}
	for _, t := range p.all() {
		for i := range t.Opens {
			p.opened[t.Opens[i].Procedure] = true
		}
		for _, flag := range t.flags() {
			p.governed[flag] = true
		}
		for _, g := range t.guards() {
			if g.Name == "done_below" && len(g.Args) > 0 {
				p.counted[g.Args[0]] = true
			}
		}
	}
}

// compiler collects what is wrong with one file.
type compiler struct {
	p        *Procedure
	file     string
	lines    map[string]int // of each YAML path
	problems []problem

	likeness // what the file is like, if it is like any
}

type problem struct {
	line int
	text string
}

// parse reads a file as a tree, nil when it cannot be read as one.
func (c *compiler) parse(text []byte) ast.Node {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		c.unreadable(err)
		return nil
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		c.at(1, "is empty")
		return nil
	}
	return tree.Docs[0].Body
}

// fill fills v from a tree; false when that cannot be done. A key that v does
// not know is a problem, but does not keep it from being read.
func (c *compiler) fill(tree ast.Node, v any) bool {
	c.lines = map[string]int{"$": 1}
	if tree == nil || !c.shape(tree, reflect.TypeOf(v).Elem(), "$") {
		return false
	}
	if err := yaml.NodeToValue(tree, v); err != nil {
		c.unreadable(err)
		return false
	}
	return true
}

func (c *compiler) unreadable(err error) {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		c.at(at.GetToken().Position.Line, "%s", at.GetMessage())
		return
	}
	c.at(1, "%v", err)
}

// fail reports a problem at the line of a YAML path, or of what holds it.
func (c *compiler) fail(path, format string, args ...any) {
	for c.lines[path] == 0 {
		path = path[:max(strings.LastIndexAny(path, ".["), 1)]
	}
	c.at(c.lines[path], format, args...)
}

func (c *compiler) at(line int, format string, args ...any) {
	line, where := c.blame(line)
	c.problems = append(c.problems, problem{line, fmt.Sprintf(format, args...) + where})
}

func (c *compiler) errors() []error {
	slices.SortStableFunc(c.problems, func(a, b problem) int { return a.line - b.line })
	var errs []error
	for _, p := range slices.Compact(c.problems) {
		errs = append(errs, fmt.Errorf("%s:%d: %s", c.file, p.line, p.text))
	}
	return errs
}

// nameShape is what names look like: they become parts of event subjects.
var nameShape = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *compiler) name(path, what, name string) {
	if !nameShape.MatchString(name) {
		c.fail(path, "%s %q is not named in small letters", what, name)
	}
}

func (c *compiler) title(path string, t domain.Text) {
	if t.ZH == "" || t.EN == "" {
		c.fail(path, "needs a title in zh and in en")
	}
}

func (c *compiler) head() {
	p := c.p
	c.name("$.name", "procedure", p.Name)
	if p.Version < 1 {
		c.fail("$.version", "version must be 1 or more")
	}
	if len(p.Number) < 2 || strings.ToUpper(p.Number) != p.Number {
		c.fail("$.number", "number must be two or more capital letters")
	}
	if len(p.Basis) == 0 {
		c.fail("$.basis", "names no legal basis")
	}
	c.title("$.title", p.Title)
	for name, t := range p.Classes {
		c.name("$.classes."+name, "class", name)
		c.title("$.classes."+name, t)
	}
	for name, t := range p.Outcomes {
		c.name("$.outcomes."+name, "outcome", name)
		c.title("$.outcomes."+name, t)
	}
	for i, r := range p.Regimes {
		path := fmt.Sprintf("$.regimes[%d]", i)
		c.title(path, r.Title)
		if i > 0 && p.Regimes[i-1].Until.AddDays(1) != r.From {
			c.fail(path, "does not begin on the day after the regime before ends")
		}
	}
}

var fieldTypes = []FieldType{FieldText, FieldChoice, FieldDate, FieldAmount, FieldNumber, FieldBool, FieldOrganization, FieldOrganizations, FieldUser, FieldCase}

func (c *compiler) fields() {
	for name, f := range c.p.Fields {
		path := "$.fields." + name
		if c.lines[path] == 0 { // it stands in the common file
			continue
		}
		c.name(path, "field", name)
		c.title(path, f.Title)
		if !slices.Contains(fieldTypes, f.Type) {
			c.fail(path+".type", "unknown field type %q", f.Type)
		}
		if (f.Type == FieldChoice) != (len(f.Values) > 0) {
			c.fail(path, "field %s: a choice, and nothing else, lists its values", name)
		}
		for v, t := range f.Values {
			c.name(path+".values."+v, "value", v)
			c.title(path+".values."+v, t)
		}
	}
}

func (c *compiler) clocks() {
	for name, k := range c.p.Deadlines {
		path := "$.deadlines." + name
		c.name(path, "deadline", name)
		c.title(path, k.Title)
		if k.Roll != domain.RollNext && k.Roll != domain.RollNone {
			c.fail(path+".roll", "deadline %s: roll must be next or none", name)
		}
		switch k.From {
		case "", "now", "received", momentAccepted, momentConcluded:
		default:
			c.dateField(path+".from", "counts from", k.From)
		}
		if k.Until != "" {
			c.dateField(path+".until", "ends on", k.Until)
		}
		if len(k.Limits) == 0 {
			c.fail(path, "deadline %s has no limit", name)
		}
		for i, l := range k.Limits {
			c.limit(fmt.Sprintf("%s.limits[%d]", path, i), &l, i == len(k.Limits)-1)
		}
		if k.Duty != "" && !slices.Contains(domain.Duties, k.Duty) {
			c.fail(path+".duty", "deadline %s: duty must be respond, accept, conclude or perform", name)
		}
		if k.Duty != "" && k.OnMiss != "" {
			c.fail(path+".duty", "deadline %s is somebody's time to act, which is no duty of the county's", name)
		}
		if k.OnMiss != "" && !c.clockMay(k.OnMiss) {
			c.fail(path+".on_miss", "on_miss names %q, which the clock may take nowhere", k.OnMiss)
		}
	}
}

func (c *compiler) dateField(path, what, field string) {
	if f, ok := c.p.Fields[field]; !ok || f.Type != FieldDate {
		c.fail(path, "%s %q, which is neither a moment nor a date field", what, field)
	}
}

func (c *compiler) limit(path string, l *Limit, last bool) {
	if l.Period.IsZero() {
		c.fail(path, "the limit has no length")
	}
	if l.Article == "" {
		c.fail(path, "the limit names no article; write [D] for a default without a source")
	}
	if len(l.If) == 0 && !last {
		c.fail(path, "the limits after this one, which has no condition, never hold")
	}
	c.guards(path+".if", l.If)
}

func (c *compiler) clockMay(action string) bool {
	return slices.ContainsFunc(c.p.all(), func(t *Transition) bool { return t.Do == action && t.allows(domain.RoleClock) })
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

// knows reports whether any transition but the registration has this action.
func (p *Procedure) knows(action string) bool {
	return slices.ContainsFunc(p.all()[1:], func(t *Transition) bool { return t.Do == action })
}
