package report

import (
	"context"

	"sudi/domain"
)

// DifferencesOf lets tests compare reports with breakdowns of their own making.
func (s *Service) DifferencesOf(ctx context.Context, before, after *Annual, position int64) (domain.Differences, error) {
	return s.differences(ctx, before, after, position)
}
