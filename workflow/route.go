package workflow

import (
	"slices"
	"strings"

	"sudi/domain"
)

// levels are the mediation committees from the village up; escalation climbs
// them (domain: village first, township when the village fails, then county).
var levels = []Target{"village_committee", "township_committee", "industry_committee district"}

// resolve finds the organisation that a target names for a case, "" when none
// exists there.
func (r *Rules) resolve(p *Procedure, t Target, f *facts) (code string, why domain.Text) {
	first, rest, _ := strings.Cut(string(t), " ")
	switch first {
	case "owner":
		return f.file.Case.Owner, why
	case "desk":
		return f.file.Case.Desk, why
	case "registrar":
		return f.file.Case.RegisteredBy, why
	case "escalate":
		return r.escalation(f), why
	case "route":
		return r.route(p, f)
	case "field":
		name, fallback, _ := strings.Cut(rest, " or ")
		if code = f.fields.String(name); code == "" && fallback != "" {
			return r.resolve(p, Target(fallback), f)
		}
		return code, why
	default:
		return r.ofKind(domain.OrgKind(first), rest, f), why
	}
}

// route reads the decision table: the first row that fits and whose target
// exists. A unit complained of never receives its own complaint: the case goes
// to the first organisation above it that the complaint does not touch.
func (r *Rules) route(p *Procedure, f *facts) (string, domain.Text) {
	for i := range p.Routes {
		row := &p.Routes[i]
		if firstFailing(row.If, f) != nil {
			continue
		}
		code, _ := r.resolve(p, row.To, f)
		if code == "" {
			continue
		}
		if code = r.avoid(code, f.file); code != "" {
			return code, row.Why
		}
	}
	return "", domain.Text{}
}

// avoid gives the organisation itself, or, when the case complains of it, the
// county's petition bureau, or the county itself when that is complained of.
func (r *Rules) avoid(code string, file *domain.File) string {
	if !r.complainedOf(code, file) {
		return code
	}
	for _, o := range r.Directory.OfKind(domain.OrgPetitionBureau) {
		if !r.complainedOf(o.Code, file) {
			return o.Code
		}
	}
	return r.Directory.Root()
}

// complainedOf reports whether a case is against an organisation or what it
// is a part of. The county, above everybody, is never kept from a case.
func (r *Rules) complainedOf(code string, file *domain.File) bool {
	return slices.ContainsFunc(file.Complained(), func(c string) bool {
		return c != r.Directory.Root() && r.Directory.Within(code, c)
	})
}

// place moves the case to another desk or owner.
func (r *Rules) place(p *Procedure, t *Transition, f *facts, after *domain.Case, entry *domain.Entry) error {
	if t.Desk != "" {
		code, why, err := r.handTo(p, t.Desk, f)
		if err != nil {
			return err
		}
		if why.ZH != "" && entry.Note == "" && f.actor.System() {
			entry.Note = why.ZH
		}
		if after.Desk != code {
			after.Desk, entry.Desk = code, code
		}
	}
	if t.Owner != "" {
		code, _, err := r.handTo(p, t.Owner, f)
		if err != nil {
			return err
		}
		after.Owner, after.Unit = code, r.Directory.Unit(code)
	}
	r.partners(p, t, f, after, entry)
	before := &f.file.Case
	if after.Owner != before.Owner || after.Desk != before.Desk && before.Disposition == domain.Pending {
		after.Handler = "" // whoever handles it works at the unit that accepted it
	}
	return nil
}

// partners tells organisations of the case and lets them see it, which those
// that have it do anyway. One that does not exist there, or is complained of, is
// left out.
func (r *Rules) partners(p *Procedure, t *Transition, f *facts, after *domain.Case, entry *domain.Entry) {
	day := domain.DateIn(f.now)
	tell := func(code string) {
		org := r.Directory.Get(code)
		if org == nil || !org.Active(day) || r.complainedOf(code, f.file) || slices.Contains(entry.Notified, code) {
			return
		}
		entry.Notified = append(entry.Notified, code)
		if !slices.Contains(append([]string{after.Desk, after.Owner, after.RegisteredBy}, after.Partners...), code) {
			after.Partners = append(after.Partners, code)
		}
	}
	for _, target := range t.Partners {
		name, isField := target.field()
		if list, ok := f.fields[name].([]string); isField && ok {
			for _, code := range list {
				tell(code)
			}
			continue
		}
		code, _ := r.resolve(p, target, f)
		tell(code)
	}
}

// handTo is the organisation that gets a case. What a person chose must exist
// and not be complained of; what the procedure names gives way to the organ
// that took over its duties, or to one that the complaint does not touch.
func (r *Rules) handTo(p *Procedure, target Target, f *facts) (string, domain.Text, error) {
	code, why := r.resolve(p, target, f)
	day := domain.DateIn(f.now)
	org := r.Directory.Get(code)
	if name, isField := target.field(); isField && f.fields.String(name) != "" {
		switch {
		case org == nil || !org.Active(day):
			return "", why, wrongField(name, "organization_unknown")
		case r.complainedOf(code, f.file):
			return "", why, wrongField(name, "complained_of", org.Name)
		}
		return code, why, nil
	}
	for org != nil && !org.Active(day) {
		org = r.Directory.Get(org.Parent)
	}
	if org == nil {
		return "", why, domain.Errorf(domain.KindConflict, "no_organization", string(target))
	}
	return r.avoid(org.Code, f.file), why, nil
}

func (r *Rules) ofKind(kind domain.OrgKind, function string, f *facts) string {
	day := domain.DateIn(f.now)
	var o *domain.Organization
	switch {
	case kind == domain.OrgDepartment && function == "competent":
		o = r.Directory.Competent(f.file.Case.Category, day)
	case function != "":
		o = r.Directory.ByFunction(kind, function, day)
	default:
		o = r.Directory.At(kind, f.file.Case.Place, day)
		if o == nil {
			o = r.onlyOne(kind, day)
		}
	}
	if o == nil {
		return ""
	}
	return o.Code
}

// onlyOne is the county's one body of a kind, which serves every place, and
// those without one too; nil when there are several or none.
func (r *Rules) onlyOne(kind domain.OrgKind, day domain.Date) *domain.Organization {
	var one *domain.Organization
	for _, o := range r.Directory.OfKind(kind) {
		if !o.Active(day) || o.Parent != r.Directory.Root() && o.Code != r.Directory.Root() {
			continue
		}
		if one != nil {
			return nil
		}
		one = o
	}
	return one
}

// escalation is the next larger committee above the desk, "" at the top.
func (r *Rules) escalation(f *facts) string {
	desk := r.Directory.Get(f.file.Case.Desk)
	if desk == nil {
		return ""
	}
	for i, t := range levels[:len(levels)-1] {
		kind, _, _ := strings.Cut(string(t), " ")
		if string(desk.Kind) == kind {
			next, function, _ := strings.Cut(string(levels[i+1]), " ")
			return r.ofKind(domain.OrgKind(next), function, f)
		}
	}
	return ""
}
