package workflow

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// timeline is a worked case: what was done when, and on which days its limits
// must end, as somebody counted by hand. testdata/timelines holds them.
type timeline struct {
	Title    string             `yaml:"title"`
	Law      string             `yaml:"law"`
	Why      string             `yaml:"why"`
	Class    string             `yaml:"class"`
	Category string             `yaml:"category"`
	Channel  domain.Channel     `yaml:"channel"`
	Received string             `yaml:"received"`
	By       domain.Role        `yaml:"by"`
	Org      string             `yaml:"org"`
	Place    string             `yaml:"place"`
	Flags    []domain.Flag      `yaml:"flags"`
	Persons  int                `yaml:"persons"`
	Amount   int64              `yaml:"amount"`
	Parties  []domain.PartyRole `yaml:"parties"`
	Fields   domain.Fields      `yaml:"fields"`
	Steps    []timelineStep     `yaml:"steps"`
	State    string             `yaml:"state"`
	Clocks   []timelineClock    `yaml:"clocks"`
}

// timelineStep is an action, a stretch of time, or what becomes of the case
// that was opened out of this one.
type timelineStep struct {
	At      string        `yaml:"at"`
	Do      string        `yaml:"do"`
	By      domain.Role   `yaml:"by"`
	Org     string        `yaml:"org"`
	Fields  domain.Fields `yaml:"fields"`
	Until   string        `yaml:"until"`
	Why     string        `yaml:"why"`
	Derived *struct {
		Disposition domain.Disposition `yaml:"disposition"`
		Accepted    bool               `yaml:"accepted"`
		Outcome     string             `yaml:"outcome"`
		State       string             `yaml:"state"`
	} `yaml:"derived"`
}

// timelineClock is what one round of a clock must come to.
type timelineClock struct {
	Kind  string `yaml:"kind"`
	Round int    `yaml:"round"`
	Count string `yaml:"count"`
	Due   string `yaml:"due"`
	End   string `yaml:"end"`
	Why   string `yaml:"why"`
}

// leastTimelines is how many worked cases every procedure must have.
const leastTimelines = 10

const minuteLayout = "2006-01-02 15:04"

func readTimelines(t *testing.T, procedure string) []timeline {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "timelines", procedure+".yaml"))
	require.NoError(t, err, "a procedure needs worked cases that prove its limits")
	var ls []timeline
	require.NoError(t, yaml.UnmarshalWithOptions(raw, &ls, yaml.Strict()))
	return ls
}

// Every limit of every worked case falls on the day that somebody counted by
// hand, that the engine gives, and that a second counter walks to.
func TestTimelines(t *testing.T) {
	rules := theRules(t)
	for _, p := range standardProcedures(t) {
		t.Run(p.Name, func(t *testing.T) {
			ls := readTimelines(t, p.Name)
			assert.GreaterOrEqual(t, len(ls), leastTimelines, "too few worked cases")
			for i := range ls {
				t.Run(ls[i].Title, func(t *testing.T) { ls[i].run(t, rules, p) })
			}
		})
	}
}

// Every clock of every procedure is counted out by hand somewhere.
func TestEveryClockHasATimeline(t *testing.T) {
	for _, p := range standardProcedures(t) {
		counted := map[string]bool{}
		for _, l := range readTimelines(t, p.Name) {
			for _, c := range l.Clocks {
				counted[c.Kind] = true
			}
		}
		for kind := range p.Deadlines {
			assert.True(t, counted[kind], "%s: no worked case counts clock %s", p.Name, kind)
		}
	}
}

// A timelines file that no procedure has is one that is never run.
func TestTimelinesBelongToProcedures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "timelines", "*.yaml"))
	require.NoError(t, err)
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		assert.True(t, slices.ContainsFunc(standardProcedures(t), func(p *Procedure) bool { return p.Name == name }), f)
	}
}

func (l *timeline) run(t *testing.T, rules *Rules, p *Procedure) {
	require.NotEmpty(t, l.Title)
	require.NotEmpty(t, l.Law, "which law is it?")
	org := l.Org
	if org == "" {
		org = countyOrg
	}
	in := Intake{
		Procedure: p.Name, Class: l.Class, Category: l.Category, Title: l.Title, Place: l.Place, Channel: l.Channel,
		Flags: l.Flags, Persons: l.Persons, Amount: l.Amount, Fields: plainNumbers(l.Fields),
	}
	if l.Parties == nil {
		l.Parties = []domain.PartyRole{domain.PartyApplicant}
	}
	for i, role := range l.Parties {
		in.Parties = append(in.Parties, domain.Party{Role: role, Name: fmt.Sprintf("某%d", i+1)})
	}
	change, err := rules.Register(in, actorAt(l.By, org), at(t, l.Received), testCase)
	require.NoError(t, err, "register on %s", l.Received)
	y := &play{t: t, rules: rules, tallies: map[domain.Cell]int64{}}
	y.take(change)
	for i := range l.Steps {
		l.Steps[i].take(t, y, fmt.Sprintf("step %d", i+1))
	}
	require.Equal(t, l.State, y.file.Case.State, "where it stands at the end")
	require.NotEmpty(t, l.Clocks, "a worked case counts something")
	for _, c := range l.Clocks {
		c.check(t, y)
	}
}

