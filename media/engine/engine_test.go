//go:build linux && (amd64 || arm64)

package engine

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/media/golden"
	"sekisho/media/port"
	"sekisho/media/relay"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// start opens an engine on ports of the system's choice.
func start(t *testing.T, c Config) (*Engine, <-chan Notice) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	events := make(chan Notice, 1024)
	c.Addresses = append(c.Addresses, loopback)
	c.Random = random.Uint32N
	c.Events = func(owner uint32, ev relay.Event) { events <- Notice{owner, ev} }
	if c.Stock == 0 {
		c.Stock = 4
	}
	e, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, events
}

// phone is a peer on a socket of its own.
type phone struct {
	*testing.T
	*net.UDPConn
	relay.Pair
	spec relay.Spec
}

func call(t *testing.T, e *Engine, r Request) *phone {
	t.Helper()
	r.Count = 1
	pairs := e.Borrow(r, nil)
	if len(pairs) != 1 {
		t.Fatal("no pair")
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(pairs[0].Addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := &phone{T: t, UDPConn: conn, Pair: pairs[0]}
	p.spec = relay.Spec{Remote: conn.LocalAddr().(*net.UDPAddr).AddrPort(), EventIn: 101, EventOut: 101, Ptime: 20, TOS: 46 << 2}
	e.Do([]relay.Command{relay.Configure{Slot: p.Slot, Spec: p.spec}})
	return p
}

func (p *phone) say(n int, ssrc uint32) []byte {
	audio := golden.Voice(n)
	if _, err := p.Write(golden.RTP{Sequence: uint16(n), Timestamp: uint32(160 * n), SSRC: ssrc, Body: audio}.Bytes()); err != nil {
		p.Fatal(err)
	}
	return audio
}

// hear returns the next packet; the socket is connected, so it came from the
// phone's own pair.
func (p *phone) hear() []byte {
	p.Helper()
	b := make([]byte, 2048)
	if err := p.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		p.Fatal(err)
	}
	n, err := p.Read(b)
	if err != nil {
		p.Fatal(err)
	}
	return b[:n]
}

// Audio goes both ways through real sockets, byte for byte and in order, on one
// worker, across two, and over IPv6.
func TestAudioBothWays(t *testing.T) {
	six := netip.IPv6Loopback()
	addresses := []netip.Addr{}
	if c, err := net.ListenPacket("udp", "[::1]:0"); err == nil {
		c.Close()
		addresses = append(addresses, six)
	} else {
		t.Log("no IPv6 loopback on this system: IPv4 only")
	}
	e, events := start(t, Config{Workers: 2, Addresses: addresses})
	for _, c := range []struct{ worker, address int }{{0, len(addresses)}, {1, len(addresses)}, {0, 0}} {
		a, b := call(t, e, Request{Owner: 7, Worker: 0}), call(t, e, Request{Owner: 8, Worker: c.worker, Address: c.address})
		e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}})
		settle(t, e)
		for n := range 200 {
			toB, toA := a.say(n, 1), b.say(1000+n, 2)
			if got := b.hear(); !bytes.Equal(got[12:], toB) {
				t.Fatalf("b heard other audio at packet %d", n)
			}
			if got := a.hear(); !bytes.Equal(got[12:], toA) {
				t.Fatalf("a heard other audio at packet %d", n)
			}
		}
		e.Do([]relay.Command{relay.Release{Slot: a.Slot}, relay.Release{Slot: b.Slot}})
		released := map[uint32]relay.Stats{}
		for len(released) < 2 {
			select {
			case n := <-events:
				if r, ok := n.Event.(relay.Released); ok {
					released[n.Owner] = r.Stats
				}
			case <-time.After(5 * time.Second):
				t.Fatal("no Released")
			}
		}
		for owner, s := range released {
			if s.Received != 200 || s.Sent != 200 || s.Lost != 0 {
				t.Errorf("owner %d: %+v", owner, s)
			}
		}
	}
}

// settle waits until the workers have carried out what they were told: an order
// behind all others is answered.
func settle(t *testing.T, e *Engine) {
	t.Helper()
	for range 3 { // an out-half's move takes two hops
		for _, l := range e.loops {
			done := make(chan struct{})
			l.mailbox.put(barrier{done})
			select {
			case <-done:
			case <-time.After(5 * time.Second):
				t.Fatal("a worker stands still")
			}
		}
	}
}

// barrier is an order that says when it is carried out.
type barrier struct{ done chan struct{} }

