package main

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/tally"
)

// rollup counts what cases come to in the roll-up. Folding their increments, as
// the product does it change by change, would take hours for ten million cases
// at once; this makes the same totals (domain.Cell.Totals, as a test checks) in
// memory: it counts by month at the organisation that is responsible, and adds up
// in the end.
type rollup struct {
	orgs []*own // parents before children
	at   map[string]*own
}

// own are the counts of an organisation without those below it.
type own struct {
	code   string
	parent *own
	mu     sync.Mutex
	rows   map[rowKey]*row
}

// rowKey is a row of the roll-up, of one organisation.
type rowKey struct{ period, by string }

// row holds the counts of a row: those of ten million cases have room in memory
// only as densely as the roll-up keeps them.
type row struct {
	counts []byte
	more   []tally.Entry
}

// mostWaiting is how many counts wait to be written into a row.
const mostWaiting = 64

func (r *row) add(e tally.Entry) error {
	if r.more = append(r.more, e); len(r.more) < mostWaiting {
		return nil
	}
	return r.write()
}

func (r *row) write() (err error) {
	r.counts, err = tally.Add(r.counts, r.more)
	r.more = r.more[:0]
	return err
}

func newRollup(orgs []domain.Organization) *rollup {
	r := &rollup{at: map[string]*own{}}
	for i := range orgs { // in the order of their paths
		o := &own{code: orgs[i].Code, parent: r.at[orgs[i].Parent], rows: map[rowKey]*row{}}
		r.orgs, r.at[o.code] = append(r.orgs, o), o
	}
	return r
}

// add counts a case.
func (r *rollup) add(c *domain.Case) error {
	facts := domain.Facts(c)
	o := r.at[c.Owner]
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range facts {
		f := &facts[i]
		m := domain.MeasureByCode(f.Measure)
		period := ""
		if !m.Stock {
			period = domain.MonthKey(f.Day)
		}
		for _, g := range [...][2]string{{domain.ByNothing, ""}, {domain.ByTownship, f.Township}, {domain.ByCategory, f.Category},
			{domain.ByProcedure, f.Procedure}, {domain.ByOrganization, o.code}} {
			k := rowKey{period, g[0]}
			if o.rows[k] == nil {
				o.rows[k] = &row{}
			}
			if err := o.rows[k].add(tally.Entry{Group: g[1], Measure: m.Number, Step: m.StepIn(g[0], f.Step), N: f.N}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sums are rows of the roll-up.
type sums map[slot][]byte

// slot is where a row stands.
type slot struct {
	org string
	rowKey
}

func (s sums) add(at slot, entries []tally.Entry) (err error) {
	s[at], err = tally.Add(s[at], entries)
	return err
}

// total adds up what was counted: each organisation's months with those of all
// below it, and its years.
func (r *rollup) total() (sums, error) {
	s := sums{}
	for _, o := range slices.Backward(r.orgs) { // children before parents
		for k, row := range o.rows {
			if err := row.write(); err != nil {
				return nil, err
			}
			s[slot{o.code, k}] = row.counts
		}
	}
	months := map[string][]slot{} // by organisation
	for at := range s {
		months[at.org] = append(months[at.org], at)
	}
	for _, o := range slices.Backward(r.orgs) {
		for _, at := range months[o.code] {
			if o.parent != nil {
				if err := s.addBelow(o, at, months); err != nil {
					return nil, err
				}
			}
			if len(at.period) == len("2020-01") {
				year := slot{o.code, rowKey{at.period[:4], at.by}}
				if err := s.add(year, entriesOf(s[at])); err != nil {
					return nil, err
				}
			}
		}
	}
	return s, nil
}

// addBelow adds a row of an organisation to its parent's.
func (s sums) addBelow(o *own, at slot, months map[string][]slot) error {
	into := func(by string, entries []tally.Entry) error {
		above := slot{o.parent.code, rowKey{at.period, by}}
		if _, known := s[above]; !known {
			months[above.org] = append(months[above.org], above)
		}
		return s.add(above, entries)
	}
	entries := entriesOf(s[at])
	if at.by != domain.ByOrganization {
		if err := into(at.by, entries); err != nil {
			return err
		}
	}
	if at.by != domain.ByNothing {
		return nil
	}
	for i := range entries { // all of it is one group of the parent's
		e := &entries[i]
		e.Group, e.Step = o.code, domain.MeasureByNumber(e.Measure).StepIn(domain.ByOrganization, e.Step)
	}
	return into(domain.ByOrganization, entries)
}

func entriesOf(row []byte) []tally.Entry {
	var entries []tally.Entry
	for r := tally.Read(row); r.Next(); {
		entries = append(entries, r.Entry)
	}
	return entries
}

// inOrder lists rows in the order in which folding second by second leaves them:
// by period, and within a period in no order.
func (s sums) inOrder() []slot {
	all := slices.Collect(maps.Keys(s))
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // no secret
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	first := func(period string) string { // a year's rows are first written in January
		if len(period) == len("2020") {
			return period + "-01"
		}
		return period
	}
	slices.SortStableFunc(all, func(a, b slot) int { return cmp.Compare(first(a.period), first(b.period)) })
	return all
}

// addStored adds what the roll-up holds already.
func (s sums) addStored(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, "SELECT org, period, by, counts FROM tallies")
	if err != nil {
		return err
	}
	var at slot
	var counts []byte
	_, err = pgx.ForEachRow(rows, []any{&at.org, &at.period, &at.by, &counts}, func() error {
		return s.add(at, entriesOf(counts))
	})
	return err
}

// forget lets go of everything: a report that is measured shares no memory with
// what only the bench needs.
func (r *rollup) forget() {
	for _, o := range r.orgs {
		o.rows = map[rowKey]*row{}
	}
	debug.FreeOSMemory()
}

// writeRollup adds to the roll-up what the new cases come to.
func (l *loader) writeRollup(ctx context.Context) error {
	defer l.rollup.forget()
	total, err := l.rollup.total()
	if err != nil {
		return err
	}
	tx, err := l.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit it does nothing
	if err := total.addStored(ctx, tx); err != nil {
		return err
	}
	for _, s := range []string{"SET LOCAL maintenance_work_mem = '1GB'", "TRUNCATE tallies, tally_deltas", "ALTER TABLE tallies DROP CONSTRAINT tallies_pkey"} {
		if _, err := tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	rows := total.inOrder()
	columns := []string{"org", "period", "by", "counts"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"tallies"}, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		return []any{rows[i].org, rows[i].period, rows[i].by, total[rows[i]]}, nil
	})); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "ALTER TABLE tallies ADD CONSTRAINT tallies_pkey "+l.tallyKey); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
