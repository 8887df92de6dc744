package workflow

import (
	"context"
	"time"

	"sudi/domain"
)

// RouterConsumer is the router's name as a consumer of events.
const RouterConsumer = "router"

// Router gives each new or returned case to whoever must act next, as soon as
// the event of it arrives.
type Router struct{ Engine *Engine }

// Handle routes the case of an event, and lets the cases hear of it that it came
// out of or comes back to.
func (r Router) Handle(ctx context.Context, e domain.Event) error {
	if err := r.apply(ctx, e, e.CaseID, RouterConsumer, r.route); err != nil {
		return err
	}
	if e.DerivedFrom != "" {
		if err := r.apply(ctx, e, e.DerivedFrom, originConsumer, r.heed); err != nil {
			return err
		}
	}
	for _, id := range e.Repeats {
		first, err := r.first(ctx, id)
		if err == nil {
			err = r.apply(ctx, e, first, returnConsumer, r.seeReturn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Others than the router's own name sign for what an event does to the case that
// its own was opened out of, or comes back to.
const (
	originConsumer = RouterConsumer + "/origin"
	returnConsumer = RouterConsumer + "/return"
)

// apply decides about one case because of an event. The receipt is written with
// the effect, so an event that comes twice, or late, has its effect once. An
// event without effect (somebody was quicker) is not an error.
func (r Router) apply(ctx context.Context, e domain.Event, id, consumer string, decide func(domain.File) (domain.Change, error)) error {
	_, err := r.Engine.decide(ctx, id, func(f domain.File) (domain.Change, error) {
		change, err := decide(f)
		change.Receipt = &domain.Receipt{Consumer: consumer, CaseID: e.CaseID, Version: e.Version}
		return change, err
	})
	if domain.KindOf(err) == domain.KindConflict {
		return nil
	}
	return err
}

// heed takes the action that what became of a case opened out of this one calls
// for.
func (r Router) heed(f domain.File) (domain.Change, error) {
	change, heeded, err := r.Engine.Rules().Heed(f, r.Engine.Now())
	if err == nil && !heeded {
		err = errNothing
	}
	return change, err
}

// Heed decides what a case does about the one opened out of it: it takes the
// first of the router's actions that where that case stands now calls for, so
// that an event that comes late or twice does no harm. ok is false when there is
// nothing to do.
func (r *Rules) Heed(f domain.File, now time.Time) (change domain.Change, ok bool, err error) {
	_, state, err := r.stand(&f.Case)
	if err != nil {
		return change, false, err
	}
	for i := range state.On {
		t := &state.On[i]
		if t.heeds() && firstFailing(t.If, &facts{file: &f, actor: domain.Router, now: now, rules: r}) == nil {
			change, err = r.Step(f, Action{Name: t.Do, Actor: domain.Router, Now: now})
			return change, err == nil, err
		}
	}
	return change, false, nil
}

// route takes the route action of the state that the case stands in, if it has
// one. Somebody may have noted or corrected something since the event: what
// counts is where the case stands now.
func (r Router) route(f domain.File) (domain.Change, error) {
	rules := r.Engine.Rules()
	_, state, err := rules.stand(&f.Case)
	if err != nil {
		return domain.Change{}, err
	}
	if state.Route == "" {
		return domain.Change{}, errNothing
	}
	return rules.Step(f, Action{Name: state.Route, Actor: domain.Router, Now: r.Engine.Now()})
}
