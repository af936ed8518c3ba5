package sdp

import (
	"net/netip"
	"slices"
)

// Routable reports whether media may be sent to addr at all: a unicast address
// outside this host and this link. Unspecified (hold), loopback, multicast,
// broadcast, link-local (cloud metadata among them), 0.0.0.0/8 and 240.0.0.0/4
// are not; neither is the invalid address. An IPv4-mapped address counts as
// IPv4.
func Routable(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsGlobalUnicast() { // leaves private ranges in: trunks live there
		return false
	}
	if !addr.Is4() {
		return true
	}
	first := addr.As4()[0]
	return first != 0 && first < 240
}

// Permitted reports whether a peer may direct media to addr: routable, or a
// loopback address that prefixes (the trunk's media_prefixes) name as such. A
// prefix that is wider than loopback does not open it. Ports below 1024 and
// SIP's own 5060 and 5061 are refused: no peer receives RTP there.
func Permitted(addr netip.AddrPort, prefixes []netip.Prefix) bool {
	if port := addr.Port(); port < 1024 || port == 5060 || port == 5061 {
		return false
	}
	ip := addr.Addr().Unmap()
	if !ip.IsLoopback() {
		return Routable(ip)
	}
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool {
		return p.Contains(ip) && p.Masked().Addr().IsLoopback()
	})
}
