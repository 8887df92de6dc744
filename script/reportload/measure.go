package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sudi/domain"
	"sudi/report"
	"sudi/store"
)

// times are how long something took, each time.
type times []time.Duration

// at is the time within which p percent were done.
func (t times) at(p int) time.Duration {
	if len(t) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(t))
	return s[min(len(s)-1, (len(s)*p+99)/100-1)]
}

// result is what was measured at a size.
type result struct {
	cases, totals int64
	bytes         int64 // of the roll-up, with its key
	load          time.Duration
	report, rival times
}

// The report is made this often for each time that the rival is asked.
const reportsEach = 200

// race makes the report and asks the rival in turns.
func race(ctx context.Context, pool *pgxpool.Pool, st *store.Store, root string, rounds int, r *result) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, s := range append(aside, session...) {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	service := report.New(st, func() time.Time { return over.Add(-time.Hour) })
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	for range rounds {
		begin := time.Now()
		rival, err := rivalAnswers(ctx, conn, reportYear)
		if err != nil {
			return err
		}
		r.rival = append(r.rival, time.Since(begin))
		names, queries := views(root, reportYear)
		product, err := st.Count(ctx, queries...)
		if err != nil {
			return err
		}
		if err := rival.compare(names, product); err != nil {
			return err
		}
		for range reportsEach {
			year := firstYear + 1 + random.IntN(reportYear-firstYear)
			begin := time.Now()
			if _, err := service.Annual(ctx, year); err != nil {
				return err
			}
			r.report = append(r.report, time.Since(begin))
		}
	}
	return nil
}

func (r *result) print() {
	fmt.Printf("%d cases: report p50 %s, p99 %s; SQL over the cases %s; %.0f times; %d totals, %d MB; loaded in %s\n",
		r.cases, r.report.at(50), r.report.at(99), r.rival.at(50), float64(r.rival.at(50))/float64(r.report.at(50)), r.totals, r.bytes>>20, r.load)
}

var _ = domain.ByNothing
