package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"sudi/api"
	"sudi/county"
	"sudi/domain"
	"sudi/events"
	"sudi/report"
	"sudi/workflow"
)

// How often the background workers look.
const (
	sweepEvery  = 5 * time.Second
	foldEvery   = time.Second
	replayEvery = 2 * time.Second
	followEvery = 5 * time.Second
	purgeEvery  = time.Hour
)

func serveCommand(con *console, set *settings) *cobra.Command {
	var demoYear int
	cmd := &cobra.Command{
		Use:   "serve",
		Short: con.say("启动服务", "start the server"),
		Long: con.say("启动服务。另有环境变量:SUDI_PG_BIN 指定 PostgreSQL 程序目录,SUDI_DEMO_PASSWORD 指定示范账户密码。",
			"Start the server. Two more settings are environment variables only: SUDI_PG_BIN, the folder of\nPostgreSQL's programs, and SUDI_DEMO_PASSWORD, the password of the demo accounts."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), con, set, demoYear)
		},
	}
	cmd.Flags().IntVar(&demoYear, "demo", 0,
		con.say("先载入示范县区及其某一年的案件", "first load the model county and a year of its cases"))
	return cmd
}

// serve runs Sudi until ctx ends or a part of it fails.
func serve(ctx context.Context, con *console, set *settings, demoYear int) error {
	if demoYear != 0 {
		if err := set.mayDemo(con, demoYear); err != nil {
			return err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", set.listen)
	if err != nil {
		return fmt.Errorf("%s: %w", con.say("无法监听", "cannot listen"), err)
	}
	defer listener.Close() //nolint:errcheck // the server closes it first
	a, err := openApp(ctx, set, exclusive)
	if err != nil {
		return err
	}
	defer a.close()
	sealer, err := a.sealer(ctx)
	if err != nil {
		return err
	}
	if err := a.announceListening(ctx, con); err != nil {
		return err
	}
	var conn *events.Conn // the broker asks the API who signs in, so the API is made first
	handler, err := a.handler(func() bool { return conn.IsConnected() })
	if err != nil {
		return err
	}
	conn, desks, err := a.broker(handler)
	if err != nil {
		return err
	}
	if demoYear != 0 {
		if err := a.demo(ctx, con, demoYear, demoSeed); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { sealer.Run(ctx); return nil })
	a.background(ctx, group, conn, handler)
	a.listen(ctx, group, listener, handler)
	if desks != "" {
		con.printf("各单位系统接入:%s\n", "Organisations' systems connect to: %s\n", desks)
	}
	con.printf("诉递已启动:http://%s  (Ctrl-C 停止)\n", "Sudi is running: http://%s  (Ctrl-C stops it)\n", listener.Addr())
	err = group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil {
		con.printf("诉递已停止。\n", "Sudi has stopped.\n")
	}
	return err
}

// listenSetting remembers where the server of a database listened last.
const listenSetting = "listen"

// announceListening refuses to show demo accounts to the network, and lets
// later commands know where the server listens.
func (a *app) announceListening(ctx context.Context, con *console) error {
	if !a.set.loopback() {
		users, err := a.store.Users(ctx)
		if err != nil {
			return err
		}
		model := county.Users()
		for _, u := range users {
			if slices.ContainsFunc(model, func(m domain.User) bool { return m.ID == u.ID }) {
				return badUse{errors.New(con.say("该数据库有示范账户,只能监听本机", "this database has demo accounts: it may be served on loopback only"))}
			}
		}
	}
	return a.store.SetSetting(ctx, listenSetting, a.set.listen)
}

// broker connects to NATS, starting the embedded one when none is named, and
// says where that one lets organisations' systems in.
func (a *app) broker(accounts events.Accounts) (conn *events.Conn, desks string, err error) {
	if a.set.natsURL != "" {
		conn, err := events.Connect(a.set.natsURL, "", a.set.log)
		if err == nil {
			a.closers = append(a.closers, conn.Close)
		}
		return conn, "", err
	}
	server, err := events.StartServer(filepath.Join(a.set.dataDir, "jetstream"), events.Desks{
		Listen: a.set.natsListen, Cert: a.set.natsCert, Key: a.set.natsKey, County: a.set.county, Accounts: accounts,
	}, a.set.log)
	if err != nil {
		return nil, "", err
	}
	a.closers = append(a.closers, server.Shutdown)
	conn, err = server.Connect()
	if err == nil {
		a.closers = append(a.closers, conn.Close)
	}
	return conn, server.Addr(), err
}

func (a *app) handler(brokerUp func() bool) (*api.API, error) {
	figures := report.New(a.store, time.Now)
	reveals := a.set.reveals
	if reveals == 0 {
		reveals = -1 // none, where 0 is the usual number
	}
	provider, err := a.set.oidc.provider()
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Engine: a.engine, Store: a.store, Figures: figures, Reports: figures,
		Calendar: domain.StandardCalendar(), Now: time.Now, Logger: a.set.log,
		NoLimits:  a.set.limits == limitsOff,
		IdleLimit: a.set.sessionIdle, SessionLimit: a.set.sessionLimit, SecondFactor: a.set.secondFactor,
		TrustProxy: a.set.trustProxy, Reveals: reveals, Version: version(), Provider: provider,
		Ready: func(ctx context.Context) error {
			if !brokerUp() {
				return errors.New("the broker is away")
			}
			return a.store.Ping(ctx)
		},
	})
}

