package main

import (
	"os"
	"strings"
	"testing"
)

// TestProfileWithoutPerf: a machine without it measures all the same, and the
// report says what is missing.
func TestProfileWithoutPerf(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var b strings.Builder
	err := profile(t.Context(), t.TempDir(), os.Getpid(), func() error { t.Error("a round was placed for nothing"); return nil }, &b)
	if err != nil || !strings.Contains(b.String(), "no profile: perf is not installed") {
		t.Errorf("%v, %q", err, b.String())
	}
}
