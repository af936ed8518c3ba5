package quality

import "time"

// RFC 3550 A.1 constants: a jump beyond maxDropout ahead or maxMisorder behind
// is no loss but, if a second packet confirms it, a restarted sender.
const (
	maxDropout  = 3000
	maxMisorder = 100
	noBadSeq    = 1 << 16 // outside the 16-bit sequence space
	windowSize  = 64
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

// Packet is the part of an RTP packet that statistics need.
type Packet struct {
	Timestamp uint32
	Sequence  uint16
	Kind      Kind
	// TOS is the IPv4 TOS or IPv6 traffic class byte that it came with.
	TOS uint8
}

// Stream is the statistics of one source. The zero Stream is ready for an
// 8 kHz clock.
type Stream struct {
	// Rate is the RTP clock in hertz; 0 means 8000.
	Rate uint32

	past  Totals // of the segments before this one
	began time.Time

	window   uint64 // bit i set: sequence number maxSeq-i was received
	cycles   int64  // wraps of the sequence number, times 65536
	baseSeq  int64  // extended; a late packet may move it back
	badSeq   uint32
	received uint32
	late     uint32
	repeated uint32
	maxSeq   uint16
	started  bool

	losses  losses
	timing  timing
	level   level
	tos     uint8
	retold  uint32 // changes of tos
	prior   priorReport
	scored  scored // at the last interval
	dropped uint64 // discarded by then
}

// scored is what of the losses an interval has told of.
type scored struct{ packets, lost, runs uint64 }

// Totals sums a stream over all its segments.
type Totals struct {
	Received uint64 // late and repeated packets included
	Lost     int64  // expected minus received; repeats make it smaller
	// Missing is what never came, or later than the window reaches; repeats do
	// not hide it.
	Missing   uint64
	Late      uint64
	Duplicate uint64
	Segments  uint32
}

// Receive counts a packet that arrived at the time given and says what it was.
func (s *Stream) Receive(at time.Time, p Packet) Class {
	class := s.place(at, p.Sequence)
	if class == Suspect {
		return class
	}
	if p.TOS != s.tos {
		if s.past.Segments > 0 || s.received > 1 {
			s.retold++
		}
		s.tos = p.TOS
	}
	switch {
	case class == Duplicate:
	case p.Kind != Audio:
		s.timing.pause()
	default:
		since, rate := at.Sub(s.began), s.rate()
		s.timing.measure(since, p.Timestamp, rate)
		if class != Late {
			s.timing.space(since, p.Sequence, p.Timestamp, rate)
		}
	}
	return class
}

// Listen takes the payload of an audio packet; of every 16th the level is
// measured.
func (s *Stream) Listen(payload []byte, law Law) { s.level.listen(payload, law) }

// Cut ends the segment: the next packet begins another one whatever its
// number. It is called when the SSRC changes.
func (s *Stream) Cut() {
	s.past = s.Totals()
	s.settle()
	s.started = false
	s.timing.restart()
	s.received, s.late, s.repeated, s.cycles, s.window = 0, 0, 0, 0, 0
	s.prior = priorReport{}
}

// Totals returns the sums so far.
func (s *Stream) Totals() Totals {
	t := s.past
	t.Missing = s.decided().lost
	if !s.started {
		return t
	}
	expected := s.highest() - s.baseSeq + 1 // A.3
	t.Received += uint64(s.received)
	t.Lost += expected - int64(s.received)
	t.Late += uint64(s.late)
	t.Duplicate += uint64(s.repeated)
	t.Segments++
	return t
}

// ExtendedHighest returns the extended highest sequence number received in
// this segment (RFC 3550 §6.4.1).
func (s *Stream) ExtendedHighest() uint32 { return uint32(s.highest()) }

func (s *Stream) highest() int64 { return s.cycles + int64(s.maxSeq) }

// Jitter returns the interarrival jitter (RFC 3550 §6.4.1).
func (s *Stream) Jitter() time.Duration { return s.sixteenths(s.timing.jitter) }

func (s *Stream) sixteenths(j uint32) time.Duration {
	return time.Duration(uint64(j) * uint64(time.Second) / 16 / uint64(s.rate()))
}

// Interval returns what the stream has shown since the last call. Numbers still
// within the window come with the next one.
func (s *Stream) Interval() Interval {
	i := s.since(s.losses)
	s.scored, s.dropped = scored{s.losses.packets, s.losses.lost, s.losses.runs}, s.timing.discarded
	return i
}

// Rest returns what Interval has not told yet, the window included.
func (s *Stream) Rest() Interval { return s.since(s.decided()) }

func (s *Stream) since(l losses) Interval {
	return Interval{
		Packets: l.packets - s.scored.packets, Lost: l.lost - s.scored.lost, Runs: l.runs - s.scored.runs,
		Discarded: s.timing.discarded - s.dropped,
		Jitter:    s.Jitter(), Buffer: units(uint64(s.timing.depth(s.rate())), s.rate()), Ptime: units(uint64(s.timing.step), s.rate()),
	}
}

// Summary is what a stream has shown beside its Totals.
type Summary struct {
	Bursts
	Discarded         uint64 // came too late for a jitter buffer
	Pauses            uint64 // of a sender that suppresses silence
	Jitter, MaxJitter time.Duration
	// MaxGap is the longest wait within a talkspurt; Deltas counts those of up to
	// 30, 50, 100 and 200 ms, and longer ones.
	MaxGap time.Duration
	Deltas [deltaClasses]uint64
	Ptime  time.Duration // zero is unknown
	// Drift is how much faster than ours the sender's clock runs, in parts per
	// million, where Drifts says that it is known.
	Drift  float64
	Drifts bool
	// Leaps counts jumps of the sender's clock within a segment.
	Leaps      uint32
	TOS        uint8
	TOSChanges uint32
	// Sampled packets were listened to, Silent of them were silence.
	Sampled, Silent uint32
}

// Summary returns it, the window decided.
func (s *Stream) Summary() Summary {
	t := &s.timing
	sum := Summary{
		Bursts: s.decided().bursts3611(), Discarded: t.discarded, Pauses: t.pauses, Jitter: s.Jitter(), MaxJitter: s.sixteenths(t.maxJitter),
		MaxGap: t.maxGap, Deltas: t.deltas, Ptime: units(uint64(t.step), s.rate()), Leaps: t.transitions,
		TOS: s.tos, TOSChanges: s.retold, Sampled: s.level.sampled, Silent: s.level.silent,
	}
	sum.Drift, sum.Drifts = t.drift(s.rate())
	return sum
}

// Paused reports a sender that has been seen to suppress silence.
func (s *Stream) Paused() bool { return s.timing.pauses > 0 }

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
		s.advance(ahead)
		if seq < s.maxSeq {
			s.cycles += 1 << 16
		}
		s.maxSeq = seq
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
	behind := s.maxSeq - seq
	bit := uint64(1) << behind // 0 when older than the window
	if s.window&bit != 0 {
		s.repeated++
		return Duplicate
	}
	if bit != 0 {
		s.baseSeq = min(s.baseSeq, s.highest()-int64(behind))
	}
	s.window |= bit
	s.late++
	return Late
}

