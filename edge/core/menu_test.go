package core

import (
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/policy/number"
)

// menu puts an IVR behind the number of the group under test: 1 leads to a call
// centre, 2 to a ring group, 3 to a phone.
func (r *rig) menu() {
	tenants := testTenants()
	tenants[0].Numbers[2] = DID{num("0300000137"), "3901"}
	tenants[0].Groups = []Group{
		{Extension: "3801", Queues: true, Members: members("2003")},
		{Extension: "3701", Members: members("2002")},
	}
	tenants[0].Menus = []Menu{{
		Extension: "3901", Greeting: "music/welcome", Otherwise: "1001",
		Options: []Option{{'1', "3801"}, {'2', "3701"}, {'3', "1002"}},
	}}
	r.app.Reload(r.now, tenants)
}

// SPEC R22, R23: what is shown on the mobile is the group or call centre that the
// caller has chosen, and whoever answers has the caller.
func TestMenu(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		wait       time.Duration
		rings      string // whom
		shown      string
		on         func(*rig) *far
		played     []string
	}{
		{"a call centre", "1", 0, msisdn2003, "3801", func(r *rig) *far { return r.border }, nil},
		{"a group", "2", 0, msisdn2002, "3701", func(r *rig) *far { return r.border }, nil},
		{"a phone", "3", 0, "1002", outside, func(r *rig) *far { return r.p2 }, nil},
		{"nothing", "", 11 * time.Second, "1001", outside, func(r *rig) *far { return r.p1 }, nil},
		{"wrong, then right", "93", 0, "1002", outside, func(r *rig) *far { return r.p2 }, []string{"play 1 [invalid_retry music/welcome] 0"}},
		{"wrong three times", "999", 0, "1001", outside, func(r *rig) *far { return r.p1 }, []string{"play 1 [invalid_retry music/welcome] 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.menu()
			a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
			r.run(time.Second)
			if got := strings.Join(r.commands(), "|"); got != "configure 1 192.0.2.1:20000 0|play 1 [music/welcome] 0" {
				t.Errorf("the caller hears %s", got)
			}
			r.press(1, c.keys)
			for _, want := range c.played {
				if got := strings.Join(r.commands(), "|"); !strings.Contains(got, want) {
					t.Errorf("after %s: %s", c.keys, got)
				}
			}
			r.run(c.wait + time.Second)
			if got := r.got(c.on(r)); got.Called != c.rings || got.Caller != c.shown {
				t.Errorf("%s is rung and shown %s, want %s shown %s", got.Called, got.Caller, c.rings, c.shown)
			}
			if k := r.only(); k.Stage != talking {
				t.Errorf("stage %d", k.Stage)
			}
			r.do(r.border, a, hangUp)
			r.run(time.Second)
			if len(r.leased) != 0 || len(r.app.calls) != 0 {
				t.Errorf("%d ports, %d calls are left", len(r.leased), len(r.app.calls))
			}
		})
	}
}

// Somebody hangs up at the menu, and one that leads nowhere ends the call.
func TestMenuEnds(t *testing.T) {
	r := newRig(t, 1, 0)
	tenants := testTenants()
	tenants[0].Numbers[2] = DID{num("0300000137"), number.ExtensionNumber("3901")}
	tenants[0].Menus = []Menu{{Extension: "3901", Options: []Option{{'1', "1002"}}}}
	r.app.Reload(r.now, tenants)
	for _, hang := range []bool{true, false} {
		a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
		r.run(time.Second)
		if hang {
			r.do(r.border, a, hangUp)
		}
		r.run(12 * time.Second)
		if len(r.leased) != 0 || len(r.app.calls) != 0 || r.p2.invite != nil {
			t.Errorf("%d ports, %d calls are left", len(r.leased), len(r.app.calls))
		}
	}
}
