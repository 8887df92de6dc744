package workflow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sudi/domain"
)

// sweepPage is how many cases the sweeper asks for at a time.
const sweepPage = 500

// Overlooked is what the sweeper needs of the store.
type Overlooked interface {
	// DueCases lists cases after an id, in id order, with a running clock that
	// is to be warned of or has passed unnoticed.
	DueCases(ctx context.Context, now time.Time, after string, limit int) ([]string, error)
	// UnroutedCases lists cases after an id, in id order, that have stood at one
	// of the points since before a moment and of which the router has not taken
	// the action.
	UnroutedCases(ctx context.Context, points []domain.RoutePoint, before time.Time, after string, limit int) ([]string, error)
	// UnheededCases lists cases after an id, in id order, that stand at one of
	// the points and out of which a case was opened that is no longer pending,
	// since before a moment.
	UnheededCases(ctx context.Context, points []domain.RoutePoint, before time.Time, after string, limit int) ([]string, error)
}

// routePatience is how long the router's events may take before the sweeper
// routes in their stead.
const routePatience = 30 * time.Second

// Sweeper does what nobody is told of: it notices that time limits come near
// or pass, and routes cases whose event was lost with the broker. Any number of
// sweepers may run: each case is looked at under its lock, so everything is
// recorded once.
type Sweeper struct {
	Engine *Engine
	Cases  Overlooked
	Every  time.Duration
	Log    *slog.Logger

	routed time.Time // when the unrouted were last looked for
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

// Sweep looks once at every case that was overlooked. A case that fails is
// logged and left for the next sweep; it stops no other.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.Engine.Now()
	err := s.pages(ctx, s.Engine.tick, func(after string) ([]string, error) {
		return s.Cases.DueCases(ctx, now, after, sweepPage)
	})
	if now.Sub(s.routed) < routePatience {
		return err
	}
	s.routed = now
	return errors.Join(err, s.route(ctx, now))
}

// route takes the router's action where it was overlooked. A case that a guard
// keeps where it stands waits for a person.
func (s *Sweeper) route(ctx context.Context, now time.Time) error {
	library := s.Engine.Rules().Library
	router := Router{Engine: s.Engine}
	patient := func(decide func(domain.File) (domain.Change, error)) func(domain.File) (domain.Change, error) {
		return func(f domain.File) (domain.Change, error) {
			change, err := decide(f)
			if domain.KindOf(err) == domain.KindConflict {
				err = errNothing
			}
			return change, err
		}
	}
	before := now.Add(-routePatience)
	return errors.Join(
		s.pages(ctx, patient(router.route), func(after string) ([]string, error) {
			return s.Cases.UnroutedCases(ctx, library.RoutePoints(), before, after, sweepPage)
		}),
		s.pages(ctx, patient(router.heed), func(after string) ([]string, error) {
			return s.Cases.UnheededCases(ctx, library.WatchPoints(), before, after, sweepPage)
		}))
}

// pages decides about every case of a list.
func (s *Sweeper) pages(ctx context.Context, decide func(domain.File) (domain.Change, error), list func(after string) ([]string, error)) error {
	after := ""
	for {
		ids, err := list(after)
		if err != nil || len(ids) == 0 {
			return err
		}
		ds := make([]domain.Decision, len(ids))
		for i, id := range ids {
			ds[i] = domain.Decision{CaseID: id, Decide: decide}
		}
		for i, err := range s.Engine.each(ctx, ds) {
			if err != nil && ctx.Err() == nil {
				s.Log.Error("sweep", "case", ids[i], "error", err)
			}
		}
		after = ids[len(ids)-1]
	}
}
