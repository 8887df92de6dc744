package events

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// BenchmarkRelay is what syncing each message costs: the same relay into a
// server that syncs always, as ours does, and into one with NATS's own default.
// depth is how many events a case has in the outbox, which makes the waves.
func BenchmarkRelay(b *testing.B) {
	for _, always := range []bool{true, false} {
		for _, depth := range []int{1, 8} {
			b.Run(fmt.Sprintf("always=%t/depth=%d", always, depth), func(b *testing.B) {
				ns, err := server.NewServer(&server.Options{
					DontListen: true, NoSigs: true, JetStream: true, SyncAlways: always,
					StoreDir: filepath.Join(b.TempDir(), "broker"), JetStreamMaxStore: storeLimit,
				})
				require.NoError(b, err)
				ns.Start()
				defer halt(ns)
				conn, err := nats.Connect(nats.DefaultURL, nats.InProcessServer(ns))
				require.NoError(b, err)
				defer conn.Close()
				js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(4*relayBatch))
				require.NoError(b, err)
				m := newMemory()
				r := NewRelay(m, conn, county, nil)
				require.NoError(b, r.ensureStreams(b.Context(), js, true))
				m.commit(events((b.N+depth-1)/depth, depth)...)
				b.ResetTimer()
				for m.waiting() > 0 {
					_, err := r.forward(b.Context(), js.PublishMsgAsync)
					require.NoError(b, err)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
