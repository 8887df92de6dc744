// Command sudi (诉递) runs a county's petitions and mediations: it takes cases
// in, routes them, keeps their time limits, and produces the figures of the
// annual report.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"sudi/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
