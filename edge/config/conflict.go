package config

import (
	"net/netip"
	"slices"

	"sekisho/edge/sip/flow"
	"sekisho/policy/document"
)

// socket is what this process binds: one address, one port or a range.
type socket struct {
	kind  socketKind
	addr  netip.Addr
	ports PortRange // 0-0 is a port the system chooses
	what  string
	at    document.Value
}

type socketKind uint8

const (
	udp socketKind = iota
	tcp
)

// clashes reports whether the two cannot both be bound.
func (s socket) clashes(o socket) bool {
	if s.kind != o.kind || s.ports.First == 0 || o.ports.First == 0 || !s.ports.Overlaps(o.ports) {
		return false
	}
	if s.addr == o.addr {
		return true
	}
	return s.addr.Is4() == o.addr.Is4() && (s.addr.IsUnspecified() || o.addr.IsUnspecified())
}

// listensAt reports whether a datagram for addr arrives at s.
func (s socket) listensAt(addr netip.AddrPort) bool {
	return s.clashes(socket{kind: udp, addr: addr.Addr(), ports: PortRange{addr.Port(), addr.Port()}})
}

// target is an address that something is sent to.
type target struct {
	addr netip.AddrPort
	at   document.Value
}

// claim is a source that identifies a peer at one listener. Listeners carry
// one transport each, so equal listeners are equal transports.
type claim struct {
	listener flow.Listener
	source   Source
	who      string
	at       document.Value
}

// conflicts checks what no single key shows: sockets in each other's way,
// calls sent to ourselves, sources that two peers
// would share, and a number shown that is another tenant's.
func (l *loader) conflicts() {
	for i, d := range l.defaults {
		if owner, ok := l.owner[d.number]; ok && owner != i {
			d.at.Faultf("%s is a number of tenant %s", d.number, l.c.Tenants[owner].Name)
		}
	}
	for i, s := range l.bound {
		for _, o := range l.bound[:i] {
			if s.clashes(o) {
				s.at.Faultf("%s overlaps %s of line %d on %s", describe(s), describe(o), o.at.Line(), s.addr)
			}
		}
	}
	for _, t := range l.reached {
		for _, s := range slices.Concat(l.bound, l.told) {
			if s.listensAt(t.addr) {
				t.at.Faultf("%s is our own %s of line %d: calls would loop", t.addr, s.what, s.at.Line())
			}
		}
	}
	for i, c := range l.from {
		for _, o := range l.from[:i] {
			if c.listener != o.listener || !c.source.ambiguous(o.source) {
				continue
			}
			if c.who == o.who {
				c.at.Faultf("source %s overlaps %s of line %d", c.source, o.source, o.at.Line())
				continue
			}
			c.at.Faultf("source %s is also %s's (%s in line %d): a call from there would be either's; add ports or use another listener",
				c.source, o.who, o.source, o.at.Line())
		}
	}
}

func describe(s socket) string {
	if s.ports.First == s.ports.Last {
		return s.what
	}
	return s.what + " " + s.ports.String()
}
