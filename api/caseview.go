package api

import (
	"context"
	"time"
	"unicode/utf8"

	"sudi/domain"
)

// caseView is a case as its readers see it.
type caseView struct {
	domain.Case
	Parties []domain.Party `json:"parties"`
	Masked  bool           `json:"masked" doc:"Whether personal fields are hidden from the reader"`
	// What hangs on the case can change without its version.
	Petitioners int `json:"petitioners,omitempty" doc:"Persons of the case and of those merged into it, as of now"`
	Visits      int `json:"visits,omitempty" doc:"Registrations of the matter: the first, its repeats and what was merged into any, as of now"`
}

// caseItem is a case in a list: without its statement, which may be long, and
// without parties.
type caseItem struct {
	domain.Case
	Statement *string    `json:"statement,omitempty" doc:"Never given in lists"`
	Due       *time.Time `json:"due,omitempty" doc:"The earliest running limit; absent when none runs"`
}

type casePage struct {
	Items []caseItem `json:"items"`
	Next  string     `json:"next,omitempty" doc:"Cursor of the next page; absent on the last"`

	Withheld int `json:"withheld,omitempty" doc:"On the first page of the cases behind a figure: how many more it counts that the caller may not see"`
}

// viewOf is a case with what hangs on it. That may be missing: an action that
// was taken has been taken, whether or not its ties can be counted just now.
func (s *server) viewOf(ctx context.Context, f *domain.File, who *Caller) caseView {
	v := s.caseViewOf(f, who)
	if err := s.untie(ctx, who, &v.Case); err != nil {
		requestOf(ctx).log.Warn("the ties of a case were not looked up and are left out", "request_id", requestOf(ctx).ID, "cause", err)
	}
	n, err := s.Store.MatterNumbers(ctx, s.scope(who), f.Case.ID)
	if err != nil {
		requestOf(ctx).log.Warn("a matter was not counted", "request_id", requestOf(ctx).ID, "cause", err)
	}
	v.Petitioners, v.Visits = n.Petitioners, n.Visits
	return v
}

// masked reports whether a case's personal fields are hidden from a caller: from
// who does not work on cases, and, where the applicant asked for confidence, from
// those who work elsewhere.
func (s *server) masked(who *Caller, c *domain.Case) bool {
	return who.Masked() || !s.scope(who).Confides(c)
}

func (s *server) caseViewOf(f *domain.File, who *Caller) caseView {
	v := caseView{Case: withFlags(f.Case), Parties: make([]domain.Party, len(f.Parties)), Masked: s.masked(who, &f.Case)}
	if v.Masked {
		v.Case = maskCase(v.Case)
	}
	for i, p := range f.Parties {
		if v.Masked {
			p = maskParty(p)
		}
		v.Parties[i] = p
	}
	return v
}

// items are cases as a list shows them.
func (s *server) items(ctx context.Context, lines []domain.CaseLine, who *Caller) ([]caseItem, error) {
	items := make([]caseItem, len(lines))
	cases := make([]*domain.Case, len(lines))
	for i := range lines {
		items[i] = caseItem{Case: withFlags(lines[i].Case), Due: lines[i].Due}
		if s.masked(who, &lines[i].Case) {
			items[i].Case = maskCase(items[i].Case)
		}
		cases[i] = &items[i].Case
	}
	return items, s.untie(ctx, who, cases...)
}

// withFlags gives the case a list of flags even when it has none.
func withFlags(c domain.Case) domain.Case {
	if c.Flags == nil {
		c.Flags = []domain.Flag{}
	}
	return c
}

// maskCase hides what people wrote, in which anything may stand: the statement,
// and the title of a case that was to be kept confidential.
func maskCase(c domain.Case) domain.Case {
	if c.Statement != "" {
		c.Statement = stars
	}
	if c.Has(domain.FlagConfidential) {
		c.Title = stars
	}
	return c
}

// maskEntry hides the texts of a history entry; what was done stays.
func maskEntry(e domain.Entry) domain.Entry {
	if e.Note != "" {
		e.Note = stars
	}
	fields := make(domain.Fields, len(e.Fields))
	for name := range e.Fields {
		fields[name] = stars
	}
	e.Fields = fields
	return e
}

// stars stand for what is hidden.
const stars = "***"

// maskParty hides who a party is. The names of organisations are no secret.
func maskParty(p domain.Party) domain.Party {
	if !p.Organization && p.OrgCode == "" {
		p.Name = maskText(p.Name, 1, 0)
	}
	p.Phone = maskText(p.Phone, 3, 2)
	p.IdentityNumber = maskText(p.IdentityNumber, 3, 2)
	p.Address = maskText(p.Address, 0, 0)
	return p
}

// maskText keeps some characters at either end and never tells how many it
// hid; a text too short for that is hidden whole.
func maskText(s string, head, tail int) string {
	if s == "" {
		return ""
	}
	if n := utf8.RuneCountInString(s); n <= head+tail+tail {
		tail = 0
		if n <= head {
			head = 0
		}
	}
	r := []rune(s)
	return string(r[:head]) + stars + string(r[len(r)-tail:])
}
