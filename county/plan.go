package county

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"sudi/domain"
)

// repertoire is how one procedure is played: its stories have a file each.
type repertoire struct {
	play func(*year, *stage, plot)
	// open is the story of what the year leaves unfinished, "" for none.
	open string
	// first and last are the months in which the stories begin that end within
	// the year; those that stay open begin after them. 0: all year, and what is
	// near its end is hurried on, as in life.
	first, last time.Month
	// early and late are how many days before the year those came that are
	// carried into it.
	early, late int
	// office says that it comes over an office's counter, in its hours.
	office bool
}

// repertoires are those of every procedure.
var repertoires = map[string]repertoire{
	"appeal":                   {play: (*year).appeal, open: appealOpen, early: 5, late: 1},
	"petition":                 {play: (*year).petition, open: petitionOpen, early: 45, late: 1},
	"mediation":                {play: (*year).mediation, open: mediationOpen, early: 12, late: 1},
	"enterprise_mediation":     {play: (*year).mediation, open: mediationOpen},
	"police_mediation":         {play: (*year).policeMediation, open: policeOpen},
	"litigation_mediation":     {play: (*year).entrusted, open: entrustedOpen, office: true},
	"administrative_mediation": {play: (*year).authorityMediation, open: authorityOpen, office: true},
	"reconsideration":          {play: (*year).reconsideration, open: reconsiderationOpen, first: 1, last: 9, early: 50, late: 14, office: true},
	"litigation_response":      {play: (*year).suit, open: suitOpen, first: 1, last: 6, office: true},
	"proposal":                 {play: (*year).proposal, first: 2, last: 5, office: true},
	"backlog":                  {play: (*year).backlog, first: 2, last: 3, office: true},
}

// What a follow-up call came to, when it was no rating.
const (
	notCalled = "not_called"
	unreached = "unreached"
)

// plot is one case's story before it is played.
type plot struct {
	procedure string
	story     string
	as        string
	rating    string // a satisfaction, or notCalled or unreached
	repeat    bool
	carried   bool // received in the year before, concluded in this one
	received  time.Time
}

// plan lays out every case of a scenario, in order of receipt.
func (sc *Scenario) plan(cal *domain.Calendar) []plot {
	r := rand.New(rand.NewPCG(sc.Seed, uint64(sc.Year))) //nolint:gosec // invented, and the same for the same seed
	var plots []plot
	for _, procedure := range sc.procedures() {
		plots = append(plots, sc.lay(r, cal, procedure)...)
	}
	slices.SortStableFunc(plots, func(a, b plot) int {
		return cmp.Or(a.received.Compare(b.received), cmp.Compare(a.procedure, b.procedure))
	})
	sc.rate(r, plots)
	return plots
}

// procedures are those of the scenario, in its order.
func (sc *Scenario) procedures() []string {
	var names []string
	for _, s := range sc.Shares {
		if !slices.Contains(names, s.Procedure) {
			names = append(names, s.Procedure)
		}
	}
	return names
}

// lay spreads a procedure's stories over the year and the days before it.
func (sc *Scenario) lay(r *rand.Rand, cal *domain.Calendar, procedure string) []plot {
	rep := repertoires[procedure]
	var ended, open, carried []plot
	for _, s := range sc.Shares {
		if s.Procedure != procedure {
			continue
		}
		p := plot{procedure: procedure, story: s.Story, as: s.As}
		if s.Story == rep.open {
			open = append(open, slices.Repeat([]plot{p}, s.N)...)
		} else {
			ended = append(ended, slices.Repeat([]plot{p}, s.N)...)
		}
		p.carried = true
		carried = append(carried, slices.Repeat([]plot{p}, s.Carried)...)
	}
	r.Shuffle(len(ended), func(i, j int) { ended[i], ended[j] = ended[j], ended[i] })
	r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	plots := mix(r, ended, open, rep.days(r, cal, sc.Year, len(ended), len(open)))
	for _, p := range carried {
		p.received = rep.moment(r, cal, domain.NewDate(sc.Year, 1, 1).AddDays(-rep.late-r.IntN(rep.early-rep.late+1)))
		plots = append(plots, p)
	}
	return plots
}

// days are the moments at which so many cases come in, in order.
func (rep *repertoire) days(r *rand.Rand, cal *domain.Calendar, year, ended, open int) []time.Time {
	var all []time.Time
	add := func(n int, first, last time.Month) {
		days := newSeason(cal, year, first, last)
		for range n {
			all = append(all, rep.moment(r, cal, days.pick(r)))
		}
	}
	if rep.last == 0 {
		add(ended+open, time.January, time.December)
	} else {
		add(ended, rep.first, rep.last)
		add(open, time.November, time.December)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// mix gives each moment a story. Cases that stay open are mostly the last ones,
// as they are in life; a few are older.
func mix(r *rand.Rand, ended, open []plot, at []time.Time) []plot {
	stuck := map[int]bool{}
	for len(stuck) < len(open)/8 {
		stuck[r.IntN(len(at))] = true
	}
	for i := len(at) - 1; len(stuck) < len(open); i-- {
		stuck[i] = true
	}
	plots := make([]plot, len(at))
	for i := range plots {
		from := &ended
		if stuck[i] {
			from = &open
		}
		plots[i], *from = (*from)[0], (*from)[1:]
		plots[i].received = at[i]
	}
	return plots
}

// moment is when a case comes in on a day: on the next one that the office is
// open, where it comes over a counter.
func (rep *repertoire) moment(r *rand.Rand, cal *domain.Calendar, day domain.Date) time.Time {
	if !rep.office {
		return moment(r, day)
	}
	for working, err := cal.IsWorking(day); err == nil && !working; working, err = cal.IsWorking(day) {
		day = day.AddDays(1)
	}
	return day.Start().Add(time.Duration(8*3600+r.IntN(9*3600)) * time.Second)
}

// rate hands out the applicants' answers so that their shares come out as
// planned whatever the seed.
func (sc *Scenario) rate(r *rand.Rand, plots []plot) {
	for _, procedure := range []string{"appeal", "petition"} {
		var of []*plot
		for i := range plots {
			if p := &plots[i]; p.procedure == procedure && rated[p.story] {
				of = append(of, p)
				p.repeat = r.IntN(1000) < sc.Repeated
			}
		}
		r.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		none := len(of) * sc.NotCalled / 1000
		missed := len(of) * sc.Unreached / 1000
		answered := len(of) - none - missed
		for i, p := range of {
			switch {
			case i < none:
				p.rating = notCalled
			case i < none+missed:
				p.rating = unreached
			case i < none+missed+answered*sc.Dissatisfied/1000:
				p.rating = string(domain.Dissatisfied)
			case i < none+missed+answered*(sc.Dissatisfied+sc.Basically)/1000:
				p.rating = string(domain.BasicallySatisfied)
			default:
				p.rating = string(domain.Satisfied)
			}
		}
	}
}

// rated are the stories that end with a follow-up.
var rated = map[string]bool{
	appealUsual: true, appealDirect: true, appealLate: true, appealHandedBack: true, appealExtended: true,
	appealRedone: true, appealReopened: true, appealUnmerged: true,
	petitionUsual: true, petitionExtended: true, petitionReviewed: true, petitionRechecked: true, petitionSupervised: true,
}
