//go:build linux && (amd64 || arm64)

package engine

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
)

// await turns until done or for 10 s.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
	}
}

// drain takes what the workers must not wait for, as long as the test runs.
func drain(t *testing.T, events <-chan Notice, each func(relay.Event)) {
	go func() { // ends with the test's context
		for {
			select {
			case n := <-events:
				each(n.Event)
			case <-t.Context().Done():
				return
			}
		}
	}()
}

// burst borrows pairs of every worker and releases them all.
func burst(t *testing.T, e *Engine, each int) (pairs []relay.Pair) {
	t.Helper()
	for worker := range e.Workers() {
		end := len(pairs) + each
		await(t, "burst", func() bool {
			pairs = e.Borrow(Request{Worker: worker, Count: min(8, end-len(pairs))}, pairs)
			return len(pairs) == end
		})
	}
	if c := e.Stats().Ports; c.Leased != len(pairs) || c.Bound < len(pairs) {
		t.Fatalf("%+v", c)
	}
	for _, p := range pairs {
		e.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: relay.Spec{TOS: 184}}, relay.Release{Slot: p.Slot}})
	}
	return pairs
}

// After a burst the engine closes what it has too much, and what it has closed
// is nobody's any more: the system gives the descriptors to others, and neither
// their packets nor commands for the old leases find anything here.
func TestBurstGoesBackToTheStart(t *testing.T) {
	const limit = 128 + 2*450 // enough for one burst at a time
	e, events := start(t, Config{Workers: 2, Stock: 8, Rest: 200 * ms, floor: ms, Descriptors: limit})
	drain(t, events, func(relay.Event) {})
	fds, ports, free := descriptors(t), e.Stats().Ports, e.Free()
	for lap := range 2 {
		pairs := burst(t, e, 200)
		await(t, "back at the start", func() bool { return descriptors(t) == fds })
		now := e.Stats().Ports
		if now.Bound != ports.Bound || now.Ready() != ports.Ready() || now.Quarantined != 0 || now.Leaving != 0 || now.Unbound != ports.Unbound || e.Free() != free {
			t.Fatalf("lap %d: %+v, at the start %+v", lap, now, ports)
		}
		if lap == 0 {
			others(t, e, pairs)
		}
	}
}

