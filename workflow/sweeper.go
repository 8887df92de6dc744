package workflow

import (
	"context"
	"log/slog"
	"time"

	"sudi/domain"
)

// sweepPage is how many cases the sweeper asks for at a time.
const sweepPage = 500

// Due is what the sweeper needs of the store.
type Due interface {
	// DueCases lists cases after an id, in id order, with a running clock that
	// is to be warned of or has passed unnoticed.
	DueCases(ctx context.Context, now time.Time, after string, limit int) ([]string, error)
}

// Sweeper notices that time limits come near or pass. Any number of sweepers
// may run: each case is looked at under its lock, so each warning and each
// miss is recorded once.
type Sweeper struct {
	Engine *Engine
	Due    Due
	Every  time.Duration
	Log    *slog.Logger
}

// Run sweeps until the context ends.
func (s *Sweeper) Run(ctx context.Context) {
	ticker := time.NewTicker(s.Every)
	defer ticker.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("sweep", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Sweep looks once at every case that time has something to do with. A case
// that fails is logged and left for the next sweep; it stops no other.
func (s *Sweeper) Sweep(ctx context.Context) error {
	after := ""
	for {
		ids, err := s.Due.DueCases(ctx, s.Engine.Now(), after, sweepPage)
		if err != nil || len(ids) == 0 {
			return err
		}
		ds := make([]domain.Decision, len(ids))
		for i, id := range ids {
			ds[i] = domain.Decision{CaseID: id, Decide: s.Engine.tick}
		}
		for i, err := range s.Engine.each(ctx, ds) {
			if err != nil && ctx.Err() == nil {
				s.Log.Error("sweep", "case", ids[i], "error", err)
			}
		}
		after = ids[len(ids)-1]
	}
}
