package golden

import "encoding/binary"

// RTP is the fixed header of a packet and what follows it, to be written out.
// The zero value of a field is its value on the wire, except for the version,
// which is 2.
type RTP struct {
	Mark      bool
	Type      uint8
	Sequence  uint16
	Timestamp uint32
	SSRC      uint32
	Body      []byte
}

// Bytes returns the packet.
func (p RTP) Bytes() []byte {
	b := make([]byte, 12, 12+len(p.Body))
	b[0] = 2 << 6
	b[1] = p.Type
	if p.Mark {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], p.Sequence)
	binary.BigEndian.PutUint32(b[4:], p.Timestamp)
	binary.BigEndian.PutUint32(b[8:], p.SSRC)
	return append(b, p.Body...)
}

// Voice returns 20 ms of G.711 (160 octets) that differ with n, so that a
// packet delivered in another's place is noticed.
func Voice(n int) []byte {
	b := make([]byte, 160)
	for i := range b {
		b[i] = byte(i*7 + n*31)
	}
	return b
}

// Event returns the payload of a telephone-event packet (RFC 4733 §2.3):
// duration in units of 125 µs, volume 10.
func Event(code uint8, ending End, duration uint16) []byte {
	b := []byte{code, 10, 0, 0}
	if ending == Last {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], duration)
	return b
}

// End says whether an event packet carries the E bit.
type End uint8

// The values of the E bit.
const (
	More End = iota
	Last
)
