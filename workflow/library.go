package workflow

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"sudi/domain"
)

//go:embed procedures/*.yaml
var procedureFiles embed.FS

// Library holds every published version of every procedure, compiled. It is
// immutable.
type Library struct {
	versions map[string]map[int]*Procedure
	order    map[string][]*Procedure // of each name, the newest version first
	names    []string
	texts    []domain.ProcedureText // of the files that it was loaded from

	sources    []source // files that another may be like
	common     Common
	commonText []byte
}

// StandardLibrary is the library of the embedded files; they are compiled
// once and a mistake in them stops the program with every error listed.
var StandardLibrary = sync.OnceValues(func() (*Library, error) {
	sub, err := fs.Sub(procedureFiles, "procedures")
	if err != nil {
		return nil, err
	}
	return LoadLibrary(sub)
})

// commonFile holds the transitions that every procedure has in every state.
const commonFile = "_common.yaml"

// LoadLibrary compiles all procedure files of a folder and reports every
// mistake in all of them at once, each with file and line.
func LoadLibrary(files fs.FS) (*Library, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	lib := &Library{versions: map[string]map[int]*Procedure{}}
	var problems []error
	if raw, err := fs.ReadFile(files, commonFile); err == nil {
		lib.commonText = raw
		lib.common, problems = CompileCommon(commonFile, raw)
	}
	sources, err := readSources(files, names)
	if err != nil {
		return nil, err
	}
	lib.sources = sources
	for _, own := range sources {
		name := own.file
		p, text, errs := lib.Read(name, own.text)
		problems = append(problems, errs...)
		if len(errs) > 0 {
			continue
		}
		if lib.versions[p.Name][p.Version] != nil {
			problems = append(problems, fmt.Errorf("%s: %s version %d stands in two files", name, p.Name, p.Version))
		}
		lib.put(p)
		lib.texts = append(lib.texts, text)
	}
	return lib.finish(problems)
}

// Read compiles a procedure's file beside what the library's procedures share,
// and gives its texts as they are kept when it is published. It may be like any
// of the library's. Every mistake is reported, with its line.
func (l *Library) Read(file string, text []byte) (*Procedure, domain.ProcedureText, []error) {
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 { // it could not be kept
		return nil, domain.ProcedureText{}, []error{fmt.Errorf("%s:1: is no text in UTF-8", file)}
	}
	own := sourceOf(file, text)
	p, errs := compile(own, own.model(l.sources), l.common)
	if len(errs) > 0 {
		return nil, domain.ProcedureText{}, errs
	}
	kept, err := p.published(text, l.commonText)
	if err != nil {
		return nil, kept, []error{err}
	}
	return p, kept, nil
}

// Texts lists the versions that the library was loaded from.
func (l *Library) Texts() []domain.ProcedureText { return l.texts }

// With is the library together with versions that were published before,
// compiled from the texts of then. A version that Sudi published must be the
// same in the library and there: KindConflict when it is not. Where the county
// was first to publish a version, its own holds.
func (l *Library) With(published []domain.ProcedureText) (*Library, error) {
	all := &Library{
		versions: map[string]map[int]*Procedure{}, texts: l.texts, sources: slices.Clone(l.sources), common: l.common, commonText: l.commonText,
	}
	ours := map[string]string{} // version → hash
	for _, t := range l.texts {
		ours[versionName(&t)] = t.Hash
		all.put(l.versions[t.Name][t.Version])
	}
	var changed []string
	for i := range published {
		t := &published[i]
		switch hash, known := ours[versionName(t)]; {
		case known && hash == t.Hash:
			continue
		case known && !t.Own:
			changed = append(changed, versionName(t))
			continue
		}
		p, errs := Compile(versionName(t), []byte(t.Document), Common{})
		if len(errs) > 0 {
			return nil, domain.Errorf(domain.KindConflict, "procedure_unreadable", versionName(t), errors.Join(errs...))
		}
		all.put(p)
		all.sources = append(all.sources, sourceOf(versionName(t), []byte(t.Source)))
	}
	if len(changed) > 0 {
		return nil, domain.Errorf(domain.KindConflict, "procedure_text_differs", strings.Join(changed, ", "))
	}
	return all.finish(nil)
}

