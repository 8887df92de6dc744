package report

import (
	"context"
	"time"

	"sudi/domain"
)

// totals is the roll-up as it follows from cases.
type totals struct {
	counts map[domain.Total]int64
	dir    *domain.Directory
}

func (s *Service) newTotals(ctx context.Context) (*totals, error) {
	dir, err := s.directory(ctx)
	return &totals{make(map[domain.Total]int64), dir}, err
}

// add counts a case.
func (t *totals) add(c *domain.Case) {
	for _, f := range domain.Facts(c) {
		for total := range f.Totals(t.dir.Get(f.Owner).Path) {
			t.counts[total] += f.N
		}
	}
}

// differences takes what the roll-up holds from what follows from the cases:
// what is left has to be added to it.
func (t *totals) differences(ctx context.Context, counter Counter) (map[domain.Total]int64, error) {
	err := counter.EachTotal(ctx, func(total domain.Total, n int64) error {
		t.counts[total] -= n
		return nil
	})
	for total, n := range t.counts {
		if n == 0 {
			delete(t.counts, total)
		}
	}
	return t.counts, err
}

// Rebuild counts every case anew from its history and corrects the roll-up by
// the differences, of which it says how many there were. Work goes on meanwhile:
// cases and roll-up are read as of one instant, and what is written since is
// counted on top. progress, which may be nil, is told the number of cases.
// KindConflict "rebuild_running" while another process does the same.
func (s *Service) Rebuild(ctx context.Context, progress func(done int64)) (corrected int, err error) {
	ran, err := s.store.WithLock(ctx, "rebuild the roll-up", func(ctx context.Context) error {
		wrong, err := s.wrongTotals(ctx, progress)
		if corrected = len(wrong); err != nil || corrected == 0 {
			return err
		}
		return s.store.AddTotals(ctx, wrong)
	})
	if err == nil && !ran {
		err = domain.Errorf(domain.KindConflict, "rebuild_running")
	}
	return corrected, err
}

// wrongTotals compares the roll-up with the cases as their history tells them.
func (s *Service) wrongTotals(ctx context.Context, progress func(done int64)) (wrong map[domain.Total]int64, err error) {
	err = s.store.AtOnce(ctx, func(ctx context.Context) error {
		t, err := s.newTotals(ctx)
		if err != nil {
			return err
		}
		var done int64
		err = s.store.EachFile(ctx, func(_ domain.File, entries []domain.Entry) error {
			c, _, err := domain.Fold(entries)
			if err != nil {
				return err
			}
			t.add(&c)
			if done++; progress != nil {
				progress(done)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		wrong, err = t.differences(ctx, s.store)
		return err
	})
	return wrong, err
}

// measuresSetting says by which measures the roll-up is counted.
const measuresSetting = "measures"

// CatchUp rebuilds the roll-up when it was counted by other measures than are
// declared now, as after an upgrade. While another process does it, it waits.
func (s *Service) CatchUp(ctx context.Context, progress func(done int64)) error {
	declared := domain.MeasuresDigest()
	for {
		counted, _, err := s.store.Setting(ctx, measuresSetting)
		if err != nil || counted == declared {
			return err
		}
		_, err = s.Rebuild(ctx, progress)
		if err == nil {
			return s.store.SetSetting(ctx, measuresSetting, declared)
		}
		if domain.KindOf(err) != domain.KindConflict {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
