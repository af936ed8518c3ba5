package engine

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// ground is where attacks are tried: a Stepped engine with the attacker in its
// simulation, or an Engine and sockets of several loopback addresses.
type ground interface {
	lease(n int) []relay.Pair
	Do(commands []relay.Command)
	Stats() Stats
	// send has a datagram arrive from an address.
	send(from, to netip.AddrPort, data []byte)
	// pass lets time pass; all that was sent before has been judged then.
	pass(d time.Duration)
	// heard returns the datagrams that came to an address since the last call.
	heard(at netip.AddrPort) []Sent
	told() []relay.Event
}

// The parties of each attack: hosts of a carrier, one of a core, and somebody.
// Ports are the stage's, so that rows do not meet.
type parties struct{ carrier, second, core, stranger netip.AddrPort }

func at(host, at int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, byte(host)}), uint16(at))
}

func odd(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+1) }

// carriers are the prefixes of the carrier's trunk: its hosts .10 to .11.
func carriers() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.10/31")} }

// stage is one call that is attacked.
type stage struct {
	*testing.T
	ground
	parties
	west, east relay.Pair // toward the carrier, toward the core
	sent       int        // packets of the carrier
}

const (
	carrierSSRC = 0x0c0c0c0c
	coreSSRC    = 0x0b0b0b0b
	evil        = 0xee // fills what nobody may hear
)

// everything leases all that there is; more pairs are bound behind each lease.
func (s *stage) everything() (all []relay.Pair) {
	for {
		more := s.lease(1)
		if len(more) == 0 {
			return all
		}
		all = append(all, more...)
	}
}

// describe is what signalling knows of the carrier's endpoint.
func (s *stage) describe(learning relay.Learning) relay.Command {
	return relay.Configure{Slot: s.west.Slot, Spec: relay.Spec{
		Remote: s.carrier, RemoteRTCP: odd(s.carrier), Prefixes: carriers(), Learning: learning, AudioIn: 0, AudioOut: 0, EventIn: 101, EventOut: 101,
	}}
}

// set leases both pairs, describes both peers and joins them.
func (s *stage) set(learning relay.Learning) {
	for _, p := range [...]netip.AddrPort{s.carrier, odd(s.carrier), s.second, s.core, odd(s.core), s.stranger, odd(s.stranger), s.persistent()} {
		s.heard(p) // they are there
	}
	pairs := s.lease(2)
	s.west, s.east = pairs[0], pairs[1]
	s.Do([]relay.Command{
		s.describe(learning),
		relay.Configure{Slot: s.east.Slot, Spec: relay.Spec{
			Remote: s.core, RemoteRTCP: odd(s.core), AudioIn: 0, AudioOut: 0, EventIn: 101, EventOut: 101,
		}},
		relay.Join{A: s.west.Slot, B: s.east.Slot},
	})
	s.pass(0)
}

// talk has both peers speak n packets of 20 ms, and beside each the attacker
// does what it likes.
func (s *stage) talk(n int, attack func(i int)) {
	for range n {
		s.sent++
		s.send(s.carrier, s.west.Addr, golden.RTP{Sequence: uint16(s.sent), Timestamp: uint32(160 * s.sent), SSRC: carrierSSRC, Body: golden.Voice(s.sent)}.Bytes())
		if attack != nil {
			attack(s.sent)
		}
		s.send(s.core, s.east.Addr, golden.RTP{Sequence: uint16(s.sent), Timestamp: uint32(160 * s.sent), SSRC: coreSSRC, Body: golden.Voice(s.sent)}.Bytes())
		s.pass(20 * time.Millisecond)
	}
}

