package workflow

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStandardLibraryCompiles(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	require.NotEmpty(t, lib.All())
}
