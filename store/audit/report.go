package audit

import "fmt"

// Row is a numbered line of the audit log as the database holds it.
type Row struct {
	Seq       uint64 // from 1
	Canonical []byte
	Leaf      Hash // the stored leaf hash
}

// RowKind is what is wrong with a row.
type RowKind string

// What can be wrong with a row.
const (
	RowEdited    RowKind = "edited"    // its content is not what was signed
	RowLeaf      RowKind = "leaf"      // its content is; its stored leaf hash is not
	RowMissing   RowKind = "missing"   // it was removed, whether or not the later ones were renumbered
	RowInserted  RowKind = "inserted"  // it was never signed, or its number is there twice
	RowMoved     RowKind = "moved"     // the order was changed, from this row on
	RowTruncated RowKind = "truncated" // this and all later rows were removed
	RowRewritten RowKind = "rewritten" // something in From to Row, with all hashes made to agree
)

// RowFault is the first bad row. From and Row are the same if it is known to
// the row. Else nothing vouches for the rows from From on, and the first bad one
// is among From to Row; Row itself is bad, unless Kind is RowRewritten.
type RowFault struct {
	Kind      RowKind
	From, Row uint64
	Record    string // id of the record that stands there now; "" if none does or it cannot be read
}

// String is for logs.
func (f RowFault) String() string {
	if f.From == f.Row {
		return fmt.Sprintf("row %d: %s (record %q)", f.Row, f.Kind, f.Record)
	}
	return fmt.Sprintf("rows %d to %d: %s (record %q)", f.From, f.Row, f.Kind, f.Record)
}

// CheckpointKind is what is wrong with a journal.
type CheckpointKind string

// What can be wrong with a journal.
const (
	CheckpointForged  CheckpointKind = "forged"  // none of the log's keys signed it
	CheckpointMissing CheckpointKind = "missing" // what was signed before it is not before it: removed, moved, another history
	CheckpointLeaves  CheckpointKind = "leaves"  // it is genuine; the leaf hashes beside it are not
	CheckpointNone    CheckpointKind = "none"    // rows have numbers, and the journal is empty
)

// CheckpointFault is the first bad line of a journal.
type CheckpointFault struct {
	Kind CheckpointKind
	Line int    // from 1; 0 for CheckpointNone
	Size uint64 // rows that the checkpoint covers; 0 if forged
}

// String is for logs.
func (f CheckpointFault) String() string {
	return fmt.Sprintf("journal line %d (checkpoint of %d rows): %s", f.Line, f.Size, f.Kind)
}

// Report is what Verify found.
type Report struct {
	Rows        uint64     // rows found to be what was signed
	Pending     uint64     // rows beyond the last checkpoint, for which nothing vouches yet
	Checkpoints int        // genuine checkpoints
	Torn        []int      // lines that a death left unfinished; no fault, since the chain shows whether one is lost
	Last        Checkpoint // the newest genuine checkpoint: is it as new and as large as it must be?
	Row         *RowFault
	Checkpoint  *CheckpointFault
}

// OK reports whether nothing was found to be wrong.
func (r Report) OK() bool { return r.Row == nil && r.Checkpoint == nil }
