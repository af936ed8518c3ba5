package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// parks has mobile 2001 park a call from outside, and returns A's leg.
func (r *rig) parks() leg.ID {
	r.t.Helper()
	a, _ := r.mobileTalks()
	r.border.log, r.border.ended = nil, nil
	r.press(2, "#700")
	r.run(100 * time.Millisecond)
	r.hears("play 1 [music/hold] -1|play 2 [transfer_enter] 0|silence 2", "play 2 [park_prefix digit_7 digit_0 digit_1 park_suffix] 0", "release 2")
	if got := dropped(r.border); len(got) != 1 || !strings.Contains(got[0], "q850=16") {
		r.t.Fatalf("the parker was told %v", r.border.log)
	}
	r.border.log = nil
	return a
}

// SPEC R62, R65, R69: at the third digit, without #; the announced number is the one
// to retrieve by, whoever does, with a beep for the retriever alone.
func TestParkAndRetrieve(t *testing.T) {
	for _, who := range []string{"a phone", "a mobile", "the parker"} {
		r := newRig(t, 1, 0)
		r.parks()
		r.run(299 * time.Second)
		r.hears()
		at := "192.0.2.1:20000"
		switch who {
		case "a phone":
			r.fromPhone(r.p2, "701")
			at = "198.51.100.12:20000"
		case "a mobile":
			r.fromBorder(seam.Call{Called: "701", Caller: msisdn2002})
		case "the parker":
			r.fromBorder(seam.Call{Called: "701", Caller: msisdn2001})
		}
		r.run(100 * time.Millisecond)
		r.hears("configure 3 "+at+" 0", "play 3 [tone/beep] 0", "join 1 3")
		r.run(time.Minute)
		if got := dropped(r.border); len(got) != 0 {
			t.Errorf("%s: somebody was told %v", who, got)
		}
		// A retrieved call counts as what it was (SPEC R40).
		r.press(3, "*")
		if got := r.commands(); (len(got) > 0) != (who != "a phone") {
			t.Errorf("%s: * did %v", who, got)
		}
		r.hangUpAll()
		if want := map[string]int{"a phone": 1}[who]; len(r.records) != want {
			t.Errorf("%s: %d records of the core's, want %d: the border has the others", who, len(r.records), want)
		}
	}
}

// The slot is taken while it is being told: whoever is quick retrieves from the
// parker's ear.
func TestRetrieveWhileItIsTold(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mute = true
	r.mobileTalks()
	r.press(2, "#700")
	r.commands()
	r.fromPhone(r.p2, "701")
	r.run(100 * time.Millisecond)
	r.hears("release 2", "configure 3 198.51.100.12:20000 0", "play 3 [tone/beep] 0")
	r.hangUpAll()
}

// SPEC R62: the parker may hang up before the slot was told.
func TestParkerHangsUpEarly(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mute = true
	_, b := r.mobileTalks()
	r.press(2, "#700")
	r.commands()
	r.do(r.border, b, hangUp)
	r.run(time.Minute)
	r.hears("release 2")
	r.fromPhone(r.p2, "701")
	r.run(100 * time.Millisecond)
	r.wantLog(r.p2, "answered")
	r.hangUpAll()
}

// SPEC R63, R64: after 300 s the parker is called, sees A, and rings for 30 s.
func TestParkReturns(t *testing.T) {
	for _, c := range []struct {
		why    string
		script []int
		after  time.Duration // of ringing
		media  string
		stands bool
	}{
		{"answered", []int{180, 200}, 100 * time.Millisecond, "configure 3 192.0.2.1:20000 0|join 1 3", true},
		{"ringing", []int{180}, 29 * time.Second, "", true},
		{"unanswered", []int{180}, 31 * time.Second, "release 1|release 3", false},
		{"busy", []int{486}, 100 * time.Millisecond, "release 3|release 1", false},
		{"unreachable", []int{480}, 100 * time.Millisecond, "release 3|release 1", false},
		{"no channel", nil, 100 * time.Millisecond, "release 1", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.parks()
			r.border.invite, r.border.script = nil, c.script
			if c.script == nil {
				r.app.directory.tenants["t1"].channels = 0
			}
			r.run(299800 * time.Millisecond)
			if r.border.invite != nil {
				t.Fatal("too early")
			}
			r.run(200*time.Millisecond + c.after)
			if c.script != nil {
				if got := r.got(r.border); got.Called != msisdn2001 || got.Caller != outside {
					t.Errorf("the parker is called %+v", got)
				}
			}
			if got := strings.Join(r.commands(), "|"); got != c.media {
				t.Errorf("media was told %s\nwant %s", got, c.media)
			}
			cut := slices.ContainsFunc(dropped(r.border), func(s string) bool { return strings.HasPrefix(s, "ended remote q850=18") })
			if cut == c.stands {
				t.Errorf("the border was told %v", r.border.log)
			}
			r.hangUpAll()
		})
	}
}

