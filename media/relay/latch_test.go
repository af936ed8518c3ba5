package relay_test

import (
	"net/netip"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/relay"
)

const ms = time.Millisecond

// voice is the nth packet of a 50 packets/s stream with the given SSRC.
func voice(n int, ssrc uint32, source netip.AddrPort) golden.Step {
	p := golden.RTP{Sequence: uint16(n), Timestamp: uint32(160 * n), SSRC: ssrc, Body: golden.Voice(n)}
	return golden.Step{At: time.Duration(n) * 20 * ms, Source: source, In: p.Bytes()}
}

func learner() relay.Spec {
	s := golden.Exact()
	s.Learning = relay.LearnPrefix
	s.Prefixes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	return s
}

// MEDIA §6, RTP bleed: "never send to an unlatched address except the SDP one".
func TestDestinationIsDescribedOrAccepted(t *testing.T) {
	w := open(learner(), golden.Beyond())
	check := func(when string, want netip.AddrPort) {
		t.Helper()
		if got := w.in.Destination(); got != want {
			t.Fatalf("%s: sends to %v, want %v", when, got, want)
		}
	}
	check("before the first packet", golden.Near)
	for n := range 100 { // a spray from outside the prefixes, however long
		w.pass(voice(n, 9, golden.Stranger))
		check("under a spray", golden.Near)
	}
	for n := range 3 {
		w.pass(voice(n, 7, golden.Rival))
		check("on probation", golden.Near)
	}
	_, v := w.pass(voice(3, 7, golden.Rival))
	if !v.Latched {
		t.Fatal("the fourth packet over 60 ms did not latch")
	}
	check("after probation", golden.Rival)
	w.pass(voice(4, 5, golden.Near))
	check("once the described source speaks", golden.Near)
	for n := 5; n < 50; n++ {
		w.pass(voice(n, 7, golden.Rival))
		w.pass(voice(n, 5, golden.Near))
		check("while a rival goes on", golden.Near)
	}
	if w.in.Stats(epoch).Contested == 0 {
		t.Error("the contest was not counted")
	}
}

func TestProbation(t *testing.T) {
	burst := func(n int) golden.Step {
		s := voice(n, 7, golden.Rival)
		s.At = time.Duration(n) * ms
		return s
	}
	gap := func(n int) golden.Step { return voice(n*2, 7, golden.Rival) }
	ssrcs := func(n int) golden.Step { return voice(n, uint32(n/3), golden.Rival) }
	ports := func(n int) golden.Step {
		return voice(n, 7, netip.AddrPortFrom(golden.Rival.Addr(), uint16(6000+n/3)))
	}
	types := func(n int) golden.Step {
		s := voice(n, 7, golden.Rival)
		s.In[1] = 18
		return s
	}
	backwards := func(n int) golden.Step { return voice(50-n, 7, golden.Rival) }
	for name, packet := range map[string]func(int) golden.Step{
		"a burst shorter than 60 ms":      burst,
		"numbers that are not successive": gap,
		"another SSRC every third":        ssrcs,
		"another port every third":        ports,
		"a type that was not negotiated":  types,
		"numbers that run backwards":      backwards,
	} {
		w := open(learner(), golden.Beyond())
		for n := range 40 {
			if _, v := w.pass(packet(n)); v.Latched || v.Reason == relay.Passed {
				t.Errorf("%s: accepted at packet %d", name, n)
				break
			}
		}
	}
}

