package workflow

import (
	"slices"
	"time"

	"sudi/domain"
)

// works reports whether an actor works where a transition must be taken: at
// that organisation or above it.
func (r *Rules) works(a domain.Actor, where Turn, file *domain.File) bool {
	if !a.Staff() {
		return true
	}
	if r.complainedOf(a.Org, file) {
		return false
	}
	switch where {
	case TurnOwner:
		return r.Directory.Within(file.Case.Owner, a.Org)
	case TurnRegistrar:
		return r.Directory.Within(file.Case.RegisteredBy, a.Org)
	case TurnInvolved:
		return r.works(a, TurnAny, file) || r.works(a, TurnPartner, file)
	case TurnPartner:
		return slices.ContainsFunc(file.Case.Partners, func(p string) bool { return r.Directory.Within(p, a.Org) })
	case TurnAny:
		return r.oversees(a) || r.Directory.Within(file.Case.Desk, a.Org) || r.Directory.Within(file.Case.Owner, a.Org) ||
			r.Directory.Within(file.Case.RegisteredBy, a.Org)
	default:
		return r.Directory.Within(file.Case.Desk, a.Org)
	}
}

// oversees reports whether an actor watches over every organ of the county: a
// supervisor of the petition bureau (信访工作条例 14, 40).
func (r *Rules) oversees(a domain.Actor) bool {
	org := r.Directory.Get(a.Org)
	return a.Role == domain.RoleSupervisor && org != nil && org.Kind == domain.OrgPetitionBureau
}

// Scope is what an actor may see.
func (r *Rules) Scope(a domain.Actor) domain.Scope {
	return domain.Scope{Org: a.Org, Watch: r.oversees(a)}
}

// turn is where a transition must be taken.
func turn(s *State, t *Transition) Turn {
	if t.At != "" {
		return t.At
	}
	return s.Turn
}

// Available is an action that somebody may take now.
type Available struct {
	Action *Transition
	// Blocked is the guard that stands in the way for now, "" when nothing does.
	Blocked string
}

// Available lists what an actor may do with a case, the state's own actions
// first; those that a guard blocks for now are listed with it.
func (r *Rules) Available(file domain.File, actor domain.Actor, now time.Time) ([]Available, error) {
	p, state, err := r.stand(&file.Case)
	if err != nil {
		return nil, err
	}
	f := &facts{file: &file, actor: actor, now: now, rules: r}
	var list []Available
	for _, t := range p.Transitions(state) {
		if !t.allows(actor.Role) || !r.works(actor, turn(state, t), &file) || t.alwaysRates() && ownWork(&file.Case, actor) {
			continue
		}
		a := Available{Action: t}
		for _, g := range t.If {
			if !g.reads() && !g.holds(f) { // fields are not known yet
				a.Blocked = g.String()
				break
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// ownWork reports whether somebody handled a case or gave it its result, so
// that he may not rate it.
func ownWork(c *domain.Case, a domain.Actor) bool {
	return a.ID != "" && (a.ID == c.Handler || a.ID == c.ConcludedBy)
}

// rates reports whether a transition records a rating when given these fields.
func (t *Transition) rates(fields domain.Fields) bool {
	name, rates := t.Sets["satisfaction"]
	return rates && fields.String(name) != ""
}

// alwaysRates reports whether a transition cannot be taken without a rating.
func (t *Transition) alwaysRates() bool {
	name, rates := t.Sets["satisfaction"]
	return rates && slices.Contains(t.Needs, name)
}
