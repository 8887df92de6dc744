package report

import (
	"context"

	"sudi/domain"
)

// Statements keeps what departments state.
type Statements interface {
	// Attested lists every statement for a year by code and revision.
	Attested(ctx context.Context, year int) ([]domain.Attested, error)
	// AddAttested keeps new ones for good, all or none; KindStale when somebody
	// else has just made one of these revisions.
	AddAttested(ctx context.Context, statements []domain.Attested) error
}

// Statement is an item with all that was stated about it, the newest first.
type Statement struct {
	Stated
	Earlier []domain.Attested `json:"earlier"`
}

// AttestedYear is what is attested for a year.
type AttestedYear struct {
	Year     int                    `json:"year"`
	Items    []Statement            `json:"items"`  // in the order of domain.AttestedItems
	Checks   []domain.AttestedCheck `json:"checks"` // of statements that hang together
	Missing  []Missing              `json:"missing"`
	Unlisted []domain.Attested      `json:"unlisted,omitempty"` // of items that are no longer in the catalogue
}

// AttestedYear reads what is attested for a year; KindInvalid for a year that
// there is not.
func (s *Service) AttestedYear(ctx context.Context, year int) (AttestedYear, error) {
	q := Query{Year: year}
	if _, err := q.span(); err != nil {
		return AttestedYear{}, err
	}
	dir, err := s.directory(ctx)
	if err != nil {
		return AttestedYear{}, err
	}
	return s.attestedYear(ctx, dir, year)
}

func (s *Service) attestedYear(ctx context.Context, dir *domain.Directory, year int) (AttestedYear, error) {
	out := AttestedYear{Year: year, Items: []Statement{}, Checks: []domain.AttestedCheck{}, Missing: []Missing{}}
	all, err := s.store.Attested(ctx, year)
	if err != nil {
		return out, err
	}
	made := byCode(all)
	values := make(map[string]string, len(made))
	for i := range domain.AttestedItems {
		it := &domain.AttestedItems[i]
		list := made[it.Code]
		delete(made, it.Code)
		if len(list) == 0 {
			out.Missing = append(out.Missing, Missing{*it, departmentName(dir, it, year)})
			continue
		}
		st := Statement{Stated: stated(dir, it, &list[len(list)-1]), Earlier: []domain.Attested{}}
		for n := len(list) - 2; n >= 0; n-- {
			st.Earlier = append(st.Earlier, list[n])
		}
		values[it.Code] = st.Value
		out.Items = append(out.Items, st)
	}
	for i := range all {
		if _, left := made[all[i].Code]; left {
			out.Unlisted = append(out.Unlisted, all[i])
		}
	}
	if checks := domain.CheckAttested(values); checks != nil {
		out.Checks = checks
	}
	return out, nil
}

// MissingOf lists the items that nobody has stated for a year.
func (s *Service) MissingOf(ctx context.Context, year int) ([]Missing, error) {
	all, err := s.AttestedYear(ctx, year)
	return all.Missing, err
}

// attest puts into a report what departments have stated, and what is missing.
func (s *Service) attest(ctx context.Context, dir *domain.Directory, a *Annual) error {
	year, err := s.attestedYear(ctx, dir, a.Year)
	if err != nil {
		return err
	}
	for i := range year.Items {
		a.Attested = append(a.Attested, year.Items[i].Stated)
	}
	a.Missing = year.Missing
	return nil
}

func (s *Service) directory(ctx context.Context) (*domain.Directory, error) {
	orgs, err := s.store.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	return domain.NewDirectory(orgs, nil), nil
}

func byCode(all []domain.Attested) map[string][]domain.Attested {
	made := make(map[string][]domain.Attested)
	for i := range all {
		made[all[i].Code] = append(made[all[i].Code], all[i])
	}
	return made
}

func stated(dir *domain.Directory, it *domain.AttestedItem, a *domain.Attested) Stated {
	st := Stated{Item: *it, Attested: *a}
	if o := dir.Get(a.Department); o != nil {
		st.DepartmentName = o.Name
	}
	return st
}

// departmentName is who usually states an item at the end of a year, "" when
// the county has no such department.
func departmentName(dir *domain.Directory, it *domain.AttestedItem, year int) string {
	if o := dir.Functional(it.Department, domain.Year(year).To); o != nil {
		return o.Name
	}
	return ""
}
