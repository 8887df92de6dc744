package domain

import "time"

// Publication is the annual report of a year as it was published: its figures
// frozen, with the place in history up to which they count. It is never
// changed; what has become different since comes with the next revision.
type Publication struct {
	Year        int         `json:"year" gorm:"primaryKey;autoIncrement:false"`
	Revision    int         `json:"revision" gorm:"primaryKey;autoIncrement:false"` // 1, 2, …
	At          time.Time   `json:"at" gorm:"column:published_at"`
	By          string      `json:"by" gorm:"column:published_by"`               // user id
	ByName      string      `json:"by_name" gorm:"column:published_by_name"`     // as he was called then
	Reason      string      `json:"reason,omitempty"`                            // of every revision but the first
	Position    int64       `json:"position"`                                    // exactly the history entries up to it are counted
	Hash        string      `json:"hash"`                                        // "sha256:" and 64 hexadecimal digits, of Content
	Content     string      `json:"-"`                                           // the whole in canonical JSON
	Differences Differences `json:"differences" gorm:"serializer:json;not null"` // from the revision before
}

// TableName is the SQL table.
func (Publication) TableName() string { return "publications" }

// Differences is how one state of an annual report differs from another, and
// why.
type Differences struct {
	Figures []Revised     `json:"figures"`
	Cases   []ChangedCase `json:"cases"` // that caused a difference, each once
}

// Empty reports whether there is no difference.
func (d *Differences) Empty() bool { return len(d.Figures) == 0 }

// Revised is a figure that differs.
type Revised struct {
	Part   string       `json:"part"` // of the report: "figures", "by_month" …, "attested"
	Code   string       `json:"code"`
	Name   Text         `json:"name"`
	Group  string       `json:"group,omitempty"`
	Period string       `json:"period"` // "2020"; an earlier one when what the figure is compared with differs
	Before RevisedValue `json:"before"`
	After  RevisedValue `json:"after"`
	Causes []Cause      `json:"causes"`
}

// RevisedValue is a figure on one side of a difference.
type RevisedValue struct {
	Numerator   *int64 `json:"numerator,omitempty"`
	Denominator *int64 `json:"denominator,omitempty"`
	Value       string `json:"value"` // as it is printed; "" when the report has no such figure
}

// CauseKind says what made a figure differ.
type CauseKind string

// The kinds of cause.
const (
	CauseCase          CauseKind = "case"          // a case changed
	CauseAttested      CauseKind = "attested"      // a department stated another value
	CauseOrganizations CauseKind = "organizations" // organisations were founded, dissolved or corrected
	CauseTime          CauseKind = "time"          // the day came from which the figure is told
	CauseDefinition    CauseKind = "definition"    // the program counts otherwise than it did
)

// Cause is one reason for a difference. A case adds its numbers to the
// figure's numerator and denominator; the numbers of all causes make up the
// difference.
type Cause struct {
	Kind        CauseKind `json:"kind"`
	CaseID      string    `json:"case_id,omitempty"`
	Numerator   int64     `json:"numerator"`
	Denominator int64     `json:"denominator"`
	Statement   *Attested `json:"statement,omitempty"` // that holds now
}

// ChangedCase is a case that counts otherwise than before, and what was done
// with it since.
type ChangedCase struct {
	ID     string        `json:"id"`
	Number string        `json:"number"`
	Steps  []ChangedStep `json:"steps"`
}

// ChangedStep is an entry of a case's history, without what it says.
type ChangedStep struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Action  string    `json:"action"`
	To      string    `json:"to"`
	By      string    `json:"by"` // name
	Role    Role      `json:"role"`
	Org     string    `json:"org,omitempty"`
}

// CaseHistory is a case's whole history, of which the first Known entries
// stand at or before a position.
type CaseHistory struct {
	CaseID  string
	Number  string
	Entries []Entry
	Known   int
}
