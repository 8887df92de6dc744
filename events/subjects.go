package events

import (
	"fmt"
	"net/url"
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

// DeskSubject is the subject on which an organisation hears of an event:
// sudi.<county>.desk.<org code>.<event>.
func DeskSubject(county, org, event string) string {
	return subject(county, "desk", org, event)
}

// DeadSubject is the subject of a consumer's dead letters.
func DeadSubject(county, consumer string) string { return subject(county, "dead", consumer) }

// AllCases matches the subjects of all case events.
func AllCases(county string) string { return family(county, "case") }

// AllDesks matches the subjects of all hand-overs.
func AllDesks(county string) string { return family(county, "desk") }

// Desk matches the subjects of the hand-overs to one organisation: all that
// its own system may hear of.
func Desk(county, org string) string { return subject(county, "desk", org) + ".>" }

// RequestSubject is the subject on which an account's system sends its
// requests: sudi.<county>.api.<account>. It is no desk's subject, because those
// are stored and a request is not.
func RequestSubject(county, account string) string { return subject(county, "api", account) }

// AllRequests matches the subjects of all requests.
func AllRequests(county string) string { return subject(county, "api") + ".*" }

// requester reads whose request came on a subject.
func requester(county, request string) (account string, ok bool) {
	account, err := url.PathUnescape(request[strings.LastIndexByte(request, '.')+1:])
	return account, err == nil && RequestSubject(county, account) == request
}

// DeskAPI is the prefix under which desks' systems find JetStream: theirs, and
// not the "$JS.API" at which a server answers for their own NATS account.
func DeskAPI(county string) string { return subject(county, "js") }

// DeskConsumer is the name of the consumer through which an account hears of
// its desk: <org code>=<account>. No token holds "=", so that no two accounts
// can share one.
func DeskConsumer(org, account string) string { return token(org) + "=" + token(account) }

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
