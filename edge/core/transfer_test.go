package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

// consulting has mobile 2001 (endpoint 2) of a call from outside (1) key in
// phone 1002, which does what its script says (3), and returns the legs of A and
// B as the border has them.
func (r *rig) consulting(script ...int) (a, b leg.ID) {
	r.t.Helper()
	r.p2.script = script
	a, b = r.mobileTalks()
	r.border.log, r.border.ended = nil, nil
	r.press(2, "*1002#")
	r.run(100 * time.Millisecond)
	return a, b
}

const (
	beginning = "play 1 [music/hold] -1|play 2 [transfer_enter] 0|silence 2"
	phoneUp   = "configure 3 198.51.100.12:20000 0"
	rings     = "play 2 [tone/ringback] -1"
)

// hears compares the media commands since the last call; lists are parted by |.
func (r *rig) hears(want ...string) {
	r.t.Helper()
	var flat []string
	for _, w := range want {
		flat = append(flat, strings.Split(w, "|")...)
	}
	r.wantCommands(flat...)
}

// dropped lists the legs that have ended at a far party, in order of their ends.
func dropped(f *far) []string {
	return slices.DeleteFunc(slices.Clone(f.log), func(s string) bool { return !strings.HasPrefix(s, "ended") })
}

// SPEC R42 to R44: the number is dialled at once by #, else after 3 s; the owner
// hears it ring, talks, hangs up, and the other two are joined.
func TestAttendedTransfer(t *testing.T) {
	for _, owner := range []string{"second", "first"} {
		t.Run(owner, func(t *testing.T) {
			r := newRig(t, 1, 0)
			var b leg.ID
			if owner == "second" {
				_, b = r.consulting(180)
				r.hears(beginning, rings)
			} else { // an internal call, whose caller transfers
				b = r.fromBorder(seam.Call{Called: "2002", Caller: msisdn2001})
				r.run(time.Second)
				r.commands()
				r.p2.script = []int{180}
				r.press(1, "*1002")
				if r.run(2800 * time.Millisecond); r.p2.invite != nil {
					t.Fatal("dialled too early")
				}
				r.run(400 * time.Millisecond)
				r.hears("play 1 [transfer_enter] 0|play 2 [music/hold] -1|silence 1|play 1 [tone/ringback] -1")
			}
			if got := r.got(r.p2); got.Caller != "2001" || got.Called != "1002" {
				t.Errorf("1002 is called %+v", got)
			}
			r.do(r.p2, r.p2.last, r.p2.respond(200))
			r.run(100 * time.Millisecond)
			if owner == "second" {
				r.hears(phoneUp, "join 2 3")
			} else {
				r.hears(phoneUp, "join 1 3")
			}
			r.do(r.border, b, hangUp)
			r.run(200 * time.Millisecond)
			if owner == "second" {
				r.hears("release 2|join 1 3")
			} else {
				r.hears("release 1|join 2 3")
			}
			if len(dropped(r.p2)) != 0 {
				t.Errorf("1002 was told %v", r.p2.log)
			}
			// What is left is a call like any other.
			r.do(r.p2, r.p2.last, hangUp)
			r.settle()
		})
	}
}

// SPEC R45: whatever becomes of the third party, the owner hears why and goes
// back.
func TestConsultationFails(t *testing.T) {
	for status, heard := range map[int]string{
		486: "tone/busy", 603: "tone/busy", 404: "invalid_retry", 480: "no_answer", 503: "tone/busy", 403: "not_allowed",
	} {
		r := newRig(t, 1, 0)
		r.consulting(180, status)
		got := strings.Join(r.commands(), "|")
		repeat := " 0"
		if heard == "tone/busy" {
			repeat = " 3"
		}
		want := beginning + "|" + rings + "|release 3|play 2 [" + heard + "]" + repeat + "|" + talksAgain
		if r.run(time.Second); got != want {
			t.Errorf("%d: %s\nwant %s", status, got, want)
		}
		if len(dropped(r.border)) != 0 {
			t.Errorf("%d: somebody was told %v", status, r.border.log)
		}
		r.hangUpAll()
	}
}

