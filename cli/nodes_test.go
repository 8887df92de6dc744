package cli

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"sudi/county"
	"sudi/domain"
	"sudi/store"
	"sudi/store/storetest"
	"sudi/workflow"
)

// node is one of several processes on the same database, with its own
// connections and the test's clock.
type node struct {
	store  *store.Store
	engine *workflow.Engine
}

// nodes starts n of them on a new database that holds the model county.
func nodes(t *testing.T, n int, now func() time.Time) []node {
	t.Helper()
	dsn := storetest.NewDatabase(t)
	all := make([]node, n)
	for i := range all {
		st, err := store.Open(t.Context(), dsn, store.Options{Keys: storetest.Keys()})
		require.NoError(t, err)
		t.Cleanup(st.Close)
		if i == 0 {
			require.NoError(t, st.LoadCounty(t.Context(), county.Organizations(), county.Categories(), county.Competences()))
		}
		rules, err := loadRules(t.Context(), st)
		require.NoError(t, err)
		all[i] = node{st, workflow.NewEngine(st, rules, now, func() string { return uuid.Must(uuid.NewV7()).String() })}
	}
	return all
}

var windowClerk = domain.Actor{ID: "c1", Name: "窗口", Role: domain.RoleClerk, Org: "370404102"}

func registerAppeals(t *testing.T, n node, count int) []string {
	t.Helper()
	ids := make([]string, count)
	for i := range ids {
		f, err := n.engine.Register(t.Context(), workflow.Intake{
			Procedure: "appeal", Class: "help", Title: fmt.Sprintf("路灯不亮 %d", i), Place: "370404102",
		}, windowClerk, nil)
		require.NoError(t, err)
		ids[i] = f.Case.ID
	}
	return ids
}

// count says how often an action stands in a case's history.
func count(t *testing.T, n node, id, action string) int {
	t.Helper()
	entries, err := n.store.History(t.Context(), id)
	require.NoError(t, err)
	times := 0
	for i := range entries {
		if entries[i].Action == action {
			times++
		}
	}
	return times
}

func TestManySweepersNoticeEachLimitOnce(t *testing.T) {
	now := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	all := nodes(t, 4, func() time.Time { return now })
	ids := registerAppeals(t, all[0], 40)
	sweepAll := func() {
		var wg sync.WaitGroup
		for _, n := range all {
			wg.Go(func() {
				s := workflow.Sweeper{Engine: n.engine, Cases: n.store, Log: slog.New(slog.DiscardHandler)}
				require.NoError(t, s.Sweep(context.Background()))
			})
		}
		wg.Wait()
	}
	now = now.Add(16 * time.Hour) // the morning of the day on which first contact is due
	sweepAll()
	sweepAll()
	for _, id := range ids {
		require.Equal(t, 1, count(t, all[0], id, "deadline_near"))
		require.Equal(t, 0, count(t, all[0], id, "deadline_missed"))
	}
	now = now.Add(48 * time.Hour)
	sweepAll()
	sweepAll()
	for _, id := range ids {
		require.Equal(t, 1, count(t, all[0], id, "deadline_near"))
		require.Equal(t, 1, count(t, all[0], id, "deadline_missed"))
	}
	due, err := all[0].store.DueCases(t.Context(), now, "", 10)
	require.NoError(t, err)
	require.Empty(t, due)
}

func TestManyRoutersRouteEachCaseOnce(t *testing.T) {
	all := nodes(t, 3, time.Now)
	ids := registerAppeals(t, all[0], 20)
	unsent, err := all[0].store.Unsent(t.Context(), 100)
	require.NoError(t, err)
	require.Len(t, unsent, len(ids))
	var wg sync.WaitGroup
	for _, n := range all {
		for _, u := range unsent {
			for range 3 { // delivered thrice to each node
				wg.Go(func() { require.NoError(t, workflow.Router{Engine: n.engine}.Handle(context.Background(), u.Event)) })
			}
		}
	}
	wg.Wait()
	for _, u := range unsent {
		require.Equal(t, 1, count(t, all[0], u.Event.CaseID, "auto_dispatch"))
		applied, err := all[0].store.Applied(t.Context(), workflow.RouterConsumer, u.Event.CaseID, u.Event.Version)
		require.NoError(t, err)
		require.True(t, applied)
	}
}

// The router's events may be lost with the broker, and other things happen to
// a case meanwhile; the sweeper then routes it, once.
func TestSweeperRoutesWhatTheBrokerLost(t *testing.T) {
	now := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	n := nodes(t, 1, func() time.Time { return now })[0]
	id := registerAppeals(t, n, 1)[0]
	unsent, err := n.store.Unsent(t.Context(), 1)
	require.NoError(t, err)
	_, err = n.engine.Act(t.Context(), id, 0, workflow.Action{Name: "note", Actor: windowClerk, Fields: domain.Fields{"note_text": "来电催办"}})
	require.NoError(t, err)
	s := workflow.Sweeper{Engine: n.engine, Cases: n.store, Log: slog.New(slog.DiscardHandler)}
	require.NoError(t, s.Sweep(t.Context()))
	require.Equal(t, 0, count(t, n, id, "auto_dispatch"), "its event may still come")
	now = now.Add(time.Minute)
	require.NoError(t, s.Sweep(t.Context()))
	require.NoError(t, s.Sweep(t.Context()))
	require.Equal(t, 1, count(t, n, id, "auto_dispatch"))
	require.NoError(t, workflow.Router{Engine: n.engine}.Handle(t.Context(), unsent[0].Event), "the event comes after all")
	require.Equal(t, 1, count(t, n, id, "auto_dispatch"))
}

// An event routes a case also when somebody has noted something since.
func TestRouterIgnoresWhatHappenedSince(t *testing.T) {
	n := nodes(t, 1, time.Now)[0]
	id := registerAppeals(t, n, 1)[0]
	unsent, err := n.store.Unsent(t.Context(), 1)
	require.NoError(t, err)
	_, err = n.engine.Act(t.Context(), id, 0, workflow.Action{Name: "note", Actor: windowClerk, Fields: domain.Fields{"note_text": "来电催办"}})
	require.NoError(t, err)
	require.NoError(t, workflow.Router{Engine: n.engine}.Handle(t.Context(), unsent[0].Event))
	require.Equal(t, 1, count(t, n, id, "auto_dispatch"))
}
