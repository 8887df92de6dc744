package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sudi/domain"
	"sudi/report"
)

// waiting are how many increments wait to be folded in while the report is read.
// The server folds every second: ten thousand are what 2,000 cases in a second
// leave, a hundred thousand what an import leaves that outruns the folding.
var waiting = []int{0, 10_000, 100_000}

// withDeltas makes the report while increments wait. A lock on the roll-up keeps
// the server from folding them; in the end they are taken back.
func (b *bench) withDeltas(ctx context.Context, n int) (times, error) {
	hold, err := b.pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it only holds a lock
	if _, err := hold.Exec(ctx, "LOCK TABLE tallies IN SHARE MODE"); err != nil {
		return nil, err
	}
	deltas := b.deltas(n)
	if _, err := b.pool.CopyFrom(ctx, pgx.Identifier{"tally_deltas"}, deltaColumns, pgx.CopyFromRows(deltas)); err != nil {
		return nil, err
	}
	service := report.New(b.store, clock)
	var took times
	for range 50 {
		begin := time.Now()
		if _, err := service.Annual(ctx, reportYear); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
	}
	_, err = b.pool.Exec(context.WithoutCancel(ctx), "DELETE FROM tally_deltas")
	return took, err
}

// fold lets n increments be folded in, by whoever comes first, and then takes
// them back in the same way.
func (b *bench) fold(ctx context.Context, n int) (time.Duration, error) {
	var took time.Duration
	for _, sign := range []int64{1, -1} {
		rows := b.deltas(n)
		for _, row := range rows {
			row[len(row)-1] = sign * row[len(row)-1].(int64) //nolint:errcheck // deltas puts one there
		}
		if _, err := b.pool.CopyFrom(ctx, pgx.Identifier{"tally_deltas"}, deltaColumns, pgx.CopyFromRows(rows)); err != nil {
			return 0, err
		}
		begin := time.Now()
		for waiting := true; waiting; {
			if _, err := b.store.FoldTallies(ctx); err != nil {
				return 0, err
			}
			if err := b.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM tally_deltas)").Scan(&waiting); err != nil {
				return 0, err
			}
		}
		took = max(took, time.Since(begin))
	}
	return took, nil
}

var deltaColumns = []string{"measure", "day", "owner", "township", "procedure", "category", "step", "n"}

// deltas are n increments, as the last cases of the year leave them.
func (b *bench) deltas(n int) [][]any {
	var rows [][]any
	for step := 100; len(rows) < n; step++ {
		const many = 1_000_000
		cases := b.loader.make.cases(run{step, many - chunkSize, many, many})
		for i := range cases {
			for _, f := range domain.Facts(&cases[i]) {
				rows = append(rows, []any{f.Measure, f.Day.String(), f.Owner, f.Township, f.Procedure, f.Category, f.Step, f.N})
			}
		}
	}
	return rows[:n]
}
