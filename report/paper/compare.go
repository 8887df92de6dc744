package paper

import (
	"math/big"
	"strconv"

	"sudi/domain"
	"sudi/report"
)

// Compared is a figure of the report beside the published one.
type Compared struct {
	Code       string
	Name       domain.Text
	Source     Kind   // Computed, Stated or Missing
	Ours       string // "62417", "99.0% (61781/62405)", "——"
	Published  Claim
	Difference string // ours less published, "" where either is unknown
	Holds      bool   // what the published wording asserts is true by our figure
}

// Comparison sets computed figures against published ones.
type Comparison struct {
	Year     int
	Rows     []Compared
	NotFound []domain.Text // what the report has and the publication does not, by name
	Unknown  []string      // what the publication has and the report does not
	Unread   []string      // of the publication: "code: text" that is no figure
}

// Agreeing counts the rows that hold.
func (c *Comparison) Agreeing() int {
	n := 0
	for i := range c.Rows {
		if c.Rows[i].Holds {
			n++
		}
	}
	return n
}

// checked reports whether there is a figure of ours to check by.
func (r *Compared) checked() bool { return r.Difference != "" }

// Unchecked counts the rows for which we have no figure.
func (c *Comparison) Unchecked() int {
	n := 0
	for i := range c.Rows {
		if !c.Rows[i].checked() {
			n++
		}
	}
	return n
}

// Compare sets the report's figures against published ones by code.
// NotFound names what such a publication usually has; what it never prints is
// not looked for.
func Compare(a *report.Annual, p Publication, lang string) Comparison {
	s := newSpeaker(a, lang)
	out := Comparison{Year: a.Year, Unread: p.Unread}
	sought := soughtCodes()
	known := map[string]bool{}
	one := func(code string, name domain.Text, ours ours) {
		known[code] = true
		claim, ok := p.Claims[code]
		if !ok {
			if sought[code] {
				out.NotFound = append(out.NotFound, name)
			}
			return
		}
		row := Compared{Code: code, Name: name, Source: ours.kind, Ours: ours.text, Published: claim}
		if ours.value != nil {
			row.Holds = ours.bearsOut(&claim)
			row.Difference = difference(ours.value, claim.value, claim.Percent)
		}
		out.Rows = append(out.Rows, row)
	}
	for i := range domain.Indicators {
		ind := &domain.Indicators[i]
		if f := s.figures[ind.Code]; f != nil {
			one(ind.Code, f.Name, s.figureTruth(f))
		}
	}
	for i := range domain.AttestedItems {
		item := &domain.AttestedItems[i]
		one(item.Code, item.Name, s.statedTruth(item))
	}
	for _, code := range p.Order {
		if !known[code] {
			out.Unknown = append(out.Unknown, code)
		}
	}
	return out
}

// ours is a figure of the report for comparing.
type ours struct {
	kind  Kind
	text  string
	value *big.Rat // nil when unknown
	over  bool     // what is stated is itself "more than value"
}

// bearsOut reports whether our figure makes a claim true. What is itself stated
// as "more than" bears out that very wording, and that it is at least so much.
func (o *ours) bearsOut(c *Claim) bool {
	if o.over {
		return c.Asserts == Over && o.value.Cmp(c.value) == 0 || c.Asserts == AtLeast && o.value.Cmp(c.value) >= 0
	}
	return c.Holds(o.value)
}

// figureTruth is a computed figure before any rounding.
func (s *speaker) figureTruth(f *report.Figure) ours {
	o := ours{kind: Computed, text: printed(f)}
	if counts := fraction(f); counts != "" {
		o.text += " (" + counts + ")"
	}
	switch {
	case isPercent(f):
		o.value = big.NewRat(100**f.Numerator, *f.Denominator)
	case f.Unit == domain.UnitPercent || !f.Value.Known():
	case f.Unit == domain.UnitFen && f.Numerator != nil:
		o.value = big.NewRat(*f.Numerator, 100)
		o.text = money(*f.Numerator, s.lang)
	default:
		o.value, _ = new(big.Rat).SetString(f.Value.String())
	}
	return o
}

// statedTruth is what a department stated, in whole units: 2亿元 is 200000000.
func (s *speaker) statedTruth(item *domain.AttestedItem) ours {
	st := s.stated[item.Code]
	if st == nil {
		return ours{kind: Missing, text: unknown}
	}
	o := ours{kind: Stated, text: s.value(st), over: st.Over}
	value, ok := new(big.Rat).SetString(st.Value)
	if !ok {
		return o
	}
	for word, scale := range map[string]int64{"亿元": 1e8, "万元": 1e4} {
		if item.Unit.ZH == word {
			value.Mul(value, new(big.Rat).SetInt64(scale))
		}
	}
	o.value = value
	return o
}

// difference is ours less the published value, signed; of rates in points.
func difference(ours, published *big.Rat, percent bool) string {
	d := new(big.Rat).Sub(ours, published)
	text := d.FloatString(1)
	if !percent && d.IsInt() {
		text = d.FloatString(0)
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n == 0 {
		return "0"
	}
	if d.Sign() > 0 {
		text = "+" + text
	}
	return text
}
