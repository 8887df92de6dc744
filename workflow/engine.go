package workflow

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sudi/domain"
)

// Cases is what the engine needs of the store.
type Cases interface {
	// Apply decides about cases under their locks. Each decision stands or
	// falls alone and is answered only after its commit; the store is free to
	// gather several into one transaction.
	Apply(ctx context.Context, d domain.Decision) domain.Result
	// ApplyAll takes many decisions in one transaction: all or none.
	ApplyAll(ctx context.Context, ds []domain.Decision) ([]domain.File, error)
	// File reads a case with its parties and clocks; KindNotFound when absent.
	File(ctx context.Context, id string) (domain.File, error)
}

// Engine is the one door through which a case changes: people, citizens, the
// router, the clock, imports and the demo all come through it.
type Engine struct {
	cases Cases
	rules atomic.Pointer[Rules]
	now   func() time.Time
	newID func() string
}

// NewEngine makes an engine. now is the clock of the house and newID gives
// UUIDv7s.
func NewEngine(cases Cases, rules *Rules, now func() time.Time, newID func() string) *Engine {
	e := &Engine{cases: cases, now: now, newID: newID}
	e.rules.Store(rules)
	return e
}

// Rules gives the rules in force.
func (e *Engine) Rules() *Rules { return e.rules.Load() }

// SetRules replaces the rules, after the organisation tree or the calendar
// has changed.
func (e *Engine) SetRules(r *Rules) { e.rules.Store(r) }

// Now is the time by the engine's clock.
func (e *Engine) Now() time.Time { return e.now() }

// Register opens a case. key, when not nil, makes the request repeatable: the
// store refuses a second case under the same key with KindConflict
// "idempotency_key_used".
func (e *Engine) Register(ctx context.Context, in Intake, actor domain.Actor, key *domain.Idempotency) (domain.File, error) {
	id := e.newID()
	var err error
	if in.Cases, err = e.named(ctx, in.Repeats, in.DerivedFrom); err != nil {
		return domain.File{}, err
	}
	r := e.cases.Apply(ctx, domain.Decision{Decide: func(domain.File) (domain.Change, error) {
		change, err := e.Rules().Register(in.clone(), actor, e.now(), id)
		change.Idempotency = key
		return change, err
	}})
	return r.File, r.Err
}

// Act takes an action on a case. version, when not 0, must be the case's
// (If-Match): KindStale otherwise. The other errors are those of Rules.Step.
func (e *Engine) Act(ctx context.Context, id string, version int, a Action) (domain.File, error) {
	var err error
	if a.Cases, err = e.named(ctx, a.caseFields()...); err != nil {
		return domain.File{}, err
	}
	return e.decide(ctx, id, func(f domain.File) (domain.Change, error) {
		if err := sameVersion(&f, version); err != nil {
			return domain.Change{}, err
		}
		a.Now = e.now()
		return e.Rules().Step(f, a)
	})
}

// named reads the cases that a decision names; those that do not exist are left
// to it.
func (e *Engine) named(ctx context.Context, ids ...string) (map[string]domain.Case, error) {
	known := map[string]domain.Case{}
	for _, id := range ids {
		if id == "" {
			continue
		}
		file, err := e.cases.File(ctx, id)
		if err == nil {
			known[id] = file.Case
		} else if domain.KindOf(err) != domain.KindNotFound {
			return nil, err
		}
	}
	return known, nil
}

// caseFields are the fields of an action that look like a case's id.
func (a *Action) caseFields() []string {
	var ids []string
	for name := range a.Fields {
		if id := a.Fields.String(name); caseShape.MatchString(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Edit corrects what was written down about a case.
func (e *Engine) Edit(ctx context.Context, id string, version int, patch Patch, actor domain.Actor) (domain.File, error) {
	return e.decide(ctx, id, func(f domain.File) (domain.Change, error) {
		if err := sameVersion(&f, version); err != nil {
			return domain.Change{}, err
		}
		return e.Rules().Edit(f, patch, actor, e.now())
	})
}

// Tick does what time alone does to a case; it changes nothing when there is
// nothing to do, so any number of sweepers may call it.
func (e *Engine) Tick(ctx context.Context, id string) error {
	return e.each(ctx, []domain.Decision{{CaseID: id, Decide: e.tick}})[0]
}

func (e *Engine) tick(f domain.File) (domain.Change, error) {
	// A sweeper that comes late does each thing at the time when it was due: a
	// case that was accepted by silence, or closed, counts on that day.
	change, ok, err := e.Rules().Pass(f, e.now().Add(time.Microsecond))
	if err == nil && !ok {
		err = errNothing
	}
	return change, err
}

// sweepers is how many decisions each keeps under way, for the store to gather.
const sweepers = 64

// each takes decisions side by side, each for itself, and gives the error of
// each; having nothing to do is none.
func (e *Engine) each(ctx context.Context, ds []domain.Decision) []error {
	errs := make([]error, len(ds))
	var wg sync.WaitGroup
	slots := make(chan struct{}, sweepers)
	for i, d := range ds {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := e.cases.Apply(ctx, d).Err; !errors.Is(err, errNothing) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	return errs
}

var errNothing = domain.Errorf(domain.KindConflict, "nothing_to_do")

// Batch opens and moves many cases in one transaction, by the same rules and
// with the same history and events as one at a time.
func (e *Engine) Batch(ctx context.Context, ds []domain.Decision) ([]domain.File, error) {
	return e.cases.ApplyAll(ctx, ds)
}

// NewID gives an identifier for a case.
func (e *Engine) NewID() string { return e.newID() }

func (e *Engine) decide(ctx context.Context, id string, f func(domain.File) (domain.Change, error)) (domain.File, error) {
	r := e.cases.Apply(ctx, domain.Decision{CaseID: id, Decide: f})
	return r.File, r.Err
}

func sameVersion(f *domain.File, version int) error {
	if version != 0 && f.Case.Version != version {
		return domain.Errorf(domain.KindStale, "version_stale", f.Case.Version, version)
	}
	return nil
}
