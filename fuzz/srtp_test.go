package fuzz

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"sekisho/media/engine"
	"sekisho/media/port"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// srtpScripts are seeds: what an SRTP peer, an attacker at its address and the
// plain peer behind it do, one octet each; secureActs.act says what is meant.
var srtpScripts = [][]byte{
	{0x00, 0x00, 0x08, 0x10, 0x00, 0x05, 0x00},
	{0x01, 0x01, 0x00, 0x02, 0x02, 0x02, 0x00},
	{0x00, 0x03, 0x0b, 0x43, 0xfb, 0x00, 0x04, 0x04, 0x00, 0x04},
	{0x00, 0x06, 0x00, 0x06, 0x00, 0x0e, 0x00, 0x04, 0x16, 0x00},
	{0x00, 0x05, 0x05, 0x0d, 0x05, 0x00},
	{0x07, 0x00, 0x0f, 0x04, 0x07, 0x07, 0x00},
	bytes.Repeat([]byte{0x07}, 40),
}

// FuzzSRTP holds an SRTP endpoint to this: from its peer's address nothing
// passes but what the peer protected, once, as the peer said it; nothing leaves
// that the peer cannot open; and behind whatever was tried, the talk goes on.
func FuzzSRTP(f *testing.F) {
	for _, script := range srtpScripts {
		for suite := range byte(6) {
			f.Add(odd, script, suite)
		}
	}
	f.Fuzz(func(t *testing.T, datagrams, script []byte, suite byte) {
		if len(datagrams) > 1<<13 || len(script) > 256 {
			return
		}
		a := newSecureActs(t, datagrams, srtp.Suite(1+suite%6))
		for _, b := range script {
			a.act(b)
		}
		a.talkGoesOn()
	})
}

type secureActs struct {
	*acts
	engine    *engine.Stepped
	now       time.Time
	suite     srtp.Suite
	keys      byte // how many there have been
	near, far relay.Pair
	peer      *srtp.Sender
	ear       *srtp.Receiver
	said      []byte // the newest packet of the peer, protected
	heard     bool   // whether that one has passed
	seq       [2]uint16
}

var secureTalks = [2]netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:4000"), netip.MustParseAddrPort("203.0.113.1:5000")}

func newSecureActs(t *testing.T, datagrams []byte, suite srtp.Suite) *secureActs {
	a := &secureActs{acts: &acts{plane: &plane{t: t}, rest: datagrams}, now: time.Unix(1000, 0), suite: suite}
	random := rand.New(rand.NewPCG(3, 4))
	e, err := engine.NewStepped(engine.Config{
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.12")}, Ports: port.Range{First: 20000, Last: 20127}, Random: random.Uint32N,
	}, a.now)
	if err != nil {
		t.Fatal(err)
	}
	a.engine = e
	pairs := e.Borrow(engine.Request{Count: 2}, nil)
	a.near, a.far = pairs[0], pairs[1]
	e.Do([]relay.Command{
		relay.Configure{Slot: a.far.Slot, Spec: relay.Spec{Remote: secureTalks[1], EventIn: relay.NoPayload, EventOut: relay.NoPayload}},
		relay.Join{A: a.near.Slot, B: a.far.Slot},
	})
	a.rekey()
	return a
}

// rekey gives the endpoint other keys, as a re-INVITE does.
func (a *secureActs) rekey() {
	a.keys++
	var keys srtp.Keys
	for i, k := range []*srtp.Key{&keys.In, &keys.Out} {
		material := bytes.Repeat([]byte{a.keys, byte(i), 0x55}, 32)[:a.suite.Length()]
		*k, _ = srtp.NewKey(a.suite, material)
	}
	var err error
	if a.peer, err = srtp.NewSender(keys.In); err != nil {
		a.t.Fatal(err)
	}
	if a.ear, err = srtp.NewReceiver(keys.Out); err != nil {
		a.t.Fatal(err)
	}
	a.engine.Do([]relay.Command{relay.Configure{Slot: a.near.Slot, Spec: relay.Spec{
		Remote: secureTalks[0], RemoteRTCP: netip.AddrPortFrom(secureTalks[0].Addr(), secureTalks[0].Port()+1),
		EventIn: relay.NoPayload, EventOut: relay.NoPayload, Keys: keys,
	}}})
	// Under each key the peer is heard first as what it is. Whoever has the key
	// could fill the places of all SSRCs otherwise.
	a.speak(7)
	a.deliver(a.said, true)
}

