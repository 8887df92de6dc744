//go:build !linux

package pgserver

import "os/exec"

// dieWithParent does nothing here: the next start stops an orphan.
func dieWithParent(*exec.Cmd) {}
