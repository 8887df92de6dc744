package intake

import (
	"context"
	"fmt"
	"time"

	"sudi/domain"
)

// flush writes the queued rows in one transaction; if that fails, row by row,
// so that a bad row does not take its neighbours down.
func (r *run) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = nil
	if len(batch) == 0 {
		return nil
	}
	decisions := make([]domain.Decision, len(batch))
	for i := range batch {
		decisions[i] = batch[i].decision
	}
	if _, err := r.o.Engine.Batch(ctx, decisions); err == nil {
		r.take(len(batch))
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return r.oneByOne(ctx, batch)
}

// failure is a row that the store did not take, and why.
type failure struct {
	job    job
	reason Reason
	err    error // not nil when it may be the store's fault
}

func (r *run) oneByOne(ctx context.Context, batch []job) error {
	var failed []failure
	stores := 0
	for _, j := range batch {
		f, err := r.single(ctx, j)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		failed = append(failed, *f)
		if f.err != nil {
			stores++
		}
	}
	if stores == len(batch) && len(batch) > 1 { // it is not refusing rows, it is ill
		return fmt.Errorf("row %d: %w", failed[0].job.row, failed[0].err)
	}
	for _, f := range failed {
		if err := r.reject(ctx, f.job.row, f.job.cells, f.reason); err != nil {
			return err
		}
	}
	return nil
}

// attempts to write a row by itself, so that a hiccup does not cost it.
const attempts = 3

// single writes one row by itself. The error stops the import.
func (r *run) single(ctx context.Context, j job) (*failure, error) {
	var f failure
	for n := range attempts {
		_, err := r.o.Engine.Batch(ctx, []domain.Decision{j.decision})
		if err == nil {
			r.take(1)
			return nil, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// A commit whose answer was lost, or another process with the same
		// file, may have written it.
		done, stored := r.o.Store.ImportedRows(ctx, r.imp.ID)
		if stored != nil {
			return nil, fmt.Errorf("row %d: %w", j.row, err)
		}
		if taken, settled := done[j.row]; settled {
			r.settled[j.row] = taken
			if taken {
				r.take(1)
				return nil, nil
			}
			return &failure{job: j, reason: Reason{{Field: "row", Code: CodeEarlier}}}, nil
		}
		if reason, ok := reasonOf(err); ok {
			return &failure{job: j, reason: reason}, nil
		}
		f = failure{job: j, reason: Reason{{Field: "row", Code: CodeRefused}}, err: err}
		if domain.KindOf(err) == domain.KindOverloaded && n == attempts-1 {
			return nil, fmt.Errorf("row %d: %w", j.row, err)
		}
		if n < attempts-1 {
			pause(ctx, time.Duration(n+1)*100*time.Millisecond)
		}
	}
	return &f, nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
