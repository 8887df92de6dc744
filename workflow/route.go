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

// complainedOf reports whether a case is against an organisation or a part of
// it. The county, above everybody, is never kept from a case.
func (r *Rules) complainedOf(code string, file *domain.File) bool {
	return slices.ContainsFunc(file.Complained(), func(c string) bool {
		return code == c || r.Directory.Within(code, c) && c != r.Directory.Root()
	})
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
	}
	if o == nil {
		return ""
	}
	return o.Code
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
