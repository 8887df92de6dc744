package domain

import (
	"slices"
	"time"
)

// User is a staff account.
type User struct {
	ID           string     `json:"id" gorm:"primaryKey;type:uuid"`
	Username     string     `json:"username"`
	Name         string     `json:"name"`
	Role         Role       `json:"role"`
	Org          string     `json:"org"`
	PasswordHash string     `json:"-"` // argon2id, encoded
	DisabledAt   *time.Time `json:"-"`
	CreatedAt    time.Time  `json:"-"`
}

// TableName is the SQL table.
func (User) TableName() string { return "users" }

// Actor is the user as somebody who acts.
func (u *User) Actor() Actor { return Actor{ID: u.ID, Name: u.Name, Role: u.Role, Org: u.Org} }

// Category is a line of the three-level petition category list; upper levels
// are lines of their own, with shorter codes.
type Category struct {
	Code   string `json:"code" gorm:"primaryKey"`
	Level1 string `json:"level1"`
	Level2 string `json:"level2,omitempty"`
	Level3 string `json:"level3,omitempty"`
}

// TableName is the SQL table.
func (Category) TableName() string { return "categories" }

// Scope bounds what a reader may see: the cases that touch organisations at
// or below Org, and not those that complain of it. Who watches over the county
// sees the others too. The zero Scope sees nothing; AllCases sees everything and
// is for the system's own work.
//
// A restricted case (Case.Restricted) is there only with Sealed, for who works on
// cases and opens one by its id or looks at what waits for him: that which Org
// itself, no body below it, has on its desk or answers for, and for who watches
// each. In lists it is there for nobody.
type Scope struct {
	Org    string
	Watch  bool
	All    bool
	Sealed bool
}

// AllCases is the scope of the system's own readers. They may open a restricted
// case, but list none.
var AllCases = Scope{All: true}

// Confides reports whether who works on cases within the scope may know whose a
// confidential case (要求保密) is: at the body itself that registered it, answers
// for it or has it on its desk, or watching over the county.
func (s Scope) Confides(c *Case) bool {
	return s.All || s.Watch || !c.Has(FlagConfidential) || s.Org != "" && (s.Org == c.Desk || s.Org == c.Owner || s.Org == c.RegisteredBy)
}

// Whose says which of a worker's cases are meant; he works for his organisation
// and all below it.
type Whose string

// Whose turn it is.
const (
	WhoseEither    Whose = ""          // on their desk, theirs to answer for, or in his own hands
	WhoseHere      Whose = "here"      // on their desk
	WhoseElsewhere Whose = "elsewhere" // theirs to answer for, but on another desk
	WhosePartners  Whose = "partners"  // on which they help, or of which they were told
)

// CaseQuery selects cases; empty values do not restrict. It is newest first
// by receipt, or earliest due first when DueBefore is set.
type CaseQuery struct {
	Scope        Scope
	State        string
	Procedure    string
	Among        []string // procedures; nil = all
	Category     string   // code or prefix
	Org          string   // touched by an organisation at or below this one
	Owner        string
	Handler      string
	Worker       *Actor        // who works on it
	Whose        Whose         // of Worker
	In           []Disposition // any of these
	Text         string        // words of the title, or the whole of a number
	Persons      bool          // Text may also be a party's whole name, telephone or identity number
	Flag         Flag
	Dissatisfied *time.Time // rated dissatisfied, not before
	DueBefore    *time.Time // some running limit is due before
	DueFrom      *time.Time // with DueBefore: and the earliest not before this
	Measure      string     // counted by this measure …
	Span         Span       // … on these days (of Measure), or received on them
	Within       string     // an organisation at or below this one is responsible
	Group        *Group     // what a figure is split by
	Received     Span       // received on these days, besides
	Township     string
	Restricted   bool   // only these, and not closed yet; Scope must open them
	Cursor       string // opaque, from the page before
	Limit        int    // 1–200; 0 = 50
}

// Group is one of the groups that a figure is split into.
type Group struct{ By, Key string }

// Span is a run of days, both inclusive; the zero value is all time.
type Span struct{ From, To Date }

// Year is the span of a calendar year.
func Year(y int) Span { return Span{NewDate(y, 1, 1), NewDate(y, 12, 31)} }

// Month is the span of a calendar month.
func Month(y int, m time.Month) Span {
	first := NewDate(y, m, 1)
	return Span{first, first.AddMonths(1).AddDays(-1)}
}

// Whole reports whether a span is of whole months.
func (s Span) Whole() bool {
	return s == Span{} || s.From.Day == 1 && s.To.AddDays(1).Day == 1 && !s.To.Before(s.From)
}

