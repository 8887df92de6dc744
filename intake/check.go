package intake

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"sudi/domain"
	"sudi/workflow"
)

// received is the moment that every mapping must give.
const received = "received"

// checker collects what is wrong with a mapping, each with its line.
type checker struct {
	m        *Mapping
	problems []error
}

func (c *checker) fail(path, format string, args ...any) {
	line := 1
	for p := path; p != ""; p = p[:max(strings.LastIndexAny(p, ".["), 0)] {
		yp, err := yaml.PathString(p)
		if err != nil {
			continue
		}
		if node, err := yp.FilterFile(c.m.tree); err == nil && node != nil {
			line = node.GetToken().Position.Line
			break
		}
	}
	name := strings.TrimPrefix(path, "$.")
	c.problems = append(c.problems, fmt.Errorf("%s:%d: %s: %s", c.m.file, line, name, fmt.Sprintf(format, args...)))
}

// shape checks what a mapping alone can tell.
func (c *checker) shape() {
	m := c.m
	if m.Header != nil && (*m.Header < 0 || *m.Header > 100) {
		c.fail("$.header", "must be a row from 1 to 100, or 0 for none")
	}
	if !slices.Contains([]string{"", "utf-8", "gb18030"}, strings.ToLower(m.Encoding)) {
		c.fail("$.encoding", "%q is neither utf-8 nor gb18030", m.Encoding)
	}
	if m.Delimiter != "" && (utf8.RuneCountInString(m.Delimiter) != 1 || strings.ContainsAny(m.Delimiter, "\"\r\n")) {
		c.fail("$.delimiter", "must be one character")
	}
	if m.Procedure == "" {
		c.fail("$.procedure", "is missing")
	}
	for i, layout := range m.Dates {
		if !soundLayout(layout) {
			c.fail(fmt.Sprintf("$.dates[%d]", i), "%q does not write 2 January 2006, 15:04:05", layout)
		}
	}
	if m.Case.Title == nil {
		c.fail("$.case.title", "is missing")
	}
	if m.Times[received] == nil {
		c.fail("$.times.received", "is missing")
	}
	for i := range m.Steps {
		s, at := &m.Steps[i], fmt.Sprintf("$.steps[%d].", i)
		if s.Do == "" {
			c.fail(at+"do", "is missing")
		}
		if m.Times[s.At] == nil {
			c.fail(at+"at", "%q is not one of times", s.At)
		}
	}
	for i := range m.Parties {
		if m.Parties[i].Name == nil {
			c.fail(fmt.Sprintf("$.parties[%d].name", i), "is missing")
		}
	}
	for _, p := range m.sources() {
		c.source(p.path, p.source)
	}
}

// source checks one source for itself.
func (c *checker) source(path string, s *Source) {
	given := 0
	for _, is := range []bool{s.Column != "", len(s.Columns) > 0, s.Constant != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		c.fail(path, "has more than one of column, columns and constant")
	case given == 0 && s.From == "" && s.Default == "":
		c.fail(path, "needs a column, columns or a constant")
	}
	if s.From != "" && (s.From != "title" && s.From != "statement" || strings.HasSuffix(path, ".case."+s.From)) {
		c.fail(path, "from must be title or statement, and another than itself")
	}
	if s.From != "" && s.First < 1 || s.From == "" && s.First != 0 {
		c.fail(path, "from and first go together: from: statement, first: 60")
	}
	if s.From == "title" && c.m.Case.Title != nil && c.m.Case.Title.From == "statement" && path == "$.case.statement" {
		c.fail(path, "title and statement are taken from each other")
	}
	if !slices.Contains(spaces, s.Space) {
		c.fail(path, "space %q is not one of edges, line, lines, keep", s.Space)
	}
	if len(s.Values) > 0 && len(s.Contains) > 0 {
		c.fail(path, "has both values and contains")
	}
	seen := map[string]string{}
	for _, key := range sortedKeys(s.Values) {
		if other, twice := seen[fold(key)]; twice {
			c.fail(path+".values", "%q and %q are the same", other, key)
		}
		seen[fold(key)] = key
	}
	for i, w := range s.Contains {
		if len(w.Any) == 0 || slices.Contains(w.Any, "") {
			c.fail(fmt.Sprintf("%s.contains[%d]", path, i), "names no words, or an empty one")
		}
	}
}

