package workflow

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// readMatrix reads a golden matrix: state → action → roles that may.
func readMatrix(t *testing.T, name string) map[string]map[string][]domain.Role {
	raw, err := os.ReadFile(filepath.Join("testdata", "golden", name+".matrix.txt"))
	require.NoError(t, err)
	matrix := map[string]map[string][]domain.Role{}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
		cols := strings.Fields(line)
		state, action := cols[0], cols[1]
		if matrix[state] == nil {
			matrix[state] = map[string][]domain.Role{}
		}
		if action == "-" {
			continue
		}
		for i, r := range MatrixRoles {
			if cols[2+i] == "x" {
				matrix[state][action] = append(matrix[state][action], r)
			}
		}
	}
	return matrix
}

// Every action in every state by every role: taken exactly where the matrix
// says, on a case for which the guards hold, and refused otherwise with the
// kind that says why.
func TestStepFollowsTheMatrix(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		t.Run(p.Name, func(t *testing.T) {
			matrix := readMatrix(t, p.Name)
			actions := map[string]bool{"no_such_action": false}
			for _, tr := range p.all()[1:] {
				actions[tr.Do] = true
			}
			for i := range p.States {
				s := &p.States[i]
				for action, known := range actions {
					for _, role := range MatrixRoles {
						c := craft(rules, p, s, p.find(s, action))
						c.action.Name, c.action.Actor = action, actorFor(role)
						_, err := rules.Step(c.file, c.action)
						roles, here := matrix[s.Name][action]
						switch {
						case !known:
							assertKind(t, domain.KindNotFound, err, s.Name, action, role)
						case !here:
							assertKind(t, domain.KindConflict, err, s.Name, action, role)
						case !slices.Contains(roles, role):
							assertKind(t, domain.KindForbidden, err, s.Name, action, role)
						default:
							assert.NoError(t, err, "%s, %s by %s", s.Name, action, role)
						}
					}
				}
			}
		})
	}
}

func assertKind(t *testing.T, want domain.Kind, err error, what ...any) {
	t.Helper()
	if assert.Error(t, err, what...) {
		assert.Equal(t, want, domain.KindOf(err), "%v: %v", what, err)
	}
}

// Each guard broken alone stands in the way; each needed field left out, each
// strange one put in, and each place where the actor does not work as well.
func TestStepRefusesWhatGuardsForbid(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		t.Run(p.Name, func(t *testing.T) {
			for i := range p.States {
				s := &p.States[i]
				for _, tr := range p.Transitions(s) {
					what := []any{s.Name, tr.Do}
					for j, g := range tr.If {
						c := craft(rules, p, s, tr)
						c.satisfy(g, !g.Not)
						_, err := rules.Step(c.file, c.action)
						want := domain.KindConflict
						if g.reads() {
							want = domain.KindInvalid
						}
						assertKind(t, want, err, append(what, j, g.String())...)
					}
					for _, name := range tr.Needs {
						c := craft(rules, p, s, tr)
						delete(c.action.Fields, name)
						_, err := rules.Step(c.file, c.action)
						assertKind(t, domain.KindInvalid, err, append(what, name)...)
					}
					c := craft(rules, p, s, tr)
					c.action.Fields["strange"] = "x"
					_, err := rules.Step(c.file, c.action)
					assertKind(t, domain.KindInvalid, err, what...)

					if staff := c.action.Actor; !staff.System() && staff.Role != domain.RoleCitizen {
						c = craft(rules, p, s, tr)
						c.action.Actor.Org = hrssOrg
						_, err = rules.Step(c.file, c.action)
						assertKind(t, domain.KindForbidden, err, what...)
					}
				}
			}
		})
	}
}

// Available offers what Step allows.
func TestAvailableOffersWhatStepAllows(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		for i := range p.States {
			s := &p.States[i]
			for _, tr := range p.Transitions(s) {
				c := craft(rules, p, s, tr)
				list, err := rules.Available(c.file, c.action.Actor, c.action.Now)
				require.NoError(t, err)
				j := slices.IndexFunc(list, func(a Available) bool { return a.Action.Do == tr.Do })
				require.GreaterOrEqual(t, j, 0, "%s in %s", tr.Do, s.Name)
				require.Empty(t, list[j].Blocked, "%s in %s", tr.Do, s.Name)
			}
		}
	}
}