// SPEC R66: A hangs up and the slot is free; an empty slot is 404; without a free
// one the owner has the call back.
func TestSlots(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.parks()
	r.do(r.border, a, hangUp)
	r.run(100 * time.Millisecond)
	r.hears("release 1")
	r.fromPhone(r.p2, "701")
	r.run(100 * time.Millisecond)
	r.wantLog(r.p2, `ended remote 404 q850=1 "nothing is parked there"`)
	r.hangUpAll()

	r = newRig(t, 1, 0)
	r.app.directory.tenants["t1"].park = Park{First: 701, Last: 701, Timeout: time.Hour}
	r.parks()
	r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
	r.run(time.Second)
	r.commands()
	r.press(4, "#700")
	r.run(100 * time.Millisecond)
	r.hears("play 3 [music/hold] -1|play 4 [transfer_enter] 0|silence 4", "play 4 [park_full] 0", "join 3 4")
	r.hangUpAll()
}

// SPEC R62: the lowest free slot is taken, and each tenant has its own.
func TestLowestSlot(t *testing.T) {
	r := newRig(t, 1, 0)
	r.parks()
	for i, want := range []string{"digit_2", "digit_3"} {
		r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
		r.run(time.Second)
		r.commands()
		r.press(uint32(4+2*i), "#700")
		if got := strings.Join(r.commands(), "|"); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	r.fromBorder(seam.Call{Domain: "t2.example", Called: "701", Caller: "09000002901"})
	r.run(time.Second)
	if r.border.ended == nil || r.border.ended.Cause.Status != 404 {
		t.Errorf("another tenant's slot: told %v", r.border.log)
	}
	r.hangUpAll()
}

// SPEC R12: park frees the parker's channel, and a retriever needs one.
func TestParkFreesChannel(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.directory.tenants["t1"].channels = 1
	r.parks()
	if n := r.app.busyChannels("t1"); n != 0 {
		t.Errorf("%d channels in use", n)
	}
	b := r.fromBorder(seam.Call{Called: outside, Caller: msisdn2002})
	r.run(time.Second)
	r.border.ended = nil
	r.fromBorder(seam.Call{Called: "701", Caller: msisdn2001})
	r.run(time.Second)
	if r.border.ended == nil || r.border.ended.Cause.Q850 != cause.NoCircuit {
		t.Errorf("told %v", r.border.log)
	}
	r.do(r.border, b, hangUp)
	r.hangUpAll()
}

// A retriever that cannot speak what the parked party speaks gets nothing, and the
// call stays parked.
func TestRetrieverWithoutCodec(t *testing.T) {
	r := newRig(t, 1, 0)
	r.parks()
	r.p2.media.Caps.Codecs = []relay.Codec{relay.PCMA}
	r.fromPhone(r.p2, "701")
	r.run(100 * time.Millisecond)
	if r.p2.ended == nil || r.p2.ended.Cause.Status != 488 {
		t.Errorf("told %v", r.p2.log)
	}
	r.p2.log, r.p2.media.Caps = nil, caps()
	r.fromPhone(r.p2, "701")
	r.run(100 * time.Millisecond)
	r.wantLog(r.p2, "answered")
	r.hangUpAll()
}

// SPEC R66: of two retrievers in one breath the first wins, in either order and
// with a late offer.
func TestTwoRetrievers(t *testing.T) {
	for _, late := range []bool{false, true} {
		for seed := range uint64(20) {
			r := newRig(t, seed, 0.1)
			r.fromBorder(seam.Call{Called: "0300000121", Caller: outside})
			r.run(10 * time.Second)
			r.press(2, "#700")
			r.run(40 * time.Second)
			r.p1.slow, r.p2.slow = false, false
			call := func(f *far) {
				m := &f.media
				if late {
					m = nil
				}
				r.phoneCalls(f, "701", m)
			}
			call(r.p1)
			call(r.p2)
			r.run(40 * time.Second)
			won := 0
			for _, f := range []*far{r.p1, r.p2} {
				switch fmt.Sprint(f.log) {
				case "[answered]":
					won++
				case `[ended remote 404 q850=1 "nothing is parked there"]`:
				default:
					t.Errorf("seed %d: told %v", seed, f.log)
				}
			}
			if won != 1 {
				t.Errorf("seed %d: %d retrieved it", seed, won)
			}
			r.run(time.Minute)
			r.hangUpAll()
		}
	}
}