// junk is what a sprayer sends at each port: RTP of the negotiated type, a
// digit, RTCP with a BYE, STUN, and what is nothing at all.
func junk(i int) [][]byte {
	body := make([]byte, 160)
	for i := range body {
		body[i] = evil
	}
	rtcp := binary.BigEndian.AppendUint32([]byte{0x80, 201, 0, 1}, carrierSSRC)
	rtcp = append(rtcp, 0x81, 203, 0, 1, 0x0c, 0x0c, 0x0c, 0x0c)
	return [][]byte{
		golden.RTP{Sequence: uint16(i + 1), Timestamp: uint32(160 * (i + 1)), SSRC: carrierSSRC, Body: body}.Bytes(),
		golden.RTP{Sequence: uint16(9000 + i), Timestamp: uint32(160 * i), SSRC: 0xeeeeeeee, Body: body}.Bytes(),
		golden.RTP{Type: 101, Mark: true, Sequence: uint16(i + 1), Timestamp: uint32(160 * i), SSRC: carrierSSRC, Body: golden.Event(9, golden.Last, 800)}.Bytes(),
		rtcp,
		append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...),
		{evil},
	}
}

// spray sends junk from an address at all ports of the call.
func (s *stage) spray(from netip.AddrPort, i int) {
	for _, d := range junk(i) {
		for _, to := range []netip.AddrPort{s.west.Addr, odd(s.west.Addr), s.east.Addr, odd(s.east.Addr)} {
			s.send(from, to, d)
		}
	}
}

// steady has a stranger send what a peer would: one stream, its numbers in a row,
// to both RTP ports. It comes from a port of its own.
func (s *stage) steady(i int) {
	for _, to := range []netip.AddrPort{s.west.Addr, s.east.Addr} {
		s.send(s.persistent(), to, junk(i)[0])
	}
}

func (s *stage) persistent() netip.AddrPort {
	return netip.AddrPortFrom(s.stranger.Addr(), s.stranger.Port()+6)
}

// clean requires that the core has heard every packet of the carrier and nothing
// else, and that nothing went to somebody else.
func (s *stage) clean(others ...netip.AddrPort) {
	s.Helper()
	s.pass(0)
	got := s.heard(s.core)
	if len(got) != s.sent {
		s.Errorf("the core heard %d packets, the carrier sent %d", len(got), s.sent)
	}
	for _, p := range got {
		if bytes.Count(p.Data[12:], []byte{evil}) > 100 || p.Data[1]&0x7f != 0 {
			s.Errorf("a foreign packet at the core: %x", p.Data[:16])
		}
	}
	s.sent = 0
	for _, o := range append(others, s.stranger, odd(s.stranger), s.persistent()) {
		if n := len(s.heard(o)); n > 0 {
			s.Errorf("%d packets went to %v", n, o)
		}
	}
	for _, ev := range s.told() {
		if d, ok := ev.(relay.Digit); ok {
			s.Errorf("somebody has pressed %v", d.Key)
		}
	}
	if n := s.Stats().Panics; n > 0 {
		s.Errorf("%d panics", n)
	}
}

// attack is a row of ATTACKS §D or MEDIA §6.
type attack struct {
	name string
	try  func(s *stage)
	// pace is whether times matter: else sockets need not take all of them.
	pace pace
}

type pace bool

const (
	brisk pace = false
	exact pace = true
)

func attacks() []attack {
	return []attack{
		{"D1_rtpbleed", bleed, exact}, {"D1_rtpbleed_learning", bleedLearning, exact}, {"D1_latching_race", race, exact},
		{"D1_rival_after_latch", rival, exact},
		{"D2_inject", inject, brisk}, {"D2_inject_from_a_neighbour", neighbour, brisk},
		{"D4_rtcp_malformed", malformedRTCP, brisk}, {"D4_rtcp_bye", bye, brisk}, {"D4_rtcp_flood", rtcpFlood, exact},
		{"D4_rtcp_forged_figures", forgedFigures, exact},
		{"D5_malformed", malformed, brisk},
		{"D6_dtmf", digits, exact},
		{"D7_exhaustion", exhaustion, exact}, {"D7_port_reuse", reuse, exact},
		{"D8_destinations", destinations, brisk},
		{"D9_junk_flood", junkFlood, exact},
		{"M6_info_leak", leak, exact},
	}
}

