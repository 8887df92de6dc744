package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/store/tally"
)

// rowKey is where a row of the roll-up stands.
type rowKey struct{ org, period, by string }

func (k rowKey) compare(o rowKey) int {
	return cmp.Or(cmp.Compare(k.org, o.org), cmp.Compare(k.period, o.period), cmp.Compare(k.by, o.by))
}

// additions are what has to be added to each row of the roll-up.
type additions map[rowKey][]tally.Entry

// add notes what a total comes to besides.
func (a additions) add(t *domain.Total, n int64) {
	if m := domain.MeasureByCode(t.Measure); m != nil {
		key := rowKey{t.Org, t.Period, t.By}
		a[key] = append(a[key], tally.Entry{Group: t.Group, Measure: m.Number, Step: t.Step, N: n})
	}
}

// increment is what a change of a case has added to a cell.
type increment struct {
	domain.Tally
	path string // of the owner
}

// incrementColumns are read off tally_deltas f, beside the owner o.
const incrementColumns = "f.measure, f.day - DATE '1970-01-01', f.owner, f.township, f.procedure, f.category, f.step, f.n, o.path"

// eachIncrement reads rows of incrementColumns.
func eachIncrement(rows pgx.Rows, fn func(*increment) error) (n int64, err error) {
	var i increment
	var day int
	tag, err := pgx.ForEachRow(rows, []any{&i.Measure, &day, &i.Owner, &i.Township, &i.Procedure, &i.Category, &i.Step, &i.N, &i.path}, func() error {
		i.Day = domain.DayOf(day)
		return fn(&i)
	})
	return tag.RowsAffected(), err
}

// foldChunk is how many increments are folded in one transaction: what is left
// behind by an import is not held up as a whole.
const foldChunk = 20_000

// FoldTallies merges the increments into the roll-up and says how many there
// were. No figure changes by it. Any number of nodes may call it: while one
// folds, the others do nothing.
func (s *Store) FoldTallies(ctx context.Context) (folded int64, err error) {
	for n := int64(foldChunk); n == foldChunk && err == nil; folded += n {
		n, err = s.foldSome(ctx)
	}
	return folded, wrap("fold the roll-up", err)
}

// rollUpLock is held by whoever changes the roll-up: its rows are changed by
// reading them and writing them back.
var rollUpLock = lockKey("fold tallies")

// foldSome folds a chunk. Increments of measures that are not declared here are
// left to the node that made them, of a later version.
func (s *Store) foldSome(ctx context.Context) (folded int64, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", rollUpLock).Scan(&mine); err != nil || !mine {
			return err
		}
		rows, err := tx.Query(ctx, `DELETE FROM tally_deltas f USING organizations o WHERE o.code = f.owner
			AND f.position IN (SELECT position FROM tally_deltas WHERE measure = ANY($1) ORDER BY position LIMIT $2)
			RETURNING `+incrementColumns, domain.MeasureCodes(), foldChunk)
		if err != nil {
			return err
		}
		sums := additions{}
		folded, err = eachIncrement(rows, func(i *increment) error {
			for total := range i.Totals(i.path) {
				sums.add(&total, i.N)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return sums.write(ctx, tx)
	})
	return folded, err
}

// rowsAtOnce is how many rows of the roll-up are read and written by one
// statement.
const rowsAtOnce = 5_000

// write adds to the roll-up; the transaction holds rollUpLock.
func (a additions) write(ctx context.Context, tx pgx.Tx) error {
	for keys := range slices.Chunk(slices.SortedFunc(maps.Keys(a), rowKey.compare), rowsAtOnce) {
		if err := a.writeSome(ctx, tx, keys); err != nil {
			return err
		}
	}
	return nil
}

func (a additions) writeSome(ctx context.Context, tx pgx.Tx, keys []rowKey) error {
	orgs, periods, bys := make([]string, len(keys)), make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		orgs[i], periods[i], bys[i] = k.org, k.period, k.by
	}
	rows, err := tx.Query(ctx, `SELECT org, period, by, counts FROM tallies
		JOIN unnest($1::text[], $2::text[], $3::text[]) AS k (org, period, by) USING (org, period, by)`, orgs, periods, bys)
	if err != nil {
		return err
	}
	var key rowKey
	var counts []byte
	before := make(map[rowKey][]byte, len(keys))
	if _, err = pgx.ForEachRow(rows, []any{&key.org, &key.period, &key.by, &counts}, func() error {
		before[key] = counts
		return nil
	}); err != nil {
		return err
	}
	after := make([][]byte, len(keys))
	for i, k := range keys {
		if after[i], err = tally.Add(before[k], a[k]); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO tallies (org, period, by, counts) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
		ON CONFLICT (org, period, by) DO UPDATE SET counts = excluded.counts`, orgs, periods, bys, after)
	return err
}

// EachTotal gives every count of the roll-up, with what waits to be folded in: a
// total may come several times, and is then the sum.
func (s *Store) EachTotal(ctx context.Context, fn func(domain.Total, int64) error) error {
	return wrap("read the roll-up", s.eachTotal(ctx, "true", fn))
}

// eachTotal gives the counts of some rows of the roll-up, and of all increments.
func (s *Store) eachTotal(ctx context.Context, which string, fn func(domain.Total, int64) error) error {
	return s.AtOnce(ctx, func(ctx context.Context) error {
		if err := s.eachFolded(ctx, which, fn); err != nil {
			return err
		}
		rows, err := s.reader(ctx).Query(ctx, "SELECT "+incrementColumns+" FROM tally_deltas f JOIN organizations o ON o.code = f.owner")
		if err != nil {
			return err
		}
		_, err = eachIncrement(rows, func(i *increment) error {
			for total := range i.Totals(i.path) {
				if err := fn(total, i.N); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
}

func (s *Store) eachFolded(ctx context.Context, which string, fn func(domain.Total, int64) error) error {
	rows, err := s.reader(ctx).Query(ctx, "SELECT org, period, by, counts FROM tallies WHERE "+which)
	if err != nil {
		return err
	}
	var t domain.Total
	var counts []byte
	_, err = pgx.ForEachRow(rows, []any{&t.Org, &t.Period, &t.By, &counts}, func() error {
		r := tally.Read(counts)
		for r.Next() {
			m := domain.MeasureByNumber(r.Entry.Measure)
			if m == nil {
				continue // of a version that declares more
			}
			t.Measure, t.Group, t.Step = m.Code, r.Entry.Group, r.Entry.Step
			if err := fn(t, r.Entry.N); err != nil {
				return err
			}
		}
		return r.Err()
	})
	return err
}

// AddTotals corrects the roll-up by differences. Adding commutes with whatever
// is folded in meanwhile.
func (s *Store) AddTotals(ctx context.Context, differences map[domain.Total]int64) error {
	sums := additions{}
	for t, n := range differences {
		sums.add(&t, n)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", rollUpLock); err != nil {
			return err
		}
		return sums.write(ctx, tx)
	})
	return wrap("correct the roll-up", err)
}