// Periods are the fewest years and months that make up a span of whole months,
// as the roll-up names them.
func (s Span) Periods() []string {
	var keys []string
	for d := s.From; !d.After(s.To); {
		if year := Year(d.Year); d == year.From && !year.To.After(s.To) {
			keys, d = append(keys, YearKey(d)), d.AddMonths(12)
		} else {
			keys, d = append(keys, MonthKey(d)), d.AddMonths(1)
		}
	}
	return keys
}

// Months are the months of a span, as the roll-up names them.
func (s Span) Months() []string {
	var keys []string
	for d := NewDate(s.From.Year, s.From.Month, 1); !d.After(s.To); d = d.AddMonths(1) {
		keys = append(keys, MonthKey(d))
	}
	return keys
}

// CaseLine is a case in a list, with the earliest day by which somebody must
// act, nil when no limit runs.
type CaseLine struct {
	Case
	Due *time.Time
}

// CasePage is one page of a list; Next is "" on the last.
type CasePage struct {
	Items []CaseLine
	Next  string
}

// CountQuery asks for the counts of measures over whole months.
type CountQuery struct {
	Measures []string
	Span     Span   // whole months; the zero value is all time. A stock is bounded by its end only.
	Org      string // of the cases of organisations at or below it
	By       string // one of ByNothing … ByOrganization; a stock has no months
	Without  string // what complains of this organisation, or of one above it below the county, is left out
}

// Count is what a measure came to, and how it is spread when it is.
type Count struct {
	N     int64
	Steps []Step // N by Measure.Over, ascending; nil when it is spread over nothing
}

// Step is how much of a count lies at one point of what it is spread over.
type Step struct {
	At int
	N  int64
}

// Add adds what lies at one point, in a measure that is spread.
func (c *Count) Add(at int, n int64) {
	c.N += n
	if last := len(c.Steps) - 1; last < 0 || c.Steps[last].At < at {
		c.Steps = append(c.Steps, Step{at, n})
		return
	}
	i, found := slices.BinarySearchFunc(c.Steps, at, func(s Step, at int) int { return s.At - at })
	if !found {
		c.Steps = slices.Insert(c.Steps, i, Step{At: at})
	}
	c.Steps[i].N += n
}

// Counts gives the count of each measure for each group; the group of a query
// without By is "".
type Counts map[string]map[string]Count

// Add adds to a count.
func (c Counts) Add(group string, m *Measure, step int, n int64) {
	if m.Over == SpreadNone {
		c.AddCount(group, m, Count{N: n})
	} else {
		c.AddCount(group, m, Count{n, []Step{{step, n}}})
	}
}

// AddCount adds one count to another. It keeps more, which must not be used
// afterwards.
func (c Counts) AddCount(group string, m *Measure, more Count) {
	counts := c[group]
	if counts == nil {
		counts = make(map[string]Count, len(Measures))
		c[group] = counts
	}
	count, known := counts[m.Code]
	switch {
	case !known:
		count = more
	case m.Over == SpreadNone:
		count.N += more.N
	default:
		for _, s := range more.Steps {
			count.Add(s.At, s.N)
		}
	}
	counts[m.Code] = count
}

// BacklogDay is how many cases stood open at the end of a day, and how many of
// those were overdue.
type BacklogDay struct {
	Day           Date
	Open, Overdue int64
}

// RoutePoint is a state of a procedure in which the router takes an action by
// itself, once for each case.
type RoutePoint struct {
	Procedure string
	Version   int
	State     string
	Action    string
}

// Unsent is an event that the broker has not stored yet.
type Unsent struct {
	Position int64
	Event    Event
}

// DeadLetter is an event that a consumer could not apply.
type DeadLetter struct {
	ID        string    `json:"id" gorm:"primaryKey;type:uuid"`
	Consumer  string    `json:"consumer"`
	Subject   string    `json:"subject"`
	EventID   string    `json:"event_id"`
	Payload   []byte    `json:"payload"`
	Cause     string    `json:"cause"`
	Attempts  int       `json:"attempts"`
	CreatedAt time.Time `json:"created_at"`
	// ReplayAskedAt is when somebody wanted it delivered again.
	ReplayAskedAt *time.Time `json:"replay_asked_at,omitempty"`
	ReplayedAt    *time.Time `json:"replayed_at,omitempty"`
}

// TableName is the SQL table.
func (DeadLetter) TableName() string { return "dead_letters" }

// Import is one file's import.
type Import struct {
	ID        string     `json:"id" gorm:"primaryKey;type:uuid"`
	FileName  string     `json:"file_name"`
	FileHash  string     `json:"-"`
	Mapping   string     `json:"-"`
	Actor     string     `json:"actor"`
	Total     int        `json:"total"`
	Taken     int        `json:"taken"`
	Rejected  int        `json:"rejected"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// TableName is the SQL table.
func (Import) TableName() string { return "imports" }
