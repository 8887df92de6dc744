// Command testcluster starts a PostgreSQL for tests, prints its address on one
// line, and runs until its standard input ends or it is told to stop.
// script/test uses it so that all packages share one cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"sudi/store/storetest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	c, err := storetest.StartCluster(ctx)
	if err != nil {
		return err
	}
	fmt.Println(c.DSN("postgres"))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is the message
		cancel()
	}()
	select {
	case <-ctx.Done():
		return c.Close()
	case <-c.Done():
		return errors.Join(c.Err(), c.Close())
	}
}