// others opens sockets on the descriptors that have become free.
func others(t *testing.T, e *Engine, old []relay.Pair) {
	t.Helper()
	received := e.Stats().Received
	var conns []*net.UDPConn
	for range 200 {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for i, c := range conns {
		e.Do([]relay.Command{
			relay.Configure{Slot: old[i].Slot, Spec: relay.Spec{TOS: 184}}, relay.Join{A: old[i].Slot, B: old[i].Slot}, relay.Release{Slot: old[i].Slot},
		})
		if _, err := c.WriteToUDP([]byte{byte(i)}, c.LocalAddr().(*net.UDPAddr)); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, e)
	b := make([]byte, 16)
	for i, c := range conns {
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(b); n != 1 || b[0] != byte(i) {
			t.Fatalf("somebody else's packet is lost: %v", err)
		}
	}
	if got := e.Stats(); got.Received != received || got.Leased != 0 {
		t.Errorf("received %d packets of others, %d leased", got.Received-received, got.Leased)
	}
}

// Leases, bursts and packets race the shrink: every caller hears itself and
// nobody else, and in the end everything is back.
func TestLeasesRaceTheShrink(t *testing.T) {
	e, events := start(t, Config{Workers: 2, Stock: 4, Rest: 3 * ms, floor: ms})
	fds, ports := descriptors(t), e.Stats().Ports
	var released, borrowed atomic.Int64
	drain(t, events, func(ev relay.Event) {
		if _, ok := ev.(relay.Released); ok {
			released.Add(1)
		}
	})
	const callers, enough = 4, 1500
	var wg sync.WaitGroup
	deadline := time.Now().Add(10 * time.Second)
	for c := range callers {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		wg.Go(func() {
			var pairs []relay.Pair
			for round := 0; e.Stats().Ports.Closed < enough && time.Now().Before(deadline); round++ {
				pairs = e.Borrow(Request{Owner: uint32(c), Worker: round % 2, Count: 1 + round%16}, pairs[:0])
				borrowed.Add(int64(len(pairs)))
				if len(pairs) > 0 {
					echo(t, e, pairs[0], conn, byte(c))
				}
				for _, p := range pairs {
					e.Do([]relay.Command{relay.Release{Slot: p.Slot}})
				}
			}
		})
	}
	wg.Wait()
	if c := e.Stats().Ports; c.Closed < enough {
		t.Fatalf("%+v: nothing was raced", c)
	}
	await(t, "every release", func() bool { return released.Load() == borrowed.Load() })
	await(t, "back at the start", func() bool { return descriptors(t) == fds+callers })
	await(t, "every pair rested", func() bool {
		now := e.Stats().Ports
		return now.Bound == ports.Bound && now.Ready() == ports.Ready() && now.Leased == 0
	})
}

// echo joins a pair with itself and requires that its peer hears itself.
func echo(t *testing.T, e *Engine, p relay.Pair, conn *net.UDPConn, voice byte) {
	spec := relay.Spec{Remote: conn.LocalAddr().(*net.UDPAddr).AddrPort(), Ptime: 20}
	e.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: spec}, relay.Join{A: p.Slot, B: p.Slot}})
	said := golden.RTP{SSRC: uint32(voice), Body: bytes.Repeat([]byte{voice}, 160)}
	heard := make([]byte, 2048)
	for n := range 500 {
		said.Sequence, said.Timestamp = uint16(n), uint32(160*n)
		if _, err := conn.WriteToUDPAddrPort(said.Bytes(), p.Addr); err != nil {
			t.Error(err)
			return
		}
		if err := conn.SetReadDeadline(time.Now().Add(20 * ms)); err != nil {
			t.Error(err)
			return
		}
		if got, from, err := conn.ReadFromUDPAddrPort(heard); err == nil {
			if !bytes.Equal(heard[12:got], said.Body) {
				t.Errorf("%d heard another voice from %v", voice, from)
			}
			if from == p.Addr {
				return
			}
		}
	}
	t.Errorf("%d does not hear itself at %v", voice, p.Addr)
}

// What was fetched from the kernel before a pair was detached finds nobody.
func TestEventsOfADetachedPair(t *testing.T) {
	c := Config{Addresses: []netip.Addr{loopback}, Random: func(n uint32) uint32 { return uint32(time.Now().UnixNano()) % n }}
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	ledger, err := newLedger(&c, 10)
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{config: c, ledger: ledger, detached: make(chan Detached, slice)}
	l, err := newLoop(e, 0)
	if err != nil {
		t.Fatal(err)
	}
	e.loops = []*loop{l}
	defer func() {
		if err := e.discard(); err != nil {
			t.Error(err)
		}
	}()
	if err := e.grow(0, func(*port.Pool) int { return 1 }); err != nil {
		t.Fatal(err)
	}
	l.obey(time.Now())
	sockets := l.worker.berths[0].sockets
	var to netip.AddrPort
	ledger.parts[0].pools[0].Pairs(func(p port.Pair) { to = p.Addr })
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send := func() {
		if _, err := conn.Write([]byte("late")); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if n := l.wait(time.Now()); n == 0 || l.events[n-1].Fd != 0 {
		t.Fatalf("%d events", n)
	}
	l.mailbox.put(detach{0})
	l.obey(time.Now())
	l.receive(time.Now(), 0, RTP)
	if got := l.worker.Counts().Received; got != 0 {
		t.Errorf("%d packets received for a detached pair", got)
	}
	if d := <-e.detached; d != (Detached{0, 0, sockets}) {
		t.Errorf("%+v", d)
	}
	send()
	if l.poll() != 0 {
		t.Error("the epoll set holds a detached socket")
	}
}
