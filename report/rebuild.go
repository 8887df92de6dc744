package report

import (
	"context"

	"sudi/domain"
)

// totals is the roll-up as it follows from cases.
type totals struct {
	counts map[domain.Total]int64
	dir    *domain.Directory
}

func (s *Service) newTotals(ctx context.Context) (*totals, error) {
	orgs, err := s.store.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	return &totals{make(map[domain.Total]int64), domain.NewDirectory(orgs, nil)}, nil
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
func (s *Service) Rebuild(ctx context.Context, progress func(done int64)) (corrected int, err error) {
	var wrong map[domain.Total]int64
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
	if err != nil || len(wrong) == 0 {
		return 0, err
	}
	return len(wrong), s.store.AddTotals(ctx, wrong)
}
