// Package workflow runs the county's procedures: it loads them from YAML,
// decides what an action does to a case (Rules.Step, pure), and is the one
// door through which a case changes (Engine).
package workflow

import (
	"slices"
	"strings"

	"sudi/domain"
)

// Procedure is one kind of proceeding, as its YAML file describes it. A
// published version never changes; a case stays on the version it began with.
type Procedure struct {
	Like      string                 `yaml:"like"` // the procedure that the file takes the rest from, perhaps with a version; "" for none
	Name      string                 `yaml:"name"`
	Version   int                    `yaml:"version"`
	ValidFrom domain.Date            `yaml:"valid_from"` // first day of receipt of its cases; zero = from when it is published
	Title     domain.Text            `yaml:"title"`
	Basis     []string               `yaml:"basis"`  // statutes that it follows
	Number    string                 `yaml:"number"` // letters of its case numbers
	Classes   map[string]domain.Text `yaml:"classes"`
	Outcomes  map[string]domain.Text `yaml:"outcomes"`
	Regimes   []Regime               `yaml:"regimes"`
	Fields    map[string]Field       `yaml:"fields"`
	Deadlines map[string]Clock       `yaml:"deadlines"`
	Register  Transition             `yaml:"register"` // the first step; its To is the initial state
	States    []State                `yaml:"states"`
	Anywhere  []Transition           `yaml:"anywhere"` // in every state that is not final; To is the same state
	Routes    []Route                `yaml:"routes"`
	Alerts    []Target               `yaml:"alerts"`  // who is told when a case becomes a risk
	Defends   bool                   `yaml:"defends"` // its respondents are the organs that handle the case: none is kept from it
	Instead   []Target               `yaml:"instead"` // who takes a case in place of an organisation that it complains of: the first that it does not

	file    string // that it was read from
	states  map[string]*State
	counted map[string]bool // actions whose number a guard asks for
	// governed are the flags that actions raise or lower: nobody sets them by
	// hand, but that registration may raise risk.
	governed map[domain.Flag]bool
	opened   map[string]bool // procedures of which its actions open cases
}

// Regime is the law that cases received in a span of days run under.
type Regime struct {
	Code  string      `yaml:"code"`
	From  domain.Date `yaml:"from"`  // first day of receipt; zero = since ever
	Until domain.Date `yaml:"until"` // last day of receipt; zero = still
	Title domain.Text `yaml:"title"`
}

// Field is a value that an action asks for or accepts.
type Field struct {
	Type   FieldType              `yaml:"type"`
	Title  domain.Text            `yaml:"title"`
	Max    int                    `yaml:"max"`    // characters of a text; 0 = 5000
	Values map[string]domain.Text `yaml:"values"` // of a choice
	// Earlier dates may lie before the case was received: it began elsewhere.
	Earlier bool `yaml:"earlier"`
}

// FieldType is how a field's value is read and checked.
type FieldType string

// The field types.
const (
	FieldText          FieldType = "text"
	FieldChoice        FieldType = "choice"
	FieldDate          FieldType = "date"   // 2006-01-02
	FieldAmount        FieldType = "amount" // fen
	FieldNumber        FieldType = "number"
	FieldBool          FieldType = "bool"
	FieldOrganization  FieldType = "organization"  // code
	FieldOrganizations FieldType = "organizations" // list of codes
	FieldUser          FieldType = "user"          // id
	FieldCase          FieldType = "case"          // id
)

// Clock declares a time limit.
type Clock struct {
	Title  domain.Text    `yaml:"title"`
	Duty   domain.Duty    `yaml:"duty"`  // of the county towards the citizen that it measures, "" for none
	From   string         `yaml:"from"`  // "" or "now": the entry; "received", "accepted" (received until then), "concluded"; or a date field
	Until  string         `yaml:"until"` // date field that, when given, is the last day in place of the limit
	Roll   domain.Roll    `yaml:"roll"`
	Once   bool           `yaml:"once"`    // a start while it runs, or after it has run, changes nothing
	Limits []Limit        `yaml:"limits"`  // first whose guards hold
	Extend *domain.Period `yaml:"extend"`  // by how much an extension moves it, or less: field extension_days
	OnMiss string         `yaml:"on_miss"` // action that the clock takes when the limit passes
}