// SPEC R45: nobody answers for 40 s.
func TestConsultationUnanswered(t *testing.T) {
	r := newRig(t, 1, 0)
	r.consulting(180)
	r.run(39 * time.Second)
	r.hears(beginning, rings)
	r.run(2 * time.Second)
	r.hears("release 3|play 2 [no_answer] 0", talksAgain)
	if r.p2.ended == nil || r.p2.ended.Cause.Status != 487 {
		t.Errorf("1002 was told %v", r.p2.log)
	}
	r.hangUpAll()
}

// SPEC R44, R45: who may end a consultation, and what is left of it.
func TestConsultationEnds(t *testing.T) {
	for _, c := range []struct {
		why      string
		ringing  bool
		do       func(r *rig, a, b leg.ID)
		media    string
		standing int // legs of the border that stand afterwards
		third    bool
	}{
		{"* while it rings", true, func(r *rig, _, _ leg.ID) { r.press(2, "*") }, "release 3|join 1 2", 2, false},
		{"* while they talk", false, func(r *rig, _, _ leg.ID) { r.press(2, "*") }, "release 3|join 1 2", 2, false},
		{"digits and # mean nothing", false, func(r *rig, _, _ leg.ID) { r.press(2, "12#") }, "", 2, true},
		{"the third party hangs up", false, func(r *rig, _, _ leg.ID) { r.do(r.p2, r.p2.last, hangUp) }, "release 3|join 1 2", 2, false},
		{"A hangs up: B and C go on", false, func(r *rig, a, _ leg.ID) { r.do(r.border, a, hangUp) }, "release 1", 1, true},
		{"A hangs up while it rings", true, func(r *rig, a, _ leg.ID) { r.do(r.border, a, hangUp) }, "release 1|release 2|release 3", 0, false},
		{"B's radio is lost", false, func(r *rig, _, b leg.ID) {
			r.do(r.border, b, leg.HangUp{Cause: cause.Cause{Q850: cause.RecoveryOnTimer}})
		}, "release 1|release 2|release 3", 0, false},
		{"B's radio is lost while it rings", true, func(r *rig, _, b leg.ID) {
			r.do(r.border, b, leg.HangUp{Cause: cause.Cause{Q850: cause.TemporaryFailure}})
		}, "release 1|release 2|release 3", 0, false},
		{"B hangs up while it rings", true, func(r *rig, _, b leg.ID) { r.do(r.border, b, hangUp) }, "release 2|play 1 [tone/ringback] -1", 1, true},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			script := []int{180, 200}
			if c.ringing {
				script = script[:1]
			}
			a, b := r.consulting(script...)
			r.commands()
			c.do(r, a, b)
			r.run(200 * time.Millisecond)
			if got := strings.Join(r.commands(), "|"); got != c.media {
				t.Errorf("media was told %s\nwant %s", got, c.media)
			}
			if standing := 2 - len(dropped(r.border)); standing != c.standing {
				t.Errorf("the border was told %v", r.border.log)
			}
			if third := len(dropped(r.p2)) == 0; third != c.third {
				t.Errorf("1002 was told %v", r.p2.log)
			}
			r.hangUpAll()
		})
	}
}

// SPEC R44: who has hung up while it rang leaves A waiting for what is left of 60
// s.
func TestTransferBeforeTheAnswer(t *testing.T) {
	for _, answers := range []bool{true, false} {
		r := newRig(t, 1, 0)
		_, b := r.consulting(180)
		r.run(30 * time.Second)
		r.do(r.border, b, hangUp)
		r.run(29 * time.Second)
		r.commands()
		if len(dropped(r.border)) != 1 {
			t.Fatalf("cut too early: %v", r.border.log)
		}
		if answers {
			r.do(r.p2, r.p2.last, r.p2.respond(200))
			r.run(100 * time.Millisecond)
			r.hears(phoneUp, "join 1 3")
		} else {
			r.run(2 * time.Second)
			r.hears("release 3|release 1")
			if got := r.border.ended.Cause.Q850; got != cause.NoAnswer {
				t.Errorf("A was told %v", r.border.ended.Cause)
			}
		}
		r.hangUpAll()
	}
}

