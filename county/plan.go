package county

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"sudi/domain"
)

// Scenario says how much of what happens in a year. It plans stories, not
// figures: the figures are counted from the cases that the stories leave.
type Scenario struct {
	Year int
	Seed uint64

	Appeals      map[string]int // received in the year, by story
	Carried      int            // received in the last days of the year before, usual
	NotCalled    int            // of 1,000 answered appeals, not yet called back
	Unreached    int            // of 1,000, called three times in vain
	Dissatisfied int            // of 1,000 rated
	Basically    int            // of 1,000 rated

	Mediations        map[string]int
	MediationsCarried int // received in the year before, agreed in this one

	Petitions        map[string]int
	PetitionsCarried int
}

// Scenario2020 is the year of the county's report: 62,000 appeals and more,
// 99 % answered and 98 % of the ratings good, 2,576 mediations agreed.
func Scenario2020(seed uint64) Scenario {
	return Scenario{
		Year: 2020, Seed: seed,
		Appeals: map[string]int{
			appealUsual: 48_214, appealDirect: 8_106, appealLate: 742, appealHandedBack: 1_873, appealExtended: 1_264,
			appealRedone: 611, appealReopened: 318, appealRefused: 402, appealMerged: 287, appealWithdrawn: 233,
			appealTerminated: 71, appealOpen: 553,
		},
		Carried: 346, NotCalled: 30, Unreached: 240, Dissatisfied: 20, Basically: 145,
		Mediations: map[string]int{
			mediationAgreed: 2_108, mediationOral: 352, mediationEscalated: 44,
			mediationFailed: 174, mediationWithdrawn: 63, mediationNotAccepted: 41, mediationOpen: 88,
		},
		MediationsCarried: 72,
		Petitions: map[string]int{
			petitionUsual: 1_046, petitionExtended: 58, petitionReviewed: 37, petitionRechecked: 14,
			petitionNotAccepted: 121, petitionWithdrawn: 26, petitionOpen: 94,
		},
		PetitionsCarried: 61,
	}
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
	rating    string // a satisfaction, or notCalled or unreached
	repeat    bool
	carried   bool // received in the year before, concluded in this one
	received  time.Time
}

// plan lays out every case of a scenario, in order of receipt.
func (sc *Scenario) plan(cal *domain.Calendar) []plot {
	r := rand.New(rand.NewPCG(sc.Seed, uint64(sc.Year))) //nolint:gosec // invented, and the same for the same seed
	days := newSeason(cal, sc.Year)
	var plots []plot
	for _, proc := range []struct {
		name    string
		stories map[string]int
		carried int
		usual   string
		open    string
		lead    int // days before the year in which the carried ones came
	}{
		{"appeal", sc.Appeals, sc.Carried, appealUsual, appealOpen, 5},
		{"mediation", sc.Mediations, sc.MediationsCarried, mediationAgreed, mediationOpen, 12},
		{"petition", sc.Petitions, sc.PetitionsCarried, petitionUsual, petitionOpen, 45},
	} {
		plots = append(plots, lay(r, days, proc.name, proc.stories, proc.open)...)
		first := domain.NewDate(sc.Year, 1, 1)
		for range proc.carried {
			day := first.AddDays(-1 - r.IntN(proc.lead))
			plots = append(plots, plot{procedure: proc.name, story: proc.usual, carried: true, received: moment(r, day)})
		}
	}
	slices.SortStableFunc(plots, func(a, b plot) int {
		return cmp.Or(a.received.Compare(b.received), cmp.Compare(a.procedure, b.procedure))
	})
	sc.rate(r, plots)
	return plots
}

// lay spreads a procedure's stories over the year. Cases that stay open are
// mostly the last ones, as they are in life; a few are older.
func lay(r *rand.Rand, days *season, procedure string, stories map[string]int, open string) []plot {
	var names []string
	total := 0
	for _, story := range sortedKeys(stories) {
		total += stories[story]
		if story != open {
			names = append(names, slices.Repeat([]string{story}, stories[story])...)
		}
	}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	plots := make([]plot, total)
	for i := range plots {
		plots[i] = plot{procedure: procedure, received: moment(r, days.pick(r))}
	}
	slices.SortFunc(plots, func(a, b plot) int { return a.received.Compare(b.received) })
	stuck := map[int]bool{}
	for len(stuck) < stories[open]/8 {
		stuck[r.IntN(total)] = true
	}
	for i := total - 1; len(stuck) < stories[open]; i-- {
		stuck[i] = true
	}
	next := 0
	for i := range plots {
		if stuck[i] {
			plots[i].story = open
			continue
		}
		plots[i].story = names[next]
		next++
	}
	return plots
}

// rate hands out the applicants' answers so that their shares come out as
// planned whatever the seed.
func (sc *Scenario) rate(r *rand.Rand, plots []plot) {
	for _, procedure := range []string{"appeal", "petition"} {
		var of []*plot
		for i := range plots {
			if p := &plots[i]; p.procedure == procedure && rated[p.story] {
				of = append(of, p)
				p.repeat = r.IntN(1000) < 47
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
	appealRedone: true, appealReopened: true,
	petitionUsual: true, petitionExtended: true, petitionReviewed: true, petitionRechecked: true,
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// season weighs the days of a year by how many cases come in on them.
type season struct {
	days   []domain.Date
	upTo   []float64 // running sums
	weight float64
}

// months are the seasons: few cases in the months of the epidemic's start,
// water in summer, heating in winter.
var months = [12]float64{0.85, 0.55, 0.85, 0.95, 1.0, 1.1, 1.2, 1.2, 1.05, 0.95, 1.1, 1.15}

func newSeason(cal *domain.Calendar, year int) *season {
	s := &season{}
	for d := domain.NewDate(year, 1, 1); d.Year == year; d = d.AddDays(1) {
		w := months[d.Month-1]
		day, err := cal.Day(d)
		switch {
		case err != nil:
		case day.Kind == domain.DayHoliday && day.Name == "春节":
			w *= 0.12
		case day.Kind == domain.DayHoliday:
			w *= 0.35
		case !day.Working:
			w *= 0.5
		}
		s.weight += w
		s.days, s.upTo = append(s.days, d), append(s.upTo, s.weight)
	}
	return s
}

func (s *season) pick(r *rand.Rand) domain.Date {
	x := r.Float64() * s.weight
	i, _ := slices.BinarySearch(s.upTo, x)
	return s.days[min(i, len(s.days)-1)]
}

// hours are the weights of the hours of a day: window hours, with a lull at
// noon, and the hotline around the clock.
var hours = [24]int{1, 1, 1, 1, 1, 2, 4, 10, 40, 60, 55, 35, 15, 25, 45, 50, 40, 25, 14, 12, 10, 8, 5, 2}

// moment is a time of a day.
func moment(r *rand.Rand, day domain.Date) time.Time {
	total := 0
	for _, w := range hours {
		total += w
	}
	x := r.IntN(total)
	hour := 0
	for x >= hours[hour] {
		x -= hours[hour]
		hour++
	}
	return day.Start().Add(time.Duration(hour*3600+r.IntN(3600)) * time.Second)
}
