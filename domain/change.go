package domain

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Fields is what an action was given: the values of the fields that the
// procedure asks for.
type Fields map[string]any

// String gives a field's text, "" when it is absent or not text.
func (f Fields) String(name string) string {
	s, _ := f[name].(string)
	return s
}

// Effect is how an entry changed the case: JSON name → new value. It is
// complete but for the case's texts, so folding the entries of a case gives
// the stored case.
type Effect map[string]any

// Entry is one line of a case's history: appended, never changed.
type Entry struct {
	CaseID    string        `json:"case_id" gorm:"primaryKey;type:uuid"`
	Version   int           `json:"version" gorm:"primaryKey;autoIncrement:false"`
	At        time.Time     `json:"at"` // when it happened (business time)
	Action    string        `json:"action"`
	From      string        `json:"from" gorm:"column:from_state"`
	To        string        `json:"to" gorm:"column:to_state"`
	ActorID   string        `json:"actor_id"`
	ActorName string        `json:"actor_name"`
	ActorRole Role          `json:"actor_role"`
	ActorOrg  string        `json:"actor_org,omitempty"`
	Note      string        `json:"note,omitempty"`
	Fields    Fields        `json:"fields,omitempty" gorm:"serializer:json"`
	Event     string        `json:"event"`                                     // name under which it is announced
	Desk      string        `json:"desk,omitempty"`                            // set when the case was handed to another organisation
	Notified  []string      `json:"notified,omitempty" gorm:"serializer:json"` // organisations told besides the desk
	Effect    Effect        `json:"effect" gorm:"serializer:json;not null"`
	Clocks    []ClockRecord `json:"clocks,omitempty" gorm:"serializer:json"`
}

// TableName is the SQL table.
func (Entry) TableName() string { return "history" }

// EventID is the identity under which the entry travels; a case's events sort
// by their version.
func (e *Entry) EventID() string { return fmt.Sprintf("%s-%d", e.CaseID, e.Version) }

// Receipt says that a consumer has applied an event; it is stored in the
// transaction of the effect, which makes the effect exactly-once.
type Receipt struct {
	Consumer string
	CaseID   string
	Version  int
}

// Idempotency ties a new case to the key its sender chose, so that a repeated
// request finds the first one's case.
type Idempotency struct {
	Principal string
	Key       string
	BodyHash  string
}

// Evaluation is one answer of the applicant; a case may have several and the
// last counts.
type Evaluation struct {
	CaseID       string       `json:"-" gorm:"primaryKey;type:uuid"`
	Version      int          `json:"version" gorm:"primaryKey;autoIncrement:false"` // of the history entry that recorded it
	At           time.Time    `json:"at"`
	Satisfaction Satisfaction `json:"satisfaction"`
	Resolved     *bool        `json:"resolved,omitempty"`
	Comment      string       `json:"comment,omitempty"`
}

// TableName is the SQL table.
func (Evaluation) TableName() string { return "evaluations" }

