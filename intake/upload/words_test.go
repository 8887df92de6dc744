package upload

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every refusal has its words, which stand in api.
func TestEveryCodeHasWords(t *testing.T) {
	words, err := os.ReadFile("../../api/messages.go")
	require.NoError(t, err)
	for _, code := range allCodes {
		require.Contains(t, string(words), `"`+code+`":`)
	}
}