// advance moves the window on to a number that many ahead, and decides what
// leaves it: the oldest first.
func (s *Stream) advance(ahead uint16) {
	held := min(s.highest()-s.baseSeq+1, windowSize) // numbers of this segment in the window
	for i := held - 1; i >= 0 && i+int64(ahead) >= windowSize; i-- {
		if s.window>>i&1 != 0 {
			s.losses.receive()
		} else {
			s.losses.lose()
		}
	}
	for i := windowSize; i < int(ahead); i++ {
		s.losses.lose() // missing, and out of the window at once
	}
	s.window = s.window<<ahead | 1 // a shift of 64 or more leaves 0
}

// decided is the losses with what is left in the window.
func (s *Stream) decided() losses {
	l := s.losses
	if !s.started {
		return l
	}
	for i := min(s.highest()-s.baseSeq+1, windowSize); i > 0; i-- {
		if s.window>>(i-1)&1 != 0 {
			l.receive()
		} else {
			l.lose()
		}
	}
	return l
}

// settle decides what is left in the window, for good.
func (s *Stream) settle() {
	s.losses = s.decided()
	s.losses.cut()
}

func (s *Stream) begin(at time.Time, seq uint16) {
	s.started = true
	s.began = at
	s.maxSeq = seq
	s.baseSeq = int64(seq)
	s.badSeq = noBadSeq
	s.received = 1
	s.window = 1
}

func (s *Stream) rate() uint32 {
	if s.Rate == 0 {
		return defaultRate
	}
	return s.Rate
}
