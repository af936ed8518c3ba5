package relay

import (
	"encoding/binary"
	"time"

	"sekisho/media/quality"
)

// RTCP packet types (RFC 3550 §12.1, RFC 3611 §2).
const (
	senderReport      = 200
	receiverReport    = 201
	sourceDescription = 202
	goodbye           = 203
	extendedReport    = 207
	lastKnownReport   = extendedReport
)

const (
	reportHeader = 8  // fixed header and SSRC
	senderInfo   = 20 // NTP and RTP time, packet and octet counts
	reportBlock  = 24
	cname        = 1

	voipMetrics       = 7 // block type of RFC 3611 §4.7
	voipMetricsLength = 36
)

// session is one endpoint's RTCP session with its peer (RFC 3550 §6). It ends
// here: nothing of a report goes on to whoever is at the other side.
type session struct {
	next time.Time // our next report; zero before the first description
	pace uint32    // state of a xorshift generator, never 0 once begun

	// stamps are the middle 32 bits of the NTP times of our newest sender
	// reports: the peer's LSR must be one of them, or it is made up.
	stamps [4]uint32
	stamp  uint8

	lsr   uint32 // of the peer's newest sender report
	lsrAt time.Time

	allowed gauge
	told    Told
	rtt     RoundTrip
	score   quality.Score // of what we send, by what the peer tells
}

// RoundTrip is the time to the peer and back by RTCP, which leaves out what the
// peer waits (RFC 3550 §6.4.1).
type RoundTrip struct {
	Last, Least, Most time.Duration
	Count             uint32
}

// Told is what the peer has said about the stream that it hears of us.
type Told struct {
	// Reports counts compound packets, Blocks those report blocks that are about
	// our stream, Goodbyes BYEs, which end nothing.
	Reports, Blocks, Extended, Goodbyes uint32
	Lost                                int32 // of ours, as it counts
	Fraction                            uint8 // lost lately, of 256
	Jitter                              time.Duration
	// Source says where the score of our stream comes from.
	Source Origin
}

// Origin says who has measured a direction.
type Origin uint8

// The origins.
const (
	Nobody Origin = iota
	Local         // we have, by each packet
	RTCP          // the peer's receiver reports
	XR            // the peer's VoIP metrics (RFC 3611 §4.7)
)

// String returns the word of records and metrics.
func (o Origin) String() string {
	switch o {
	case Nobody:
	case Local:
		return "local"
	case RTCP:
		return "rtcp"
	case XR:
		return "xr"
	}
	return ""
}

// read takes a compound packet that validCompound has passed. ours is the
// stream that the peer hears.
func (s *session) read(now time.Time, ours SSRC, compound []byte) {
	s.told.Reports++
	for len(compound) > 0 {
		n := length(compound)
		one := compound[:n]
		compound = compound[n:]
		switch one[1] {
		case senderReport:
			s.lsr, s.lsrAt = binary.BigEndian.Uint32(one[10:]), now
			s.readBlocks(now, ours, one[0]&0x1f, one[reportHeader+senderInfo:])
		case receiverReport:
			s.readBlocks(now, ours, one[0]&0x1f, one[reportHeader:])
		case goodbye:
			s.told.Goodbyes++
		case extendedReport:
			s.readExtended(now, ours, one)
		}
	}
}

func (s *session) readBlocks(now time.Time, ours SSRC, count byte, blocks []byte) {
	for range count {
		b := blocks[:reportBlock]
		blocks = blocks[reportBlock:]
		if SSRC(binary.BigEndian.Uint32(b)) != ours {
			continue
		}
		t := &s.told
		t.Blocks++
		t.Fraction = b[4]
		t.Lost = int32(binary.BigEndian.Uint32(b[4:])<<8) >> 8 // 24 bits, signed
		t.Jitter = time.Duration(min(binary.BigEndian.Uint32(b[12:]), longestTime*clock)) * time.Second / clock
		s.measure(now, binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:]))
		if t.Source != XR {
			t.Source = RTCP
			loss := float64(t.Fraction) / 256
			s.opine(now, quality.Path{Loss: loss})
		}
	}
}

