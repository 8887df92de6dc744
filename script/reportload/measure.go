package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

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
	return s[(len(s)*p+99)/100-1].Round(10 * time.Microsecond)
}

// bench measures one database at several sizes.
type bench struct {
	pool   *pgxpool.Pool
	store  *store.Store
	loader *loader
	url    string
}

// size is what was measured at a size.
type size struct {
	cases         int
	load          time.Duration
	totals, bytes int64 // rows of the roll-up, and what they take with their key
	report, rival times
}

const (
	rounds      = 5   // turns of the two
	reportsEach = 200 // reports made for each time that the rival is asked
	rivalsTime  = 4 * time.Minute
)

// clock is the moment at which the report is made.
func clock() time.Time { return over.Add(-time.Hour) }

// measure lets the report and the rival take turns, then looks at the pages
// that people see.
func (b *bench) measure(ctx context.Context, s *size) error {
	if err := b.pool.QueryRow(ctx, "SELECT count(*), pg_total_relation_size('tallies') FROM tallies").Scan(&s.totals, &s.bytes); err != nil {
		return err
	}
	if err := b.race(ctx, s); err != nil {
		return err
	}
	s.print()
	for _, n := range waiting {
		took, err := b.withDeltas(ctx, n)
		if err != nil {
			return err
		}
		folded, err := b.fold(ctx, n)
		if err != nil {
			return err
		}
		fmt.Printf("  report with %6d increments waiting: p50 %s, p99 %s; folded in %s\n", n, took.at(50), took.at(99), folded.Round(time.Millisecond))
	}
	if b.url == "" {
		return nil
	}
	return b.overHTTP(ctx)
}

// race makes the reports of any year and asks the rival for the last, in turns,
// and sees that both say the same.
func (b *bench) race(ctx context.Context, s *size) error {
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, set := range session {
		if _, err := conn.Exec(ctx, set); err != nil {
			return err
		}
	}
	service := report.New(b.store, clock)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	begin := time.Now()
	for i := range rounds {
		if i == 0 || time.Since(begin) < rivalsTime {
			if err := b.askRival(ctx, conn, s); err != nil {
				return err
			}
		}
		for range reportsEach {
			year := firstYear + 1 + random.IntN(reportYear-firstYear)
			begin := time.Now()
			if _, err := service.Annual(ctx, year); err != nil {
				return err
			}
			s.report = append(s.report, time.Since(begin))
		}
	}
	return nil
}

func (b *bench) askRival(ctx context.Context, conn *pgxpool.Conn, s *size) error {
	begin := time.Now()
	rival, err := rivalAnswers(ctx, conn, reportYear)
	if err != nil {
		return err
	}
	s.rival = append(s.rival, time.Since(begin))
	names, queries := views(b.loader.make.dir.Root(), reportYear)
	product, err := b.store.Count(ctx, queries...)
	if err != nil {
		return err
	}
	return rival.compare(names, product)
}

func (s *size) print() {
	fmt.Printf("%d cases: report p50 %s, p99 %s; SQL over the cases %s (median of %d); %.0f times faster by medians, %.0f by the p99\n",
		s.cases, s.report.at(50), s.report.at(99), s.rival.at(50), len(s.rival),
		ratio(s.rival.at(50), s.report.at(50)), ratio(s.rival.at(50), s.report.at(99)))
	fmt.Printf("  roll-up: %d rows, %d MB; loaded in %s\n", s.totals, s.bytes>>20, s.load.Round(time.Second))
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

// overHTTP reads pages of figures from the server, and sees how soon a new case
// is in them.
func (b *bench) overHTTP(ctx context.Context) error {
	leader, err := signIn(ctx, b.url, "leader")
	if err != nil {
		return err
	}
	for _, path := range pages() {
		took, err := leader.page(ctx, path, 100)
		if err != nil {
			return err
		}
		fmt.Printf("  GET %s: p50 %s, p99 %s\n", path, took.at(50), took.at(99))
	}
	clerk, err := signIn(ctx, b.url, "clerk-370404102")
	if err != nil {
		return err
	}
	took, err := leader.freshness(ctx, clerk, 20)
	fmt.Printf("  from a case's registration to a figure that counts it, read over HTTP: p50 %s, most %s\n", took.at(50), took.at(100))
	return err
}
