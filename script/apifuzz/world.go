package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"sudi/api"
	"sudi/county"
	"sudi/domain"
	"sudi/report"
	"sudi/store"
	"sudi/store/storetest"
	"sudi/workflow"
)

const (
	password = "correct-horse-battery-staple-370404"
	town     = "370404102"
	victims  = 12 // accounts that account operations are tried on
)

// account is somebody who asks; the zero account is nobody.
type account struct {
	domain.User
	token string
}

// world is the model county at work, without cases, served on loopback.
type world struct {
	store    *store.Store
	figures  *report.Service
	base     string
	server   *http.Server
	log      *faultLog
	accounts []*account // who asks
	victims  []*account
}

func newWorld(ctx context.Context, dsn string) (*world, error) {
	st, err := store.Open(ctx, dsn, store.Options{Keys: storetest.Keys(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	w := &world{store: st, log: &faultLog{}, figures: report.New(st, time.Now)}
	if err := w.serve(ctx); err != nil {
		st.Close()
		return nil, err
	}
	return w, nil
}

func (w *world) serve(ctx context.Context) error {
	if err := w.store.LoadCounty(ctx, county.Organizations(), county.Categories(), county.Competences()); err != nil {
		return err
	}
	library, err := workflow.StandardLibrary()
	if err != nil {
		return err
	}
	categories := map[string]bool{}
	for _, c := range county.Categories() {
		categories[c.Code] = true
	}
	engine := workflow.NewEngine(w.store, &workflow.Rules{
		Library: library, Calendar: domain.StandardCalendar(), Directory: county.Directory(), Categories: categories,
	}, time.Now, func() string { return uuid.Must(uuid.NewV7()).String() })
	if err := w.people(ctx); err != nil {
		return err
	}
	handler, err := api.New(api.Config{
		Engine: engine, Store: w.store, Figures: w.figures, Reports: w.figures, Logger: slog.New(w.log), Reveals: 1000,
	})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.base = "http://" + listener.Addr().String()
	w.server = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(w.log, slog.LevelError)}
	go func() { _ = w.server.Serve(listener) }() // ends by Close
	return nil
}

func (w *world) close() {
	_ = w.server.Close()
	w.store.Close()
}

// people makes the accounts: of each role those of the county and of one
// township, and some that others may do as they like with.
func (w *world) people(ctx context.Context) error {
	hash, err := api.HashPassword(password)
	if err != nil {
		return err
	}
	perRole := map[domain.Role]int{}
	var users []domain.User
	for _, u := range county.Users() {
		if u.Org != town && perRole[u.Role] >= 4 {
			continue
		}
		perRole[u.Role]++
		u.PasswordHash, u.CreatedAt = hash, time.Now()
		users = append(users, u)
		w.accounts = append(w.accounts, &account{User: u})
	}
	for i := range victims {
		u := users[i%len(users)]
		u.ID, u.Username = uuid.NewString(), "victim-"+string(rune('a'+i))
		users = append(users, u)
		w.victims = append(w.victims, &account{User: u})
	}
	if err := w.store.PutUsers(ctx, users); err != nil {
		return err
	}
	for _, a := range append(w.accounts, w.victims...) {
		if err := w.signIn(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// signIn gives an account a session, past the limits for wrong passwords.
func (w *world) signIn(ctx context.Context, a *account) error {
	user, err := w.store.UserByID(ctx, a.ID)
	if err != nil {
		return err
	}
	a.User = user
	raw := sha256.Sum256([]byte(uuid.NewString()))
	a.token = base64.RawURLEncoding.EncodeToString(raw[:])
	sum := sha256.Sum256([]byte(a.token))
	now := time.Now()
	return w.store.CreateSession(ctx, domain.Session{TokenHash: sum[:], CreatedAt: now, ExpiresAt: now.Add(10 * time.Hour), Factor: true}, &a.User)
}

// again signs in an account whose session has ended; one that may not any more
// stays out.
func (w *world) again(ctx context.Context, a *account) error {
	err := w.signIn(ctx, a)
	var ours *domain.Error
	if errors.As(err, &ours) && ours.Kind != domain.KindInternal {
		return nil
	}
	return err
}

// faultLog keeps what is logged as a fault until it is asked for.
type faultLog struct {
	mu     sync.Mutex
	faults []string
}

// Enabled lets only faults through.
func (l *faultLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// Handle keeps a fault.
func (l *faultLog) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "request_id" {
			text += " " + a.String()
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, text)
	return nil
}

// WithAttrs and WithGroup keep the log as it is.
func (l *faultLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup keeps the log as it is.
func (l *faultLog) WithGroup(string) slog.Handler { return l }

func (l *faultLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.faults
	l.faults = nil
	return taken
}
