package ledger

import (
	"strings"
	"time"

	"sudi/domain"
	"sudi/report/xlsx"
)

// line is a row of a ledger, as its columns read it. A value is "" or nil where
// there is nothing to say.
type line struct {
	*domain.LedgerRow
	*export
	n int
}

// word is a title in the reader's language.
func (l *line) word(t domain.Text) any { return t.In(l.Lang) }

// day is an instant's date in Beijing.
func day(t *time.Time) any {
	if t == nil {
		return nil
	}
	return dateOnly(domain.DateIn(*t))
}

func dateOnly(d domain.Date) any {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, domain.Beijing)
}

// minute is an instant in Beijing. Limits end with the last microsecond of a
// minute, which is not rounded up.
func minute(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.In(domain.Beijing).Truncate(time.Minute)
}

// money is an amount, empty when there is none.
func money(fen int64) any {
	if fen == 0 {
		return nil
	}
	return xlsx.Fen(fen)
}

// yes says yes where it is so, and nothing where it is not, so that a filter on
// the column finds the few.
func (l *line) yes(is bool) any {
	if !is {
		return nil
	}
	return l.say("是", "yes")
}

// kept says whether a duty was done in time; nothing while there is time left.
func (l *line) kept(met *bool) any {
	switch {
	case met == nil:
		return nil
	case *met:
		return l.say("按期", "in time")
	default:
		return l.say("超期", "late")
	}
}

// people lists something of each party with a role.
func (l *line) people(of func(*domain.Party) string, roles ...domain.PartyRole) any {
	var list []string
	for i := range l.Parties {
		p := &l.Parties[i]
		for _, r := range roles {
			if text := of(p); p.Role == r && text != "" {
				list = append(list, text)
			}
		}
	}
	return strings.Join(list, l.say("、", ", "))
}

func partyName(p *domain.Party) string     { return p.Name }
func partyPhone(p *domain.Party) string    { return p.Phone }
func partyIdentity(p *domain.Party) string { return p.IdentityNumber }

// flags lists the case's flags.
func (l *line) flags() any {
	words := make([]string, len(l.Flags))
	for i, f := range l.Flags {
		words[i] = l.Words.Flag(f).In(l.Lang)
	}
	return strings.Join(words, l.say("、", ", "))
}

// organizations names several organisations.
func (l *line) organizations(codes []string) any {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = l.Words.Organization(code)
	}
	return strings.Join(names, l.say("、", ", "))
}

// nextLimit names the limit that runs out first.
func (l *line) nextLimit() any {
	for i := range l.Deadlines {
		d := &l.Deadlines[i]
		if l.Due != nil && d.Running() && !d.Chance && d.Due.Equal(*l.Due) {
			return l.word(l.Words.Clock(&l.Case, d.Kind))
		}
	}
	return nil
}

// late reports whether a limit was missed, or has run out unnoticed by now.
func (l *line) late() bool {
	for i := range l.Deadlines {
		d := &l.Deadlines[i]
		if !d.Chance && (d.MissedAt != nil || d.Running() && d.Due.Before(l.head.At)) {
			return true
		}
	}
	return false
}

// days counts natural days from receipt to the conclusion, or to now.
func (l *line) days() any {
	end := l.head.At
	if l.ConcludedAt != nil {
		end = *l.ConcludedAt
	} else if l.ClosedAt != nil {
		end = *l.ClosedAt
	}
	return max(0, domain.DateIn(end).Sub(domain.DateIn(l.ReceivedAt)))
}

// rating is the applicant's last answer.
func (l *line) rating() any {
	switch l.Satisfaction {
	case domain.Satisfied:
		return l.say("满意", "satisfied")
	case domain.BasicallySatisfied:
		return l.say("基本满意", "basically satisfied")
	case domain.Dissatisfied:
		return l.say("不满意", "dissatisfied")
	default:
		return nil
	}
}

// entry is the last entry of an action, nil when there is none.
func (l *line) entry(action string) *domain.Entry {
	for i := len(l.Entries) - 1; i >= 0; i-- {
		if l.Entries[i].Action == action {
			return &l.Entries[i]
		}
	}
	return nil
}

// at is when an action was last taken.
func (l *line) at(action string) any {
	if e := l.entry(action); e != nil {
		return day(&e.At)
	}
	return nil
}

// field is the last value that the wanted actions gave a field of text.
func (l *line) field(name string) string {
	for i := len(l.Entries) - 1; i >= 0; i-- {
		if v := l.Entries[i].Fields.String(name); v != "" {
			return v
		}
	}
	return ""
}

// choice is the last value of a field of choice, in words.
func (l *line) choice(name string) any {
	if v := l.field(name); v != "" {
		return l.word(l.Words.Choice(&l.Case, name, v))
	}
	return nil
}

// date is the last value of a field of date; what is hidden stays as it is.
func (l *line) date(name string) any {
	v := l.field(name)
	if v == "" {
		return nil
	}
	if d, err := domain.ParseDate(v); err == nil {
		return dateOnly(d)
	}
	return v
}

// clock is the last round of a time limit, nil when it was never started.
func (l *line) clock(kind string) *domain.Deadline {
	var last *domain.Deadline
	for i := range l.Deadlines {
		if d := &l.Deadlines[i]; d.Kind == kind && (last == nil || d.Round > last.Round) {
			last = d
		}
	}
	return last
}
