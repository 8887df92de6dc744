package report

import (
	"context"
)

// maxDifferences is how many differences a verification spells out.
const maxDifferences = 20

// Stage is a part of a verification.
type Stage string

// The stages, in order; done counts the cases, questions and lists of each.
const (
	StageCases  Stage = "cases"
	StageCounts Stage = "counts"
	StageLists  Stage = "lists"
)

// VerifyOptions says what to verify; all cases and counts always are.
type VerifyOptions struct {
	Year     int                           // whose figures are opened to their lists
	Progress func(stage Stage, done int64) // may be nil
}

// VerifyResult is what a verification found. The county may work on while it is
// verified: everything is read as of one instant.
type VerifyResult struct {
	Year        int          `json:"year"`
	Cases       int64        `json:"cases"`
	Entries     int64        `json:"entries"`
	Clocks      int64        `json:"clocks"`
	Counts      int64        `json:"counts"`
	Lists       int64        `json:"lists"`
	Wrong       int64        `json:"wrong"`       // differences in all
	Differences []Difference `json:"differences"` // the first of them
}

// OK reports whether everything that was judged agrees.
func (r *VerifyResult) OK() bool { return r.Wrong == 0 }

// Check names what disagrees with what.
type Check string

// The checks.
const (
	CheckFold    Check = "fold"    // the stored case is the fold of its history
	CheckClocks  Check = "clocks"  // so are its clocks
	CheckVersion Check = "version" // its version is the number of entries
	CheckRollUp  Check = "roll-up" // the roll-up holds what the cases give
	CheckRecount Check = "recount" // and what the recount in SQL gives
	CheckList    Check = "list"    // the list behind a figure is as long as the figure
	CheckListed  Check = "listed"  // and holds each case that is counted, once
)

// Difference is one disagreement.
type Difference struct {
	Check Check  `json:"check"`
	Where string `json:"where"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// verifier is a verification under way.
type verifier struct {
	*Service
	opt VerifyOptions
	VerifyResult
}

// Verify proves that what is stored agrees with itself: every case with its
// history, the roll-up with a recount in Go and with another in SQL, and the
// figures of a year with the lists behind them. It changes nothing. An error
// means that it could not be finished.
func (s *Service) Verify(ctx context.Context, opt VerifyOptions) (VerifyResult, error) {
	q := Query{Year: opt.Year}
	if _, err := q.span(); err != nil {
		return VerifyResult{}, err
	}
	v := &verifier{Service: s, opt: opt, VerifyResult: VerifyResult{Year: opt.Year}}
	err := s.store.AtOnce(ctx, func(ctx context.Context) error {
		for _, step := range []func(context.Context) error{v.counts, v.recounts, v.lists} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return v.VerifyResult, err
}

func (v *verifier) differs(c Check, where, want, got string) {
	v.Wrong++
	if len(v.Differences) < maxDifferences {
		v.Differences = append(v.Differences, Difference{c, where, want, got})
	}
}

func (v *verifier) progress(stage Stage, done int64) {
	if v.opt.Progress != nil {
		v.opt.Progress(stage, done)
	}
}