func (barrier) order()     {}
func (b barrier) reached() { close(b.done) }

func TestPromptOnSockets(t *testing.T) {
	clip := ramp(160 * 10)
	e, events := start(t, Config{Clips: clips{"one": clip}})
	a := call(t, e, Request{Owner: 3})
	began := time.Now()
	e.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}}, Token: 5}})
	var got []byte
	for range 10 {
		got = append(got, a.hear()[12:]...)
	}
	if took := time.Since(began); took < 180*ms {
		t.Errorf("200 ms of audio took %v", took)
	}
	if !bytes.Equal(got, clip) {
		t.Error("other audio")
	}
	select {
	case n := <-events:
		if n.Owner != 3 || n.Event != (relay.Played{Slot: a.Slot, Token: 5}) {
			t.Errorf("%+v", n)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no Played")
	}
}

// A description beyond the range of descriptors is refused before anything is
// leased, and the pool grows behind those who borrow.
func TestGrowthAndExhaustion(t *testing.T) {
	const descriptors = 128 + 2*40 // a budget of 40 pairs
	e, events := start(t, Config{Descriptors: descriptors, Stock: 4})
	if free := e.Free(); free != 40 {
		t.Fatalf("%d pairs free, want 40", free)
	}
	var pairs []relay.Pair
	for deadline := time.Now().Add(10 * time.Second); len(pairs) < 40; {
		if time.Now().After(deadline) {
			t.Fatalf("only %d pairs in 10 s: %+v", len(pairs), e.Stats().Ports)
		}
		pairs = e.Borrow(Request{Count: 3}, pairs)
		runtime.Gosched()
	}
	if more := e.Borrow(Request{Count: 1}, nil); len(more) != 0 || e.Free() != 0 {
		t.Fatalf("%d more, %d free", len(more), e.Free())
	}
	seen := map[netip.AddrPort]bool{}
	for _, p := range pairs {
		if seen[p.Addr] || p.Addr.Port()%2 != 0 {
			t.Errorf("leased %v", p.Addr)
		}
		seen[p.Addr] = true
		e.Do([]relay.Command{relay.Release{Slot: p.Slot}})
	}
	for range pairs {
		select {
		case <-events:
		case <-time.After(5 * time.Second):
			t.Fatal("not every pair was released")
		}
	}
	settle(t, e)
	if c := e.Stats().Ports; c.Leased != 0 || c.Resting != 40 || c.Exhausted == 0 {
		t.Errorf("%+v", c)
	}
}

