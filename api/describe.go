package api

import (
	"errors"
	"strings"

	"sudi/domain"
)

// Describe says in words what a user can do about an error, for the command
// line, which has no problem documents. ok is false for an error that is not
// the user's.
func Describe(err error, lang string) (text string, ok bool) {
	var ours *domain.Error
	if !errors.As(err, &ours) || ours.Kind == domain.KindInternal {
		return "", false
	}
	status := statuses[ours.Kind]
	lines := []string{say(lang, known(ours.Code, status), statusCode(status), ours.Args...)}
	for _, f := range ours.Fields {
		lines = append(lines, f.Field+": "+say(lang, f.Code, "bad_value", f.Args...))
	}
	return strings.Join(lines, "\n  "), true
}
