package workflow

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

var theAdmin = domain.Actor{ID: "admin", Name: "管理员", Role: domain.RoleAdmin}

// successor is the next version of a procedure, the same but that every state
// and every clock has another name; and what moves cases to it.
func successor(t *testing.T, text *domain.ProcedureText) (string, Migration) {
	t.Helper()
	p, errs := Compile(text.Name, []byte(text.Document), Common{})
	require.Empty(t, errs)
	m := Migration{To: p.Version + 1, States: map[string]string{}, Clocks: map[string]string{}, Reason: "新法施行"}
	p.Version++
	again := func(name string) string {
		if name == "" || name == previous {
			return name
		}
		return name + "_of_two"
	}
	p.Register.To = again(p.Register.To)
	for i := range p.States {
		s := &p.States[i]
		m.States[s.Name] = again(s.Name)
		s.Name = again(s.Name)
		for j := range s.On {
			s.On[j].To = again(s.On[j].To)
		}
	}
	clocks := map[string]Clock{}
	for name, k := range p.Deadlines {
		m.Clocks[name] = again(name)
		clocks[again(name)] = k
	}
	rename := func(gs []Guard) {
		for i := range gs {
			if guardKinds[gs[i].Name].refers == "clock" {
				gs[i].Args = []string{again(gs[i].Args[0])}
			}
		}
	}
	for name, k := range clocks {
		for i := range k.Limits {
			rename(k.Limits[i].If)
		}
		clocks[name] = k
	}
	p.Deadlines = clocks
	for _, tr := range p.all() {
		for _, list := range [][]string{tr.Starts, tr.Ends, tr.Cancels, tr.Pauses, tr.Resumes, tr.Extends} {
			for i := range list {
				list[i] = again(list[i])
			}
		}
		rename(tr.If)
		for i := range tr.Opens {
			rename(tr.Opens[i].If)
		}
		for _, gs := range tr.Counts {
			rename(gs)
		}
		for _, gs := range tr.RaisesIf {
			rename(gs)
		}
	}
	for i := range p.Routes {
		rename(p.Routes[i].If)
	}
	document, err := p.document()
	require.NoError(t, err)
	return string(document), m
}

// twoVersions are the rules with each standard procedure in two versions, new
// cases running on the first.
func twoVersions(t *testing.T) (*Rules, map[string]Migration) {
	t.Helper()
	rules := theRules(t)
	files, moves := fstest.MapFS{}, map[string]Migration{}
	texts := rules.Library.Texts()
	for i := range texts {
		next, m := successor(t, &texts[i])
		next = "{\n \"valid_from\": \"2099-01-01\"," + next[1:]
		files[texts[i].Name+"1.yaml"] = &fstest.MapFile{Data: []byte(texts[i].Document)}
		files[texts[i].Name+"2.yaml"] = &fstest.MapFile{Data: []byte(next)}
		moves[texts[i].Name] = m
	}
	var err error
	rules.Library, err = LoadLibrary(files)
	require.NoError(t, err)
	return rules, moves
}

// Wherever a case stands, moving it to another version changes nothing but its
// version and names: its history still tells it whole, it counts as before, and
// no clock has moved. And it goes on from there.
func TestMigratingKeepsEverything(t *testing.T) {
	rules, moves := twoVersions(t)
	for _, p := range standardProcedures(t) {
		m := moves[p.Name]
		rapid.Check(t, func(t *rapid.T) {
			dice := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "dice") }
			w := walk(t, rules, p.Name, dice, 25, nil)
			if w == nil {
				return
			}
			was := w.file
			change, err := rules.Migrate(was, m, theAdmin, w.now)
			if p.State(was.Case.State).Final {
				require.Equal(t, domain.KindConflict, domain.KindOf(err))
				require.ErrorContains(t, err, "migrate_final")
				return
			}
			require.NoError(t, err)
			require.Empty(t, domain.Tallies(change.Before, &change.After))
			require.Len(t, change.Entries, 1)
			require.Equal(t, "migrate", change.Entries[0].Action)
			require.Equal(t, "新法施行", change.Entries[0].Note)
			w.take(change)
			now := w.file
			require.Len(t, now.Deadlines, len(was.Deadlines))
			for i, d := range now.Deadlines {
				d.Kind = was.Deadlines[slices.IndexFunc(was.Deadlines, func(o domain.Deadline) bool {
					return m.Clocks[o.Kind] == d.Kind && o.Round == d.Round
				})].Kind
				require.Contains(t, was.Deadlines, d, i)
			}
			same := now.Case
			same.State, same.HeldFrom, same.ProcedureVersion = was.Case.State, was.Case.HeldFrom, p.Version
			same.Version, same.UpdatedAt = was.Case.Version, was.Case.UpdatedAt
			require.Equal(t, was.Case, same)
			w.finish()
			for range 10 {
				w.wait()
				w.act()
			}
			w.finish()
		})
	}
}

