package domain

import "time"

// LedgerQuery selects the cases of a ledger: those of the CaseQuery, whose
// cursor and limit do not matter, in the order of receipt.
type LedgerQuery struct {
	CaseQuery
	// Standing, when set, takes the place of the query's Span: cases received by
	// its end that had not ended before it began, so that a matter stands in the
	// ledger of every period until it is removed.
	Standing Span
	// Clock, with Standing, asks for cases with such a clock that was started by
	// the span's end and had not ended before it began.
	Clock   string
	Actions []string // whose history entries are wanted
}

// LedgerHead is what is known before the first row: of the one instant that all
// rows are of.
type LedgerHead struct {
	At    time.Time
	Total int
}

// LedgerRow is a case with what its line of a ledger tells.
type LedgerRow struct {
	Case
	Due       *time.Time // earliest running limit, nil when none runs
	Parties   []Party
	Deadlines []Deadline
	Entries   []Entry // of the actions asked for, oldest first
}