// versionName names a version to people: "petition 2".
func versionName(t *domain.ProcedureText) string { return fmt.Sprintf("%s %d", t.Name, t.Version) }

// put adds a version, or replaces it.
func (l *Library) put(p *Procedure) {
	if l.versions[p.Name] == nil {
		l.versions[p.Name] = map[int]*Procedure{}
	}
	l.versions[p.Name][p.Version] = p
}

// finish makes the indexes and proves what needs the whole library.
func (l *Library) finish(problems []error) (*Library, error) {
	l.names = slices.Sorted(maps.Keys(l.versions))
	l.order = map[string][]*Procedure{}
	letters := map[string]string{} // of case numbers → the procedure that they are of
	for _, name := range l.names {
		l.order[name] = slices.SortedFunc(maps.Values(l.versions[name]), func(a, b *Procedure) int { return b.Version - a.Version })
		for _, p := range l.order[name] {
			if other := letters[p.Number]; other != "" && other != name {
				problems = append(problems, fmt.Errorf("%s: %s has the number letters %s of %s", p.file, name, p.Number, other))
			}
			letters[p.Number] = name
		}
	}
	problems = append(problems, l.openings()...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return l, nil
}

// readSources reads the procedure files, in the order of their names.
func readSources(files fs.FS, names []string) ([]source, error) {
	var sources []source
	for _, name := range names {
		if path.Base(name) == commonFile {
			continue
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, sourceOf(name, text))
	}
	return sources, nil
}

// sourceOf is a file with what its head says.
func sourceOf(file string, text []byte) source {
	s := source{file: file, text: text}
	if err := yaml.Unmarshal(text, &s.head); err != nil {
		s.head = head{} // the compiler says what is wrong with it
	}
	return s
}

// openings proves that what procedures open exists, in every version that a new
// case may run on.
func (l *Library) openings() []error {
	var problems []error
	for _, name := range l.names {
		for _, p := range l.order[name] {
			for _, t := range p.all() {
				for i := range t.Opens {
					for _, err := range l.opening(p, t, &t.Opens[i]) { // once, though the transition may stand in many states
						if !slices.ContainsFunc(problems, func(e error) bool { return e.Error() == err.Error() }) {
							problems = append(problems, err)
						}
					}
				}
			}
		}
	}
	return problems
}

func (l *Library) opening(p *Procedure, t *Transition, o *Opening) []error {
	var problems []error
	if len(l.order[o.Procedure]) == 0 {
		problems = append(problems, fmt.Errorf("%s: %s opens a case of unknown procedure %q", p.Name, t.Do, o.Procedure))
	}
	for _, next := range l.order[o.Procedure] {
		if _, known := next.Classes[o.Class]; !known && len(next.Classes) > 0 {
			problems = append(problems, fmt.Errorf("%s: %s opens a %s of unknown class %q", p.Name, t.Do, o.Procedure, o.Class))
		}
		for _, need := range next.Register.Needs {
			if own := o.Fields[need]; !slices.Contains(t.Needs, own) {
				problems = append(problems, fmt.Errorf("%s: %s opens a %s, which needs %s, without it", p.Name, t.Do, o.Procedure, need))
			}
		}
		if next.ValidFrom.IsZero() {
			break // older ones take no new cases
		}
	}
	return problems
}

// opened are the procedures whose cases come out of others.
func (l *Library) opened() map[string]bool {
	names := map[string]bool{}
	for _, versions := range l.versions {
		for _, p := range versions {
			maps.Copy(names, p.opened)
		}
	}
	return names
}

// Get finds a version of a procedure.
func (l *Library) Get(name string, version int) (*Procedure, error) {
	p := l.versions[name][version]
	if p == nil {
		return nil, domain.Errorf(domain.KindInternal, "procedure_missing", name, version)
	}
	return p, nil
}

// Latest finds the version by which a case received on a day runs: the newest
// that is valid then.
func (l *Library) Latest(name string, received domain.Date) (*Procedure, error) {
	for _, p := range l.order[strings.TrimSpace(name)] {
		if p.ValidFrom.IsZero() || !received.Before(p.ValidFrom) {
			return p, nil
		}
	}
	return nil, domain.Errorf(domain.KindNotFound, "procedure_unknown", name)
}

// All lists the newest version of each procedure, by name.
func (l *Library) All() []*Procedure {
	var ps []*Procedure
	for _, n := range l.names {
		ps = append(ps, l.order[n][0])
	}
	return ps
}

// InForce lists the version of each procedure by which cases received on a day
// run, by name.
func (l *Library) InForce(day domain.Date) []*Procedure {
	var ps []*Procedure
	for _, n := range l.names {
		if p, err := l.Latest(n, day); err == nil {
			ps = append(ps, p)
		}
	}
	return ps
}

// Announced lists, for each procedure, the events after which the router has
// something to do: those of transitions into a state with a route, and, where
// cases of the procedure come out of others, of all that lead somewhere; and
// those that make or unmake a repeat, which its first case hears of.
func (l *Library) Announced() map[string][]string {
	events := map[string][]string{}
	opened := l.opened()
	for name, versions := range l.versions {
		seen := map[string]bool{}
		for _, p := range versions {
			announce := func(from *State, t *Transition) {
				leads := t == &p.Register || t.ties() || t.To != "" && (opened[name] || slices.ContainsFunc(p.targets(from, t), func(to string) bool { return p.State(to).Route != "" }))
				if leads && !seen[t.event()] {
					seen[t.event()] = true
					events[name] = append(events[name], t.event())
				}
			}
			announce(&State{}, &p.Register)
			for i := range p.States {
				for j := range p.States[i].On {
					announce(&p.States[i], &p.States[i].On[j])
				}
			}
			for i := range p.Anywhere {
				if t := &p.Anywhere[i]; t.ties() {
					announce(&State{}, t)
				}
			}
		}
		sort.Strings(events[name])
	}
	return events
}

// RoutePoints lists where the router moves cases by itself.
func (l *Library) RoutePoints() []domain.RoutePoint {
	var points []domain.RoutePoint
	for name, versions := range l.versions {
		for _, p := range versions {
			for i := range p.States {
				if s := &p.States[i]; s.Route != "" {
					points = append(points, domain.RoutePoint{Procedure: name, Version: p.Version, State: s.Name, Action: s.Route})
				}
			}
		}
	}
	return points
}

// WatchPoints lists where cases wait for what becomes of others.
func (l *Library) WatchPoints() []domain.RoutePoint {
	var points []domain.RoutePoint
	for name, versions := range l.versions {
		for _, p := range versions {
			for i := range p.States {
				if p.States[i].watches() {
					points = append(points, domain.RoutePoint{Procedure: name, Version: p.Version, State: p.States[i].Name})
				}
			}
		}
	}
	return points
}

// WorkedOnBy lists the procedures in some state of which a role may act.
func (l *Library) WorkedOnBy(role domain.Role) []string {
	names := []string{}
	for name, versions := range l.versions {
		for _, p := range versions {
			if p.workedOnBy(role) {
				names = append(names, name)
				break
			}
		}
	}
	sort.Strings(names)
	return names
}

// workedOnBy leaves out what everybody may do anywhere.
func (p *Procedure) workedOnBy(role domain.Role) bool {
	for i := range p.States {
		for j := range p.States[i].On {
			if p.States[i].On[j].allows(role) {
				return true
			}
		}
	}
	return false
}
