//go:build unix

package main

import (
	"syscall"
	"testing"
	"time"
)

// used is the CPU time of the whole process, its collector included. Unlike
// the time of a benchmark it does not grow when others use the same cores.
func used(t testing.TB) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
