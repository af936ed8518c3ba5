package core

import (
	"strings"
	"testing"
	"time"
)

// Where features are pressed twice, one press does nothing, nor does a second one
// too late or of another key. One * still resumes.
func TestPressTwice(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.directory.tenants["t1"].features.PressTwice = true
	r.mobileTalks()
	for _, keys := range []string{"*", "#", "*0#", "#700"} {
		r.press(2, keys)
		r.run(1100 * time.Millisecond)
		r.hears()
	}
	r.press(2, "**0#")
	r.hears(musicFor1, asked, "silence 2", confirmed)
	r.press(2, "*")
	r.hears(talksAgain)
	r.press(2, "##700")
	r.run(100 * time.Millisecond)
	if got := strings.Join(r.commands(), "|"); !strings.Contains(got, "park_prefix") {
		t.Errorf("## 700: media was told %s", got)
	}
	r.hangUpAll()
}

// The two presses are one party's.
func TestPressTwiceIsOneParty(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.directory.tenants["t1"].features.PressTwice = true
	r.fromBorder(internal())
	r.run(time.Second)
	r.commands()
	r.press(1, "*")
	r.press(2, "*")
	r.hears()
	r.hangUpAll()
}

// A mobile without features is heard pressing whatever it presses.
func TestPlainMobile(t *testing.T) {
	r := newRig(t, 1, 0)
	d := r.app.directory.tenants["t1"]
	s := d.stations["2001"]
	s.plain = true
	d.stations["2001"] = s
	r.mobileTalks()
	if r.keysKept() {
		t.Error("its codes are kept")
	}
	r.press(2, "*0#")
	r.hears()
	r.hangUpAll()

	r = newRig(t, 1, 0)
	r.mobileTalks()
	if !r.keysKept() {
		t.Error("nobody's codes are kept")
	}
	r.hangUpAll()
}

// SPEC R49, and what users ask for: where nobody answers a blind transfer, who has
// made it is called back instead.
func TestBlindRecall(t *testing.T) {
	for _, c := range []struct {
		why     string
		end     func(r *rig)
		answers bool
	}{
		{"unanswered", func(r *rig) { r.run(61 * time.Second) }, true},
		{"busy after it has rung", func(r *rig) { r.do(r.p2, r.p2.last, r.p2.respond(486)) }, true},
		{"and the owner does not answer either", func(r *rig) { r.run(61 * time.Second) }, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.app.directory.tenants["t1"].features.Recall = true
			r.p2.script = []int{180}
			r.mobileTalks()
			r.press(2, "#1002#")
			r.run(100 * time.Millisecond)
			r.border.invite, r.border.log, r.border.script = nil, nil, []int{180}
			if c.answers {
				r.border.script = []int{180, 200}
			}
			r.commands()
			c.end(r)
			r.run(100 * time.Millisecond)
			if got := r.got(r.border); got.Called != msisdn2001 || got.Caller != outside {
				t.Errorf("called back %+v", got)
			}
			want := "release 3|play 1 [music/hold] -1"
			if c.answers {
				want += "|configure 4 192.0.2.1:20000 0|join 1 4"
			}
			if got := strings.Join(r.commands(), "|"); got != want {
				t.Errorf("media was told %s", got)
			}
			if !c.answers {
				r.run(31 * time.Second)
				r.hears("release 1|release 4")
			}
			r.hangUpAll()
		})
	}
}
