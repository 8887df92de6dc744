package api

import (
	"context"
	"time"

	"sudi/domain"
)

// Store is what the API reads; whatever changes a case goes through the
// engine.
type Store interface {
	Cases
	Directory
	Accounts
	Audit
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
}

// Cases reads cases.
type Cases interface {
	// Visible reads a case within a scope; KindNotFound when it is absent or
	// outside.
	Visible(ctx context.Context, scope domain.Scope, id string) (domain.File, error)
	// List gives a page of cases; KindInvalid for a cursor it did not issue.
	List(ctx context.Context, q domain.CaseQuery) (domain.CasePage, error)
	// Ledger gives the rows of a ledger, all of one instant, after begin has heard
	// how many there are.
	Ledger(ctx context.Context, q domain.LedgerQuery, begin func(domain.LedgerHead) error, each func(*domain.LedgerRow) error) error
	// CountList counts what a query selects, up to most.
	CountList(ctx context.Context, q domain.CaseQuery, most int) (int, error)
	// CountWithheld counts what a query selects and its scope keeps from view,
	// because it complains of the reader's own organisation.
	CountWithheld(ctx context.Context, q domain.CaseQuery) (int, error)
	// History gives a case's entries, oldest first.
	History(ctx context.Context, id string) ([]domain.Entry, error)
	// Links gives the links from and to a case.
	Links(ctx context.Context, id string) ([]domain.Link, error)
	// Lines gives those of some cases that a scope covers.
	Lines(ctx context.Context, scope domain.Scope, ids []string) ([]domain.CaseLine, error)
	// Similar finds the cases that one at the window may repeat.
	Similar(ctx context.Context, q domain.SimilarQuery) ([]domain.Likeness, error)
	// Story tells a matter as far as a scope covers it.
	Story(ctx context.Context, scope domain.Scope, matter string) (domain.Story, error)
	// MatterNumbers counts what hangs on a case, but for what complains of the
	// scope's own organisation.
	MatterNumbers(ctx context.Context, scope domain.Scope, id string) (domain.MatterNumbers, error)
	// Invitation finds the one that a token's hash names; KindGone when it is
	// used, has expired or never was.
	Invitation(ctx context.Context, tokenHash []byte, now time.Time) (domain.Invitation, error)
	// Idempotent finds the case that a principal opened under a key.
	Idempotent(ctx context.Context, principal, key string) (caseID, bodyHash string, ok bool, err error)
}

// Audit keeps the log of who read, wrote or was refused what.
type Audit interface {
	// Record adds what a read, or a refusal, leaves behind; it answers when the
	// record is committed. What changes something records itself.
	Record(ctx context.Context, r domain.Record) error
	// RecordAtMost is Record for what an actor may do most times since a time: it
	// answers how often he has done it, this time included. Above most nothing was
	// recorded.
	RecordAtMost(ctx context.Context, r domain.Record, since time.Time, most int) (used int, err error)
	// Records gives a page of the log, the newest first.
	Records(ctx context.Context, q domain.RecordQuery) ([]domain.Recorded, error)
	// SearchKey names what was searched for without telling it.
	SearchKey(words string) string
}

// Directory reads what changes rarely.
type Directory interface {
	Organizations(ctx context.Context) ([]domain.Organization, error)
	Categories(ctx context.Context) ([]domain.Category, error)
}

// Accounts reads users and changes them, and keeps their sessions.
type Accounts interface {
	SignIns
	SecondFactors
	// UserByName finds an account; KindNotFound when there is none.
	UserByName(ctx context.Context, username string) (domain.User, error)
	// UserByID finds an account; KindNotFound when there is none.
	UserByID(ctx context.Context, id string) (domain.User, error)
	// Users lists the accounts.
	Users(ctx context.Context) ([]domain.User, error)
	// CreateUsers adds accounts; KindConflict for a name that is taken.
	CreateUsers(ctx context.Context, users []domain.User) error
	// ChangeUser changes an account and ends its sessions where it must.
	ChangeUser(ctx context.Context, c domain.UserChange) error
	// CreateSession opens a session, unless the account is no longer as given.
	CreateSession(ctx context.Context, session domain.Session, as *domain.User) error
	// SessionUser gives the account of a session that has neither expired nor
	// lain idle and whose account is not disabled; KindUnauthenticated or
	// KindNotFound otherwise.
	SessionUser(ctx context.Context, tokenHash []byte, now time.Time, idle time.Duration) (domain.SignedIn, error)
	// Sessions lists an account's sessions, the newest first.
	Sessions(ctx context.Context, userID string, now time.Time, idle time.Duration) ([]domain.Session, error)
	// EndSession ends an account's session, or all for an empty id.
	EndSession(ctx context.Context, userID, id string) error
	DeleteSession(ctx context.Context, tokenHash []byte) error
}

// SignIns counts attempts to sign in and keeps those under way.
type SignIns interface {
	// CountAttempt counts an attempt, or says how long it must wait.
	CountAttempt(ctx context.Context, keys []domain.AttemptKey, now time.Time) (wait time.Duration, err error)
	// SettleAttempt takes back an attempt that was right or was not judged.
	SettleAttempt(ctx context.Context, keys []domain.AttemptKey, right bool, now time.Time) error
	// ForgetAttempts lets an account sign in again at once.
	ForgetAttempts(ctx context.Context, u *domain.User) error
	KeepContinuation(ctx context.Context, c domain.Continuation) error
	// TakeContinuation gives a sign-in under way, once.
	TakeContinuation(ctx context.Context, kind domain.ContinuationKind, tokenHash []byte, now time.Time) (domain.Continuation, error)
}

// SecondFactors keeps what accounts prove themselves with beside a password.
type SecondFactors interface {
	EnrolFactor(ctx context.Context, userID string, secret []byte, now time.Time) error
	// Factor reads a second factor; KindNotFound when there is none.
	Factor(ctx context.Context, userID string) (domain.SecondFactor, error)
	// ConfirmFactor makes one count and ends the sessions but for this one.
	ConfirmFactor(ctx context.Context, userID string, enrolled time.Time, step int64, codes [][]byte, session []byte, now time.Time) error
	// UseFactorStep accepts the code of a time step, once.
	UseFactorStep(ctx context.Context, userID string, step int64) (bool, error)
	// UseRecoveryCode accepts a recovery code, once.
	UseRecoveryCode(ctx context.Context, userID string, hash []byte, now time.Time) (bool, error)
	RemoveFactor(ctx context.Context, userID string) error
}
