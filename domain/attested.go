package domain

import "time"

// AttestedItem is a figure of the annual report that no case yields: a
// department states it and signs for it.
type AttestedItem struct {
	Code       string `json:"code"`
	Name       Text   `json:"name"`
	Unit       Text   `json:"unit"`                       // 件 / items; empty for a percentage and a rank
	Percent    bool   `json:"percent,omitempty"`          // the value is a percentage
	Change     bool   `json:"change,omitempty"`           // of a percentage: a change against the year before, which may be negative
	Honour     bool   `json:"honour,omitempty"`           // an award, a rank or an event: 1 says that it was, the note what it was
	Unproven   bool   `json:"not_reproducible,omitempty"` // published so; no counts are known that give it
	Department string `json:"department"`                 // whose figure it usually is: a function (Organization.Function)
	Section    int    `json:"section"`                    // where the report has it, see AttestedItems
}

// Attested is what a department stated about an item for a year. A later
// statement replaces an earlier one and never removes it.
type Attested struct {
	Year       int       `json:"year" gorm:"primaryKey;autoIncrement:false"`
	Code       string    `json:"code" gorm:"primaryKey"`
	Revision   int       `json:"revision" gorm:"primaryKey;autoIncrement:false"` // 1, 2, …
	Value      string    `json:"value"`                                          // a decimal, "11.2", "-11.2"
	Over       bool      `json:"over"`                                           // more than the value (余, 多)
	Department string    `json:"department"`                                     // organisation code
	Source     string    `json:"source"`                                         // document or system that it is taken from
	Date       Date      `json:"date"`                                           // of the source
	Signer     string    `json:"signer"`                                         // who signed for it
	Note       string    `json:"note,omitempty"`
	EnteredBy  string    `json:"entered_by"` // user id
	EnteredAt  time.Time `json:"entered_at"`
}

// TableName is the SQL table.
func (Attested) TableName() string { return "attested" }
