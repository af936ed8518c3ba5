package quality

import "time"

// RFC 3550 A.1 constants: a jump beyond maxDropout ahead or maxMisorder behind
// is no loss but, if a second packet confirms it, a restarted sender.
const (
	maxDropout  = 3000
	maxMisorder = 100
	noBadSeq    = 1 << 16 // outside the 16-bit sequence space
)

// defaultRate is the RTP clock of G.711 and of telephone-event beside it
// (RFC 3551 §4.5.14, RFC 4733 §2.1), in hertz.
const defaultRate = 8000

// Kind says whether a packet's timestamp may be used to measure jitter.
type Kind uint8

const (
	// Audio has a timestamp that advances with the sampling clock.
	Audio Kind = iota
	// Event repeats the timestamp of its first packet (RFC 4733 §2.2.1), so it
	// counts for loss and not for jitter.
	Event
)

// Class is what one packet was in its stream.
type Class uint8

// The classes of a received packet.
const (
	// First begins a segment.
	First Class = iota
	// Next is newer than everything before it; numbers between are missing.
	Next
	// Late is older than the newest and was missing until now.
	Late
	// Duplicate repeats a number of the window.
	Duplicate
	// Suspect is a jump that a second packet has not confirmed; it is not
	// counted as received (RFC 3550 A.1).
	Suspect
	// Restarted is the packet that confirms a jump; it begins a segment.
	Restarted
)

// Packet is the part of an RTP header that statistics need.
type Packet struct {
	Timestamp uint32
	Sequence  uint16
	Kind      Kind
}

// Stream is the statistics of one source. The zero Stream is ready for an
// 8 kHz clock.
type Stream struct {
	// Rate is the RTP clock in hertz; 0 means 8000.
	Rate uint32

	past  Totals // of the segments before this one
	began time.Time

	window   uint64 // bit i set: sequence number maxSeq-i was received
	cycles   uint32 // wraps of the sequence number, times 65536
	baseSeq  uint32
	badSeq   uint32
	received uint32
	late     uint32
	repeated uint32
	transit  int64  // of the newest audio packet, in clock units
	jitter   uint32 // clock units times 16 (RFC 3550 A.8)
	maxSeq   uint16
	started  bool
	timed    bool // transit is known
}

// Totals sums a stream over all its segments.
type Totals struct {
	Received  uint64 // late and repeated packets included
	Lost      int64  // expected minus received; repeats make it smaller
	Late      uint64
	Duplicate uint64
	Segments  uint32
}

// Receive counts a packet that arrived at the time given and says what it was.
func (s *Stream) Receive(at time.Time, p Packet) Class {
	class := s.place(at, p.Sequence)
	if p.Kind == Audio && class != Suspect && class != Duplicate {
		s.measure(at, p.Timestamp)
	}
	return class
}

// Cut ends the segment: the next packet begins another one whatever its
// number. It is called when the SSRC changes.
func (s *Stream) Cut() {
	s.past = s.Totals()
	s.started, s.timed = false, false
	s.received, s.late, s.repeated, s.cycles, s.window = 0, 0, 0, 0, 0
}

// Totals returns the sums so far.
func (s *Stream) Totals() Totals {
	t := s.past
	if !s.started {
		return t
	}
	expected := int64(s.ExtendedHighest()) - int64(s.baseSeq) + 1 // A.3
	t.Received += uint64(s.received)
	t.Lost += expected - int64(s.received)
	t.Late += uint64(s.late)
	t.Duplicate += uint64(s.repeated)
	t.Segments++
	return t
}

// ExtendedHighest returns the extended highest sequence number received in
// this segment (RFC 3550 §6.4.1).
func (s *Stream) ExtendedHighest() uint32 { return s.cycles + uint32(s.maxSeq) }

// Jitter returns the interarrival jitter (RFC 3550 §6.4.1).
func (s *Stream) Jitter() time.Duration {
	return time.Duration(uint64(s.jitter) * uint64(time.Second) / 16 / uint64(s.rate()))
}

// place is update_seq of RFC 3550 A.1 without its probation, which the latch
// of an endpoint has already asked for.
func (s *Stream) place(at time.Time, seq uint16) Class {
	if !s.started {
		s.begin(at, seq)
		return First
	}
	ahead := seq - s.maxSeq
	switch {
	case ahead == 0:
		s.received++
		s.repeated++
		return Duplicate
	case ahead < maxDropout:
		if seq < s.maxSeq {
			s.cycles += 1 << 16
		}
		s.maxSeq = seq
		s.window = s.window<<ahead | 1 // a shift of 64 or more leaves 0
		s.received++
		return Next
	case uint32(ahead) <= 1<<16-maxMisorder:
		if uint32(seq) == s.badSeq {
			s.Cut()
			s.begin(at, seq)
			return Restarted
		}
		s.badSeq = uint32(seq + 1)
		return Suspect
	}
	s.received++
	bit := uint64(1) << (s.maxSeq - seq) // 0 when older than the window
	if s.window&bit != 0 {
		s.repeated++
		return Duplicate
	}
	s.window |= bit
	s.late++
	return Late
}

func (s *Stream) begin(at time.Time, seq uint16) {
	s.started = true
	s.began = at
	s.maxSeq = seq
	s.baseSeq = uint32(seq)
	s.badSeq = noBadSeq
	s.received = 1
	s.window = 1
}

// measure is A.8: J += (|D| - J)/16 in integers scaled by 16.
func (s *Stream) measure(at time.Time, timestamp uint32) {
	arrival := int64(at.Sub(s.began)) * int64(s.rate()) / int64(time.Second)
	transit := arrival - int64(timestamp)
	if !s.timed {
		s.timed = true
		s.transit = transit
		return
	}
	d := int64(int32(transit - s.transit)) // the timestamp wraps at 32 bits
	s.transit = transit
	if d < 0 {
		d = -d
	}
	s.jitter += uint32(d) - (s.jitter+8)>>4
}

func (s *Stream) rate() uint32 {
	if s.Rate == 0 {
		return defaultRate
	}
	return s.Rate
}
