package api

import (
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"

	"sudi/domain"
)

const (
	minPassword = 10 // characters
	maxPassword = 200
	// fewestGuesses is how many a password must withstand, by the estimate of
	// zxcvbn, which knows 30,000 common ones and how people vary them.
	fewestGuesses  = 1e8
	judgedLength   = 72 // the estimate takes long for long ones
	shortestInside = 4  // names shorter than this may happen to be in a password
)

// localWords are what guessers here try first and zxcvbn does not know.
var localWords = []string{"sudi", "xinfang", "woaini", "5201314", "1314520", "zhongguo", "shiliu", "yicheng"}

// CheckPassword refuses a new password that is too short, too long, holds the
// user name, or is among the first that anybody would guess: KindInvalid.
func CheckPassword(password string, u *domain.User) error {
	n := utf8.RuneCountInString(password)
	lower, name := strings.ToLower(password), strings.ToLower(u.Username)
	var wrong domain.FieldError
	switch {
	case n < minPassword:
		wrong = domain.FieldError{Code: "password_short", Args: []any{minPassword}}
	case n > maxPassword:
		wrong = domain.FieldError{Code: "password_long", Args: []any{maxPassword}}
	case lower == name, len(name) >= shortestInside && strings.Contains(lower, name):
		wrong = domain.FieldError{Code: "password_is_name"}
	case guesses(password, name, u.Name, u.Org) < fewestGuesses:
		wrong = domain.FieldError{Code: "password_common"}
	default:
		return nil
	}
	wrong.Field = "password"
	return domain.Invalid(wrong)
}

// guesses estimates how many a good guesser needs who knows these words.
func guesses(password string, words ...string) float64 {
	judged := []rune(password)
	judged = judged[:min(len(judged), judgedLength)]
	return zxcvbn.PasswordStrength(string(judged), append(words, localWords...)).Guesses
}
