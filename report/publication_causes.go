package report

import (
	"cmp"
	"slices"
	"strings"

	"sudi/domain"
)

// tracer finds the cases that caused differences: it is shown every case that
// changed behind a position, and keeps those alone that are a cause.
type tracer struct {
	year     int
	dir      *domain.Directory
	figures  []traced
	measures map[string]bool      // that they are made of
	cases    []domain.ChangedCase // that are a cause of something
}

// traced is a difference whose causes are looked for, and what no case has
// explained so far.
type traced struct {
	*domain.Revised
	ind  *domain.Indicator
	rest domain.Cause
}

// placed is what a case has added, and the group of each grouping that it stands
// in at the county.
type placed struct {
	domain.Tally
	groups map[string]string
}

// newTracer names the causes that no history tells, and begins to look for the
// others. It adds to the differences that it is given.
func newTracer(year int, dir *domain.Directory, figures []*domain.Revised) *tracer {
	tr := &tracer{year: year, dir: dir, measures: make(map[string]bool)}
	for _, r := range figures {
		ind := domain.IndicatorByCode(r.Code)
		if ind == nil {
			r.Causes = append(r.Causes, domain.Cause{Kind: domain.CauseDefinition})
			continue
		}
		rest := domain.Cause{
			Numerator:   number(r.After.Numerator) - number(r.Before.Numerator),
			Denominator: number(r.After.Denominator) - number(r.Before.Denominator),
		}
		switch {
		case ind.After > 0 && r.Before.Denominator == nil && r.After.Denominator != nil:
			rest.Kind = domain.CauseTime
			r.Causes = append(r.Causes, rest)
		case len(ind.OrgKinds) > 0:
			rest.Kind = domain.CauseOrganizations
			r.Causes = append(r.Causes, rest)
		default:
			tr.figures = append(tr.figures, traced{r, ind, rest})
			for _, code := range ind.Measures() {
				tr.measures[code] = true
			}
		}
	}
	return tr
}

// add looks at a case: its facts now less its facts as of the position.
func (tr *tracer) add(h domain.CaseHistory) error {
	before, after, err := unfold(&h)
	if err != nil {
		return err
	}
	net := make(map[string][]placed)
	for _, t := range domain.Tallies(before, after) {
		if t.Day.Year <= tr.year && tr.measures[t.Measure] { // a later one is of no figure in the report
			net[t.Measure] = append(net[t.Measure], placed{t, tr.groupsOf(&t.Cell)})
		}
	}
	if len(net) == 0 {
		return nil
	}
	name := h.CaseID
	if after.Restricted() { // that it counts no more is told, and not which it is
		name = ""
	}
	cause := false
	for i := range tr.figures {
		t := &tr.figures[i]
		n, moves := t.adds(net[t.ind.Numerator])
		d, moved := t.adds(net[t.ind.Denominator])
		if !moves && !moved {
			continue
		}
		cause = true
		t.Causes = append(t.Causes, domain.Cause{Kind: domain.CauseCase, CaseID: name, Numerator: n, Denominator: d})
		t.rest.Numerator -= n
		t.rest.Denominator -= d
	}
	if cause && name != "" {
		tr.cases = append(tr.cases, changedCase(&h))
	}
	return nil
}

// changedCase is a case with what was done with it behind the position.
func changedCase(h *domain.CaseHistory) domain.ChangedCase {
	c := domain.ChangedCase{ID: h.CaseID, Number: h.Number}
	for i := h.Known; i < len(h.Entries); i++ {
		e := &h.Entries[i]
		c.Steps = append(c.Steps, domain.ChangedStep{
			Version: e.Version, At: e.At, Action: e.Action, To: e.To, By: e.ActorName, Role: e.ActorRole, Org: e.ActorOrg,
		})
	}
	return c
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

// end says what no case explains, which the program does, and lists the cases
// that are a cause, by number.
func (tr *tracer) end() []domain.ChangedCase {
	for i := range tr.figures {
		t := &tr.figures[i]
		if t.rest.Numerator != 0 || t.rest.Denominator != 0 || len(t.Causes) == 0 {
			t.rest.Kind = domain.CauseDefinition
			t.Causes = append(t.Causes, t.rest)
		}
	}
	slices.SortFunc(tr.cases, func(a, b domain.ChangedCase) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	return append([]domain.ChangedCase{}, tr.cases...)
}

// adds is what a case has added since to a measure in the figure's period and
// group. moves is false for a case that counts in it just as it did: one that
// only moved between groups moves no total, but one that took longer moves a
// mean.
func (t *traced) adds(net []placed) (sum int64, moves bool) {
	byStep := make(map[int]int64)
	for i := range net {
		if p := &net[i]; p.counts(t.Revised) {
			sum += p.N
			byStep[p.Step] += p.N
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
