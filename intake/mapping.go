package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"sudi/domain"
)

// Mapping says what the columns of a file mean and what was done about each
// case. docs/import.md teaches it.
type Mapping struct {
	Sheet     string   `yaml:"sheet"`     // xlsx: name of the sheet; "" = the first
	Header    *int     `yaml:"header"`    // row of the headings; absent = 1, 0 = there are none
	Encoding  string   `yaml:"encoding"`  // csv: "utf-8", "gb18030"; "" = found out
	Delimiter string   `yaml:"delimiter"` // csv: "" = a comma
	Procedure string   `yaml:"procedure"`
	Org       string   `yaml:"org"`   // who registers the cases; "" = the county
	Dates     []string `yaml:"dates"` // forms of dates beyond the common ones, as Go writes them

	ID      *Source            `yaml:"id"` // the file's own number of a case, by which doubles are found
	Case    CaseSources        `yaml:"case"`
	Parties []PartySources     `yaml:"parties"`
	Times   map[string]*Source `yaml:"times"` // moments that steps name; "received" must be one
	Steps   []Step             `yaml:"steps"` // what was done after the registration, in order

	file string
	tree *ast.File
}

// CaseSources says where the case's own values come from.
type CaseSources struct {
	Title     *Source   `yaml:"title"`
	Statement *Source   `yaml:"statement"`
	Class     *Source   `yaml:"class"`
	Category  *Source   `yaml:"category"`
	Place     *Source   `yaml:"place"`
	Channel   *Source   `yaml:"channel"`
	Amount    *Source   `yaml:"amount"` // yuan
	Persons   *Source   `yaml:"persons"`
	Lng       *Source   `yaml:"lng"`
	Lat       *Source   `yaml:"lat"`
	Note      *Source   `yaml:"note"` // of the registration
	Flags     []*Source `yaml:"flags"`
}

// PartySources says where one party comes from; a party of whom the row tells
// nothing is left out.
type PartySources struct {
	Role           domain.PartyRole `yaml:"role"` // "" = applicant
	Organization   bool             `yaml:"organization"`
	Name           *Source          `yaml:"name"`
	Phone          *Source          `yaml:"phone"`
	IdentityNumber *Source          `yaml:"identity_number"`
	Address        *Source          `yaml:"address"`
	OrgCode        *Source          `yaml:"org_code"`
}

// Step is an action that follows the registration.
type Step struct {
	Do     string             `yaml:"do"`
	As     domain.Role        `yaml:"as"`  // "" = clerk
	Org    string             `yaml:"org"` // where the actor works; "" = the desk for those who handle, else who registered
	At     string             `yaml:"at"`  // one of Times; the first that a row leaves empty ends its steps
	In     []string           `yaml:"in"`  // taken only if the case stands in one of these states
	Note   *Source            `yaml:"note"`
	Fields map[string]*Source `yaml:"fields"`
}

// Source says where a value comes from and how it is put right. In YAML, a
// bare text is the column.
type Source struct {
	Column    string            `yaml:"column"`    // heading, or letter
	Columns   []string          `yaml:"columns"`   // several, joined; for a category its levels
	Join      *string           `yaml:"join"`      // between several; absent = a space
	Constant  string            `yaml:"constant"`  // the same for every row
	From      string            `yaml:"from"`      // when empty: from "title" or "statement" …
	First     int               `yaml:"first"`     // … so many characters
	Default   string            `yaml:"default"`   // when still empty
	Prefix    string            `yaml:"prefix"`    // before a value that is not empty
	Space     Space             `yaml:"space"`     // what to do about white space
	Values    map[string]string `yaml:"values"`    // what the file writes → what Sudi knows
	Contains  []Words           `yaml:"contains"`  // the first whose words occur decides
	Otherwise *string           `yaml:"otherwise"` // for what neither Values nor Contains knows; absent = reject
}

// Words gives a value to texts in which one of the words occurs.
type Words struct {
	Any []string `yaml:"any"`
	Is  string   `yaml:"is"`
}

// UnmarshalYAML reads a bare text as a column.
func (s *Source) UnmarshalYAML(unmarshal func(any) error) error {
	var column string
	if unmarshal(&column) == nil {
		s.Column = column
		return nil
	}
	type plain Source
	return unmarshal((*plain)(s))
}

// maxMapping is far more than a mapping needs.
const maxMapping = 256 << 10

// Parse reads a mapping and reports every mistake with file and line. What
// depends on the procedure and the county is checked by Check.
func Parse(file string, source []byte) (*Mapping, error) {
	m := &Mapping{file: file}
	if len(source) > maxMapping {
		return nil, fmt.Errorf("%s: larger than %d KiB", file, maxMapping>>10)
	}
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
	}
	if err := yaml.UnmarshalWithOptions(source, m, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, true))
	}
	m.tree = tree
	c := &checker{m: m}
	c.shape()
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	return m, nil
}

// headerRow is the row of the headings, 0 when there are none.
func (m *Mapping) headerRow() int {
	if m.Header == nil {
		return 1
	}
	return *m.Header
}

// digest names what the mapping says; its comments and layout do not matter.
func (m *Mapping) digest() (string, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("mapping: %w", err)
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// placed is a source with its place in the mapping.
type placed struct {
	path   string
	source *Source
}

// sources lists every source of the mapping in a steady order.
func (m *Mapping) sources() []placed {
	c := &m.Case
	all := []placed{
		{"$.id", m.ID}, {"$.case.title", c.Title}, {"$.case.statement", c.Statement},
		{"$.case.class", c.Class}, {"$.case.category", c.Category}, {"$.case.place", c.Place},
		{"$.case.channel", c.Channel}, {"$.case.amount", c.Amount}, {"$.case.persons", c.Persons},
		{"$.case.lng", c.Lng}, {"$.case.lat", c.Lat}, {"$.case.note", c.Note},
	}
	for i, f := range c.Flags {
		all = append(all, placed{fmt.Sprintf("$.case.flags[%d]", i), f})
	}
	for i := range m.Parties {
		p, at := &m.Parties[i], fmt.Sprintf("$.parties[%d].", i)
		all = append(all, placed{at + "name", p.Name}, placed{at + "phone", p.Phone},
			placed{at + "identity_number", p.IdentityNumber}, placed{at + "address", p.Address}, placed{at + "org_code", p.OrgCode})
	}
	for _, name := range sortedKeys(m.Times) {
		all = append(all, placed{"$.times." + name, m.Times[name]})
	}
	for i := range m.Steps {
		s, at := &m.Steps[i], fmt.Sprintf("$.steps[%d].", i)
		all = append(all, placed{at + "note", s.Note})
		for _, name := range sortedKeys(s.Fields) {
			all = append(all, placed{at + "fields." + name, s.Fields[name]})
		}
	}
	var given []placed
	for _, p := range all {
		if p.source != nil {
			given = append(given, p)
		}
	}
	return given
}
