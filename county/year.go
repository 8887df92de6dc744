package county

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// Source marks the cases of a played year.
const Source = "demo"

// batch is how many stories go into one transaction.
const batch = 500

// Progress is told how many stories of how many have been stored.
type Progress func(done, total int)

// Play plays a year of the model county through the engine's rules and stores
// it batch by batch: the same rules, history and events as at the window. The
// same scenario gives the same cases, so a year that was interrupted is played
// again and its first cases, which are stored already, are left out. Each case
// is decided before it is written: the next batch is played while the last is
// being stored.
func Play(ctx context.Context, engine *workflow.Engine, sc Scenario, stored int, progress Progress) error {
	y := newYear(engine.Rules(), sc)
	plots := sc.plan(engine.Rules().Calendar)
	acts := make(chan act, 2)
	played := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(acts)
		played <- y.play(ctx, plots, stored, acts)
	}()
	for a := range acts {
		if _, err := engine.Batch(ctx, a.decisions); err != nil {
			return fmt.Errorf("storing stories up to %d: %w", a.told, err)
		}
		progress(a.told, len(plots))
	}
	if err := <-played; err != nil {
		return err
	}
	return engine.SeeReturns(ctx, slices.Sorted(maps.Keys(y.visited)))
}

// act is a piece of the year that goes into one transaction.
type act struct {
	decisions []domain.Decision
	told      int // stories told up to its end
}

// year is a year being played.
type year struct {
	rules       *workflow.Rules
	seed        uint64
	end         time.Time
	people      *People
	villages    []domain.Organization
	departments []*domain.Organization
	known       map[string][]acquaintance // by procedure: lately here, and perhaps here again
	first       map[string]string         // of each repeat, the case that all of them repeat
	visited     map[string]bool           // first cases that have repeats
	atCourt     []quarrel                 // that the court has been told of, the oldest first
}

// quarrel is a mediation that came to nothing.
type quarrel struct {
	text Text
	file domain.File
}

type resident struct {
	Person
	village domain.Organization
}

// acquaintance is somebody who was here lately, and with what.
type acquaintance struct {
	resident
	text  Text
	first domain.Case
}

func newYear(rules *workflow.Rules, sc Scenario) *year {
	return &year{
		rules: rules, seed: sc.Seed, end: domain.NewDate(sc.Year, 12, 31).End().Truncate(time.Second),
		people:      NewPeople(sc.Seed),
		villages:    Villages(domain.NewDate(sc.Year, 1, 1)),
		departments: rules.Directory.OfKind(domain.OrgDepartment),
		known:       map[string][]acquaintance{},
		first:       map[string]string{}, visited: map[string]bool{},
	}
}

// play tells the stories in order. The first cases, which are stored already,
// are played too, since later stories know of them, but left out. A story and
// the cases that it opens are always stored together.
func (y *year) play(ctx context.Context, plots []plot, stored int, out chan<- act) error {
	cases, next := 0, act{}
	for i, p := range plots {
		change, err := y.one(i, p)
		if err != nil {
			return fmt.Errorf("story %d, %s %s %s: %w", i+1, p.procedure, p.story, p.as, err)
		}
		if cases += casesOf(&change); cases > stored {
			next.decisions = append(next.decisions, domain.Decision{Decide: func(domain.File) (domain.Change, error) { return change, nil }})
		}
		next.told = i + 1
		if len(next.decisions) < batch && i < len(plots)-1 || len(next.decisions) == 0 {
			continue
		}
		select {
		case out <- next:
			next = act{}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// casesOf is how many cases a change makes, with those opened out of its own.
func casesOf(c *domain.Change) int {
	n := 1
	for i := range c.Opens {
		n += casesOf(&c.Opens[i])
	}
	return n
}

// one plays one story.
func (y *year) one(i int, p plot) (domain.Change, error) {
	r := rand.New(rand.NewPCG(y.seed, uint64(i)+1)) //nolint:gosec // invented, and the same for the same seed
	s := &stage{rules: y.rules, r: r, end: y.end}
	repertoires[p.procedure].play(y, s, p)
	y.visit(&s.change.After)
	return s.change, s.err
}

// visit remembers whose first case a repeat comes back to.
func (y *year) visit(c *domain.Case) {
	if c.Repeats == nil {
		return
	}
	first := *c.Repeats
	if earlier, again := y.first[first]; again {
		first = earlier
	}
	y.first[c.ID], y.visited[first] = first, true
}

// village picks where it happens.
func (y *year) village(r *rand.Rand) domain.Organization {
	return y.villages[r.IntN(len(y.villages))]
}

// stranger is somebody who has not been here before.
func (y *year) stranger(r *rand.Rand) resident {
	v := y.village(r)
	return resident{y.people.Person(v), v}
}

// remember keeps in mind who came with what: the last few hundred of a
// procedure. What was merged is left out: nothing is merged into that.
func (y *year) remember(who resident, text Text, first domain.Case) {
	if first.Disposition == domain.Merged {
		return
	}
	list := y.known[first.Procedure]
	list = append(list, acquaintance{who, text, first})
	if len(list) > 400 {
		list = slices.Clone(list[200:])
	}
	y.known[first.Procedure] = list
}

// again finds somebody whose case has been concluded by now, or has not, where
// there is one; nil when nobody has been here.
func (y *year) again(r *rand.Rand, procedure string, now time.Time, concluded bool) *acquaintance {
	list := y.known[procedure]
	if len(list) == 0 {
		return nil
	}
	var found *acquaintance
	for range 12 {
		found = &list[r.IntN(len(list))]
		if at := found.first.ConcludedAt; (at != nil && at.Before(now)) == concluded {
			break
		}
	}
	return found
}

// channel is how a case comes in.
func (y *year) channel(r *rand.Rand) domain.Channel {
	switch n := r.IntN(100); {
	case n < 46:
		return domain.ChannelHotline
	case n < 74:
		return domain.ChannelWindow
	case n < 88:
		return domain.ChannelOnline
	case n < 94:
		return domain.ChannelPatrol
	case n < 97:
		return domain.ChannelMailbox
	default:
		return domain.ChannelLetter
	}
}