// D1: the first packet wins nowhere. A stranger sprays all ports before the
// call, before the answer, during the call and after it: 0 packets come to it
// and 0 of its packets reach the core.
func bleed(s *stage) {
	for _, p := range [...]netip.AddrPort{s.carrier, s.second, s.core, s.stranger} {
		s.heard(p) // they are there
	}
	pairs := s.lease(2)
	s.west, s.east = pairs[0], pairs[1]
	for i := range 5 {
		s.spray(s.stranger, i)
		s.pass(20 * time.Millisecond)
	}
	s.Do([]relay.Command{relay.Release{Slot: s.west.Slot}, relay.Release{Slot: s.east.Slot}})
	s.set(relay.LearnExact)
	for i := range 10 { // described, nothing sent yet: what ring tones wait for
		s.spray(s.stranger, i)
		s.steady(i)
		s.pass(20 * time.Millisecond)
	}
	s.clean()
	s.talk(50, func(i int) { s.spray(s.stranger, i) })
	s.clean()
	s.Do([]relay.Command{relay.Release{Slot: s.west.Slot}, relay.Release{Slot: s.east.Slot}})
	s.pass(0)
	for i := range 5 {
		s.spray(s.stranger, i)
	}
	s.clean()
}

// D1 with learning, as for a peer behind an address translator: only the trunk's
// prefixes can be learned from, however early and long the stranger sprays.
func bleedLearning(s *stage) {
	s.set(relay.LearnPrefix)
	for i := range 30 {
		s.steady(i)
		if i >= 15 {
			s.spray(s.stranger, i)
		}
		s.pass(20 * time.Millisecond)
	}
	s.clean()
	s.talk(50, func(i int) { s.spray(s.stranger, i); s.steady(30 + i) })
	s.clean()
}

// MEDIA §6, latching race: two sources within the prefix that fight at 50
// packets/s are both refused, nothing flips, and the description is kept.
func race(s *stage) {
	s.set(relay.LearnPrefix)
	third := netip.AddrPortFrom(s.second.Addr(), s.second.Port()+2)
	for i := range 60 {
		s.send(s.second, s.west.Addr, junk(i)[0])
		s.send(third, s.west.Addr, junk(i)[1])
		s.send(s.core, s.east.Addr, golden.RTP{Sequence: uint16(i), SSRC: coreSSRC, Body: golden.Voice(i)}.Bytes())
		s.pass(20 * time.Millisecond)
	}
	if n := len(s.heard(s.carrier)); n != 60 {
		s.Errorf("%d of 60 packets went where the description says", n)
	}
	s.clean(s.second, third)
	s.talk(10, func(i int) { s.send(s.second, s.west.Addr, junk(i)[0]) })
	s.clean(s.second, third)
}

// A peer that is heard is not left for a rival of its own network.
func rival(s *stage) {
	s.set(relay.LearnPrefix)
	s.talk(5, nil)
	s.talk(120, func(i int) { s.send(s.second, s.west.Addr, junk(i)[1]) })
	s.clean(s.second)
}

// D2: the right SSRC, numbers and type from another port of the right host, and
// another SSRC from the right port, are dropped and counted.
func inject(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, nil)
	before := s.Stats().Dropped
	s.talk(50, func(i int) {
		s.send(netip.AddrPortFrom(s.carrier.Addr(), s.carrier.Port()+4), s.west.Addr, junk(i)[0])
		s.send(s.carrier, s.west.Addr, junk(i)[1])
	})
	s.clean(netip.AddrPortFrom(s.carrier.Addr(), s.carrier.Port()+4))
	time.Sleep(publishedWithin(s))
	after := s.Stats().Dropped
	if n, m := after[relay.ForeignSource]-before[relay.ForeignSource], after[relay.ForeignSSRC]-before[relay.ForeignSSRC]; n != 50 || m != 50 {
		s.Errorf("%d counted as a foreign source and %d as a foreign SSRC, want 50 and 50", n, m)
	}
}

// neighbour: another host of the carrier's own network is nobody where the
// address is known.
func neighbour(s *stage) {
	s.set(relay.LearnExact)
	s.talk(30, func(i int) { s.spray(s.second, i) })
	s.clean(s.second)
}

