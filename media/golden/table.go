package golden

import (
	"bytes"
	"net/netip"
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/relay"
)

// Row is one endpoint pair and the packets it meets, in order.
type Row struct {
	Name string
	// In describes the endpoint that receives, Out the one that sends on.
	In, Out relay.Spec
	Steps   []Step
}

// Step is one packet.
type Step struct {
	// At is its arrival, from the row's beginning.
	At     time.Duration
	Source netip.AddrPort
	In     []byte
	// Reason is relay.Passed for a packet that is sent on; Out is then what is
	// sent to Far.
	Reason relay.Reason
	Out    []byte
}

// Identity is what the sending endpoint's stream begins with in every row.
var Identity = relay.Identity{SSRC: ours, Sequence: 700, Timestamp: 9000}

// Addresses of the rows (RFC 5737).
var (
	Near     = netip.MustParseAddrPort("192.0.2.10:20000")
	Rival    = netip.MustParseAddrPort("192.0.2.66:6666")
	Stranger = netip.MustParseAddrPort("203.0.113.66:6666")
	Far      = netip.MustParseAddrPort("198.51.100.20:40000")
)

const (
	ours   = 0x0badcafe
	theirs = 0x11223344
	others = 0x55667788
	ms     = time.Millisecond
)

// Table returns the rows.
func Table() []Row {
	rows := []Row{exact(), strangers(), malformed(), unknownType(), impaired(), wrapped(),
		digits(), stars(), withoutEvents(), otherLaw(relay.PCMU, relay.PCMA), otherLaw(relay.PCMA, relay.PCMU), opaque(), held(), nowhere(), restarted(), forged(), changed(), learned(), fought(), datagrams(), halfDatagrams()}
	return rows
}

// Exact is the plain endpoint: its peer is known by its description.
func Exact() relay.Spec {
	return relay.Spec{
		Remote: Near, Learning: relay.LearnExact, Codec: relay.PCMU, Ptime: 20,
		AudioIn: 0, AudioOut: 0, EventIn: 101, EventOut: 101,
	}
}

// Beyond is the endpoint on the other side, with numbers of its own.
func Beyond() relay.Spec {
	s := Exact()
	s.Remote = Far
	s.EventIn, s.EventOut = 96, 96
	return s
}

func pair(name string, steps ...Step) Row {
	return Row{Name: name, In: Exact(), Out: Beyond(), Steps: steps}
}

// voice is the nth 20 ms packet of the peer's stream, arriving in time.
func voice(n int) Step {
	return Step{
		At: time.Duration(n) * 20 * ms, Source: Near,
		In: RTP{Sequence: uint16(1000 + n), Timestamp: uint32(160000 + 160*n), SSRC: theirs, Body: Voice(n)}.Bytes(),
	}
}

// sent is voice(n) as it leaves when voice(0) was the first packet sent.
func sent(n int) Step {
	s := voice(n)
	s.Out = RTP{Mark: n == 0, Sequence: uint16(700 + n), Timestamp: uint32(9000 + 160*n), SSRC: ours, Body: Voice(n)}.Bytes()
	return s
}

func from(source netip.AddrPort, s Step, r relay.Reason) Step {
	s.Source, s.Reason, s.Out = source, r, nil
	return s
}

func exact() Row {
	return pair("the described source passes from its first packet", sent(0), sent(1), sent(2))
}

// datagrams are T.38's: nothing in them is read or rewritten, and nothing but
// their source tells whose they are, so that no probation is passed.
func datagrams() Row {
	d := func(text string, source netip.AddrPort, why relay.Reason) Step {
		s := Step{Source: source, In: []byte(text), Reason: why}
		if why == relay.Passed {
			s.Out = s.In
		}
		return s
	}
	r := pair("what is not RTP passes as it stands, from the peer alone",
		d("\x00\x01\x02", Near, relay.Passed), d("x", Rival, relay.ForeignSource), d("x", Rival, relay.ForeignSource),
		from(Rival, voice(0), relay.ForeignSource), from(Rival, voice(1), relay.ForeignSource), from(Rival, voice(10), relay.ForeignSource), from(Rival, voice(200), relay.ForeignSource),
		d("\x80\x00", Near, relay.Passed), d("", Near, relay.Passed))
	r.In.Datagrams, r.Out.Datagrams = true, true
	r.In.Learning, r.In.Prefixes = relay.LearnPrefix, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	return r
}

