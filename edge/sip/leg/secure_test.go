package leg

import (
	"strings"
	"testing"

	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
	"sekisho/media/srtp"
)

func securely(mode sdp.Security) Terms {
	return Terms{Secure: sdp.Secure{Mode: mode, Suites: []srtp.Suite{srtp.AES128GCM}}}
}

// dialled is the body of a new leg's INVITE.
func dialled(g *rig, terms Terms) string {
	l := New(g.env, 1, terms)
	for _, a := range l.Command(g.now, Dial{Flow: peer, CallID: "c", Target: "sip:x@192.0.2.2", From: "<sip:a@192.0.2.1>", To: "<sip:x@192.0.2.2>", Media: &voice}, nil) {
		if a, ok := a.(Transact); ok {
			return string(a.Request.Body())
		}
	}
	g.t.Fatal("no INVITE")
	return ""
}

// Keys are of one leg alone, and go out where its terms say so.
func TestKeysOfALeg(t *testing.T) {
	g := newRig(t)
	first, second := dialled(g, securely(sdp.SecurityRequired)), dialled(g, securely(sdp.SecurityRequired))
	_, one, _ := strings.Cut(first, "inline:")
	_, two, _ := strings.Cut(second, "inline:")
	if !strings.Contains(first, "RTP/SAVP") || len(one) < 40 || one[:36] == two[:36] {
		t.Errorf("%s\n%s", first, second)
	}
	if plain := dialled(g, Terms{}); strings.Contains(plain, "crypto") || strings.Contains(plain, "SAVP") {
		t.Errorf("%s", plain)
	}
}

// Without the keys that its terms require an INVITE is refused as a leg, with
// the reason; an answer without them ends what it answers.
func TestNoKeysWhereRequired(t *testing.T) {
	g := newRig(t)
	g.step("receive sdp")
	if _, fault := Receive(g.env, 1, transaction.Arrived{Flow: peer, ID: 9, Request: g.invite}, securely(sdp.SecurityRequired)); fault == nil || fault.Status != 488 || len(fault.Headers) != 1 {
		t.Errorf("an INVITE without keys: %+v", fault)
	}
	g = newRig(t)
	g.terms = securely(sdp.SecurityRequired)
	g.step("dial")
	if got := g.step("200 t1 sdp"); got != "ack, ended local 488, BYE 2" {
		t.Errorf("an answer without keys: %s", got)
	}
}
