package report

import (
	"cmp"
	"slices"
	"strings"

	"sudi/domain"
)

// byOrganization groups figures by the organisation responsible.
const byOrganization = "organization"

// ledger is what every case that changed behind a position has added to the
// counts since, in the periods that a year's report shows.
type ledger struct {
	year  int
	cases []changed
	used  map[string]bool // ids of cases that are named as a cause
}

// changed is a case that counts otherwise than it did.
type changed struct {
	domain.ChangedCase
	net []domain.Tally
}

func newLedger(year int) *ledger { return &ledger{year: year, used: make(map[string]bool)} }

// add enters a case: its facts now less its facts as of the position.
func (l *ledger) add(h domain.CaseHistory) error {
	before, after, err := unfold(&h)
	if err != nil {
		return err
	}
	c := changed{ChangedCase: domain.ChangedCase{ID: h.CaseID, Number: h.Number}}
	for _, t := range domain.Tallies(before, after) {
		if t.Day.Year <= l.year { // a later one is of no figure in the report
			c.net = append(c.net, t)
		}
	}
	if len(c.net) == 0 {
		return nil
	}
	for i := h.Known; i < len(h.Entries); i++ {
		e := &h.Entries[i]
		c.Steps = append(c.Steps, domain.ChangedStep{
			Version: e.Version, At: e.At, Action: e.Action, To: e.To, By: e.ActorName, Role: e.ActorRole, Org: e.ActorOrg,
		})
	}
	l.cases = append(l.cases, c)
	return nil
}

// unfold gives a case as of the position, nil when it was not there yet, and as
// of now.
func unfold(h *domain.CaseHistory) (before, after *domain.Case, err error) {
	if h.Known > 0 {
		c, _, err := domain.Fold(h.Entries[:h.Known])
		if err != nil {
			return nil, nil, err
		}
		before = &c
	}
	c, _, err := domain.Fold(h.Entries)
	return before, &c, err
}

// explain names the causes of a difference of a computed figure.
func (l *ledger) explain(r *domain.Revised) {
	ind := domain.IndicatorByCode(r.Code)
	if ind == nil {
		r.Causes = append(r.Causes, domain.Cause{Kind: domain.CauseDefinition})
		return
	}
	rest := domain.Cause{
		Numerator:   number(r.After.Numerator) - number(r.Before.Numerator),
		Denominator: number(r.After.Denominator) - number(r.Before.Denominator),
	}
	if len(ind.OrgKinds) > 0 {
		rest.Kind = domain.CauseOrganizations
		r.Causes = append(r.Causes, rest)
		return
	}
	for i := range l.cases {
		c := &l.cases[i]
		n, moves := c.adds(ind.Numerator, r)
		d, moved := c.adds(ind.Denominator, r)
		if !moves && !moved {
			continue
		}
		l.used[c.ID] = true
		r.Causes = append(r.Causes, domain.Cause{Kind: domain.CauseCase, CaseID: c.ID, Numerator: n, Denominator: d})
		rest.Numerator -= n
		rest.Denominator -= d
	}
	if rest.Numerator != 0 || rest.Denominator != 0 || len(r.Causes) == 0 {
		rest.Kind = domain.CauseDefinition // what no case explains, the program does
		r.Causes = append(r.Causes, rest)
	}
}

// adds is what a case has added since to a measure in a figure's period and
// group. moves is false for a case that counts in it just as it did: one that
// only moved between groups moves no total, but one that took longer moves a
// mean.
func (c *changed) adds(measure string, r *domain.Revised) (sum int64, moves bool) {
	if measure == "" {
		return 0, false
	}
	byStep := make(map[int]int64)
	for i := range c.net {
		t := &c.net[i]
		if t.Measure == measure && counts(&t.Cell, r) {
			sum += t.N
			byStep[stepOf(&t.Cell)] += t.N
		}
	}
	for _, n := range byStep {
		moves = moves || n != 0
	}
	return sum, moves
}

// counts reports whether a cell is counted in a figure.
func counts(cell *domain.Cell, r *domain.Revised) bool {
	period := r.Period
	if r.Part == "by_month" && len(r.Group) == len("2020-01") && !strings.Contains(period, "-") {
		period += r.Group[4:] // that month, of the year that is meant
	}
	day := cell.Day.String()
	if m := domain.MeasureByCode(cell.Measure); m != nil && m.Stock {
		if day[:len(period)] > period {
			return false
		}
	} else if day[:len(period)] != period {
		return false
	}
	switch r.Part {
	case "by_township":
		return cell.Township == r.Group
	case "by_category":
		return cell.Category == r.Group
	case "by_procedure":
		return cell.Procedure == r.Group
	case "by_organization":
		return cell.Unit == r.Group
	default:
		return true
	}
}

// stepOf is what a measure's counts are kept apart by, as far as cells say.
func stepOf(*domain.Cell) int { return 0 }

// named lists the cases that are a cause of something, by number.
func (l *ledger) named() []domain.ChangedCase {
	out := []domain.ChangedCase{}
	for i := range l.cases {
		if l.used[l.cases[i].ID] {
			out = append(out, l.cases[i].ChangedCase)
		}
	}
	slices.SortFunc(out, func(a, b domain.ChangedCase) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	return out
}
