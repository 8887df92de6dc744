package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
)

// rollup counts what cases come to in the roll-up. Folding their increments, as
// the product does it change by change, would take hours for ten million cases
// at once; this makes the same totals (domain.Cell.Totals, as a test checks) out
// of numbers in place of words.
type rollup struct {
	words  *words
	counts map[total]int64
}

// total is domain.Total with its words numbered.
type total struct {
	period, measure, org, group uint16
	by                          uint8
	step                        uint16
}

// words numbers the words of the roll-up's keys.
type words struct {
	number map[string]uint16
	word   []string
	lines  map[string][]uint16 // an organisation's way down from the root
	orgs   map[string]string   // paths
}

var ways = []string{domain.ByNothing, domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization}

func newRollup(orgs []domain.Organization) *rollup {
	w := &words{number: map[string]uint16{}, lines: map[string][]uint16{}}
	for i := range orgs {
		o := &orgs[i]
		for code := range strings.SplitSeq(strings.Trim(o.Path, "/"), "/") {
			w.lines[o.Code] = append(w.lines[o.Code], w.of(code))
		}
	}
	return &rollup{w, make(map[total]int64)}
}

func (w *words) of(word string) uint16 {
	n, ok := w.number[word]
	if !ok {
		n = uint16(len(w.word)) //nolint:gosec // some thousand words
		w.number[word], w.word = n, append(w.word, word)
	}
	return n
}

// add counts a case.
func (r *rollup) add(c *domain.Case) {
	facts := domain.Facts(c)
	for i := range facts {
		f := &facts[i]
		t := total{measure: r.words.of(f.Measure), step: uint16(f.Step)} //nolint:gosec // days
		groups := [...]uint16{r.words.of(""), r.words.of(f.Township), r.words.of(f.Category), r.words.of(f.Procedure), 0}
		line := r.words.lines[f.Owner]
		for _, period := range r.words.periods(f) {
			t.period = period
			for j, org := range line {
				t.org, groups[4] = org, line[min(j+1, len(line)-1)]
				for by, group := range groups {
					t.by, t.group = uint8(by), group //nolint:gosec // five
					r.counts[t] += f.N
				}
			}
		}
	}
}

func (w *words) periods(f *domain.Tally) []uint16 {
	if domain.MeasureByCode(f.Measure).Stock {
		return []uint16{w.of("")}
	}
	return []uint16{w.of(domain.YearKey(f.Day)), w.of(domain.MonthKey(f.Day))}
}

// named is the total in words.
func (w *words) named(t total) domain.Total {
	return domain.Total{Measure: w.word[t.measure], Period: w.word[t.period], Org: w.word[t.org], By: ways[t.by],
		Group: w.word[t.group], Step: int(t.step)}
}

// into adds the counts to those of another, in its words.
func (r *rollup) into(all *rollup) {
	same := make([]uint16, len(r.words.word))
	for i, word := range r.words.word {
		same[i] = all.words.of(word)
	}
	for t, n := range r.counts {
		t.period, t.measure, t.org, t.group = same[t.period], same[t.measure], same[t.org], same[t.group]
		all.counts[t] += n
	}
	clear(r.counts)
}

// writeRollup replaces the roll-up by what all cases so far come to. Rows lie
// in the order in which folding second by second leaves them: by period, and
// within a period in no order.
func (l *loader) writeRollup(ctx context.Context) error {
	for _, r := range l.rollups {
		r.into(l.all)
	}
	keys := slices.AppendSeq(make([]total, 0, len(l.all.counts)), maps.Keys(l.all.counts)) // a map's own order is none
	when := make([]string, len(l.all.words.word))
	for i, word := range l.all.words.word {
		when[i] = word
		if len(word) == len("2020") { // a year's are first written in January
			when[i] += "-01"
		}
	}
	slices.SortStableFunc(keys, func(a, b total) int { return cmp.Compare(when[a.period], when[b.period]) })
	for _, s := range []string{"ALTER TABLE tallies DROP CONSTRAINT tallies_pkey", "TRUNCATE tallies, tally_deltas"} {
		if _, err := l.pool.Exec(ctx, s); err != nil {
			return err
		}
	}
	columns := []string{"measure", "period", "org", "by", "grp", "step", "n"}
	_, err := l.pool.CopyFrom(ctx, pgx.Identifier{"tallies"}, columns, pgx.CopyFromSlice(len(keys), func(i int) ([]any, error) {
		t := l.all.words.named(keys[i])
		return []any{t.Measure, t.Period, t.Org, t.By, t.Group, t.Step, l.all.counts[keys[i]]}, nil
	}))
	if err != nil {
		return err
	}
	_, err = l.pool.Exec(ctx, fmt.Sprintf("SET maintenance_work_mem = '1GB'; ALTER TABLE tallies ADD CONSTRAINT tallies_pkey %s", l.tallyKey))
	return err
}
