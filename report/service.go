// Package report makes the county's figures: rates and counts by month,
// township, category and procedure, the annual report, and the proof that all
// of them agree with the cases.
//
// A figure is made from the counts of measures (domain.Measures). The counts
// come from the roll-up that each change of a case adds to in its own
// transaction, so a figure is exact whenever it is read; Verify recounts it
// twice over, in SQL and in Go, and opens it to its cases.
package report

import (
	"context"
	"time"

	"sudi/domain"
)

// Counter keeps the roll-up.
type Counter interface {
	// Count reads the roll-up in constant time, whatever the number of cases.
	// One call is one snapshot.
	Count(context.Context, ...domain.CountQuery) ([]domain.Counts, error)
	// Recount gives the same answers from the cases.
	Recount(context.Context, ...domain.CountQuery) ([]domain.Counts, error)
	// EachTotal gives every count of the roll-up; a total that comes several
	// times is the sum.
	EachTotal(context.Context, func(domain.Total, int64) error) error
	// AddTotals corrects the roll-up by differences.
	AddTotals(context.Context, map[domain.Total]int64) error
	// KeepBacklog writes down what stands open at the end of a day, once.
	KeepBacklog(context.Context, domain.Date) error
	// BacklogDays gives what was written down for an organisation, oldest first.
	BacklogDays(ctx context.Context, org string, span domain.Span) ([]domain.BacklogDay, error)
	// FoldTallies merges the increments written since into the roll-up and
	// says how many there were. No figure changes by it.
	FoldTallies(context.Context) (int64, error)
}

// Cases are read to open a figure and to verify.
type Cases interface {
	// EachListed gives every case that a list shows.
	EachListed(ctx context.Context, q domain.CaseQuery, fn func(*domain.Case) error) error
	// EachFile gives every case with its whole history, both as of one
	// instant.
	EachFile(ctx context.Context, fn func(domain.File, []domain.Entry) error) error
}

// County knows the organisations and categories that figures are grouped by.
type County interface {
	Organizations(context.Context) ([]domain.Organization, error)
	Categories(context.Context) ([]domain.Category, error)
}

// Store is what the package needs of the store.
type Store interface {
	Counter
	Cases
	County
	Statements
	Archive
	// WithLock runs a function while no other process holds the named lock;
	// ran is false when one does.
	WithLock(ctx context.Context, name string, fn func(context.Context) error) (ran bool, err error)
	// Setting gives a fact about this installation.
	Setting(ctx context.Context, name string) (value string, ok bool, err error)
	SetSetting(ctx context.Context, name, value string) error
}

// Service answers questions about figures.
type Service struct {
	store Store
	now   func() time.Time
}

// New makes a service that reads a store and a clock.
func New(store Store, now func() time.Time) *Service { return &Service{store, now} }

// KeepFolded folds the roll-up's increments at an interval until ctx ends, and
// writes down after each day's end what stands open. Folding only makes reading
// cheaper, so an error is handed to failed and the next round tries again.
func (s *Service) KeepFolded(ctx context.Context, every time.Duration, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var kept domain.Date
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := s.store.FoldTallies(ctx)
		if day := domain.DateIn(s.now()).AddDays(-1); err == nil && day != kept {
			if err = s.store.KeepBacklog(ctx, day); err == nil {
				kept = day
			}
		}
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}
