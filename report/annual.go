package report

import (
	"context"
	"time"

	"sudi/domain"
)

// Annual is the county's report of a year.
type Annual struct {
	Year    int       `json:"year"`
	AsOf    time.Time `json:"as_of"`
	Figures []Figure  `json:"figures"`
}

// Annual makes the report of a year, over the whole county. Until it is frozen
// it follows the cases: a closure rate is as of AsOf, not as of the year's end.
func (s *Service) Annual(ctx context.Context, year int) (Annual, error) {
	fs, err := s.Figures(ctx, Query{Year: year, Scope: domain.AllCases})
	if err != nil {
		return Annual{}, err
	}
	return Annual{Year: year, AsOf: fs[0].AsOf, Figures: fs}, nil
}