// D4: RTCP of any shape from the peer's own address ends nothing.
func malformedRTCP(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, nil)
	good := binary.BigEndian.AppendUint32([]byte{0x80, 201, 0, 1}, carrierSSRC)
	random := rand.New(rand.NewPCG(1, 2))
	s.talk(40, func(i int) {
		d := slices.Clone(good)
		switch i % 6 {
		case 0:
			d[0] = 0x9f // 31 blocks, none there
		case 1:
			binary.BigEndian.PutUint16(d[2:], 0xffff)
		case 2:
			d = append(d, 0x80, 207, 0, 2, 0, 0, 0, 1, 7, 0, 0xff, 0xff)
		case 3:
			d = d[:5]
		case 4:
			d = append(d, 0x81, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0, 0, 0) // RPSI cut (CVE-2022-24786)
		case 5:
			for range 200 {
				d = append(d, byte(random.Uint32()))
			}
		}
		s.send(odd(s.carrier), odd(s.west.Addr), d)
	})
	s.clean()
}

// D4: "BYE" is the end of a stream that somebody says is over; the call decides
// itself.
func bye(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, nil)
	d := junk(0)[3]
	s.talk(20, func(int) { s.send(odd(s.carrier), odd(s.west.Addr), d); s.send(odd(s.stranger), odd(s.west.Addr), d) })
	s.clean()
}

// MEDIA §6: RTCP comes at 20 packets a second at most, and a flood of it is
// nobody else's loss.
func rtcpFlood(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, nil)
	d := junk(0)[3]
	before := s.Stats().Dropped[relay.TooMany]
	const each = 100
	s.talk(20, func(int) {
		for range each {
			s.send(odd(s.carrier), odd(s.west.Addr), d)
		}
	})
	s.clean()
	time.Sleep(publishedWithin(s))
	if n := s.Stats().Dropped[relay.TooMany] - before; n < 20*each-60 {
		s.Errorf("%d of %d reports were too many", n, 20*each)
	}
}

// Figures that a peer makes up cannot be believed beyond what a network can do.
func forgedFigures(s *stage) {
	s.set(relay.LearnExact)
	s.talk(150, func(i int) { // 3 s: the core has a report of ours by then
		b := binary.BigEndian.AppendUint32([]byte{0x81, 201, 0, 7}, carrierSSRC)
		b = binary.BigEndian.AppendUint32(b, 0xffffffff) // about nobody's stream
		for range 5 {
			b = binary.BigEndian.AppendUint32(b, 0xffffffff)
		}
		if i%10 == 0 {
			s.send(odd(s.carrier), odd(s.west.Addr), b)
		}
	})
	s.clean()
	s.Do([]relay.Command{relay.Release{Slot: s.west.Slot}})
	s.pass(100 * time.Millisecond)
	for _, ev := range s.told() {
		if r, ok := ev.(relay.Released); ok && r.Slot == s.west.Slot {
			if q := r.Stats.Quality; q.RTT.Count != 0 || q.Told.Blocks != 0 || q.Told.Source != relay.Nobody {
				s.Errorf("believed: %+v, %+v", q.RTT, q.Told)
			}
			return
		}
	}
	s.Error("no statistics")
}

// D5: what is no RTP is dropped, though it comes from the peer.
func malformed(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, nil)
	s.talk(40, func(i int) {
		d := junk(i)[0]
		switch i % 5 {
		case 0:
			d[0] = 0xbf // padding, extension, fifteen CSRCs
		case 1:
			d[0], d[len(d)-1] = 0xa0, 0xff // padding longer than the payload
		case 2:
			d = d[:11]
		case 3:
			d[0] = 0x40
		case 4:
			d[0], d[14], d[15] = 0x90, 0xff, 0xff // an extension beyond the end
		}
		s.send(s.carrier, s.west.Addr, d)
	})
	s.clean()
}

