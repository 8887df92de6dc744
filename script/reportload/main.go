// Command reportload grows a private database to many cases, in steps, and at
// each size measures the whole report from the roll-up beside the same figures
// by SQL over the cases. script/bench runs it; it refuses a database that is not
// on this machine, or that has cases already.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sudi/store"
)

// The longest that the whole may take.
const longest = 90 * time.Minute

func main() {
	o := options{}
	flag.StringVar(&o.data, "data", "", "the data folder of a server whose database has the model county and no case")
	flag.StringVar(&o.server, "url", "", "that server, on loopback")
	flag.Float64Var(&o.millions, "millions", 1, "how many cases the last size has, 0.1–10 million")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	err := run1(ctx, &o)
	stop()
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "reportload:", err)
		os.Exit(1)
	}
}

type options struct {
	only         bool
	data, server string
	millions     float64
}

func run1(ctx context.Context, o *options) error {
	dsn, err := os.ReadFile(filepath.Join(o.data, "database.url"))
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(o.data, "sudi.key"))
	if err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(string(dsn))
	if err != nil {
		return err
	}
	if host := config.ConnConfig.Host; !strings.HasPrefix(host, "/") && !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("the database on %s is not on this machine", host)
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["jit"] = "off"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	var taken bool
	if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM cases)").Scan(&taken); err != nil {
		return err
	}
	if taken {
		return errors.New("the database has cases: this is for an empty one")
	}
	st, err := store.Open(ctx, string(dsn), store.Options{Key: secret})
	if err != nil {
		return err
	}
	defer st.Close()
	orgs, err := st.Organizations(ctx)
	if err != nil {
		return err
	}
	categories, err := st.Categories(ctx)
	if err != nil {
		return err
	}
	l := &loader{pool: pool, make: newMaker(orgs, categories), all: newRollup(orgs)}
	if err := pool.QueryRow(ctx, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tallies_pkey'").Scan(&l.tallyKey); err != nil {
		return err
	}
	for range loaders {
		l.rollups = append(l.rollups, newRollup(orgs))
	}
	b := &bench{pool, st, l, o.server}
	return b.sizes(ctx, int(o.millions*1e6))
}

// sizes grows the database step by step and measures it at each.
func (b *bench) sizes(ctx context.Context, last int) error {
	told := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
	}
	done := 0
	for step, n := range []int{100_000, 1_000_000, 10_000_000} {
		s := &size{cases: min(n, last)}
		if s.cases <= done {
			break
		}
		begin := time.Now()
		if err := b.loader.grow(ctx, step, s.cases-done, told); err != nil {
			return err
		}
		done, s.load = s.cases, time.Since(begin)
		if err := b.measure(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
