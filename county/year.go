package county

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

// Source marks the cases of a played year.
const Source = "demo"

// batch is how many cases go into one transaction.
const batch = 500

// Progress is told how many cases of how many have been played.
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
	batches := make(chan []domain.Decision, 2)
	played := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(batches)
		played <- y.play(ctx, plots, stored, batches)
	}()
	done := stored
	for ds := range batches {
		if _, err := engine.Batch(ctx, ds); err != nil {
			return fmt.Errorf("storing cases %d to %d: %w", done+1, done+len(ds), err)
		}
		done += len(ds)
		progress(done, len(plots))
	}
	return <-played
}

// year is a year being played.
type year struct {
	rules       *workflow.Rules
	seed        uint64
	end         time.Time
	people      *People
	villages    []domain.Organization
	departments []*domain.Organization
	known       []resident // lately seen, for those who come again
	masters     []string   // appeals that others can be merged into
}

type resident struct {
	Person
	village domain.Organization
}

func newYear(rules *workflow.Rules, sc Scenario) *year {
	return &year{
		rules: rules, seed: sc.Seed, end: domain.NewDate(sc.Year, 12, 31).End().Truncate(time.Second),
		people:      NewPeople(sc.Seed),
		villages:    Villages(domain.NewDate(sc.Year, 1, 1)),
		departments: rules.Directory.OfKind(domain.OrgDepartment),
	}
}

func (y *year) play(ctx context.Context, plots []plot, stored int, out chan<- []domain.Decision) error {
	ds := make([]domain.Decision, 0, batch)
	send := func() error {
		select {
		case out <- ds:
			ds = make([]domain.Decision, 0, batch)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for i, p := range plots {
		change, err := y.one(i, p)
		if err != nil {
			return fmt.Errorf("case %d, %s %s: %w", i+1, p.procedure, p.story, err)
		}
		if i < stored {
			continue
		}
		ds = append(ds, domain.Decision{Decide: func(domain.File) (domain.Change, error) { return change, nil }})
		if len(ds) == batch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// one plays one case.
func (y *year) one(i int, p plot) (domain.Change, error) {
	r := rand.New(rand.NewPCG(y.seed, uint64(i)+1)) //nolint:gosec // invented, and the same for the same seed
	s := &stage{rules: y.rules, r: r, end: y.end}
	switch p.procedure {
	case "appeal":
		y.appeal(s, p)
	case "mediation":
		y.mediation(s, p)
	case "petition":
		y.petition(s, p)
	}
	if p.procedure == "appeal" && s.err == nil && s.file.Case.Disposition != domain.Merged {
		y.masters = append(y.masters, s.file.Case.ID)
		if len(y.masters) > 200 {
			y.masters = y.masters[100:]
		}
	}
	return s.change, s.err
}

// village picks where it happens.
func (y *year) village(r *rand.Rand) domain.Organization {
	return y.villages[r.IntN(len(y.villages))]
}

// applicant is somebody new, or somebody who has been here lately.
func (y *year) applicant(r *rand.Rand, again bool) resident {
	if again && len(y.known) > 0 {
		return y.known[r.IntN(len(y.known))]
	}
	v := y.village(r)
	p := resident{y.people.Person(v), v}
	if y.known = append(y.known, p); len(y.known) > 400 {
		y.known = y.known[200:]
	}
	return p
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
