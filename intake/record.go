package intake

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sudi/domain"
	"sudi/workflow"
)

// record is one row as the mapping understands it.
type record struct {
	row    int
	cells  []string
	id     string
	idHash [16]byte
	intake workflow.Intake
	steps  []call
	wrong  Reason
}

// call is a step with the values of one row.
type call struct {
	step   *Step
	at     Moment
	fields domain.Fields
	note   string
}

func (r *record) fail(field, code, column string) {
	r.wrong = append(r.wrong, Problem{Field: field, Code: code, Column: column})
}

// read understands a row; whatever is wrong with it is said at once.
func (p *plan) read(row int, cells []string) *record {
	r := &record{row: row, cells: cells}
	c := &p.m.Case
	r.id = p.text(r, "id", p.m.ID)
	if r.id != "" {
		sum := sha256.Sum256([]byte(fold(r.id)))
		r.idHash = [16]byte(sum[:16])
	}
	r.intake = workflow.Intake{
		Procedure: p.m.Procedure,
		Title:     p.text(r, "title", c.Title), Statement: p.text(r, "statement", c.Statement),
		Class: p.text(r, "class", c.Class), Category: p.category(r), Place: p.text(r, "place", c.Place),
		Channel: domain.Channel(p.text(r, "channel", c.Channel)), Note: p.text(r, "note", c.Note),
		Amount: p.amount(r, "amount", c.Amount), Persons: p.number(r, "persons", c.Persons),
		Lng: p.decimal(r, "lng", c.Lng), Lat: p.decimal(r, "lat", c.Lat),
		Source: fmt.Sprintf("import:%s:%d", p.importID, row),
	}
	for _, s := range c.Flags {
		if f := p.text(r, "flags", s); f != "" {
			r.intake.Flags = append(r.intake.Flags, domain.Flag(f))
		}
	}
	for i := range p.m.Parties {
		p.party(r, i)
	}
	p.times(r)
	return r
}

// text gives a source's value and notes what is wrong with it.
func (p *plan) text(r *record, field string, s *Source) string {
	text, code := p.value(s, r.cells)
	if code != "" {
		r.fail(field, code, p.columnOf(s))
	}
	return text
}

// category finds the category by its code or by the names of its levels.
func (p *plan) category(r *record) string {
	s := p.m.Case.Category
	if s == nil {
		return ""
	}
	levels := p.raw(s, r.cells)
	if len(levels) == 0 || len(s.Contains) > 0 || s.From != "" {
		levels = []string{p.text(r, "category", s)}
	}
	named := strings.Trim(strings.Join(levels, "/"), "/")
	for from, to := range s.Values {
		if fold(from) == fold(named) {
			return to
		}
	}
	if blankRow(levels) {
		return s.Default
	}
	if code := p.categories.find(levels); code != "" {
		return code
	}
	if s.Otherwise == nil {
		r.fail("category", "category_unknown", p.columnOf(s))
		return ""
	}
	return *s.Otherwise
}

var decimalForm = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,9})?$`)

// amount reads yuan and gives fen.
func (p *plan) amount(r *record, field string, s *Source) int64 {
	text := fold(p.text(r, field, s))
	if text == "" {
		return 0
	}
	text = strings.TrimSuffix(strings.TrimLeft(strings.ReplaceAll(text, ",", ""), "￥¥"), "元")
	text, tenThousands := strings.CutSuffix(text, "万")
	if !decimalForm.MatchString(text) || strings.HasPrefix(text, "-") {
		r.fail(field, CodeNotAmount, p.columnOf(s))
		return 0
	}
	places := 2
	if tenThousands {
		places += 4
	}
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > places {
		r.fail(field, CodeNotAmount, p.columnOf(s))
		return 0
	}
	fen, _ := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64) // at most 18 digits
	return fen
}

func (p *plan) number(r *record, field string, s *Source) int {
	text := strings.TrimRight(fold(p.text(r, field, s)), "人名户次")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		r.fail(field, CodeNotNumber, p.columnOf(s))
	}
	return n
}

func (p *plan) decimal(r *record, field string, s *Source) *float64 {
	text := fold(p.text(r, field, s))
	if text == "" {
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !decimalForm.MatchString(text) && len(text) > 20 {
		r.fail(field, CodeNotNumber, p.columnOf(s))
		return nil
	}
	return &f
}

// party adds a party of whom the row tells something.
func (p *plan) party(r *record, i int) {
	from := &p.m.Parties[i]
	told := false
	for _, s := range []*Source{from.Name, from.Phone, from.IdentityNumber, from.Address, from.OrgCode} {
		told = told || p.told(s, r.cells) || s != nil && s.Constant != ""
	}
	if !told {
		return
	}
	at := fmt.Sprintf("parties.%d.", i)
	party := domain.Party{
		Role: from.Role, Organization: from.Organization,
		Name: p.text(r, at+"name", from.Name), Phone: p.text(r, at+"phone", from.Phone),
		IdentityNumber: p.text(r, at+"identity_number", from.IdentityNumber), Address: p.text(r, at+"address", from.Address),
	}
	if name := p.text(r, at+"org_code", from.OrgCode); name != "" {
		if party.OrgCode = resolve(p.rules.Directory, name, r.intake.Place, domain.DateIn(p.now)); party.OrgCode == "" {
			r.fail(at+"org_code", "organization_unknown", p.columnOf(from.OrgCode))
		}
	}
	r.intake.Parties = append(r.intake.Parties, party)
}

// field reads a step's field in the type that the procedure gives it.
func (p *plan) field(r *record, name string, s *Source, at Moment) any {
	switch p.procedure.Fields[name].Type {
	case workflow.FieldBool:
		return p.truth(r, name, s)
	case workflow.FieldNumber:
		if !p.told(s, r.cells) && s.Constant == "" && s.Default == "" {
			return nil
		}
		return p.number(r, name, s)
	case workflow.FieldAmount:
		if !p.told(s, r.cells) && s.Constant == "" && s.Default == "" {
			return nil
		}
		return p.amount(r, name, s)
	case workflow.FieldDate:
		if m, ok := p.moment(r, name, s); ok {
			return domain.DateIn(m.Time).String()
		}
		return nil
	case workflow.FieldOrganization:
		text := p.text(r, name, s)
		if text == "" {
			return nil
		}
		code := resolve(p.rules.Directory, text, r.intake.Place, domain.DateIn(at.Time))
		if code == "" {
			r.fail(name, "organization_unknown", p.columnOf(s))
		}
		return code
	default:
		return p.text(r, name, s)
	}
}

func (p *plan) truth(r *record, name string, s *Source) any {
	switch fold(p.text(r, name, s)) {
	case "":
		return nil
	case "是", "有", "已", "true", "yes", "y", "1", "√":
		return true
	case "否", "无", "未", "false", "no", "n", "0", "×":
		return false
	default:
		r.fail(name, CodeNotTruth, p.columnOf(s))
		return nil
	}
}

// moment reads a date; ok is false for none and for one that cannot be read.
func (p *plan) moment(r *record, name string, s *Source) (Moment, bool) {
	text := p.text(r, name, s)
	if blank(text) {
		return Moment{}, false
	}
	m, ok := ReadDate(text, p.m.Dates, p.base1904)
	if !ok {
		r.fail(name, CodeDateUnreadable, p.columnOf(s))
	}
	return m, ok
}