// halfDatagrams is a session on its way from audio to T.38.
func halfDatagrams() Row {
	r := pair("nothing passes from RTP to what is none", from(Near, voice(0), relay.NoMapping), from(Near, voice(1), relay.NoMapping))
	r.Out.Datagrams = true
	return r
}

func strangers() Row {
	r := pair("nobody else passes, before or after",
		from(Stranger, voice(0), relay.ForeignSource),
		from(Rival, voice(0), relay.ForeignSource),
		sent(0),
		from(Stranger, voice(1), relay.ForeignSource),
		from(netip.AddrPortFrom(Near.Addr(), 20002), voice(1), relay.ForeignSource),
		sent(1))
	r.In.Prefixes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	return r
}

func malformed() Row {
	bad := func(d []byte) Step { return Step{Source: Near, In: d, Reason: relay.Malformed} }
	good := voice(0).In
	with := func(i int, b byte) []byte {
		d := append([]byte(nil), good...)
		d[i] = b
		return d
	}
	longExtension := append(with(0, 2<<6|0x10), 0)
	copy(longExtension[12:], []byte{0xbe, 0xde, 0xff, 0xff})
	return pair("RFC 3550 A.1: what is no RTP is dropped",
		bad(nil), bad([]byte{0x80}), bad(good[:11]),
		bad(with(0, 1<<6)),                   // version 1
		bad(with(0, 2<<6|0x0f)[:40]),         // fifteen CSRCs, seven present
		bad(with(0, 2<<6|0x10)[:14]),         // extension header cut
		bad(longExtension),                   // extension longer than the packet
		bad(append(with(0, 2<<6|0x20), 162)), // padding longer than the payload
		bad(append(with(0, 2<<6|0x20), 0)),   // padding of no octets
		sent(0))
}

func unknownType() Row {
	odd := voice(0)
	odd.In[1] = 8
	odd.Reason = relay.NotNegotiated
	mux := voice(0)
	mux.In[1] = 200
	mux.Reason = relay.NotNegotiated
	return pair("a payload type that was not negotiated is dropped and does not latch", odd, mux, sent(0))
}

func impaired() Row {
	return pair("loss, reordering and repetition are passed on as they are",
		sent(0), sent(1), sent(4), sent(3), sent(5), sent(5), sent(7))
}

func wrapped() Row {
	r := pair("numbers and timestamps wrap")
	for n := range 4 {
		s := sent(n)
		s.In = RTP{Sequence: uint16(65534 + n), Timestamp: 0xffffff00 + uint32(160*n), SSRC: theirs, Body: Voice(n)}.Bytes()
		r.Steps = append(r.Steps, s)
	}
	return r
}

func digits() Row {
	event := func(n int, mark bool, e End) Step {
		s := sent(n)
		body := Event(5, e, uint16(160*n))
		s.In = RTP{Mark: mark, Type: 101, Sequence: uint16(1000 + n), Timestamp: 160160, SSRC: theirs, Body: body}.Bytes()
		s.Out = RTP{Mark: mark, Type: 96, Sequence: uint16(700 + n), Timestamp: 9160, SSRC: ours, Body: body}.Bytes()
		return s
	}
	return pair("telephone-event packets pass one for one under the other side's number",
		sent(0), event(1, true, More), event(2, false, More), event(3, false, Last), event(4, false, Last), event(5, false, Last), sent(6))
}

func stars() Row {
	event := func(n, began int, code uint8, mark bool, e End) Step {
		s := voice(n)
		body := Event(code, e, uint16(160*(n-began+1)))
		s.In = RTP{Mark: mark, Type: 101, Sequence: uint16(1000 + n), Timestamp: uint32(160000 + 160*began), SSRC: theirs, Body: body}.Bytes()
		s.Reason = relay.Withheld
		return s
	}
	behind := func(n, gone int, mark bool) Step {
		s := sent(n)
		s.Out = RTP{Mark: mark, Sequence: uint16(700 + n - gone), Timestamp: uint32(9000 + 160*n), SSRC: ours, Body: Voice(n)}.Bytes()
		return s
	}
	r := pair("where pairs of stars are swallowed no packet of them passes, and the numbers close over them",
		sent(0), event(1, 1, 10, true, More), event(2, 1, 10, false, Last), event(3, 1, 10, false, Last), behind(4, 3, true), behind(5, 3, false),
		event(6, 6, 10, true, More), event(7, 6, 10, false, Last), behind(8, 5, true))
	r.In.Stars = dtmf.Rule{Mode: dtmf.StarsHeld, Gap: 600 * ms, Long: 1200 * ms, Tone: 80 * ms}
	return r
}

