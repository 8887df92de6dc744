package report

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sudi/domain"
)

// Archive keeps what was published, and draws the line up to which it counts.
type Archive interface {
	// AtOnce runs a function whose reads, through the context that it is given,
	// are all as of one instant.
	AtOnce(ctx context.Context, fn func(context.Context) error) error
	// Frozen is AtOnce at an instant that holds exactly the history entries up
	// to a position; only in it AddPublication may be called, and what it keeps
	// is kept when fn returns nil.
	Frozen(ctx context.Context, fn func(ctx context.Context, position int64) error) error
	// AddPublication keeps a publication for good; KindConflict when somebody
	// else has just published the revision.
	AddPublication(ctx context.Context, p *domain.Publication) error
	// Publication finds a revision of a year, the newest for 0.
	Publication(ctx context.Context, year, revision int) (p domain.Publication, ok bool, err error)
	// Publications lists the revisions of a year in their order, of every year
	// for 0.
	Publications(ctx context.Context, year int) ([]domain.Publication, error)
	// EachHistory gives the history of every case that has an entry behind a
	// position, with how many entries stand at or before known; cases that
	// cannot count in a period that ends with last may be left out.
	EachHistory(ctx context.Context, behind, known int64, last domain.Date, fn func(domain.CaseHistory) error) error
}

// document is what a publication says of itself, all of which its hash covers.
type document struct {
	Year        int                `json:"year"`
	Revision    int                `json:"revision"`
	At          time.Time          `json:"at"`
	By          string             `json:"by"`
	ByName      string             `json:"by_name"`
	Reason      string             `json:"reason"`
	Position    int64              `json:"position"`
	Previous    string             `json:"previous"` // hash of the revision before, "" of the first
	Differences domain.Differences `json:"differences"`
	Annual      Annual             `json:"annual"`
}

// Freeze asks for the publication of a year.
type Freeze struct {
	Year   int
	Reason string // of every revision but the first
}

// MaxReason is the length of a reason, in characters.
const MaxReason = 1000

// MayFreeze reports whether somebody may publish: a supervisor, leader or
// administrator of the county itself.
func MayFreeze(dir *domain.Directory, who domain.Actor) bool {
	switch who.Role {
	case domain.RoleSupervisor, domain.RoleLeader, domain.RoleAdmin:
		return who.Org == dir.Root()
	default:
		return false
	}
}

// Freeze publishes the report of a year as it stands: the first time as
// revision 1, afterwards as the next revision, with its differences from the
// one before and their causes. It refuses to publish what is published already
// (KindConflict, nothing_changed), a year that is not over, and a revision
// without a reason.
func (s *Service) Freeze(ctx context.Context, who domain.Actor, f Freeze) (domain.Publication, error) {
	var p domain.Publication
	f.Reason = strings.TrimSpace(f.Reason)
	if err := s.mayFreeze(ctx, who, &f); err != nil {
		return p, err
	}
	err := s.store.Frozen(ctx, func(ctx context.Context, position int64) error {
		last, ok, err := s.store.Publication(ctx, f.Year, 0)
		if err != nil {
			return err
		}
		annual, err := s.Annual(ctx, f.Year)
		if err != nil {
			return err
		}
		d := document{
			Year: f.Year, Revision: 1, At: s.now().UTC().Truncate(time.Microsecond), By: who.ID, ByName: who.Name,
			Reason: f.Reason, Position: position, Annual: annual, Differences: noDifferences(),
		}
		if ok {
			if err := s.revise(ctx, &d, &last); err != nil {
				return err
			}
		}
		if p, err = d.publication(); err != nil {
			return err
		}
		return s.store.AddPublication(ctx, &p)
	})
	return p, err
}

func (s *Service) mayFreeze(ctx context.Context, who domain.Actor, f *Freeze) error {
	q := Query{Year: f.Year}
	if _, err := q.span(); err != nil {
		return err
	}
	dir, err := s.directory(ctx)
	switch {
	case err != nil:
		return err
	case !MayFreeze(dir, who):
		return domain.Errorf(domain.KindForbidden, "freeze_not_yours")
	case f.Year >= domain.DateIn(s.now()).Year:
		return domain.Errorf(domain.KindConflict, "year_not_over", f.Year)
	case utf8.RuneCountInString(f.Reason) > MaxReason:
		return domain.Invalid(domain.FieldError{Field: "reason", Code: "too_long"})
	case !utf8.ValidString(f.Reason) || strings.ContainsFunc(f.Reason, unicode.IsControl):
		return domain.Invalid(domain.FieldError{Field: "reason", Code: "bad_characters"})
	default:
		return nil
	}
}

