package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// records are all records of an action, oldest first.
func records(t testing.TB, s *Store, action string) []domain.Recorded {
	t.Helper()
	list, err := s.Records(t.Context(), domain.RecordQuery{Action: action, Limit: 1000})
	require.NoError(t, err)
	slices.Reverse(list)
	return list
}

func TestEveryChangeIsRecordedWithIt(t *testing.T) {
	s := open(t)
	ctx := domain.WithOrigin(t.Context(), domain.Origin{Actor: domain.Actor{ID: "nobody"}, Request: "request-1", Address: "10.1.2.3"})
	r := s.Apply(ctx, deciding(newCase(newID())))
	require.NoError(t, r.Err)
	id := r.File.Case.ID
	_, err := s.ApplyAll(ctx, []domain.Decision{{CaseID: id, Decide: func(f domain.File) (domain.Change, error) {
		return step(f, "accept", nil), nil
	}}})
	require.NoError(t, err)
	list := records(t, s, "case")
	require.Len(t, list, 2)
	require.Equal(t, "case.register", list[0].Action)
	require.Equal(t, domain.Actor{ID: "u1", Name: "窗口", Role: domain.RoleClerk, Org: townshipA}, list[0].Actor)
	require.Equal(t, domain.RecordObject{Type: "case", ID: id}, list[0].Object)
	require.Equal(t, "case.accept", list[1].Action)
	for _, r := range list {
		require.Equal(t, "request-1", r.Request)
		require.Equal(t, "10.1.2.3", r.Address)
		require.Equal(t, domain.ResultDone, r.Result)
		require.WithinDuration(t, time.Now(), r.At, time.Minute)
	}
	var all string
	require.NoError(t, s.pool.QueryRow(ctx, "SELECT string_agg(canonical, '') FROM audit_records").Scan(&all))
	for _, personal := range []string{"张三", "13800000000", "路灯"} {
		require.NotContains(t, all, personal)
	}

	// What is not written is not recorded either, whoever shares its transaction.
	before := count(t, s, "audit_records")
	failed := newCase(newID(), func(c *domain.Change) { c.After.Owner, c.After.Desk = "nowhere", "nowhere" })
	require.Error(t, s.Apply(ctx, deciding(failed)).Err)
	require.Equal(t, before, count(t, s, "audit_records"))
	require.Equal(t, before, count(t, s, "audit_pending"))
}

func TestOtherWritesAreRecorded(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	require.Len(t, records(t, s, "county.load"), 1)
	require.NoError(t, s.SetSetting(ctx, "x", "secret"))
	require.NoError(t, s.CreateUsers(ctx, []domain.User{{Username: "a", Name: "甲", Role: domain.RoleClerk, Org: townshipA, CreatedAt: tick()}}))
	require.Error(t, s.CreateUsers(ctx, []domain.User{{Username: "a", Name: "甲", Role: domain.RoleClerk, Org: townshipA, CreatedAt: tick()}}))
	im, err := s.FindOrStartImport(ctx, domain.Import{FileHash: strings.Repeat("0", 64), Mapping: "m"})
	require.NoError(t, err)
	_, err = s.FindOrStartImport(ctx, domain.Import{FileHash: strings.Repeat("0", 64), Mapping: "m"})
	require.NoError(t, err)
	require.NoError(t, s.RejectRow(ctx, im.ID, 3, "no name"))
	for action, object := range map[string]domain.RecordObject{
		"setting.put": {Type: "setting", ID: "x"}, "account.put": {Type: "account", ID: "a"},
		"import.start": {Type: "import", ID: im.ID}, "import.reject": {Type: "import", ID: im.ID},
	} {
		list := records(t, s, action)
		if action == "setting.put" { // the store keeps settings of its own
			list = list[len(list)-1:]
		}
		require.Len(t, list, 1, action)
		require.Equal(t, object, list[0].Object)
		require.Equal(t, "sudi", list[0].Actor.ID)
	}
	require.Zero(t, count(t, s, "audit_records WHERE canonical LIKE '%secret%'"))
}

// The record of a change tells what an account may do from now on, and of a
// name or password only that it is another.
func TestAccountChangesAreRecorded(t *testing.T) {
	s := open(t)
	u := domain.User{ID: newID(), Username: "a", Name: "甲", Role: domain.RoleClerk, Org: townshipA, PasswordHash: "old-hash", CreatedAt: tick()}
	require.NoError(t, s.CreateUsers(t.Context(), []domain.User{u}))
	name, role, org, hash, yes, no := "新姓名", domain.RoleLeader, townshipB, "new-hash", true, false
	by := domain.Actor{ID: "admin-1", Role: domain.RoleAdmin, Org: townshipA}
	ctx := domain.WithOrigin(t.Context(), domain.Origin{Actor: by})
	for i, c := range []struct {
		change  domain.UserChange
		details map[string]string
	}{
		{domain.UserChange{Role: &role}, map[string]string{"role": "leader"}},
		{domain.UserChange{Org: &org}, map[string]string{"org": townshipB}},
		{domain.UserChange{Disabled: &yes}, map[string]string{"disabled": "true"}},
		{domain.UserChange{Disabled: &no}, map[string]string{"disabled": "false"}},
		{domain.UserChange{Name: &name, PasswordHash: &hash}, map[string]string{"name": "changed", "password": "changed"}},
	} {
		c.change.ID, c.change.By, c.change.At = u.ID, by, tick()
		require.NoError(t, s.ChangeUser(ctx, c.change))
		list := records(t, s, "account.change")
		require.Len(t, list, i+1)
		require.Equal(t, domain.RecordObject{Type: "account", ID: u.ID}, list[i].Object)
		require.Equal(t, by, list[i].Actor)
		require.Equal(t, c.details, list[i].Details)
	}
	kept, err := s.UserByName(t.Context(), u.Username)
	require.NoError(t, err)
	require.Equal(t, hash, kept.PasswordHash, "it was changed")
	for _, secret := range []string{u.PasswordHash, hash, name} {
		require.Zero(t, count(t, s, "audit_records WHERE canonical LIKE '%"+secret+"%'"))
	}

	// What changes nothing is not recorded as done.
	require.Error(t, s.ChangeUser(ctx, domain.UserChange{ID: newID(), Role: &role, By: by, At: tick()}))
	require.Error(t, s.ChangeUser(ctx, domain.UserChange{ID: by.ID, Role: &role, By: by, At: tick()}))
	require.Len(t, records(t, s, "account.change"), 5)
}