// SPEC R48: the owner is let go at the first sign of life, A hears it ring, and
// C sees A.
func TestBlindTransfer(t *testing.T) {
	r := newRig(t, 1, 0)
	r.p2.script = []int{180}
	r.mobileTalks()
	r.border.log = nil
	r.press(2, "#1002#")
	r.run(100 * time.Millisecond)
	r.hears(beginning, "release 2|play 1 [tone/ringback] -1")
	if got := dropped(r.border); len(got) != 1 || !strings.Contains(got[0], "q850=16") {
		t.Errorf("B was told %v", r.border.log)
	}
	if got := r.got(r.p2); got.Caller != outside || got.Called != "1002" {
		t.Errorf("1002 is called %+v", got)
	}
	r.do(r.p2, r.p2.last, r.p2.respond(200))
	r.run(100 * time.Millisecond)
	r.hears(phoneUp, "join 1 3")
	r.hangUpAll()
}

// SPEC R48, R49: when the owner is let go, and what a failure costs before and
// after that.
func TestBlindTransferFails(t *testing.T) {
	for _, c := range []struct {
		why   string
		at    time.Duration // after the INVITE
		do    func(r *rig)
		media string
		gone  int // legs of the border
	}{
		{"busy at once: the owner has the call back", 0, func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(486)) },
			"release 3|play 2 [tone/busy] 3|" + talksAgain, 0},
		{"busy behind 1.9 s of silence", 1800 * time.Millisecond, func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(486)) },
			"release 3|play 2 [tone/busy] 3|" + talksAgain, 0},
		{"silence for 2 s lets the owner go", 2100 * time.Millisecond, func(*rig) {}, "release 2", 1},
		{"busy later cuts A", 2100 * time.Millisecond, func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(486)) },
			"release 2|release 3|release 1", 2},
		{"an answer at once", 0, func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(200)) },
			phoneUp + "|release 2|join 1 3", 1},
		{"60 s of ringing cut A", 0, func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(180)); r.run(60 * time.Second) },
			"release 2|play 1 [tone/ringback] -1|release 3|release 1", 2},
		{"59 s do not", 0, func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(180)); r.run(59 * time.Second) },
			"release 2|play 1 [tone/ringback] -1", 1},
		{"the owner hangs up itself", 0, func(r *rig) { r.do(r.border, r.border.last, hangUp) }, "release 2", 1},
		{"A hangs up", 0, func(r *rig) { r.do(r.border, 1, hangUp) }, "release 1|release 2|release 3", 2},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.p2.script = nil
			r.mobileTalks()
			r.border.log = nil
			r.press(2, "#1002#")
			r.run(10 * time.Millisecond)
			r.hears(beginning)
			r.run(c.at)
			c.do(r)
			r.run(50 * time.Millisecond)
			if got := strings.Join(r.commands(), "|"); got != c.media {
				t.Errorf("media was told %s\nwant %s", got, c.media)
			}
			if len(dropped(r.border)) != c.gone {
				t.Errorf("the border was told %v", r.border.log)
			}
			r.hangUpAll()
		})
	}
}

