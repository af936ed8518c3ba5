package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/edge/config"
)

// The directory is replaced under a call between two phones: the call is ended
// by a BYE of the phone that is no longer there, which cannot register again,
// and a phone that is new can.
func TestReloadTouchesNoCall(t *testing.T) {
	t.Setenv("TEST_PHONE_1003", "third phone")
	was := registrarSite(t)
	n := started(t, was, Options{Clips: silence{}, Workers: 1})
	leaves, stays, answer := talk(t, n)
	comes := newSocketPhone(t, n.Sockets().Phones[0], "1003")

	text := strings.Replace(site, "1002: {kind: desk, password: {file: %q}}", "1003: {kind: desk, password: {env: TEST_PHONE_1003}}", 1)
	next, err := config.Parse("site", fmt.Appendf(nil, text, was.CDR.File))
	if err != nil {
		t.Fatal(err)
	}
	if later, err := n.Reload(next); err != nil || len(later) != 0 {
		t.Fatalf("reloaded: %v, %v", later, err)
	}
	if s, err := n.State(t.Context()); err != nil || s.Calls != 1 {
		t.Errorf("%d calls after the reload, want the one that stood (%v)", s.Calls, err)
	}
	if got := comes.register("third phone"); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("the new phone: %s", got)
	}
	if got := stays.register("soft phone"); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("the phone that stays: %s", got)
	}
	if got := leaves.register("desk phone"); strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("the phone that is gone: %s", got)
	}
	leaves.within(answer, "BYE", leaves.seq+1)
	leaves.next("SIP/2.0 200 ")
	stays.reply(stays.next("BYE "), "200 OK", "", "")
}

// What cannot be taken over changes nothing, and says why.
func TestReloadThatFails(t *testing.T) {
	was := registrarSite(t)
	n := started(t, was, Options{Clips: silence{}, Workers: 1})
	parse := func(old, now string) *config.Config {
		t.Helper()
		secret := filepath.Join(t.TempDir(), "1002")
		if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("site", fmt.Appendf(nil, strings.Replace(site, old, now, 1), secret, was.CDR.File))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if _, err := n.Reload(parse("  docomo: {profile", "  other: {profile")); err == nil || !strings.Contains(err.Error(), "restart") {
		t.Errorf("another trunk: %v", err)
	}
	if _, err := n.Reload(parse("{env: TEST_PHONE_1001}", "{env: TEST_PHONE_NONE}")); err == nil || !strings.Contains(err.Error(), "TEST_PHONE_NONE") {
		t.Errorf("a password that is not there: %v", err)
	}
	phone := newSocketPhone(t, n.Sockets().Phones[0], "1001")
	if got := phone.register("soft phone"); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		t.Errorf("after what failed: %s", got)
	}
	later, err := n.Reload(parse("ports: 40064-40127", "ports: 40064-40125"))
	if err != nil || !slices.Equal(later, []string{"core"}) {
		t.Errorf("other ports: %v, %v", later, err)
	}
}
