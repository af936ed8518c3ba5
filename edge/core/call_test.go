package core

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
)

var hangUp = leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}

// A call from ring to end: the order of what the media plane is told, and
// nothing left.
func TestCall(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Second)
	r.wantLog(r.border, "180 media=false", "answered")
	r.wantLog(r.p1, "incoming", "acked")
	r.wantCommands("configure 2 198.51.100.11:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
	if got := r.border.settled; got.Remote.Addr() != addrSeam.Addr() || got.EventOut != 101 {
		t.Fatalf("A has %+v", got)
	}
	r.do(r.border, a, leg.HangUp{Cause: cause.Cause{Q850: 102, Text: "radio lost"}})
	r.run(time.Second)
	r.wantLog(r.p1, "incoming", "acked", `ended remote q850=102 "radio lost"`)
	r.wantCommands("release 1", "release 2")
	r.settle()
}

func TestCalledHangsUp(t *testing.T) {
	r := newRig(t, 1, 0)
	r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Second)
	r.do(r.p1, r.p1.last, hangUp)
	r.run(time.Second)
	if got := r.border.ended.Cause; got.Q850 != cause.NormalClearing || got.Side != cause.Remote {
		t.Fatalf("A was told %v", got)
	}
	r.settle()
}

// SPEC §4: what B says reaches A, 603 as 486.
func TestFailures(t *testing.T) {
	for status, want := range map[int]string{
		486: "486 q850=17", 480: "480 q850=18", 603: "486 q850=21", 404: "404 q850=1", 503: "503 q850=41",
	} {
		r := newRig(t, 1, 0)
		r.p1.script = []int{180, status}
		r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
		r.run(time.Second)
		r.wantLog(r.border, "180 media=false", "ended remote "+want)
		r.settle()
	}
}

// The CANCEL carries why (RFC 3326; SPEC R74).
func TestCancel(t *testing.T) {
	r := newRig(t, 1, 0)
	r.p1.script = []int{180}
	a := r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Second)
	elsewhere := header.Reason{Protocol: "SIP", Cause: 200, Text: "Call completed elsewhere"}
	r.do(r.border, a, leg.HangUp{Cause: cause.Cause{Q850: 26}, Headers: headers("Reason", elsewhere.String())})
	r.run(time.Second)
	if r.p1.ended == nil || r.p1.ended.Cause.Status != 487 || r.p1.ended.Cause.Q850 != 26 {
		t.Fatalf("B was told %v", r.p1.log)
	}
	if got := r.p1.ended.Message.String(); !strings.Contains(got, elsewhere.String()) {
		t.Fatalf("B was sent\n%s", got)
	}
	r.settle()
}

func TestSetupTimeout(t *testing.T) {
	r := newRig(t, 1, 0)
	r.p1.script = []int{180}
	r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(179 * time.Second)
	r.wantLog(r.border, "180 media=false")
	r.run(2 * time.Second)
	if r.border.ended == nil || r.border.ended.Cause.Status != 480 || r.border.ended.Cause.Q850 != cause.NoAnswer {
		t.Fatalf("A was told %v", r.border.log)
	}
	if r.p1.ended == nil || r.p1.ended.Cause.Status != 487 {
		t.Fatalf("B was told %v", r.p1.log)
	}
	r.settle()
}

// SPEC R12: the mobile legs of the tenant, both ways and ringing ones too. An
// internal call takes two, phones and outsiders none.
func TestChannels(t *testing.T) {
	r := newRig(t, 1, 0)
	r.border.script = []int{180}
	var up []leg.ID
	for _, c := range []struct {
		called, caller, want string
	}{
		{"2002", msisdn2001, "180"},      // 2 of 5
		{"1001", msisdn2003, "answered"}, // 3
		{"0300000121", outside, "180"},   // 4
		{"2001", msisdn2002, "480"},      // would be 6
		{"0300000100", outside, "answered"},
		{"0300009001", msisdn2002, "180"}, // 5
		{"0300009001", msisdn2003, "480"},
		{"0300000121", outside, "480"},
	} {
		r.border.log, r.border.ended = nil, nil
		up = append(up, r.fromBorder(seam.Call{Called: c.called, Caller: c.caller}))
		r.run(time.Second)
		if !strings.Contains(strings.Join(r.border.log, " "), c.want) {
			t.Fatalf("%s to %s: told %v, want %s", c.caller, c.called, r.border.log, c.want)
		}
		if c.want == "480" && r.border.ended.Cause.Q850 != cause.NoCircuit {
			t.Fatalf("refused with %v", r.border.ended.Cause)
		}
	}
	// Another tenant has its own, and a channel is free as soon as its leg
	// ends, whatever the call still waits for.
	r.border.log, r.mute = nil, true
	r.fromBorder(seam.Call{Domain: "t2.example", Called: "0300000221", Caller: outside})
	r.do(r.border, up[0], hangUp)
	r.run(time.Second)
	r.fromBorder(seam.Call{Called: "2001", Caller: msisdn2002})
	r.run(time.Second)
	if got := strings.Join(r.border.log, " "); strings.Contains(got, "480") {
		t.Fatalf("told %s", got)
	}
	for id := range r.border.legs.Next() {
		r.do(r.border, id, hangUp)
	}
	r.settle()
}

// An emergency call that the border routed waits for no channel.
func TestEmergencyNeedsNoChannel(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.directory.tenants["t1"].channels = 0
	a := r.fromBorder(seam.Call{Called: "119", Caller: msisdn2001})
	r.run(time.Second)
	if got := r.got(r.border); got.Called != "119" {
		t.Fatalf("border got %+v", got)
	}
	r.do(r.border, a, hangUp)
	r.settle()
}

