//go:build linux && (amd64 || arm64)

package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

func masterKey(t testing.TB, s srtp.Suite, seed uint64) srtp.Key {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, s.Length())
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	k, ok := srtp.NewKey(s, b)
	if !ok {
		t.Fatal("no key")
	}
	return k
}

// secured is a peer's own end of SRTP: what it sends and what it hears.
type secured struct {
	t    testing.TB
	keys srtp.Keys // as the engine has them
	out  *srtp.Sender
	in   *srtp.Receiver
}

func secure(t testing.TB, s srtp.Suite, seed uint64) *secured {
	t.Helper()
	p := &secured{t: t, keys: srtp.Keys{In: masterKey(t, s, 2*seed), Out: masterKey(t, s, 2*seed+1)}}
	var err error
	if p.out, err = srtp.NewSender(p.keys.In); err != nil {
		t.Fatal(err)
	}
	if p.in, err = srtp.NewReceiver(p.keys.Out); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *secured) protect(packet []byte) []byte {
	out, ok := p.out.RTP(append(make([]byte, 0, len(packet)+srtp.Overhead), packet...))
	if !ok {
		p.t.Fatal("the peer cannot protect its packet")
	}
	return out
}

func (p *secured) open(packet []byte) []byte {
	p.t.Helper()
	out, f := p.in.RTP(bytes.Clone(packet))
	if f != srtp.None {
		p.t.Fatalf("what the engine sent is %v", f)
	}
	return out
}

// with makes a phone's endpoint SRTP.
func (p *phone) with(e *Engine, s *secured) {
	p.spec.Keys = s.keys
	e.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: p.spec}})
}

func (p *phone) send(b []byte) {
	p.Helper()
	if _, err := p.Write(b); err != nil {
		p.Fatal(err)
	}
}

func told(t *testing.T, events <-chan Notice) relay.Event {
	t.Helper()
	select {
	case n := <-events:
		return n.Event
	case <-time.After(5 * time.Second):
		t.Fatal("nothing is told")
		return nil
	}
}

func nth(n int, ssrc uint32) []byte {
	return golden.RTP{Sequence: uint16(n), Timestamp: uint32(160 * n), SSRC: ssrc, Body: golden.Voice(n)}.Bytes()
}

// SRTP of every suite to plain RTP and to SRTP of another, on one worker and
// across two, over a wrap of the sequence numbers.
func TestSRTPBothWays(t *testing.T) {
	e, events := start(t, Config{Workers: 2})
	drain(t, events, func(relay.Event) {})
	for suite := srtp.AES128CM80; suite <= srtp.AES256GCM; suite++ {
		for worker := range 2 {
			t.Run(fmt.Sprint(suite, worker), func(t *testing.T) {
				a, b := call(t, e, Request{Worker: 0}), call(t, e, Request{Worker: worker})
				near, far := secure(t, suite, 1), (*secured)(nil)
				a.with(e, near)
				if worker == 1 {
					far = secure(t, srtp.AES128GCM, 2)
					b.with(e, far)
				}
				e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}})
				settle(t, e)
				for n := 65436; n < 65636; n++ {
					a.send(near.protect(nth(n, 1)))
					reply := nth(n, 2)
					if far != nil {
						reply = far.protect(reply)
					}
					b.send(reply)
					heard := b.hear()
					if far != nil {
						heard = far.open(heard)
					}
					if !bytes.Equal(heard[12:], golden.Voice(n)) {
						t.Fatalf("b heard other audio at packet %d", n)
					}
					if got := near.open(a.hear()); !bytes.Equal(got[12:], golden.Voice(n)) {
						t.Fatalf("a heard other audio at packet %d", n)
					}
				}
			})
		}
	}
}

