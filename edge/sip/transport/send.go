package transport

import (
	"errors"
	"net"
	"net/netip"

	"sekisho/edge/sip/flow"
)

// Outgoing is one message to send and, after Send, what became of it.
type Outgoing struct {
	Flow flow.Flow
	// Data is read during Send only.
	Data []byte
	// Err is set by Send: nil if the kernel took the datagram. Whether it
	// arrives is the transaction's business (RFC 3261 §18.4 has an error
	// reported to it).
	Err error
}

// ErrNoRoad is the error of a message whose Flow leads nowhere: no such
// listener or transport, an address of the other family, or one that names
// nobody or everybody (wildcard, multicast, broadcast, port 0).
var ErrNoRoad = errors.New("no road")

// Send sends each message by the listener and to the remote address of its
// Flow, and returns how many failed. Messages of one listener leave in order.
//
// It may be called from any goroutine, does not wait and does not allocate:
// what the kernel does not take at the second attempt is reported in Err and
// counted.
func (t *Transport) Send(out []Outgoing) (failed int) {
	// The pool's New makes nothing but picks.
	p := t.sends.Get().(*picks)
	defer t.sends.Put(p)
	left := 0
	for i := range out {
		out[i].Err = t.refuse(&out[i].Flow)
		if out[i].Err == nil {
			left++
			continue
		}
		failed++
		if l := int(out[i].Flow.Listener); l < len(t.listeners) {
			t.listeners[l].sending.sendFailed.Add(1)
		}
	}
	for l := 0; left > 0; l++ {
		p.len = 0
		for i := range out {
			if int(out[i].Flow.Listener) != l || out[i].Err != nil {
				continue
			}
			left--
			if p.add(&out[i]) {
				failed += t.listeners[l].send(p.list[:p.len])
				p.len = 0
			}
		}
		failed += t.listeners[l].send(p.list[:p.len])
	}
	clear(p.list[:]) // the pool shall not keep messages alive
	return failed
}

// picks gathers the messages of one listener for one system call.
type picks struct {
	list [batchLength]*Outgoing
	len  int
}

// add reports whether the list is full.
func (p *picks) add(o *Outgoing) bool {
	p.list[p.len] = o
	p.len++
	return p.len == len(p.list)
}

func (t *Transport) refuse(f *flow.Flow) error {
	if int(f.Listener) >= len(t.listeners) || f.Proto != flow.UDP {
		return ErrNoRoad
	}
	everybody := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	a := f.Remote.Addr()
	if a.Is4() != t.listeners[f.Listener].addr.Addr().Is4() ||
		!f.Remote.IsValid() || f.Remote.Port() == 0 ||
		a.Is4In6() || a.IsUnspecified() || a.IsMulticast() || a == everybody {
		return ErrNoRoad
	}
	return nil
}

// send hands messages to the kernel and returns how many it did not take.
//
// Every error is doubted once. A full buffer (EAGAIN, ENOBUFS) may have room by
// then; and an error that came as an ICMP message (ECONNREFUSED) belongs to an
// earlier datagram, maybe to another peer, and is cleared by being reported.
func (l *listener) send(list []*Outgoing) (failed int) {
	doubted := false
	for len(list) > 0 {
		n, err := l.sockets[0].send(list)
		if n > 0 {
			l.sending.sent.Add(uint64(n))
			list, doubted = list[n:], false
		}
		if err == nil {
			continue
		}
		if !doubted && !errors.Is(err, net.ErrClosed) {
			l.sending.sendRetries.Add(1)
			doubted = true
			continue
		}
		list[0].Err = err
		l.sending.sendFailed.Add(1)
		failed++
		list, doubted = list[1:], false
	}
	return failed
}
