package workflow

import (
	"context"
	"errors"
	"slices"
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

// ActionInvite names the history entry of an invitation to rate, and what is
// counted of it.
const (
	ActionInvite = "invite"
	CountInvited = "invited"
)

// InvitationLife is for how long a link to rate is good.
const InvitationLife = 14 * 24 * time.Hour

// inviters may send an applicant a link to rate, where the case is followed up.
var inviters = []domain.Role{domain.RoleClerk, domain.RoleSupervisor, domain.RoleLeader}

// Invite lets the applicant rate a case once, by a link whose token has this
// hash. KindConflict where the case cannot be rated now, KindForbidden for who
// may not follow it up or would ask about his own work. version is as in Act.
func (e *Engine) Invite(ctx context.Context, id string, version int, actor domain.Actor, tokenHash []byte) (domain.File, domain.Invitation, error) {
	var made domain.Invitation
	file, err := e.decide(ctx, id, func(f domain.File) (domain.Change, error) {
		if err := sameVersion(&f, version); err != nil {
			return domain.Change{}, err
		}
		change, err := e.Rules().Invite(f, actor, e.now(), tokenHash)
		if err == nil {
			made = *change.Invitation
		}
		return change, err
	})
	return file, made, err
}

// Rate is the applicant's answer by a link: one action of his, in one
// transaction with the spending of the token, so that however often it is sent
// it counts once. KindGone for a token that is spent.
func (e *Engine) Rate(ctx context.Context, id string, tokenHash []byte, answer Answer) (domain.File, error) {
	return e.decide(ctx, id, func(f domain.File) (domain.Change, error) {
		now := e.now()
		rating, err := e.Rules().Rating(f, now)
		if err != nil {
			return domain.Change{}, err
		}
		change, err := e.Rules().Step(f, Action{Name: rating.Action.Do, Actor: domain.Citizen, Fields: rating.fields(answer), Now: now})
		change.Spends = tokenHash
		return change, err
	})
}

// Invite decides about an invitation.
func (r *Rules) Invite(file domain.File, actor domain.Actor, now time.Time, tokenHash []byte) (domain.Change, error) {
	rating, err := r.Rating(file, now)
	if err != nil {
		return domain.Change{}, err
	}
	_, state, err := r.stand(&file.Case)
	if err != nil {
		return domain.Change{}, err
	}
	if !slices.Contains(inviters, actor.Role) || !r.works(actor, turn(state, rating.Action), &file) {
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "action_not_yours", ActionInvite)
	}
	if ownWork(&file.Case, actor) {
		return domain.Change{}, domain.Errorf(domain.KindForbidden, "rates_himself", ActionInvite)
	}
	now = now.UTC().Truncate(time.Microsecond)
	before, after := file.Case, file.Case.Clone()
	after.Version++
	after.UpdatedAt = now
	after.Counts[CountInvited]++
	return domain.Change{
		Before: &before, After: after,
		Entries: []domain.Entry{{
			CaseID: after.ID, Version: after.Version, At: now, Action: ActionInvite, From: after.State, To: after.State,
			ActorID: actor.ID, ActorName: actor.Name, ActorRole: actor.Role, ActorOrg: actor.Org,
			Event: ActionInvite, Effect: domain.Diff(&before, &after),
		}},
		Invitation: &domain.Invitation{
			TokenHash: tokenHash, CaseID: after.ID, Version: after.Version, IssuedAt: now, ExpiresAt: now.Add(InvitationLife),
		},
	}, nil
}

// Rating is how the applicant can rate a case where it stands now.
type Rating struct {
	Procedure *Procedure
	Action    *Transition
}

// Answer is what an applicant says of a case.
type Answer struct {
	Satisfaction string
	Resolved     *bool
	Comment      string
}

// commentField is what an evaluation's comment is called in every procedure.
const commentField = "comment"

// Rating finds how the applicant can rate a case now; KindConflict
// "rating_not_now" when he cannot.
func (r *Rules) Rating(file domain.File, now time.Time) (Rating, error) {
	p, state, err := r.stand(&file.Case)
	if err != nil {
		return Rating{}, err
	}
	f := &facts{file: &file, actor: domain.Citizen, now: now, rules: r}
	for _, t := range p.Transitions(state) {
		if _, rates := t.Sets["satisfaction"]; !rates || !t.allows(domain.RoleCitizen) {
			continue
		}
		if !slices.ContainsFunc(t.If, func(g Guard) bool { return g.Name != guardField && !g.holds(f) }) {
			return Rating{p, t}, nil
		}
	}
	return Rating{}, domain.Errorf(domain.KindConflict, "rating_not_now")
}

// Field gives the field in which an answer's part stands ("satisfaction",
// "resolved", "comment") and whether it is needed; asked is false when the
// procedure does not ask for it.
func (r Rating) Field(part string) (name string, field Field, needed, asked bool) {
	name = r.Action.Sets[part]
	if part == commentField {
		name = commentField
	}
	needed = slices.Contains(r.Action.Needs, name)
	return name, r.Procedure.Fields[name], needed, needed || slices.Contains(r.Action.Takes, name)
}

// MaxLength is how many characters a text may have.
func (f *Field) MaxLength() int {
	if f.Max > 0 {
		return f.Max
	}
	return defaultTextMax
}

// fields are those of the action; what the procedure does not ask for is left
// out.
func (r Rating) fields(a Answer) domain.Fields {
	out := domain.Fields{}
	put := func(part string, v any) {
		if name, _, _, asked := r.Field(part); asked {
			out[name] = v
		}
	}
	put("satisfaction", a.Satisfaction)
	if a.Resolved != nil {
		put("resolved", *a.Resolved)
	}
	put(commentField, a.Comment)
	return out
}

// Redress is what an applicant who is not content with a result may still ask
// for, and until when: nil when there is no such time.
func (r *Rules) Redress(file domain.File, now time.Time) (what domain.Text, until *time.Time) {
	p, state, err := r.stand(&file.Case)
	if err != nil || !slices.Contains(results, state.Disposition) {
		return what, nil
	}
	for _, t := range p.Transitions(state) {
		if !t.allows(domain.RoleCitizen) || t.To == "" {
			continue
		}
		for _, g := range t.If {
			if g.Name != "in_time" || g.Not {
				continue
			}
			if d := currentClock(&file, g.Args[0]); d != nil && d.Running() && !now.After(d.Due) {
				return t.Title, &d.Due
			}
		}
	}
	return what, nil
}
