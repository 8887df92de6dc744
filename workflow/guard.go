package workflow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sudi/domain"
)

// Guard is a condition from a small fixed vocabulary, written as words: a
// name and its arguments, "not" in front to turn it round, "under A B" behind
// when only these laws ask for it. There is no expression language: what a guard
// means is a Go function with a name.
type Guard struct {
	Not   bool
	Name  string
	Args  []string
	Under []string // regimes; a case under any other passes
}

// UnmarshalText reads a guard's words.
func (g *Guard) UnmarshalText(text []byte) error {
	words := strings.Fields(string(text))
	if len(words) > 0 && words[0] == "not" {
		g.Not, words = true, words[1:]
	}
	if i := slices.Index(words, under); i > 0 {
		if g.Under = words[i+1:]; len(g.Under) == 0 {
			return errors.New("a guard under no law")
		}
		words = words[:i]
	}
	if len(words) == 0 {
		return errors.New("an empty guard")
	}
	g.Name, g.Args = words[0], words[1:]
	return nil
}

// MarshalText gives the guard's words back.
func (g Guard) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// String gives the guard's words back.
func (g Guard) String() string {
	s := strings.Join(append([]string{g.Name}, g.Args...), " ")
	if g.Not {
		s = "not " + s
	}
	if len(g.Under) > 0 {
		s += " " + under + " " + strings.Join(g.Under, " ")
	}
	return s
}

// under stands before the laws that ask for a guard.
const under = "under"

// reads reports whether the guard is about a field that is given.
func (g Guard) reads() bool {
	return slices.Contains([]string{"field", "date", "dates"}, guardKinds[g.Name].refers)
}

// facts is what guards look at.
type facts struct {
	file   *domain.File
	actor  domain.Actor
	fields domain.Fields
	now    time.Time
	rules  *Rules
}

// guardKind is the meaning of a guard's name: the number of arguments it
// takes (most < 0 = any number from least) and what it tests.
type guardKind struct {
	least, most int
	refers      string // what its arguments name; of "field", "date", "action" and "party" only the first, of "dates" the first two
	holds       func(f *facts, args []string) bool
}

// The guards whose breach is a mistake in the input, not in the case.
const (
	guardField   = "field"
	guardParties = "parties"
	guardFiled   = "filed_within"
	guardAhead   = "ahead"
	guardYears   = "years_between"
)

// fields are the fields that a guard reads.
func (g Guard) fields() []string {
	switch guardKinds[g.Name].refers {
	case "field", "date":
		return g.Args[:min(1, len(g.Args))]
	case "dates":
		return g.Args[:min(2, len(g.Args))]
	default:
		return nil
	}
}

// anyParty stands for every role of a party.
const anyParty = "any"

