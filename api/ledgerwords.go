package api

import (
	"cmp"

	"sudi/domain"
	"sudi/report/ledger"
	"sudi/workflow"
)

// LedgerWords puts the codes of ledgers into words.
type LedgerWords struct {
	rules      *workflow.Rules
	categories map[string]string
	users      map[string]string
	places     map[string]string
}

var _ ledger.Words = (*LedgerWords)(nil)

// NewLedgerWords takes the words from the procedures, the category list and the
// names of organisations and accounts.
func NewLedgerWords(rules *workflow.Rules, orgs []domain.Organization, categories []domain.Category, users []domain.User) *LedgerWords {
	w := &LedgerWords{rules: rules, categories: map[string]string{}, users: map[string]string{}, places: map[string]string{}}
	for _, c := range categories {
		w.categories[c.Code] = cmp.Or(c.Level3, c.Level2, c.Level1)
	}
	for i := range users {
		w.users[users[i].ID] = users[i].Name
	}
	for i := range orgs {
		switch o := &orgs[i]; o.Kind {
		case domain.OrgCounty, domain.OrgTownship, domain.OrgVillage:
			w.places[o.Place] = o.Name
		default: // serves a place, and is none
		}
	}
	return w
}

// procedure is the version that a case runs on, or for a case without one the
// newest; nil when there is none.
func (w *LedgerWords) procedure(c *domain.Case) *workflow.Procedure {
	if p, err := w.rules.Library.Get(c.Procedure, c.ProcedureVersion); err == nil {
		return p
	}
	for _, p := range w.rules.Library.All() {
		if p.Name == c.Procedure {
			return p
		}
	}
	return nil
}

// plain is a code that has no words.
func plain(code string) domain.Text { return domain.Text{ZH: code, EN: code} }

// title looks a code up, and gives it back when nothing has words for it.
func title[K ~string](titles map[K]domain.Text, code K) domain.Text {
	if t, ok := titles[code]; ok {
		return t
	}
	return plain(string(code))
}

// Procedure is the title of the case's procedure.
func (w *LedgerWords) Procedure(c *domain.Case) domain.Text {
	if p := w.procedure(c); p != nil {
		return p.Title
	}
	return plain(c.Procedure)
}

// Class is the title of the case's class.
func (w *LedgerWords) Class(c *domain.Case) domain.Text {
	if p := w.procedure(c); p != nil {
		return title(p.Classes, c.Class)
	}
	return plain(c.Class)
}

// Regime is the title of the law that the case runs under.
func (w *LedgerWords) Regime(c *domain.Case) domain.Text {
	if p := w.procedure(c); p != nil {
		for i := range p.Regimes {
			if p.Regimes[i].Code == c.Regime {
				return p.Regimes[i].Title
			}
		}
	}
	return plain(c.Regime)
}

// State is the title of the case's state.
func (w *LedgerWords) State(c *domain.Case) domain.Text {
	if p := w.procedure(c); p != nil {
		if s := p.State(c.State); s != nil {
			return s.Title
		}
	}
	return plain(c.State)
}

// Outcome is the title of the case's outcome.
func (w *LedgerWords) Outcome(c *domain.Case) domain.Text {
	if p := w.procedure(c); p != nil {
		return title(p.Outcomes, c.Outcome)
	}
	return plain(c.Outcome)
}

// Clock is the title of a time limit.
func (w *LedgerWords) Clock(c *domain.Case, kind string) domain.Text {
	if p := w.procedure(c); p != nil {
		if clock, ok := p.Deadlines[kind]; ok {
			return clock.Title
		}
	}
	return plain(kind)
}

// Choice is the title of a value of a field of choice.
func (w *LedgerWords) Choice(c *domain.Case, field, value string) domain.Text {
	if p := w.procedure(c); p != nil {
		return title(p.Fields[field].Values, value)
	}
	return plain(value)
}

// Channel is the title of a channel.
func (w *LedgerWords) Channel(c domain.Channel) domain.Text { return title(workflow.ChannelTitles, c) }

// Flag is the title of a flag.
func (w *LedgerWords) Flag(f domain.Flag) domain.Text { return title(workflow.FlagTitles, f) }

// Organization is the name of an organisation.
func (w *LedgerWords) Organization(code string) string {
	if o := w.rules.Directory.Get(code); o != nil {
		return o.Name
	}
	return code
}

// Category is the last of a category's three names.
func (w *LedgerWords) Category(code string) string { return cmp.Or(w.categories[code], code) }

// Place names a village with its township, a township or the county.
func (w *LedgerWords) Place(code string) string {
	for at := code; at != ""; at = domain.ParentPlace(at) {
		name, known := w.places[at]
		if !known {
			continue
		}
		if up := w.places[domain.TownshipOf(at)]; len(at) > 9 && up != "" {
			return up + name
		}
		return name
	}
	return code
}

// User is the name of an account.
func (w *LedgerWords) User(id string) string { return cmp.Or(w.users[id], id) }
