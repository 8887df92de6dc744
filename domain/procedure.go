package domain

import "time"

// ProcedureText is a published version of a procedure, as its texts stood when
// it was first published: it never changes.
type ProcedureText struct {
	Name        string    `gorm:"primaryKey"`
	Version     int       `gorm:"primaryKey;autoIncrement:false"`
	PublishedAt time.Time // when this database first knew it
	Own         bool      // published by the county, not part of Sudi
	Hash        string    // SHA-256 of Document, in hexadecimal digits
	Source      string    // the file, as somebody wrote it
	Common      string    // the file of what all procedures share, as it stood beside it
	Document    string    // everything that holds, of whichever file, in canonical form: what is compiled again
}

// TableName is the SQL table.
func (ProcedureText) TableName() string { return "procedures" }

// ProcedureUse says how many cases stand in a state of a version.
type ProcedureUse struct {
	Procedure string
	Version   int
	State     string
	Cases     int
}
