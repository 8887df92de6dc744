package county

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestAttestedHasEveryItem(t *testing.T) {
	all := Attested()
	require.Len(t, all, len(domain.AttestedItems))
	for i, a := range all {
		assert.Equal(t, domain.AttestedItems[i].Code, a.Code)
		assert.NotEmpty(t, a.Signer)
		assert.NotEmpty(t, a.Source)
	}
}

// What the seed's report says, read again apart from the table.
func TestAttestedValuesOfTheReport(t *testing.T) {
	got := map[string]string{}
	for _, a := range Attested() {
		got[a.Code] = a.Value
		if a.Over {
			got[a.Code] += "+"
		}
	}
	for code, want := range map[string]string{
		"approval.time_limit_cut": "70", "approval.steps_cut": "100+", "approval.once_done": "1012",
		"enforcement.minor_items": "309", "decisions.legal_opinions": "85", "cleanup.kept": "21",
		"openness.published": "12000+", "court.filings_change": "-11.2", "training.excellent_rate": "93.6",
		"training.leaflets": "50000+", "relief.subsidies": "457", "market.abnormal_cleared": "4149",
		"publicity.episodes": "44", "villages.municipal_model": "16", "leadership.instructions": "18",
	} {
		assert.Equal(t, want, got[code], code)
	}
}
