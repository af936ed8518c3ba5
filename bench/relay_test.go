package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"sekisho/media/engine"
	"sekisho/media/golden"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// BenchmarkRelay is one packet of a joined pair of endpoints.
//
//	endpoints  in-half, verdict, out-half: the relay without an engine
//	worker     through a stepped engine; its two allocations are the copies
//	           that Stepped makes of what is given to it and taken from it
//	sockets    through a running engine and four loopback sockets, with a window
//	           of packets on the way; cpu-ns/op counts the sender and the receiver in
//	to-SUITE   the same, to an SRTP peer, whose ear is not counted
//	SUITE      the same from one SRTP peer to another, keys of their own; cpu-ns/op
//	           counts the protection by the sender in
func BenchmarkRelay(b *testing.B) {
	b.Run("endpoints", relayEndpoints)
	b.Run("worker", relayWorker)
	b.Run("sockets", func(b *testing.B) { relaySockets(b, srtp.Plain, srtp.Plain) })
	for _, s := range []srtp.Suite{srtp.AES128GCM, srtp.AES256GCM, srtp.AES128CM80} {
		b.Run("to-"+s.String(), func(b *testing.B) { relaySockets(b, srtp.Plain, s) })
		b.Run(s.String(), func(b *testing.B) { relaySockets(b, s, s) })
	}
}

// keysOf are keys of a suite, others for each n.
func keysOf(s srtp.Suite, n byte) (k srtp.Keys) {
	if s == srtp.Plain {
		return k
	}
	k.In, _ = srtp.NewKey(s, bytes.Repeat([]byte{n, 1}, s.Length()/2))
	k.Out, _ = srtp.NewKey(s, bytes.Repeat([]byte{n, 2}, s.Length()/2))
	return k
}

// stream is the peer's packets, 20 ms apart, in one buffer.
type stream struct {
	now    time.Time
	seq    uint16
	packet []byte
}

func newStream() *stream {
	return &stream{now: time.Unix(1_700_000_000, 0), packet: golden.RTP{SSRC: 1, Body: golden.Voice(0)}.Bytes()}
}

// next writes the whole header: the relay rewrites packets in place.
func (s *stream) next() []byte {
	s.seq++
	s.now = s.now.Add(20 * time.Millisecond)
	s.packet[1] = 0
	binary.BigEndian.PutUint16(s.packet[2:], s.seq)
	binary.BigEndian.PutUint32(s.packet[4:], 160*uint32(s.seq))
	binary.BigEndian.PutUint32(s.packet[8:], 1)
	return s.packet
}

func relayEndpoints(b *testing.B) {
	var in relay.InHalf
	in.Configure(golden.Exact())
	out := relay.NewOutHalf(relay.Slot{Index: 1, Epoch: 1}, golden.Identity)
	beyond := golden.Beyond()
	out.Configure(beyond, beyond.Remote)
	out.Feed()
	s := newStream()
	var p relay.Packet
	b.ReportAllocs()
	for b.Loop() {
		p.Data, p.Source = s.next(), golden.Near
		v := in.Handle(s.now, &p)
		if v.Action == relay.Drop || out.Handle(s.now, &p, v) != relay.Passed {
			b.Fatalf("not relayed: %+v", v)
		}
	}
}

func relayWorker(b *testing.B) {
	s := newStream()
	e, err := engine.NewStepped(engine.Config{
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Random: func(uint32) uint32 { return 0 },
	}, s.now)
	if err != nil {
		b.Fatal(err)
	}
	pairs := e.Borrow(engine.Request{Count: 2}, nil)
	e.Do([]relay.Command{
		relay.Configure{Slot: pairs[0].Slot, Spec: golden.Exact()},
		relay.Configure{Slot: pairs[1].Slot, Spec: golden.Beyond()},
		relay.Join{A: pairs[0].Slot, B: pairs[1].Slot},
	})
	var sent []engine.Sent
	b.ReportAllocs()
	for b.Loop() {
		e.Step(s.now)
		e.Deliver(golden.Near, pairs[0].Addr, s.next())
		if sent = e.Take(sent[:0]); len(sent) != 1 {
			b.Fatal("not relayed")
		}
	}
}

// window is how many packets are on the way at a time: a worker that wakes
// finds some waiting, as under load.
const window = 16

func relaySockets(b *testing.B, from, to srtp.Suite) {
	loopback := netip.MustParseAddr("127.0.0.1")
	e, err := engine.Open(engine.Config{Addresses: []netip.Addr{loopback}, Random: func(uint32) uint32 { return 0 }})
	if err != nil {
		b.Skipf("no media sockets here: %v", err)
	}
	defer e.Close()
	pairs := e.Borrow(engine.Request{Count: 2}, nil)
	if len(pairs) != 2 {
		b.Fatal("no pairs")
	}
	var ends [2]*net.UDPConn
	var commands []relay.Command
	for i := range ends {
		if ends[i], err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(pairs[i].Addr)); err != nil {
			b.Fatal(err)
		}
		defer ends[i].Close()
		spec := golden.Exact()
		spec.Remote = ends[i].LocalAddr().(*net.UDPAddr).AddrPort()
		spec.Keys = keysOf([]srtp.Suite{from, to}[i], byte(i))
		spec.RemoteRTCP, spec.Prefixes = netip.AddrPort{}, []netip.Prefix{netip.PrefixFrom(loopback, 32)}
		commands = append(commands, relay.Configure{Slot: pairs[i].Slot, Spec: spec})
	}
	e.Do(append(commands, relay.Join{A: pairs[0].Slot, B: pairs[1].Slot}))
	for e.Stats().Leased != 2 { // the figures follow the orders
		time.Sleep(10 * time.Millisecond)
	}
	s := newStream()
	into := make([]byte, 2048)
	protect := func(p []byte) []byte { return p }
	if from != srtp.Plain {
		sender, err := srtp.NewSender(keysOf(from, 0).In)
		if err != nil {
			b.Fatal(err)
		}
		room := make([]byte, 0, 2048)
		protect = func(p []byte) []byte {
			out, ok := sender.RTP(append(room, p...))
			if !ok {
				b.Fatal("not protected")
			}
			return out
		}
	}
	sent, heard := 0, 0
	hear := func() {
		if err := ends[1].SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			b.Fatal(err)
		}
		for range sent - heard {
			if _, err := ends[1].Read(into); err != nil {
				b.Fatalf("packet %d of %d: %v", heard, sent, err)
			}
			heard++
		}
	}
	b.ReportAllocs()
	began := used(b)
	for b.Loop() {
		if _, err := ends[0].Write(protect(s.next())); err != nil {
			b.Fatal(err)
		}
		if sent++; sent%window == 0 {
			hear()
		}
	}
	hear()
	b.ReportMetric(float64((used(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
}
