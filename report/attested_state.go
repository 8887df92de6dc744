package report

import (
	"context"
	"slices"
	"time"

	"sudi/domain"
)

// AnyRevision lets a statement replace whatever holds.
const AnyRevision = -1

// States is a statement and the revision that it is to replace: 0 for none,
// AnyRevision for whatever holds. Expected is nil when the sender names none,
// which is only right when nothing was stated before.
type States struct {
	domain.Attested
	Expected *int
}

// MayAttest reports whether somebody may state an item in a department's name:
// who works in the department whose figure it is, and the county's supervisor
// and administrator for every department.
func MayAttest(dir *domain.Directory, who domain.Actor, it *domain.AttestedItem, department *domain.Organization) bool {
	if who.Org == dir.Root() {
		return who.Role == domain.RoleSupervisor || who.Role == domain.RoleAdmin
	}
	looks := who.Role == domain.RoleLeader || who.Role == domain.RoleAuditor
	return !looks && who.Staff() && it.Yours(department) && dir.Within(who.Org, department.Code)
}

// State enters a statement and gives it as it stands. The same statement again
// makes no new revision, so that a request may be repeated. Checks are those of
// the year that concern the item: one that is not OK is a warning.
//
// KindInvalid names what is wrong with it, KindForbidden says that it is not
// the actor's to state, and KindStale that another revision holds than the
// sender knows.
func (s *Service) State(ctx context.Context, who domain.Actor, in States) (Stated, []domain.AttestedCheck, error) {
	all, err := s.StateAll(ctx, who, []States{in})
	if err != nil {
		return Stated{}, nil, err
	}
	year, err := s.AttestedYear(ctx, in.Year)
	if err != nil {
		return Stated{}, nil, err
	}
	checks := slices.DeleteFunc(year.Checks, func(c domain.AttestedCheck) bool {
		return c.Code != in.Code && !slices.Contains(c.Parts, in.Code)
	})
	return all[0], checks, nil
}

// StateAll enters statements, all or none, and gives them as they stand. An
// error of one of several is a RowError that says which.
func (s *Service) StateAll(ctx context.Context, who domain.Actor, list []States) ([]Stated, error) {
	dir, err := s.directory(ctx)
	if err != nil {
		return nil, err
	}
	e := entry{dir: dir, who: who, now: s.now().UTC().Truncate(time.Microsecond), made: map[int]map[string][]domain.Attested{}}
	out := make([]Stated, len(list))
	var fresh []domain.Attested
	for i := range list {
		in := &list[i]
		if err := e.read(ctx, s.store, in.Year); err != nil {
			return nil, err
		}
		a, isNew, err := e.enter(in)
		if err != nil {
			return nil, RowError{i, err}
		}
		if isNew {
			fresh = append(fresh, a)
		}
		out[i] = stated(dir, domain.AttestedItemByCode(a.Code), &a)
	}
	if len(fresh) == 0 {
		return out, nil
	}
	return out, s.store.AddAttested(ctx, fresh)
}

// RowError is the error of one statement among several.
type RowError struct {
	Index int // from 0
	Err   error
}

func (e RowError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e RowError) Unwrap() error { return e.Err }

// entry is the entering of statements under way.
type entry struct {
	dir  *domain.Directory
	who  domain.Actor
	now  time.Time
	made map[int]map[string][]domain.Attested // by year and code, those just entered included
}

// read fetches a year's statements, once.
func (e *entry) read(ctx context.Context, from Statements, year int) error {
	if e.made[year] != nil {
		return nil
	}
	all, err := from.Attested(ctx, year)
	e.made[year] = byCode(all)
	return err
}

// enter decides about one statement: as it stands, and whether that is new.
func (e *entry) enter(in *States) (a domain.Attested, isNew bool, err error) {
	a = in.Attested
	if err := e.check(&a); err != nil {
		return a, false, err
	}
	list := e.made[a.Year][a.Code]
	if n := len(list); n > 0 && list[n-1].Same(&a) {
		return list[n-1], false, nil
	}
	switch {
	case in.Expected == nil && len(list) > 0:
		return a, false, domain.Errorf(domain.KindStale, "statement_exists", len(list))
	case in.Expected != nil && *in.Expected != AnyRevision && *in.Expected != len(list):
		return a, false, domain.Errorf(domain.KindStale, "statement_stale")
	}
	a.Revision, a.EnteredBy, a.EnteredAt = len(list)+1, e.who.ID, e.now
	e.made[a.Year][a.Code] = append(list, a)
	return a, true, nil
}

// check refuses what cannot be stated, or not by this actor.
func (e *entry) check(a *domain.Attested) error {
	today := domain.DateIn(e.now)
	if a.Year < firstYear || a.Year > today.Year {
		return domain.Invalid(domain.FieldError{Field: "year", Code: "year_out_of_range", Args: []any{firstYear, today.Year}})
	}
	it := domain.AttestedItemByCode(a.Code)
	if it == nil {
		return domain.Errorf(domain.KindNotFound, "attested_item_unknown")
	}
	department := e.dir.Get(a.Department)
	fields := a.Check(it, today)
	if department == nil {
		fields = append(fields, domain.FieldError{Field: "department", Code: "organization_unknown", Args: []any{a.Department}})
	} else if !MayAttest(e.dir, e.who, it, department) {
		return domain.Errorf(domain.KindForbidden, "attested_not_yours")
	}
	if len(fields) > 0 {
		return domain.Invalid(fields...)
	}
	return nil
}
