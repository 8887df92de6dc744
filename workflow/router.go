package workflow

import (
	"context"

	"sudi/domain"
)

// RouterConsumer is the router's name as a consumer of events.
const RouterConsumer = "router"

// Router gives each new or returned case to whoever must act next, as soon as
// the event of it arrives.
type Router struct{ Engine *Engine }

// Handle routes the case of an event. The receipt is written with the effect,
// so an event that comes twice, or late, has its effect once. An event without
// effect (somebody was quicker) is not an error.
func (r Router) Handle(ctx context.Context, e domain.Event) error {
	_, err := r.Engine.decide(ctx, e.CaseID, func(f domain.File) (domain.Change, error) {
		return r.decide(f, e)
	})
	if domain.KindOf(err) == domain.KindConflict {
		return nil
	}
	return err
}

// decide takes the route action of the state that the case stands in. Somebody
// may have noted or corrected something since the event: what counts is where
// the case stands now.
func (r Router) decide(f domain.File, e domain.Event) (domain.Change, error) {
	change, err := r.route(f)
	change.Receipt = &domain.Receipt{Consumer: RouterConsumer, CaseID: e.CaseID, Version: e.Version}
	return change, err
}

// route takes the route action of a case's state, if it has one.
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
