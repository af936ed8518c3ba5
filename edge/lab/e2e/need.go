package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// Required reports whether a tool that is missing is a failure: SEKISHO_REQUIRE
// is set to anything.
func Required() bool { return os.Getenv("SEKISHO_REQUIRE") != "" }

// Need skips the test, with the reason, unless every tool is in the path. Where
// tools are Required it fails the test instead.
func Need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if Required() {
			t.Fatalf("%s is not installed, and SEKISHO_REQUIRE is set", tool)
		}
		t.Skipf("%s is not installed", tool)
	}
}

// NeedTime skips a trial of minutes, with the reason, unless SEKISHO_REQUIRE is
// set.
func NeedTime(t testing.TB, why string) {
	t.Helper()
	if !Required() {
		t.Skipf("%s: runs where SEKISHO_REQUIRE is set", why)
	}
}
