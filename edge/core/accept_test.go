package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/leg"
)

// inviting calls a group whose mobiles must press a key: 2001 and 2002 have
// answered and hear so, at slots 2 and 3, and phone 1002 rings.
func inviting(t *testing.T) (r *rig, a leg.ID) {
	t.Helper()
	r = newRig(t, 1, 0)
	r.mute = true
	r.p2.script = []int{180}
	r.groups(5, Group{Extension: "3701", Members: members("2001", "2002", "1002"), Accept: true})
	a = r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	r.run(time.Second)
	r.hears("configure 2 192.0.2.1:20000 0|play 2 [tone/beep digit_1 tone/silence] 5",
		"configure 3 192.0.2.1:20000 0|play 3 [tone/beep digit_1 tone/silence] 5")
	r.wantWaiting()
	return r, a
}

// wantWaiting fails unless the caller still hears it ring.
func (r *rig) wantWaiting() {
	r.t.Helper()
	if k := r.only(); k.Stage != hunting || slices.Contains(r.border.log, "answered") {
		r.t.Fatalf("stage %d, the border was told %v", k.Stage, r.border.log)
	}
}

// SPEC §7.4: the mobile that presses 1 has the call; the others ring meanwhile.
func TestAccept(t *testing.T) {
	r, _ := inviting(t)
	r.press(2, "02*#")
	r.wantWaiting()
	if n := len(r.only().rings()); n != 3 {
		t.Errorf("%d ring, want all three", n)
	}
	r.press(3, "1")
	r.run(time.Second)
	k := r.only()
	if b := k.in(second); k.Stage != talking || b == nil || b.Extension != "2002" || len(k.rings()) != 0 {
		t.Fatalf("stage %d, %+v", k.Stage, b)
	}
	if !slices.Contains(r.border.log, "answered") || r.p2.ended == nil {
		t.Errorf("the border was told %v, the phone %v", r.border.log, r.p2.log)
	}
	r.hears("release 2|release 4|silence 3|configure 1 192.0.2.1:20000 0|join 1 3")
	r.hangUpAll()
}

// Phones need no key, and the mobiles that hear what it is for are let go.
func TestAcceptOrAnswer(t *testing.T) {
	r, _ := inviting(t)
	r.do(r.p2, r.p2.last, r.p2.respond(200))
	r.run(time.Second)
	if b := r.only().in(second); b == nil || b.Extension != "1002" {
		t.Fatalf("%+v has the call", b)
	}
	r.hears("release 2|release 3|configure 4 198.51.100.12:20000 0|configure 1 192.0.2.1:20000 0|join 1 4")
	r.hangUpAll()
}

// Whoever presses nothing was not reached: it is left alone for a while, and asked
// again. So is one whose announcement never ends.
func TestNotAccepted(t *testing.T) {
	for _, never := range []bool{false, true} {
		r := newRig(t, 1, 0)
		r.mute = never
		r.groups(5, Group{Extension: "3701", Members: members("2001"), Accept: true})
		from := len(r.trace)
		a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
		r.run(time.Second)
		if never {
			r.run(announcementCap)
		}
		r.wantWaiting()
		r.wantRung(from, msisdn2001)
		if got := dropped(r.border); len(got) != 1 || !strings.Contains(got[0], "19") {
			t.Errorf("the mobile was told %v", got)
		}
		if k := r.only(); len(k.rings()) != 0 || !k.awaits(huntAgain) {
			t.Errorf("%d ring", len(k.rings()))
		}
		from = len(r.trace)
		r.run(retryAfter)
		r.wantRung(from, msisdn2001)
		r.do(r.border, a, hangUp)
		r.settle()
	}
}

// Whoever hangs up has heard what it was for, and is not asked again.
func TestNotWanted(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mute = true
	r.groups(5, Group{Extension: "3701", Members: members("2001"), Accept: true})
	a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	r.run(time.Second)
	r.do(r.border, r.border.last, hangUp)
	from := len(r.trace)
	r.run(40 * time.Second)
	r.wantWaiting()
	r.wantRung(from)
	r.do(r.border, a, hangUp)
	r.settle()
}

// A turn lasts as long as the invitation does.
func TestAcceptByTurns(t *testing.T) {
	r := newRig(t, 1, 0)
	r.mute = true
	r.groups(5, Group{Extension: "3701", Strategy: Sequential, Members: members("2001", "2002"), Turn: 5 * time.Second, Accept: true})
	from := len(r.trace)
	a := r.fromBorder(seam.Call{Called: "0300000137", Caller: outside})
	r.run(20 * time.Second)
	r.wantRung(from, msisdn2001)
	r.run(announcementCap - 10*time.Second)
	r.wantRung(from, msisdn2001, msisdn2002)
	r.do(r.border, a, hangUp)
	r.settle()
}

// Whatever happens meanwhile, nothing is left: the caller goes, somebody else
// takes the call over, the time is over, another core goes on with it.
func TestAcceptEnds(t *testing.T) {
	for name, does := range map[string]func(r *rig, a leg.ID){
		"the caller goes": func(r *rig, a leg.ID) { r.do(r.border, a, hangUp) },
		"a pickup":        func(r *rig, _ leg.ID) { r.fromPhone(r.p1, "92001") },
		"a decline":       func(r *rig, _ leg.ID) { r.do(r.p2, r.p2.last, r.p2.respond(486)) },
		"one by one": func(r *rig, _ leg.ID) {
			r.do(r.p2, r.p2.last, r.p2.respond(486))
			r.run(time.Second)
			r.do(r.border, r.border.last, hangUp)
			r.run(time.Second)
			r.press(2, "1")
		},
		"time": func(r *rig, _ leg.ID) { r.run(time.Minute) },
		"another core": func(r *rig, _ leg.ID) {
			r.replace(Restore(r.app.cfg, r.now, r.app.Snapshot(r.now)))
			r.press(2, "1")
			r.run(time.Second)
			if b := r.only().in(second); b == nil || b.Extension != "2001" {
				r.t.Errorf("%+v has the call", b)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, a := inviting(t)
			does(r, a)
			r.run(time.Second)
			r.hangUpAll()
		})
	}
}