// "re-latch only after new SDP or >= 2 s silence of the old source, same rule".
func TestRelatchNeedsSilenceOrDescription(t *testing.T) {
	moved := netip.MustParseAddrPort("192.0.2.11:21000")
	speak := func(w *wire, from, to int, source netip.AddrPort) (latched int) {
		for n := from; n < to; n++ {
			if _, v := w.pass(voice(n, 7, source)); v.Latched {
				return n
			}
		}
		return -1
	}
	t.Run("silence", func(t *testing.T) {
		w := open(learner(), golden.Beyond())
		w.pass(voice(0, 5, golden.Near))
		if n := speak(w, 1, 100, moved); n != -1 {
			t.Fatalf("another source took over after %d ms", n*20)
		}
		if n := speak(w, 100, 200, moved); n != 103 {
			t.Fatalf("took over at packet %d, want 103: four packets after 2 s of silence", n)
		}
	})
	t.Run("silence never moves an exact endpoint", func(t *testing.T) {
		w := open(golden.Exact(), golden.Beyond())
		w.pass(voice(0, 5, golden.Near))
		if n := speak(w, 1, 300, moved); n != -1 {
			t.Fatalf("moved at packet %d", n)
		}
	})
	t.Run("description", func(t *testing.T) {
		w := open(golden.Exact(), golden.Beyond())
		w.pass(voice(0, 5, golden.Near))
		spec := golden.Exact()
		spec.Remote = moved
		w.in.Configure(spec)
		if got := w.in.Destination(); got != moved {
			t.Fatalf("sends to %v after the description named %v", got, moved)
		}
		if _, v := w.pass(voice(1, 5, golden.Near)); v.Reason != relay.ForeignSource {
			t.Fatalf("the old source: %v", v.Reason)
		}
		if n := speak(w, 2, 4, moved); n != 2 {
			t.Fatal("the new source was not accepted from its first packet")
		}
	})
	t.Run("the same description again", func(t *testing.T) {
		w := open(learner(), golden.Beyond())
		speak(w, 0, 4, moved)
		spec := learner() // equal prefixes in another slice
		spec.Direction = relay.SendOnly
		w.in.Configure(spec)
		if got := w.in.Destination(); got != moved {
			t.Fatalf("hold forgot the accepted peer: sends to %v", got)
		}
	})
}

func TestNowhere(t *testing.T) {
	for name, change := range map[string]func(*relay.Spec){
		"no address":               func(s *relay.Spec) { s.Remote = netip.AddrPort{} },
		"hold by 0.0.0.0":          func(s *relay.Spec) { s.Remote = netip.MustParseAddrPort("0.0.0.0:4000") },
		"port 0":                   func(s *relay.Spec) { s.Remote = netip.MustParseAddrPort("192.0.2.1:0") },
		"an address beyond bounds": func(s *relay.Spec) { s.Prefixes = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} },
	} {
		spec := golden.Exact()
		change(&spec)
		var in relay.InHalf
		in.Configure(spec)
		if got := in.Destination(); got.IsValid() {
			t.Errorf("%s: sends to %v", name, got)
		}
		if in.Stray() != (name == "an address beyond bounds") {
			t.Errorf("%s: stray is %v", name, in.Stray())
		}
	}
}

// A peer that comes back with another SSRC after a pause (hold) is heard at once.
func TestSSRCAfterSilence(t *testing.T) {
	w := open(golden.Exact(), golden.Beyond())
	w.pass(voice(0, 5, golden.Near))
	if _, v := w.pass(voice(100, 6, golden.Near)); v.Reason != relay.Passed {
		t.Fatalf("after 2 s of silence: %v", v.Reason)
	}
	if n := w.in.Stats(epoch).SSRCChanges; n != 1 {
		t.Errorf("%d changes counted", n)
	}
}

// A rival that knows the pinned SSRC does not keep the peer alive with packets
// that nobody has negotiated.
func TestUnknownTypesOfARivalKeepNobodyAlive(t *testing.T) {
	w := open(learner(), golden.Beyond())
	w.pass(voice(0, 5, golden.Near))
	for n := 1; n < 110; n++ {
		s := voice(n, 5, golden.Rival)
		s.In[1] = 18
		w.pass(s)
	}
	moved := netip.MustParseAddrPort("192.0.2.11:21000")
	for n := 110; n < 114; n++ {
		if _, v := w.pass(voice(n, 5, moved)); v.Latched {
			return
		}
	}
	t.Error("the silent peer was kept alive by another source")
}
