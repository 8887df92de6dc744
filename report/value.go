package report

import (
	"strconv"

	"sudi/domain"
)

// Value is a count, or a number of tenths. The zero Value is unknown: a rate of
// nothing.
type Value struct {
	known  bool
	tenths bool
	n      int64
}

// Count is the value of a count.
func Count(n int64) Value { return Value{known: true, n: n} }

// Rate is the value n ÷ d in percent, unknown when d is 0.
func Rate(n, d int64) Value {
	tenths, ok := domain.Percent(n, d)
	return Value{known: ok, tenths: ok, n: tenths}
}

// Mean is the value sum ÷ n with one decimal, half up; unknown when n is 0.
func Mean(sum, n int64) Value {
	if n == 0 {
		return Value{}
	}
	return Value{known: true, tenths: true, n: (20*sum + n) / (2 * n)}
}

// Known reports whether there is a value.
func (v Value) Known() bool { return v.known }

// Float is the value as a number, for charts and sheets; 0 when unknown.
func (v Value) Float() float64 {
	if v.tenths {
		return float64(v.n) / 10
	}
	return float64(v.n)
}

// Tenths is the value in tenths.
func (v Value) Tenths() int64 {
	if v.tenths {
		return v.n
	}
	return 10 * v.n
}

// change is how a value moved from an earlier one: of a count in percent of the
// earlier, of anything else in its own unit. Unknown where either is, or where a
// count began at nothing.
func (v Value) change(before Value, unit domain.IndicatorUnit) Value {
	switch {
	case !v.known || !before.known:
		return Value{}
	case v.tenths || before.tenths || unit == domain.UnitDays:
		return Value{known: true, tenths: true, n: v.Tenths() - before.Tenths()}
	case before.n == 0:
		return Value{}
	default:
		return Value{known: true, tenths: true, n: rounded(1000*(v.n-before.n), before.n)}
	}
}

// rounded is n ÷ d, d > 0, half away from nothing.
func rounded(n, d int64) int64 {
	if n < 0 {
		return -rounded(-n, d)
	}
	return (2*n + d) / (2 * d)
}

// String is "62417", "99.0", or "—" when unknown.
func (v Value) String() string {
	switch {
	case !v.known:
		return "—"
	case v.tenths && v.n < 0:
		return "-" + domain.FormatTenths(-v.n)
	case v.tenths:
		return domain.FormatTenths(v.n)
	default:
		return strconv.FormatInt(v.n, 10)
	}
}

// MarshalJSON writes 62417, 99.0, or null when unknown.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.known {
		return []byte("null"), nil
	}
	return []byte(v.String()), nil
}