// actorAt is somebody of a role at an organisation, or the system or citizen.
func actorAt(role domain.Role, org string) domain.Actor {
	if a := actorFor(role); !a.Staff() {
		return a
	}
	return staffOf(role, org)
}

// plainNumbers turns YAML's unsigned numbers into those that an action is given.
func plainNumbers(fields domain.Fields) domain.Fields {
	out := domain.Fields{}
	for name, v := range fields {
		if n, ok := v.(uint64); ok {
			v = int64(n) //nolint:gosec // small
		}
		out[name] = v
	}
	return out
}

// take lets time pass until the step and does what the step says.
func (s *timelineStep) take(t *testing.T, y *play, name string) {
	when := s.At
	if s.Until != "" {
		require.Empty(t, s.At+s.Do, "%s: until lets time pass and does nothing else", name)
		when = s.Until
	}
	if when == "" {
		require.NotNil(t, s.Derived, "%s: when?", name)
	} else {
		name += " " + when
		require.False(t, at(t, when).Before(y.file.Case.UpdatedAt), "%s is before what was done last", name)
		moment := at(t, when)
		if s.Until != "" {
			moment = moment.Add(time.Microsecond) // what falls on the moment has happened
		}
		change, ok, err := y.rules.Pass(y.file, moment)
		require.NoError(t, err, name)
		if ok {
			y.take(change)
		}
	}
	if s.Derived != nil {
		n := len(y.file.Derived)
		require.Positive(t, n, "%s: no case was opened out of this one", name)
		d := &y.file.Derived[n-1]
		d.Disposition, d.Outcome, d.State, d.AcceptedAt = s.Derived.Disposition, s.Derived.Outcome, s.Derived.State, nil
		if s.Derived.Accepted {
			d.AcceptedAt = new(y.file.Case.UpdatedAt)
		}
	}
	if s.Do == "" {
		return
	}
	org := s.Org
	if org == "" {
		org = y.file.Case.Desk
	}
	name += " " + s.Do
	_, state, err := y.rules.stand(&y.file.Case)
	require.NoError(t, err)
	if tr := y.rulesFind(state, s.Do); s.By == domain.RoleRouter && tr != nil && tr.heeds() {
		router := Router{Engine: NewEngine(nil, y.rules, func() time.Time { return at(t, when) }, uuid.NewString)}
		heard, err := router.heed(y.file)
		require.NoError(t, err, "%s: the router does nothing in %s", name, state.Name)
		require.Equal(t, s.Do, heard.Entries[0].Action, "%s: the router does another thing in %s", name, state.Name)
	}
	change, err := y.rules.Step(y.file, Action{
		Name: s.Do, Actor: actorAt(s.By, org), Fields: plainNumbers(s.Fields), Now: at(t, when), Cases: theOtherCase,
	})
	require.NoError(t, err, "%s by %s of %s in state %s (%s)", name, s.By, org, state.Name, y.clocks())
	y.take(change)
}

// rulesFind is a state's transition for an action, nil when it has none.
func (p *play) rulesFind(s *State, action string) *Transition {
	procedure, _, _ := p.rules.stand(&p.file.Case)
	return procedure.find(s, action)
}

// clocks says how all clocks stand, for the message of a failure.
func (p *play) clocks() string {
	var all []string
	for _, d := range p.file.Deadlines {
		all = append(all, fmt.Sprintf("%s %d until %s %s", d.Kind, d.Round, d.Due.In(domain.Beijing).Format(minuteLayout), p.endOf(&d)))
	}
	return strings.Join(all, ", ")
}

// endOf is how a clock stands or ended.
func (p *play) endOf(d *domain.Deadline) string {
	switch {
	case d.EndedAt != nil:
		var last domain.ClockEvent
		for i := range p.entries {
			for _, c := range p.entries[i].Clocks {
				if c.Deadline.Kind == d.Kind && c.Deadline.Round == d.Round {
					last = c.Event
				}
			}
		}
		return string(last)
	case d.HeldAt != nil:
		return "held"
	case d.PausedAt != nil:
		return "paused"
	case d.MissedAt != nil:
		return "missed"
	default:
		return "running"
	}
}

