package store

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
)

// BenchmarkIntake32 opens cases from 32 goroutines. Its yardstick is pgbench
// with testdata/intake.sql on the same cluster, a transaction a case.
func BenchmarkIntake32(b *testing.B) {
	s := open(b)
	var n atomic.Int64
	const clients = 32
	b.ResetTimer()
	start := time.Now()
	done := make(chan error, clients)
	for range clients {
		go func() {
			for n.Add(1) <= int64(b.N) {
				if r := s.Apply(b.Context(), deciding(newCase(newID()))); r.Err != nil {
					done <- r.Err
					return
				}
			}
			done <- nil
		}()
	}
	for range clients {
		require.NoError(b, <-done)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "cases/s")
}

// closedCase is a whole life: six actions, three clocks.
func closedCase(id string) domain.Change {
	change := newCase(id)
	change.Deadlines = append(change.Deadlines, someDeadline(id, "reply", change.After.ReceivedAt, 30))
	for i, action := range []string{"route", "accept", "handle", "reply", "close"} {
		change = change.Then(step(domain.File{Case: change.After}, action, func(c *domain.Case) {
			at := c.UpdatedAt
			c.State = action + "ed"
			switch i {
			case 1:
				c.AcceptedAt, c.Disposition = &at, domain.Active
			case 3:
				c.ConcludedAt, c.Disposition = &at, domain.Concluded
			case 4:
				c.ClosedAt = &at
			}
		}))
	}
	for i := range change.Deadlines {
		change.Deadlines[i].EndedAt, change.Deadlines[i].Met = change.After.ClosedAt, true
	}
	return change
}

// BenchmarkApplyAll1000 writes a thousand closed cases at a time.
func BenchmarkApplyAll1000(b *testing.B) {
	s := open(b)
	for b.Loop() {
		b.StopTimer()
		ds := make([]domain.Decision, 1000)
		for i := range ds {
			ds[i] = deciding(closedCase(newID()))
		}
		b.StartTimer()
		_, err := s.ApplyAll(b.Context(), ds)
		require.NoError(b, err)
	}
}
