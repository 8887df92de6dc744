package cli

import (
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
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

// drill is a county of which a year is played, and half a year more at random.
type drill struct {
	t      *testing.T
	store  *store.Store
	engine *workflow.Engine
	at     time.Time // the clock of the house
	r      *rand.Rand
	ids    []string // of the cases, as they came
	moves  map[string]workflow.Migration
	tried  map[string]int // in the random part, by action
	did    map[string]int // and not refused
}

// newDrill opens a county without cases, whose appeals, petitions and mediations
// have a second version to be moved to.
func newDrill(t *testing.T, seed uint64) *drill {
	st, err := store.Open(t.Context(), storetest.NewDatabase(t), store.Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	t.Cleanup(st.Close)
	require.NoError(t, st.LoadCounty(t.Context(), county.Organizations(), county.Categories(), county.Competences()))
	d := &drill{t: t, store: st, r: rand.New(rand.NewPCG(seed, 0)), tried: map[string]int{}, did: map[string]int{}, moves: map[string]workflow.Migration{}}
	d.at = domain.NewDate(2021, 1, 1).Start()
	library, err := workflow.StandardLibrary()
	require.NoError(t, err)
	var next []domain.ProcedureText
	for _, name := range []string{"appeal", "petition", "mediation"} {
		raw, err := os.ReadFile("../workflow/procedures/" + name + ".yaml")
		require.NoError(t, err)
		again := strings.Replace(string(raw), "version: 1\n", "version: 2\nvalid_from: 2099-01-01\n", 1)
		m := workflow.Migration{To: 2, Reason: "新版本施行"}
		if name == "appeal" { // one whose names are others
			again = strings.NewReplacer("name: handling", "name: working", "to: handling", "to: working").Replace(again)
			m.States = map[string]string{"handling": "working"}
		}
		_, text, errs := library.Read(name+"2.yaml", []byte(again))
		require.Empty(t, errs)
		next, d.moves[name] = append(next, text), m
	}
	texts := append(slices.Clone(library.Texts()), next...)
	for i := range texts {
		texts[i].PublishedAt = d.at
	}
	_, err = st.Publish(t.Context(), texts)
	require.NoError(t, err)
	rules, err := loadRules(t.Context(), st)
	require.NoError(t, err)
	d.engine = workflow.NewEngine(st, rules, d.now, func() string { return uuid.Must(uuid.NewV7()).String() })
	return d
}

func (d *drill) now() time.Time { return d.at }

// small is the model year with every story in it a few times.
func small(seed uint64) county.Scenario {
	sc := county.Scenario2020(seed)
	sc.Repeated, sc.Dissatisfied = 200, 200
	for i := range sc.Shares {
		s := &sc.Shares[i]
		s.N, s.Carried = min(s.N, 2+s.N/250), min(s.Carried, 2)
	}
	return sc
}

// play plays the year and takes note of its cases.
func (d *drill) play(seed uint64) {
	require.NoError(d.t, county.Play(d.t.Context(), d.engine, small(seed), 0, func(int, int) {}))
	d.each(func(f *domain.File, _ []domain.Entry) { d.ids = append(d.ids, f.Case.ID) })
	slices.Sort(d.ids)
}

func (d *drill) each(do func(*domain.File, []domain.Entry)) {
	d.t.Helper()
	require.NoError(d.t, d.store.EachFile(d.t.Context(), func(f domain.File, entries []domain.Entry) error {
		do(&f, entries)
		return nil
	}))
}

// sweep does what the background workers do.
func (d *drill) sweep() {
	s := &workflow.Sweeper{Engine: d.engine, Cases: d.store, Log: slog.New(slog.DiscardHandler)}
	require.NoError(d.t, s.Sweep(d.t.Context()))
}

// goOn lets things happen at random until a day, in so many steps, and folds the
// roll-up now and then. The clock never goes back.
func (d *drill) goOn(steps int, until domain.Date) {
	begin := d.at
	for i := range steps {
		d.notBefore(begin.Add(until.Start().Sub(begin) / time.Duration(steps) * time.Duration(i)))
		switch n := d.r.IntN(10); {
		case n < 3:
			d.busy(d.register())
		case n < 4:
			d.edit()
		default:
			d.busy(d.pick())
		}
		if i%25 == 0 {
			d.sweep()
		}
		if i%60 == 30 {
			_, err := d.store.FoldTallies(d.t.Context())
			require.NoError(d.t, err)
		}
		if i == steps/2 {
			d.migrate()
		}
	}
	d.notBefore(until.Start())
	d.sweep()
	require.Equal(d.t, until.Year, domain.DateIn(d.at).Year, "time has run away")
}

func (d *drill) notBefore(at time.Time) {
	if d.at.Before(at) {
		d.at = at.Truncate(time.Microsecond)
	}
}

// busy is some days in which one case is worked on.
func (d *drill) busy(id string) {
	for range 1 + d.r.IntN(9) {
		d.act(id)
		d.at = d.at.Add(time.Duration(1+d.r.IntN(300)) * time.Minute)
	}
}

// register opens a new case, now and then one that complains of an organisation.
func (d *drill) register() string {
	villages := county.Villages(domain.NewDate(2020, 1, 1))
	village := villages[d.r.IntN(len(villages))]
	clerk := d.user(domain.RoleClerk, domain.TownshipOf(village.Code))
	in := workflow.Intake{
		Procedure: "appeal", Class: "complaint", Category: "0102", Title: "路灯不亮", Statement: "坏了三个月。", Place: village.Code,
		Parties: []domain.Party{{Role: domain.PartyApplicant, Name: "周某甲", Phone: "19900000001"}},
	}
	switch d.r.IntN(6) {
	case 0, 1:
		in.Procedure, in.Class = "petition", "demand"
	case 2:
		in.Flags = []domain.Flag{domain.FlagConfidential}
	}
	against := ""
	switch d.r.IntN(3) {
	case 0:
		against = "370404-petition"
	case 1:
		against = domain.TownshipOf(village.Code)
	}
	if against != "" {
		in.Parties = append(in.Parties, domain.Party{Role: domain.PartyRespondent, Organization: true, OrgCode: against, Name: "被反映单位"})
	}
	f, err := d.engine.Register(d.t.Context(), in, clerk, nil)
	require.NoError(d.t, err)
	d.ids = append(d.ids, f.Case.ID)
	return f.Case.ID
}

// user is the account of a role for an organisation, or the nearest one above.
func (d *drill) user(role domain.Role, org string) domain.Actor {
	dir := d.engine.Rules().Directory
	for o := dir.Get(org); o != nil; o = dir.Get(o.Parent) {
		for _, name := range []string{string(role) + "-" + o.Code, string(role)} {
			if u, ok := accounts()[name]; ok && u.Org == o.Code {
				return u.Actor()
			}
		}
	}
	return domain.Actor{}
}

// pick is one of the cases, rather a late one.
func (d *drill) pick() string {
	i := d.r.IntN(len(d.ids))
	if d.r.IntN(3) > 0 {
		i = max(i, d.r.IntN(len(d.ids)), d.r.IntN(len(d.ids)))
	}
	return d.ids[i]
}

func (d *drill) file(id string) domain.File {
	f, err := d.store.File(d.t.Context(), id)
	require.NoError(d.t, err)
	return f
}

// edit corrects place and category.
func (d *drill) edit() {
	f := d.file(d.pick())
	village := county.Villages(domain.NewDate(2020, 1, 1))[d.r.IntN(50)].Code
	category := []string{"0102", "0201", ""}[d.r.IntN(3)]
	patch := workflow.Patch{Place: &village, Category: &category}
	_, err := d.engine.Edit(d.t.Context(), f.Case.ID, 0, patch, d.user(domain.RoleClerk, f.Case.Owner))
	d.took("edit", err)
}

// took counts what was done; a refusal must be the actor's own fault.
func (d *drill) took(action string, err error) {
	d.t.Helper()
	if err == nil {
		d.did[action]++
		return
	}
	d.did["refused"]++
	require.Contains(d.t, []domain.Kind{domain.KindInvalid, domain.KindForbidden, domain.KindConflict, domain.KindNotFound}, domain.KindOf(err), "%s: %v", action, err)
}

// wanted are the actions that move figures about.
var wanted = []string{
	"request_reopen", "reopen", "reopen_again", "merge", "unmerge", "withdraw", "evaluate", "follow_up", "redispatch",
	"transfer", "designate", "link_repeat", "unlink_repeat", "hand_back", "approve_hand_back", "redo", "reply", "accept",
}

// act takes one of the actions that are open to those who work on a case, rather
// one that was seldom taken.
func (d *drill) act(id string) {
	f := d.file(id)
	rules := d.engine.Rules()
	type choice struct {
		actor domain.Actor
		do    *workflow.Transition
	}
	var all, liked []choice
	for _, actor := range d.workers(&f) {
		list, err := rules.Available(f, actor, d.at)
		require.NoError(d.t, err)
		for _, a := range list {
			if a.Blocked == "" {
				c := choice{actor, a.Action}
				if all = append(all, c); slices.Contains(wanted, a.Action.Do) {
					liked = append(liked, c)
				}
			}
		}
	}
	if len(liked) > 0 && d.r.IntN(4) > 0 {
		all = liked
	}
	if len(all) == 0 {
		return
	}
	c := all[d.r.IntN(len(all))]
	for range 4 {
		if other := all[d.r.IntN(len(all))]; d.tried[other.do.Do] < d.tried[c.do.Do] {
			c = other
		}
	}
	d.tried[c.do.Do]++
	a := workflow.Action{Name: c.do.Do, Actor: c.actor, Fields: d.fields(&f.Case, c.do)}
	_, err := d.engine.Act(d.t.Context(), f.Case.ID, 0, a)
	d.took(c.do.Do, err)
}

// workers are those who may have something to do with a case.
func (d *drill) workers(f *domain.File) []domain.Actor {
	actors := []domain.Actor{domain.Citizen}
	for _, org := range []string{f.Case.Desk, f.Case.Owner, f.Case.RegisteredBy, "370404-petition"} {
		for _, role := range domain.StaffRoles {
			if a := d.user(role, org); a.ID != "" && !slices.Contains(actors, a) {
				actors = append(actors, a)
			}
		}
	}
	return actors
}

func (d *drill) fields(c *domain.Case, tr *workflow.Transition) domain.Fields {
	p, err := d.engine.Rules().Library.Get(c.Procedure, c.ProcedureVersion)
	require.NoError(d.t, err)
	fields := domain.Fields{}
	for _, name := range slices.Concat(tr.Needs, tr.Takes) {
		if slices.Contains(tr.Needs, name) || d.r.IntN(3) == 0 {
			fields[name] = d.value(p.Fields[name], c)
		}
	}
	return fields
}

func (d *drill) value(f workflow.Field, c *domain.Case) any {
	orgs := []string{"370404-housing", "370404-centre", "370404102", "370404103", domain.TownshipOf(c.Place)}
	switch f.Type {
	case workflow.FieldChoice:
		values := slices.Sorted(maps.Keys(f.Values))
		return values[d.r.IntN(len(values))]
	case workflow.FieldDate:
		return domain.DateIn(d.at).AddDays(d.r.IntN(3) * 5).String()
	case workflow.FieldAmount, workflow.FieldNumber:
		return float64(1 + d.r.IntN(500))
	case workflow.FieldBool:
		return d.r.IntN(4) > 0
	case workflow.FieldOrganization:
		return orgs[d.r.IntN(len(orgs))]
	case workflow.FieldOrganizations:
		return []any{orgs[d.r.IntN(len(orgs))]}
	case workflow.FieldUser:
		return d.user(domain.RoleHandler, c.Desk).ID
	case workflow.FieldCase:
		return d.ids[d.r.IntN(len(d.ids))]
	default:
		return "文字"
	}
}

// migrate moves what is open to the second version of its procedure.
func (d *drill) migrate() {
	admin := domain.Actor{ID: "cli:test", Name: "test", Role: domain.RoleAdmin}
	for name, m := range d.moves {
		files, err := d.store.FilesOn(d.t.Context(), name, 1, "", 500)
		require.NoError(d.t, err)
		ids := make([]string, len(files))
		for i := range files {
			ids[i] = files[i].Case.ID
		}
		for _, err := range d.engine.Migrate(d.t.Context(), ids, 1, m, admin) {
			d.took("migrate", err)
		}
	}
}

// kinds counts the cases to which what must not disturb figures has happened
// since the year ended.
func (d *drill) kinds() map[string]int {
	kinds := map[string]int{}
	d.each(func(f *domain.File, entries []domain.Entry) {
		for k := range kindsOf(f, entries) {
			kinds[k]++
		}
	})
	return kinds
}

func kindsOf(f *domain.File, entries []domain.Entry) map[string]bool {
	happened, rated := map[string]bool{}, 0
	if met := f.Case.ConcludeMet; met != nil && !*met {
		happened["late"] = true
	}
	for _, e := range entries {
		_, evaluated := e.Effect["evaluated_at"]
		_, handedOn := e.Effect["owner"]
		if evaluated {
			rated++
		}
		if e.At.Before(domain.NewDate(2021, 1, 1).Start()) {
			continue
		}
		switch e.Action {
		case "deadline_missed":
			happened["missed"] = true
		case "reopen", "reopen_again":
			happened["reopened"] = true
		case "merge", "unmerge", "edit", "link_repeat", "unlink_repeat", "migrate":
			happened[e.Action] = true
		}
		happened["withdrawn"] = happened["withdrawn"] || e.Event == "withdrawn"
		happened["re-evaluated"] = happened["re-evaluated"] || evaluated && rated > 1
		happened["transferred"] = happened["transferred"] || handedOn && e.Version > 1
		_, moved := e.Effect["township"]
		_, sorted := e.Effect["category"]
		happened["moved"] = happened["moved"] || moved && e.Version > 1
		happened["sorted anew"] = happened["sorted anew"] || sorted && e.Version > 1
	}
	maps.DeleteFunc(happened, func(_ string, yes bool) bool { return !yes })
	return happened
}

// everyKind is what the issue names, and a little more.
var everyKind = []string{
	"late", "missed", "reopened", "merge", "unmerge", "withdrawn", "re-evaluated", "transferred", "migrate", "edit", "moved",
	"sorted anew", "link_repeat", "unlink_repeat",
}

// requireEveryKind is about the test itself: its cases are of every kind.
func (d *drill) requireEveryKind() {
	kinds := d.kinds()
	d.t.Log(fmt.Sprint(len(d.ids), " cases; ", kinds, "; done: ", d.did))
	for _, kind := range everyKind {
		require.GreaterOrEqual(d.t, kinds[kind], 2, kind)
	}
}
