package core

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/leg"
)

// refer has a far party send REFER in a dialog.
func (r *rig) refer(f *far, id leg.ID, to string) {
	f.log = nil
	r.do(f, id, leg.Ask{Method: sip.REFER, Headers: headers("Refer-To", to)})
	r.run(time.Second)
}

// phoneTalks sets up a call of an outsider (endpoint 1) to phone 1002 (2).
func (r *rig) phoneTalks() leg.ID {
	r.t.Helper()
	a := r.fromBorder(seam.Call{Called: "0300000100", Caller: outside})
	r.run(time.Second)
	r.commands()
	r.p1.script = []int{180}
	return a
}

const (
	trying = "NOTIFY active;expires=180 SIP/2.0 100 Trying"
	done   = "NOTIFY terminated;reason=noresource SIP/2.0 200 OK"
)

// RFC 3515, RFC 5589 §6: a phone passes a call on without a word, and is let go when
// it rings.
func TestReferBlind(t *testing.T) {
	r := newRig(t, 1, 0)
	r.phoneTalks()
	r.refer(r.p2, r.p2.last, "<sip:1001@anywhere.example>")
	r.wantLog(r.p2, "replied 202", trying, done, "ended remote q850=16")
	r.hears("silence 2|play 1 [music/hold] -1", "release 2|play 1 [tone/ringback] -1")
	if got := r.got(r.p1); got.Caller != outside || got.Called != "1001" {
		t.Errorf("1001 is called %+v", got)
	}
	r.do(r.p1, r.p1.last, r.p1.respond(200))
	r.run(time.Second)
	r.hears("configure 3 198.51.100.11:20000 0|join 1 3")
	r.hangUpAll()
}

// What comes to nothing is told, and the phone has its call.
func TestReferFails(t *testing.T) {
	for to, want := range map[string]string{
		"<sip:2999@t1.example>":   "replied 404",
		"<sip:119@t1.example>":    "replied 403",
		"<sip:01012025550123@t1>": "replied 403",
		"<sip:1003@t1.example>":   "replied 480",
		"<sip:1002@t1.example>":   "replied 486",
		"<sip:701@t1.example>":    "replied 404",
		"<sip:x@t1.example?Replaces=nobody%3Bto-tag%3Da%3Bfrom-tag%3Db>": "replied 404",
		"nonsense":              "replied 400",
		"<sip:1001@t1.example>": "replied 202|" + trying + "|NOTIFY terminated;reason=noresource SIP/2.0 486 Busy Here",
	} {
		r := newRig(t, 1, 0)
		r.phoneTalks()
		r.p1.script = []int{486}
		r.refer(r.p2, r.p2.last, to)
		if got := strings.Join(r.p2.log, "|"); got != want {
			t.Errorf("%s: told %s, want %s", to, got, want)
		}
		if got := r.commands(); want != "replied 404" && len(got) > 0 && got[len(got)-1] != "join 1 2" {
			t.Errorf("%s: media was told %v", to, got)
		}
		r.hangUpAll()
	}
}

// RFC 5589 §7: a phone joins the two that it talks with, whoever has called whom.
func TestReferAttended(t *testing.T) {
	for _, called := range []string{"1001", "2003", outside} {
		r := newRig(t, 1, 0)
		r.phoneTalks()
		r.p1.script = []int{180, 200}
		first := r.p2.last
		second := r.fromPhone(r.p2, called)
		r.run(time.Second)
		r.commands()
		var id string
		for _, k := range r.app.calls {
			for _, p := range k.Parties {
				if p.Kind == phone && p.Extension == "1002" && !p.Dialled {
					id = p.CallID
				}
			}
		}
		if id == "" || second == first {
			t.Fatalf("no second call of 1002 to %s", called)
		}
		r.refer(r.p2, first, "<sip:"+called+"@t1.example?Replaces="+url.QueryEscape(id+";to-tag=a;from-tag=b")+">")
		r.wantLog(r.p2, "replied 202", done, "ended remote q850=16", "ended remote q850=16")
		r.hears("release 2|release 3|join 1 4")
		r.hangUpAll()
	}
}

// Nobody else's call can be replaced, and nobody over the seam refers.
func TestReferOfOthers(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.phoneTalks()
	r.fromPhone(r.p1, "2003")
	r.run(time.Second)
	var id string
	for _, k := range r.app.calls {
		for _, p := range k.Parties {
			if p.Extension == "1001" {
				id = p.CallID
			}
		}
	}
	r.refer(r.p2, r.p2.last, "<sip:2003@t1.example?Replaces="+url.QueryEscape(id+";to-tag=a;from-tag=b")+">")
	r.wantLog(r.p2, "replied 404")
	r.refer(r.border, a, "<sip:0300009002@t1.example>")
	r.wantLog(r.border, "replied 405")
	r.hangUpAll()
}
