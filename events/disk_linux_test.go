package events

import (
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The server gives a stream up for good when it cannot be written. It has to
// come back by itself once there is room again.
func TestFullDiskIsSurvived(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("no right to mount a small disk: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	b := &bench{t: t, dir: filepath.Join(disk, "broker"), memory: newMemory(), log: slog.New(slog.DiscardHandler)}
	b.start()
	t.Cleanup(func() { b.stop() })
	seen := newApplied()
	b.run(b.relay().Run)
	b.run(b.consumer("router", seen.apply).Run)
	b.memory.commit(events(1000, 5)...) // more than fits
	b.eventually(func() bool { return b.memory.waiting() < 4500 })
	time.Sleep(time.Second)
	require.Positive(t, b.memory.waiting(), "the rest waits in the outbox")

	require.NoError(t, syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=64m"))
	began := time.Now()
	b.eventually(func() bool { return seen.count() == 5000 && b.memory.waiting() == 0 })
	t.Log("recovered after", time.Since(began))
	seen.inOrder(t)
}