// D6: a key counts when the peer has pressed it, once, however often its packets
// come; what others press is nothing.
func digits(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, func(i int) { s.send(s.stranger, s.west.Addr, junk(i)[2]) })
	s.clean()
	for i := range 8 {
		e := golden.More
		if i > 4 {
			e = golden.Last
		}
		d := golden.RTP{Type: 101, Mark: i == 0, Sequence: uint16(6 + i), Timestamp: 960, SSRC: carrierSSRC, Body: golden.Event(5, e, uint16(160*min(i+1, 6)))}.Bytes()
		for range 3 {
			s.send(s.carrier, s.west.Addr, d)
			s.send(s.stranger, s.west.Addr, d)
		}
		s.pass(20 * time.Millisecond)
	}
	s.pass(300 * time.Millisecond)
	var keys []dtmf.Key
	for _, ev := range s.told() {
		if d, ok := ev.(relay.Digit); ok {
			keys = append(keys, d.Key)
		}
	}
	if len(keys) != 1 || keys[0] != 5 && keys[0] != '5' {
		s.Errorf("keys %v, want the 5 once", keys)
	}
}

// D7: a small range serves as many as it has pairs; who comes later gets none,
// and one that is returned is not lent again at once.
func exhaustion(s *stage) {
	all := s.everything()
	if len(all) < 10 || len(all) > 20 { // others of this machine may have some
		s.Fatalf("%d pairs of a range of 20", len(all))
	}
	if more := s.lease(1); len(more) != 0 {
		s.Fatalf("a pair beyond the range: %v", more)
	}
	s.Do([]relay.Command{relay.Release{Slot: all[0].Slot}})
	s.pass(20 * time.Millisecond)
	if again := s.lease(1); len(again) != 0 {
		s.Errorf("%v is lent again at once", again)
	}
	s.pass(resting + 100*time.Millisecond)
	if again := s.lease(1); len(again) != 1 {
		s.Error("a pair that has rested is not lent")
	}
}

// D7: BYE, and the next call has the same ports at once; the old carrier goes on
// sending. 0 packets cross: it is nobody to the new call, and its packets at
// rest are drained.
func reuse(s *stage) {
	s.set(relay.LearnExact)
	old := []relay.Pair{s.west, s.east}
	s.everything() // nothing else is left to lend
	s.talk(10, nil)
	s.clean()
	s.Do([]relay.Command{relay.Release{Slot: s.west.Slot}, relay.Release{Slot: s.east.Slot}})
	first := s.carrier
	stale := func(i int) { // the old stream, continued
		s.send(first, old[0].Addr, junk(1000 + i)[0])
		s.send(first, old[1].Addr, junk(1000 + i)[0])
	}
	for i := range 10 {
		stale(i)
		s.pass(20 * time.Millisecond)
	}
	s.pass(resting)
	s.carrier = s.second // another caller, the same ports
	s.set(relay.LearnExact)
	if s.west.Addr != old[0].Addr && s.west.Addr != old[1].Addr {
		s.Fatalf("the pairs %v, %v are not reused: %v", old[0].Addr, old[1].Addr, s.west.Addr)
	}
	s.heard(s.core)
	s.heard(first)
	s.sent = 0
	for i := range 5 {
		stale(i)
		s.pass(20 * time.Millisecond)
	}
	s.talk(30, stale)
	s.clean(first)
}

// D8: nothing is sent to an address beyond the prefixes, whatever the
// description says.
func destinations(s *stage) {
	s.set(relay.LearnExact)
	s.talk(3, nil)
	s.clean()
	for _, where := range []netip.AddrPort{s.stranger, at(1, 5060), netip.MustParseAddrPort("0.0.0.0:4000"), netip.MustParseAddrPort("239.1.1.1:4000"),
		netip.MustParseAddrPort("255.255.255.255:4000"), netip.MustParseAddrPort("169.254.169.254:80"), netip.AddrPortFrom(s.carrier.Addr(), 0)} {
		to := s.carrier
		s.carrier = where
		s.Do([]relay.Command{s.describe(relay.LearnPrefix)})
		s.carrier = to
		s.pass(0)
		before := s.Stats()
		s.send(s.core, s.east.Addr, golden.RTP{Sequence: 900, SSRC: coreSSRC, Body: golden.Voice(1)}.Bytes())
		s.pass(20 * time.Millisecond)
		time.Sleep(publishedWithin(s))
		if after := s.Stats(); after.Sent != before.Sent || after.Failed != before.Failed || len(s.heard(where)) > 0 {
			s.Errorf("%d packets sent for %v", after.Sent-before.Sent+after.Failed-before.Failed, where)
		}
	}
}