// guardKinds is the whole vocabulary.
var guardKinds = map[string]guardKind{
	// class A B: the case is of one of these classes.
	"class": {1, -1, "class", func(f *facts, a []string) bool { return slices.Contains(a, f.file.Case.Class) }},
	// regime A B: the case runs under one of these laws.
	"regime": {1, -1, "regime", func(f *facts, a []string) bool { return slices.Contains(a, f.file.Case.Regime) }},
	// flag A B: it carries one of these flags.
	"flag": {1, -1, "flag", func(f *facts, a []string) bool {
		return slices.ContainsFunc(a, func(s string) bool { return f.file.Case.Has(domain.Flag(s)) })
	}},
	// channel A B: it came in one of these ways.
	"channel": {1, -1, "channel", func(f *facts, a []string) bool { return slices.Contains(a, string(f.file.Case.Channel)) }},
	// category A B: its category begins with one of these codes.
	"category": {1, -1, "digits", func(f *facts, a []string) bool {
		return slices.ContainsFunc(a, func(s string) bool { return strings.HasPrefix(f.file.Case.Category, s) })
	}},
	// outcome A B: its outcome is one of these.
	"outcome": {1, -1, "outcome", func(f *facts, a []string) bool { return slices.Contains(a, f.file.Case.Outcome) }},
	// done_below ACTION N: the action was taken, or the fact counted, fewer than N times.
	"done_below": {2, 2, "action", func(f *facts, a []string) bool {
		n, _ := strconv.Atoi(a[1])
		return f.file.Case.Counts[a[0]] < n
	}},
	// in_time CLOCK: the clock runs (or is paused) and its day has not passed.
	"in_time": {1, 1, "clock", func(f *facts, a []string) bool {
		d := currentClock(f.file, a[0])
		return d != nil && d.EndedAt == nil && !passed(d, f.now)
	}},
	// overdue CLOCK: the clock's day has passed.
	"overdue": {1, 1, "clock", func(f *facts, a []string) bool {
		d := currentClock(f.file, a[0])
		return d != nil && d.EndedAt == nil && passed(d, f.now)
	}},
	// running CLOCK: the clock counts or is paused.
	"running": {1, 1, "clock", func(f *facts, a []string) bool {
		d := currentClock(f.file, a[0])
		return d != nil && d.EndedAt == nil
	}},
	// paused CLOCK: the clock stands still.
	"paused": {1, 1, "clock", func(f *facts, a []string) bool {
		d := currentClock(f.file, a[0])
		return d != nil && d.EndedAt == nil && d.PausedAt != nil
	}},
	// field NAME A B: the field was given, and is one of these if any are named.
	"field": {1, -1, "field", func(f *facts, a []string) bool {
		v, ok := f.fields[a[0]]
		return ok && (len(a) == 1 || slices.Contains(a[1:], fmt.Sprint(v)))
	}},
	// filed_within DATE PERIOD: the case was received within a period of the day
	// given, the last day rolled on; neither before that day.
	"filed_within": {3, 4, "date", func(f *facts, a []string) bool {
		day, received := f.day(a[0]), domain.DateIn(f.file.Case.ReceivedAt)
		period, err := domain.ParsePeriod(strings.Join(a[1:], " "))
		if err != nil || day.IsZero() || day.After(received) {
			return false
		}
		due, err := f.rules.Calendar.Due(day.Start(), period, domain.RollNone)
		if err != nil || domain.DateIn(due.Effective).Before(received) { // only then does the calendar matter
			due, err = f.rules.Calendar.Due(day.Start(), period, domain.RollNext)
		}
		return err == nil && !domain.DateIn(due.Effective).Before(received)
	}},
	// ahead DATE PERIOD: the day given is at least a period from today.
	"ahead": {3, 4, "date", func(f *facts, a []string) bool {
		day := f.day(a[0])
		period, err := domain.ParsePeriod(strings.Join(a[1:], " "))
		if err != nil || day.IsZero() {
			return false
		}
		due, err := f.rules.Calendar.Due(f.now, period, domain.RollNone)
		return err == nil && !day.Before(domain.DateIn(due.Effective))
	}},
	// accepted: somebody has accepted the case.
	"accepted": {0, 0, "", func(f *facts, _ []string) bool { return f.file.Case.AcceptedAt != nil }},
	// years_between FROM TO N: N years or more lie between two dates that were
	// given; with "unless A B" behind it, not asked of these classes.
	"years_between": {3, -1, "dates", func(f *facts, a []string) bool {
		if len(a) > 4 && slices.Contains(a[4:], f.file.Case.Class) {
			return true
		}
		from, first := domain.ParseDate(f.fields.String(a[0]))
		to, second := domain.ParseDate(f.fields.String(a[1]))
		n, _ := strconv.Atoi(a[2])
		return first == nil && second == nil && !to.Before(from.AddMonths(12*n))
	}},
	// persons_from N: at least N petitioners.
	"persons_from": {1, 1, "number", func(f *facts, a []string) bool {
		n, _ := strconv.Atoi(a[0])
		return f.file.Case.Persons >= n
	}},
	// amount_over FEN: more than this is in dispute.
	"amount_over": {1, 1, "number", func(f *facts, a []string) bool {
		n, _ := strconv.ParseInt(a[0], 10, 64)
		return f.file.Case.Amount > n
	}},
	// representatives_to N: at most N representatives (信访工作条例 art. 20).
	"representatives_to": {1, 1, "number", func(f *facts, a []string) bool {
		n, _ := strconv.Atoi(a[0])
		reps := 0
		for i := range f.file.Parties {
			if f.file.Parties[i].Role == domain.PartyRepresentative {
				reps++
			}
		}
		return reps <= n
	}},
	// parties ROLE N: at least N parties of this role, or of "any"; with
	// "unless A B" behind it, not asked of these classes.
	"parties": {2, -1, "party", func(f *facts, a []string) bool {
		if len(a) > 3 && slices.Contains(a[3:], f.file.Case.Class) {
			return true
		}
		least, _ := strconv.Atoi(a[1])
		n := 0
		for i := range f.file.Parties {
			if a[0] == anyParty || string(f.file.Parties[i].Role) == a[0] {
				n++
			}
		}
		return n >= least
	}},
	// not_requester: somebody other than who asked for what is to be decided;
	// an action that asks makes its actor the handler.
	"not_requester": {0, 0, "", func(f *facts, _ []string) bool { return f.file.Case.Handler == "" || f.actor.ID != f.file.Case.Handler }},
	// in_village: the place is known down to the village.
	"in_village": {0, 0, "", func(f *facts, _ []string) bool { return len(f.file.Case.Place) >= 12 }},
	// evaluated: the applicant has answered.
	"evaluated": {0, 0, "", func(f *facts, _ []string) bool { return f.file.Case.EvaluatedAt != nil }},
	// desk_kind A B: the desk is an organisation of one of these kinds.
	"desk_kind": {1, -1, "kind", func(f *facts, a []string) bool {
		o := f.rules.Directory.Get(f.file.Case.Desk)
		return o != nil && slices.Contains(a, string(o.Kind))
	}},
	// derived A B: what became of the newest case opened out of this one has one
	// of these dispositions.
	"derived": {1, -1, "disposition", func(f *facts, a []string) bool {
		d := f.derived()
		return d != nil && slices.Contains(a, string(d.Disposition))
	}},
	// derived_accepted: somebody has accepted that case.
	"derived_accepted": {0, 0, "", func(f *facts, _ []string) bool {
		d := f.derived()
		return d != nil && d.AcceptedAt != nil
	}},
	// derived_outcome A B: its outcome is one of these.
	"derived_outcome": {1, -1, "", func(f *facts, a []string) bool {
		d := f.derived()
		return d != nil && slices.Contains(a, d.Outcome)
	}},
	// derived_state A B: it stands in one of these states.
	"derived_state": {1, -1, "", func(f *facts, a []string) bool {
		d := f.derived()
		return d != nil && slices.Contains(a, d.State)
	}},
	// opened_from: the case was itself opened out of another.
	"opened_from": {0, 0, "", func(f *facts, _ []string) bool { return f.file.Case.DerivedFrom != nil }},
	// linked: the case is tied to the one that it repeats.
	"linked": {0, 0, "", func(f *facts, _ []string) bool { return f.file.Case.Repeats != nil }},
	// desk_function A B: the desk is an organisation with one of these functions.
	"desk_function": {1, -1, "", func(f *facts, a []string) bool {
		o := f.rules.Directory.Get(f.file.Case.Desk)
		return o != nil && slices.Contains(a, o.Function)
	}},
	// can_escalate: a larger committee stands above the desk.
	"can_escalate": {0, 0, "", func(f *facts, _ []string) bool { return f.rules.escalation(f) != "" }},
}

