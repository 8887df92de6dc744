package paper

import (
	"fmt"
	"strconv"
	"strings"

	"sudi/domain"
	"sudi/report"
)

// unknown is what stands where a figure is not known.
const unknown = "——"

// printed is a figure's value as it stands in running text, without its unit:
// "62417", "99.0%", "100%".
func printed(f *report.Figure) string {
	if f == nil {
		return unknown
	}
	v := f.Value.String()
	switch {
	case v == "—":
		return unknown
	case f.Unit == domain.UnitPercent:
		return percent(v)
	default:
		return v
	}
}

// percent puts the sign behind a percentage; a whole hundred needs no decimal.
func percent(v string) string {
	if v == "100.0" || v == "0.0" {
		v = strings.TrimSuffix(v, ".0")
	}
	return v + "%"
}

// money prints an amount of fen with its unit: 8123.46万元, 950.50元, 81,234,567
// yuan. Ten thousands are rounded half up to two decimals by integers; the
// workbook has the exact amount.
func money(fen int64, lang string) string {
	if lang == "en" {
		return thousands((fen+50)/100) + " yuan"
	}
	if fen < 1e6 {
		return fmt.Sprintf("%d.%02d元", fen/100, fen%100)
	}
	hundredths := (fen + 5000) / 10000
	return fmt.Sprintf("%d.%02d万元", hundredths/100, hundredths%100)
}

// floored gives the round number below a count, which "余" asserts to be less
// than it: 62417 by 1000 → 62000. ok is false when the count is round itself.
func floored(n, step int64) (round int64, ok bool) {
	round = n - n%step
	return round, round > 0 && round < n
}

// atLeast reports whether n ÷ d reaches a whole percentage, by integers: the
// assertion of "90%以上".
func atLeast(n, d, threshold int64) bool { return d > 0 && n*100 >= threshold*d }

// amount writes a stated value in the words of its language: a whole number of
// 万 or 亿 as such in Chinese, thousands apart in English.
func amount(value, lang string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return value
	}
	if lang == "en" {
		return thousands(n)
	}
	switch {
	case n >= 1e8 && n%1e7 == 0:
		return tenths(n/1e7) + "亿"
	case n >= 1e4 && n%1e4 == 0 && (n >= 1e6 || n < 1e5):
		return tenths(n/1e3) + "万"
	default:
		return value
	}
}

// tenths prints tenths without an idle decimal: 45 → "4.5", 50 → "5".
func tenths(t int64) string {
	return strings.TrimSuffix(domain.FormatTenths(t), ".0")
}

// thousands sets the digits of a number apart by threes.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// fraction is "61781/62405" for a rate, "" for what has no two sides.
func fraction(f *report.Figure) string {
	if f == nil || f.Numerator == nil || f.Denominator == nil {
		return ""
	}
	return strconv.FormatInt(*f.Numerator, 10) + "/" + strconv.FormatInt(*f.Denominator, 10)
}

// isPercent reports whether a figure is a percentage that is known.
func isPercent(f *report.Figure) bool {
	return f != nil && f.Unit == domain.UnitPercent && f.Numerator != nil && f.Denominator != nil && *f.Denominator > 0
}
