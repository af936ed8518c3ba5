//go:build linux && (amd64 || arm64) && !race

package engine

import (
	"encoding/binary"
	"net"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// still is a loop with two joined endpoints that the test turns by hand, and
// the peers' sockets.
func still(t testing.TB) (l *loop, near, far *net.UDPConn, to relay.Pair) {
	t.Helper()
	random := func(n uint32) uint32 { return uint32(time.Now().UnixNano()) % n }
	c := Config{Addresses: nil, Random: random}
	c.Addresses = append(c.Addresses, loopback)
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	c.Clips = clips{"one": ramp(8000)}
	ledger, err := newLedger(&c, 100)
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{config: c, ledger: ledger}
	if l, err = newLoop(e, 0); err != nil {
		t.Fatal(err)
	}
	e.loops = []*loop{l}
	if err := e.grow(0, func(*port.Pool) int { return 2 }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.discard(); err != nil {
			t.Error(err)
		}
	})
	pairs := ledger.borrow(time.Now(), Request{Count: 2}, nil, func(o lease) { l.mailbox.put(o) })
	var conns [2]*net.UDPConn
	var commands []relay.Command
	for i := range conns {
		if conns[i], err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(pairs[i].Addr)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conns[i].Close() })
		spec := relay.Spec{Remote: conns[i].LocalAddr().(*net.UDPAddr).AddrPort(), EventIn: 101, EventOut: 101, Ptime: 20}
		commands = append(commands, relay.Configure{Slot: pairs[i].Slot, Spec: spec})
	}
	for _, rc := range append(commands, relay.Join{A: pairs[0].Slot, B: pairs[1].Slot}) {
		route(rc, 1, func(_ int, o Order) { l.mailbox.put(o) })
	}
	l.turn()
	return l, conns[0], conns[1], pairs[0]
}

// turn is one turn of the loop, without blocking.
func (l *loop) turn() {
	now := time.Now()
	n := l.wait(now)
	now = time.Now()
	l.obey(now)
	l.worker.Step(now, &l.out)
	l.flush(now)
	for i := range n {
		l.receive(now, uint32(l.events[i].Fd), Component(l.events[i].Pad))
	}
}

func TestSocketsDoNotAllocate(t *testing.T) {
	l, near, far, _ := still(t)
	packet := golden.RTP{SSRC: 1, Body: golden.Voice(0)}.Bytes()
	buffer := make([]byte, 2048)
	seq, heard := uint16(0), 0
	if n := testing.AllocsPerRun(500, func() {
		seq++
		binary.BigEndian.PutUint16(packet[2:], seq)
		binary.BigEndian.PutUint32(packet[4:], 160*uint32(seq))
		if _, err := near.Write(packet); err != nil {
			t.Fatal(err)
		}
		l.turn()
		if n, err := far.Read(buffer); err == nil && n == len(packet) {
			heard++
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if heard != 501 {
		t.Errorf("%d of 501 packets relayed", heard)
	}
}

// SRTP on both sides, of two suites: opened, relayed, protected.
func TestSRTPDoesNotAllocate(t *testing.T) {
	l, near, far, _ := still(t)
	suites := [2]srtp.Suite{srtp.AES128GCM, srtp.AES128CM80}
	var peers [2]*secured
	for i, s := range suites {
		peers[i] = secure(t, s, uint64(i))
		c := l.worker.berths[i].cell
		spec := *c.in.Spec()
		spec.Keys = peers[i].keys
		route(relay.Configure{Slot: c.slot, Spec: spec}, 1, func(_ int, o Order) { l.mailbox.put(o) })
	}
	l.turn()
	packet := golden.RTP{SSRC: 1, Body: golden.Voice(0)}.Bytes()
	buffer, sent := make([]byte, 2048), make([]byte, 0, 2048)
	seq, heard := uint16(0), 0
	if n := testing.AllocsPerRun(500, func() {
		seq++
		binary.BigEndian.PutUint16(packet[2:], seq)
		protected, ok := peers[0].out.RTP(append(sent[:0], packet...))
		if !ok {
			t.Fatal("not protected")
		}
		if _, err := near.Write(protected); err != nil {
			t.Fatal(err)
		}
		l.turn()
		n, err := far.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if got, f := peers[1].in.RTP(buffer[:n]); f == srtp.None && len(got) == len(packet) {
			heard++
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if heard != 501 {
		t.Errorf("%d of 501 packets relayed", heard)
	}
}

func TestPlayersDoNotAllocate(t *testing.T) {
	l, _, _, to := still(t)
	route(relay.Play{Slot: to.Slot, Source: relay.Source{Keys: []string{"one"}, Repeat: relay.Forever}}, 2, func(_ int, o Order) { l.mailbox.put(o) })
	now := time.Now()
	l.obey(now)
	if n := testing.AllocsPerRun(500, func() {
		now = now.Add(20 * ms)
		l.worker.Step(now, &l.out)
		l.flush(now)
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if c := l.worker.Counts(); c.Sent < 500 {
		t.Errorf("%d packets played", c.Sent)
	}
}

// BenchmarkSocketPath is one packet from socket to socket through the loop: the
// system calls of the loop, and of the sender and the receiver beside it.
func BenchmarkSocketPath(b *testing.B) {
	l, near, far, _ := still(b)
	packet := golden.RTP{SSRC: 1, Body: golden.Voice(0)}.Bytes()
	buffer := make([]byte, 2048)
	seq := uint16(0)
	b.ReportAllocs()
	var inside time.Duration
	for b.Loop() {
		seq++
		binary.BigEndian.PutUint16(packet[2:], seq)
		if _, err := near.Write(packet); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		l.turn()
		inside += time.Since(began)
		if _, err := far.Read(buffer); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(inside.Nanoseconds())/float64(b.N), "loop-ns/op")
}

// BenchmarkWorker is one packet through a worker, without system calls: plain,
// and to an SRTP peer.
func BenchmarkWorker(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmarkWorker(b, srtp.Plain) })
	for s := srtp.AES128CM80; s <= srtp.AES256GCM; s++ {
		b.Run(s.String(), func(b *testing.B) { benchmarkWorker(b, s) })
	}
}

func benchmarkWorker(b *testing.B, suite srtp.Suite) {
	w := NewWorker(0, noClips{})
	var out Output
	now := epoch
	slots := []relay.Slot{slotOf(0, 0, 1), slotOf(0, 1, 1)}
	for i, s := range slots {
		w.Order(now, attach{uint32(i), port.Sockets{RTP: int32(2*i + 1), RTCP: int32(2*i + 2)}}, &out)
		w.Order(now, lease{slot: s, identity: golden.Identity}, &out)
		spec := golden.Exact()
		if i == 1 && suite != srtp.Plain {
			spec.Keys = secure(b, suite, 1).keys
		}
		w.Order(now, command{relay.Configure{Slot: s, Spec: spec}}, &out)
	}
	route(relay.Join{A: slots[0], B: slots[1]}, 1, func(_ int, o Order) { w.Order(now, o, &out) })
	packet := append(make([]byte, 0, 256), golden.RTP{SSRC: 1, Body: golden.Voice(0)}.Bytes()...)
	seq := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		now = now.Add(20 * ms)
		packet[1] = 0
		binary.BigEndian.PutUint16(packet[2:], seq)
		binary.BigEndian.PutUint32(packet[8:], 1)
		out.Reset()
		w.Receive(now, Datagram{Local: 0, Source: golden.Near, Data: packet}, &out)
		if len(out.Packets) != 1 {
			b.Fatal("not relayed")
		}
	}
}