// What the new version has no place for stays where it is, and it is said why.
func TestMigrationIsRefused(t *testing.T) {
	rules, moves := twoVersions(t)
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, rules, Intake{Procedure: "appeal", Class: "help", Place: villageOrg, ReceivedAt: at(t, "2020-04-29")}, clerk, "2020-04-29")
	refused := func(m Migration, actor domain.Actor, kind domain.Kind, words ...string) {
		t.Helper()
		_, err := rules.Migrate(p.file, m, actor, at(t, "2020-04-30"))
		require.Equal(t, kind, domain.KindOf(err), "%v", err)
		for _, word := range words {
			require.ErrorContains(t, err, word)
		}
	}
	m := moves["appeal"]
	refused(m, clerk, domain.KindForbidden, "action_not_yours")
	refused(Migration{To: 2, States: m.States, Clocks: m.Clocks}, theAdmin, domain.KindInvalid, "required")
	refused(Migration{To: 2, Reason: strings.Repeat("长", 2001)}, theAdmin, domain.KindInvalid, "too_long")
	refused(Migration{To: 2, Reason: "x"}, theAdmin, domain.KindConflict, "migrate_blocked", "migrate_state_unknown", "migrate_clock_unknown")
	refused(Migration{To: 2, States: m.States, Reason: "x"}, theAdmin, domain.KindConflict, "migrate_clock_unknown")
	refused(Migration{To: 3, Reason: "x"}, theAdmin, domain.KindNotFound, "version_unknown appeal 3")
	refused(Migration{To: 1, Reason: "x"}, theAdmin, domain.KindConflict, "nothing_to_do")
	refused(Migration{To: 2, States: map[string]string{"nowhere": "x"}, Reason: "x"}, theAdmin, domain.KindNotFound, "version_lacks_state 1 nowhere")
	refused(Migration{To: 2, States: map[string]string{"registered": "x"}, Reason: "x"}, theAdmin, domain.KindNotFound, "version_lacks_state 2 x")
	refused(Migration{To: 2, Clocks: map[string]string{"x": "y"}, Reason: "x"}, theAdmin, domain.KindNotFound, "version_lacks_clock 1 x")
	with := func(state string) Migration {
		return Migration{To: 2, States: map[string]string{p.file.Case.State: state}, Clocks: m.Clocks, Reason: "x"}
	}
	refused(with("archived_of_two"), theAdmin, domain.KindConflict, "migrate_state_other")
	refused(with("merged_of_two"), theAdmin, domain.KindConflict, "migrate_state_other")
	refused(with("handling_of_two"), theAdmin, domain.KindConflict, "migrate_state_counts")
	p.file.Case.Class, p.file.Case.Outcome, p.file.Case.Regime = "gone", "gone", "gone"
	refused(m, theAdmin, domain.KindConflict, "[class: migrate_class_unknown]", "[outcome: migrate_outcome_unknown]", "[regime: migrate_regime_unknown]")
	require.Error(t, rules.Library.CheckMigration("nothing", 1, m))
	require.Error(t, rules.Library.CheckMigration("appeal", 7, m))
	require.NoError(t, rules.Library.CheckMigration("appeal", 1, m))
}

// A clock goes on only where it means the same.
func TestMigrationKeepsClocksOfTheirNature(t *testing.T) {
	var p Procedure
	title := domain.Text{ZH: "答复", EN: "Reply"}
	p.Deadlines = map[string]Clock{"reply": {Title: title}, "ask": {Title: title, OnMiss: "lapse"}}
	next := Procedure{Deadlines: map[string]Clock{"reply": {Title: title}, "ask": {Title: title, OnMiss: "lapse"}}}
	paused := at(t, "2020-05-01")
	for i, c := range []struct {
		clock  domain.Deadline
		names  map[string]string
		wanted string
	}{
		{domain.Deadline{Kind: "reply", Round: 1}, nil, ""},
		{domain.Deadline{Kind: "reply", Round: 1}, map[string]string{"reply": "ask"}, "migrate_clock_other"},
		{domain.Deadline{Kind: "ask", Round: 1, Chance: true}, map[string]string{"ask": "reply"}, "migrate_clock_other"},
		{domain.Deadline{Kind: "reply", Round: 1, PausedAt: &paused}, nil, "migrate_clock_paused"},
		{domain.Deadline{Kind: "gone", Round: 1, EndedAt: &paused}, nil, ""},
	} {
		_, _, wrong := p.moveClocks(&next, &domain.File{Deadlines: []domain.Deadline{c.clock}}, c.names)
		if c.wanted == "" {
			require.Empty(t, wrong, i)
			continue
		}
		require.Len(t, wrong, 1, i)
		require.Equal(t, c.wanted, wrong[0].Code)
	}
	both := &domain.File{Deadlines: []domain.Deadline{{Kind: "reply", Round: 1}, {Kind: "ask", Round: 1, Chance: true}}}
	_, _, wrong := p.moveClocks(&next, both, map[string]string{"reply": "ask"})
	require.Equal(t, "migrate_clock_taken", wrong[0].Code)
	_, _, wrong = p.moveClocks(&next, both, map[string]string{"reply": "answer", "ask": "answer"})
	require.Len(t, wrong, 2, "two clocks cannot become one")
	require.Equal(t, "migrate_clock_taken", wrong[0].Code)
}

// Every open state has a place to go to.
func TestEveryOpenStateMigrates(t *testing.T) {
	rules, moves := twoVersions(t)
	for _, p := range standardProcedures(t) {
		for _, s := range p.States {
			c := domain.Case{ID: testCase, Procedure: p.Name, ProcedureVersion: p.Version, State: s.Name, Disposition: s.Disposition,
				ReceivedAt: at(t, "2022-06-01"), Version: 3}
			c.Regime = p.RegimeOn(domain.DateIn(c.ReceivedAt))
			change, err := rules.Migrate(domain.File{Case: c}, moves[p.Name], theAdmin, at(t, "2022-06-02"))
			if s.Final {
				require.ErrorContains(t, err, "migrate_final")
				continue
			}
			require.NoError(t, err)
			require.Equal(t, s.Name+"_of_two", change.After.State)
			require.Equal(t, p.Version+1, change.After.ProcedureVersion)
		}
	}
}