// What an attacker sends from the peer's own address neither passes nor latches
// nor counts as heard, whatever it is; the peer's packets pass all the same.
func TestSRTPAttacker(t *testing.T) {
	var final relay.Stats
	e, events := start(t, Config{})
	a, b := call(t, e, Request{}), call(t, e, Request{})
	peer := secure(t, srtp.AES128GCM, 1)
	a.with(e, peer)
	e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}})
	settle(t, e)

	first := peer.protect(nth(100, 1))
	flipped := bytes.Clone(first)
	flipped[40] ^= 1
	wrong := secure(t, srtp.AES128GCM, 3)
	for _, bad := range [][]byte{flipped, wrong.protect(nth(100, 1)), first[:len(first)-16], nth(101, 1), nth(102, 666)} {
		for range 8 { // more than enough to win a latch by probation
			a.send(bad)
		}
	}
	await(t, "every forgery", func() bool { return e.Stats().Dropped[relay.Unauthentic] == 40 })
	select {
	case ev := <-events:
		t.Fatalf("a forgery is told as %+v", ev)
	default:
	}
	a.send(first)
	if got := b.hear(); !bytes.Equal(got[12:], golden.Voice(100)) {
		t.Fatal("b heard other audio")
	}
	if _, ok := told(t, events).(relay.Latched); !ok {
		t.Fatal("the peer was latched by something else")
	}
	for range 5 {
		a.send(first)
	}
	a.send([]byte{0x80, 0, 0})
	await(t, "every replay", func() bool { return e.Stats().Dropped[relay.Replayed] == 5 })
	a.send(peer.protect(nth(101, 1)))
	if got := b.hear(); !bytes.Equal(got[12:], golden.Voice(101)) {
		t.Fatal("b heard other audio")
	}
	e.Do([]relay.Command{relay.Release{Slot: a.Slot}})
	for {
		if r, ok := told(t, events).(relay.Released); ok {
			final = r.Stats
			break
		}
	}
	if final.Received != 2 || final.DroppedSRTP != 41 || final.Duplicate != 5 || final.DroppedInvalid != 0 || final.SSRCChanges != 0 || final.Lost != 0 {
		t.Errorf("%+v", final)
	}
	if c := e.Stats(); c.Dropped[relay.Malformed] != 1 || c.Panics != 0 {
		t.Errorf("%+v", c)
	}
}

// A stranger within the prefixes, where addresses are learned, is not learned by
// packets that are not authentic: RTPBleed needs the key.
func TestSRTPBeforeTheLatch(t *testing.T) {
	e, events := start(t, Config{})
	drain(t, events, func(relay.Event) {})
	a, b := call(t, e, Request{}), call(t, e, Request{})
	peer := secure(t, srtp.AES128CM80, 1)
	a.spec.Learning, a.spec.Prefixes = relay.LearnPrefix, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	a.with(e, peer)
	e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}})
	settle(t, e)
	stranger, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(a.Addr))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	for n := range 10 {
		if _, err := stranger.Write(nth(n, 5)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * ms)
	}
	await(t, "every packet", func() bool { return e.Stats().Dropped[relay.Unauthentic] == 10 })
	b.send(nth(1, 2))
	if got := peer.open(a.hear()); !bytes.Equal(got[12:], golden.Voice(1)) {
		t.Fatal("the peer heard other audio")
	}
	// With the key it is the peer behind a NAT.
	for n := range 10 {
		if _, err := stranger.Write(peer.protect(nth(n, 5))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * ms)
	}
	b.hear()
	b.send(nth(2, 2))
	packet := make([]byte, 2048)
	if err := stranger.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := stranger.Read(packet)
	if err != nil {
		t.Fatal(err)
	}
	if got := peer.open(packet[:n]); !bytes.Equal(got[12:], golden.Voice(2)) {
		t.Fatal("the peer heard other audio at its new place")
	}
}

// Joins, transfers and music across workers leave each SRTP peer one stream that
// its one context opens, every packet of it.
func TestSRTPThroughRewiring(t *testing.T) {
	for _, workers := range []int{1, 2, 3} {
		m := newRoom(t, workers, port.Range{First: 20000, Last: 20099})
		peers := map[*party]*secured{}
		var all []*party
		for i, s := range []srtp.Suite{srtp.AES128GCM, srtp.Plain, srtp.AES256CM80, srtp.AES128CM32} {
			p := m.party(i%workers, i+1)
			if s != srtp.Plain {
				peers[p] = secure(t, s, uint64(i))
				p.spec.Keys = peers[p].keys
				m.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: p.spec}})
			}
			all = append(all, p)
		}
		random := rand.New(rand.NewPCG(5, uint64(workers)))
		opened := 0
		for range 300 {
			a, b := all[random.IntN(4)], all[random.IntN(4)]
			switch random.IntN(4) {
			case 0:
				m.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}}}})
			case 1:
				m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}}) // a re-INVITE with the same keys
			default:
				m.Do(join(a, b))
			}
			for _, p := range all {
				p.seq++
				packet := golden.RTP{Sequence: p.seq, Timestamp: 160 * uint32(p.seq), SSRC: p.ssrc, Body: golden.Voice(int(p.seq))}.Bytes()
				if s := peers[p]; s != nil {
					packet = s.protect(packet)
				}
				m.Deliver(p.remote, p.Addr, packet)
			}
			m.Step(m.now.Add(20 * ms))
			for _, sent := range m.Take(nil) {
				for p, s := range peers {
					if sent.To == p.remote {
						s.open(sent.Data)
						opened++
					}
				}
			}
		}
		if d := m.Stats().Dropped; d[relay.Unauthentic]+d[relay.Replayed]+d[relay.Unprotected] != 0 || opened < 300 {
			t.Errorf("%d workers: %d opened, dropped %v", workers, opened, d)
		}
	}
}

