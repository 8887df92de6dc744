package domain

import (
	"math/big"
	"strings"
)

// AttestedCheck compares what was stated with what follows from other
// statements. A difference is a warning: the statements stand as they are.
type AttestedCheck struct {
	Code  string   `json:"code"`  // the item that is compared
	Rule  string   `json:"rule"`  // "sum", "change" or "part"
	Parts []string `json:"parts"` // the items that it follows from
	Value string   `json:"value"` // as stated, "" when it is not stated
	Want  string   `json:"want"`  // what follows; of a part, the most that it can be
	OK    bool     `json:"ok"`
}

// The rules of AttestedCheck.
const (
	RuleSum    = "sum"    // the parts together
	RuleChange = "change" // of the first part against the second, in percent to one decimal, half away from zero
	RulePart   = "part"   // no more than the part that it is of
)

// attestedRules are the items that hang together: 3 + 11 + 71 = 85 opinions on
// legality, the court's filings of two years, and rounds of clearing.
var attestedRules = []AttestedCheck{
	{Code: "decisions.legal_opinions", Rule: RuleSum, Parts: []string{"decisions.reviewed", "decisions.documents_reviewed", "decisions.matters_reviewed"}},
	{Code: "court.filings_change", Rule: RuleChange, Parts: []string{"court.filings", "court.filings_previous"}},
	{Code: "cleanup.business_rounds", Rule: RulePart, Parts: []string{"cleanup.rounds"}},
}

// CheckAttested makes the checks that the statements of a year allow, values
// by item. A change whose parts are stated is computed even when it is not
// stated itself.
func CheckAttested(values map[string]string) []AttestedCheck {
	var checks []AttestedCheck
	for _, c := range attestedRules {
		c.Value = values[c.Code]
		if check, ok := c.made(values); ok {
			checks = append(checks, check)
		}
	}
	return checks
}

// made fills the check in; ok is false when something that it needs is not
// stated.
func (c AttestedCheck) made(values map[string]string) (check AttestedCheck, ok bool) {
	parts := make([]*big.Rat, len(c.Parts))
	for i, code := range c.Parts {
		if parts[i], ok = decimal(values[code]); !ok {
			return c, false
		}
	}
	stated, said := decimal(c.Value)
	if !said && c.Rule != RuleChange {
		return c, false
	}
	want := new(big.Rat)
	switch c.Rule {
	case RuleSum:
		for _, p := range parts {
			want.Add(want, p)
		}
	case RuleChange:
		if parts[1].Sign() == 0 {
			return c, false // nothing changes against nothing
		}
		want.Quo(want.Sub(parts[0], parts[1]), parts[1])
		want.Mul(want, big.NewRat(100, 1))
		want.SetString(want.FloatString(1)) // exact: rounds half away from zero
	case RulePart:
		want = parts[0]
	}
	c.Want = plain(want, c.Rule == RuleChange)
	c.OK = !said || stated.Cmp(want) == 0 || c.Rule == RulePart && stated.Cmp(want) < 0
	return c, true
}

// plain writes a number as people write it, a change with its one decimal.
func plain(r *big.Rat, oneDecimal bool) string {
	if oneDecimal {
		return r.FloatString(1)
	}
	s := r.FloatString(4)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
