package workflow

import (
	"slices"
	"strings"
	"time"

	"sudi/domain"
)

// Mark says when a moment of a case is: "now", "received" (when the case was),
// "clear" (no longer), "lapse" (the end of the limit whose passing leads here),
// or the latest of some date fields, "latest A B"; those that were not given do
// not count, and "or now" at the end says what holds when none was. "received
// under R17 or …" in front: under these laws it is when the case was received.
type Mark string

// The marks that are no date fields.
const (
	markNow      = "now"
	markReceived = "received"
	markClear    = "clear"
	markLapse    = "lapse"
)

// laws are the regimes under which the moment is that of the receipt, and what
// the mark says under any other.
func (m Mark) laws() (regimes []string, rest Mark) {
	words, isReceipt := strings.CutPrefix(string(m), "received under ")
	if !isReceipt {
		return nil, m
	}
	names, or, _ := strings.Cut(words, " or ")
	return strings.Fields(names), Mark(or)
}

// The moments that a transition may mark.
const (
	momentAccepted  = "accepted"
	momentConcluded = "concluded"
	momentClosed    = "closed"
)

// fields are the date fields that the mark reads.
func (m Mark) fields() []string {
	_, m = m.laws()
	if m == markNow || m == markReceived || m == markClear || m == markLapse {
		return nil
	}
	words := strings.Fields(strings.TrimSuffix(string(m), " or now"))
	if len(words) > 0 && words[0] == "latest" {
		words = words[1:]
	}
	return words
}

// certain reports whether the mark always gives a moment when these fields
// are needed.
func (m Mark) certain(needs []string) bool {
	_, m = m.laws()
	if m == markNow || m == markReceived || m == markLapse || strings.HasSuffix(string(m), " or now") {
		return true
	}
	for _, f := range m.fields() {
		for _, n := range needs {
			if f == n {
				return true
			}
		}
	}
	return false
}

// at is the moment, nil for "clear"; ok is false when no date was given and
// the moment stays as it is.
func (m Mark) at(c *domain.Case, fields domain.Fields, a Action) (at *time.Time, ok bool, err error) {
	now := a.Now
	regimes, m := m.laws()
	if slices.Contains(regimes, c.Regime) {
		received := c.ReceivedAt
		return &received, true, nil
	}
	switch m {
	case markNow:
		return &now, true, nil
	case markReceived:
		received := c.ReceivedAt
		return &received, true, nil
	case markClear:
		return nil, true, nil
	case markLapse:
		if a.lapsed != nil {
			now = a.lapsed.Due // whenever the sweeper came
		}
		return &now, true, nil
	}
	for _, name := range m.fields() {
		day, given, err := pastDate(c, fields, name, now)
		if err != nil {
			return nil, false, err
		}
		if when := within(c, day); given && (at == nil || when.After(*at)) {
			at = &when
		}
	}
	if at == nil && strings.HasSuffix(string(m), " or now") {
		at = &now
	}
	return at, at != nil, nil
}

// pastDate reads a date field that tells what has happened: not before the
// case was received and not after today.
func pastDate(c *domain.Case, fields domain.Fields, name string, now time.Time) (day domain.Date, given bool, err error) {
	s := fields.String(name)
	if s == "" {
		return day, false, nil
	}
	day, err = domain.ParseDate(s)
	switch {
	case err != nil:
		return day, false, wrongField(name, "not_a_date")
	case day.After(domain.DateIn(now)):
		return day, false, wrongField(name, "date_in_future")
	case day.Before(domain.DateIn(c.ReceivedAt)):
		return day, false, wrongField(name, "date_before_receipt")
	}
	return day, true, nil
}

// within is the moment of a day at an hour that nobody wrote down: its start, or
// when the case was received or accepted, if that was later the same day.
func within(c *domain.Case, day domain.Date) time.Time {
	at := day.Start()
	for _, earlier := range []*time.Time{&c.ReceivedAt, c.AcceptedAt} {
		if earlier != nil && domain.DateIn(*earlier) == day && earlier.After(at) {
			at = *earlier
		}
	}
	return at
}

// wrongField is the error of one wrong field of an action.
func wrongField(name, code string, args ...any) error {
	return domain.Invalid(domain.FieldError{Field: "fields." + name, Code: code, Args: args})
}