func (a *secureActs) act(b byte) {
	a.now = a.now.Add(20 * time.Millisecond)
	a.engine.Step(a.now)
	a.taken()
	n := b >> 3
	switch b & 7 {
	case 0: // the peer speaks
		a.speak(7)
		a.deliver(a.said, true)
	case 1: // anything from its address
		a.deliver(a.next(), false)
	case 2:
		a.engine.Deliver(netip.AddrPortFrom(secureTalks[0].Addr(), secureTalks[0].Port()+1), netip.AddrPortFrom(a.near.Addr.Addr(), a.near.Addr.Port()+1), a.next())
		a.taken()
	case 3: // a packet of the peer's with one bit changed
		a.speak(7)
		bad := bytes.Clone(a.said)
		bad[int(n)*len(bad)/32] ^= 1 << (n % 8)
		a.deliver(bad, false)
	case 4: // the peer's packet, a second time
		if len(a.said) > 0 {
			a.deliver(a.said, !a.heard)
		}
	case 5: // the other side speaks, with n it stammers
		if n == 0 {
			a.seq[1]++
		}
		a.engine.Deliver(secureTalks[1], a.far.Addr, packetOf(9, a.seq[1], n))
		a.taken()
	case 6:
		a.rekey()
	case 7: // the peer speaks as somebody else
		a.speak(uint32(100 + a.seq[0]))
		a.engine.Deliver(secureTalks[0], a.near.Addr, a.said)
		a.said = nil
		a.taken()
	}
}

func packetOf(ssrc uint32, seq uint16, voice byte) []byte {
	p := make([]byte, 172, 172+srtp.Overhead)
	p[0] = 2 << 6
	binary.BigEndian.PutUint16(p[2:], seq)
	binary.BigEndian.PutUint32(p[4:], 160*uint32(seq))
	binary.BigEndian.PutUint32(p[8:], ssrc)
	for i := range p[12:] {
		p[12+i] = voice
	}
	return p
}

func (a *secureActs) speak(ssrc uint32) {
	a.seq[0]++
	sender := a.peer
	if ssrc != 7 {
		// An SSRC of its own under the same key.
		var err error
		if sender, err = srtp.NewSender(a.peer.Key()); err != nil {
			a.t.Fatal(err)
		}
	}
	var ok bool
	if a.said, ok = sender.RTP(packetOf(ssrc, a.seq[0], byte(a.seq[0]))); !ok {
		a.t.Fatal("the peer cannot protect its packet")
	}
	a.heard = false
}

// deliver sends a packet to the endpoint; only the peer's own may pass.
func (a *secureActs) deliver(p []byte, own bool) {
	before := a.engine.Stats()
	a.engine.Deliver(secureTalks[0], a.near.Addr, p)
	n := a.taken()
	if n > 0 && (!own || n > 1) {
		a.t.Fatalf("%d packets passed for %x", n, p)
	}
	if !own {
		return
	}
	if after := a.engine.Stats(); after.Dropped[relay.Unauthentic] != before.Dropped[relay.Unauthentic] || after.Dropped[relay.Replayed] != before.Dropped[relay.Replayed] {
		a.t.Fatal("the peer's own packet is not taken for authentic")
	}
	a.heard = true
}

// taken opens what left toward the SRTP peer, and counts what left toward the
// other one.
func (a *secureActs) taken() (passed int) {
	for _, s := range a.engine.Take(nil) {
		var f srtp.Fault
		switch s.To {
		case secureTalks[1]:
			passed++
		case secureTalks[0]:
			_, f = a.ear.RTP(bytes.Clone(s.Data))
		case netip.AddrPortFrom(secureTalks[0].Addr(), secureTalks[0].Port()+1):
			_, f = a.ear.RTCP(bytes.Clone(s.Data))
		}
		if f != srtp.None {
			a.t.Fatalf("what was sent is %v to its peer", f)
		}
	}
	return passed
}

func (a *secureActs) talkGoesOn() {
	passed := 0
	for range 8 { // another SSRC holds the endpoint for a while
		a.now = a.now.Add(500 * time.Millisecond)
		a.engine.Step(a.now)
		a.taken()
		a.speak(7)
		a.engine.Deliver(secureTalks[0], a.near.Addr, a.said)
		passed += a.taken()
	}
	if passed == 0 {
		a.t.Fatal("the peer is not heard any more")
	}
	if s := a.engine.Stats(); s.Panics != 0 {
		a.t.Fatalf("%d panics", s.Panics)
	}
}

// The seeds lead to every reason that SRTP adds.
func TestSRTPReachesEveryReason(t *testing.T) {
	var dropped [relay.Reasons]uint64
	for _, script := range srtpScripts {
		a := newSecureActs(t, odd, srtp.AES128GCM)
		for _, b := range script {
			a.act(b)
		}
		for r, n := range a.engine.Stats().Dropped {
			dropped[r] += n
		}
	}
	for _, r := range []relay.Reason{relay.Unauthentic, relay.Replayed, relay.Crowded, relay.Unprotected} {
		if dropped[r] == 0 {
			t.Errorf("no seed is dropped as %v", r)
		}
	}
}