func (c *timelineClock) check(t *testing.T, y *play) {
	what := fmt.Sprintf("clock %s %d", c.Kind, c.Round)
	second, err := countOut(c.Count)
	require.NoError(t, err, what)
	assert.Equal(t, c.Due, second, "%s: by hand (first) and by the second counter, %s", what, c.Count)
	d := clockOf(&y.file, c.Kind, c.Round)
	if !assert.NotEmpty(t, d.Kind, "%s never ran; there are %s", what, y.clocks()) {
		return
	}
	layout := time.DateOnly
	if len(c.Due) > len(layout) {
		layout = minuteLayout
	}
	x, err := y.rules.Explain(d, y.entries)
	require.NoError(t, err, what)
	due := d.Due.In(domain.Beijing).Format(layout)
	assert.Equal(t, c.Due, due, "%s: by hand (first) and by the engine, %s (%s), whose days are\n%s", what, d.Limit, d.Basis, daysOf(&x))
	assert.Equal(t, due[:len(time.DateOnly)], x.Days[len(x.Days)-1].Date.String(), "%s: the explanation ends on another day\n%s", what, daysOf(&x))
	assert.Equal(t, c.End, y.endOf(&d), "%s: how it ended", what)
}

// daysOf writes an explanation's days out: those that do not simply count, and
// how many do between them.
func daysOf(x *Explanation) string {
	var out []string
	counted := 0
	for _, d := range x.Days {
		if d.Counted {
			counted++
		}
		if d.Why != domain.WhyCounted {
			out = append(out, fmt.Sprintf("%s %s (%d counted)", d.Date, d.Why, counted))
		}
	}
	return strings.Join(append(out, fmt.Sprintf("%s the last (%d counted)", x.Days[len(x.Days)-1].Date, counted)), "\n")
}

// However a case goes, each of its clocks ends where the second counter comes to
// from what the history says of it.
func TestWalksAreCountedTwice(t *testing.T) {
	rules := theRules(t)
	paused, extended := 0, 0
	for _, p := range standardProcedures(t) {
		moves := map[string]bool{}
		for _, tr := range p.all() {
			moves[tr.Do] = moves[tr.Do] || len(tr.Pauses)+len(tr.Resumes)+len(tr.Extends) > 0
		}
		for seed := range uint64(250) {
			want := func(action string) bool { return moves[action] }
			if seed%4 == 0 {
				want = nil
			}
			w := walk(t, rules, p.Name, rand.New(rand.NewPCG(seed, 2)).IntN, 25, want)
			if w == nil {
				continue
			}
			for i := range w.file.Deadlines {
				d := &w.file.Deadlines[i]
				expression, due := expressionOf(d, w.entries)
				if expression == "" {
					continue
				}
				paused += strings.Count(expression, "pause")
				extended += strings.Count(expression, "extend")
				second, err := countOut(expression)
				require.NoError(t, err)
				require.Equal(t, second, due, "%s, seed %d: %s %d by the second counter (first) and by the engine: %s", p.Name, seed, d.Kind, d.Round, expression)
			}
		}
	}
	require.Greater(t, paused, 20, "the walks hardly pause")
	require.Greater(t, extended, 20, "the walks hardly extend")
}

// expressionOf tells a clock as a count, and its day as the second counter writes
// it; "" for one that began before the years it knows, or stood still after its
// days were over, of which no law says whether an extension afterwards runs.
func expressionOf(d *domain.Deadline, entries []domain.Entry) (expression, due string) {
	if d.StartedAt.Before(day(firstCounted)) {
		return "", "" // counted from a day long before the case came
	}
	units := map[string]string{"hour": "H", "day": "N", "working day": "W", "month": "M"}
	write := func(period string) string {
		n, unit, _ := strings.Cut(period, " ")
		return fmt.Sprintf("%s(%s)", units[strings.TrimSuffix(unit, "s")], n)
	}
	layout := time.DateOnly
	count := write(d.Limit)
	hours := strings.HasPrefix(count, "H")
	if hours {
		layout = minuteLayout
	}
	count += " " + string(d.Roll) + " from " + d.StartedAt.In(domain.Beijing).Format(layout)
	var before domain.Deadline
	for i := range entries {
		for _, c := range entries[i].Clocks {
			if c.Deadline.Kind != d.Kind || c.Deadline.Round != d.Round {
				continue
			}
			switch {
			case c.Event == domain.ClockResumed && (hours || before.PausedAt.After(before.Nominal)):
				return "", ""
			case c.Event == domain.ClockResumed:
				count += fmt.Sprintf("; pause %s..%s", domain.DateIn(*before.PausedAt), domain.DateIn(entries[i].At))
			case c.Event == domain.ClockExtended:
				count += "; extend " + write(c.By)
				layout = time.DateOnly
			}
			before = c.Deadline
		}
	}
	return count, d.Due.In(domain.Beijing).Format(layout)
}

// The table typed by hand and the calendar of the program say the same of
// every day.
func TestTwoCalendarsAgree(t *testing.T) {
	calendar := domain.StandardCalendar()
	for d := day(firstCounted); d.Before(day("2027-01-01")); d = d.Add(oneDay) {
		working, err := calendar.IsWorking(domain.NewDate(d.Date()))
		require.NoError(t, err)
		require.Equal(t, worked(d), working, "%s, %s: the notices (first) and the calendar differ", d.Format(time.DateOnly), d.Weekday())
	}
}
