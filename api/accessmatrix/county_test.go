package accessmatrix

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/api"
	"sudi/domain"
	"sudi/report"
	"sudi/store"
	"sudi/store/storetest"
	"sudi/workflow"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

const (
	prefix  = "/api/v1"
	nobody  = "01900000-0000-7000-8000-000000000000" // the id of no case
	theYear = "2020"
)

// tree is the county: each body with the one above it.
var tree = []struct {
	name, above, code, place string
	kind                     domain.OrgKind
}{
	{"county", "", "370404", "370404", domain.OrgCounty},
	{"bureau", "county", "370404-xinfang", "370404", domain.OrgPetitionBureau},
	{"housing", "county", "370404-housing", "370404", domain.OrgDepartment},
	{"court", "county", "370404-court", "370404", domain.OrgCourt},
	{"police", "county", "370404-police", "370404", domain.OrgPublicSecurity},
	{"town", "county", "370404102", "370404102", domain.OrgTownship},
	{"station", "town", "370404102-police", "370404102", domain.OrgPoliceStation},
	{"committee", "town", "370404102-committee", "370404102", domain.OrgTownshipCommittee},
	{"village", "town", "370404102201", "370404102201", domain.OrgVillage},
	{"village committee", "village", "370404102201-committee", "370404102201", domain.OrgVillageCommittee},
	{"other", "county", "370404103", "370404103", domain.OrgTownship},
	{"other village", "other", "370404103201", "370404103201", domain.OrgVillage},
	{"other committee", "other", "370404103-committee", "370404103", domain.OrgTownshipCommittee},
}

// code is the code of a body of the tree.
func code(name string) string {
	for _, o := range tree {
		if o.name == name {
			return o.code
		}
	}
	panic("no body " + name)
}

func organizations() []domain.Organization {
	paths := map[string]string{"": ""}
	var orgs []domain.Organization
	for _, o := range tree {
		paths[o.name] = domain.OrgPath(paths[o.above], o.code)
		org := domain.Organization{
			Code: o.code, Path: paths[o.name], Kind: o.kind, Name: "某" + o.name, Place: o.place, ValidFrom: domain.NewDate(2000, 1, 1),
		}
		if o.above != "" {
			org.Parent = code(o.above)
		}
		orgs = append(orgs, org)
	}
	return orgs
}

// reader is an account that asks.
type reader struct {
	org, role string
	token     string
	user      domain.User
}

func (r *reader) String() string { return r.role + " of " + r.org }

// world is the county at work, with an account of each role at each body.
type world struct {
	t       testing.TB
	dsn     string
	store   *store.Store
	engine  *workflow.Engine
	api     *api.API
	bare    *api.API // with the checks in Go switched off
	clock   time.Time
	readers map[string]*reader // "role org"
	cases   []*planted
}

var roles = strings.Fields(anyRole)

// theWorld is made once: no test changes a case of the matrix.
var theWorld struct {
	sync.Once
	w *world
}