// revise makes a document the next revision of what was published last.
func (s *Service) revise(ctx context.Context, d *document, last *domain.Publication) error {
	before, err := read(last)
	if err != nil {
		return err
	}
	d.Revision, d.Previous = last.Revision+1, last.Hash
	d.Differences = differencesOf(&before.Annual, &d.Annual)
	if d.Differences.Empty() {
		return domain.Errorf(domain.KindConflict, "nothing_changed", last.Revision)
	}
	if d.Reason == "" {
		return domain.Invalid(domain.FieldError{Field: "reason", Code: "required"})
	}
	return s.trace(ctx, &d.Differences, d.Year, last.Position)
}

// Current is the report of a year as the county has it: as it was published
// last, with the figures that have become different since, or as it stands when
// it was never published. What made figures counted from cases differ is not
// looked for; Pending does. It is for somebody who may see the whole county.
func (s *Service) Current(ctx context.Context, year int, scope domain.Scope) (Annual, domain.Differences, error) {
	return s.current(ctx, year, scope, false)
}

// Pending is Current with the causes of each difference: which cases, by which
// steps. It reads the history of every case that changed since the publication.
func (s *Service) Pending(ctx context.Context, year int, scope domain.Scope) (Annual, domain.Differences, error) {
	return s.current(ctx, year, scope, true)
}

func (s *Service) current(ctx context.Context, year int, scope domain.Scope, causes bool) (Annual, domain.Differences, error) {
	var out Annual
	pending := noDifferences()
	if err := s.seesCounty(ctx, scope, year); err != nil {
		return out, pending, err
	}
	err := s.store.AtOnce(ctx, func(ctx context.Context) error {
		live, err := s.Annual(ctx, year)
		if err != nil {
			return err
		}
		last, ok, err := s.store.Publication(ctx, year, 0)
		if err != nil || !ok {
			out = live
			return err
		}
		d, err := read(&last)
		if err != nil {
			return err
		}
		out = d.published(last.Hash)
		pending = differencesOf(&out, &live)
		if causes {
			err = s.trace(ctx, &pending, year, last.Position)
		}
		return err
	})
	return out, pending, err
}

// Published is the report of a year as it was published last, or as it stands
// when it never was: Current without what has become different since. It is for somebody who may see the whole county.
func (s *Service) Published(ctx context.Context, year int, scope domain.Scope) (Annual, error) {
	if err := s.seesCounty(ctx, scope, year); err != nil {
		return Annual{}, err
	}
	last, ok, err := s.store.Publication(ctx, year, 0)
	if err != nil {
		return Annual{}, err
	}
	if !ok {
		return s.Annual(ctx, year)
	}
	d, err := read(&last)
	return d.published(last.Hash), err
}

// Revisions lists what was published of a year, the newest first.
func (s *Service) Revisions(ctx context.Context, year int, scope domain.Scope) ([]domain.Publication, error) {
	if err := s.seesCounty(ctx, scope, year); err != nil {
		return nil, err
	}
	list, err := s.store.Publications(ctx, year)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, err
}

// Revision gives a revision of a year as it was published; Content is what its
// hash is of.
func (s *Service) Revision(ctx context.Context, year, revision int, scope domain.Scope) (domain.Publication, Annual, error) {
	if err := s.seesCounty(ctx, scope, year); err != nil {
		return domain.Publication{}, Annual{}, err
	}
	p, ok, err := s.store.Publication(ctx, year, revision)
	if err == nil && !ok {
		err = domain.Errorf(domain.KindNotFound, "publication_unknown")
	}
	if err != nil {
		return p, Annual{}, err
	}
	d, err := read(&p)
	if err != nil {
		return p, Annual{}, err
	}
	return p, d.published(p.Hash), nil
}

// seesCounty refuses readers who may see less than the whole county.
func (s *Service) seesCounty(ctx context.Context, scope domain.Scope, year int) error {
	q := Query{Year: year, Scope: scope}
	if _, err := q.span(); err != nil {
		return err
	}
	dir, err := s.directory(ctx)
	if err != nil {
		return err
	}
	org, err := q.org(dir)
	if err == nil && org != dir.Root() {
		err = domain.Errorf(domain.KindForbidden, "figures_not_yours")
	}
	return err
}

func noDifferences() domain.Differences {
	return domain.Differences{Figures: []domain.Revised{}, Cases: []domain.ChangedCase{}}
}
