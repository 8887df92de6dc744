package report

import (
	"cmp"
	"slices"
	"strings"

	"sudi/domain"
)

// tracer holds what every case that changed behind a position has added to the
// counts since, in the periods that a year's report shows.
type tracer struct {
	year  int
	dir   *domain.Directory
	cases []changed
	used  map[string]bool // ids of cases that are named as a cause
}

// changed is a case that counts otherwise than it did.
type changed struct {
	domain.ChangedCase
	net []domain.Tally
}

func newTracer(year int, dir *domain.Directory) *tracer {
	return &tracer{year: year, dir: dir, used: make(map[string]bool)}
}

// add enters a case: its facts now less its facts as of the position.
func (l *tracer) add(h domain.CaseHistory) error {
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
func (l *tracer) explain(r *domain.Revised) {
	ind := domain.IndicatorByCode(r.Code)
	if ind == nil {
		r.Causes = append(r.Causes, domain.Cause{Kind: domain.CauseDefinition})
		return
	}
	rest := domain.Cause{
		Numerator:   number(r.After.Numerator) - number(r.Before.Numerator),
		Denominator: number(r.After.Denominator) - number(r.Before.Denominator),
	}
	if ind.After > 0 && r.Before.Denominator == nil && r.After.Denominator != nil {
		rest.Kind = domain.CauseTime
		r.Causes = append(r.Causes, rest)
		return
	}
	if len(ind.OrgKinds) > 0 {
		rest.Kind = domain.CauseOrganizations
		r.Causes = append(r.Causes, rest)
		return
	}
	for i := range l.cases {
		c := &l.cases[i]
		n, moves := l.adds(c, ind.Numerator, r)
		d, moved := l.adds(c, ind.Denominator, r)
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
func (l *tracer) adds(c *changed, measure string, r *domain.Revised) (sum int64, moves bool) {
	if measure == "" {
		return 0, false
	}
	byStep := make(map[int]int64)
	for i := range c.net {
		t := &c.net[i]
		if t.Measure == measure && l.counts(&t.Cell, r) {
			sum += t.N
			byStep[t.Step] += t.N
		}
	}
	for _, n := range byStep {
		moves = moves || n != 0
	}
	return sum, moves
}

// counts reports whether a cell is counted in a figure.
func (l *tracer) counts(cell *domain.Cell, r *domain.Revised) bool {
	period := r.Period
	if r.Part == "by_month" && !strings.Contains(period, "-") {
		period += r.Group[4:] // that month, of the year that is meant
	}
	if !strings.HasPrefix(cell.Day.String(), period) {
		return false
	}
	by := groupedBy(r.Part)
	for total := range cell.Totals(l.dir.Get(cell.Owner).Path) {
		if total.Org == l.dir.Root() && total.By == by {
			return by == domain.ByNothing || total.Group == r.Group
		}
	}
	return false
}

// groupedBy is what the figures of a part are split by, as far as totals are.
func groupedBy(name string) string {
	for _, p := range parts {
		if p.name == name && p.by != domain.ByMonth {
			return p.by
		}
	}
	return domain.ByNothing
}

// named lists the cases that are a cause of something, by number.
func (l *tracer) named() []domain.ChangedCase {
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
