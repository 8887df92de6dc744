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
	net []placed
}

// placed is what a case has added, and the group of each grouping that it stands
// in at the county.
type placed struct {
	domain.Tally
	groups map[string]string
}

func newTracer(year int, dir *domain.Directory) *tracer {
	return &tracer{year: year, dir: dir, used: make(map[string]bool)}
}

// add enters a case: its facts now less its facts as of the position.
func (tr *tracer) add(h domain.CaseHistory) error {
	before, after, err := unfold(&h)
	if err != nil {
		return err
	}
	c := changed{ChangedCase: domain.ChangedCase{ID: h.CaseID, Number: h.Number}}
	for _, t := range domain.Tallies(before, after) {
		if t.Day.Year <= tr.year { // a later one is of no figure in the report
			c.net = append(c.net, placed{t, tr.groupsOf(&t.Cell)})
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
	tr.cases = append(tr.cases, c)
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
func (tr *tracer) explain(r *domain.Revised) {
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
	for i := range tr.cases {
		c := &tr.cases[i]
		n, moves := c.adds(ind.Numerator, r)
		d, moved := c.adds(ind.Denominator, r)
		if !moves && !moved {
			continue
		}
		tr.used[c.ID] = true
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
		if t.Measure == measure && t.counts(r) {
			sum += t.N
			byStep[t.Step] += t.N
		}
	}
	for _, n := range byStep {
		moves = moves || n != 0
	}
	return sum, moves
}

// groupsOf are the groups of a cell in the county's totals, by grouping.
func (tr *tracer) groupsOf(cell *domain.Cell) map[string]string {
	groups := make(map[string]string)
	for total := range cell.Totals(tr.dir.Get(cell.Owner).Path) {
		if total.Org == tr.dir.Root() {
			groups[total.By] = total.Group
		}
	}
	return groups
}

// counts reports whether what a case has added is counted in a figure.
func (p *placed) counts(r *domain.Revised) bool {
	period := r.Period
	if r.Part == "by_month" && !strings.Contains(period, "-") {
		period += r.Group[4:] // that month, of the year that is meant
	}
	by := groupedBy(r.Part)
	return strings.HasPrefix(p.Day.String(), period) && (by == domain.ByNothing || p.groups[by] == r.Group)
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
func (tr *tracer) named() []domain.ChangedCase {
	out := []domain.ChangedCase{}
	for i := range tr.cases {
		if tr.used[tr.cases[i].ID] {
			out = append(out, tr.cases[i].ChangedCase)
		}
	}
	slices.SortFunc(out, func(a, b domain.ChangedCase) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	return out
}
