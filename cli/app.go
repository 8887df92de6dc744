package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"sudi/domain"
	"sudi/report"
	"sudi/store"
	"sudi/store/pgserver"
	"sudi/workflow"
)

// stopPatience bounds how long a part may take to stop.
const stopPatience = 30 * time.Second

// app is the part of Sudi that every command needs: the database and the
// engine over it.
type app struct {
	set    *settings
	store  *store.Store
	engine *workflow.Engine

	county  string           // countySetting when the rules were last loaded
	server  *pgserver.Server // the private cluster, when this process runs it
	closers []func()
}

// access says how a command wants the private database.
type access int

const (
	exclusive access = iota // this process runs the cluster
	shared                  // or joins the one that a running Sudi has
	existing                // the same, but makes no new one
)

// openApp connects to the database, brings its schema up to date and makes
// the engine.
func openApp(ctx context.Context, set *settings, how access) (*app, error) {
	a := &app{set: set}
	dsn, err := a.database(ctx, how)
	if err != nil {
		a.close()
		return nil, err
	}
	if err := store.Migrate(ctx, dsn); err != nil {
		a.close()
		return nil, err
	}
	keys, err := set.keys()
	if err != nil {
		a.close()
		return nil, err
	}
	if a.store, err = store.Open(ctx, dsn, store.Options{Logger: set.log, Keys: keys, KeyFile: set.keyPath()}); err != nil {
		a.close()
		return nil, err
	}
	a.closers = append(a.closers, a.store.Close)
	if err := a.countedAnew(ctx); err != nil {
		a.close()
		return nil, err
	}
	rules, err := a.firstRules(ctx)
	if err != nil {
		a.close()
		return nil, err
	}
	a.engine = workflow.NewEngine(a.store, rules, time.Now, func() string { return uuid.Must(uuid.NewV7()).String() })
	return a, nil
}

// countedAnew counts by the measures of this version what an earlier one has
// counted by others.
func (a *app) countedAnew(ctx context.Context) error {
	began := false
	return report.New(a.store, time.Now).CatchUp(ctx, func(int64) {
		if !began {
			a.set.log.Info("counting every case by this version's measures")
			began = true
		}
	})
}

// withApp makes a command's RunE of what it does with the database.
func withApp(set *settings, how access, do func(ctx context.Context, a *app, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a, err := openApp(cmd.Context(), set, how)
		if err != nil {
			return err
		}
		defer a.close()
		return do(cmd.Context(), a, args)
	}
}

// close stops what openApp started, in reverse order.
func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	a.closers = nil
}

// database gives the address of the database: the one named in the settings,
// or a private cluster under the data folder.
func (a *app) database(ctx context.Context, how access) (string, error) {
	if a.set.databaseURL != "" {
		return a.set.databaseURL, nil
	}
	dir := filepath.Join(a.set.dataDir, "postgres")
	if _, err := os.Stat(dir); how == existing && errors.Is(err, os.ErrNotExist) {
		return "", badUse{fmt.Errorf("no Sudi data in %s; name its folder with --data-dir, or begin with `sudi serve` or `sudi demo`", a.set.dataDir)}
	}
	if err := os.MkdirAll(a.set.dataDir, 0o711); err != nil { //nolint:gosec // the database's own user must reach its folder below
		return "", err
	}
	server, err := pgserver.Start(ctx, pgserver.Config{Dir: dir, Logger: a.set.log})
	if errors.Is(err, pgserver.ErrInUse) && how != exclusive {
		return a.join()
	}
	if err != nil {
		return "", err
	}
	a.server = server
	a.closers = append(a.closers, func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
		defer cancel()
		_ = os.Remove(a.addressFile())
		if err := server.Stop(ctx); err != nil {
			a.set.log.Error("stopping PostgreSQL", "error", err)
		}
	})
	dsn := server.DSN(pgserver.User)
	return dsn, os.WriteFile(a.addressFile(), []byte(dsn), 0o600)
}

// addressFile is where a running Sudi says how to reach its private database.
func (a *app) addressFile() string { return filepath.Join(a.set.dataDir, "database.url") }

// join uses the private database of the Sudi that runs on this data folder.
func (a *app) join() (string, error) {
	for range 50 { // it may be starting just now
		raw, err := os.ReadFile(a.addressFile())
		if err == nil && len(raw) > 0 {
			return strings.TrimSpace(string(raw)), nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", fmt.Errorf("another sudi uses %s but does not say how to reach its database", a.set.dataDir)
}

// loadRules reads what decisions depend on.
func loadRules(ctx context.Context, st *store.Store) (*workflow.Rules, error) {
	library, err := loadLibrary(ctx, st)
	if err != nil {
		return nil, err
	}
	directory, err := st.Directory(ctx)
	if err != nil {
		return nil, err
	}
	categories, err := st.Categories(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(categories))
	for _, c := range categories {
		known[c.Code] = true
	}
	return &workflow.Rules{Library: library, Calendar: domain.StandardCalendar(), Directory: directory, Categories: known}, nil
}

// countySetting changes whenever organisations or categories were loaded or a
// procedure was published, so that running servers take them up.
const countySetting = "county_loaded_at"

// announceCounty lets running servers know that there is something to take up.
func (a *app) announceCounty(ctx context.Context) error {
	return a.store.SetSetting(ctx, countySetting, time.Now().UTC().Format(time.RFC3339Nano))
}

// reloadRules takes up organisations, categories and procedures that are new.
func (a *app) reloadRules(ctx context.Context) error {
	rules, err := loadRules(ctx, a.store)
	if err == nil {
		a.engine.SetRules(rules)
	}
	return err
}

// followCounty reloads the rules when another command has loaded a county or
// published a procedure.
func (a *app) followCounty(ctx context.Context) error {
	loaded, _, err := a.store.Setting(ctx, countySetting)
	if err != nil || loaded == a.county {
		return err
	}
	if err := a.reloadRules(ctx); err != nil {
		return err
	}
	a.county = loaded
	return nil
}