// county gives the world that all tests of the process read.
func county(t *testing.T) *world {
	t.Helper()
	theWorld.Do(func() { theWorld.w = newWorld(t) })
	require.NotNil(t, theWorld.w, "the county could not be made")
	theWorld.w.t = t // tests run one after another
	return theWorld.w
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background() // it outlasts the test that makes it
	w := &world{t: t, dsn: storetest.NewDatabase(outlasting{t}), clock: time.Date(2020, 3, 3, 1, 0, 0, 0, time.UTC), readers: map[string]*reader{}}
	var err error
	w.store, err = store.Open(ctx, w.dsn, store.Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	categories := []domain.Category{{Code: "01", Level1: "城乡建设"}, {Code: "0101", Level1: "城乡建设", Level2: "市政"}}
	require.NoError(t, w.store.LoadCounty(ctx, organizations(), categories, nil))
	library, err := workflow.StandardLibrary()
	require.NoError(t, err)
	w.engine = workflow.NewEngine(w.store, &workflow.Rules{
		Library: library, Calendar: domain.StandardCalendar(), Directory: domain.NewDirectory(organizations(), nil),
		Categories: map[string]bool{"01": true, "0101": true},
	}, func() time.Time { return w.clock }, func() string { return uuid.Must(uuid.NewV7()).String() })
	w.accounts(ctx)
	w.plant(ctx)
	figures := report.New(w.store, func() time.Time { return w.clock })
	config := api.Config{
		Engine: w.engine, Store: w.store, Figures: figures, Reports: figures, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		NoLimits:  true,
		IdleLimit: 100 * 365 * 24 * time.Hour, // the sessions are as old as the county
	}
	w.api, err = api.New(config)
	require.NoError(t, err)
	config.Store = goChecksOff{w.store}
	w.bare, err = api.New(config)
	require.NoError(t, err)
	return w
}

// outlasting keeps a database for all tests of the process; the cluster takes it
// with it.
type outlasting struct{ testing.TB }

func (outlasting) Cleanup(func()) {}

// accounts makes an account of each role at each body, and a session for it.
func (w *world) accounts(ctx context.Context) {
	var users []domain.User
	for _, o := range tree {
		for _, role := range roles {
			u := domain.User{
				ID: uuid.NewString(), Username: role + "@" + o.code, Name: "某", Role: domain.Role(role), Org: o.code, PasswordHash: "-", CreatedAt: w.clock,
			}
			users = append(users, u)
			w.readers[role+" "+o.name] = &reader{o.name, role, "token-" + u.Username, u}
		}
	}
	require.NoError(w.t, w.store.PutUsers(ctx, users))
	for _, r := range w.readers {
		raw := base64.RawURLEncoding.EncodeToString([]byte(r.token))
		sum := sha256.Sum256([]byte(raw))
		session := domain.Session{TokenHash: sum[:], CreatedAt: w.clock, ExpiresAt: w.clock.AddDate(10, 0, 0)}
		require.NoError(w.t, w.store.CreateSession(ctx, session, &r.user))
		r.token = raw
	}
}

// actor is the account of a role at a body, by the body's code.
func (w *world) actor(role domain.Role, org string) domain.Actor {
	for _, o := range tree {
		if o.code == org {
			return w.readers[string(role)+" "+o.name].user.Actor()
		}
	}
	w.t.Fatalf("no body %s", org)
	return domain.Actor{}
}

// answer is what was answered.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as somebody; who may be nil.
func ask(to *api.API, who *reader, method, path string, body any, headers ...string) answer {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			panic(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(raw)) //nolint:noctx // served in this process
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != nil {
		r.Header.Set("Authorization", "Bearer "+who.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	to.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Result().Header, rec.Body.String()} //nolint:bodyclose // a recorder's
}

// problem is the code of an error's answer.
func (a *answer) problem() string {
	var p struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal([]byte(a.body), &p) // what is none has no code
	return strings.TrimPrefix(p.Type, "urn:sudi:problem:")
}

// anonymous is an answer without what names the request.
func (a *answer) anonymous() string {
	var fields map[string]any
	if json.Unmarshal([]byte(a.body), &fields) != nil {
		return a.body
	}
	delete(fields, "request_id")
	out, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// goChecksOff is the store with every scope widened to all cases, so that
// nothing stands between a reader and a case.
type goChecksOff struct{ *store.Store }

func (s goChecksOff) Visible(ctx context.Context, _ domain.Scope, id string) (domain.File, error) {
	return s.Store.Visible(ctx, domain.AllCases, id)
}

func (s goChecksOff) List(ctx context.Context, q domain.CaseQuery) (domain.CasePage, error) {
	q.Scope = domain.AllCases
	return s.Store.List(ctx, q)
}

func (s goChecksOff) Ledger(ctx context.Context, q domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error {
	q.Scope = domain.AllCases
	return s.Store.Ledger(ctx, q, begin, each)
}

func (s goChecksOff) CountList(ctx context.Context, q domain.CaseQuery, most int) (int, error) {
	q.Scope = domain.AllCases
	return s.Store.CountList(ctx, q, most)
}

func (s goChecksOff) Lines(ctx context.Context, _ domain.Scope, ids []string) ([]domain.CaseLine, error) {
	return s.Store.Lines(ctx, domain.AllCases, ids)
}

func (s goChecksOff) Similar(ctx context.Context, q domain.SimilarQuery) ([]domain.Likeness, error) {
	q.Scope = domain.AllCases
	return s.Store.Similar(ctx, q)
}

func (s goChecksOff) Story(ctx context.Context, _ domain.Scope, matter string) (domain.Story, error) {
	return s.Store.Story(ctx, domain.AllCases, matter)
}
