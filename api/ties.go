package api

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"sudi/domain"
	"sudi/workflow"
)

// ties are the places of a case that name another one.
func ties(c *domain.Case) []**string {
	return []**string{&c.MergedInto, &c.Repeats, &c.DerivedFrom, &c.ReturnedBy}
}

// untie takes out of cases the ids of others that the caller may not see: what
// hangs together with a case that he sees is told by its links and its chain. A
// case of the matter of one that complains of his own unit becomes its own
// matter to him; of any other first case he may know that there is one.
func (s *server) untie(ctx context.Context, who *Caller, cases ...*domain.Case) error {
	var ids []string
	named := map[string]bool{}
	name := func(id string, c *domain.Case) {
		if id != c.ID && !named[id] {
			ids, named[id] = append(ids, id), true
		}
	}
	for _, c := range cases {
		name(c.Matter, c)
		for _, tie := range ties(c) {
			if *tie != nil {
				name(**tie, c)
			}
		}
	}
	seen, known, err := s.seenOf(ctx, who, ids) // with an error nothing is seen
	for _, c := range cases {
		if c.Matter != c.ID && known[c.Matter] == nil {
			c.Matter = c.ID
		}
		if c.ReturnedBy != nil && seen[*c.ReturnedBy] == nil {
			c.ReturnedAt = nil
		}
		for _, tie := range ties(c) {
			if *tie != nil && **tie != c.ID && seen[**tie] == nil {
				*tie = nil
			}
		}
	}
	return err
}

// seenOf reads those of some cases that a caller may see, and those of which he
// may know that they exist: all but what complains of his own unit.
func (s *server) seenOf(ctx context.Context, who *Caller, ids []string) (seen, known map[string]*domain.Case, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	scope := s.scope(who)
	if seen, err = s.casesOf(ctx, scope, ids); err != nil || len(seen) == len(ids) || scope.Watch {
		return seen, seen, err
	}
	scope.Watch = true
	known, err = s.casesOf(ctx, scope, ids)
	return seen, known, err
}

// tieEffects are the names under which an entry's effect holds another case.
var tieEffects = []string{"matter", "merged_into", "repeats", "derived_from", "returned_by"}

// untieEntries does for a history what untie does for a case, and says by
// version which entries are left out: that of a repeat's arrival, where the
// caller may not see the repeat.
func (s *server) untieEntries(ctx context.Context, who *Caller, c *domain.Case, versions []*workflow.Procedure, entries []domain.Entry) (map[int]bool, error) {
	named := make([]map[string]string, len(entries)) // "effect" or "fields", a point and the name → id
	var ids []string
	for i := range entries {
		named[i] = casesIn(&entries[i], versions[i])
		for _, id := range named[i] {
			if id != c.ID && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	seen, known, err := s.seenOf(ctx, who, ids)
	if err != nil || len(seen) == len(ids) {
		return nil, err
	}
	secret := map[int]bool{}
	for i := range entries {
		e := &entries[i]
		e.Effect, e.Fields = maps.Clone(e.Effect), maps.Clone(e.Fields)
		for place, id := range named[i] {
			in, name, _ := strings.Cut(place, ".")
			switch {
			case id == c.ID || seen[id] != nil || name == "matter" && known[id] != nil:
			case in == "fields":
				delete(e.Fields, name)
			case name == "matter":
				e.Effect[name] = c.ID
			default:
				secret[e.Version] = name == "returned_by" || secret[e.Version]
				delete(e.Effect, name)
			}
		}
	}
	for i := range entries {
		if entries[i].Action == workflow.ActionRepeatUndone && len(secret) > 0 {
			secret[entries[i].Version] = true
		}
	}
	return secret, nil
}

// casesIn are the other cases that an entry names.
func casesIn(e *domain.Entry, p *workflow.Procedure) map[string]string {
	named := map[string]string{}
	for _, name := range tieEffects {
		if id, ok := e.Effect[name].(string); ok {
			named["effect."+name] = id
		}
	}
	for name, v := range e.Fields {
		if id, ok := v.(string); ok && p.Fields[name].Type == workflow.FieldCase && uuid.Validate(id) == nil {
			named["fields."+name] = id
		}
	}
	return named
}

// seenCauses are those of the cases that made a report differ that the caller may
// see.
func (s *server) seenCauses(ctx context.Context, who *Caller, d *domain.Differences) (map[string]*domain.Case, error) {
	if !who.reads() {
		return map[string]*domain.Case{}, nil
	}
	ids := make([]string, len(d.Cases))
	for i := range d.Cases {
		ids[i] = d.Cases[i].ID
	}
	seen, _, err := s.seenOf(ctx, who, ids)
	return seen, err
}

// mayReadWhole refuses a publication to the letter to who may not see one of the
// cases that it names. Who reads cases at the county itself is kept from none.
func (s *server) mayReadWhole(ctx context.Context, who *Caller, d *domain.Differences) error {
	if who.reads() && who.User.Org == s.Engine.Rules().Directory.Root() {
		return nil
	}
	seen, err := s.seenCauses(ctx, who, d)
	if err == nil && len(seen) < len(d.Cases) {
		err = domain.Errorf(domain.KindForbidden, "publication_names_hidden")
	}
	return err
}

// untieDifferences leaves the cases that the caller may not see unnamed among
// the causes of how a report differs; what they add to its figures stays.
func (s *server) untieDifferences(ctx context.Context, who *Caller, d *domain.Differences) error {
	seen, err := s.seenCauses(ctx, who, d)
	if err != nil {
		return err
	}
	d.Cases = slices.DeleteFunc(slices.Clone(d.Cases), func(c domain.ChangedCase) bool { return seen[c.ID] == nil })
	d.Figures = slices.Clone(d.Figures)
	for i := range d.Figures {
		causes := slices.Clone(d.Figures[i].Causes)
		for n := range causes {
			if seen[causes[n].CaseID] == nil {
				causes[n].CaseID = ""
			}
		}
		d.Figures[i].Causes = causes
	}
	return nil
}