func withoutEvents() Row {
	event := voice(1)
	event.In = RTP{Mark: true, Type: 101, Sequence: 1001, Timestamp: 160160, SSRC: theirs, Body: Event(1, More, 160)}.Bytes()
	event.Reason = relay.NoMapping
	after := sent(2)
	after.Out = RTP{Mark: true, Sequence: 701, Timestamp: 9320, SSRC: ours, Body: Voice(2)}.Bytes()
	next := sent(3)
	next.Out = RTP{Sequence: 702, Timestamp: 9480, SSRC: ours, Body: Voice(3)}.Bytes()
	r := pair("where the other side has no telephone-event the numbers close over it", sent(0), event, after, next)
	r.Out.EventOut = relay.NoPayload
	return r
}

func opaque() Row {
	tail := append([]byte{0xde, 0xad, 0xbe, 0xef, 0xbe, 0xde, 0, 1, 0x10, 0x7f, 0, 0}, Voice(1)...)
	tail = append(tail, 0, 0, 0, 4)
	s := voice(1)
	s.In = RTP{Sequence: 1001, Timestamp: 160160, SSRC: theirs, Body: tail}.Bytes()
	s.In[0] = 2<<6 | 0x20 | 0x10 | 1
	s.Out = RTP{Sequence: 701, Timestamp: 9160, SSRC: ours, Body: tail}.Bytes()
	s.Out[0] = s.In[0]
	return pair("contributing sources, extension and padding pass untouched", sent(0), s)
}

// Octets of either law on the line, and what they are in the other (G.711 tables 3
// and 4): the smallest sample of either sign, the largest, and number 64. A-law has
// no zero, so that its smallest does not come back as mu-law's.
var (
	muLaw, muAsA = []byte{0xff, 0x7f, 0x80, 0x00, 0xbf, 0x3f}, []byte{0xd5, 0x55, 0xaa, 0x2a, 0xea, 0x6a}
	aLaw, aAsMu  = []byte{0xd5, 0x55, 0xaa, 0x2a, 0xea, 0x6a}, []byte{0xfe, 0x7e, 0x80, 0x00, 0xbf, 0x3f}
)

// otherLaw has endpoints of different laws.
func otherLaw(in, out relay.Codec) Row {
	name, spoken, heard := "mu-law leaves as A-law, events as they are", muLaw, muAsA
	if in == relay.PCMA {
		name, spoken, heard = "A-law leaves as mu-law, events as they are", aLaw, aAsMu
	}
	types := map[relay.Codec]uint8{relay.PCMU: 0, relay.PCMA: 8}
	long := func(octets []byte) []byte { return bytes.Repeat(octets, 27)[:160] }
	step := func(n int) Step {
		s := voice(n)
		s.In = RTP{Type: types[in], Sequence: uint16(1000 + n), Timestamp: uint32(160000 + 160*n), SSRC: theirs, Body: long(spoken)}.Bytes()
		s.Out = RTP{Mark: n == 0, Type: types[out], Sequence: uint16(700 + n), Timestamp: uint32(9000 + 160*n), SSRC: ours, Body: long(heard)}.Bytes()
		return s
	}
	event := step(1)
	body := Event(5, More, 160)
	event.In = RTP{Type: 101, Sequence: 1001, Timestamp: 160160, SSRC: theirs, Body: body}.Bytes()
	event.Out = RTP{Type: 96, Sequence: 701, Timestamp: 9160, SSRC: ours, Body: body}.Bytes()
	r := pair(name, step(0), event, step(2))
	r.In.Codec, r.In.AudioIn, r.In.AudioOut = in, relay.PayloadType(types[in]), relay.PayloadType(types[in])
	r.Out.Codec, r.Out.AudioIn, r.Out.AudioOut = out, relay.PayloadType(types[out]), relay.PayloadType(types[out])
	return r
}

