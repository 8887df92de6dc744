package workflow

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"sudi/domain"
)

// open makes the case that a transition opens out of this one, if it opens any:
// the same matter, received now by whoever hands it over.
func (r *Rules) open(p *Procedure, t *Transition, f *facts, after *domain.Case, a Action) ([]domain.Change, error) {
	i := slices.IndexFunc(t.Opens, func(o Opening) bool { return firstFailing(o.If, f) == nil })
	if i < 0 {
		return nil, nil
	}
	o := &t.Opens[i]
	next, err := r.Library.Latest(o.Procedure, domain.DateIn(a.Now))
	if err != nil {
		return nil, domain.Errorf(domain.KindInternal, "procedure_missing", o.Procedure, 0)
	}
	in := Intake{
		Procedure: o.Procedure, Class: o.Class, Category: after.Category, Title: after.Title, Statement: after.Statement,
		Place: after.Place, Lng: after.Lng, Lat: after.Lat, Channel: after.Channel, Amount: after.Amount, Persons: after.Persons,
		Flags: next.free(after.Flags), Parties: slices.Clone(f.file.Parties), ReceivedAt: a.Now, Source: after.Source,
		Fields: domain.Fields{}, DerivedFrom: after.ID,
	}
	if o.Channel != "" {
		in.Channel = o.Channel
	}
	for name, own := range o.Fields {
		if v, given := f.fields[own]; given {
			in.Fields[name] = v
		}
	}
	org := f.file.Case.Desk
	if a.Actor.Staff() {
		org = a.Actor.Org
	}
	change, err := r.register(next, in, a.Actor, org, a.Now, openedID(after, a.Now), map[string]domain.Case{after.ID: *after})
	if err != nil {
		return nil, fmt.Errorf("open %s out of %s: %w", o.Procedure, p.Name, err)
	}
	return []domain.Change{change}, nil
}

// free leaves out the flags that only the procedure's actions raise and lower;
// a risk stays one.
func (p *Procedure) free(flags []domain.Flag) []domain.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f domain.Flag) bool { return p.governed[f] && f != domain.FlagRisk })
}

// openedID is the UUIDv7 of the case that an entry opens. It follows from the
// entry, so that a decision taken twice opens one case.
func openedID(opener *domain.Case, now time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", opener.ID, opener.Version))
	var id uuid.UUID
	copy(id[:], sum[:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli())) //nolint:gosec // after 1970
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}
