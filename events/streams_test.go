package events

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFirstStartAnnouncesNothingTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(2, 2)...)
	require.Zero(t, b.memory.requeued())
}

func TestAnEmptyStreamIsNotDamaged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.history = events(1, 1) // announced long ago
	b.run(b.relay().Run)
	time.Sleep(300 * time.Millisecond) // several checks
	require.Zero(t, b.memory.requeued())
	b.memory.commit(event(1, 1))
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	time.Sleep(300 * time.Millisecond)
	require.Zero(t, b.memory.requeued())
}

func TestStoreLostBetweenRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(5, 3)...)
	b.stop()
	require.NoError(t, os.RemoveAll(b.dir))
	b.start()
	seen := newApplied()
	b.run(b.consumer("router", seen.apply).Run) // before there is a stream
	b.run(b.relay().Run)
	b.eventually(func() bool { return seen.count() == 15 })
	require.Equal(t, 1, b.memory.requeued())
	seen.inOrder(t)
}

func TestStreamLostWhileRunning(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := newApplied()
	b.run(b.relay().Run)
	b.run(b.consumer("router", seen.apply).Run)
	b.memory.commit(events(5, 3)...)
	b.eventually(func() bool { return seen.count() == 15 && b.memory.waiting() == 0 })

	require.NoError(t, b.js().DeleteStream(t.Context(), CasesStream)) // and nothing new happens
	b.eventually(func() bool { return b.memory.requeued() == 1 && seen.times(event(4, 3).ID) == 2 })
	seen.inOrder(t)
}

// An old backup has the right creation time, but lacks the newest messages.
func TestStaleBackupIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(5, 2)...)
	b.stop()
	backup := b.dir + ".backup"
	require.NoError(t, os.CopyFS(backup, os.DirFS(b.dir)))
	b.start()
	b.relayAll(event(9, 1))
	b.stop()
	require.NoError(t, os.RemoveAll(b.dir))
	require.NoError(t, os.Rename(backup, b.dir))
	b.start()
	stop := b.run(b.relay().Run)
	b.eventually(func() bool { return b.memory.requeued() == 1 && b.memory.waiting() == 0 })
	stop()
	require.Len(t, b.storedEvents(), 11)
}

func TestGapInTheStreamIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(5, 2)...)
	s, err := b.js().Stream(t.Context(), CasesStream)
	require.NoError(t, err)
	require.NoError(t, s.DeleteMsg(t.Context(), 4))
	stop := b.run(b.relay().Run)
	b.eventually(func() bool { return b.memory.requeued() == 1 && b.memory.waiting() == 0 })
	stop()
	require.Len(t, b.storedEvents(), 10)
}

func TestFullStreamDropsTheOldest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.relay()
	r.MaxBytes = 64 << 10
	b.memory.commit(events(300, 1)...)
	stop := b.run(r.Run)
	b.eventually(func() bool { return b.memory.waiting() == 0 })
	time.Sleep(3 * r.check) // the drop is not taken for damage
	stop()
	require.Zero(t, b.memory.requeued())
	got := b.storedEvents()
	require.Less(t, len(got), 300)
	require.Equal(t, event(299, 1).ID, got[len(got)-1].ID)
}
