package pgserver

import (
	"errors"
	"fmt"
)

// Errors to test for with errors.Is.
var (
	// ErrNoBinaries means that no usable PostgreSQL server programs were found.
	ErrNoBinaries = errors.New("PostgreSQL's server programs are not installed")
	// ErrInUse means that another live process runs on the same data directory.
	ErrInUse = errors.New("data directory in use")
	// ErrVersion means that the data directory needs another major version.
	ErrVersion = errors.New("no PostgreSQL of the version that made this data directory")
	// ErrAccess means that this process, or the user it runs PostgreSQL as, may
	// not use the data directory.
	ErrAccess = errors.New("data directory not accessible")
)

// InUseError says which process holds the data directory. It is an ErrInUse.
type InUseError struct {
	Dir string
	PID int // 0 when unknown
}

func (e *InUseError) Error() string {
	who := "another sudi"
	if e.PID > 0 {
		who = fmt.Sprintf("another sudi (pid %d)", e.PID)
	}
	return who + " is running on this data directory: " + e.Dir
}

// Is reports whether target is ErrInUse.
func (e *InUseError) Is(target error) bool { return target == ErrInUse }
