//go:build linux && (amd64 || arm64)

package engine

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"sekisho/media/port"
	"sekisho/media/relay"
)

// sockets is the ground of real ones: each party at a loopback address of its
// own.
type sockets struct {
	*testing.T
	*Engine
	conns map[netip.AddrPort]*net.UDPConn
	pace  pace

	mu     sync.Mutex // guards events, which workers add
	events []relay.Event
}

func newSockets(t *testing.T, ports port.Range) *sockets {
	t.Helper()
	g := &sockets{T: t, conns: map[netip.AddrPort]*net.UDPConn{}}
	random := rand.New(rand.NewPCG(7, uint64(time.Now().UnixNano())))
	var err error
	g.Engine, err = Open(Config{
		Addresses: []netip.Addr{loopback}, Ports: ports, Random: random.Uint32N, Rest: resting, floor: resting, Stock: 4,
		Events: func(_ uint32, ev relay.Event) {
			g.mu.Lock()
			g.events = append(g.events, ev)
			g.mu.Unlock()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.hangUp()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// lease waits for pairs that are bound behind it.
func (g *sockets) lease(n int) (pairs []relay.Pair) {
	for range 50 {
		if pairs = g.Borrow(Request{Count: n - len(pairs)}, pairs); len(pairs) == n {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return pairs
}

// settle finds ports that are free at all hosts, n to n+7, and returns the
// parties there.
func (g *sockets) settle() parties {
	hosts := [...]int{10, 11, 20, 66}
	for range 100 {
		n := 2 * (4000 + rand.IntN(8000))
		free := true
		for i := range 8 * len(hosts) {
			a := at(hosts[i%len(hosts)], n+i/len(hosts))
			c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(a))
			if err != nil {
				free = false
				break
			}
			g.conns[a] = c
		}
		if free {
			return parties{at(10, n), at(11, n), at(20, n), at(66, n)}
		}
		g.hangUp()
	}
	g.Fatal("no eight ports are free")
	return parties{}
}

func (g *sockets) hangUp() {
	for _, c := range g.conns {
		c.Close()
	}
	clear(g.conns)
}

// conn returns the socket of a party's address.
func (g *sockets) conn(at netip.AddrPort) *net.UDPConn {
	c := g.conns[at]
	if c == nil {
		g.Fatalf("nobody is at %v", at)
	}
	return c
}

func (g *sockets) send(from, to netip.AddrPort, data []byte) {
	// A port that was closed refuses: nobody is there.
	_, _ = g.conn(from).WriteToUDPAddrPort(data, to)
}

// pass waits until the engine has seen what was sent, or clearly will not see
// all of it, since a pair that is closed takes nothing.
func (g *sockets) pass(d time.Duration) {
	if g.pace == brisk {
		d /= 5
	}
	time.Sleep(d)
	if d > 0 {
		return
	}
	last, still := uint64(0), 0
	for still < 4 { // a worker with nothing to do shows its figures at once
		time.Sleep(publishing / 10)
		if n := g.Stats().Received; n == last {
			still++
		} else {
			last, still = n, 0
		}
	}
}

func (g *sockets) heard(at netip.AddrPort) (all []Sent) {
	c := g.conns[at]
	if c == nil {
		return nil // not one of ours; the engine's own count says what was sent
	}
	b := make([]byte, 2048)
	for {
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
			g.Fatal(err)
		}
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			return all
		}
		all = append(all, Sent{From: from, To: at, Data: append([]byte(nil), b[:n]...)})
	}
}

func (g *sockets) told() []relay.Event {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.events
	g.events = nil
	return all
}

// Every attack of ATTACKS §D and MEDIA §6 on sockets, each party at an address
// of its own.
func TestMediaSecurity(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			if a.name != "D1_rtpbleed" && os.Getenv("SEKISHO_REQUIRE") == "" {
				t.Skip("seconds of real time, and TestMediaSecuritySimulated tries the same: runs where SEKISHO_REQUIRE is set")
			}
			t.Parallel()
			first := uint16(2 * (12_000 + rand.IntN(4000)))
			g := newSockets(t, port.Range{First: first, Last: first + 39})
			g.pace = a.pace
			a.try(&stage{T: t, ground: g, parties: g.settle()})
		})
	}
}