// soundLayout reports whether a layout writes a date so that it can be read
// back.
func soundLayout(layout string) bool {
	ref := time.Date(2019, 11, 28, 13, 47, 58, 0, domain.Beijing)
	back, err := time.ParseInLocation(layout, ref.Format(layout), domain.Beijing)
	return err == nil && domain.DateIn(back) == domain.DateIn(ref)
}

// Check tells whether the mapping fits the county: its procedure, actions,
// fields, codes and organisations. Every mistake is reported with its line.
func (m *Mapping) Check(rules *workflow.Rules, today domain.Date) error {
	c := &checker{m: m}
	p, err := rules.Library.Latest(m.Procedure, today)
	if err != nil {
		c.fail("$.procedure", "%q is not a procedure", m.Procedure)
		return errors.Join(c.problems...)
	}
	if m.Org != "" && resolve(rules.Directory, m.Org, "", domain.Date{}) == "" {
		c.fail("$.org", "%q is no organisation here", m.Org)
	}
	if !slices.Contains(p.Register.By, domain.RoleClerk) {
		c.fail("$.procedure", "%s is not registered by a clerk", p.Name)
	}
	if m.Case.Class == nil && len(p.Classes) > 0 {
		c.fail("$.case.class", "is missing: one of %s", strings.Join(sortedKeys(p.Classes), ", "))
	}
	c.codes("$.case.class", m.Case.Class, sortedKeys(p.Classes))
	c.codes("$.case.channel", m.Case.Channel, texts(domain.Channels))
	for i, f := range m.Case.Flags {
		c.codes(fmt.Sprintf("$.case.flags[%d]", i), f, texts(domain.Flags))
	}
	for i := range m.Steps {
		c.step(p, i)
	}
	return errors.Join(c.problems...)
}

// codes checks that whatever a source writes itself is one of the codes.
func (c *checker) codes(path string, s *Source, known []string) {
	if s == nil {
		return
	}
	written := []string{s.Constant, s.Default}
	if s.Otherwise != nil {
		written = append(written, *s.Otherwise)
	}
	for _, k := range sortedKeys(s.Values) {
		written = append(written, s.Values[k])
	}
	for _, w := range s.Contains {
		written = append(written, w.Is)
	}
	for _, code := range written {
		if code != "" && !slices.Contains(known, code) {
			c.fail(path, "%q is not one of %s", code, strings.Join(known, ", "))
		}
	}
}

// importRoles are those in whose name an import may act: people, never the
// router or the clock.
var importRoles = append(slices.Clone(domain.StaffRoles), domain.RoleCitizen)

func (c *checker) step(p *workflow.Procedure, i int) {
	s, at := &c.m.Steps[i], fmt.Sprintf("$.steps[%d].", i)
	ts := transitions(p, s.Do)
	if len(ts) == 0 {
		c.fail(at+"do", "%q is not an action of %s", s.Do, p.Name)
		return
	}
	role := s.role()
	if !slices.Contains(importRoles, role) {
		c.fail(at+"as", "%q is not a role of people", role)
	} else if !slices.ContainsFunc(ts, func(t *workflow.Transition) bool { return slices.Contains(t.By, role) }) {
		c.fail(at+"as", "%s is not done by a %s", s.Do, role)
	}
	for _, state := range s.In {
		if p.State(state) == nil {
			c.fail(at+"in", "%q is not a state of %s", state, p.Name)
		}
	}
	asked := map[string]bool{}
	for _, t := range ts {
		for _, f := range slices.Concat(t.Needs, t.Takes) {
			asked[f] = true
		}
	}
	for _, name := range sortedKeys(s.Fields) {
		field, ok := p.Fields[name]
		switch {
		case !ok || !asked[name]:
			c.fail(at+"fields."+name, "is not asked by %s (it asks %s)", s.Do, strings.Join(sortedKeys(asked), ", "))
		case field.Type == workflow.FieldChoice:
			c.codes(at+"fields."+name, s.Fields[name], sortedKeys(field.Values))
		}
	}
}

// transitions lists every edge of an action.
func transitions(p *workflow.Procedure, action string) []*workflow.Transition {
	var ts []*workflow.Transition
	for i := range p.States {
		for _, t := range p.Transitions(&p.States[i]) {
			if t.Do == action {
				ts = append(ts, t)
			}
		}
	}
	return ts
}

func (s *Step) role() domain.Role {
	if s.As == "" {
		return domain.RoleClerk
	}
	return s.As
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
