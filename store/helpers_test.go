package store

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// The model organisations: a county, two townships, a village below one.
const (
	county    = "370404"
	townshipA = "370404102"
	townshipB = "370404103"
	village   = "370404102201"
	court     = "370404-court"
)

func someOrganizations() []domain.Organization {
	from := domain.NewDate(2000, 1, 1)
	root := domain.OrgPath("", county)
	a := domain.OrgPath(root, townshipA)
	return []domain.Organization{
		{Code: county, Path: root, Kind: domain.OrgCounty, Name: "区", Place: county, ValidFrom: from},
		{Code: townshipA, Parent: county, Path: a, Kind: domain.OrgTownship, Name: "甲镇", Place: townshipA, ValidFrom: from},
		{Code: townshipB, Parent: county, Path: domain.OrgPath(root, townshipB), Kind: domain.OrgTownship, Name: "乙镇", Place: townshipB, ValidFrom: from},
		{Code: village, Parent: townshipA, Path: domain.OrgPath(a, village), Kind: domain.OrgVillage, Name: "丙村", Place: village, ValidFrom: from},
		{Code: court, Parent: county, Path: domain.OrgPath(root, court), Kind: domain.OrgCourt, Name: "法院", ValidFrom: from},
	}
}

// open gives a store on a database of the test's own with the model county.
func open(t testing.TB) *Store {
	t.Helper()
	s, _ := openDSN(t)
	return s
}

func openDSN(t testing.TB) (*Store, string) {
	t.Helper()
	dsn := storetest.NewDatabase(t)
	s, err := Open(t.Context(), dsn, Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.LoadCounty(t.Context(), someOrganizations(), nil, nil))
	return s, dsn
}

// superuser is a connection as who owns the database, past all roles.
func superuser(t testing.TB, s *Store) *pgx.Conn {
	t.Helper()
	config := s.pool.Config().ConnConfig.Copy()
	delete(config.RuntimeParams, "role")
	config.RuntimeParams["application_name"] = "superuser"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

var ticks atomic.Int64

// tick is a time that never comes twice, in PostgreSQL's precision.
func tick() time.Time {
	return time.Date(2020, 3, 1, 1, 0, 0, 0, time.UTC).Add(time.Duration(ticks.Add(1)) * time.Second)
}

// newCase is the change that opens a case, as the engine would make it.
func newCase(id string, edit ...func(*domain.Change)) domain.Change {
	at := tick()
	c := domain.Case{
		ID: id, Matter: id, Procedure: "appeal", ProcedureVersion: 1, Category: "0102",
		Title: "反映村口路灯不亮", Statement: "路灯坏了三个月。", Place: village, Township: townshipA,
		Channel: domain.ChannelWindow, Persons: 1, Flags: []domain.Flag{}, Partners: []string{},
		RegisteredBy: townshipA, Owner: townshipA, Desk: townshipA, Unit: townshipA,
		State: "registered", Disposition: domain.Pending, Counts: map[string]int{},
		ReceivedAt: at, UpdatedAt: at, Version: 1,
	}
	change := domain.Change{
		After:   c,
		Parties: []domain.Party{{CaseID: id, Seq: 1, Role: domain.PartyApplicant, Name: "张三", Phone: "13800000000"}},
		Deadlines: []domain.Deadline{
			someDeadline(id, "accept", at, 15), someDeadline(id, "conclude", at, 60),
		},
		Entries: []domain.Entry{{
			CaseID: id, Version: 1, At: at, Action: "register", To: "registered", ActorID: "u1",
			ActorName: "窗口", ActorRole: domain.RoleClerk, ActorOrg: townshipA, Event: "registered",
		}},
	}
	for _, f := range edit {
		f(&change)
	}
	a := &change.After
	change.Series = &domain.NumberSeries{Org: a.RegisteredBy, Procedure: a.Procedure, Year: domain.DateIn(a.ReceivedAt).Year, Prefix: "SQ"}
	if a.Procedure != "appeal" {
		change.Series.Prefix = a.Procedure
	}
	change.Entries[0].Effect = domain.Diff(&domain.Case{}, a)
	return change
}

func someDeadline(id, kind string, at time.Time, days int) domain.Deadline {
	due := at.AddDate(0, 0, days)
	return domain.Deadline{
		CaseID: id, Kind: kind, Round: 1, Org: townshipA, Basis: "P05 21", Limit: fmt.Sprintf("%d days", days),
		Roll: domain.RollNone, StartedAt: at, Nominal: due, Due: due, WarnAt: due.AddDate(0, 0, -1), Calendar: "test",
	}
}

// step is the change that one action makes of a case.
func step(f domain.File, action string, edit func(*domain.Case)) domain.Change {
	before := f.Case
	after := f.Case.Clone()
	after.Version++
	after.UpdatedAt = tick()
	if edit != nil {
		edit(&after)
	}
	return domain.Change{Before: &before, After: after, Entries: []domain.Entry{{
		CaseID: after.ID, Version: after.Version, At: after.UpdatedAt, Action: action, From: before.State, To: after.State,
		ActorID: "u1", ActorRole: domain.RoleHandler, ActorOrg: after.Desk, Event: action, Effect: domain.Diff(&before, &after),
	}}}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func deciding(c domain.Change) domain.Decision {
	return domain.Decision{Decide: func(domain.File) (domain.Change, error) { return c, nil }}
}

// register opens a case and fails the test when it cannot.
func register(t testing.TB, s *Store, edit ...func(*domain.Change)) domain.File {
	t.Helper()
	r := s.Apply(context.Background(), deciding(newCase(newID(), edit...)))
	require.NoError(t, r.Err)
	return r.File
}

func act(s *Store, id, action string, edit func(*domain.Case)) domain.Result {
	return s.Apply(context.Background(), domain.Decision{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
		return step(f, action, edit), nil
	}})
}

// count gives the number of rows of a query.
func count(t testing.TB, s *Store, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(context.Background(), "SELECT count(*) FROM "+sql, args...).Scan(&n))
	return n
}
