package report_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
	"sudi/store"
	"sudi/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

type realStore interface {
	lister
	applier
}

var _ realStore = (*store.Store)(nil)

// openStore gives the model county on a PostgreSQL database of the test's own.
func openStore(t testing.TB) realStore {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.NewDatabase(t), store.Options{Keys: storetest.Keys()})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.LoadCounty(t.Context(), someOrganizations(), someCategories(), nil))
	return s
}

var groupings = []string{"", domain.ByMonth, domain.ByTownship, domain.ByCategory, domain.ByProcedure, domain.ByOrganization}

// What the oracle in memory shows for figures holds for PostgreSQL: before
// folding, after it, and with both kinds of row.
func TestFiguresFollowTheCasesInPostgreSQL(t *testing.T) {
	s := openStore(t)
	ids := play(t, s, nil, story(7, 250))
	requireAgreement(t, s)
	folded, err := s.FoldTallies(t.Context())
	require.NoError(t, err)
	require.Positive(t, folded)
	requireAgreement(t, s)
	play(t, s, ids, story(8, 100))
	requireAgreement(t, s)
}

func requireAgreement(t *testing.T, s realStore) {
	t.Helper()
	service := newService(s)
	for _, by := range groupings {
		for _, org := range []string{"", townshipA, justice} {
			q := report.Query{Year: 2020, Org: org, By: by, Scope: domain.AllCases}
			fs, err := service.Figures(t.Context(), q)
			require.NoError(t, err)
			requireFigures(t, s, q, fs)
		}
	}
	r, err := service.Verify(t.Context(), report.VerifyOptions{Year: 2020})
	require.NoError(t, err)
	require.Empty(t, r.Differences)
	require.Positive(t, r.Cases)
}

// BenchmarkFigures reads a year's figures while most of the roll-up is folded.
func BenchmarkFigures(b *testing.B) {
	s := openStore(b)
	ids := play(b, s, nil, story(7, 2000))
	_, err := s.FoldTallies(b.Context())
	require.NoError(b, err)
	play(b, s, ids, story(8, 200))
	service := newService(s)
	for _, by := range groupings {
		b.Run("by="+by, func(b *testing.B) {
			for b.Loop() {
				_, err := service.Figures(context.Background(), report.Query{Year: 2020, By: by, Scope: domain.AllCases})
				require.NoError(b, err)
			}
		})
	}
}
