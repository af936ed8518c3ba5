//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyDrain has c hear that no new calls shall be taken.
func notifyDrain(c chan<- os.Signal) { signal.Notify(c, syscall.SIGUSR1) }
