package report_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// failing folds every second time only.
type failing struct {
	*memory
	rounds int
}

func (s *failing) FoldTallies(ctx context.Context) (int64, error) {
	if s.rounds++; s.rounds%2 == 1 {
		return 0, errors.New("the server is away")
	}
	return s.memory.FoldTallies(ctx)
}

func TestKeepFoldedTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &failing{memory: newMemory()}
		play(t, s, nil, []step{{kind: "receive", procedure: "appeal", unit: townshipA, at: edges[1]}})
		ctx, stop := context.WithTimeout(t.Context(), 25*time.Second)
		defer stop()
		var failed int
		newService(s).KeepFolded(ctx, 10*time.Second, func(error) { failed++ })
		require.Equal(t, 2, s.rounds)
		require.Equal(t, 1, failed)
		require.Empty(t, s.deltas)
		require.NotEmpty(t, s.totals)
	})
}
