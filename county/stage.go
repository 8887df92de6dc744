package county

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"sudi/domain"
	"sudi/workflow"
)

// stage plays one case through the rules, step by step, as the engine would
// have done it at the time.
type stage struct {
	rules  *workflow.Rules
	r      *rand.Rand
	end    time.Time // nothing happens after it
	file   domain.File
	change domain.Change
	at     time.Time
	err    error
	begun  bool
	parent *stage // that of the case which this one came out of
}

// register opens the case.
func (s *stage) register(in workflow.Intake, actor domain.Actor) {
	s.at = in.ReceivedAt
	change, err := s.rules.Register(in, actor, s.at, newID(s.r, s.at))
	if err != nil {
		s.fail(fmt.Errorf("register: %w", err))
		return
	}
	s.change, s.begun = change, true
	s.file = change.File(domain.File{})
}

// act takes an action, after whatever time has done to the case until then.
// Once the story has failed, or run past its end, nothing more happens.
func (s *stage) act(name string, actor domain.Actor, fields domain.Fields) {
	if s.over() {
		return
	}
	s.tick(s.at)
	if s.err != nil {
		return
	}
	change, err := s.rules.Step(s.file, workflow.Action{Name: name, Actor: actor, Fields: fields, Now: s.at})
	if err != nil {
		s.fail(fmt.Errorf("%s in %s %s at %s: %w", name, s.file.Case.Procedure, s.file.Case.State, s.at.Format(time.DateTime), err))
		return
	}
	s.add(change)
}

// by takes an action as somebody of a role at the case's desk.
func (s *stage) by(role domain.Role, name string, fields domain.Fields) {
	if !s.over() {
		s.act(name, s.staff(role, s.file.Case.Desk), fields)
	}
}

// staff is whoever works in a role for an organisation.
func (s *stage) staff(role domain.Role, code string) domain.Actor {
	return staff(role, code, s.rules.Directory)
}

// citizen rates his own case on the citizens' page.
var citizen = domain.Actor{ID: "citizen", Name: "citizen", Role: domain.RoleCitizen}

// rater is who enters the applicant's opinion: himself when he wrote online.
func (s *stage) rater(clerk domain.Actor) domain.Actor {
	if s.file.Case.Channel == domain.ChannelOnline {
		return citizen
	}
	return clerk
}

// body is the county's body of a kind, with a function where there are several.
func (s *stage) body(kind domain.OrgKind, function string) string {
	for _, o := range s.rules.Directory.OfKind(kind) {
		if function == "" || o.Function == function {
			return o.Code
		}
	}
	panic("county: no " + string(kind) + " " + function)
}

// opened is the stage of the case that the last action opened. What happens
// there is heard here as soon as it does.
func (s *stage) opened() *stage {
	child := &stage{rules: s.rules, r: s.r, end: s.end, at: s.at, parent: s}
	n := len(s.change.Opens)
	switch {
	case s.over():
	case n == 0:
		s.fail(fmt.Errorf("%s %s opened nothing", s.file.Case.Procedure, s.file.Case.State))
	default:
		child.change, child.begun = s.change.Opens[n-1], true
		child.file = child.change.File(domain.File{})
	}
	return child
}

// hear writes down what has become of the case opened last, and does what the
// router does about it. Clocks do not move for what does not concern this case:
// its own story may go on before that of the other ends.
func (s *stage) hear(child domain.Change) {
	s.change.Opens[len(s.change.Opens)-1] = child
	s.file = s.change.File(domain.File{})
	at := child.After.UpdatedAt
	change, heeded, err := s.rules.Heed(s.file, at)
	if heeded && err == nil {
		s.tick(at)
		change, heeded, err = s.rules.Heed(s.file, at)
	}
	switch {
	case s.err != nil:
	case err != nil:
		s.fail(fmt.Errorf("hearing of %s: %w", child.After.Procedure, err))
	case heeded:
		s.at = at
		s.add(change)
	case s.parent != nil:
		s.parent.hear(s.change)
	}
}

// fail ends the story, and those that it came out of.
func (s *stage) fail(err error) {
	for t := s; t != nil; t = t.parent {
		t.err = err
	}
}

