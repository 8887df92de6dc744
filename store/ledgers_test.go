package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestCountyIsLoadedAgain(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	orgs := someOrganizations()
	categories := []domain.Category{{Code: "01", Level1: "农村农业"}, {Code: "0102", Level1: "农村农业", Level2: "土地承包"}}
	for _, name := range []string{"法院", "人民法院"} {
		orgs[4].Name = name
		require.NoError(t, s.LoadCounty(ctx, orgs, categories, map[string]string{"01": "agriculture"}))
		got, err := s.Organizations(ctx)
		require.NoError(t, err)
		require.ElementsMatch(t, orgs, got)
		list, err := s.Categories(ctx)
		require.NoError(t, err)
		require.Equal(t, categories, list)
	}
	d, err := s.Directory(ctx)
	require.NoError(t, err)
	require.Equal(t, county, d.Root())
	require.True(t, d.Within(village, townshipA))
	end := domain.NewDate(2021, 1, 1)
	orgs[4].ValidTo = &end
	require.NoError(t, s.LoadCounty(ctx, orgs, nil, nil))
	d, err = s.Directory(ctx)
	require.NoError(t, err)
	require.Equal(t, &end, d.Get(court).ValidTo)
	bad := orgs[4]
	bad.ValidFrom = end.AddDays(1)
	require.Equal(t, domain.KindInvalid, domain.KindOf(s.LoadCounty(ctx, []domain.Organization{bad}, nil, nil)))
}

func TestUsersAndSessions(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	now := tick()
	clerk := domain.User{ID: newID(), Username: "clerk-1", Name: "窗口", Role: domain.RoleClerk, Org: townshipA, PasswordHash: "hash", CreatedAt: now}
	require.NoError(t, s.CreateUsers(ctx, []domain.User{clerk}))
	err := s.CreateUsers(ctx, []domain.User{{Username: "clerk-2", Name: "x", Role: domain.RoleClerk, Org: townshipA}, {Username: "clerk-1", Name: "x", Role: domain.RoleClerk, Org: townshipA}})
	require.Equal(t, domain.KindConflict, domain.KindOf(err))
	err = s.CreateUsers(ctx, []domain.User{{Username: "clerk-3", Name: "x", Role: domain.RoleClerk, Org: "nowhere"}})
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
	users, err := s.Users(ctx)
	require.NoError(t, err)
	require.Equal(t, []domain.User{clerk}, users, "all or none")

	renamed := clerk
	renamed.ID, renamed.Name, renamed.PasswordHash = newID(), "新名", "hash2"
	require.NoError(t, s.PutUsers(ctx, []domain.User{renamed, {Username: "clerk-2", Name: "乙", Role: domain.RoleClerk, Org: townshipB}}))
	got, err := s.UserByName(ctx, "clerk-1")
	require.NoError(t, err)
	renamed.ID = clerk.ID
	require.Equal(t, renamed, got)
	_, err = s.UserByName(ctx, "nobody")
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))

	token, other := []byte("token hash"), []byte("other")
	expires := now.Add(time.Hour)
	session := domain.Session{TokenHash: token, CreatedAt: now, ExpiresAt: expires}
	require.NoError(t, s.CreateSession(ctx, session, &renamed))
	usedAt := func() (at time.Time) {
		require.NoError(t, s.pool.QueryRow(ctx, "SELECT used_at FROM sessions").Scan(&at))
		return at
	}
	for _, at := range []time.Time{now.Add(59 * time.Second), now.Add(61 * time.Second), now.Add(100 * time.Second)} {
		u, err := s.SessionUser(ctx, token, at, time.Hour)
		require.NoError(t, err)
		require.Equal(t, renamed, u.User)
		want := now.Add(61 * time.Second)
		if at.Before(want) {
			want = now
		}
		require.Equal(t, want, usedAt())
	}
	refused := func(token []byte, at time.Time) {
		_, err := s.SessionUser(ctx, token, at, time.Hour)
		require.Equal(t, domain.KindUnauthenticated, domain.KindOf(err))
	}
	refused(other, now)
	refused(token, expires)
	_, err = s.pool.Exec(ctx, "UPDATE users SET disabled_at = now()")
	require.NoError(t, err)
	refused(token, now)
	_, err = s.pool.Exec(ctx, "UPDATE users SET disabled_at = NULL")
	require.NoError(t, err)
	require.NoError(t, s.Purge(ctx, expires.Add(-time.Second)))
	require.Equal(t, 1, count(t, s, "sessions"))
	register(t, s, func(c *domain.Change) { c.Idempotency = &domain.Idempotency{Principal: "u", Key: "k", BodyHash: "h"} })
	require.NoError(t, s.Purge(ctx, time.Now().Add(keyLife-time.Minute)))
	require.Equal(t, 1, count(t, s, "idempotency_keys"))
	require.NoError(t, s.Purge(ctx, time.Now().Add(keyLife+time.Minute)))
	require.Zero(t, count(t, s, "idempotency_keys"))
	require.NoError(t, s.CreateSession(ctx, session, &renamed))
	for range 2 {
		require.NoError(t, s.DeleteSession(ctx, token))
	}
	refused(token, now)
}

func TestImportsGoOnWhereTheyStopped(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	first, err := s.FindOrStartImport(ctx, domain.Import{FileName: "旧案.xlsx", FileHash: "h", Mapping: "m", Actor: "u1", StartedAt: tick()})
	require.NoError(t, err)
	again, err := s.FindOrStartImport(ctx, domain.Import{FileName: "copy.xlsx", FileHash: "h", Mapping: "m", Actor: "u2"})
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := s.FindOrStartImport(ctx, domain.Import{FileName: "copy.xlsx", FileHash: "h", Mapping: "m2", Actor: "u2"})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, other.ID)

	row := func(n int) domain.Decision {
		return deciding(newCase(newID(), func(c *domain.Change) { c.ImportRow = &domain.ImportRow{ImportID: first.ID, Row: n} }))
	}
	_, err = s.ApplyAll(ctx, []domain.Decision{row(2), row(3)})
	require.NoError(t, err)
	_, err = s.ApplyAll(ctx, []domain.Decision{row(4), row(3)})
	require.Equal(t, domain.KindConflict, domain.KindOf(err), "a row is never taken twice")
	require.NoError(t, s.RejectRow(ctx, first.ID, 5, "没有标题"))
	require.NoError(t, s.RejectRow(ctx, first.ID, 5, "没有日期"))
	require.NoError(t, s.RejectRow(ctx, first.ID, 2, "late"))
	seen, err := s.ImportedRows(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, map[int]bool{2: true, 3: true, 5: false}, seen)
	rejected, err := s.RejectedRows(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, []Rejection{{5, "没有标题"}}, rejected)

	progress, err := s.Import(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{progress.Taken, progress.Rejected})
	end := tick()
	progress.Total, progress.EndedAt = 3, &end
	require.NoError(t, s.FinishImport(ctx, progress))
	done, err := s.FindOrStartImport(ctx, domain.Import{FileHash: "h", Mapping: "m"})
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 1}, []int{done.Total, done.Taken, done.Rejected})
	require.Equal(t, &end, done.EndedAt)
	_, err = s.Import(ctx, "x")
	require.Equal(t, domain.KindNotFound, domain.KindOf(err))
}
