package intake

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"sudi/domain"
	"sudi/workflow"
)

// plan is a mapping bound to one file and one county: everything needed to
// turn a row into a decision.
type plan struct {
	m          *Mapping
	rules      *workflow.Rules
	procedure  *workflow.Procedure
	categories *categoryIndex
	columns    map[*Source][]int
	header     []string
	now        time.Time // of the run: nothing may lie after it
	org        string    // who registers
	within     string    // organisation that bounds the import, "" for none
	importID   string
	base1904   bool
}

// bind checks a mapping against the county and the file's headings.
func bind(o *Options, header []string) (*plan, error) {
	rules, today := o.Engine.Rules(), domain.DateIn(o.Engine.Now())
	if err := o.Mapping.Check(rules, today); err != nil {
		return nil, err
	}
	procedure, err := rules.Library.Latest(o.Mapping.Procedure, today)
	if err != nil {
		return nil, err
	}
	p := &plan{
		m: o.Mapping, rules: rules, procedure: procedure, categories: indexCategories(o.Categories),
		columns: map[*Source][]int{}, header: header, now: o.Engine.Now(),
		org: resolve(rules.Directory, o.Mapping.Org, "", domain.Date{}), within: o.Actor.Org,
	}
	if p.within != "" && !rules.Directory.Within(p.org, p.within) {
		return nil, domain.Errorf(domain.KindForbidden, "org_out_of_scope", p.org)
	}
	if err := p.bindColumns(); err != nil {
		return nil, err
	}
	return p, nil
}

// bindColumns finds the column of every source by its heading, or by its
// letter.
func (p *plan) bindColumns() error {
	c := &checker{m: p.m}
	byName := map[string][]int{}
	for i, h := range p.header {
		byName[fold(h)] = append(byName[fold(h)], i)
	}
	for _, at := range p.m.sources() {
		names := at.source.Columns
		if at.source.Column != "" {
			names = []string{at.source.Column}
		}
		for _, name := range names {
			found := byName[fold(name)]
			switch {
			case len(found) == 1:
				p.columns[at.source] = append(p.columns[at.source], found[0])
			case len(found) > 1:
				c.fail(at.path, "the file has %d columns %q: name one by its letter", len(found), name)
			case columnLetter.MatchString(name):
				n, err := excelize.ColumnNameToNumber(name)
				if err != nil {
					c.fail(at.path, "%q is no column", name)
				}
				p.columns[at.source] = append(p.columns[at.source], n-1)
			default:
				c.fail(at.path, "the file has no column %q; it has %s", name, someNames(p.header))
			}
		}
	}
	return errors.Join(c.problems...)
}

// Of a file whose lines are not told apart the headings are all that it holds.
const (
	maxNames = 20
	maxName  = 40
)

// someNames lists headings for a message, but not without end.
func someNames(header []string) string {
	var names []string
	for _, h := range header[:min(len(header), maxNames)] {
		h = SpaceLine.apply(h)
		if short := first(h, maxName); short != h {
			h = short + "…"
		}
		names = append(names, h)
	}
	if more := len(header) - maxNames; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

var columnLetter = regexp.MustCompile(`^[A-Z]{1,3}$`)

// columnOf names the column of a source, for reasons.
func (p *plan) columnOf(s *Source) string {
	if s == nil || len(p.columns[s]) == 0 {
		return ""
	}
	i := p.columns[s][0]
	if i < len(p.header) {
		return strings.TrimSpace(p.header[i])
	}
	name, err := excelize.ColumnNumberToName(i + 1)
	if err != nil {
		return strconv.Itoa(i + 1)
	}
	return name
}

// raw gives the cells of a source with their white space put right.
func (p *plan) raw(s *Source, cells []string) []string {
	var out []string
	for _, i := range p.columns[s] {
		text := ""
		if i < len(cells) {
			text = s.Space.apply(cells[i])
		}
		out = append(out, text)
	}
	return out
}

// told reports whether the row itself tells something about a source.
func (p *plan) told(s *Source, cells []string) bool {
	return s != nil && !blankRow(p.raw(s, cells))
}

// value gives a source's value for a row; code says what is wrong with it.
func (p *plan) value(s *Source, cells []string) (text, code string) {
	if s == nil {
		return "", ""
	}
	text = s.Constant
	if len(p.columns[s]) > 0 {
		text = s.join(p.raw(s, cells))
	}
	if blank(text) && s.From != "" {
		from := p.m.Case.Statement
		if s.From == "title" {
			from = p.m.Case.Title
		}
		if from != nil && from.From == "" {
			other, _ := p.value(from, cells)
			text = first(SpaceLine.apply(other), s.First)
		}
	}
	if blank(text) {
		text = s.Default
	} else if text, code = s.translate(text); code != "" {
		return "", code
	}
	if s.Prefix != "" && text != "" {
		text = s.Prefix + text
	}
	return text, ""
}

func (s *Source) join(parts []string) string {
	var given []string
	for _, part := range parts {
		if part != "" {
			given = append(given, part)
		}
	}
	between := " "
	if s.Join != nil {
		between = *s.Join
	}
	return strings.Join(given, between)
}

// translate turns what the file writes into what Sudi knows.
func (s *Source) translate(text string) (value, code string) {
	switch {
	case len(s.Values) > 0:
		for from, to := range s.Values {
			if fold(from) == fold(text) {
				return to, ""
			}
		}
	case len(s.Contains) > 0:
		for _, w := range s.Contains {
			for _, word := range w.Any {
				if strings.Contains(fold(text), fold(word)) {
					return w.Is, ""
				}
			}
		}
	default:
		return text, ""
	}
	if s.Otherwise == nil {
		return "", CodeNotListed
	}
	return *s.Otherwise, ""
}
