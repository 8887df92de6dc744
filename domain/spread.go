package domain

// Amount is what a case that is counted adds.
func (m *Measure) Amount(c *Case) int64 {
	if m.Adds == QuantitySettled {
		return c.Settled
	}
	return 1
}

// Step is what a case that is counted is kept apart by.
func (m *Measure) Step(c *Case) int {
	switch m.Over {
	case SpreadHandled:
		return max(0, DateIn(*c.ConcludedAt).Sub(DateIn(*c.AcceptedAt)))
	case SpreadReceived:
		return DayNumber(DateIn(c.ReceivedAt))
	default:
		return 0
	}
}

// Bounds are the days that a span leaves a measure: of a stock, all until its
// end.
func (m *Measure) Bounds(s Span) Span {
	if m.Stock {
		s.From = Date{}
	}
	return s
}

// Measures are the measures that an indicator is made from.
func (ind *Indicator) Measures() []string {
	var codes []string
	for _, code := range []string{ind.Numerator, ind.Denominator} {
		if code != "" {
			codes = append(codes, code)
		}
	}
	return codes
}

// Better says in which direction an indicator is better, "" when neither.
type Better string

// The directions.
const (
	BetterMore Better = "more"
	BetterLess Better = "less"
)
