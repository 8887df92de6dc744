package workflow

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// walker takes a case on a random walk and checks, at every step, what must
// hold for every case.
type walker struct {
	*play
	dice func(n int) int // from 0 to n-1
	now  time.Time
	want func(action string) bool // actions to prefer; nil for none
}

func one[T any](w *walker, list ...T) T { return list[w.dice(len(list))] }

var walkOrgs = func() []string {
	var codes []string
	for _, o := range testOrgs {
		codes = append(codes, o[0])
	}
	return codes
}()

// walk plays a case of a procedure for up to some steps; nil when its
// registration was refused.
func walk(t require.TestingT, rules *Rules, procedure string, dice func(n int) int, steps int, want func(action string) bool) *walker {
	w := &walker{play: &play{t: t, rules: rules, tallies: map[domain.Cell]int64{}}, dice: dice, want: want}
	w.now = domain.NewDate(2019+dice(8), time.Month(1+dice(12)), 1+dice(28)).Start().Add(time.Duration(dice(24*60)) * time.Minute)
	if !w.register(procedure) {
		return nil
	}
	for range dice(steps + 1) {
		w.wait()
		if dice(20) == 0 {
			w.edit()
		}
		for tries := 0; tries < 4 && !w.act(); tries++ {
			continue
		}
		if _, s, _ := rules.stand(&w.file.Case); s.Final && dice(4) > 0 {
			break // mostly: a final state must bear a few attempts
		}
	}
	return w
}

func (w *walker) register(procedure string) bool {
	p, err := w.rules.Library.Latest(procedure, domain.DateIn(w.now))
	require.NoError(w.t, err)
	in := Intake{
		Procedure: procedure, Class: w.class(p), Category: one(w, "", "0102", "0201"),
		Title: "标题", Statement: "正文", Place: one(w, "", countyOrg, dizhenOrg, villageOrg, villageOrg, otherVillage),
		Amount: one[int64](w, 0, 500000, 5000000, 50000000), Persons: one(w, 1, 1, 1, 7), Parties: w.parties(), Flags: w.flags(),
		ReceivedAt: w.now.Add(-time.Duration(w.dice(48)) * time.Hour), Fields: w.fields(p, &p.Register),
	}
	if w.dice(6) == 0 {
		in.DerivedFrom, in.Cases = otherCase, theOtherCase
	}
	actor := w.actor(one(w, p.Register.By...))
	w.fit(p, &in, &actor)
	change, err := w.rules.Register(in, actor, w.now, testCase)
	if err != nil {
		w.allowed(err)
		return false
	}
	w.check(change, nil)
	return true
}

func (w *walker) class(p *Procedure) string {
	if len(p.Classes) == 0 {
		return ""
	}
	return one(w, slices.Sorted(maps.Keys(p.Classes))...)
}

// fit makes, mostly, a case that the procedure takes, and registers it where
// that is done.
func (w *walker) fit(p *Procedure, in *Intake, actor *domain.Actor) {
	for _, g := range p.Register.If {
		switch {
		case g.Not || w.dice(8) == 0:
		case g.Name == "desk_kind" && actor.Staff():
			*actor = staffOf(actor.Role, one(w, w.rules.Directory.OfKind(domain.OrgKind(g.Args[0]))...).Code)
		case g.Name == "desk_function" && actor.Staff():
			*actor = staffOf(actor.Role, one(w, congressOrg, cppccOrg))
		case g.Name == "flag":
			in.Flags = append(in.Flags, domain.Flag(one(w, g.Args...)))
		}
	}
}

func (w *walker) flags() []domain.Flag {
	var flags []domain.Flag
	for _, f := range domain.Flags {
		if w.dice(8) == 0 {
			flags = append(flags, f)
		}
	}
	return flags
}

func (w *walker) parties() []domain.Party {
	ps := []domain.Party{{Role: domain.PartyApplicant, Name: "某人"}}
	for range w.dice(4) {
		ps = append(ps, domain.Party{Role: one(w, domain.PartyRespondent, domain.PartyRespondent, domain.PartyRepresentative), Name: "某某"})
	}
	if w.dice(4) == 0 {
		ps = append(ps, domain.Party{Role: domain.PartyRespondent, Name: "某单位", Organization: true, OrgCode: one(w, walkOrgs...)})
	}
	return ps
}

