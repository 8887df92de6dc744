package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// Counts are kept by number: two measures of one number would be added up.
func TestMeasuresHaveNumbersOfTheirOwn(t *testing.T) {
	for i := range domain.Measures {
		m := &domain.Measures[i]
		require.Positive(t, m.Number, m.Code)
		require.Same(t, m, domain.MeasureByNumber(m.Number), "%s has the number of another", m.Code)
	}
}