// A long call: both counters wrap, and the re-INVITEs before and behind that
// bring the same keys.
func TestSRTPCounterOverReinvites(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(1, 2)
	near, far := secure(t, srtp.AES128GCM, 1), secure(t, srtp.AES128CM80, 2)
	for p, s := range map[*party]*secured{a: near, b: far} {
		p.spec.Keys = s.keys
		m.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: p.spec}})
	}
	m.Do(join(a, b))
	heard := 0
	for n := range 1<<16 + 2000 {
		if n%1000 == 0 {
			m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}, relay.Configure{Slot: b.Slot, Spec: b.spec}})
		}
		m.Deliver(a.remote, a.Addr, near.protect(nth(n, 1)))
		for _, s := range m.Take(nil) {
			if got := far.open(s.Data); !bytes.Equal(got[12:], golden.Voice(n)) {
				t.Fatalf("other audio at packet %d", n)
			}
			heard++
		}
	}
	if heard != 1<<16+2000 {
		t.Errorf("%d packets heard", heard)
	}
}

// Reports are protected both ways, and only what is authentic is read.
func TestSRTCP(t *testing.T) {
	m := newRoom(t, 1, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(0, 2)
	near, far := secure(t, srtp.AES128GCM, 1), secure(t, srtp.AES128CM80, 2)
	for p, s := range map[*party]*secured{a: near, b: far} {
		p.spec.Keys = s.keys
		m.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: p.spec}})
	}
	m.Do(join(a, b))
	odd := func(p netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(p.Addr(), p.Port()+1) }
	m.Deliver(a.remote, a.Addr, near.protect(nth(1, 0x00010000)))
	m.Deliver(b.remote, b.Addr, far.protect(nth(1, 0x00020000)))
	m.Take(nil)
	report := append(append(make([]byte, 0, 64), 2<<6|1, 201, 0, 7, 0, 1, 0, 0), make([]byte, 24)...)
	m.Deliver(odd(a.remote), odd(a.Addr), report)
	if got := m.Stats().Dropped[relay.Unauthentic]; got != 1 {
		t.Errorf("%d plain reports dropped", got)
	}
	protected, ok := near.out.RTCP(report)
	if !ok {
		t.Fatal("the peer cannot protect its report")
	}
	m.Deliver(odd(a.remote), odd(a.Addr), protected)
	m.Deliver(odd(a.remote), odd(a.Addr), protected)
	if got := m.Stats().Dropped[relay.Replayed]; got != 1 {
		t.Errorf("%d reports known to be replayed", got)
	}
	m.advance(m.now.Add(5 * time.Second)) // our own reports are due by then
	heard := 0
	for _, s := range m.Take(nil) {
		if s.To != odd(b.remote) {
			continue
		}
		heard++
		out, f := far.in.RTCP(bytes.Clone(s.Data))
		if f != srtp.None || out[1] != 200 && out[1] != 201 {
			t.Errorf("b was sent a report that is %v: %x", f, out)
		}
		if len(s.Data) > 8 && bytes.Equal(out, s.Data[:len(out)]) {
			t.Error("the report was not encrypted")
		}
	}
	if heard == 0 {
		t.Error("b was told nothing")
	}
}

// Another key, as a re-INVITE brings it, while packets are under way.
func TestSRTPRekey(t *testing.T) {
	m := newRoom(t, 2, port.Range{First: 20000, Last: 20099})
	a, b := m.party(0, 1), m.party(1, 2)
	old, young := secure(t, srtp.AES128GCM, 1), secure(t, srtp.AES256CM80, 2)
	configure := func(k srtp.Keys) {
		a.spec.Keys = k
		m.Do([]relay.Command{relay.Configure{Slot: a.Slot, Spec: a.spec}})
	}
	configure(old.keys)
	m.Do(join(a, b))
	n := 0
	passes := func(p []byte, want bool) {
		t.Helper()
		m.Deliver(a.remote, a.Addr, p)
		if got := len(m.Take(nil)) == 1; got != want {
			t.Fatalf("packet %d passes: %v", n, got)
		}
	}
	next := func() []byte { n++; return nth(n, 9) }
	passes(old.protect(next()), true)
	configure(young.keys)
	passes(old.protect(next()), true)
	passes(next(), false)
	passes(young.protect(next()), true)
	passes(old.protect(next()), false)
	m.Deliver(b.remote, b.Addr, nth(1, 2))
	for _, s := range m.Take(nil) {
		young.open(s.Data)
	}
	// What the lease was keeps neither key.
	c, own := m.workers[0].find(a.Slot), m.workers[1].find(b.Slot).fed
	if c.receiver == nil || own.sender == nil {
		t.Fatal("no keys to forget")
	}
	m.Do(release(a))
	if c := m.workers[0].find(a.Slot); c != nil {
		t.Fatal("the lease goes on")
	}
	if c.receiver != nil || own.sender != nil || !c.in.Spec().Keys.In.IsZero() || !c.in.Spec().Keys.Out.IsZero() {
		t.Error("a key is kept")
	}
}