func TestOpenRefuses(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)).Uint32N
	foreign := []netip.Addr{netip.MustParseAddr("203.0.113.1")}
	for name, c := range map[string]Config{
		"no address":             {Random: random},
		"no randomness":          {Addresses: []netip.Addr{loopback}},
		"an address of others":   {Random: random, Addresses: foreign, Ports: port.Range{First: 20000, Last: 20003}},
		"a range without a pair": {Random: random, Addresses: []netip.Addr{loopback}, Ports: port.Range{First: 20001, Last: 20002}},
		"no descriptors":         {Random: random, Addresses: []netip.Addr{loopback}, Descriptors: 10},
		"workers without number": {Random: random, Addresses: []netip.Addr{loopback}, Workers: 1000},
	} {
		before := descriptors(t)
		if e, err := Open(c); err == nil {
			e.Close()
			t.Errorf("%s: opened", name)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if after := descriptors(t); after != before {
			t.Errorf("%s: %d descriptors before, %d after", name, before, after)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestCloseLeavesNothing(t *testing.T) {
	goroutines, fds := runtime.NumGoroutine(), descriptors(t)
	for range 5 {
		e, _ := start(t, Config{Workers: 2, Clips: clips{"one": ramp(8000)}})
		a, b := call(t, e, Request{}), call(t, e, Request{Worker: 1})
		e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}, relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one"}, Repeat: relay.Forever}}})
		a.Close()
		b.Close()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e.Do([]relay.Command{relay.Release{Slot: a.Slot}}) // neither blocks nor panics
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", goroutines, runtime.NumGoroutine())
		}
	}
	if after := descriptors(t); after > fds {
		t.Errorf("%d descriptors before, %d after", fds, after)
	}
}

// trap panics for one key.
type trap struct{ clips }

func (c trap) Clip(key string) ([]byte, bool) {
	if key == "trap" {
		panic("trap")
	}
	return c.clips.Clip(key)
}

// A panic ends the call it hits, returns what that call leased, and the other
// calls go on.
func TestPanicEndsOneCall(t *testing.T) {
	faults := make(chan any, 1)
	e, events := start(t, Config{Clips: trap{clips{"one": ramp(800)}}, Fault: func(f any, _ []byte) { faults <- f }})
	a, b, c := call(t, e, Request{Owner: 1}), call(t, e, Request{Owner: 2}), call(t, e, Request{Owner: 3})
	e.Do([]relay.Command{
		relay.Join{A: a.Slot, B: b.Slot},
		relay.Play{Slot: c.Slot, Source: relay.Source{Keys: []string{"trap"}}},
	})
	want := []string{"failed", "released"}
	for _, w := range want {
		select {
		case n := <-events:
			_, failed := n.Event.(relay.Failed)
			if n.Owner != 3 || failed != (w == "failed") {
				t.Fatalf("want %s, got %+v", w, n)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no event, want %s", w)
		}
	}
	if f := <-faults; f != "trap" {
		t.Errorf("fault %v", f)
	}
	audio := a.say(1, 9)
	if got := b.hear(); !bytes.Equal(got[12:], audio) {
		t.Error("the other call does not go on")
	}
}

// MEDIA §6: a spray at every port before, during and after a call reaches
// nobody, and nobody answers it.
func TestSprayReachesNobody(t *testing.T) {
	e, _ := start(t, Config{})
	spray, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 66)})
	if err != nil {
		t.Skip("no second loopback address: ", err)
	}
	defer spray.Close()
	a, b := call(t, e, Request{}), call(t, e, Request{})
	shoot := func() {
		for n := range 50 {
			p := golden.RTP{Sequence: uint16(n), Timestamp: uint32(160 * n), SSRC: 66, Body: bytes.Repeat([]byte{66}, 160)}.Bytes()
			for _, to := range []netip.AddrPort{a.Addr, b.Addr} {
				if _, err := spray.WriteToUDPAddrPort(p, to); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	shoot()
	e.Do([]relay.Command{relay.Join{A: a.Slot, B: b.Slot}})
	settle(t, e)
	for n := range 20 {
		shoot()
		toB, toA := a.say(n, 1), b.say(n, 2)
		if !bytes.Equal(b.hear()[12:], toB) || !bytes.Equal(a.hear()[12:], toA) {
			t.Fatal("foreign audio was heard")
		}
	}
	if err := spray.SetReadDeadline(time.Now().Add(50 * ms)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := spray.ReadFromUDPAddrPort(make([]byte, 2048)); err == nil {
		t.Errorf("the attacker received %d octets", n)
	}
}

// Signalling from many goroutines meets workers that hand out-halves to each other.
func TestManyCallers(t *testing.T) {
	e, events := start(t, Config{Workers: 2, Stock: 64})
	released := 0
	done := make(chan struct{})
	const callers, rounds = 4, 50
	go func() { // owned by this test; ends with the last release
		defer close(done)
		for n := range events {
			if _, ok := n.Event.(relay.Released); ok {
				if released++; released == callers*rounds*2 {
					return
				}
			}
		}
	}()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for r := range rounds {
				var pairs []relay.Pair
				for len(pairs) < 2 {
					pairs = e.Borrow(Request{Owner: uint32(c), Worker: (r + len(pairs)) % 2, Count: 1}, pairs)
				}
				e.Do([]relay.Command{
					relay.Configure{Slot: pairs[0].Slot}, relay.Configure{Slot: pairs[1].Slot},
					relay.Join{A: pairs[0].Slot, B: pairs[1].Slot},
					relay.Release{Slot: pairs[0].Slot}, relay.Release{Slot: pairs[1].Slot},
				})
			}
		})
	}
	wg.Wait()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("not every lease ended")
	}
	settle(t, e)
	if s := e.Stats(); s.Ports.Leased != 0 {
		t.Errorf("%+v", s.Ports)
	}
}

// An order never waits for the worker's longest sleep: the wake-up of one that
// comes while others are being taken is not lost.
func TestOrdersWakeTheWorker(t *testing.T) {
	e, _ := start(t, Config{})
	for range 2000 {
		first, second := make(chan struct{}), make(chan struct{})
		e.loops[0].mailbox.put(barrier{first})
		e.loops[0].mailbox.put(barrier{second})
		for _, done := range []chan struct{}{first, second} {
			select {
			case <-done:
			case <-time.After(5 * time.Second):
				t.Fatal("the worker sleeps on")
			}
		}
	}
}