// D9: a flood at one call's ports is no other call's loss.
func junkFlood(s *stage) {
	s.set(relay.LearnExact)
	other := s.lease(2)
	s.Do([]relay.Command{relay.Configure{Slot: other[0].Slot, Spec: relay.Spec{Remote: s.second, Prefixes: carriers(), EventIn: 101, EventOut: 101}}})
	flood := junk(1)
	s.talk(50, func(i int) {
		for n := range 100 {
			s.send(s.stranger, other[n%2].Addr, flood[n%len(flood)])
		}
	})
	s.clean()
}

// MEDIA §6: neither SSRC, numbers nor names of one side are seen at the other.
func leak(s *stage) {
	s.set(relay.LearnExact)
	s.talk(5, nil)
	name := append(binary.BigEndian.AppendUint32([]byte{0x81, 202, 0, 4}, carrierSSRC), 1, 9)
	name = append(name, "secrethost"[:9]...)
	name = append(name, 0)
	d := append(binary.BigEndian.AppendUint32([]byte{0x80, 201, 0, 1}, carrierSSRC), name...)
	s.talk(200, func(i int) {
		if i%50 == 0 {
			s.send(odd(s.carrier), odd(s.west.Addr), d)
		}
	})
	s.pass(0)
	reports := s.heard(odd(s.core))
	if len(reports) == 0 {
		s.Error("the core has no report after 4 s")
	}
	for _, p := range append(s.heard(s.core), reports...) {
		for i := range len(p.Data) - 4 {
			if i < 32 && binary.BigEndian.Uint32(p.Data[i:]) == carrierSSRC || string(p.Data[i:i+4]) == "secr" {
				s.Fatalf("the carrier's own shows at the core: %x", p.Data)
			}
		}
		if p.From.Port()%2 == 0 && binary.BigEndian.Uint16(p.Data[2:]) < 300 && binary.BigEndian.Uint32(p.Data[4:]) < 50_000 {
			s.Fatalf("the carrier's numbers show at the core: %x", p.Data[:12])
		}
	}
}

const resting = time.Second

// publishedWithin is how old the figures of a ground may be.
func publishedWithin(s *stage) time.Duration {
	if _, simulated := s.ground.(*simulated); simulated {
		return 0
	}
	return 2 * publishing
}

// simulated is the ground in virtual time.
type simulated struct {
	*Stepped
	box    map[netip.AddrPort][]Sent
	events []relay.Event
}

func newSimulated(t *testing.T) *simulated {
	t.Helper()
	g := &simulated{box: map[netip.AddrPort][]Sent{}}
	random := rand.New(rand.NewPCG(7, 7))
	var err error
	g.Stepped, err = NewStepped(Config{
		Addresses: []netip.Addr{at(1, 0).Addr()}, Ports: port.Range{First: 30000, Last: 30039}, Random: random.Uint32N, Rest: resting, floor: resting, Stock: 4,
		Events: func(_ uint32, ev relay.Event) { g.events = append(g.events, ev) },
	}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *simulated) lease(n int) []relay.Pair { return g.Borrow(Request{Count: n}, nil) }

func (g *simulated) send(from, to netip.AddrPort, data []byte) {
	g.Deliver(from, to, data)
	g.collect()
}

func (g *simulated) pass(d time.Duration) {
	for end := g.now.Add(d); ; {
		next := g.Deadline()
		if next.IsZero() || next.After(end) {
			g.Step(end)
			g.collect()
			return
		}
		g.Step(next)
		g.collect()
	}
}

func (g *simulated) collect() {
	for _, p := range g.Take(nil) {
		g.box[p.To] = append(g.box[p.To], p)
	}
}

func (g *simulated) heard(at netip.AddrPort) []Sent {
	all := g.box[at]
	delete(g.box, at)
	return all
}

func (g *simulated) told() []relay.Event {
	all := g.events
	g.events = nil
	return all
}

// Every attack with the attacker in the simulation.
func TestMediaSecuritySimulated(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			a.try(&stage{T: t, ground: newSimulated(t), parties: parties{at(10, 4000), at(11, 4000), at(20, 6000), at(66, 6666)}})
		})
	}
}