// fault is what is wrong with an input that breaks a guard about it.
func (g Guard) fault(p *Procedure) domain.FieldError {
	if g.Name == guardParties {
		if g.Args[0] == anyParty {
			return domain.FieldError{Field: "parties", Code: "parties_missing", Args: []any{g.Args[1]}}
		}
		return domain.FieldError{Field: "parties", Code: "party_missing", Args: []any{PartyRoleTitles[domain.PartyRole(g.Args[0])], g.Args[1]}}
	}
	f := p.Fields[g.Args[0]]
	if g.Name == guardYears {
		code := "years_too_few"
		if g.Not {
			code = "years_too_many"
		}
		return domain.FieldError{Field: "fields." + g.Args[0], Code: code, Args: []any{f.Title, p.Fields[g.Args[1]].Title, g.Args[2]}}
	}
	e := domain.FieldError{Field: "fields." + g.Args[0], Args: []any{f.Title}}
	switch {
	case g.Name == guardFiled:
		e.Code, e.Args = "filed_late", append(e.Args, PeriodTitle(periodOf(g.Args[1:])))
	case g.Name == guardAhead:
		e.Code, e.Args = "too_soon", append(e.Args, PeriodTitle(periodOf(g.Args[1:])))
	case len(g.Args) == 1 && g.Not:
		e.Code = "must_be_empty"
	case len(g.Args) == 1:
		e.Code = "required"
		e.Args = nil
	case f.Type == FieldBool && g.Not != (g.Args[1] == "true"):
		e.Code = "must_be_yes"
	case f.Type == FieldBool:
		e.Code = "must_be_no"
	default:
		e.Code = "must_be"
		if g.Not {
			e.Code = "may_not_be"
		}
		e.Args = append(e.Args, titlesOf(f.Values, g.Args[1:]))
	}
	return e
}

