package domain

import "time"

// Deadline is the current value of one clock of a case: the fold of the clock
// records in its history.
type Deadline struct {
	CaseID string `json:"-" gorm:"primaryKey;type:uuid"`
	Kind   string `json:"kind" gorm:"primaryKey"` // name in the procedure: "accept", "conclude"
	Round  int    `json:"round" gorm:"primaryKey;autoIncrement:false"`
	Org    string `json:"org"`   // whose turn it was when the clock started
	Basis  string `json:"basis"` // article, as the procedure names it
	Limit  string `json:"limit" gorm:"column:period"`
	Roll   Roll   `json:"roll"`
	Duty   Duty   `json:"duty,omitempty"` // that it measures, as the procedure had it when the clock started
	// Chance marks somebody's time to act, whose end is nobody's failure: it
	// lapses, is not warned of and is on no worklist.
	Chance    bool       `json:"chance,omitempty"`
	StartedAt time.Time  `json:"started_at"`
	Nominal   time.Time  `json:"nominal"` // before rolling; extensions count from here
	Due       time.Time  `json:"due"`
	WarnAt    time.Time  `json:"warn_at"`
	PausedAt  *time.Time `json:"paused_at,omitempty"`
	HeldAt    *time.Time `json:"held_at,omitempty"` // while the case is merged: as if it were not there
	WarnedAt  *time.Time `json:"warned_at,omitempty"`
	MissedAt  *time.Time `json:"missed_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Met       bool       `json:"met"`      // ended in time; false with EndedAt: ended late or no longer owed
	Calendar  string     `json:"calendar"` // version of the holiday calendar that gave Due
}

// TableName is the SQL table.
func (Deadline) TableName() string { return "deadlines" }

// Running reports whether the clock counts.
func (d *Deadline) Running() bool { return d.EndedAt == nil && d.PausedAt == nil && d.HeldAt == nil }

// ClockEvent is what happened to a clock.
type ClockEvent string

// What can happen to a clock.
const (
	ClockStarted   ClockEvent = "started"
	ClockPaused    ClockEvent = "paused"
	ClockResumed   ClockEvent = "resumed"
	ClockExtended  ClockEvent = "extended"
	ClockWarned    ClockEvent = "warned"
	ClockMissed    ClockEvent = "missed"
	ClockMet       ClockEvent = "met"       // ended before or on the due day
	ClockLate      ClockEvent = "late"      // ended after it
	ClockLapsed    ClockEvent = "lapsed"    // somebody's time to act ran out, which is no failure
	ClockCancelled ClockEvent = "cancelled" // no longer owed
	ClockMoved     ClockEvent = "moved"     // recomputed under a new calendar
	ClockHeld      ClockEvent = "held"      // the case was merged into another
	ClockReleased  ClockEvent = "released"  // the merge was undone: the clock is as if it had not been
	ClockRenamed   ClockEvent = "renamed"   // the case runs on a version of its procedure that calls the clock otherwise
)

// ClockRecord is appended to the history whenever something happens to a
// clock; it carries the clock as it stands afterwards, so the last one wins.
type ClockRecord struct {
	Event    ClockEvent `json:"event"`
	By       string     `json:"by,omitempty"`  // of an extension: the period added
	Was      string     `json:"was,omitempty"` // of a renaming: the name before
	Deadline Deadline   `json:"deadline"`
}
