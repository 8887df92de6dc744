package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func someStatement(code string, revision int, value string) domain.Attested {
	return domain.Attested{
		Year: 2020, Code: code, Revision: revision, Value: value, Over: revision > 1, Department: court, Source: "年报", Signer: "某甲",
		Date: domain.NewDate(2021, 1, 5), EnteredBy: "u1", EnteredAt: tick(),
	}
}

func TestAttestedIsAppendOnly(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	a, b, c := someStatement("court.filings", 1, "2775"), someStatement("court.filings", 2, "2776"), someStatement("cleanup.kept", 1, "21")
	require.NoError(t, s.AddAttested(ctx, []domain.Attested{a, c}))
	require.NoError(t, s.AddAttested(ctx, []domain.Attested{b}))
	require.Equal(t, domain.KindStale, domain.KindOf(s.AddAttested(ctx, []domain.Attested{b})), "somebody was first")
	got, err := s.Attested(ctx, 2020)
	require.NoError(t, err)
	require.Equal(t, []domain.Attested{c, a, b}, got)
	got, err = s.Attested(ctx, 2019)
	require.NoError(t, err)
	require.Empty(t, got)
	for _, sql := range []string{"UPDATE attested SET value = '1'", "DELETE FROM attested", "TRUNCATE attested"} {
		_, err := superuser(t, s).Exec(ctx, sql)
		require.ErrorContains(t, err, "append-only", sql)
	}
}

func TestAttestedIsAllOrNone(t *testing.T) {
	s := open(t)
	bad := someStatement("cleanup.kept", 1, "many")
	require.Equal(t, domain.KindInvalid, domain.KindOf(s.AddAttested(t.Context(), []domain.Attested{someStatement("court.filings", 1, "1"), bad})))
	unknown := someStatement("cleanup.kept", 1, "1")
	unknown.Department = "370404-nobody"
	require.Equal(t, domain.KindInvalid, domain.KindOf(s.AddAttested(t.Context(), []domain.Attested{unknown})))
	require.Zero(t, count(t, s, "attested"))
}
