package pgserver

import (
	"os/exec"
	"syscall"
)

// dieWithParent asks the kernel to shut the server down when this process dies.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGINT }
