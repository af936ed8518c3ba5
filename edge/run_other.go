//go:build !unix

package main

import "os"

// notifyDrain does nothing where there is no signal to spare.
func notifyDrain(chan<- os.Signal) {}