// periodOf is the period that the words of a guard give.
func periodOf(words []string) domain.Period {
	p, _ := domain.ParsePeriod(strings.Join(words, " "))
	return p
}

// PartyRoleTitles name the roles of parties.
var PartyRoleTitles = map[domain.PartyRole]domain.Text{
	domain.PartyApplicant:      {ZH: "申请人", EN: "applicant"},
	domain.PartyRespondent:     {ZH: "被申请人", EN: "respondent"},
	domain.PartyRepresentative: {ZH: "代表", EN: "representative"},
	domain.PartyThird:          {ZH: "第三人", EN: "third party"},
}

// titlesOf names some of a set of choices, in both languages.
func titlesOf(titles map[string]domain.Text, names []string) domain.Text {
	var zh, en []string
	for _, name := range names {
		zh, en = append(zh, titles[name].ZH), append(en, titles[name].EN)
	}
	return domain.Text{ZH: strings.Join(zh, "”“"), EN: strings.Join(en, "”, “")}
}

// choices names every one of a set of choices.
func choices(titles map[string]domain.Text) domain.Text {
	return titlesOf(titles, slices.Sorted(maps.Keys(titles)))
}

// holds evaluates one guard.
func (g Guard) holds(f *facts) bool {
	if len(g.Under) > 0 && !slices.Contains(g.Under, f.file.Case.Regime) {
		return true
	}
	return guardKinds[g.Name].holds(f, g.Args) != g.Not
}

// day reads a date field, the zero Date when it was not given.
func (f *facts) day(name string) domain.Date {
	d, _ := domain.ParseDate(f.fields.String(name)) // read as a date before
	return d
}

// firstFailing gives the first guard that does not hold, nil when all do.
func firstFailing(gs []Guard, f *facts) *Guard {
	for i := range gs {
		if !gs[i].holds(f) {
			return &gs[i]
		}
	}
	return nil
}

// derived is the newest case opened out of this one, nil when there is none.
// What somebody registered as coming out of it counts only where it is of a
// procedure of which this one opens cases: nothing else is its to wait for.
func (f *facts) derived() *domain.Case {
	p, err := f.rules.Library.Get(f.file.Case.Procedure, f.file.Case.ProcedureVersion)
	if err != nil {
		return nil
	}
	for i := len(f.file.Derived) - 1; i >= 0; i-- {
		if d := &f.file.Derived[i]; p.opened[d.Procedure] {
			return d
		}
	}
	return nil
}

// passed reports whether a clock's day has passed; one that stands still has
// not moved on since it was paused.
func passed(d *domain.Deadline, now time.Time) bool {
	if d.PausedAt != nil {
		now = *d.PausedAt
	}
	return now.After(d.Due)
}

// currentClock is the latest round of a clock, nil when it never ran.
func currentClock(f *domain.File, kind string) *domain.Deadline {
	var last *domain.Deadline
	for i := range f.Deadlines {
		d := &f.Deadlines[i]
		if d.Kind == kind && (last == nil || d.Round > last.Round) {
			last = d
		}
	}
	return last
}
