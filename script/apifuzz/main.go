// Command apifuzz sends Sudi requests made from its own OpenAPI document, valid
// ones and broken ones, as accounts of every role, and holds every answer
// against that document. script/fuzz runs it; it starts a PostgreSQL and a
// server on loopback of its own. The same seed sends the same kinds of request.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sudi/store"
	"sudi/store/pgserver"
	"sudi/store/storetest"
)

// longest is the longest that may be asked for.
const longest = time.Hour

// errFound ends a run that found something.
var errFound = errors.New("the run found faults")

func main() {
	period := flag.Duration("t", time.Minute, "how long to send requests, at most 1h")
	seed := flag.Uint64("seed", 0, "of the requests; 0: another each time")
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano()) //nolint:gosec // any number does
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, os.Stdout, min(*period, longest), *seed)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "apifuzz:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, out io.Writer, period time.Duration, seed uint64) (err error) {
	cluster, err := storetest.StartCluster(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	dsn := cluster.DSN(pgserver.User)
	if err := store.Migrate(ctx, dsn); err != nil {
		return err
	}
	began := time.Now()
	f, err := newFuzzer(ctx, dsn, seed)
	if err != nil {
		return err
	}
	defer f.close()
	return f.run(ctx, out, func(int) bool { return ctx.Err() == nil && time.Since(began) < period })
}

// newFuzzer makes a county over an empty database and a fuzzer for it.
func newFuzzer(ctx context.Context, dsn string, seed uint64) (*fuzzer, error) {
	w, err := newWorld(ctx, dsn)
	if err != nil {
		return nil, err
	}
	f := &fuzzer{
		world: w, seed: seed, rand: rand.New(rand.NewPCG(seed, seed)), //nolint:gosec // repeatable on purpose
		known: newPools(), coverage: map[string]map[int]int{}, found: map[string]bool{}, out: io.Discard,
	}
	if err := f.readContract(ctx); err != nil {
		w.close()
		return nil, err
	}
	return f, nil
}

// run sends requests while more says so, proves the store and tells what was
// reached; errFound when anything was wrong.
func (f *fuzzer) run(ctx context.Context, out io.Writer, more func(sent int) bool) error {
	f.out = out
	f.say("sudi: seed %d\n", f.seed)
	for _, begin := range []func(context.Context) error{f.secondFactor, f.replies, f.everyRole} {
		if err := begin(ctx); err != nil {
			return err
		}
	}
	for more(f.sent) {
		if err := f.turn(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if err := f.verify(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	f.tell()
	if len(f.found) > 0 {
		return errFound
	}
	return nil
}

func (f *fuzzer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(f.out, format, args...) // a terminal that is gone is no fault
}
