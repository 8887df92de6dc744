package workflow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sudi/domain"
)

// Limits of what may be typed, in characters.
const (
	maxTitle     = 200
	maxStatement = 50_000
	maxParties   = 50
	maxPersons   = 100_000
)

// maxAmount is the most that a case can be about, in fen.
const maxAmount = 1_000_000_000_000_000

// Intake is a new case as its sender tells it.
type Intake struct {
	Procedure  string
	Class      string
	Category   string
	Title      string
	Statement  string
	Place      string
	Lng, Lat   *float64
	Channel    domain.Channel
	Amount     int64
	Persons    int
	Flags      []domain.Flag
	Parties    []domain.Party
	ReceivedAt time.Time // zero = now
	Source     string
	Fields     domain.Fields
	Note       string
	// The case that this one repeats, and the one that it comes out of; Cases
	// holds both, by id: Engine.Register reads them.
	Repeats, DerivedFrom string
	Cases                map[string]domain.Case
}

// Register decides about a new case: what it is, under which law, where it
// begins. id names it, and the matter that it opens.
func (r *Rules) Register(in Intake, actor domain.Actor, now time.Time, id string) (domain.Change, error) {
	received := in.ReceivedAt
	if received.IsZero() {
		received = now
	}
	p, err := r.Library.Latest(in.Procedure, domain.DateIn(received))
	if err != nil {
		return domain.Change{}, domain.Invalid(domain.FieldError{Field: "procedure", Code: "procedure_unknown"})
	}
	if !p.Register.allows(actor.Role) {
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "action_not_yours", p.Register.Do)
	}
	if origin, named := in.Cases[in.DerivedFrom]; named && r.awaits(&origin, p.Name) {
		return domain.Change{}, domain.Invalid(domain.FieldError{Field: "derived_from", Code: "origin_waits"})
	}
	return r.register(p, in, actor, actor.Org, now, id, in.Cases)
}

// awaits reports whether a case waits for one of a procedure that it opened: a
// second one by hand would be heard in its stead.
func (r *Rules) awaits(c *domain.Case, procedure string) bool {
	p, s, err := r.stand(c)
	return err == nil && s.watches() && p.opened[procedure]
}

// register opens a case at an organisation, or at the county where that is
// unknown. known holds the cases that the new one is tied to.
func (r *Rules) register(p *Procedure, in Intake, actor domain.Actor, org string, now time.Time, id string, known map[string]domain.Case) (domain.Change, error) {
	now = now.UTC().Truncate(time.Microsecond)
	in.normalise(now)
	r.recognise(p, in.Parties)
	wrong := r.checkIntake(p, &in, now)
	if slices.ContainsFunc(in.Flags, func(f domain.Flag) bool { return p.governed[f] && f != domain.FlagRisk && f != domain.FlagRepeat }) {
		wrong = append(wrong, domain.FieldError{Field: "flags", Code: "flag_not_yours"})
	}
	if len(wrong) > 0 {
		return domain.Change{}, domain.Invalid(wrong...)
	}
	if r.Directory.Get(org) == nil {
		org = r.Directory.Root()
	}
	received := domain.DateIn(in.ReceivedAt)
	c := domain.Case{
		ID: id, Matter: id, Procedure: p.Name, ProcedureVersion: p.Version, Regime: p.RegimeOn(received),
		Class: in.Class, Category: in.Category, Title: in.Title, Statement: in.Statement,
		Place: in.Place, Township: domain.TownshipOf(in.Place), Lng: in.Lng, Lat: in.Lat,
		Channel: in.Channel, Amount: in.Amount, Persons: in.Persons, Flags: in.Flags,
		Partners: []string{}, RegisteredBy: org, State: p.Register.To, Source: in.Source, ReceivedAt: in.ReceivedAt,
	}
	if err := in.tie(&c, known); err != nil {
		return domain.Change{}, err
	}
	file := domain.File{Case: c, Parties: in.Parties}
	first := r.avoid(p, org, &facts{file: &file, actor: actor, now: now, rules: r}) // the first receiver stays responsible until another accepts
	file.Case.Owner, file.Case.Desk, file.Case.Unit = first, first, r.Directory.Unit(first)
	change, err := r.take(p, &p.Register, file, Action{Name: p.Register.Do, Actor: actor, Fields: in.Fields, Note: in.Note, Now: now})
	if err != nil {
		return domain.Change{}, err
	}
	change.Before = nil
	change.Entries[0].From = ""
	change.Entries[0].Effect = domain.Diff(&domain.Case{}, &change.After)
	change.Links, _ = ties(&domain.Case{}, &change.After, now)
	change.Parties = in.Parties
	for i := range change.Parties {
		change.Parties[i].CaseID, change.Parties[i].Seq = id, i+1
	}
	change.Series = &domain.NumberSeries{Org: org, Procedure: p.Name, Year: received.Year, Prefix: p.Number}
	return change, nil
}

