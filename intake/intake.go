// Package intake takes files of cases, xlsx or csv, into Sudi. A mapping
// (mapping.go) says what the columns mean; each row becomes one decision
// (decide.go) that goes through the engine's rules like any other; rows that
// cannot be taken are set aside with their reason (rejects.go). Run (run.go)
// drives it and can be stopped and started again at any moment.
package intake

import (
	"context"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// Store is what an import needs to remember besides the cases themselves.
// The row of an imported case is written with the case (domain.ImportRow).
type Store interface {
	// FindOrStartImport gives the import of the same file (FileHash) by the
	// same mapping (Mapping), or starts it.
	FindOrStartImport(ctx context.Context, imp domain.Import) (domain.Import, error)
	// ImportedRows gives the rows that are settled: true for one that became a
	// case, false for one that was rejected.
	ImportedRows(ctx context.Context, id string) (map[int]bool, error)
	// RejectRow settles a row as rejected. Rejecting it again changes nothing.
	RejectRow(ctx context.Context, id string, row int, reason string) error
	// FinishImport keeps an import's counts and its end.
	FinishImport(ctx context.Context, imp domain.Import) error
}

// Options say what to import.
type Options struct {
	Path       string // an xlsx or csv file
	Mapping    *Mapping
	Engine     *workflow.Engine
	Store      Store             // not needed for a dry run
	Categories []domain.Category // the county's list, by which level names are found
	// Actor is who asked for the import; nothing is done outside its
	// organisation. With Org "" it is the system's own work.
	Actor       domain.Actor
	Progress    func(done, total int) // may be nil; rows settled so far, of all
	DryRun      bool                  // read and decide everything, write nothing but the rejects
	RejectsPath string                // "" = beside the file: messages.rejects.xlsx
	Batch       int                   // rows a transaction; 0 = 200
}

// Result is what came of an import.
type Result struct {
	ImportID    string
	Total       int // rows with anything in them
	Taken       int // became cases, in this run or before
	Rejected    int
	Already     int    // of both, those that an earlier run had settled
	RejectsPath string // "" when nothing was rejected
	Took        time.Duration
}

const (
	defaultBatch = 200
	// maxFile bounds what is read at all.
	maxFile = 512 << 20
)
