package seal

import (
	"crypto/hmac"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sudi/domain"
)

// Column is something that people are found by. Its text is what the column's
// key is derived for, so it never changes.
type Column string

// The columns. Those of the two numbers give the values that parties.phone_key
// and parties.identity_key hold since before there was a ring.
const (
	Phone    Column = "telephone numbers"
	Identity Column = "identity numbers"
	Name     Column = "names"
	Attempt  Column = "attempts to sign in"
)

// forms give the one form of a value by which it is found again, "" for what can
// be none.
var forms = map[Column]func(string) string{
	Phone:    domain.PhoneForm,
	Identity: domain.IdentityForm,
	Name:     NameForm,
	Attempt:  strings.TrimSpace,
}

// NameForm is the one form of a name by which it is found again: its letters and
// digits, half-width and small. Spaces, dots and brackets are written in too many
// ways (古丽·艾山, 古丽•艾山) to tell names apart.
func NameForm(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(s))
}

// indexLength is the length of what Index gives, in bytes, in both suites.
const indexLength = 32

// Index is the value by which a person is found without the database telling
// who it is; nil for a value that can be no telephone number, identity number or
// name. Equal values give equal bytes: whoever reads the column sees who recurs,
// and which name is the most common. It panics for a column that there is not.
func (r *Ring) Index(column Column, value string) []byte {
	form, ok := forms[column]
	if !ok {
		panic("seal: nobody is found by " + string(column))
	}
	if value = form(value); value == "" {
		return nil
	}
	c := r.now.Load()
	mac := hmac.New(c.index.suite.hash, c.columns[column])
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// IndexCheck is what only this ring's index secret gives. Kept in the database,
// it shows a wrong key file before it has written anything.
func (r *Ring) IndexCheck() []byte {
	c := r.now.Load()
	return derive(c.index.suite, c.index.secret.Reveal(), "check", indexLength)
}
