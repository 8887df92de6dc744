package api

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The model county: two townships with their centres, a village, county bodies.
const (
	county  = "370404"
	townA   = "370404102"
	townB   = "370404103"
	centreA = "370404102-centre"
	centreB = "370404103-centre"
	centre  = "370404-centre"
	bureau  = "370404-xinfang"
	village = "370404102201"
)

const testPassword = "石榴花开-2020"

func modelCounty() []domain.Organization {
	from := domain.NewDate(2000, 1, 1)
	root := domain.OrgPath("", county)
	a, b := domain.OrgPath(root, townA), domain.OrgPath(root, townB)
	return []domain.Organization{
		{Code: county, Path: root, Kind: domain.OrgCounty, Name: "区", Place: county, ValidFrom: from},
		{Code: centre, Parent: county, Path: domain.OrgPath(root, centre), Kind: domain.OrgCitizensCentre, Name: "市民中心", Place: county, ValidFrom: from},
		{Code: bureau, Parent: county, Path: domain.OrgPath(root, bureau), Kind: domain.OrgPetitionBureau, Name: "信访局", Place: county, ValidFrom: from},
		{Code: townA, Parent: county, Path: a, Kind: domain.OrgTownship, Name: "甲镇", Place: townA, ValidFrom: from},
		{Code: centreA, Parent: townA, Path: domain.OrgPath(a, centreA), Kind: domain.OrgTownshipCentre, Name: "甲镇中心", Place: townA, ValidFrom: from},
		{Code: village, Parent: townA, Path: domain.OrgPath(a, village), Kind: domain.OrgVillage, Name: "丙村", Place: village, ValidFrom: from},
		{Code: townB, Parent: county, Path: b, Kind: domain.OrgTownship, Name: "乙镇", Place: townB, ValidFrom: from},
		{Code: centreB, Parent: townB, Path: domain.OrgPath(b, centreB), Kind: domain.OrgTownshipCentre, Name: "乙镇中心", Place: townB, ValidFrom: from},
	}
}

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is an API at work, with an account for every role, whose answers are
// all held against the contract.
type world struct {
	t       testing.TB
	handler http.Handler
	server  *server
	fake    *fake // nil with the real store
	store   Store
	engine  *workflow.Engine
	clock   *clock
	log     *bytes.Buffer
	tokens  map[string]string // "role@org" → token
	paths   routers.Router
	figures fakeFigures
	limited bool // whether the limits on requests hold; the clock of most stories stands still
	reports Reports
}

// backend is what a world is built on.
type backend interface {
	Store
	workflow.Cases
}

// newWorld builds a world on the fake.
func newWorld(t testing.TB) *world {
	f := newFake(modelCounty())
	w := buildWorld(t, f, func(users []domain.User) {
		for _, u := range users {
			f.users[u.Username] = u
		}
	})
	w.fake = f
	return w
}

var testHash = sync.OnceValue(func() string {
	hash, err := HashPassword(testPassword)
	if err != nil {
		panic(err)
	}
	return hash
})

func buildWorld(t testing.TB, b backend, addUsers func([]domain.User)) *world {
	library, err := workflow.StandardLibrary()
	require.NoError(t, err)
	w := &world{t: t, store: b, clock: &clock{at: time.Date(2020, 3, 3, 1, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}, tokens: map[string]string{}}
	w.engine = workflow.NewEngine(b, &workflow.Rules{
		Library: library, Calendar: domain.StandardCalendar(), Directory: domain.NewDirectory(modelCounty(), nil),
		Categories: map[string]bool{"01": true, "0101": true},
	}, w.clock.now, func() string { return uuid.Must(uuid.NewV7()).String() })
	w.reports = reportsOn(b, w.clock.now)
	w.rebuild(Config{})
	var users []domain.User
	for _, role := range domain.StaffRoles {
		for _, org := range []string{county, centre, bureau, townA, townB, centreA, centreB} {
			users = append(users, domain.User{
				ID: uuid.NewString(), Username: string(role) + "@" + org, Name: "某" + string(role), Role: role, Org: org,
				PasswordHash: testHash(), CreatedAt: w.clock.now(),
			})
		}
	}
	addUsers(users)
	for _, u := range users { // sessions that outlast every story told here
		token, hash := newToken()
		long := domain.Session{TokenHash: hash, CreatedAt: w.clock.now(), ExpiresAt: w.clock.now().AddDate(10, 0, 0)}
		require.NoError(t, b.CreateSession(context.Background(), long, &u))
		w.tokens[u.Username] = token
	}
	return w
}

// rebuild makes the handler anew with other settings.
func (w *world) rebuild(cfg Config) {
	cfg.Engine, cfg.Store, cfg.Now, cfg.Figures, cfg.Reports = w.engine, w.store, w.clock.now, &w.figures, w.reports
	cfg.NoLimits = !w.limited
	if cfg.IdleLimit == 0 {
		cfg.IdleLimit = 20 * 365 * 24 * time.Hour // stories take their time
	}
	cfg.Logger = slog.New(slog.NewJSONHandler(&lockedWriter{w: w.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := build(cfg)
	require.NoError(w.t, err)
	w.handler, w.server = s.echo, s
	raw, err := json.Marshal(s.huma.OpenAPI())
	require.NoError(w.t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(w.t, err)
	require.NoError(w.t, doc.Validate(context.Background()))
	w.paths, err = legacy.NewRouter(doc)
	require.NoError(w.t, err)
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// appeal is a body that registers an appeal.
func appeal(edit ...func(map[string]any)) map[string]any {
	body := map[string]any{
		"procedure": "appeal", "class": "complaint", "category": "0101", "title": "村口路灯不亮", "statement": "坏了三个月。",
		"place": village, "channel": "window",
		"parties": []any{map[string]any{"role": "applicant", "name": "张三丰", "phone": "13812345678", "identity_number": "370404199001011234", "address": "丙村一组"}},
	}
	for _, f := range edit {
		f(body)
	}
	return body
}

// register opens an appeal and gives its view.
func (w *world) register(who string, edit ...func(map[string]any)) caseView {
	w.t.Helper()
	var v caseView
	w.call(who, "POST", "/api/v1/cases", appeal(edit...)).into(201, &v)
	return v
}

func (w *world) act(who string, c *caseView, action string, fields map[string]any) *answer {
	w.t.Helper()
	if fields == nil {
		fields = map[string]any{}
	}
	a := w.call(who, "POST", "/api/v1/cases/"+c.ID+"/actions/"+action, map[string]any{"fields": fields}, "If-Match", etag(c.Version))
	if a.status == 200 {
		require.NoError(w.t, json.Unmarshal(a.body, c))
	}
	return a
}