func held() Row {
	r := pair("a direction that does not receive drops what comes", from(Near, voice(0), relay.Held))
	r.In.Direction = relay.SendOnly
	return r
}

func nowhere() Row {
	r := pair("nothing is sent where no address is described", from(Near, voice(0), relay.NoDestination))
	r.Out.Remote = netip.AddrPort{}
	return r
}

func restarted() Row {
	jump := func(n int) Step {
		s := voice(n)
		s.In = RTP{Sequence: uint16(30000 + n), Timestamp: uint32(5000000 + 160*n), SSRC: theirs, Body: Voice(n)}.Bytes()
		return s
	}
	confirmed := jump(2)
	confirmed.Out = RTP{Mark: true, Sequence: 701, Timestamp: 9320, SSRC: ours, Body: Voice(2)}.Bytes()
	next := jump(3)
	next.Out = RTP{Sequence: 702, Timestamp: 9480, SSRC: ours, Body: Voice(3)}.Bytes()
	return pair("RFC 3550 A.1: a jump of the numbers is believed when a second packet confirms it",
		sent(0), from(Near, jump(1), relay.Misordered), confirmed, next)
}

func forged() Row {
	alien := func(n int) Step {
		s := voice(n)
		s.In = RTP{Sequence: uint16(n), Timestamp: uint32(160 * n), SSRC: others, Body: Voice(90 + n)}.Bytes()
		s.Reason = relay.ForeignSSRC
		return s
	}
	r := pair("another SSRC beside the peer's own, from the peer's address, is never heard", sent(0))
	for n := 1; n < 8; n++ {
		r.Steps = append(r.Steps, alien(n), sent(n))
	}
	return r
}

func changed() Row {
	fresh := func(n int) Step {
		s := voice(n)
		s.In = RTP{Mark: n == 1, Sequence: uint16(40 + n), Timestamp: uint32(77 + 160*n), SSRC: others, Body: Voice(n)}.Bytes()
		s.Reason = relay.ForeignSSRC
		return s
	}
	believed := fresh(4)
	believed.Reason = relay.Passed
	believed.Out = RTP{Mark: true, Sequence: 701, Timestamp: 9640, SSRC: ours, Body: Voice(4)}.Bytes()
	next := fresh(5)
	next.Reason = relay.Passed
	next.Out = RTP{Sequence: 702, Timestamp: 9800, SSRC: ours, Body: Voice(5)}.Bytes()
	return pair("another SSRC in place of the peer's own is heard from its fourth packet, in one stream",
		sent(0), fresh(1), fresh(2), fresh(3), believed, next)
}

// learning is an endpoint whose peer may be behind an address translator.
func learning(name string, steps ...Step) Row {
	r := pair(name, steps...)
	r.In.Learning = relay.LearnPrefix
	r.In.Prefixes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	return r
}

func learned() Row {
	first := from(Rival, voice(3), relay.Passed)
	first.Out = RTP{Mark: true, Sequence: 700, Timestamp: 9000, SSRC: ours, Body: Voice(3)}.Bytes()
	next := from(Rival, voice(4), relay.Passed)
	next.Out = RTP{Sequence: 701, Timestamp: 9160, SSRC: ours, Body: Voice(4)}.Bytes()
	return learning("a source within the prefixes is learned from its fourth packet over 60 ms",
		from(Rival, voice(0), relay.OnProbation),
		from(Stranger, voice(0), relay.ForeignSource),
		from(Rival, voice(1), relay.OnProbation),
		from(Rival, voice(2), relay.OnProbation),
		first, next,
		from(Stranger, voice(5), relay.ForeignSource))
}

func fought() Row {
	second := netip.MustParseAddrPort("192.0.2.77:7777")
	r := learning("two rivals that alternate are both refused, and the described source is not")
	for n := range 8 {
		r.Steps = append(r.Steps, from(Rival, voice(n), relay.OnProbation), from(second, voice(n), relay.OnProbation))
	}
	last := voice(8)
	last.Out = RTP{Mark: true, Sequence: 700, Timestamp: 9000, SSRC: ours, Body: Voice(8)}.Bytes()
	r.Steps = append(r.Steps, last, from(Rival, voice(9), relay.ForeignSource))
	return r
}
