package domain

import (
	"fmt"
	"slices"
)

// IndicatorUnit is the unit of an indicator's value.
type IndicatorUnit string

// The units.
const (
	UnitCases         IndicatorUnit = "cases"
	UnitPercent       IndicatorUnit = "percent" // one decimal, half up
	UnitOrganizations IndicatorUnit = "organizations"
	UnitDays          IndicatorUnit = "days" // natural days
	UnitFen           IndicatorUnit = "fen"  // 1/100 yuan
)

// Form is how an indicator is made from its measures.
type Form string

// The forms. Mean and percentile are of the days that a measure is spread over
// (Measure.Over); they have no numerator, and their denominator is how many
// cases there were.
const (
	FormCount Form = ""     // the numerator
	FormRate  Form = "rate" // numerator ÷ denominator
	FormMean  Form = "mean" // of the denominator's days, one decimal, half up
	FormP90   Form = "p90"  // of the denominator's days, nearest rank
)

// Indicator is a figure of the annual report. A count has no denominator; a
// figure with OrgKinds counts organisations active at the period's end.
type Indicator struct {
	Code        string        `json:"code"`
	Name        Text          `json:"name"`
	Numerator   string        `json:"numerator"`             // measure code
	Denominator string        `json:"denominator,omitempty"` // measure code
	OrgKinds    []OrgKind     `json:"org_kinds,omitempty"`
	Form        Form          `json:"form,omitempty"`
	Unit        IndicatorUnit `json:"unit"`
	Less        bool          `json:"less_is_better,omitempty"` // of a rate more is better, of days less
	After       int           `json:"after,omitempty"`          // days after a period's end before which the figure is not published
	Definition  Text          `json:"definition"`
	Source      string        `json:"source"` // where the definition comes from
	Past        Text          `json:"-"`      // its name where the period is over, when that says more
}

// NameFor is the indicator's name for a period that ends on a day. A figure of
// what stands open is of today even where the period lies in the past, and must
// not be taken for what stood open then: its name says so.
func (ind *Indicator) NameFor(end, today Date) Text {
	if ind.Past != (Text{}) && !end.IsZero() && end.Before(today) {
		return ind.Past
	}
	return ind.Name
}

// Text is a wording in Chinese and in English.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// In gives the wording in a language ("zh" or "en").
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Measures are the measures that an indicator is made from: numerator and
// denominator, as far as it has them.
func (ind *Indicator) Measures() []string {
	return slices.DeleteFunc([]string{ind.Numerator, ind.Denominator}, func(code string) bool { return code == "" })
}

// IndicatorByCode finds an indicator, nil when there is none.
func IndicatorByCode(code string) *Indicator { return indicatorsByCode[code] }

var indicatorsByCode = func() map[string]*Indicator {
	index := make(map[string]*Indicator, len(Indicators))
	for i := range Indicators {
		index[Indicators[i].Code] = &Indicators[i]
	}
	return index
}()

// Percent is n ÷ d in tenths of a percent, rounded half up by integers; ok is
// false when d is 0. 100 % is given only for n = d and 0 % only for n = 0, so
// that rounding never claims a perfect score.
func Percent(n, d int64) (tenths int64, ok bool) {
	if d == 0 {
		return 0, false
	}
	t := (n*2000 + d) / (2 * d)
	switch {
	case t == 1000 && n < d:
		t = 999
	case t == 0 && n > 0:
		t = 1
	}
	return t, true
}

// FormatTenths prints tenths of a percent: 990 → "99.0".
func FormatTenths(t int64) string { return fmt.Sprintf("%d.%d", t/10, t%10) }
