package workflow

import (
	"context"
	"errors"
	"time"

	"sudi/domain"
)

// The names of the history entries of a case to whose matter a repeat came
// after its conclusion, and of one where that turns out not to be so.
const (
	ActionRepeatArrived = "repeat_arrived"
	ActionRepeatUndone  = "repeat_undone"
)

// maxRepeats bounds the way from a repeat back to the first case.
const maxRepeats = 1_000

// first follows a repeat back to the case that all of them repeat.
func (r Router) first(ctx context.Context, id string) (string, error) {
	for range maxRepeats {
		file, err := r.Engine.cases.File(ctx, id)
		if err != nil || file.Case.Repeats == nil {
			return id, err
		}
		id = *file.Case.Repeats
	}
	return id, nil
}

func (r Router) seeReturn(f domain.File) (domain.Change, error) {
	change, news := r.Engine.Rules().SeeReturn(f, r.Engine.Now())
	if !news {
		return change, errNothing
	}
	return change, nil
}

// SeeReturn records on a first case that its citizen came back after its
// conclusion, or that he did not after all: what counts is which cases repeat it
// now, so that an event that comes late or twice does no harm. news is false when
// there is nothing to record.
func (r *Rules) SeeReturn(file domain.File, now time.Time) (change domain.Change, news bool) {
	before, after := file.Case, file.Case.Clone()
	if !after.SetReturn(file.Repeats) {
		return change, false
	}
	name := ActionRepeatArrived
	if after.ReturnedBy == nil {
		name = ActionRepeatUndone
	}
	now = now.UTC().Truncate(time.Microsecond)
	after.Version++
	after.UpdatedAt = now
	return domain.Change{Before: &before, After: after, Entries: []domain.Entry{{
		CaseID: after.ID, Version: after.Version, At: now, Action: name, From: after.State, To: after.State, Event: name,
		ActorID: domain.Router.ID, ActorName: domain.Router.Name, ActorRole: domain.RoleRouter,
		Effect: domain.Diff(&before, &after),
	}}}, true
}

// SeeReturns lets first cases hear of their repeats, where the events of those
// need not be waited for: each as of when it happened, or of the last entry of a
// history that was entered whole. It may be repeated.
func (e *Engine) SeeReturns(ctx context.Context, ids []string) error {
	ds := make([]domain.Decision, len(ids))
	for i, id := range ids {
		ds[i] = domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
			c := f.Case.Clone()
			c.SetReturn(f.Repeats)
			at := c.UpdatedAt
			if c.ReturnedAt != nil && c.ReturnedAt.After(at) {
				at = *c.ReturnedAt
			}
			change, news := e.Rules().SeeReturn(f, at)
			if !news {
				return change, errNothing
			}
			return change, nil
		}}
	}
	return errors.Join(e.each(ctx, ds)...)
}