// Limit is a length with its article.
type Limit struct {
	If      []Guard       `yaml:"if"`
	Period  domain.Period `yaml:"limit"`
	Article string        `yaml:"article"` // "[D]" marks a default of ours, without a source
}

// State is where a case can stand.
type State struct {
	Name        string             `yaml:"name"`
	Title       domain.Text        `yaml:"title"`
	Turn        Turn               `yaml:"turn"` // whose turn it is; every state that is not final has one
	Disposition domain.Disposition `yaml:"disposition"`
	Final       bool               `yaml:"final"`
	Hold        bool               `yaml:"hold"`  // its limits are kept as they stand, and the case remembers where it came from
	Route       string             `yaml:"route"` // action that the router takes here by itself
	On          []Transition       `yaml:"on"`
}

// Turn says where the person who may act works.
type Turn string

// The turns. Whoever works at an organisation above counts as working there.
const (
	TurnDesk     Turn = "desk"     // at the organisation that the case was handed to
	TurnOwner    Turn = "owner"    // at the organisation responsible
	TurnAny      Turn = "any"      // at the desk, the owner or the registrar
	TurnInvolved Turn = "involved" // at any of these, or at a partner
	TurnPartner  Turn = "partner"  // at a partner alone

	// TurnRegistrar is at the organisation that registered it: of a transition
	// only, as no worklist shows it there.
	TurnRegistrar Turn = "registrar"
)

// Transition is one edge: who may do what, under which conditions, and what
// follows.
type Transition struct {
	Do       string                  `yaml:"do"`
	Title    domain.Text             `yaml:"title"`
	By       []domain.Role           `yaml:"by"`
	At       Turn                    `yaml:"at"` // overrides the state's Turn
	To       string                  `yaml:"to"` // "" = the same state; "previous" = the one that a held case came from
	If       []Guard                 `yaml:"if"`
	Needs    []string                `yaml:"needs"`    // fields
	Takes    []string                `yaml:"takes"`    // fields that may be given
	Desk     Target                  `yaml:"desk"`     // who gets the turn
	Owner    Target                  `yaml:"owner"`    // who becomes responsible
	Partners []Target                `yaml:"partners"` // who is told of it and may look at the case from now on; those that do not exist there are left out
	Opens    []Opening               `yaml:"opens"`    // the case that comes out of this one: the first whose guards hold
	Counts   map[string][]Guard      `yaml:"counts"`   // what figures count of it, when all the guards held before
	Outcome  string                  `yaml:"outcome"`  // code, or "field NAME"
	Marks    map[string]Mark         `yaml:"marks"`    // moment → when
	Sets     map[string]string       `yaml:"sets"`     // case attribute → field, or "actor": settled, satisfaction, resolved, handler, merged_into, repeats, class, amount
	Raises   []domain.Flag           `yaml:"raises"`
	RaisesIf map[domain.Flag][]Guard `yaml:"raises_if"` // flags that it raises when all the guards held before
	Lowers   []domain.Flag           `yaml:"lowers"`
	Starts   []string                `yaml:"starts"` // clocks
	Ends     []string                `yaml:"ends"`
	Cancels  []string                `yaml:"cancels"`
	Pauses   []string                `yaml:"pauses"`
	Resumes  []string                `yaml:"resumes"`
	Extends  []string                `yaml:"extends"`
	Private  bool                    `yaml:"private"` // what it was given is for those who work where it was written, and above
	Papers   []string                `yaml:"papers"`  // kinds of paper that it produces
	Event    string                  `yaml:"event"`   // announced name; "" = Do
	Article  string                  `yaml:"article"`
}

// Opening opens a case of another procedure out of one, in the same
// transaction: same matter, place, parties and texts, received now by whoever
// hands it over, who stays responsible until somebody accepts it.
type Opening struct {
	If        []Guard           `yaml:"if"`
	Procedure string            `yaml:"procedure"`
	Class     string            `yaml:"class"`
	Channel   domain.Channel    `yaml:"channel"` // "" = that of the first case
	Fields    map[string]string `yaml:"fields"`  // of its registration → field of the action that opens it
}

