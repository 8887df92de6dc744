package domain

import (
	"strconv"
	"time"
)

// Session is one sign-in of an account, without its secret.
type Session struct {
	ID        string    // names it in lists
	UserID    string    // whose it is
	CreatedAt time.Time // when the account signed in
	UsedAt    time.Time // when it was last used, noted at most once a minute
	ExpiresAt time.Time // when it ends, however often it is used
	Address   string    // from where the account signed in
	UserAgent string    // the beginning of what the browser calls itself
	TokenHash []byte    // what is kept of the secret
	Factor    bool      // a second factor was given for it, or the session before it had it
}

// SignedIn is an account and the session that it works in.
type SignedIn struct {
	User         User
	SessionID    string
	SecondFactor bool // the account has one; a session of such an account was opened with it, or made it count
}

// UserChange is what somebody changes of an account; what is nil stays.
type UserChange struct {
	ID           string
	Name         *string
	Role         *Role
	Org          *string
	PasswordHash *string
	Disabled     *bool
	By           Actor // of the command line: an actor without an id
	At           time.Time
}

// Record is what the change leaves in the audit log; the password is not in it.
func (c *UserChange) Record() Record {
	details := map[string]string{}
	if c.Name != nil {
		details["name"] = "changed"
	}
	if c.Role != nil {
		details["role"] = string(*c.Role)
	}
	if c.Org != nil {
		details["org"] = *c.Org
	}
	if c.PasswordHash != nil {
		details["password"] = "changed"
	}
	if c.Disabled != nil {
		details["disabled"] = strconv.FormatBool(*c.Disabled)
	}
	return Record{Action: "account.change", Object: RecordObject{Type: "account", ID: c.ID}, Details: details}
}

// EndsSessions reports whether the account has to sign in again: what it may
// do, or the secret that proves it, is another.
func (c *UserChange) EndsSessions() bool {
	return c.Role != nil || c.Org != nil || c.PasswordHash != nil || c.Disabled != nil && *c.Disabled
}

// Check refuses what nobody may change of his own account: what it may do and
// whether it may do it. It fails with own_account.
func (c *UserChange) Check() error {
	if c.By.ID == c.ID && (c.Role != nil || c.Org != nil || c.Disabled != nil) {
		return Errorf(KindForbidden, "own_account")
	}
	return nil
}

// SecondFactor is what an account proves itself with beside its password.
type SecondFactor struct {
	Secret    []byte // of the time-based codes (RFC 6238)
	Confirmed bool   // the account has shown that it can make codes
	LastStep  int64  // the time step of the last code that was accepted
	CreatedAt time.Time
}

// ContinuationKind says what a sign-in under way waits for.
type ContinuationKind string

// The kinds of continuation.
const (
	AwaitsSecondFactor ContinuationKind = "second_factor"
	AwaitsProvider     ContinuationKind = "provider" // the identity provider's answer
)

// Continuation is a sign-in under way, which goes on once.
type Continuation struct {
	TokenHash []byte
	Kind      ContinuationKind
	UserID    string // who has given his password; empty while a provider is asked
	Nonce     string // that the provider's token must repeat
	Verifier  string // that fetches the token (PKCE)
	ExpiresAt time.Time
}
