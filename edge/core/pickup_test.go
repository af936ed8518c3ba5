package core

import (
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
)

// SPEC R67: whoever rings hears that the call was completed elsewhere; the caller
// is answered, the one who picks up hears a beep first.
func TestPickup(t *testing.T) {
	for _, who := range []string{"a phone", "a mobile"} {
		r := newRig(t, 1, 0)
		r.border.script = []int{180}
		r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
		r.run(time.Second)
		r.wantLog(r.border, "incoming", "180 media=false")
		r.border.log = nil
		at := "192.0.2.1:20000"
		if who == "a phone" {
			r.fromPhone(r.p2, "92001")
			at = "198.51.100.12:20000"
		} else {
			r.fromBorder(seam.Call{Called: "92001", Caller: msisdn2003})
		}
		r.run(time.Second)
		// The beep waits for the ACK of who hears it, so that none of it overtakes the
		// answer; A has its session by then.
		r.hears("release 2", "configure 3 "+at+" 0", "configure 1 192.0.2.1:20000 0", "play 3 [tone/beep] 0", "join 1 3")
		if r.border.ended == nil || r.border.ended.Cause.Status != 487 {
			t.Fatalf("2001 was told %v", r.border.log)
		}
		if got := header.Lines(r.border.ended.Message, "Reason"); !strings.Contains(strings.Join(got, " "), `SIP;cause=200;text="Call completed elsewhere"`) {
			t.Errorf("2001 was told why: %v", got)
		}
		if got := strings.Count(strings.Join(r.border.log, " "), "answered"); got != map[string]int{"a phone": 1, "a mobile": 2}[who] {
			t.Errorf("told %v", r.border.log)
		}
		r.press(3, "*") // it counts as the ringing call (SPEC R40)
		if got := r.commands(); (len(got) > 0) != (who == "a mobile") {
			t.Errorf("%s: * did %v", who, got)
		}
		r.hangUpAll()
	}
}

// A call that has been answered, or given up, cannot be picked up (SPEC R68).
func TestPickupTooLate(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mobileTalks()
	r.border.ended = nil
	r.fromPhone(r.p2, "92001")
	r.run(time.Second)
	r.wantLog(r.p2, `ended remote 480 q850=31 "nothing to pick up"`)
	r.hangUpAll()
}

// One's own extension cannot be picked up, though it rings (SPEC R68).
func TestPickupOfOwnExtension(t *testing.T) {
	r := newRig(t, 1, 0)
	r.border.script = []int{180}
	r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
	r.run(time.Second)
	r.fromBorder(seam.Call{Called: "92001", Caller: msisdn2001})
	r.run(time.Second)
	if r.border.ended == nil || r.border.ended.Cause.Q850 != cause.NormalUnspecified {
		t.Errorf("told %v", r.border.log)
	}
	r.hangUpAll()
}

// SPEC R12: the one who picks up takes the channel over.
func TestPickupTakesChannelOver(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.directory.tenants["t1"].channels = 1
	r.border.script = []int{180}
	r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
	r.run(time.Second)
	r.fromBorder(seam.Call{Called: "92001", Caller: msisdn2003})
	r.run(time.Second)
	if got := strings.Count(strings.Join(r.border.log, " "), "answered"); got != 2 {
		t.Errorf("told %v", r.border.log)
	}
	r.hangUpAll()

	r = newRig(t, 1, 0) // a phone that rings has none to leave
	r.app.directory.tenants["t1"].channels = 0
	r.p2.script = []int{180}
	r.fromBorder(seam.Call{Called: "0300000100", Caller: outside})
	r.run(time.Second)
	r.fromBorder(seam.Call{Called: "91002", Caller: msisdn2003})
	r.run(time.Second)
	if r.border.ended == nil || r.border.ended.Cause.Q850 != cause.NoCircuit || len(dropped(r.p2)) != 0 {
		t.Errorf("told %v and %v", r.border.log, r.p2.log)
	}
	r.hangUpAll()
}

// SPEC R67: whatever rings can be picked up: whom somebody consults, whom a call is passed
// on to, the parker who is called back.
func TestPickupOfTransfers(t *testing.T) {
	for keys, want := range map[string]string{"*1002#": "join 2 4", "#1002#": "join 1 4", "#700": "join 1 4"} {
		r := newRig(t, 1, 0)
		r.p2.script = []int{180}
		r.mobileTalks()
		r.border.script = []int{180}
		r.press(2, keys)
		r.run(time.Second)
		code := "91002"
		if keys == "#700" {
			r.run(300 * time.Second)
			code = "92001"
		}
		r.commands()
		r.fromPhone(r.p1, code)
		r.run(time.Second)
		r.wantLog(r.p1, "answered")
		if got := strings.Join(r.commands(), "|"); !strings.HasSuffix(got, want) || !strings.Contains(got, "play 4 [tone/beep] 0") {
			t.Errorf("%s: media was told %s", keys, got)
		}
		r.hangUpAll()
	}
}

// One who picks up and goes before it has agreed on a session leaves nothing
// behind; the caller is told.
func TestPickupVanishes(t *testing.T) {
	r := newRig(t, 1, 0)
	r.border.script = []int{180}
	r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
	r.run(time.Second)
	r.p2.slow = true
	id := r.phoneCalls(r.p2, "92001", nil) // its offer would come with the ACK
	r.run(time.Second)
	r.do(r.p2, id, hangUp)
	r.run(40 * time.Second)
	if got := dropped(r.border); len(got) != 2 {
		t.Errorf("told %v", r.border.log)
	}
	r.hangUpAll()
}
