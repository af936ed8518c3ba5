package load

import (
	"encoding/binary"
	"time"
)

// packetTime is the time between two packets of a stream.
const packetTime = 20 * time.Millisecond

// outgoing is the stream that an end sends.
type outgoing struct {
	payload   *payload
	next      uint32 // position of the next packet
	sent      uint64 // that the kernel took, or that a Fault lost
	ssrc      uint32
	sequence  uint16 // of position 0
	timestamp uint32
}

// write puts the next packet into b, which holds a whole one.
func (o *outgoing) write(b []byte, s stamp) {
	b[0], b[1] = 2<<6, 0 // version 2; payload type 0 is PCMU
	if o.next == 0 {
		b[1] |= 0x80 // the first of a talkspurt (RFC 3551 §4.1)
	}
	binary.BigEndian.PutUint16(b[2:], o.sequence+uint16(o.next))
	binary.BigEndian.PutUint32(b[4:], o.timestamp+o.next*payloadLength)
	binary.BigEndian.PutUint32(b[8:], o.ssrc)
	s.position = o.next
	o.payload.write(s)
	copy(b[headerLength:], o.payload[:])
	o.next++
}

// incoming verifies the stream that an end receives.
type incoming struct {
	seen    []uint64 // a bit for each position
	lowest  uint32
	highest uint32
	begun   bool
	// What the first packet has fixed: SSRC, and sequence and timestamp as they
	// would be at position 0.
	ssrc      uint32
	sequence  uint16
	timestamp uint32

	transit time.Duration // of the packet before
	jitter  float64       // RFC 3550 §6.4.1, in nanoseconds

	distinct   uint64
	duplicated uint64
	reordered  uint64
	renumbered uint64
}

// take verifies a packet of this stream that arrived at the time given, in
// nanoseconds of the wall clock, and returns how long it was on its way. A
// duplicate has no latency.
func (in *incoming) take(header []byte, s stamp, arrived int64) (latency time.Duration, first bool) {
	word, bit := int(s.position/64), uint64(1)<<(s.position%64)
	for len(in.seen) <= word {
		in.seen = append(in.seen, 0)
	}
	if in.seen[word]&bit != 0 {
		in.duplicated++
		return 0, false
	}
	in.seen[word] |= bit
	in.distinct++
	in.follow(header, s.position)
	latency = time.Duration(arrived - s.left)
	if in.distinct > 1 {
		d := float64(latency - in.transit)
		in.jitter += (max(d, -d) - in.jitter) / 16
	}
	in.transit = latency
	return latency, true
}

// follow compares what the relay has made of the header with the position: one
// SSRC, and numbers that go on as they began.
func (in *incoming) follow(header []byte, position uint32) {
	sequence := binary.BigEndian.Uint16(header[2:]) - uint16(position)
	timestamp := binary.BigEndian.Uint32(header[4:]) - position*payloadLength
	ssrc := binary.BigEndian.Uint32(header[8:])
	switch {
	case !in.begun:
		in.begun, in.ssrc, in.sequence, in.timestamp, in.highest = true, ssrc, sequence, timestamp, position
		in.lowest = position
		return
	case ssrc != in.ssrc || sequence != in.sequence || timestamp != in.timestamp:
		in.renumbered++
		in.ssrc, in.sequence, in.timestamp = ssrc, sequence, timestamp
	}
	if position < in.highest {
		in.reordered++
	}
	in.lowest = min(in.lowest, position)
	in.highest = max(in.highest, position)
}
