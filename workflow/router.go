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
	switch domain.KindOf(err) {
	case domain.KindConflict, domain.KindStale:
		return nil
	default:
		return err
	}
}

// decide takes the route action of the state that the case stands in, if the
// case has not moved since the event.
func (r Router) decide(f domain.File, e domain.Event) (domain.Change, error) {
	rules := r.Engine.Rules()
	if f.Case.Version != e.Version {
		return domain.Change{}, domain.Errorf(domain.KindStale, "version_stale", f.Case.Version, e.Version)
	}
	p, err := rules.Library.Get(f.Case.Procedure, f.Case.ProcedureVersion)
	if err != nil {
		return domain.Change{}, err
	}
	state := p.State(f.Case.State)
	if state.Route == "" {
		return domain.Change{}, errNothing
	}
	change, err := rules.Step(f, Action{Name: state.Route, Actor: domain.Router, Now: r.Engine.Now()})
	change.Receipt = &domain.Receipt{Consumer: RouterConsumer, CaseID: e.CaseID, Version: e.Version}
	return change, err
}