// Target names an organisation relative to the case: "owner", "desk",
// "registrar", "route", "escalate", "field NAME", "field NAME or route", or a
// kind of organisation, with a function for departments and committees.
type Target string

// Route is a row of the decision table: the first row whose guards hold and
// whose target exists decides.
type Route struct {
	If  []Guard     `yaml:"if"`
	To  Target      `yaml:"to"`
	Why domain.Text `yaml:"why"`
}

// State finds a state by name, nil when there is none.
func (p *Procedure) State(name string) *State { return p.states[name] }

// find gives the transition for an action in a state.
func (p *Procedure) find(s *State, action string) *Transition {
	for i := range s.On {
		if s.On[i].Do == action {
			return &s.On[i]
		}
	}
	if s.Final {
		return nil
	}
	for i := range p.Anywhere {
		if p.Anywhere[i].Do == action {
			return &p.Anywhere[i]
		}
	}
	return nil
}

// previous is the To of a transition that goes back to where a held case came
// from.
const previous = "previous"

// targets are the states that a transition may lead to from a state.
func (p *Procedure) targets(s *State, t *Transition) []string {
	switch t.To {
	case "":
		return []string{s.Name}
	case previous:
		var from []string
		for i := range p.States {
			if slices.ContainsFunc(p.States[i].On, func(u Transition) bool { return u.To == s.Name }) && &p.States[i] != s {
				from = append(from, p.States[i].Name)
			}
		}
		return from
	default:
		return []string{t.To}
	}
}

// watches reports whether a case in this state waits for what becomes of a case
// that was opened out of it.
func (s *State) watches() bool {
	return slices.ContainsFunc(s.On, func(t Transition) bool { return t.heeds() })
}

// heeds reports whether the router takes the transition when a case that was
// opened out of this one has moved.
func (t *Transition) heeds() bool {
	return t.allows(domain.RoleRouter) && slices.ContainsFunc(t.If, func(g Guard) bool { return strings.HasPrefix(g.Name, "derived") })
}

// Private reports whether what an action was given in a state is only for those
// who work where it was written, and above.
func (p *Procedure) Private(state, action string) bool {
	s := p.State(state)
	if s == nil {
		return false
	}
	t := p.find(s, action)
	return t != nil && t.Private
}

// Transitions lists what can be done in a state, its own first.
func (p *Procedure) Transitions(s *State) []*Transition {
	var ts []*Transition
	for i := range s.On {
		ts = append(ts, &s.On[i])
	}
	if !s.Final {
		for i := range p.Anywhere {
			ts = append(ts, &p.Anywhere[i])
		}
	}
	return ts
}

// RegimeOn is the regime of a case received on a day, "" when the procedure
// knows none.
func (p *Procedure) RegimeOn(d domain.Date) string {
	for _, r := range p.Regimes {
		if (r.From == domain.Date{} || !d.Before(r.From)) && (r.Until == domain.Date{} || !r.Until.Before(d)) {
			return r.Code
		}
	}
	return ""
}

// guards are all the guards of the transition, those of what it opens, counts
// and raises among them.
func (t *Transition) guards() []Guard {
	gs := slices.Clone(t.If)
	for i := range t.Opens {
		gs = append(gs, t.Opens[i].If...)
	}
	for _, more := range t.Counts {
		gs = append(gs, more...)
	}
	for _, more := range t.RaisesIf {
		gs = append(gs, more...)
	}
	return gs
}

// ties reports whether the transition makes a case a repeat, or no longer one.
func (t *Transition) ties() bool {
	return t.Sets["repeats"] != "" || slices.Contains(t.Lowers, domain.FlagRepeat)
}

// event is the name under which a transition is announced.
func (t *Transition) event() string {
	if t.Event != "" {
		return t.Event
	}
	return t.Do
}

// allows reports whether a role may take the transition.
func (t *Transition) allows(r domain.Role) bool { return slices.Contains(t.By, r) }