// Issue 2: "Ports … exhausted: 503 with Retry-After before anything is
// allocated."
func TestPortsExhausted(t *testing.T) {
	r := newRig(t, 1, 0)
	r.free = 1
	r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Second)
	if r.p1.invite != nil {
		t.Fatal("dialled without ports")
	}
	if got := r.border.ended; got == nil || got.Cause.Status != 503 || header.First(got.Message, "Retry-After") == "" {
		t.Fatalf("A was told %v", r.border.log)
	}
	r.settle()
}

// RFC 3261 §21.4.26, SPEC §4: 488 with a Warning, and nothing dialled.
func TestNoCommonCodec(t *testing.T) {
	r := newRig(t, 1, 0)
	r.app.cfg.Caps.Codecs = []relay.Codec{relay.PCMU}
	m := leg.Media{Addr: r.border.media.Addr, Caps: sdp.Caps{Codecs: []relay.Codec{relay.PCMA}}}
	r.fromBorderWith(seam.Call{Called: "1001", Caller: msisdn2001}, &m)
	r.run(time.Second)
	if got := r.border.ended; got == nil || got.Cause.Status != 488 || !strings.HasPrefix(header.First(got.Message, "Warning"), "304 ") {
		t.Fatalf("A was told %v", r.border.log)
	}
	if r.p1.invite != nil {
		t.Fatal("dialled")
	}
	r.settle()
}

// ATTACKS D8: nobody directs our RTP to this host, a multicast group or a
// SIP port.
func TestForeignMedia(t *testing.T) {
	for _, at := range []string{"127.0.0.1:20000", "224.0.0.1:20000", "169.254.169.254:20000", "192.0.2.1:5060"} {
		r := newRig(t, 1, 0)
		m := r.border.media
		m.Addr = addrPort(at)
		r.fromBorderWith(seam.Call{Called: "1001", Caller: msisdn2001}, &m)
		r.run(time.Second)
		if got := r.border.ended; got == nil || got.Cause.Status != 488 {
			t.Fatalf("%s in an offer: A was told %v", at, r.border.log)
		}
		r.settle()

		r = newRig(t, 1, 0)
		r.p1.media.Addr = addrPort(at)
		r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
		r.run(time.Second)
		if got := r.border.ended; got == nil || got.Cause.Status != 488 {
			t.Fatalf("%s in an answer: A was told %v", at, r.border.log)
		}
		if r.p1.ended == nil {
			t.Fatalf("B was told %v", r.p1.log)
		}
		r.settle()

		r = newRig(t, 1, 0)
		r.border.script, r.border.early = []int{183}, true
		r.fromPhone(r.p1, outside)
		r.border.media.Addr = addrPort(at)
		r.run(time.Second)
		if got := r.p1.ended; got == nil || got.Cause.Status != 488 {
			t.Fatalf("%s in an early answer: A was told %v", at, r.p1.log)
		}
		r.settle()
	}
}

// An INVITE without an offer: our 2xx offers, the ACK answers (RFC 3261
// §13.2.1), with B's codec and nothing else.
func TestLateOffer(t *testing.T) {
	r := newRig(t, 1, 0)
	r.p1.media.Caps.Codecs = []relay.Codec{relay.PCMA}
	a := r.fromBorderWith(seam.Call{Called: "1001", Caller: msisdn2001}, nil)
	r.run(time.Second)
	r.wantLog(r.border, "180 media=false", "answered")
	r.wantCommands("configure 2 198.51.100.11:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
	if r.border.settled == nil || r.border.settled.Codec != relay.PCMA {
		t.Fatalf("A has %+v", r.border.settled)
	}
	r.do(r.border, a, hangUp)
	r.settle()
}

// The setup time is over with the answer.
func TestLongCall(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Hour)
	r.wantLog(r.border, "180 media=false", "answered")
	r.do(r.border, a, hangUp)
	r.settle()
}

// Early media passes from outside and from nowhere else (SPEC R72).
func TestEarlyMedia(t *testing.T) {
	for _, c := range []struct {
		called string
		offer  bool
		want   string
	}{
		{outside, true, "183 media=true"},
		{outside, false, "180 media=false"},
		{"2002", true, "180 media=false"},
	} {
		r := newRig(t, 1, 0)
		r.border.script, r.border.early = []int{183}, true
		m := &r.border.media
		if !c.offer {
			m = nil
		}
		a := r.fromBorderWith(seam.Call{Called: c.called, Caller: msisdn2001}, m)
		r.run(time.Second)
		r.wantLog(r.border, "incoming", c.want)
		if strings.HasSuffix(c.want, "true") {
			r.wantCommands("configure 2 192.0.2.1:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
		} else {
			r.wantCommands()
		}
		r.do(r.border, r.border.last, leg.Answer{Media: &r.border.media})
		r.run(time.Second)
		if got := r.commands(); strings.HasSuffix(c.want, "true") && len(got) != 0 {
			t.Fatalf("the same session again told media %v", got)
		}
		if !strings.Contains(fmt.Sprint(r.border.log), "answered") {
			t.Fatalf("told %v", r.border.log)
		}
		r.do(r.border, a, hangUp)
		r.settle()
	}
}

// DESIGN §5: both legs of a call share a bucket, whatever the peer's Call-ID.
func TestLegBInTheSameBucket(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Second)
	key := r.app.cfg.Key
	if x, y := key.OfString(fmt.Sprintf("border-%d", a)), key.OfString(r.p1.invite.CallID().Value()); x != y {
		t.Fatalf("leg A in bucket %d, leg B in %d", x, y)
	}
	r.do(r.border, a, hangUp)
	r.settle()
}
