package workflow

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"sudi/domain"
)

//go:embed procedures/*.yaml
var procedureFiles embed.FS

// Library holds every published version of every procedure, compiled.
type Library struct {
	versions map[string]map[int]*Procedure
	latest   map[string]*Procedure
	names    []string
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
	var common Common
	var problems []error
	if raw, err := fs.ReadFile(files, commonFile); err == nil {
		common, problems = CompileCommon(commonFile, raw)
	}
	lib := &Library{versions: map[string]map[int]*Procedure{}, latest: map[string]*Procedure{}}
	letters := map[string]string{} // of case numbers → the procedure that they are of
	sources, err := readSources(files, names)
	if err != nil {
		return nil, err
	}
	for _, own := range sources {
		name := own.file
		p, errs := compile(own, own.model(sources), common)
		problems = append(problems, errs...)
		if len(errs) > 0 {
			continue
		}
		if lib.versions[p.Name] == nil {
			lib.versions[p.Name] = map[int]*Procedure{}
			lib.names = append(lib.names, p.Name)
		}
		if lib.versions[p.Name][p.Version] != nil {
			problems = append(problems, fmt.Errorf("%s: %s version %d stands in two files", name, p.Name, p.Version))
		}
		if other := letters[p.Number]; other != "" && other != p.Name {
			problems = append(problems, fmt.Errorf("%s: %s has the number letters %s of %s", name, p.Name, p.Number, other))
		}
		letters[p.Number] = p.Name
		lib.versions[p.Name][p.Version] = p
		if l := lib.latest[p.Name]; l == nil || l.Version < p.Version {
			lib.latest[p.Name] = p
		}
	}
	sort.Strings(lib.names)
	problems = append(problems, lib.openings()...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return lib, nil
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
		s := source{file: name, text: text}
		if err := yaml.Unmarshal(text, &s.head); err != nil {
			s.head = head{} // the compiler says what is wrong with it
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// openings proves that what procedures open exists.
func (l *Library) openings() []error {
	var problems []error
	wrong := func(format string, args ...any) { // once, though the transition may stand in many states
		err := fmt.Errorf(format, args...)
		if !slices.ContainsFunc(problems, func(e error) bool { return e.Error() == err.Error() }) {
			problems = append(problems, err)
		}
	}
	for _, name := range l.names {
		for _, p := range l.versions[name] {
			for _, t := range p.all() {
				for i := range t.Opens {
					o := &t.Opens[i]
					next := l.latest[o.Procedure]
					if next == nil {
						wrong("%s: %s opens a case of unknown procedure %q", name, t.Do, o.Procedure)
						continue
					}
					if _, known := next.Classes[o.Class]; !known && len(next.Classes) > 0 {
						wrong("%s: %s opens a %s of unknown class %q", name, t.Do, o.Procedure, o.Class)
					}
					for _, need := range next.Register.Needs {
						if own := o.Fields[need]; !slices.Contains(t.Needs, own) {
							wrong("%s: %s opens a %s, which needs %s, without it", name, t.Do, o.Procedure, need)
						}
					}
				}
			}
		}
	}
	return problems
}

// opened are the procedures whose cases come out of others.
func (l *Library) opened() map[string]bool {
	names := map[string]bool{}
	for _, versions := range l.versions {
		for _, p := range versions {
			for _, t := range p.all() {
				for i := range t.Opens {
					names[t.Opens[i].Procedure] = true
				}
			}
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

// Latest finds the newest version of a procedure, by which new cases run.
func (l *Library) Latest(name string) (*Procedure, error) {
	p := l.latest[strings.TrimSpace(name)]
	if p == nil {
		return nil, domain.Errorf(domain.KindNotFound, "procedure_unknown", name)
	}
	return p, nil
}

// All lists the newest version of each procedure, by name.
func (l *Library) All() []*Procedure {
	var ps []*Procedure
	for _, n := range l.names {
		ps = append(ps, l.latest[n])
	}
	return ps
}

// Announced lists, for each procedure, the events after which the router has
// something to do: those of transitions into a state with a route, and, where
// cases of the procedure come out of others, of all that lead somewhere.
func (l *Library) Announced() map[string][]string {
	events := map[string][]string{}
	opened := l.opened()
	for name, versions := range l.versions {
		seen := map[string]bool{}
		for _, p := range versions {
			for _, t := range p.all() {
				if s := p.State(t.To); (s != nil && s.Route != "" || opened[name] && t.To != "") && !seen[t.event()] {
					seen[t.event()] = true
					events[name] = append(events[name], t.event())
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
