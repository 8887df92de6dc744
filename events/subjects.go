package events

import (
	"fmt"
	"strings"

	"sudi/domain"
)

// The streams. SUDI_CASES holds both families of subjects, by procedure and by
// desk, so that they are stored, limited and lost together.
const (
	CasesStream = "SUDI_CASES"
	DeadStream  = "SUDI_DEAD"
)

// CaseSubject is the subject of an event: sudi.<county>.case.<procedure>.<event>.
func CaseSubject(county string, e domain.Event) string {
	return subject(county, "case", e.Procedure, e.Event)
}

// DeskSubject is the subject on which the organisation that has the turn hears
// of an event: sudi.<county>.desk.<org code>.<event>.
func DeskSubject(county string, e domain.Event) string {
	return subject(county, "desk", e.Desk, e.Event)
}

// DeadSubject is the subject of a consumer's dead letters.
func DeadSubject(county, consumer string) string { return subject(county, "dead", consumer) }

// AllCases matches the subjects of all case events.
func AllCases(county string) string { return family(county, "case") }

// AllDesks matches the subjects of all hand-overs.
func AllDesks(county string) string { return family(county, "desk") }

// Desk matches the subjects of the hand-overs to one organisation: all that
// its own system may subscribe to.
func Desk(county, org string) string { return subject(county, "desk", org) + ".>" }

func family(county, kind string) string { return subject(county, kind) + ".>" }

func subject(tokens ...string) string {
	for i, t := range tokens {
		tokens[i] = token(t)
	}
	return "sudi." + strings.Join(tokens, ".")
}

// token writes any text as one token of a subject. Letters, digits, "-" and
// "_" stay; everything else, the "." of an organisation's code included, is
// percent-encoded, so that different texts stay different.
func token(s string) string {
	if s == "" {
		return "%" // a token may not be empty, and no other text gives this
	}
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
