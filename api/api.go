// Package api is Sudi's HTTP interface: routes, authentication, authorisation,
// error documents and the OpenAPI contract. It decides nothing about cases:
// what changes one goes through workflow.Engine, what reads one through Store.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"sudi/domain"
	"sudi/workflow"
)

// prefix of all routes but those that machines ask for.
const prefix = "/api/v1"

// Config is what the API works with.
type Config struct {
	Engine   *workflow.Engine
	Store    Store
	Figures  Figures
	Reports  Reports
	Calendar *domain.Calendar            // nil: the standard one
	Now      func() time.Time            // nil: the engine's
	Logger   *slog.Logger                // nil: slog.Default
	Ready    func(context.Context) error // beyond the store's Ping; nil: nothing more
	Metrics  *prometheus.Registry        // nil: one of its own

	RequestTimeout time.Duration // 0: 30 s
	ExportTimeout  time.Duration // of a ledger; 0: 20 min
	Reveals        int           // masked fields that an account may see a day; 0: 20, below: none
	IdleLimit      time.Duration // after which an unused session ends; 0: 30 min
	SessionLimit   time.Duration // after which any session ends; 0: 12 h
	SecondFactor   string        // who must have one: FactorOff, FactorAdmins or FactorAll; "": FactorOff
	Provider       *Provider     // by which accounts may sign in too; nil: none
	TrustProxy     bool          // believe X-Forwarded-For and X-Forwarded-Proto of a private address
	NoLimits       bool          // take as many requests as come (limits.go), for measurements
	TrustedOrigins []string      // other origins ("https://host") whose pages may use the session cookie
	Version        string        // of the program, for the OpenAPI document
}

// server is the API at work.
type server struct {
	Config
	echo     *echo.Echo
	huma     huma.API
	rules    map[string]Access // "METHOD path" → who may call it
	names    map[string]string // "METHOD path" → id of the operation
	desk     map[string]bool   // "METHOD path" → it may be called on the desk channel
	origins  *http.CrossOriginProtection
	password *passwords
	provider *identityProvider // nil: none
	backoff  *backoff
	limits   *limits
	metrics  *metrics
	exports  *exports
}

// API is the whole interface: over HTTP, and over the desk channel the part
// that organisations' own systems need.
type API struct{ server *server }

// New builds the API. It refuses to build one in which a route has no access
// rule.
func New(cfg Config) (*API, error) {
	s, err := build(cfg)
	if err != nil {
		return nil, err
	}
	return &API{s}, nil
}

// ServeHTTP answers an HTTP request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.server.echo.ServeHTTP(w, r) }

func build(cfg Config) (*server, error) {
	if cfg.Engine == nil || cfg.Store == nil || cfg.Figures == nil || cfg.Reports == nil {
		return nil, errors.New("api: Engine, Store, Figures and Reports are needed")
	}
	cfg.fill()
	s := &server{Config: cfg, echo: echo.New(), rules: map[string]Access{}, names: map[string]string{}, desk: map[string]bool{}, origins: http.NewCrossOriginProtection()}
	for _, origin := range cfg.TrustedOrigins {
		if err := s.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("api: %w", err)
		}
	}
	var err error
	if s.password, err = newPasswords(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s.provider = newIdentityProvider(cfg.Provider, cfg.Now)
	s.backoff = newBackoff(cfg.Now)
	s.exports = newExports()
	if s.limits, err = newLimits(cfg.Now); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if s.metrics, err = newMetrics(cfg.Metrics); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s.prepareEcho()
	s.huma = humaecho.New(s.echo, contract(cfg.Version))
	s.routes()
	if err := s.everyRouteHasRule(); err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Config) fill() {
	if c.Calendar == nil {
		c.Calendar = domain.StandardCalendar()
	}
	if c.Now == nil {
		c.Now = c.Engine.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = 30 * time.Second
	}
	if c.ExportTimeout == 0 {
		c.ExportTimeout = 20 * time.Minute
	}
	if c.Reveals == 0 {
		c.Reveals = revealsADay
	}
	c.Reveals = max(c.Reveals, 0)
	if c.IdleLimit == 0 {
		c.IdleLimit = 30 * time.Minute
	}
	if c.SessionLimit == 0 {
		c.SessionLimit = 12 * time.Hour
	}
	if c.Version == "" {
		c.Version = "dev"
	}
}

func (s *server) prepareEcho() {
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.IPExtractor = echo.ExtractIPDirect()
	if s.TrustProxy {
		s.echo.IPExtractor = addressBehindProxy
	}
	s.echo.Use(s.open, s.observe, s.recover, s.secure, s.limitAddress, s.clean, s.guard)
}

// routes lists every route of the API.
func (s *server) routes() {
	s.healthRoutes()
	s.sessionRoutes()
	s.factorRoutes()
	s.providerRoutes()
	s.accountRoutes()
	s.accountAdminRoutes()
	s.caseRoutes()
	s.actionRoutes()
	s.recordRoutes()
	s.similarRoutes()
	s.matterRoutes()
	s.invitationRoutes()
	s.referenceRoutes()
	s.procedureRoutes()
	s.figureRoutes()
	s.attestedRoutes()
	s.publicationRoutes()
	s.reportRoutes()
	s.worklistRoutes()
	s.ledgerRoutes()
	s.auditRoutes()
	s.documentRoutes()
}

// everyRouteHasRule is the safety net below the compiler: echo must know no
// route that was added past register and raw.
func (s *server) everyRouteHasRule() error {
	for _, r := range s.echo.Routes() {
		if rule, ok := s.rules[r.Method+" "+r.Path]; !ok || rule.level == closed {
			return fmt.Errorf("api: route %s %s has no access rule", r.Method, r.Path)
		}
	}
	return nil
}

// echoPath writes a path with {name} parameters as echo does.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
