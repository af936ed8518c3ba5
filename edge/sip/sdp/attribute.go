package sdp

import (
	"math"
	"net/netip"
	"strconv"
	"strings"

	"sekisho/media/relay"
)

// attributes collects the lines that a stream depends on: its own, then the
// session's. Of a line that comes twice the first counts.
type attributes struct {
	addr            netip.Addr
	connected       bool // c= was there, readable or not
	direction       relay.Direction
	directed        bool
	ptime, maxPtime uint8
	rtcp            string
	crypto          []Crypto
	cryptos         int  // lines
	keyed           bool // there are such lines
	dtls            DTLS
	fingered        bool        // there are fingerprints
	rtpmap          [128]string // by payload type
}

func (at *attributes) scan(lines []Line) {
	for _, l := range lines {
		switch l.Type {
		case 'c':
			if !at.connected {
				at.addr, at.connected = connection(l.Value), true
			}
		case 'a':
			at.attribute(l.Value)
		}
	}
}

func (at *attributes) attribute(v string) {
	name, value, _ := strings.Cut(v, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case strings.EqualFold(name, "rtpmap"):
		word, format := field(value)
		if pt, ok := payloadType(word); ok && at.rtpmap[pt] == "" {
			at.rtpmap[pt] = strings.TrimSpace(format)
		}
	case strings.EqualFold(name, "ptime"):
		at.ptime = first(at.ptime, milliseconds(value))
	case strings.EqualFold(name, "maxptime"):
		at.maxPtime = first(at.maxPtime, milliseconds(value))
	case strings.EqualFold(name, "crypto"):
		at.add(value)
	case strings.EqualFold(name, "fingerprint"):
		at.fingerprint(value)
	case strings.EqualFold(name, "setup"):
		at.dtls.Setup = first(at.dtls.Setup, parseSetup(value))
	case strings.EqualFold(name, "tls-id"):
		if len(value) <= maxTLSID {
			at.dtls.ID = first(at.dtls.ID, value)
		}
	case strings.EqualFold(name, "rtcp-mux"):
		at.dtls.Mux = true
	case strings.EqualFold(name, "rtcp"):
		at.rtcp = first(at.rtcp, value)
	case !at.directed:
		at.direction, at.directed = parseDirection(name)
	}
}

// inherit takes from the session's lines what the stream's own have left out.
// The port of a=rtcp (RFC 3605 §2.1), keys (RFC 4568 §4) and an association
// (RFC 8842 §4) are of one stream and are not inherited; fingerprints are where
// the stream has none (RFC 8122 §5).
func (at *attributes) inherit(session []Line) {
	rtcp, crypto, keyed, dtls, fingered := at.rtcp, at.crypto, at.keyed, at.dtls, at.fingered
	at.scan(session)
	at.rtcp, at.crypto, at.keyed = rtcp, crypto, keyed
	at.dtls.ID, at.dtls.Mux = dtls.ID, dtls.Mux
	if fingered {
		at.dtls.Fingerprint = dtls.Fingerprint
	}
}

func (at *attributes) formats(list string) []Codec {
	out := make([]Codec, 0, strings.Count(list, " ")+1)
	for word, rest := field(list); word != ""; word, rest = field(rest) {
		if pt, ok := payloadType(word); ok {
			out = append(out, parseCodec(pt, at.rtpmap[pt]))
		}
	}
	return out
}

// control returns where RTCP goes: "53020", "53020 IN IP4 192.0.2.1"
// (RFC 3605 §2.1), else the next port (RFC 3550 §11).
func (at *attributes) control(rtp netip.AddrPort) netip.AddrPort {
	if word, where := field(at.rtcp); word != "" {
		port, err := strconv.ParseUint(word, 10, 16)
		if err != nil || port == 0 {
			return netip.AddrPort{}
		}
		addr := rtp.Addr()
		if strings.TrimSpace(where) != "" {
			addr = connection(where)
		}
		if !addr.IsValid() || addr.IsUnspecified() {
			return netip.AddrPort{}
		}
		return netip.AddrPortFrom(addr, uint16(port))
	}
	if rtp.Port() == math.MaxUint16 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1)
}

// connection reads "IN IP4 192.0.2.1/127" (RFC 8866 §5.7). The address decides
// its family; a host name or a zone gives the invalid address.
func connection(v string) netip.Addr {
	_, v = field(v)
	_, v = field(v)
	word, _ := field(v)
	word, _, _ = strings.Cut(word, "/")
	addr, err := netip.ParseAddr(word)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// milliseconds reads a packet time. Peers write fractions ("20.0"); they are
// cut. Anything outside 1 to 200 counts as not stated.
func milliseconds(v string) uint8 {
	v, _ = field(v)
	v, _, _ = strings.Cut(v, ".")
	n, err := strconv.ParseUint(v, 10, 8)
	if err != nil || n > 200 {
		return 0
	}
	return uint8(n)
}

func payloadType(word string) (relay.PayloadType, bool) {
	n, err := strconv.ParseUint(word, 10, 7)
	return relay.PayloadType(n), err == nil
}

// first returns a, or b where a is zero.
func first[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}

// time returns the t= line, zeroes (a permanent session) where unreadable.
func (d *Description) time() Time {
	for _, l := range d.lines {
		switch l.Type {
		case 'm':
			return Time{}
		case 't':
			start, rest := field(l.Value)
			stop, _ := field(rest)
			return Time{number(start, 64, 0), number(stop, 64, 0)}
		}
	}
	return Time{}
}
