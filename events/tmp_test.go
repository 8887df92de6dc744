package events
import ("testing";"fmt";"sync/atomic";"sync";"context";"sudi/domain";"github.com/nats-io/nats.go")
func TestTmp(t *testing.T){
	b := newBench(t)
	b.relayAll(events(5, 2)...)
	var calls atomic.Int32
	away := b.consumer("router", func(context.Context, domain.Event) error {
		calls.Add(1)
		return domain.Errorf(domain.KindOverloaded, "busy")
	})
	conn, _ := b.server.Connect()
	tr := ""; var mu sync.Mutex
	conn.Subscribe("$JS.ACK.>", func(m *nats.Msg){ mu.Lock(); tr += fmt.Sprintf("%s %q\n", m.Subject, m.Data); mu.Unlock() })
	conn.Flush()
	stop := b.run(away.Run)
	b.eventually(func() bool { return calls.Load() >= 10 })
	stop()
	mu.Lock(); tr += "stopped\n"; mu.Unlock()
	seen := newApplied()
	b.run(b.consumer("router", seen.apply).Run)
	b.eventually(func() bool { return seen.count() == 10 })
	for _, vs := range seen.order { if len(vs)!=2 || vs[0] != 1 { fmt.Println(tr, seen.order); t.Fatal() } }
}
