package core

import (
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/leg"
	"sekisho/media/dtmf"
	"sekisho/media/relay"
)

// press presses keys at an endpoint, a tenth of a second each.
func (r *rig) press(slot uint32, keys string) {
	r.t.Helper()
	for _, key := range []byte(keys) {
		r.run(100 * time.Millisecond)
		r.post(nil, r.core.MediaEvent(r.now, relay.Digit{Slot: relay.Slot{Index: slot, Epoch: 1}, Key: dtmf.Key(key)}, nil))
	}
}

// internal is a call between two mobiles.
func internal() seam.Call { return seam.Call{Called: "2002", Caller: msisdn2001} }

// keysKept reports whether a party's codes are kept from the other.
func (r *rig) keysKept() bool {
	for _, k := range r.app.calls {
		for _, p := range k.Parties {
			if p.Endpoint.Keys == relay.ConsumeCodes {
				return true
			}
		}
	}
	return false
}

// mobileTalks sets up a call of outsider A (endpoint 1) to mobile 2001 (2), and
// returns the legs as the border has them.
func (r *rig) mobileTalks() (a, b leg.ID) {
	r.t.Helper()
	a = r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
	r.run(time.Second)
	r.wantCommands("configure 2 192.0.2.1:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
	return a, r.border.last
}

const (
	asked      = "play 2 [transfer_enter] 0"
	musicFor1  = "play 1 [music/hold] -1"
	confirmed  = "play 2 [hold_on] 0"
	talksAgain = "join 1 2"
)

// SPEC R55: *0 and 3 s, or *0#, holds; * resumes; other keys mean nothing.
func TestHoldByKeys(t *testing.T) {
	r := newRig(t, 1, 0)
	a, _ := r.mobileTalks()
	r.press(2, "*")
	r.wantCommands(musicFor1, asked)
	r.press(2, "0")
	r.wantCommands("silence 2")
	r.run(2900 * time.Millisecond)
	r.wantCommands()
	r.run(200 * time.Millisecond)
	r.wantCommands(confirmed)
	r.press(2, "12#0")
	r.run(time.Hour)
	r.wantCommands()
	r.press(2, "*")
	r.wantCommands(talksAgain)
	r.press(2, "*0#")
	r.wantCommands(musicFor1, asked, "silence 2", confirmed)
	r.press(2, "*")
	r.wantCommands(talksAgain)
	// SPEC R58.
	r.wantActivities("t1 hold_start 2001", "t1 hold_end 2001 1h0m1s", "t1 hold_start 2001", "t1 hold_end 2001 0s")
	r.press(2, "*0#")
	r.run(5 * time.Second)
	r.do(r.border, a, hangUp)
	r.settle()
	r.wantActivities("t1 hold_start 2001", "t1 hold_end 2001 5s")
}

// SPEC R57: whoever is on hold and hangs up ends the whole call, and so does who
// has put it there.
func TestHangUpInHold(t *testing.T) {
	for _, who := range []string{"A", "B"} {
		r := newRig(t, 1, 0)
		a, b := r.mobileTalks()
		r.press(2, "*0#")
		r.commands()
		ends := a
		if who == "B" {
			ends = b
		}
		r.do(r.border, ends, hangUp)
		r.run(200 * time.Millisecond)
		r.wantCommands("release 1", "release 2")
		if r.border.ended == nil {
			t.Fatalf("%s hung up: told %v", who, r.border.log)
		}
		r.settle()
	}
}

// SPEC R40: features are the mobile's, in calls that came from outside or stay
// inside.
func TestArmed(t *testing.T) {
	for _, c := range []struct {
		why    string
		call   func(*rig)
		slot   uint32
		asking bool
	}{
		{"inbound external, the mobile", func(r *rig) { r.mobileTalks() }, 2, true},
		{"inbound external, the caller", func(r *rig) { r.mobileTalks() }, 1, false},
		{"internal, the caller", func(r *rig) { r.fromBorder(seam.Call{Called: "2002", Caller: msisdn2001}) }, 1, true},
		{"internal, the called", func(r *rig) { r.fromBorder(seam.Call{Called: "2002", Caller: msisdn2001}) }, 2, true},
		{"to a phone, the mobile", func(r *rig) { r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001}) }, 1, true},
		{"to a phone, the phone", func(r *rig) { r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001}) }, 2, false},
		{"outbound external, the mobile", func(r *rig) { r.fromBorder(seam.Call{Called: outside, Caller: msisdn2001}) }, 1, false},
		{"outbound external, the outsider", func(r *rig) { r.fromBorder(seam.Call{Called: outside, Caller: msisdn2001}) }, 2, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			c.call(r)
			r.run(time.Second)
			r.commands()
			r.press(c.slot, "*")
			if got := r.commands(); (len(got) > 0) != c.asking {
				t.Errorf("media was told %v", got)
			}
			r.hangUpAll()
		})
	}
}

// hangUpAll ends whatever stands and sees that nothing is left.
func (r *rig) hangUpAll() {
	r.t.Helper()
	for _, f := range r.parties() {
		for id := range f.legs.Next() {
			r.do(f, id, hangUp)
		}
	}
	r.settle()
}

// SPEC, "Undefined codes and collisions": the first to press owns the call.
func TestFirstKeyOwns(t *testing.T) {
	r := newRig(t, 1, 0)
	r.fromBorder(seam.Call{Called: "2002", Caller: msisdn2001})
	r.run(time.Second)
	r.commands()
	r.press(2, "*")
	r.wantCommands(musicFor1, asked)
	r.press(1, "**0#")
	r.wantCommands()
	r.press(2, "*")
	r.wantCommands(talksAgain)
	r.press(1, "*")
	r.wantCommands("play 1 [transfer_enter] 0", "play 2 [music/hold] -1")
	r.hangUpAll()
}

// SPEC R42: the first digit is awaited for 10 s after the announcement; then the
// owner hears that nothing was keyed in.
func TestNothingKeyedIn(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mobileTalks()
	r.press(2, "#")
	r.wantCommands(musicFor1, asked)
	r.run(9900 * time.Millisecond)
	r.wantCommands()
	r.run(200 * time.Millisecond)
	r.wantCommands("play 2 [transfer_cancel] 0", talksAgain)
	r.hangUpAll()
}

// An announcement whose end is never reported ends all the same.
func TestAnnouncementNeverEnds(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mute = true
	r.mobileTalks()
	r.press(2, "*")
	r.run(44 * time.Second)
	r.wantCommands(musicFor1, asked)
	r.run(2 * time.Second)
	r.wantCommands("play 2 [transfer_cancel] 0")
	r.run(36 * time.Second)
	r.wantCommands(talksAgain)
	r.hangUpAll()
}
