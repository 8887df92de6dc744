package intake

import (
	"context"
	"fmt"
	"time"

	"sudi/domain"
)

// flush writes the queued rows in one transaction; if that fails, again
// without those that turn out to be settled; and if none is, row by row, so
// that a bad row does not take its neighbours down.
func (r *run) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = nil
	for len(batch) > 0 {
		decisions := make([]domain.Decision, len(batch))
		for i := range batch {
			decisions[i] = batch[i].decision
		}
		_, err := r.o.Engine.Batch(ctx, decisions)
		if err == nil {
			r.take(len(batch))
			return nil
		}
		if err := r.reread(ctx, batch[0].row, err); err != nil {
			return err
		}
		rest, err := r.unsettled(ctx, batch)
		if err != nil {
			return err
		}
		if len(rest) == len(batch) {
			return r.oneByOne(ctx, batch)
		}
		batch = rest
	}
	return nil
}

// reread finds out which rows are settled by now: after a write that failed, a
// commit whose answer was lost, or another process with the same file, may
// have settled some. It gives the error of the write when it cannot.
func (r *run) reread(ctx context.Context, row int, failed error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	settled, err := r.o.Store.ImportedRows(ctx, r.imp.ID)
	if err != nil {
		return fmt.Errorf("row %d: %w", row, failed)
	}
	if settled != nil {
		r.settled = settled
	}
	return nil
}

// unsettled counts the rows that are settled elsewhere and gives the others.
func (r *run) unsettled(ctx context.Context, batch []job) (rest []job, err error) {
	for _, j := range batch {
		taken, settled := r.settled[j.row]
		switch {
		case taken:
			r.take(1)
		case settled:
			if err := r.reject(ctx, j.row, j.cells, Reason{{Field: "row", Code: CodeEarlier}}); err != nil {
				return nil, err
			}
		default:
			rest = append(rest, j)
		}
	}
	return rest, nil
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
	// A row before it may have shown that this one is settled, too.
	if rest, err := r.unsettled(ctx, []job{j}); err != nil || len(rest) == 0 {
		return nil, err
	}
	var f failure
	for n := range attempts {
		_, err := r.o.Engine.Batch(ctx, []domain.Decision{j.decision})
		if err == nil {
			r.take(1)
			return nil, nil
		}
		reason, ok := reasonOf(err)
		if !ok || domain.KindOf(err) == domain.KindConflict { // otherwise it is the row itself
			if err := r.reread(ctx, j.row, err); err != nil {
				return nil, err
			}
			if rest, err := r.unsettled(ctx, []job{j}); err != nil || len(rest) == 0 {
				return nil, err
			}
		}
		if ok {
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
