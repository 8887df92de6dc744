package report_test

import (
	"cmp"
	"context"
	"slices"

	"sudi/domain"
)

// archive is the part of memory that keeps statements and publications.
type archive struct {
	position     int64
	positions    map[string][]int64 // of each case's entries
	attested     []domain.Attested
	publications []domain.Publication
}

func (a *archive) wrote(id string, entries int) {
	if a.positions == nil {
		a.positions = make(map[string][]int64)
	}
	for range entries {
		a.position++
		a.positions[id] = append(a.positions[id], a.position)
	}
}

func (a *archive) Attested(_ context.Context, year int) ([]domain.Attested, error) {
	var out []domain.Attested
	for _, st := range a.attested {
		if st.Year == year {
			out = append(out, st)
		}
	}
	slices.SortFunc(out, func(x, y domain.Attested) int { return cmp.Or(cmp.Compare(x.Code, y.Code), x.Revision-y.Revision) })
	return out, nil
}

func (a *archive) AddAttested(_ context.Context, list []domain.Attested) error {
	for _, st := range list {
		if slices.ContainsFunc(a.attested, func(o domain.Attested) bool {
			return o.Year == st.Year && o.Code == st.Code && o.Revision == st.Revision
		}) {
			return domain.Errorf(domain.KindStale, "statement_stale")
		}
	}
	a.attested = append(a.attested, list...)
	return nil
}

func (a *archive) AtOnce(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (a *archive) Frozen(ctx context.Context, fn func(context.Context, int64) error) error {
	return fn(ctx, a.position)
}

func (a *archive) AddPublication(_ context.Context, p *domain.Publication) error {
	a.publications = append(a.publications, *p)
	return nil
}

func (a *archive) Publications(_ context.Context, year int) ([]domain.Publication, error) {
	var out []domain.Publication
	for _, p := range a.publications {
		if year == 0 || p.Year == year {
			out = append(out, p)
		}
	}
	return out, nil
}

func (a *archive) Publication(ctx context.Context, year, revision int) (p domain.Publication, ok bool, err error) {
	list, err := a.Publications(ctx, year)
	for _, one := range list {
		if revision == 0 || one.Revision == revision {
			p, ok = one, true
		}
	}
	return p, ok, err
}

func (m *memory) EachHistory(_ context.Context, behind, known int64, _ domain.Date, fn func(domain.CaseHistory) error) error {
	for _, id := range m.order {
		at := m.positions[id]
		if at[len(at)-1] <= behind {
			continue
		}
		h := domain.CaseHistory{CaseID: id, Number: m.files[id].Case.Number, Entries: m.entries[id]}
		for _, p := range at {
			if p <= known {
				h.Known++
			}
		}
		if err := fn(h); err != nil {
			return err
		}
	}
	return nil
}
