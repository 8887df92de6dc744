package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// year2020 answers with the counts of a whole county.
type year2020 struct{ *memory }

func (year2020) Count(_ context.Context, qs ...domain.CountQuery) ([]domain.Counts, error) {
	answers := make([]domain.Counts, len(qs))
	for i := range qs {
		answers[i] = domain.Counts{}
		if qs[i].By != domain.ByNothing || qs[i].Span != domain.Year(2020) {
			continue
		}
		for code, n := range map[string]int64{
			"appeals.received": 62417, "appeals.due": 62405, "appeals.closed": 61781,
			"appeals.evaluated": 41250, "appeals.satisfied": 40425,
			"petitions.received": 1308, "petitions.accepted": 1104, "petitions.concluded": 1071,
			"mediation.accepted": 2801, "mediation.succeeded": 2576, "mediation.concluded": 2577,
		} {
			answers[i].Add("", domain.MeasureByCode(code), 0, n)
		}
	}
	return answers, nil
}

func TestAnnual(t *testing.T) {
	a, err := newService(year2020{newMemory()}).Annual(t.Context(), 2020)
	require.NoError(t, err)
	for _, lang := range []string{"zh", "en"} {
		var b bytes.Buffer
		require.NoError(t, a.WriteText(&b, lang))
		golden(t, "annual."+lang+".txt", b.Bytes())
		for line := range strings.Lines(b.String()) {
			require.LessOrEqual(t, uniseg.StringWidth(strings.TrimRight(line, "\n")), 80, line)
		}
	}
	require.Len(t, a.ByTownship, 3*len(domain.Indicators), "two townships, and the organisations of neither")
	a.ByMonth, a.ByTownship, a.ByCategory, a.ByProcedure, a.ByOrganization = nil, nil, nil, nil, nil // the same, group by group
	raw, err := json.MarshalIndent(a, "", "  ")
	require.NoError(t, err)
	golden(t, "annual.json", append(raw, '\n'))
}

func TestAnnualOfNoYear(t *testing.T) {
	_, err := newService(newMemory()).Annual(t.Context(), 0)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
}