// tie makes a new case part of the matter that it repeats or comes out of.
func (in *Intake) tie(c *domain.Case, known map[string]domain.Case) error {
	if in.DerivedFrom != "" {
		origin, ok := known[in.DerivedFrom]
		if !ok {
			return domain.Invalid(domain.FieldError{Field: "derived_from", Code: "case_unknown"})
		}
		c.DerivedFrom, c.Matter = &in.DerivedFrom, origin.Matter
	}
	if in.Repeats == "" {
		return nil
	}
	if in.DerivedFrom != "" {
		return domain.Invalid(domain.FieldError{Field: "repeats", Code: "repeats_and_derived"})
	}
	if code := repeat(c, in.Repeats, known); code != "" {
		return domain.Invalid(domain.FieldError{Field: "repeats", Code: code})
	}
	c.Flags = compactFlags(append(c.Flags, domain.FlagRepeat))
	return nil
}

// normalise trims, folds full-width digits and fills in what is implied.
func (in *Intake) normalise(now time.Time) {
	in.Title = strings.TrimSpace(in.Title)
	in.Statement = strings.TrimSpace(in.Statement)
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = now
	}
	in.ReceivedAt = in.ReceivedAt.UTC().Truncate(time.Microsecond)
	if in.Channel == "" {
		in.Channel = domain.ChannelWindow
	}
	if in.Persons == 0 {
		in.Persons = max(1, in.named())
	}
	in.Flags = compactFlags(in.Flags)
	if in.Persons >= collectiveFrom {
		in.Flags = compactFlags(append(in.Flags, domain.FlagCollective))
	}
	for i := range in.Parties {
		p := &in.Parties[i]
		p.Name, p.Address = strings.TrimSpace(p.Name), strings.TrimSpace(p.Address)
		p.Phone = phoneJunk.ReplaceAllString(domain.HalfWidth(p.Phone), "")
		p.IdentityNumber = strings.ToUpper(strings.TrimSpace(domain.HalfWidth(p.IdentityNumber)))
		if p.Role == "" {
			p.Role = domain.PartyApplicant
		}
	}
}

// named is how many petitioners are named.
func (in *Intake) named() (n int) {
	for i := range in.Parties {
		if r := in.Parties[i].Role; r == domain.PartyApplicant || r == domain.PartyRepresentative || r == "" {
			n++
		}
	}
	return n
}

// recognise gives a respondent that is one of the county's organisations by
// name its code, so that it is kept from its own complaint though nobody thought
// of the code. Where respondents handle the case, none keeps a code.
func (r *Rules) recognise(p *Procedure, parties []domain.Party) {
	for i := range parties {
		party := &parties[i]
		switch {
		case party.Role != domain.PartyRespondent:
		case p.Defends:
			party.OrgCode = ""
		case party.OrgCode == "":
			if o := r.Directory.Named(party.Name); o != nil {
				party.OrgCode, party.Organization = o.Code, true
			}
		}
	}
}

// collectiveFrom is the number of persons from which a case is collective.
const collectiveFrom = 5

var (
	phoneJunk  = regexp.MustCompile(`[\s\-()]`)
	phoneShape = regexp.MustCompile(`^\+?[0-9]{5,20}$`)
)

func compactFlags(flags []domain.Flag) []domain.Flag {
	out := []domain.Flag{}
	for _, known := range domain.Flags { // one order, no doubles
		for _, f := range flags {
			if f == known {
				out = append(out, known)
				break
			}
		}
	}
	return out
}

