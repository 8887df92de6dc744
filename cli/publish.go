package cli

import (
	"context"
	"slices"
	"time"

	"sudi/domain"
	"sudi/store"
	"sudi/workflow"
)

// firstRules publishes what this program brings and the database does not know
// yet, and gives the rules. It refuses a program whose text of a published
// version is another.
func (a *app) firstRules(ctx context.Context) (*workflow.Rules, error) {
	standard, err := workflow.StandardLibrary()
	if err != nil {
		return nil, err
	}
	known, err := a.store.Procedures(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := standard.With(known); err != nil { // before anything is published
		return nil, err
	}
	fresh := slices.Clone(standard.Texts())
	for i := range fresh {
		fresh[i].PublishedAt = now()
	}
	fresh = slices.DeleteFunc(fresh, func(t domain.ProcedureText) bool {
		i := published(known, t.Name, t.Version)
		if i >= 0 && known[i].Own && known[i].Hash != t.Hash {
			a.set.log.Warn("the county published a version of this number first: its own holds", "procedure", t.Name, "version", t.Version)
		}
		return i >= 0
	})
	n, err := a.store.Publish(ctx, fresh)
	if err == nil && n > 0 {
		err = a.announceCounty(ctx)
	}
	if err != nil {
		return nil, err
	}
	return loadRules(ctx, a.store)
}

// now is when something is published, in PostgreSQL's precision.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// published finds a version among those that the database has, -1 when it is
// not there.
func published(known []domain.ProcedureText, name string, version int) int {
	return slices.IndexFunc(known, func(t domain.ProcedureText) bool { return t.Name == name && t.Version == version })
}

// loadLibrary is this program's procedures and all that were ever published.
func loadLibrary(ctx context.Context, st *store.Store) (*workflow.Library, error) {
	standard, err := workflow.StandardLibrary()
	if err != nil {
		return nil, err
	}
	known, err := st.Procedures(ctx)
	if err != nil {
		return nil, err
	}
	return standard.With(known)
}
