// Package flow names the road a SIP message came by or shall leave by.
//
// It holds values only, so that the pure rooms (transaction, leg, ua) and the
// rim (transport) agree on addresses without importing each other.
package flow

import (
	"net/netip"
	"strconv"
)

// Listener is the index of a configured SIP listener, in configuration order.
type Listener uint8

// Proto is the transport of a flow.
type Proto uint8

// The transports of RFC 3261 §18.
const (
	UDP Proto = iota
	TCP
	TLS
)

// String returns the token used in Via (RFC 3261 §20.42).
func (p Proto) String() string {
	switch p {
	case UDP:
		return "UDP"
	case TCP:
		return "TCP"
	case TLS:
		return "TLS"
	}
	return "PROTO" + strconv.Itoa(int(p))
}

// Reliable reports whether the transport itself retransmits, which silences
// the transaction timers A, E, G and shortens D, I, J, K to zero
// (RFC 3261 §17).
func (p Proto) Reliable() bool { return p != UDP }

// Flow is one road between a local listener and a remote socket.
// It is comparable and small; Remote is always unmapped (::ffff:a.b.c.d is
// a.b.c.d) and carries no zone.
type Flow struct {
	Listener Listener
	Proto    Proto
	Remote   netip.AddrPort
}