// checkIntake names everything that is wrong with a new case.
func (r *Rules) checkIntake(p *Procedure, in *Intake, now time.Time) []domain.FieldError {
	c := &checker{}
	c.text("title", in.Title, 1, maxTitle)
	c.text("statement", in.Statement, 0, maxStatement)
	switch _, known := p.Classes[in.Class]; {
	case len(p.Classes) == 0:
		c.that("class", in.Class == "", "class_unknown")
	case in.Class == "":
		c.wrong = append(c.wrong, domain.FieldError{Field: "class", Code: "required", Args: []any{choices(p.Classes)}})
	case !known:
		c.wrong = append(c.wrong, domain.FieldError{Field: "class", Code: "class_unknown", Args: []any{choices(p.Classes)}})
	}
	c.that("category", in.Category == "" || r.Categories[in.Category], "category_unknown")
	c.that("place", in.Place == "" || r.knownPlace(in.Place), "place_unknown")
	c.that("channel", slices.Contains(domain.Channels, in.Channel), "not_a_choice")
	c.that("amount", in.Amount >= 0 && in.Amount <= maxAmount, "amount_range")
	c.that("persons", in.Persons >= 1 && in.Persons <= maxPersons, "persons_range")
	c.that("received_at", !in.ReceivedAt.After(now.Add(time.Minute)), "date_in_future")
	first, _ := r.Calendar.Years()
	c.that("received_at", domain.DateIn(in.ReceivedAt).Year >= first, "date_too_old") // no limit could be counted
	c.that("lng", (in.Lng == nil) == (in.Lat == nil), "position_halved")
	c.that("lng", in.Lng == nil || *in.Lng >= -180 && *in.Lng <= 180, "position_range")
	c.that("lat", in.Lat == nil || *in.Lat >= -90 && *in.Lat <= 90, "position_range")
	r.checkParties(c, in.Parties)
	f := &facts{file: &domain.File{Case: domain.Case{Class: in.Class}, Parties: in.Parties}}
	for _, g := range p.Register.If {
		if g.Name == guardParties && !g.holds(f) {
			c.wrong = append(c.wrong, g.fault(p))
		}
	}
	return c.wrong
}

func (r *Rules) checkParties(c *checker, parties []domain.Party) {
	c.that("parties", len(parties) <= maxParties, "too_many")
	for i := range parties {
		p := &parties[i]
		at := fmt.Sprintf("parties.%d.", i)
		c.text(at+"name", p.Name, 1, 100)
		c.text(at+"address", p.Address, 0, 300)
		c.that(at+"role", slices.Contains(partyRoles, p.Role), "not_a_choice")
		c.that(at+"phone", p.Phone == "" || phoneShape.MatchString(p.Phone), "phone_shape")
		c.text(at+"identity_number", p.IdentityNumber, 0, 40)
		c.that(at+"org_code", p.OrgCode == "" || r.Directory.Get(p.OrgCode) != nil, "organization_unknown")
	}
}

var partyRoles = []domain.PartyRole{domain.PartyApplicant, domain.PartyRespondent, domain.PartyRepresentative, domain.PartyThird}

// knownPlace reports whether a division code lies in the county: itself, a
// township, a village of ours, or a grid below one.
func (r *Rules) knownPlace(place string) bool {
	root := r.Directory.Get(r.Directory.Root())
	if root == nil || !strings.HasPrefix(place, root.Place) || !placeShape.MatchString(place) {
		return false
	}
	return len(place) == 6 || r.Directory.Serves(place[:min(len(place), 12)])
}

var placeShape = regexp.MustCompile(`^[0-9]{6}([0-9]{3}([0-9]{3}([0-9A-Za-z]{1,6})?)?)?$`)

// checker collects what is wrong with an input, so that it is all said at once.
type checker struct{ wrong []domain.FieldError }

func (c *checker) that(field string, ok bool, code string) {
	if !ok {
		c.wrong = append(c.wrong, domain.FieldError{Field: field, Code: code})
	}
}

func (c *checker) text(field, s string, least, most int) {
	n := utf8.RuneCountInString(s)
	switch {
	case !CleanText(s):
		c.that(field, false, "bad_characters")
	case n < least:
		c.that(field, false, "required")
	case n > most:
		c.that(field, false, "too_long")
	}
}
