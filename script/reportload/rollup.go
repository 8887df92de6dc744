package main

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/tally"
)

// rollup counts what cases come to in the roll-up. Folding their increments, as
// the product does it change by change, would take hours for ten million cases
// at once; this makes the same totals (domain.Cell.Totals, as a test checks) in
// memory.
type rollup struct {
	lines   map[string][]*orgTotals // an organisation's way down from the root
	orgs    []*orgTotals
	periods map[domain.Date][2]string // by the first of a month: its year and itself
}

// orgTotals are the totals of an organisation and all below it.
type orgTotals struct {
	code string
	mu   sync.Mutex
	rows map[rowKey]row    // of the cases that are added now
	held map[rowKey][]byte // of those before
}

// rowKey is a row of the roll-up, of one organisation.
type rowKey struct{ period, by string }

// row holds the counts of a row by group and measure.
type row map[string]map[uint16]*steps

// steps are counts by what a measure is spread over.
type steps struct {
	at []uint16 // ascending
	n  []int64
}

func (s *steps) add(step uint16, n int64) {
	i, found := slices.BinarySearch(s.at, step)
	if !found {
		s.at, s.n = slices.Insert(s.at, i, step), slices.Insert(s.n, i, 0)
	}
	s.n[i] += n
}

func (r row) add(group string, measure, step uint16, n int64) {
	counts := r[group]
	if counts == nil {
		counts = map[uint16]*steps{}
		r[group] = counts
	}
	if counts[measure] == nil {
		counts[measure] = &steps{}
	}
	counts[measure].add(step, n)
}

// addTo writes a row as the roll-up keeps it, with what it held before.
func (r row) addTo(held []byte) ([]byte, error) {
	var entries []tally.Entry
	for group, counts := range r {
		for measure, s := range counts {
			for i, step := range s.at {
				entries = append(entries, tally.Entry{Group: group, Measure: int(measure), Step: int(step), N: s.n[i]})
			}
		}
	}
	return tally.Add(held, entries)
}

func newRollup(orgs []domain.Organization) *rollup {
	r := &rollup{lines: map[string][]*orgTotals{}, periods: map[domain.Date][2]string{}}
	byCode := map[string]*orgTotals{}
	for i := range orgs {
		t := &orgTotals{code: orgs[i].Code, rows: map[rowKey]row{}, held: map[rowKey][]byte{}}
		r.orgs, byCode[t.code] = append(r.orgs, t), t
	}
	for i := range orgs {
		for code := range strings.SplitSeq(strings.Trim(orgs[i].Path, "/"), "/") {
			r.lines[orgs[i].Code] = append(r.lines[orgs[i].Code], byCode[code])
		}
	}
	for d := domain.NewDate(firstYear, 1, 1); d.Year < reportYear+3; d = d.AddMonths(1) {
		r.periods[d] = [2]string{domain.YearKey(d), domain.MonthKey(d)}
	}
	return r
}

// add counts a case.
func (r *rollup) add(c *domain.Case) {
	facts := domain.Facts(c)
	for i := range facts {
		f := &facts[i]
		m := domain.MeasureByCode(f.Measure)
		month := f.Day
		month.Day = 1
		both := r.periods[month]
		periods := both[:]
		if m.Stock {
			periods = []string{""}
		}
		line := r.lines[f.Owner]
		for j, org := range line {
			groups := [...][2]string{{domain.ByNothing, ""}, {domain.ByTownship, f.Township}, {domain.ByCategory, f.Category},
				{domain.ByProcedure, f.Procedure}, {domain.ByOrganization, line[min(j+1, len(line)-1)].code}}
			org.add(m, periods, groups[:], f)
		}
	}
}

func (t *orgTotals) add(m *domain.Measure, periods []string, groups [][2]string, f *domain.Tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, period := range periods {
		for _, g := range groups {
			k := rowKey{period, g[0]}
			if t.rows[k] == nil {
				t.rows[k] = row{}
			}
			t.rows[k].add(g[1], uint16(m.Number), uint16(m.StepIn(g[0], f.Step)), f.N) //nolint:gosec // a few dozen measures; days
		}
	}
}

// placed is a row of the roll-up and where it is kept.
type placed struct {
	org *orgTotals
	key rowKey
}

// inOrder lists all rows in the order in which folding second by second leaves
// them: by period, and within a period in no order.
func (r *rollup) inOrder() []placed {
	var all []placed
	for _, org := range r.orgs {
		keys := maps.Clone(org.held)
		for key := range org.rows {
			keys[key] = nil
		}
		for key := range keys {
			all = append(all, placed{org, key})
		}
	}
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // no secret
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	first := func(period string) string { // a year's rows are first written in January
		if len(period) == len("2020") {
			return period + "-01"
		}
		return period
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(first(a.key.period), first(b.key.period)) })
	return all
}

// hold reads what the roll-up holds.
func (r *rollup) hold(ctx context.Context, tx pgx.Tx) error {
	byCode := map[string]*orgTotals{}
	for _, org := range r.orgs {
		byCode[org.code] = org
	}
	rows, err := tx.Query(ctx, "SELECT org, period, by, counts FROM tallies")
	if err != nil {
		return err
	}
	var code string
	var key rowKey
	var counts []byte
	_, err = pgx.ForEachRow(rows, []any{&code, &key.period, &key.by, &counts}, func() error {
		byCode[code].held[key] = counts
		return nil
	})
	return err
}

// forget lets go of everything: a report that is measured shares no memory with
// what only the bench needs.
func (r *rollup) forget() {
	for _, org := range r.orgs {
		org.rows, org.held = map[rowKey]row{}, map[rowKey][]byte{}
	}
	debug.FreeOSMemory()
}

// writeRollup adds to the roll-up what the new cases come to.
func (l *loader) writeRollup(ctx context.Context) error {
	tx, err := l.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit it does nothing
	defer l.rollup.forget()
	if err := l.rollup.hold(ctx, tx); err != nil {
		return err
	}
	for _, s := range []string{"SET LOCAL maintenance_work_mem = '1GB'", "TRUNCATE tallies, tally_deltas", "ALTER TABLE tallies DROP CONSTRAINT tallies_pkey"} {
		if _, err := tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	rows := l.rollup.inOrder()
	columns := []string{"org", "period", "by", "counts"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"tallies"}, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		org, k := rows[i].org, rows[i].key
		counts, err := org.rows[k].addTo(org.held[k])
		return []any{org.code, k.period, k.by, counts}, err
	})); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "ALTER TABLE tallies ADD CONSTRAINT tallies_pkey "+l.tallyKey); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
