package domain

import (
	"strings"
	"time"
)

// HalfWidth turns full-width forms (０１２Ｘ，　) into their ASCII ones, as an
// input method leaves them.
func HalfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - 0xFEE0
		case r == '　':
			return ' '
		default:
			return r
		}
	}, s)
}

// identityWeights and identityChecks are the ISO 7064 MOD 11-2 tables of
// GB 11643-1999.
var identityWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const identityChecks = "10X98765432"

// IdentityCheckDigit is the 18th character of a citizen identity number, given
// its first 17 digits (GB 11643-1999); 0 when they are not digits.
func IdentityCheckDigit(first17 string) byte {
	if len(first17) != 17 {
		return 0
	}
	sum := 0
	for i := range first17 {
		d := first17[i]
		if d < '0' || d > '9' {
			return 0
		}
		sum += int(d-'0') * identityWeights[i]
	}
	return identityChecks[sum%11]
}

// ValidIdentityNumber reports whether an 18-character citizen identity number
// has a real birth date and the right check character (GB 11643-1999). A
// number that fails is kept as unverified and never blocks registration.
func ValidIdentityNumber(s string) bool {
	if len(s) != 18 {
		return false
	}
	if _, err := time.Parse("20060102", s[6:14]); err != nil {
		return false
	}
	return IdentityCheckDigit(s[:17]) == s[17]
}

// PhoneForm is the one form of a telephone number by which it is found again:
// digits alone, without China's own country code. It is "" for a text that can
// be no number.
func PhoneForm(s string) string {
	s = HalfWidth(s)
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	for _, r := range s {
		if !strings.ContainsRune("0123456789+-() .\u2010\u2011\u2012\u2013\u2014\u2015\t", r) {
			return ""
		}
	}
	for _, code := range []string{"0086", "86"} {
		if rest, ok := strings.CutPrefix(digits, code); ok && len(rest) == 11 && rest[0] == '1' {
			digits = rest
		}
	}
	if len(digits) < 5 || len(digits) > 20 {
		return ""
	}
	return digits
}

// IdentityForm is the one form of an identity number by which it is found
// again: capitals without spaces, and the 18 characters of GB 11643-1999 also
// for the 15 of before. It is "" for a text that can be no number.
func IdentityForm(s string) string {
	s = strings.ToUpper(strings.Join(strings.Fields(HalfWidth(s)), ""))
	if len(s) < 5 || len(s) > 40 {
		return ""
	}
	if len(s) == 15 {
		longer := s[:6] + "19" + s[6:]
		if check := IdentityCheckDigit(longer); check != 0 {
			longer += string(check)
			if ValidIdentityNumber(longer) {
				return longer
			}
		}
	}
	return s
}
