package paper

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Assertion is what the wording of a published figure asserts.
type Assertion string

// The assertions.
const (
	Exactly Assertion = "exactly"  // 2576, 99%: as far as the digits go
	Over    Assertion = "over"     // 62000余: more, and 62000 when rounded down to its digits
	AtLeast Assertion = "at_least" // 90%以上: that or more
)

// Claim is a published figure as worded.
type Claim struct {
	Text    string // "62000余", "11.2%下降"
	value   *big.Rat
	digits  int // behind the point
	Percent bool
	Asserts Assertion
}

// figurePattern is a published figure: sign words, number, 万 or 亿, percent,
// and what makes it an assertion.
const figurePattern = `((?:下降|减少|上升|增长)?(?:-?\d[\d,]*(?:\.\d+)?|[一二三四五六七八九十])(?:%|百分点)?(?:余|多)?[万亿]?(?:余|多)?(?:%)?(?:以上|下降|上升)?)`

var claimParts = regexp.MustCompile(`^(下降|减少|上升|增长)?(-?)(\d[\d,]*(?:\.\d+)?|[一二三四五六七八九十])(%?)(余|多)?([万亿])?(余|多)?(%?)(以上|下降|减少|上升|增长)?$`)

var smallNumbers = "一二三四五六七八九十"

// ParseClaim reads a published figure: 62000余, 70%以上, 2亿多, 下降11.2%, -11.2,
// 七.
func ParseClaim(text string) (Claim, error) {
	c := Claim{Text: strings.TrimSpace(text), Asserts: Exactly}
	m := claimParts.FindStringSubmatch(strings.NewReplacer(" ", "", "\uff0c", ",", "\uff05", "%").Replace(c.Text))
	if m == nil {
		return c, fmt.Errorf("%q is no figure", text)
	}
	number := strings.ReplaceAll(m[3], ",", "")
	if i := strings.Index(smallNumbers, number); i >= 0 && len(number) == len("一") {
		number = strconv.Itoa(i/len("一") + 1)
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return c, fmt.Errorf("%q is no figure", text)
	}
	if _, decimals, found := strings.Cut(number, "."); found {
		c.digits = len(decimals)
	}
	if scale := map[string]int64{"万": 1e4, "亿": 1e8}[m[6]]; scale != 0 {
		value.Mul(value, new(big.Rat).SetInt64(scale))
	}
	if fall := func(word string) bool { return word == "下降" || word == "减少" }; m[2] == "-" || fall(m[1]) || fall(m[9]) {
		value.Neg(value)
	}
	c.value, c.Percent = value, m[4]+m[8] != ""
	switch {
	case m[9] == "以上":
		c.Asserts = AtLeast
	case m[5]+m[7] != "":
		c.Asserts = Over
	}
	return c, nil
}

// Holds reports whether a true value bears the claim out: a count is n ÷ 1, a
// rate in percent 100n ÷ d.
func (c *Claim) Holds(truth *big.Rat) bool {
	value := c.value
	if value.Sign() < 0 && c.Asserts != Exactly { // a fall by 10% or more is one to -10 or below
		value, truth = new(big.Rat).Neg(value), new(big.Rat).Neg(truth)
	}
	switch c.Asserts {
	case AtLeast:
		return truth.Cmp(value) >= 0
	case Over:
		ceiling := new(big.Rat).Add(value, c.lastDigit(value))
		return truth.Cmp(value) > 0 && truth.Cmp(ceiling) < 0
	default:
		return c.rounded(truth).Cmp(value) == 0
	}
}

// rounded is a truth as a claim of so many digits prints it. 100% is said of all
// alone; 9999 of 10000 is 99.9%, as domain.Percent has it.
func (c *Claim) rounded(truth *big.Rat) *big.Rat {
	whole := big.NewRat(100, 1)
	text := truth.FloatString(c.digits)
	v, _ := new(big.Rat).SetString(text) // a decimal is one
	switch {
	case !c.Percent || v.Cmp(whole) != 0 || truth.Cmp(whole) >= 0:
		return v
	case c.digits == 1:
		return v.Sub(v, c.unit())
	default:
		return truth // 99.99, which no shorter claim is
	}
}

// unit is the worth of the last digit behind the point: 0.1 of 93.6.
func (c *Claim) unit() *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.digits)), nil))
}

// lastDigit is the worth of the last digit that is no zero: 1000 of 62000, 0.1 of
// 1.5.
func (c *Claim) lastDigit(v *big.Rat) *big.Rat {
	if !v.IsInt() {
		return c.unit()
	}
	step := big.NewInt(1)
	ten := big.NewInt(10)
	n := new(big.Int).Quo(v.Num(), v.Denom())
	for n.Sign() != 0 {
		next := new(big.Int).Mul(step, ten)
		if new(big.Int).Mod(n, next).Sign() != 0 {
			break
		}
		step = next
	}
	return new(big.Rat).SetInt(step)
}