// Sudi's own role can add to the audit log and cannot change it.
func TestAuditLogIsOnlyAddedTo(t *testing.T) {
	s := open(t)
	require.NotZero(t, count(t, s, "audit_records"))
	for _, table := range []string{"audit_records", "audit_order", "audit_checkpoints"} {
		for _, right := range []string{"UPDATE", "DELETE", "TRUNCATE"} {
			var has bool
			require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT has_table_privilege('sudi_engine', $1, $2) OR has_any_column_privilege('sudi_engine', $1, 'UPDATE')", table, right).Scan(&has))
			require.False(t, has, "%s %s", right, table)
			require.NoError(t, s.pool.QueryRow(t.Context(), "SELECT has_table_privilege('sudi_reader', $1, 'SELECT')", table).Scan(&has))
			require.False(t, has, "the reader has no part in it")
		}
	}
	statements := []string{"UPDATE audit_records SET canonical = canonical", "DELETE FROM audit_records", "TRUNCATE audit_records",
		"UPDATE audit_order SET seq = 1", "DELETE FROM audit_order", "TRUNCATE audit_order",
		"UPDATE audit_checkpoints SET note = ''", "DELETE FROM audit_checkpoints", "TRUNCATE audit_checkpoints",
		"UPDATE audit_pending SET record = 1", "TRUNCATE audit_pending"}
	admin := superuser(t, s)
	for _, sql := range statements {
		_, err := s.pool.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "permission denied", sql)
		if !strings.Contains(sql, "audit_pending") {
			_, err = admin.Exec(t.Context(), sql) // unless he first takes the triggers away
			require.ErrorContains(t, err, "append-only", sql)
		}
	}
	_, err := s.pool.Exec(t.Context(), "INSERT INTO audit_records (canonical, leaf, actor) VALUES ('{}', '', 'somebody else')")
	require.ErrorContains(t, err, "actor", "the columns that are searched cannot tell another story")
}

// Many reads at once share commits, and each is recorded once.
func TestReadsAreRecordedTogether(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			r := domain.Record{Actor: domain.Actor{ID: "u1"}, Action: "case.read", Object: domain.RecordObject{Type: "case", ID: strconv.Itoa(i)}}
			if err := s.Record(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 200, count(t, s, "(SELECT DISTINCT object FROM audit_records WHERE action = 'case.read') d"))
	require.Equal(t, 200, count(t, s, "audit_records WHERE action = 'case.read'"))
	require.Less(t, count(t, s, "(SELECT DISTINCT xmin::text FROM audit_records WHERE action = 'case.read') d"), 200)
	first, err := s.Records(t.Context(), domain.RecordQuery{Actor: "u1", Limit: 150})
	require.NoError(t, err)
	require.Len(t, first, 150)
	rest, err := s.Records(t.Context(), domain.RecordQuery{Actor: "u1", Before: first[149].Position, Limit: 150})
	require.NoError(t, err)
	require.Len(t, rest, 50)
	one, err := s.Records(t.Context(), domain.RecordQuery{Object: "7", Action: "case", To: time.Now().Add(time.Hour), Limit: 9})
	require.NoError(t, err)
	require.Len(t, one, 1)
	one, err = s.Records(t.Context(), domain.RecordQuery{Object: "7", From: time.Now().Add(time.Hour), Limit: 9})
	require.NoError(t, err)
	require.Empty(t, one)
}

func TestRecordFailsWithTheDatabase(t *testing.T) {
	s := open(t)
	s.Close()
	require.Equal(t, domain.KindOverloaded, domain.KindOf(s.Record(context.Background(), domain.Record{Actor: domain.Actor{ID: "u1"}, Action: "case.read"})))
}

func TestNobodyDoesItMoreThanHeMay(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	may := 0
	for range 12 {
		wg.Go(func() {
			used, err := s.RecordAtMost(context.Background(), domain.Record{Actor: domain.Actor{ID: "u1"}, Action: "party.reveal"}, time.Now().Add(-time.Hour), 5)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if used <= 5 {
				may++
			}
		})
	}
	wg.Wait()
	require.Equal(t, 5, may)
	require.Len(t, records(t, s, "party.reveal"), 5)
	used, err := s.RecordAtMost(t.Context(), domain.Record{Actor: domain.Actor{ID: "u2"}, Action: "party.reveal"}, time.Now().Add(-time.Hour), 5)
	require.NoError(t, err)
	require.Equal(t, 1, used, "another's do not count")
	used, err = s.RecordAtMost(t.Context(), domain.Record{Actor: domain.Actor{ID: "u1"}, Action: "party.reveal"}, time.Now().Add(time.Minute), 5)
	require.NoError(t, err)
	require.Equal(t, 1, used, "nor what was before")
}