// longestTime is the longest jitter or round trip that is believed, in seconds.
const longestTime = 10

// measure computes the round trip from a block: "A - LSR - DLSR" in units of
// 1/65536 s, where the block answers a report that we have sent.
func (s *session) measure(now time.Time, lsr, delay uint32) {
	if lsr == 0 {
		return
	}
	for _, stamp := range s.stamps {
		if stamp != lsr {
			continue
		}
		const unit = 1 << 16
		trip := int32(middle(ntp(now)) - lsr - delay)
		if trip < -unit/1000 || trip > longestTime*unit {
			return
		}
		d := time.Duration(max(trip, 1)) * time.Second / unit // two clocks of one machine may read 0
		r := &s.rtt
		if r.Count == 0 || d < r.Least {
			r.Least = d
		}
		r.Last, r.Most = d, max(r.Most, d)
		r.Count++
		return
	}
}

// readExtended takes the VoIP metrics about our stream (RFC 3611 §4.7); blocks
// of other kinds are passed over.
func (s *session) readExtended(now time.Time, ours SSRC, one []byte) {
	if len(one) < reportHeader {
		return
	}
	for blocks := one[reportHeader:]; len(blocks) >= 4; {
		n := 4 * (int(binary.BigEndian.Uint16(blocks[2:])) + 1)
		if n > len(blocks) {
			return
		}
		b := blocks[:n]
		blocks = blocks[n:]
		if b[0] != voipMetrics || n != voipMetricsLength || SSRC(binary.BigEndian.Uint32(b[4:])) != ours {
			continue
		}
		s.told.Extended++
		if s.told.Source != XR {
			s.told.Source, s.score = XR, quality.Score{} // it knows better than receiver reports
		}
		if r := b[24]; r <= 100 {
			s.score.Opine(now, float64(r), float64(b[8])/256)
			continue
		}
		s.opine(now, quality.Path{Loss: min(1, (float64(b[8])+float64(b[9]))/256)})
	}
}

func (s *session) opine(now time.Time, p quality.Path) {
	s.score.Opine(now, quality.Rating(quality.G711(), p), p.Loss)
}

// validCompound checks what RFC 3550 A.2 asks of a compound packet: version 2
// throughout, a report first, padding only in the last packet, lengths that add
// up. It checks the report counts too, on which read relies.
func validCompound(d []byte) bool {
	if len(d) < reportHeader || d[0]&(3<<6|padding) != 2<<6 || d[1] != senderReport && d[1] != receiverReport {
		return false
	}
	for len(d) > 0 {
		if len(d) < 4 || d[0]>>6 != 2 || d[1] < senderReport || d[1] > lastKnownReport {
			return false
		}
		n := length(d)
		if n > len(d) || d[0]&padding != 0 && n != len(d) {
			return false
		}
		blocks := int(d[0]&0x1f) * reportBlock
		switch d[1] {
		case senderReport:
			if n < reportHeader+senderInfo+blocks {
				return false
			}
		case receiverReport:
			if n < reportHeader+blocks {
				return false
			}
		}
		d = d[n:]
	}
	return true
}

// length returns the length in octets of the RTCP packet that d begins with.
func length(d []byte) int { return 4 * (int(binary.BigEndian.Uint16(d[2:])) + 1) }

// ntpEpoch is the NTP time of the Unix epoch, in seconds.
const ntpEpoch = 2_208_988_800

// ntp returns t as an NTP timestamp: seconds and their fraction (RFC 3550 §4).
func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// middle returns the 32 bits of an NTP timestamp that reports name it by.
func middle(ntp uint64) uint32 { return uint32(ntp >> 16) }