// crafted is a case in a state, and an action on it that must succeed.
type crafted struct {
	rules  *Rules
	file   domain.File
	action Action
}

var craftNow = time.Date(2022, 6, 15, 4, 0, 0, 0, time.UTC)

func actorFor(role domain.Role) domain.Actor {
	switch role {
	case domain.RoleRouter:
		return domain.Router
	case domain.RoleClock:
		return domain.Clock
	case domain.RoleCitizen:
		return citizen
	default:
		return staffOf(role, countyOrg)
	}
}

// craft makes a case in a state for which a transition's guards hold.
func craft(rules *Rules, p *Procedure, s *State, tr *Transition) *crafted {
	earlier := craftNow.Add(-72 * time.Hour)
	c := &crafted{rules: rules, file: domain.File{Case: domain.Case{
		ID: testCase, Matter: testCase, Procedure: p.Name, ProcedureVersion: p.Version, Regime: p.RegimeOn(domain.DateIn(earlier)),
		Title: "测试", Place: villageOrg, Township: dizhenOrg, Channel: domain.ChannelWindow, Persons: 1,
		RegisteredBy: dizhenOrg, Owner: dizhenOrg, Desk: villageTJ, Unit: dizhenOrg, Handler: "somebody",
		State: s.Name, Disposition: s.Disposition, ReceivedAt: earlier, UpdatedAt: earlier, Version: 5,
		AcceptedAt: &earlier, ConcludedAt: &earlier,
	}, Parties: theParties}}
	c.action = Action{Now: craftNow, Fields: domain.Fields{}, Cases: theOtherCase}
	if tr == nil {
		return c
	}
	if tr.At == TurnPartner {
		c.file.Case.Partners = []string{dizhenTJ}
	}
	if len(tr.Opens) > 0 { // what it opens may ask who the other side is
		c.file.Parties = theParties
	}
	if tr.To == previous {
		c.file.Case.HeldFrom, c.file.Case.MergedInto = p.targets(s, tr)[0], new(otherCase)
	}
	c.action.Name, c.action.Actor = tr.Do, actorFor(tr.By[0])
	untils := map[string]bool{}
	for _, k := range tr.Starts {
		untils[p.Deadlines[k].Until] = true
	}
	for _, name := range tr.Needs {
		c.action.Fields[name] = aValue(p.Fields[name], untils[name])
	}
	for _, g := range tr.If {
		c.satisfy(g, g.Not)
	}
	return c
}

// otherCase is a case that fields may name.
const otherCase = "0197a000-0000-7000-8000-0000000000ff"

var theOtherCase = map[string]domain.Case{otherCase: {ID: otherCase, Matter: otherCase}}

func aValue(f Field, future bool) any {
	switch f.Type {
	case FieldChoice:
		var values []string
		for v := range f.Values {
			values = append(values, v)
		}
		slices.Sort(values)
		return values[0]
	case FieldDate:
		if future {
			return domain.DateIn(craftNow).AddDays(9).String()
		}
		return domain.DateIn(craftNow).String()
	case FieldAmount, FieldNumber:
		return 7
	case FieldBool:
		return true
	case FieldOrganization:
		return housingOrg
	case FieldCase:
		return otherCase
	case FieldOrganizations:
		return []string{housingOrg}
	default:
		return "文字"
	}
}

