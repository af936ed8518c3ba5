package sdp

import (
	"math"
	"net/netip"
	"strconv"
	"strings"

	"sekisho/media/relay"
)

// Audio is what a description says of one m=audio stream, from the view of
// who wrote it.
type Audio struct {
	// Index is the place of its m= line, from 0.
	Index int
	// Proto is as written: "RTP/AVP".
	Proto string
	// RTP is where the writer wants media: its effective c= and port. It is
	// invalid where c= is missing or names a host, and unspecified (0.0.0.0 or
	// ::) where the writer asks for no media at all (RFC 3264 §8.4).
	RTP netip.AddrPort
	// RTCP is a=rtcp (RFC 3605), else RTP's port plus one; invalid if neither
	// is an address that can be sent to.
	RTCP netip.AddrPort
	// Direction is the writer's; an unspecified address takes receiving away.
	Direction relay.Direction
	// Formats are in the writer's order of preference. Read-only.
	Formats []Codec
	// Ptime and MaxPtime are milliseconds a packet, 0 where not stated or not
	// between 1 and 200.
	Ptime, MaxPtime uint8
}

// Audio returns the stream a G.711 call would use: the first m=audio with a
// port, a protocol and a format that we speak; failing that, the first with a
// port. It reports false if there is none.
func (d *Description) Audio() (Audio, bool) { return d.audio, d.found }

// Hold reports whether the writer asks for no media: sendonly, inactive, or
// an unspecified address. A description without audio holds nothing.
func (d *Description) Hold() bool { return d.found && !d.audio.Direction.Receives() }

// Event returns the payload type of telephone-event at 8 kHz (RFC 4733), or
// NoPayload. The clock has to be that of the audio, so others do not count.
func (a Audio) Event() relay.PayloadType {
	for _, f := range a.Formats {
		if f.event() {
			return f.PT
		}
	}
	return relay.NoPayload
}

// Payload returns the first payload type that stands for c, or NoPayload.
func (a Audio) Payload(c relay.Codec) relay.PayloadType {
	for _, f := range a.Formats {
		if got, ok := f.relay(); ok && got == c {
			return f.PT
		}
	}
	return relay.NoPayload
}

func (a Audio) speaks() bool {
	return carries(a.Proto) && (a.Payload(relay.PCMU) != relay.NoPayload || a.Payload(relay.PCMA) != relay.NoPayload)
}

// carries reports whether packets of proto are plain RTP. AVPF (RFC 4585) only
// adds feedback that nobody has to send.
func carries(proto string) bool {
	return strings.EqualFold(proto, "RTP/AVP") || strings.EqualFold(proto, "RTP/AVPF")
}

func (d *Description) choose() (Audio, bool) {
	var first Audio
	found := false
	for i, m := range d.media {
		if m.Port == 0 || !strings.EqualFold(m.Kind, "audio") {
			continue
		}
		a := d.read(i)
		if a.speaks() {
			return a, true
		}
		if !found {
			first, found = a, true
		}
	}
	return first, found
}

// read gathers the stream of m= line i: its own attributes, then those of the
// session, which stand in where the stream has none (RFC 8866 §5.7, §6.7).
func (d *Description) read(i int) Audio {
	m := d.media[i]
	var own, session attributes
	own.scan(d.lines[m.first+1 : m.end])
	session.scan(d.lines[:d.media[0].first])
	own.inherit(&session)
	a := Audio{
		Index:     i,
		Proto:     m.Proto,
		Direction: own.direction,
		Ptime:     own.ptime,
		MaxPtime:  own.maxPtime,
		Formats:   own.formats(m.Formats),
	}
	if !own.addr.IsValid() {
		return a
	}
	a.RTP = netip.AddrPortFrom(own.addr, m.Port)
	if own.addr.IsUnspecified() {
		a.Direction = Narrow(a.Direction, relay.SendOnly)
		return a
	}
	a.RTCP = own.control(a.RTP)
	return a
}

// attributes collects the lines of one level that a stream depends on. Of a
// line that comes twice the first counts.
type attributes struct {
	addr            netip.Addr
	connected       bool // c= was there, readable or not
	direction       relay.Direction
	directed        bool
	ptime, maxPtime uint8
	rtcp            string
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
	case strings.EqualFold(name, "rtcp"):
		at.rtcp = first(at.rtcp, value)
	case !at.directed:
		at.direction, at.directed = parseDirection(name)
	}
}

func (at *attributes) inherit(session *attributes) {
	if !at.connected {
		at.addr = session.addr
	}
	if !at.directed {
		at.direction = session.direction
	}
	at.ptime = first(at.ptime, session.ptime)
	at.maxPtime = first(at.maxPtime, session.maxPtime)
	for pt := range at.rtpmap {
		at.rtpmap[pt] = first(at.rtpmap[pt], session.rtpmap[pt])
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