// SPEC R43, R61c and "Undefined codes": what is keyed in, and what the owner hears
// where nobody is dialled.
func TestTargets(t *testing.T) {
	for keys, want := range map[string]string{
		"*81002#": "1002", "#81002#": "1002", "*0300000100#": "1002",
		"*2003#": "border", "*09000002003#": "border", "*0300009002#": "border", "#82003#": "border",
		"*700#": "invalid_retry", "*701#": "invalid_retry", "#701#": "invalid_retry", "#799#": "invalid_retry",
		"*92003#": "invalid_retry", "*2999#": "invalid_retry", "*03#": "invalid_retry", "#0#": "invalid_retry", "*99999999#": "invalid_retry",
		"*110#": "emergency", "#119#": "emergency", "*8118#": "emergency",
		"*01012025550123#": "no_intl", "*0990123456#": "not_allowed", "*117#": "not_allowed", "*0077123#": "not_allowed",
		"*2001#": "tone/busy", "*1003#": "unreachable",
	} {
		r := newRig(t, 1, 0)
		r.p2.script = []int{180}
		r.mobileTalks()
		r.border.script, r.border.invite = []int{180}, nil
		r.press(2, keys)
		r.run(100 * time.Millisecond)
		got := ""
		switch {
		case r.p2.invite != nil:
			got = "1002"
		case r.border.invite != nil:
			got = "border"
		default:
			for _, c := range r.commands() {
				if strings.HasPrefix(c, "play 2 ") && !strings.Contains(c, "transfer_enter") {
					_, c, _ = strings.Cut(c, "[")
					got, _, _ = strings.Cut(c, "]")
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", keys, got, want)
		}
		r.hangUpAll()
	}
}

// SPEC R46, R47, R48: whom the target sees.
func TestShownToTheTarget(t *testing.T) {
	for _, c := range []struct {
		why  string
		from seam.Call
		via  via
		keys string
		want seam.Call
	}{
		{"attended, a softphone", seam.Call{Called: "0300000121", Caller: outside}, direct, "*1001#", seam.Call{Called: "1001", Caller: "2001"}},
		{"attended, a softphone, through the call centre", seam.Call{Called: "0300000121", Caller: outside}, byCentre, "*1001#", seam.Call{Called: "1001", Caller: outside}},
		{"attended, a desk phone, through the call centre", seam.Call{Called: "0300000121", Caller: outside}, byCentre, "*1002#", seam.Call{Called: "1002", Caller: "2001"}},
		{"attended, a mobile, through the call centre", seam.Call{Called: "0300000121", Caller: outside}, byCentre, "*2003#", seam.Call{Called: msisdn2003, Caller: "2001"}},
		{"attended, outside", seam.Call{Called: "0300000121", Caller: outside}, direct, "*0300009002#", seam.Call{Called: "0300009002", Caller: "0300000100"}},
		{"blind, a desk phone", seam.Call{Called: "0300000121", Caller: outside}, direct, "#1002#", seam.Call{Called: "1002", Caller: outside}},
		{"blind, a mobile", seam.Call{Called: "0300000121", Caller: outside}, direct, "#2003#", seam.Call{Called: msisdn2003, Caller: outside}},
		{"blind, a caller who withholds its number", seam.Call{Called: "0300000121", Caller: outside, Private: true, Display: "Coin line/payphone"}, direct, "#2003#",
			seam.Call{Called: msisdn2003, Caller: outside, Private: true, Display: "Coin line/payphone"}},
		{"blind, a colleague", seam.Call{Called: "2001", Caller: msisdn2003}, direct, "#1002#", seam.Call{Called: "1002", Caller: "2003"}},
		{"blind, a colleague, outside", seam.Call{Called: "2001", Caller: msisdn2002}, direct, "#0300009002#", seam.Call{Called: "0300009002", Caller: "0300000137"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.fromBorder(c.from)
			r.run(time.Second)
			for _, k := range r.app.calls {
				k.Via = c.via
			}
			r.border.invite = nil
			r.press(2, c.keys)
			r.run(100 * time.Millisecond)
			f := r.border
			for _, p := range []*far{r.p1, r.p2} {
				if p.invite != nil {
					f = p
				}
			}
			got := r.got(f)
			if got.Called != c.want.Called || got.Caller != c.want.Caller || got.Private != c.want.Private || got.Display != c.want.Display {
				t.Errorf("got %+v", got)
			}
			if passed := len(got.Diversions) > 0; passed != (c.via == byCentre && c.want.Caller == outside) {
				t.Errorf("passed on by %v", got.Diversions)
			}
			r.hangUpAll()
		})
	}
}

// SPEC R49b: outside, one of our numbers vouches for A's.
func TestBlindTransferOutside(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mobileTalks()
	r.press(2, "#0300009002#")
	r.run(100 * time.Millisecond)
	got := r.got(r.border)
	if got.Caller != outside || len(got.Diversions) != 1 || !strings.HasPrefix(got.Diversions[0].URI, "sip:0300000100@") {
		t.Errorf("got %+v", got)
	}
	r.hangUpAll()
}

// SPEC R12: a mobile needs a channel of its own to be transferred to.
func TestTransferNeedsChannel(t *testing.T) {
	for _, keys := range []string{"*2003#", "#2003#"} {
		r := newRig(t, 1, 0)
		r.app.directory.tenants["t1"].channels = 1
		r.mobileTalks()
		r.press(2, keys)
		r.run(100 * time.Millisecond)
		r.hears(beginning, "play 2 [tone/busy] 3", talksAgain)
		r.hangUpAll()
	}
}
