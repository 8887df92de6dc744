package report

import (
	"context"

	"sudi/domain"
)

// DifferencesOf lets tests compare reports with breakdowns of their own making.
func (s *Service) DifferencesOf(ctx context.Context, before, after *Annual, position int64) (domain.Differences, error) {
	d := differencesOf(before, after)
	err := s.trace(ctx, &d, before.Year, position)
	return d, err
}
