package siptest

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ForwardConfig is what a Forwarder is opened with.
type ForwardConfig struct {
	// Listen is where the near side sends to, Back where the far side sends to;
	// port 0 takes a free one, and no Back at all one on Listen's address.
	Listen, Back netip.AddrPort
	// To is the far side, From the near one. Without From it is whoever sent to
	// Listen last.
	To, From netip.AddrPort
	Seed     uint64
	Impairment
}

// ForwardCounts is what a Forwarder has done to the datagrams of one direction.
type ForwardCounts struct{ Received, Lost, Duplicated, Delayed, Strange, Failed int }

// Add sums up.
func (c *ForwardCounts) Add(d ForwardCounts) {
	c.Received += d.Received
	c.Lost += d.Lost
	c.Duplicated += d.Duplicated
	c.Delayed += d.Delayed
	c.Strange += d.Strange
	c.Failed += d.Failed
}

// Forwarder passes UDP datagrams between two sides on real sockets, and
// impairs them by a seed: the kernel's netem is not everywhere. What is said
// in the datagrams is not changed: peers that must be reached through it say
// so themselves in Via and Contact.
type Forwarder struct {
	cfg   ForwardConfig
	socks [2]*net.UDPConn // facing the near side, the far side
	wait  sync.WaitGroup

	mu     sync.Mutex
	near   netip.AddrPort
	counts [2]ForwardCounts
}

// Directions of a Forwarder's counts.
const (
	Outward = 0 // from the near side to the far one
	Inward  = 1
)

// Forward starts a forwarder. The error says what could not be bound.
func Forward(c ForwardConfig) (*Forwarder, error) {
	if !c.To.IsValid() {
		return nil, errors.New("forward: no far side")
	}
	if !c.Back.IsValid() {
		c.Back = netip.AddrPortFrom(c.Listen.Addr(), 0)
	}
	f := &Forwarder{cfg: c, near: c.From}
	for i, at := range [...]netip.AddrPort{c.Listen, c.Back} {
		var err error
		if f.socks[i], err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)); err != nil {
			return nil, errors.Join(fmt.Errorf("forward: %w", err), f.closeSockets())
		}
		// Best effort: the largest buffer that is granted.
		_ = f.socks[i].SetReadBuffer(4 << 20)
	}
	for d := range f.socks {
		f.wait.Go(func() { f.pass(d) }) // ends with its socket
	}
	return f, nil
}

// Near is the address for the near side to send to, Far the one for the far
// side.
func (f *Forwarder) Near() netip.AddrPort { return addressOf(f.socks[0]) }

// Far is where the far side sees the near one.
func (f *Forwarder) Far() netip.AddrPort { return addressOf(f.socks[1]) }

// Counts returns what was done so far, by direction.
func (f *Forwarder) Counts() [2]ForwardCounts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

// Close ends the forwarder. What it holds back is lost.
func (f *Forwarder) Close() error {
	err := f.closeSockets()
	f.wait.Wait()
	return err
}

func (f *Forwarder) closeSockets() error {
	var all []error
	for _, s := range f.socks {
		if s != nil {
			all = append(all, s.Close())
		}
	}
	return errors.Join(all...)
}

// pass carries one direction: it reads at one socket and sends from the other.
func (f *Forwarder) pass(direction int) {
	decide := newImpairer(f.cfg.Impairment, rand.New(rand.NewPCG(f.cfg.Seed, uint64(direction))))
	var held queue
	buffer := make([]byte, 65_536)
	in := f.socks[direction]
	for {
		var until time.Time // none
		if len(held) > 0 {
			until = held[0].at
		}
		if err := in.SetReadDeadline(until); err != nil {
			return
		}
		n, from, err := in.ReadFromUDPAddrPort(buffer)
		var timeout net.Error
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil:
			held = f.take(direction, decide, late{from: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), data: buffer[:n]}, held)
		case errors.As(err, &timeout) && timeout.Timeout():
		}
		for now := time.Now(); len(held) > 0 && !held[0].at.After(now); {
			f.send(direction, heap.Pop(&held).(late).data)
		}
	}
}

// take does to a datagram what the seed says.
func (f *Forwarder) take(direction int, decide *impairer, d late, held queue) queue {
	f.mu.Lock()
	c := &f.counts[direction]
	c.Received++
	strange := direction == Inward && d.from != f.cfg.To || direction == Outward && f.cfg.From.IsValid() && d.from != f.cfg.From
	if strange {
		c.Strange++
		f.mu.Unlock()
		return held
	}
	if direction == Outward {
		f.near = d.from
	}
	fate := decide.next()
	switch {
	case fate.copies == 0:
		c.Lost++
	case fate.copies > 1:
		c.Duplicated++
	}
	if fate.delay > 0 {
		c.Delayed++
	}
	f.mu.Unlock()
	for i := range fate.copies {
		if i == 0 && fate.delay > 0 {
			heap.Push(&held, late{at: time.Now().Add(fate.delay), data: append([]byte(nil), d.data...)})
			continue
		}
		f.send(direction, d.data)
	}
	return held
}

func (f *Forwarder) send(direction int, data []byte) {
	f.mu.Lock()
	to := f.cfg.To
	if direction == Inward {
		to = f.near
	}
	f.mu.Unlock()
	if to.IsValid() {
		if _, err := f.socks[1-direction].WriteToUDPAddrPort(data, to); err == nil {
			return
		}
	}
	f.mu.Lock()
	f.counts[direction].Failed++
	f.mu.Unlock()
}

// late is a datagram that is held back.
type late struct {
	at   time.Time
	from netip.AddrPort
	data []byte
}

// queue is a heap by time.
type queue []late

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(late)) }

// Pop is heap's.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = late{}
	*q = old[:len(old)-1]
	return last
}

func addressOf(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }
