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
	"sudi/store/seal"
)

// longest is the longest that the whole may take.
const longest = 90 * time.Minute

func main() {
	data := flag.String("data", "", "the data folder of a server whose database has the model county and no case")
	server := flag.String("url", "", "that server, on loopback; left out, no page is read")
	millions := flag.Float64("millions", 1, "how many cases the last size has, 0.1–10 million")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	err := start(ctx, *data, *server, int(min(*millions, 10)*1e6))
	stop()
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "reportload:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, data, server string, cases int) error {
	dsn, err := os.ReadFile(filepath.Join(data, "database.url")) //nolint:gosec // whose bench it is names it
	if err != nil {
		return err
	}
	keys, err := seal.Load(filepath.Join(data, "sudi.key"))
	if err != nil {
		return err
	}
	pool, err := connect(ctx, string(dsn))
	if err != nil {
		return err
	}
	defer pool.Close()
	st, err := store.Open(ctx, string(dsn), store.Options{Keys: keys})
	if err != nil {
		return err
	}
	defer st.Close()
	l, err := newLoader(ctx, pool, st)
	if err != nil {
		return err
	}
	b := &bench{pool, st, l, server}
	return b.sizes(ctx, cases)
}

// connect refuses a database that is not on this machine, or has cases.
func connect(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	if host := config.ConnConfig.Host; !strings.HasPrefix(host, "/") && !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("the database on %s is not on this machine", host)
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["jit"] = "off" // compiling takes longer than it saves
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	var taken bool
	err = pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM cases)").Scan(&taken)
	if err == nil && taken {
		err = errors.New("the database has cases: this is for an empty one")
	}
	if err != nil {
		pool.Close()
	}
	return pool, err
}

// sizes grows the database step by step and measures it at each.
func (b *bench) sizes(ctx context.Context, last int) error {
	done := 0
	for step, n := range []int{100_000, 1_000_000, 10_000_000} {
		s := &size{cases: min(n, last)}
		if s.cases <= done {
			break
		}
		begin := time.Now()
		if err := b.loader.grow(ctx, step, s.cases-done); err != nil {
			return err
		}
		done, s.load = s.cases, time.Since(begin)
		if err := b.measure(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// told says on the error stream how far it is.
func told(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