// background starts what works beside HTTP: relay, router, sweeper, roll-up,
// the replay of dead letters and the desks' channel.
func (a *app) background(ctx context.Context, group *errgroup.Group, conn *events.Conn, desk *api.API) {
	responder := &events.Responder{Conn: conn, County: a.set.county, Accounts: desk, Answer: desk.Answer, Log: a.set.log}
	group.Go(func() error { return responder.Run(ctx) })
	relay := events.NewRelay(a.store, conn, a.set.county, a.set.log)
	sweeper := &workflow.Sweeper{Engine: a.engine, Cases: a.store, Every: sweepEvery, Log: a.set.log}
	group.Go(func() error { return relay.Run(ctx) })
	group.Go(func() error { return a.route(ctx, conn) })
	group.Go(func() error { sweeper.Run(ctx); return nil })
	group.Go(func() error {
		report.New(a.store, time.Now).KeepFolded(ctx, foldEvery, func(err error) { a.set.log.Error("folding the roll-up", "error", err) })
		return nil
	})
	group.Go(func() error { return a.every(ctx, followEvery, "taking up the county", a.followCounty) })
	group.Go(func() error {
		return a.every(ctx, followEvery, "taking up the key file", func(context.Context) error { return a.store.ReloadKeys() })
	})
	group.Go(func() error {
		return a.every(ctx, purgeEvery, "purging sessions and keys", func(ctx context.Context) error { return a.store.Purge(ctx, time.Now()) })
	})
	replayer := events.Replayer{Letters: a.store, Conn: conn, Now: time.Now}
	group.Go(func() error {
		return a.every(ctx, replayEvery, "delivering dead letters again", func(ctx context.Context) error {
			return a.replay(ctx, &replayer)
		})
	})
	if a.server != nil {
		group.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-a.server.Done():
				return fmt.Errorf("PostgreSQL has ended: %w", a.server.Err())
			}
		})
	}
}

// route lets the router hear of events. When a procedure is published it begins
// anew, to hear of that one's too.
func (a *app) route(ctx context.Context, conn *events.Conn) error {
	router := workflow.Router{Engine: a.engine}
	for ctx.Err() == nil {
		subjects := routedSubjects(a.set.county, a.engine.Rules().Library)
		consumer := &events.Consumer{
			Name: workflow.RouterConsumer, Conn: conn, County: a.set.county, Subjects: subjects,
			Handle: router.Handle, Dead: a.store, Log: a.set.log,
		}
		turn, stop := context.WithCancel(ctx)
		go func() {
			_ = a.every(turn, followEvery, "", func(context.Context) error {
				if !slices.Equal(subjects, routedSubjects(a.set.county, a.engine.Rules().Library)) {
					stop()
				}
				return nil
			})
		}()
		err := consumer.Run(turn)
		stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// replay delivers the dead letters that somebody asked for.
func (a *app) replay(ctx context.Context, replayer *events.Replayer) error {
	letters, err := a.store.DeadLetters(ctx, true)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if l.ReplayAskedAt != nil {
			err = errors.Join(err, replayer.Replay(ctx, l.ID))
		}
	}
	return err
}

// routedSubjects are the subjects after whose events the router has work, in
// one order.
func routedSubjects(county string, library *workflow.Library) []string {
	var subjects []string
	for procedure, names := range library.Announced() {
		for _, name := range names {
			subjects = append(subjects, events.CaseSubject(county, domain.Event{Procedure: procedure, Event: name}))
		}
	}
	slices.Sort(subjects)
	return subjects
}

// every does something again and again until ctx ends; a failure is logged
// and tried again at the next turn.
func (a *app) every(ctx context.Context, d time.Duration, what string, do func(context.Context) error) error {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := do(ctx); err != nil && ctx.Err() == nil {
			a.set.log.Error(what, "error", err)
		}
	}
}

// listen serves HTTP; when ctx ends it lets running requests finish.
func (a *app) listen(ctx context.Context, group *errgroup.Group, listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.Background(), stopPatience)
		defer cancel()
		return server.Shutdown(stop)
	})
}