// What is left does not wake the worker and is taken with what does; commands
// wake it once, however many they are.
func TestCallsWakeOnce(t *testing.T) {
	calls := 0
	m := mailbox{wake: func() { calls++ }}
	m.space.L = &m.mu
	if !m.sleep() {
		t.Fatal("an empty box keeps the worker awake")
	}
	m.leave(attach{})
	for range 3 {
		m.submit(feed{})
	}
	if calls != 0 {
		t.Fatalf("woken %d times before the last command", calls)
	}
	m.rouse()
	m.rouse()
	m.put(recall{})
	if !m.awake() || calls != 1 {
		t.Errorf("woken %d times, want 1", calls)
	}
	if m.sleep() {
		t.Error("the worker sleeps before a full box")
	}
	if got := m.take(nil); len(got) != 5 {
		t.Errorf("%d orders, want 5", len(got))
	}
	m.rouse()
	if calls != 1 {
		t.Error("called while it was awake")
	}
	if !m.sleep() || m.awake() {
		t.Error("called before it slept")
	}
	m.close()
	if m.sleep() {
		t.Error("the worker sleeps before a closed box")
	}
}

// A schedule is kept while the worker has longer waits before and behind it:
// the timer that runs is set to the earlier time.
func TestWaitEndsAtTheDeadline(t *testing.T) {
	e, events := start(t, Config{Clips: clips{"one": ramp(160)}})
	a := call(t, e, Request{})
	for token := range uint64(5) {
		settle(t, e) // asleep for longestWait behind it
		e.Do([]relay.Command{relay.Play{Slot: a.Slot, Source: relay.Source{Keys: []string{"one", "one"}}, Token: token}})
		select {
		case n := <-events:
			if n.Event != (relay.Played{Slot: a.Slot, Token: token}) {
				t.Fatalf("%+v", n)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the player stands still")
		}
	}
}

func TestFullMailboxWaits(t *testing.T) {
	m := mailbox{wake: func() {}}
	m.space.L = &m.mu
	for range full {
		m.submit(feed{})
	}
	var wg sync.WaitGroup
	wg.Go(func() { m.submit(recall{}) })
	var got []Order
	for len(got) < full+1 {
		got = append(got, m.take(nil)...)
		runtime.Gosched()
	}
	wg.Wait()
	if _, ok := got[full].(recall); !ok {
		t.Error("order lost its place")
	}
	for range full {
		m.put(feed{})
	}
	wg.Go(func() { m.submit(recall{}) })
	m.close()
	wg.Wait()
}

// Arrival is the kernel's stamp on the caller's monotonic clock; behind it comes
// the TOS byte.
func TestAncillaryDataIsTheKernels(t *testing.T) {
	l := &loop{}
	now := time.Now()
	stamp := func(at time.Time) {
		l.header.SetControllen(56)
		binary.NativeEndian.PutUint64(l.control[:], 32)
		binary.NativeEndian.PutUint32(l.control[8:], 1)
		binary.NativeEndian.PutUint32(l.control[12:], 35)
		binary.NativeEndian.PutUint64(l.control[16:], uint64(at.Unix()))
		binary.NativeEndian.PutUint64(l.control[24:], uint64(at.Nanosecond()))
		binary.NativeEndian.PutUint64(l.control[32:], 17)
		binary.NativeEndian.PutUint64(l.control[40:], 1<<32) // IPPROTO_IP, IP_TOS
		l.control[48] = 0xb8
	}
	for age, want := range map[time.Duration]time.Duration{3 * ms: 3 * ms, -3 * ms: 0, time.Minute: 0} {
		stamp(now.Add(-age))
		if at, tos := l.ancillary(now); now.Sub(at) != want || tos != 0xb8 {
			t.Errorf("age %v taken as %v, TOS %#x", age, now.Sub(at), tos)
		}
	}
	for _, n := range []int{0, 8, 20, 40} {
		l.header.SetControllen(n)
		if at, tos := l.ancillary(now); !at.Equal(now) && n < 32 || tos != 0 {
			t.Errorf("%d octets say %v, TOS %#x", n, at, tos)
		}
	}
	binary.NativeEndian.PutUint64(l.control[:], 1<<40)
	l.header.SetControllen(56)
	if at, _ := l.ancillary(now); !at.Equal(now) {
		t.Error("a length beyond the end is believed")
	}
}