func (w *walker) actor(role domain.Role) domain.Actor {
	a := actorFor(role)
	if a.System() || role == domain.RoleCitizen {
		return a
	}
	org := one(w, countyOrg, countyOrg, one(w, walkOrgs...))
	if w.file.Case.Desk != "" && w.dice(2) == 0 {
		org = one(w, w.file.Case.Desk, w.file.Case.Owner)
	}
	return staffOf(role, org)
}

// wait lets time pass and the clock do its work.
func (w *walker) wait() {
	w.now = w.now.Add(time.Duration(1+w.dice(60)) * time.Minute)
	if w.dice(2) == 0 {
		w.now = w.now.Add(time.Duration(w.dice(24*one(w, 1, 1, 3, 9, 20, 70))) * time.Hour)
	}
	change, ok, err := w.rules.Tick(w.file, w.now)
	require.NoError(w.t, err)
	if ok {
		w.check(change, nil)
	}
}

// fate lets something become of the case that was opened out of this one.
func (w *walker) fate(p *Procedure) {
	n := len(w.file.Derived)
	if n == 0 || w.dice(2) == 0 {
		return
	}
	words := map[string][]string{"derived_outcome": {""}, "derived_state": {""}}
	for _, t := range p.all() {
		for _, g := range t.If {
			if _, speaks := words[g.Name]; speaks {
				words[g.Name] = append(words[g.Name], g.Args...)
			}
		}
	}
	d := &w.file.Derived[n-1]
	d.Disposition = one(w, domain.Dispositions...)
	d.Outcome, d.State = one(w, words["derived_outcome"]...), one(w, words["derived_state"]...)
	d.AcceptedAt = one(w, nil, &w.now)
}

// act tries something; false when it was refused.
func (w *walker) act() bool {
	p, s, err := w.rules.stand(&w.file.Case)
	require.NoError(w.t, err)
	w.fate(p)
	ts := p.Transitions(s)
	if w.dice(10) == 0 || len(ts) == 0 {
		ts = p.all()[1:] // anything, here or not
	}
	if onward := w.onward(p, ts); len(onward) > 0 && w.dice(2) == 0 {
		ts = onward
	}
	if near := w.towards(p, s); len(near) > 0 && w.dice(3) > 0 {
		ts = near
	}
	tr := w.before(p, s, one(w, ts...))
	role := one(w, tr.By...)
	if w.dice(12) == 0 {
		role = one(w, MatrixRoles...)
	}
	a := Action{Name: tr.Do, Actor: w.actor(role), Now: w.now, Fields: w.fields(p, tr), Cases: theOtherCase}
	change, err := w.rules.Step(w.file, a)
	if err != nil {
		w.allowed(err)
		return false
	}
	w.check(change, p.find(s, tr.Do))
	return true
}

