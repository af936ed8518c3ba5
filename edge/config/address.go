package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"sekisho/edge/sip/flow"
	"sekisho/policy/document"
)

// PortRange is an inclusive range of UDP ports for RTP and RTCP. First is
// even: RTP takes the even port of a pair (RFC 3550 §11).
type PortRange struct{ First, Last uint16 }

// Pairs returns how many RTP/RTCP pairs the range holds.
func (p PortRange) Pairs() int { return (int(p.Last) - int(p.First) + 1) / 2 }

// Overlaps reports whether two ranges share a port.
func (p PortRange) Overlaps(q PortRange) bool { return p.First <= q.Last && q.First <= p.Last }

// String returns "first-last", as it is written in the file.
func (p PortRange) String() string { return fmt.Sprintf("%d-%d", p.First, p.Last) }

// Source is one description of where a peer's signalling comes from.
type Source struct {
	Prefix netip.Prefix
	Port   uint16 // 0 is any
}

// String returns the source as it is written in the file.
func (s Source) String() string {
	prefix := s.Prefix.String()
	switch {
	case s.Port == 0:
		return prefix
	case s.Prefix.Addr().Is6():
		prefix = "[" + prefix + "]"
	}
	return prefix + ":" + strconv.Itoa(int(s.Port))
}

// ambiguous reports whether both sources would claim one packet with equal
// right: the longest prefix wins, so only equal prefixes compete.
func (s Source) ambiguous(o Source) bool {
	return s.Prefix == o.Prefix && (s.Port == o.Port || s.Port == 0 || o.Port == 0)
}

// endpoint is a transport and an address, written "udp:192.0.2.1:5060".
type endpoint struct {
	proto flow.Proto
	addr  netip.AddrPort
}

// portRule says whether port 0 may stand in an address.
type portRule uint8

const (
	portGiven portRule = iota
	portFree           // 0 lets the system choose: for what we bind ourselves
)

// readEndpoint returns the endpoint at v; ok is false when v is absent or
// wrong, the latter with a fault.
func readEndpoint(v document.Value, rule portRule) (e endpoint, ok bool) {
	text := v.String("")
	if text == "" {
		return e, false
	}
	e, err := parseEndpoint(text)
	if err == nil && rule == portGiven && e.addr.Port() == 0 {
		err = errors.New("port 0 reaches nobody")
	}
	if err != nil {
		v.Faultf("%v", err)
		return e, false
	}
	return e, true
}

// readPeer is readEndpoint for an address that something is sent to.
func readPeer(v document.Value) (e endpoint, ok bool) {
	e, ok = readEndpoint(v, portGiven)
	if ok && e.addr.Addr().IsUnspecified() {
		v.Faultf("%s is no address to send to", e.addr.Addr())
		return e, false
	}
	return e, ok
}

func parseEndpoint(text string) (endpoint, error) {
	proto, rest, ok := strings.Cut(text, ":")
	if !ok {
		return endpoint{}, fmt.Errorf(`%q is not an address such as "udp:192.0.2.1:5060"`, text)
	}
	switch proto {
	case "udp":
	case "tcp", "tls":
		return endpoint{}, fmt.Errorf("SIP is carried over udp only, not %s", proto)
	default:
		return endpoint{}, fmt.Errorf(`%q does not begin with a transport, as in "udp:192.0.2.1:5060"`, text)
	}
	addr, err := parseAddrPort(rest)
	return endpoint{flow.UDP, addr}, err
}

func parseAddrPort(text string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return a, fmt.Errorf("%q is not an IP address and port", text)
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), usable(a.Addr())
}

func parseAddr(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, fmt.Errorf("%q is not an IP address", text)
	}
	return a.Unmap(), usable(a)
}

func usable(a netip.Addr) error {
	switch {
	case a.Zone() != "":
		return fmt.Errorf("%s: addresses with a zone are not used here", a)
	case a.IsMulticast():
		return fmt.Errorf("%s is a multicast address", a)
	}
	return nil
}

// parsePrefix reads "192.0.2.0/24"; a plain address is a prefix of its own.
func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := parseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, fmt.Errorf("%q is not an address prefix such as 192.0.2.0/24", text)
	case p != p.Masked():
		return p, fmt.Errorf("%s has bits beyond its length; write %s", p, p.Masked())
	}
	return p, usable(p.Addr())
}

// parseSource reads "192.0.2.0/24", "192.0.2.1/32:5060", "192.0.2.1:5060" and
// for IPv6 with a port "[2001:db8::/32]:5060".
func parseSource(text string) (Source, error) {
	prefix, port := text, ""
	if inner, ok := strings.CutPrefix(text, "["); ok {
		prefix, port, ok = strings.Cut(inner, "]")
		if !ok || port != "" && port[0] != ':' {
			return Source{}, fmt.Errorf("%q is not a source such as [2001:db8::/32]:5060", text)
		}
	} else if i := strings.LastIndexByte(text, ':'); i >= 0 && strings.IndexByte(text, ':') == i {
		prefix, port = text[:i], text[i:]
	}
	p, err := parsePrefix(prefix)
	if err != nil {
		return Source{}, err
	}
	if port == "" {
		return Source{Prefix: p}, nil
	}
	n, err := strconv.ParseUint(port[1:], 10, 16)
	if err != nil || n == 0 {
		return Source{}, fmt.Errorf("%q is not a port", port[1:])
	}
	return Source{Prefix: p, Port: uint16(n)}, nil
}

func parsePortRange(text string) (PortRange, error) {
	first, last, ok := strings.Cut(text, "-")
	lo, err1 := strconv.ParseUint(first, 10, 16)
	hi, err2 := strconv.ParseUint(last, 10, 16)
	p := PortRange{uint16(lo), uint16(hi)}
	switch {
	case !ok || err1 != nil || err2 != nil:
		return PortRange{}, fmt.Errorf("%q is not a range of ports such as 20000-29999", text)
	case lo < 1024:
		return PortRange{}, errors.New("ports below 1024 are not for media")
	case lo%2 != 0:
		return PortRange{}, fmt.Errorf("begins with the odd port %d; RTP takes the even port of a pair", lo)
	case hi <= lo:
		return PortRange{}, fmt.Errorf("%s holds no pair of ports", p)
	}
	return p, nil
}
