package relay

import (
	"encoding/binary"
	"net/netip"

	"github.com/pion/rtp"
)

// SSRC is a synchronisation source identifier (RFC 3550 §3).
type SSRC uint32

const (
	headerLength = 12
	marker       = 0x80
	padding      = 0x20
	extension    = 0x10
)

// Packet is one received datagram and, once read, its RTP header. A worker
// keeps one and uses it again for each datagram, so that the header's slices
// are allocated once.
type Packet struct {
	// Data is the whole datagram, in a buffer that Handle may rewrite.
	Data []byte
	// Source is where it came from.
	Source netip.AddrPort
	// TOS is the IPv4 TOS or IPv6 traffic class byte that it came with.
	TOS uint8

	header rtp.Header
	body   int // offset of the payload
	end    int // offset of its end, before padding
}

// Payload returns the payload without padding. It is valid after Handle has
// forwarded the packet.
func (p *Packet) Payload() []byte { return p.Data[p.body:p.end] }

// SSRC returns the synchronisation source; valid as Payload is.
func (p *Packet) SSRC() SSRC { return SSRC(p.header.SSRC) }

// read parses the header and reports whether the datagram is an RTP packet by
// the rules of RFC 3550 A.1. Lengths are checked before the library sees the
// bytes, because its error values are allocated and strangers may send at will.
func (p *Packet) read() bool {
	d := p.Data
	if len(d) < headerLength || d[0]>>6 != 2 {
		return false
	}
	n := headerLength + 4*int(d[0]&0x0f)
	if d[0]&extension != 0 {
		if len(d) < n+4 {
			return false
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(d[n+2:]))
	}
	if len(d) < n {
		return false
	}
	p.end = len(d)
	if d[0]&padding != 0 {
		pad := int(d[len(d)-1])
		if pad == 0 || n+pad > len(d) {
			return false
		}
		p.end -= pad
	}
	body, err := p.header.Unmarshal(d)
	if err != nil || body != n {
		return false
	}
	p.body = body
	return true
}

// compose writes the fixed header of a packet that we generate into the first
// bytes of Data; the payload behind them is in place.
func (p *Packet) compose(seq uint16, ts uint32, ssrc SSRC) {
	p.header = rtp.Header{
		CSRC: p.header.CSRC[:0], Extensions: p.header.Extensions[:0],
		Version: 2, SequenceNumber: seq, Timestamp: ts, SSRC: uint32(ssrc),
	}
	p.Data[0] = 2 << 6
	p.body, p.end = headerLength, len(p.Data)
}

// stamp writes what an out-half has decided over the fixed header.
func (p *Packet) stamp(mark byte, pt PayloadType, seq uint16, ts uint32, ssrc SSRC) {
	d := p.Data[:headerLength]
	d[1] = mark | byte(pt)
	binary.BigEndian.PutUint16(d[2:], seq)
	binary.BigEndian.PutUint32(d[4:], ts)
	binary.BigEndian.PutUint32(d[8:], uint32(ssrc))
}