// Invitation lets an applicant rate his case once, without an account, by a
// link that carries a secret token; only the token's hash is kept.
type Invitation struct {
	TokenHash []byte     `json:"-" gorm:"primaryKey"`
	CaseID    string     `json:"case_id" gorm:"type:uuid"`
	Version   int        `json:"version"` // of the history entry that made it
	IssuedAt  time.Time  `json:"issued_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// TableName is the SQL table.
func (Invitation) TableName() string { return "invitations" }

// ImportRow ties an imported case to its row in the file, so that a row is
// never taken twice.
type ImportRow struct {
	ImportID string
	Row      int
}

// Change is a decision about one case, whole: the store writes all of it in
// one transaction or nothing. Only workflow.Step and its companions make one.
type Change struct {
	Before      *Case // nil for a new case
	After       Case
	Parties     []Party    // all parties, when they were entered or edited
	Deadlines   []Deadline // clocks that changed, as they stand after
	Gone        []Deadline // clocks that are known by another name now
	Entries     []Entry    // one for each action, in order
	Links       []Link
	Unlinks     []Link // ties that are no more
	Evaluations []Evaluation
	Opens       []Change    // new cases that come out of this one, written with it
	Invitation  *Invitation // to rate, made by this change
	Spends      []byte      // hash of the invitation's token that this change uses up
	ImportRow   *ImportRow
	Series      *NumberSeries // for a new case; the store sets After.Number
	Receipt     *Receipt
	Idempotency *Idempotency
	Origin      Origin // of the request, for the audit log; the store sets it
}

// Then appends a later change of the same case.
func (c Change) Then(next Change) Change {
	c.After = next.After
	c.Entries = append(c.Entries, next.Entries...)
	c.Links = append(c.Links, next.Links...)
	c.Unlinks = append(c.Unlinks, next.Unlinks...)
	c.Opens = append(c.Opens, next.Opens...)
	c.Evaluations = append(c.Evaluations, next.Evaluations...)
	if next.Parties != nil {
		c.Parties = next.Parties
	}
	c.Deadlines = without(c.Deadlines, next.Gone)
	c.Gone = append(c.Gone, next.Gone...)
	for _, d := range next.Deadlines {
		c.Deadlines = upsertDeadline(c.Deadlines, d)
	}
	return c
}

// File is the case's file after the change, given the one before it.
func (c *Change) File(before File) File {
	f := File{Case: c.After.Clone(), Parties: before.Parties, Derived: before.Derived, Repeats: before.Repeats}
	for i := range c.Opens {
		f.Derived = append(slices.Clip(f.Derived), c.Opens[i].After)
	}
	if c.Parties != nil {
		f.Parties = c.Parties
	}
	f.Deadlines = without(append(f.Deadlines, before.Deadlines...), c.Gone)
	for _, d := range c.Deadlines {
		f.Deadlines = upsertDeadline(f.Deadlines, d)
	}
	return f
}

// without leaves clocks out.
func without(ds, gone []Deadline) []Deadline {
	return slices.DeleteFunc(ds, func(d Deadline) bool {
		return slices.ContainsFunc(gone, func(g Deadline) bool { return g.Kind == d.Kind && g.Round == d.Round })
	})
}

func upsertDeadline(ds []Deadline, d Deadline) []Deadline {
	for i := range ds {
		if ds[i].Kind == d.Kind && ds[i].Round == d.Round {
			ds[i] = d
			return ds
		}
	}
	return append(ds, d)
}

// LinkKind is how two cases hang together.
type LinkKind string

// The kinds of link, read "From … To".
const (
	LinkMergedInto  LinkKind = "merged_into"
	LinkDerivedFrom LinkKind = "derived_from"
	LinkRepeats     LinkKind = "repeats"
	LinkChildOf     LinkKind = "child_of"
)

// Link ties two cases together.
type Link struct {
	From      string    `json:"from" gorm:"primaryKey;type:uuid;column:from_case"`
	To        string    `json:"to" gorm:"primaryKey;type:uuid;column:to_case"`
	Kind      LinkKind  `json:"kind" gorm:"primaryKey"`
	CreatedAt time.Time `json:"created_at"`
}

// TableName is the SQL table.
func (Link) TableName() string { return "links" }

// foldField is a field of Case that history carries.
type foldField struct {
	index int
	name  string
}

var foldFields = func() []foldField {
	var fs []foldField
	t := reflect.TypeFor[Case]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("fold") == "-" {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fs = append(fs, foldField{i, name})
	}
	return fs
}()

// Diff is the effect that turns one case into another.
func Diff(before, after *Case) Effect {
	e := Effect{}
	b, a := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	for _, f := range foldFields {
		x, y := b.Field(f.index), a.Field(f.index)
		if !sameValue(x, y) {
			e[f.name] = y.Interface()
		}
	}
	return e
}

func sameValue(x, y reflect.Value) bool {
	if t, ok := reflect.TypeAssert[time.Time](x); ok {
		u, _ := reflect.TypeAssert[time.Time](y)
		return t.Equal(u)
	}
	switch x.Kind() {
	case reflect.Pointer:
		if x.IsNil() || y.IsNil() {
			return x.IsNil() == y.IsNil()
		}
		return sameValue(x.Elem(), y.Elem())
	case reflect.Map, reflect.Slice:
		if x.Len() == 0 && y.Len() == 0 { // nil and empty are one value in SQL
			return true
		}
		return reflect.DeepEqual(x.Interface(), y.Interface())
	default:
		return x.Equal(y)
	}
}

// Fold rebuilds a case and its clocks from its history; the texts stay empty.
func Fold(entries []Entry) (Case, []Deadline, error) {
	var c Case
	var ds []Deadline
	for i := range entries {
		e := &entries[i]
		if e.Version != i+1 {
			return c, nil, fmt.Errorf("history of %s: entry %d where %d belongs", e.CaseID, e.Version, i+1)
		}
		raw, err := json.Marshal(e.Effect)
		if err != nil {
			return c, nil, fmt.Errorf("history of %s, entry %d: %w", e.CaseID, e.Version, err)
		}
		// Maps and slices must be replaced, not merged into.
		if _, ok := e.Effect["counts"]; ok {
			c.Counts = nil
		}
		if _, ok := e.Effect["flags"]; ok {
			c.Flags = nil
		}
		if _, ok := e.Effect["partners"]; ok {
			c.Partners = nil
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			return c, nil, fmt.Errorf("history of %s, entry %d: %w", e.CaseID, e.Version, err)
		}
		for _, r := range e.Clocks {
			r.Deadline.CaseID = e.CaseID
			if r.Was != "" {
				ds = without(ds, []Deadline{{Kind: r.Was, Round: r.Deadline.Round}})
			}
			ds = upsertDeadline(ds, r.Deadline)
		}
	}
	return c, ds, nil
}

// NumberSeries is the gapless series that a new case takes its number from.
type NumberSeries struct {
	Org       string
	Procedure string
	Year      int    // Beijing year of receipt
	Prefix    string // the procedure's letters: "XF"
}

// Format writes the n-th number of the series: XF-370404102-2020-000017.
func (s NumberSeries) Format(n int) string {
	return fmt.Sprintf("%s-%s-%d-%06d", s.Prefix, s.Org, s.Year, n)
}

// Decision asks the store to decide about one case under its lock. Decide is
// pure: it may be called again when the transaction has to be repeated.
type Decision struct {
	CaseID string // the case to lock; "" for a new one
	Decide func(File) (Change, error)
	Origin Origin // the store takes it from the context
}

// Result answers a Decision: the case's file as it was written, or the error.
type Result struct {
	File File
	Err  error
}

// Event is what the county is told about one history entry. It carries no
// personal data: who may know more reads the case.
type Event struct {
	ID          string      `json:"id"`
	CaseID      string      `json:"case_id"`
	Version     int         `json:"version"`
	Matter      string      `json:"matter"`
	Number      string      `json:"number"`
	Procedure   string      `json:"procedure"`
	Event       string      `json:"event"`
	Action      string      `json:"action"`
	From        string      `json:"from"`
	To          string      `json:"to"`
	Disposition Disposition `json:"disposition"` // of the case when the event was announced
	Owner       string      `json:"owner"`
	Desk        string      `json:"desk"`         // organisation whose turn it is
	HandedOver  bool        `json:"handed_over"`  // this entry gave it the turn
	Notified    []string    `json:"notified"`     // organisations told besides the desk
	DerivedFrom string      `json:"derived_from"` // case that this one came out of, "" for none
	Repeats     []string    `json:"repeats"`      // cases that this one comes back to, or was thought to
	ActorRole   Role        `json:"actor_role"`
	At          time.Time   `json:"at"`
}
