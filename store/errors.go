package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"sudi/domain"
)

var errCaseUnknown = domain.Errorf(domain.KindNotFound, "case_unknown")

// errUnknown marks a commit whose outcome nobody can tell: the connection was
// lost while it was under way. All of it has happened, or nothing.
var errUnknown = errors.New("the outcome of the commit is unknown")

// commitError tells a commit that the server refused from one that may have
// happened.
func commitError(err error) error {
	var pg *pgconn.PgError
	// Severity is in the server's language.
	if errors.As(err, &pg) && !strings.HasPrefix(pg.Code, "57") && pg.SeverityUnlocalized == "ERROR" {
		return fmt.Errorf("commit: %w", err)
	}
	return fmt.Errorf("%w: %w", errUnknown, err)
}

// repeatable reports whether a transaction that failed has certainly not
// happened and may well succeed when tried again.
func repeatable(err error) bool {
	var own *domain.Error
	if errors.Is(err, errUnknown) || errors.As(err, &own) {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01") { // serialisation, deadlock
		return true
	}
	return away(err)
}

// away reports whether an error is of the connection, not of what was asked:
// the server is not there, or has ended our session.
func away(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "08") || pg.Code == "53300"
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var broken *pgconn.ConnectError
	if errors.As(err, &broken) || pgconn.SafeToRetry(err) {
		return true
	}
	text := err.Error() // pgconn has no type for it
	return strings.Contains(text, "unexpected EOF") || strings.Contains(text, "conn closed") ||
		strings.Contains(text, "connection reset") || strings.Contains(text, "broken pipe")
}

// lockTimeout is the state of a statement that waited too long for a lock.
const lockTimeout = "55P03"

// divisible reports whether some of the members of a transaction that failed
// may be free of the fault. They are not when the database is gone or time is
// up; and behind a lock each would only wait as long again.
func divisible(err error) bool {
	if errors.Is(err, errUnknown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || away(err) {
		return false
	}
	var pg *pgconn.PgError
	return !errors.As(err, &pg) || pg.Code != lockTimeout
}

// domainError says in the domain's words what the database said.
func domainError(err error) error {
	var own *domain.Error
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.Is(err, errUnknown):
		return &domain.Error{Kind: domain.KindInternal, Code: "outcome_unknown", Cause: err}
	case away(err):
		return &domain.Error{Kind: domain.KindOverloaded, Code: "database_away", Cause: err}
	case errors.Is(err, gorm.ErrRecordNotFound):
		return &domain.Error{Kind: domain.KindNotFound, Code: "not_found", Cause: err}
	case errors.As(err, &pg):
		e := fromPostgres(pg)
		e.Cause = err
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return &domain.Error{Kind: domain.KindInternal, Code: "database", Cause: err}
	}
}

func fromPostgres(pg *pgconn.PgError) *domain.Error {
	switch pg.Code {
	case "23505": // unique
		if pg.ConstraintName == "idempotency_keys_pkey" {
			return domain.Errorf(domain.KindConflict, "idempotency_key_used")
		}
		return domain.Errorf(domain.KindConflict, pg.ConstraintName)
	case "23503": // foreign key
		return foreignKeyError(pg)
	case "23514": // check
		if pg.ConstraintName == "cases_merge_target" {
			return domain.Invalid(domain.FieldError{Field: "merged_into", Code: "merge_target_bad"})
		}
		if pg.ConstraintName == "cases_matter_moved" { // somebody has just tied the other case elsewhere
			return domain.Errorf(domain.KindConflict, "case_changed")
		}
		if pg.ConstraintName == "cases_matter_has_cases" {
			return domain.Errorf(domain.KindConflict, "matter_has_cases")
		}
		return domain.Errorf(domain.KindInvalid, pg.ConstraintName)
	case "22021", "22P05": // a character that PostgreSQL cannot hold
		return domain.Errorf(domain.KindInvalid, "bad_characters")
	case "40001", "40P01", lockTimeout:
		return domain.Errorf(domain.KindOverloaded, "overloaded")
	default:
		return domain.Errorf(domain.KindInternal, "database")
	}
}

// foreignKeyError names the field whose value nobody knows.
func foreignKeyError(pg *pgconn.PgError) *domain.Error {
	switch pg.ConstraintName {
	case "cases_merged_into_fkey", "links_to_case_fkey", "links_from_case_fkey":
		return domain.Invalid(domain.FieldError{Field: "merged_into", Code: "case_unknown"})
	case "cases_repeats_fkey":
		return domain.Invalid(domain.FieldError{Field: "repeats", Code: "case_unknown"})
	case "cases_derived_from_fkey":
		return domain.Invalid(domain.FieldError{Field: "derived_from", Code: "case_unknown"})
	case "cases_owner_fkey", "cases_desk_fkey", "cases_registered_by_fkey", "users_org_fkey":
		field := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(pg.ConstraintName, "cases_"), "users_"), "_fkey")
		return domain.Invalid(domain.FieldError{Field: field, Code: "organization_unknown"})
	default:
		return domain.Errorf(domain.KindInvalid, pg.ConstraintName)
	}
}