// satisfy makes a guard's words true, or false when not is set.
func (c *crafted) satisfy(g Guard, not bool) {
	cs := &c.file.Case
	day := 24 * time.Hour
	if len(g.Under) > 0 {
		if not == g.Not && !slices.Contains(g.Under, cs.Regime) {
			return // it holds under any other law
		}
		cs.Regime = g.Under[0]
	}
	clock := func(paused bool, due time.Time) {
		d := domain.Deadline{Kind: g.Args[0], Round: 1, Limit: "10 days", Roll: domain.RollNone,
			StartedAt: craftNow.Add(-3 * day), Nominal: due, Due: due, WarnAt: due}
		if paused {
			d.PausedAt = &cs.ReceivedAt
		}
		c.file.Deadlines = append(slices.DeleteFunc(c.file.Deadlines, func(d domain.Deadline) bool { return d.Kind == g.Args[0] }), d)
	}
	without := func() {
		c.file.Deadlines = slices.DeleteFunc(c.file.Deadlines, func(d domain.Deadline) bool { return d.Kind == g.Args[0] })
	}
	switch g.Name {
	case "in_time", "running":
		if without(); !not {
			clock(false, craftNow.Add(7*day))
		}
	case "overdue":
		if without(); !not {
			clock(false, craftNow.Add(-day))
		}
	case "regime":
		cs.Regime = map[bool]string{true: "other", false: g.Args[0]}[not]
	case "filed_within":
		c.action.Fields[g.Args[0]] = map[bool]string{true: "1999-12-31", false: domain.DateIn(cs.ReceivedAt).String()}[not]
	case "ahead":
		c.action.Fields[g.Args[0]] = domain.DateIn(craftNow).AddDays(map[bool]int{true: 1, false: 30}[not]).String()
	case "paused":
		if without(); !not {
			clock(true, craftNow.Add(7*day))
		}
	case "flag":
		cs.Flags = nil
		if !not {
			cs.Flags = []domain.Flag{domain.Flag(g.Args[0])}
		}
	case "class":
		cs.Class = map[bool]string{true: "other", false: g.Args[0]}[not]
	case "done_below":
		n, _ := strconv.Atoi(g.Args[1])
		if cs.Counts == nil {
			cs.Counts = map[string]int{}
		}
		cs.Counts[g.Args[0]] = map[bool]int{true: n, false: 0}[not]
	case "desk_kind":
		cs.Desk = dizhenOrg
		if !not {
			cs.Desk = c.rules.Directory.OfKind(domain.OrgKind(g.Args[0]))[0].Code
		}
	case "can_escalate":
		cs.Desk = map[bool]string{true: districtOrg, false: villageTJ}[not]
	case "not_requester":
		cs.Handler = map[bool]string{true: c.action.Actor.ID, false: "somebody"}[not]
	case "linked":
		cs.Repeats = map[bool]*string{true: nil, false: new(otherCase)}[not]
	case "desk_function":
		cs.Desk = dizhenOrg
		if !not {
			cs.Desk = congressOrg
		}
	case "opened_from":
		cs.DerivedFrom = map[bool]*string{true: nil, false: new(otherCase)}[not]
	case "derived", "derived_accepted", "derived_outcome", "derived_state":
		if c.file.Derived = nil; !not {
			p, _ := c.rules.Library.Get(cs.Procedure, cs.ProcedureVersion)
			d := domain.Case{Procedure: slices.Sorted(maps.Keys(p.opened))[0], AcceptedAt: &cs.ReceivedAt, ConcludedAt: &cs.ReceivedAt}
			if len(g.Args) > 0 {
				d.Disposition, d.Outcome, d.State = domain.Disposition(g.Args[0]), g.Args[0], g.Args[0]
			}
			c.file.Derived = []domain.Case{d}
		}
	case "outcome":
		cs.Outcome = map[bool]string{true: "other", false: g.Args[0]}[not]
	case "years_between":
		c.action.Fields[g.Args[0]], c.action.Fields[g.Args[1]] = "2014-05-12", map[bool]string{true: "2015-05-12", false: "2030-05-12"}[not]
	case "evaluated":
		cs.EvaluatedAt = map[bool]*time.Time{true: nil, false: &cs.ReceivedAt}[not]
	case "field":
		switch {
		case !not && len(g.Args) > 1 && g.Args[1] == "true":
			c.action.Fields[g.Args[0]] = true
		case !not && len(g.Args) > 1:
			c.action.Fields[g.Args[0]] = g.Args[1]
		case len(g.Args) > 1 && g.Args[1] == "true":
			c.action.Fields[g.Args[0]] = false
		case len(g.Args) > 1: // another of the choices
			p, _ := c.rules.Library.Get(cs.Procedure, cs.ProcedureVersion)
			for _, v := range slices.Sorted(maps.Keys(p.Fields[g.Args[0]].Values)) {
				if !slices.Contains(g.Args[1:], v) {
					c.action.Fields[g.Args[0]] = v
				}
			}
		}
	default:
		panic("the test cannot make guard " + g.Name + " hold")
	}
}
