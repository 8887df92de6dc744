package events

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"time"

	"sudi/domain"
)

// worker handles one event after the other, each of a case that nobody else
// works on.
func (s *session) worker() {
	for {
		ln, d := s.lanes.next()
		if d == nil {
			return
		}
		if again := s.process(d); again > 0 {
			s.lanes.park(ln, d, again)
		} else {
			s.lanes.finish(ln, d)
		}
	}
}

// process handles an event and answers the broker, or says after which pause to
// try again.
func (s *session) process(d *delivery) (again time.Duration) {
	err := d.unread
	if err == nil {
		if err = s.call(d.event); err == nil {
			s.answer(d.msg.Ack())
			return 0
		}
	}
	d.attempts++
	if d.failing.IsZero() {
		d.failing = time.Now()
	}
	if !s.hopeless(d, err) {
		s.Log.Debug("an event is tried again", "consumer", s.Name, "event", d.eventID, "attempts", d.attempts, "error", err)
		return backoff(d.attempts, retryLimit)
	}
	if deadErr := s.bury(d, err); deadErr != nil {
		s.Log.Warn("a dead letter cannot be kept yet", "consumer", s.Name, "event", d.eventID, "error", deadErr)
		return backoff(d.attempts, retryLimit)
	}
	s.answer(d.msg.TermWithReason(causeClass(err)))
	return 0
}

// panicError is what a panic of Handle becomes.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func (s *session) call(e domain.Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v, debug.Stack()}
		}
	}()
	return s.Handle(s.work, e)
}

// hopeless decides between another attempt and the dead letters. An event that
// cannot be read never gets better; one that the rules refuse, or that panics,
// gets a few tries; an error of unknown nature gets time, because it may be of
// the surroundings; one that is known to be of them is retried without end.
func (s *session) hopeless(d *delivery, err error) bool {
	switch {
	case d.unread != nil:
		return true
	case s.Retryable(err) || d.attempts < s.Tries:
		return false
	default:
		return atFault(err) || time.Since(d.failing) >= s.Patience
	}
}

// atFault reports that the event itself is the reason of an error.
func atFault(err error) bool {
	var p *panicError
	if errors.As(err, &p) {
		return true
	}
	switch domain.KindOf(err) {
	case domain.KindInvalid, domain.KindNotFound, domain.KindForbidden, domain.KindUnauthenticated, domain.KindGone:
		return true
	default:
		return false
	}
}

// retryStates are the classes of SQLSTATE that say that the database is away,
// full, overloaded or shutting down, or that the transaction must be repeated.
var retryStates = []string{"08", "40", "53", "55", "57", "58"}

// IsRetryable reports that an error is of the surroundings and not of the event:
// overload, end of time, a lost connection, or the like from the database.
func IsRetryable(err error) bool {
	var state interface{ SQLState() string } // PostgreSQL's errors, without knowing their package
	if errors.As(err, &state) {
		code := state.SQLState()
		return len(code) == 5 && slices.Contains(retryStates, code[:2])
	}
	var network net.Error
	return domain.KindOf(err) == domain.KindOverloaded ||
		errors.As(err, &network) ||
		slices.ContainsFunc([]error{
			context.Canceled, context.DeadlineExceeded, driver.ErrBadConn,
			io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed,
		}, func(known error) bool { return errors.Is(err, known) })
}