// inTime reports whether a clock still runs and its day has not passed.
func (s *stage) inTime(kind string) bool {
	for i := range s.file.Deadlines {
		if d := &s.file.Deadlines[i]; d.Kind == kind && d.EndedAt == nil {
			return !s.at.After(d.Due)
		}
	}
	return false
}

// over reports whether the story can go no further.
func (s *stage) over() bool { return s.err != nil || !s.begun || s.at.After(s.end) }

// tick lets time do its work until a moment.
func (s *stage) tick(until time.Time) {
	if s.err != nil {
		return
	}
	change, ok, err := s.rules.Pass(s.file, until)
	if err != nil {
		s.fail(err)
	} else if ok {
		s.add(change)
	}
}

func (s *stage) add(change domain.Change) {
	s.change = s.change.Then(change)
	s.file = s.change.File(domain.File{})
	if s.parent != nil {
		s.parent.hear(s.change)
	}
}

// wait lets hours pass, to a moment in a working day's office hours. Close to
// the end of the story it shrinks, so that a case meant to end does.
func (s *stage) wait(hours float64) {
	next := s.office(s.at.Add(time.Duration(hours * float64(time.Hour))))
	if next.After(s.end) {
		next = s.at.Add(s.end.Sub(s.at) / 4)
	}
	s.at = next.UTC().Truncate(time.Second)
}

// workdays lets n working days pass, to some time in office hours.
func (s *stage) workdays(n int) {
	day := domain.DateIn(s.at)
	if n > 0 {
		if d, err := s.rules.Calendar.AddWorking(day, n); err == nil {
			day = d
		}
	}
	next := day.Start().Add(time.Duration(8*3600+s.r.IntN(9*3600)) * time.Second)
	if !next.After(s.at) {
		next = s.at.Add(time.Duration(10+s.r.IntN(80)) * time.Minute)
	}
	if next.After(s.end) {
		next = s.at.Add(s.end.Sub(s.at) / 4)
	}
	s.at = next.UTC().Truncate(time.Second)
}

// later lets n working days pass without shrinking them: what would come after
// the story's end does not happen.
func (s *stage) later(n int) {
	day, err := s.rules.Calendar.AddWorking(domain.DateIn(s.at), n)
	if err != nil {
		s.fail(err)
		return
	}
	s.at = day.Start().Add(time.Duration(8*3600+s.r.IntN(9*3600)) * time.Second)
}

// on moves to office hours of a day, or of the next working one; nowhere when
// that is past.
func (s *stage) on(day domain.Date) {
	working, err := s.rules.Calendar.IsWorking(day)
	if err == nil && !working {
		day, err = s.rules.Calendar.AddWorking(day, 1)
	}
	if err != nil {
		s.fail(err)
		return
	}
	if next := day.Start().Add(time.Duration(8*3600+s.r.IntN(9*3600)) * time.Second); next.After(s.at) {
		s.at = next
	}
}

// ahead is the working day that comes so many days from now, or the next after.
func (s *stage) ahead(days int) domain.Date {
	day := domain.DateIn(s.at).AddDays(days)
	if next, err := s.rules.Calendar.AddWorking(day.AddDays(-1), 1); err == nil {
		day = next
	}
	return day
}

// office moves a moment outside office hours into the next ones.
func (s *stage) office(t time.Time) time.Time {
	local := t.In(domain.Beijing)
	working, err := s.rules.Calendar.IsWorking(domain.DateIn(t))
	if err == nil && working && local.Hour() >= 8 && local.Hour() < 18 {
		return t
	}
	day := domain.DateIn(t)
	if !working || local.Hour() >= 18 {
		if d, err := s.rules.Calendar.AddWorking(day, 1); err == nil {
			day = d
		}
	}
	return day.Start().Add(time.Duration(8*3600+s.r.IntN(4*3600)) * time.Second)
}

// newID makes a UUIDv7 of a moment with the story's own randomness, so that a
// year played twice has the same cases.
func newID(r *rand.Rand, at time.Time) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|r.Uint64()&0x0FFF)
	id[6] = id[6]&0x0F | 0x70
	id[8] = id[8]&0x3F | 0x80
	return id.String()
}
