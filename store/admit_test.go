package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// withCases is a database with a case in each relation that an organisation can
// have to it.
func withCases(t *testing.T) (s *Store, ids map[string][16]byte) {
	s = open(t)
	ids = map[string][16]byte{}
	add := func(name string, edit func(*domain.Change)) {
		f := register(t, s, func(c *domain.Change) {
			c.After.Owner, c.After.Desk, c.After.RegisteredBy, c.After.Partners = county, county, county, nil
			edit(c)
		})
		ids[name] = *uuids([]string{f.Case.ID})[0]
	}
	add("county's", func(*domain.Change) {})
	accusation := func(c *domain.Change) { c.After.Procedure, c.After.Class = "petition", domain.ClassAccusation }
	for name, org := range map[string]string{"of A": townshipA, "of a village of A": village, "of B": townshipB} {
		add(name, func(c *domain.Change) { c.After.Owner = org })
		add(name+", on its desk", func(c *domain.Change) { c.After.Desk = org })
		add(name+", registered there", func(c *domain.Change) { c.After.RegisteredBy = org })
		add(name+", sealed", func(c *domain.Change) { accusation(c); c.After.Owner = org })
		add(name+", sealed on its desk", func(c *domain.Change) { accusation(c); c.After.Desk = org })
		add(name+", sealed, registered there", func(c *domain.Change) { accusation(c); c.After.RegisteredBy = org })
		add(name+", helping", func(c *domain.Change) { c.After.Partners = []string{org} })
		add(name+", complained of", func(c *domain.Change) {
			c.After.Owner = org
			c.Parties = append(c.Parties, domain.Party{CaseID: c.After.ID, Seq: len(c.Parties) + 1, Role: domain.PartyRespondent, Organization: true, OrgCode: org, Name: org})
		})
	}
	return s, ids
}

// Row-level security, by itself, lets through what the store's own condition
// does: two ways of writing down who sees what.
func TestRowSecurityAgrees(t *testing.T) {
	s, ids := withCases(t)
	var all [][16]byte
	for _, id := range ids {
		all = append(all, id)
	}
	for _, org := range []string{county, townshipA, townshipB, village, "nowhere", ""} {
		for i := range 4 {
			scope := domain.Scope{Org: org, Watch: i&1 != 0, Sealed: i&2 != 0}
			in, err := s.admitted(t.Context(), s.pool, scope, all)
			require.NoError(t, err)
			w := &where{}
			require.NoError(t, s.visible(t.Context(), w, scope))
			for name, id := range ids {
				w := &where{args: w.args, parts: append([]string(nil), w.parts...)}
				w.add("c.id = %s", id)
				require.Equal(t, count(t, s, "cases c WHERE "+w.String(), w.args...) == 1, in[id], "%+v: the case %s", scope, name)
			}
		}
	}
	in, err := s.admitted(t.Context(), s.pool, domain.Scope{Org: townshipA}, all)
	require.NoError(t, err)
	require.True(t, in[ids["of a village of A, helping"]])
	require.False(t, in[ids["of B"]])
	require.False(t, in[ids["of A, complained of"]])
	require.False(t, in[ids["of A, sealed"]], "not in a list")
	in, err = s.admitted(t.Context(), s.pool, domain.Scope{Org: townshipA, Sealed: true}, all)
	require.NoError(t, err)
	require.True(t, in[ids["of A, sealed"]])
	require.True(t, in[ids["of A, sealed on its desk"]])
	require.False(t, in[ids["of A, sealed, registered there"]])
	require.False(t, in[ids["of a village of A, sealed"]])
}

// Where nobody has said who reads, the reader sees nothing; what belongs to a
// case is there with it; and nothing else is his.
func TestReaderSeesNothingByHimself(t *testing.T) {
	s, _ := withCases(t)
	as := func(settings string, fn func(tx pgx.Tx)) {
		require.NoError(t, pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "SET LOCAL ROLE sudi_reader; "+settings)
			require.NoError(t, err)
			fn(tx)
			return nil
		}))
	}
	rows := func(tx pgx.Tx, table string) (n int) {
		require.NoError(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	tables := []string{"cases", "parties", "history", "deadlines", "evaluations", "links", "invitations"}
	for _, settings := range []string{"", "SET LOCAL sudi.org = ''", "SET LOCAL sudi.org = '370404'; RESET sudi.org", "SET LOCAL sudi.org = 'x'' OR true'"} {
		as(settings, func(tx pgx.Tx) {
			for _, table := range tables {
				require.Zero(t, rows(tx, table), "%s with %q", table, settings)
			}
		})
	}
	as("SET LOCAL sudi.org = '"+townshipB+"'", func(tx pgx.Tx) {
		require.Equal(t, 4, rows(tx, "cases"))
		require.Equal(t, 4, rows(tx, "history"))
		require.Equal(t, rows(tx, "parties"), rows(tx, "parties WHERE case_id IN (SELECT id FROM cases)"))
		_, err := tx.Exec(t.Context(), "SAVEPOINT s; UPDATE cases SET title = 'x'")
		require.ErrorContains(t, err, "permission denied")
		_, err = tx.Exec(t.Context(), "ROLLBACK TO SAVEPOINT s")
		require.NoError(t, err)
	})
}

// Every table that has cases in it, now or later, is behind row-level security,
// which binds its owner as well, and Sudi is not its owner.
func TestEveryTableOfCasesIsSecured(t *testing.T) {
	s := open(t)
	rows, err := s.pool.Query(t.Context(), `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND has_table_privilege('sudi_reader', c.oid, 'SELECT')
			AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`)
	require.NoError(t, err)
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"organizations"}, open, "a reader may read these whole")
	require.Zero(t, count(t, s, "pg_class c WHERE pg_get_userbyid(c.relowner) IN ('sudi_engine', 'sudi_reader')"), "they own nothing that has rows")
	var user string
	require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT current_user").Scan(&user))
	require.Equal(t, engineRole, user)
	require.Zero(t, count(t, s, "pg_roles WHERE rolname IN ('sudi_engine', 'sudi_reader') AND (rolsuper OR rolbypassrls OR rolcanlogin)"))
}

// What is said of one reader says nothing of the next on the same connection.
func TestReadersDoNotBleed(t *testing.T) {
	s, ids := withCases(t)
	var all [][16]byte
	for _, id := range ids {
		all = append(all, id)
	}
	want := map[string]int{}
	orgs := []string{county, townshipA, townshipB, village, ""}
	for _, org := range orgs {
		in, err := s.admitted(t.Context(), s.pool, domain.Scope{Org: org}, all)
		require.NoError(t, err)
		want[org] = len(in)
	}
	require.Zero(t, want[""])
	conns := make(chan *pgx.Conn, 2)
	for range cap(conns) {
		conn, err := pgx.ConnectConfig(t.Context(), s.pool.Config().ConnConfig)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		conns <- conn
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 250 {
				conn, org := <-conns, orgs[rand.IntN(len(orgs))]
				in, err := s.admitted(context.Background(), conn, domain.Scope{Org: org}, all)
				var role string
				if err == nil {
					err = conn.QueryRow(context.Background(), "SELECT current_user || coalesce(current_setting('sudi.org', true), '')").Scan(&role)
				}
				conns <- conn
				if err == nil && (len(in) != want[org] || role != engineRole) {
					err = fmt.Errorf("%q sees %d of %d, then %s", org, len(in), want[org], role)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
