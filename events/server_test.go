package events

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestServerKeepsItsStreams(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(3, 2)...)
	b.stop()
	b.start()
	require.Len(t, b.storedEvents(), 6)
	b.relayAll(event(9, 1))
	require.Zero(t, b.memory.requeued(), "the same store came back")
}

func TestServerListensNowhereAndSyncsAlways(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Nil(t, b.server.nats.Addr())
	config := b.server.nats.JetStreamConfig()
	require.True(t, config.SyncAlways)
	require.EqualValues(t, storeLimit, config.MaxStore)
}

func TestUnusableStoreIsMovedAside(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"a file in its place": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.WriteFile(dir, []byte("not a store"), 0o600))
		},
		"a file inside in its place": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "jetstream")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "jetstream"), []byte("not a store"), 0o600))
		},
		"a stream's description damaged": func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "jetstream", "$G", "streams", CasesStream, "meta.inf"))
		},
		"a stream's description gone": func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "jetstream", "$G", "streams", CasesStream, "meta.inf")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.relayAll(events(3, 2)...)
			b.stop()
			spoil(t, b.dir)
			var log bytes.Buffer
			b.log = slog.New(slog.NewTextHandler(&log, nil))
			b.start()
			require.Contains(t, log.String(), "unusable")
			b.log = slog.New(slog.DiscardHandler)
			aside, err := filepath.Glob(b.dir + ".broken-*")
			require.NoError(t, err)
			require.Len(t, aside, 1, "it is kept for whoever wants to look")

			stop := b.run(b.relay().Run)
			b.eventually(func() bool { return b.memory.requeued() == 1 && b.memory.waiting() == 0 })
			stop()
			require.Len(t, b.storedEvents(), 6, "everything is announced again")
		})
	}
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := StartServer(filepath.Join(file, "broker"), Desks{}, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "not a directory")
}

// A byte of a message's block is changed while the server is down.
func TestDamagedMessageIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.relayAll(events(20, 3)...)
	b.stop()
	blocks, err := filepath.Glob(filepath.Join(b.dir, "jetstream", "$G", "streams", CasesStream, "msgs", "*.blk"))
	require.NoError(t, err)
	require.NotEmpty(t, blocks)
	raw, err := os.ReadFile(blocks[0])
	require.NoError(t, err)
	raw[len(raw)/3] ^= 1
	require.NoError(t, os.WriteFile(blocks[0], raw, 0o600))
	b.start()
	seen := newApplied()
	b.run(b.relay().Run)
	b.run(b.consumer("router", seen.apply).Run)
	b.eventually(func() bool { return seen.count() == 60 })
	seen.inOrder(t)
}

func TestDeletedStoreIsMadeAnewWhileRunning(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := newApplied()
	b.run(b.relay().Run)
	b.run(b.consumer("router", seen.apply).Run)
	b.memory.commit(events(5, 2)...)
	b.eventually(func() bool { return seen.count() == 10 })

	require.NoError(t, os.RemoveAll(b.dir))
	b.memory.commit(event(7, 1))
	b.eventually(func() bool { return seen.times(event(7, 1).ID) > 0 && b.memory.requeued() > 0 })
	b.eventually(func() bool { return b.memory.waiting() == 0 && seen.times(event(0, 1).ID) > 1 })
	seen.inOrder(t)
}

func TestConnectDoesNotNeedTheServer(t *testing.T) {
	t.Parallel()
	conn, err := Connect("nats://127.0.0.1:1", "", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	began := time.Now()
	_, err = js.PublishMsgAsync(nats.NewMsg("sudi.x"))
	require.Error(t, err, "it is not kept for later")
	require.Less(t, time.Since(began), time.Second)
}

func overwrite(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte("damaged"), 0o600))
}