// towards are the transitions of a state that are wanted, else those on the
// shortest way to one.
func (w *walker) towards(p *Procedure, from *State) []*Transition {
	if w.want == nil {
		return nil
	}
	wanted := func(s *State) []*Transition {
		return slices.DeleteFunc(p.Transitions(s), func(t *Transition) bool { return !w.calls(p, t.Do) })
	}
	f := &facts{file: &w.file, now: w.now, rules: w.rules, actor: w.actor(domain.RoleSupervisor)}
	blocked := func(t *Transition) bool { return f.check(p, t, t.Do, false) != nil }
	if ts := slices.DeleteFunc(wanted(from), blocked); len(ts) > 0 {
		return ts
	}
	first, seen := map[string][]*Transition{}, map[string]bool{from.Name: true}
	queue := []string{}
	for i := range from.On {
		for _, to := range p.targets(from, &from.On[i]) {
			if to != from.Name {
				first[to] = append(first[to], &from.On[i])
				queue = append(queue, to)
			}
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		s := p.State(queue[0])
		if seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		if len(wanted(s)) > 0 {
			return first[s.Name]
		}
		for i := range s.On {
			for _, to := range p.targets(s, &s.On[i]) {
				if seen[to] {
					continue
				}
				if first[to] == nil {
					first[to] = first[s.Name]
				}
				queue = append(queue, to)
			}
		}
	}
	return nil
}

// calls reports whether an action is wanted, or must come before one that is.
func (w *walker) calls(p *Procedure, action string) bool {
	return w.want(action) || w.file.Case.Counts[action] == 0 && slices.ContainsFunc(p.all(), func(t *Transition) bool {
		return w.want(t.Do) && waitsFor(t, action)
	})
}

// waitsFor reports whether a transition needs an action to have been taken.
func waitsFor(t *Transition, action string) bool {
	return slices.ContainsFunc(t.If, func(g Guard) bool { return g.Not && g.Name == "done_below" && g.Args[0] == action })
}

// before puts what a transition waits for in its place, where that can be done
// in the same state.
func (w *walker) before(p *Procedure, s *State, tr *Transition) *Transition {
	for _, t := range p.Transitions(s) {
		if waitsFor(tr, t.Do) && w.file.Case.Counts[t.Do] == 0 {
			return t
		}
	}
	return tr
}

// onward are the transitions that lead on, and not to an end too soon.
func (w *walker) onward(p *Procedure, ts []*Transition) []*Transition {
	f := &facts{file: &w.file, now: w.now, rules: w.rules, actor: w.actor(domain.RoleSupervisor)}
	return slices.DeleteFunc(slices.Clone(ts), func(tr *Transition) bool {
		return tr.To == "" || tr.To != previous && p.State(tr.To).Final && w.dice(6) > 0 || f.check(p, tr, tr.Do, false) != nil
	})
}

func (w *walker) fields(p *Procedure, tr *Transition) domain.Fields {
	fields := domain.Fields{}
	for _, name := range tr.Needs {
		if w.dice(30) > 0 {
			fields[name] = w.value(p.Fields[name])
		}
	}
	for _, name := range tr.Takes {
		if w.dice(2) == 0 {
			fields[name] = w.value(p.Fields[name])
		}
	}
	if w.dice(40) == 0 {
		fields[one(w, slices.Sorted(maps.Keys(p.Fields))...)] = one[any](w, nil, 1, 1.5, "x", true, []string{"x"}, "\x00")
	}
	return fields
}

func (w *walker) value(f Field) any {
	if w.dice(40) == 0 {
		return one[any](w, nil, -1, 3.5, "", " ", "9999-12-31", "0001-01-01", strings.Repeat("长", 20001), map[string]any{})
	}
	switch f.Type {
	case FieldChoice:
		return one(w, slices.Sorted(maps.Keys(f.Values))...)
	case FieldDate:
		return domain.DateIn(w.now).AddDays(one(w, 0, 0, 0, -1, -7, 5, 30, 400, -2000)).String()
	case FieldAmount, FieldNumber:
		return float64(w.dice(60))
	case FieldBool:
		return w.dice(8) > 0
	case FieldOrganization:
		return one(w, walkOrgs...)
	case FieldOrganizations:
		return []any{one(w, walkOrgs...), one(w, walkOrgs...)}
	case FieldUser:
		return "user"
	case FieldCase:
		return "0197a000-0000-7000-8000-0000000000ff"
	default:
		return "文字"
	}
}

func (w *walker) edit() {
	var patch Patch
	if w.dice(2) == 0 {
		ps := w.parties()
		patch.Parties = &ps
	}
	if w.dice(2) == 0 {
		place := one(w, "", dizhenOrg, villageOrg, "999999")
		patch.Place = &place
	}
	if w.dice(2) == 0 {
		flags := w.flags()
		patch.Flags = &flags
	}
	change, err := w.rules.Edit(w.file, patch, w.actor(one(w, editors...)), w.now)
	if err != nil {
		w.allowed(err)
		return
	}
	require.Empty(w.t, change.Entries[0].Clocks, "an edit moved a clock")
	p, _, err := w.rules.stand(&w.file.Case)
	require.NoError(w.t, err)
	for f := range p.governed {
		require.Equal(w.t, w.file.Case.Has(f), change.After.Has(f), "an edit changed flag %s", f)
	}
	w.check(change, nil)
}

// allowed wants an error that says whose mistake it was.
func (w *walker) allowed(err error) {
	require.Contains(w.t, []domain.Kind{domain.KindInvalid, domain.KindForbidden, domain.KindConflict, domain.KindNotFound},
		domain.KindOf(err), "%v", err)
}

// check wants a change to leave a case that may be; tr is the transition that
// somebody took, nil for an edit, the registration or the clock.
func (w *walker) check(change domain.Change, tr *Transition) {
	before := w.file
	w.take(change)
	t, c := w.t, &w.file.Case
	require.Equal(t, c.Version, len(w.entries))
	require.Equal(t, c.Version, w.entries[len(w.entries)-1].Version)
	_, s, err := w.rules.stand(c)
	require.NoError(t, err)
	require.Equal(t, s.Disposition, c.Disposition)
	require.NotNil(t, w.rules.Directory.Get(c.Owner), "nobody is responsible")
	require.NotNil(t, w.rules.Directory.Get(c.Desk), "it is nobody's turn")
	require.False(t, w.rules.complainedOf(c.Desk, &w.file), "%s has its own complaint", c.Desk)
	require.False(t, w.rules.complainedOf(c.Owner, &w.file), "%s answers for its own complaint", c.Owner)
	require.Equal(t, c.Disposition == domain.Merged, c.MergedInto != nil)
	require.Equal(t, c.Satisfaction == "", c.EvaluatedAt == nil)
	if slices.Contains(results, c.Disposition) {
		require.NotNil(t, c.ConcludedAt)
		require.NotNil(t, c.AcceptedAt)
		require.False(t, c.ConcludedAt.Before(c.ReceivedAt), "concluded before it was received")
	} else if c.Disposition == domain.Active || c.Disposition == domain.Pending {
		require.Nil(t, c.ConcludedAt)
		require.Nil(t, c.ClosedAt)
	}
	if s.Final {
		require.NotNil(t, c.ClosedAt)
	}
	owes := c.Clone()
	owes.SetDuties(w.file.Deadlines)
	require.Equal(t, owes, *c, "it owes what its clocks say")
	require.GreaterOrEqual(t, c.PausedDays, 0)
	for i := range w.file.Deadlines {
		d := &w.file.Deadlines[i]
		require.False(t, s.Final && d.EndedAt == nil, "%s runs on in a final state", d.Kind)
		require.False(t, d.Met && (d.EndedAt == nil || d.MissedAt != nil))
		require.False(t, d.Chance && d.MissedAt != nil, "%s is nobody's failure", d.Kind)
		require.False(t, d.Due.Before(d.StartedAt))
		w.moved(&before, d, tr)
	}
}

// moved wants a clock's day to change only by a transition that says so.
func (w *walker) moved(before *domain.File, d *domain.Deadline, tr *Transition) {
	was := clockOf(before, d.Kind, d.Round)
	if was.Kind == "" {
		last := w.entries[len(w.entries)-1]
		p, _, _ := w.rules.stand(&w.file.Case)
		started := tr != nil && slices.Contains(tr.Starts, d.Kind) || slices.Contains(p.Register.Starts, d.Kind) && before.Case.Version == 0
		require.True(w.t, started || last.ActorRole == domain.RoleClock, "%s was started by %s", d.Kind, last.Action)
		return
	}
	if !was.Due.Equal(d.Due) || !was.Nominal.Equal(d.Nominal) {
		ended := was.PausedAt != nil && d.EndedAt != nil // what it stood still counts first
		require.True(w.t, ended || tr != nil && (slices.Contains(tr.Extends, d.Kind) || slices.Contains(tr.Resumes, d.Kind)), "%s was moved", d.Kind)
	}
}
