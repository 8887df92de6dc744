package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/report"
)

func TestStatedInWords(t *testing.T) {
	of := func(code, value string, over bool) report.Stated {
		return report.Stated{Item: *domain.AttestedItemByCode(code), Attested: domain.Attested{Code: code, Value: value, Over: over}}
	}
	for _, c := range []struct {
		st     report.Stated
		zh, en string
	}{
		{of("openness.published", "12000", true), "12000余条", "over 12000 items"},
		{of("relief.taxes", "2", true), "2亿余元", "over 2 hundred million yuan"},
		{of("relief.subsidies", "457", false), "457万元", "457 ten thousand yuan"},
		{of("training.excellent_rate", "93.6", false), "93.6%", "93.6%"},
		{of("openness.topics", "20", false), "20个", "20"},
	} {
		require.Equal(t, c.zh, c.st.InWords("zh"))
		require.Equal(t, c.en, c.st.InWords("en"))
	}
}

func TestWriteAttested(t *testing.T) {
	_, s := newAttesting()
	_, _, err := s.State(t.Context(), admin, states("reconsideration.correction_rate_published", "22.4", justice))
	require.NoError(t, err)
	a, err := s.Annual(t.Context(), 2020)
	require.NoError(t, err)
	for lang, want := range map[string][]string{
		"zh": {"单位填报", "22.4%", "司法局，工作台账，2021-01-15，某甲（不能复算）", "尚未填报:66 项"},
		"en": {"Stated by departments", "22.4%", "(not reproducible)", "66 items"},
	} {
		var b bytes.Buffer
		require.NoError(t, a.WriteAttested(&b, lang))
		for _, text := range want {
			require.Contains(t, b.String(), text)
		}
		for line := range strings.Lines(b.String()) {
			require.LessOrEqual(t, uniseg.StringWidth(strings.TrimRight(line, "\n")), 80, line)
		}
	}
}
