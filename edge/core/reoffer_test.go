package core

import (
	"net/netip"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// talk sets up a call of the border's (endpoint 1) to phone 1001 (endpoint 2).
func (r *rig) talk() leg.ID {
	r.t.Helper()
	a := r.fromBorder(seam.Call{Called: "1001", Caller: msisdn2001})
	r.run(time.Second)
	r.wantCommands("configure 2 198.51.100.11:20000 0", "configure 1 192.0.2.1:20000 0", "join 1 2")
	return a
}

// with is a party's media, changed in direction or address.
func with(f *far, d relay.Direction) leg.Reoffer {
	m := f.media
	m.Direction = d
	return leg.Reoffer{Media: m}
}

// SPEC R56: a hold is answered, the other side hears music, and its leg is not
// touched.
func TestHoldAndResume(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.talk()
	r.do(r.border, a, with(r.border, relay.SendOnly))
	r.run(time.Second)
	r.wantCommands("configure 1 192.0.2.1:20000 2", "silence 1", "play 2 [music/hold] -1")
	if r.border.settled.Direction != relay.SendOnly {
		t.Fatalf("A's hold was answered %+v", r.border.settled)
	}
	r.wantLog(r.p1, "incoming", "acked")
	r.do(r.border, a, with(r.border, relay.SendRecv))
	r.run(time.Second)
	r.wantCommands("configure 1 192.0.2.1:20000 0", "join 1 2")

	r.do(r.p1, r.p1.last, with(r.p1, relay.Inactive))
	r.run(time.Second)
	r.wantCommands("configure 2 198.51.100.11:20000 3", "silence 2", "play 1 [music/hold] -1")
	r.do(r.border, a, with(r.border, relay.SendOnly))
	r.run(time.Second)
	r.wantCommands("configure 1 192.0.2.1:20000 2", "silence 1")
	r.do(r.p1, r.p1.last, with(r.p1, relay.SendRecv))
	r.run(time.Second)
	r.wantCommands("configure 2 198.51.100.11:20000 0", "play 2 [music/hold] -1")
	r.do(r.border, a, with(r.border, relay.SendRecv))
	r.run(time.Second)
	r.wantCommands("configure 1 192.0.2.1:20000 0", "join 1 2")
	r.do(r.p1, r.p1.last, hangUp)
	r.settle()
}

// DESIGN §8: "an address change is never taken for hold".
func TestChangeOfAddress(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.talk()
	r.p1.media.Addr = addrPort("198.51.100.11:21000")
	r.do(r.p1, r.p1.last, with(r.p1, relay.SendRecv))
	r.run(time.Second)
	r.wantCommands("configure 2 198.51.100.11:21000 0")
	r.do(r.border, a, hangUp)
	r.settle()
}

// A re-INVITE that changes nothing, as session timers send it, changes nothing.
func TestRefresh(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.talk()
	r.do(r.border, a, with(r.border, relay.SendRecv))
	r.run(time.Second)
	r.wantCommands()
	r.wantLog(r.border, "180 media=false", "answered")
	r.do(r.border, a, hangUp)
	r.settle()
}

// An offer that cannot be served is refused and "the session … MUST remain
// unchanged" (RFC 3261 §14.2).
func TestReofferRefused(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.talk()
	bad := with(r.border, relay.SendRecv)
	bad.Media.Addr = addrPort("127.0.0.1:20000")
	r.do(r.border, a, bad)
	r.run(time.Second)
	other := with(r.border, relay.SendRecv)
	other.Media.Caps.Codecs = []relay.Codec{relay.PCMA}
	r.do(r.border, a, other)
	r.run(time.Second)
	r.wantLog(r.border, "180 media=false", "answered", "refused 488", "refused 488")
	r.wantCommands()
	r.do(r.border, a, hangUp)
	r.settle()
}

// B may hold before A's ACK has brought A's answer (RFC 3261 §14 forbids a
// re-INVITE only on the leg whose INVITE is in progress).
func TestHoldBeforeAck(t *testing.T) {
	r := newRig(t, 1, 0)
	r.border.slow = true
	r.p1.media.Caps.Codecs = []relay.Codec{relay.PCMA}
	a := r.fromBorderWith(seam.Call{Called: "1001", Caller: msisdn2001}, nil)
	r.run(time.Second)
	r.do(r.p1, r.p1.last, with(r.p1, relay.SendOnly))
	r.run(time.Second)
	r.wantLog(r.p1, "incoming", "acked")
	r.wantCommands("configure 2 198.51.100.11:20000 0", "configure 2 198.51.100.11:20000 2")
	r.do(r.border, a, leg.Acknowledge{Media: r.border.media})
	r.run(time.Second)
	r.wantCommands("configure 1 192.0.2.1:20000 0", "play 1 [music/hold] -1")
	r.do(r.border, a, hangUp)
	r.settle()
}
