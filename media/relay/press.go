package relay

import (
	"encoding/binary"
	"time"
)

const (
	// lostEnd is how long after its last packet a press is over although no end
	// packet came: two update intervals of the slowest sender, and more.
	lostEnd = 120 * time.Millisecond
	// repeatSpan is how long after an end a sender may repeat it with a
	// timestamp of its own.
	repeatSpan = 100 * time.Millisecond
	// longSegment is the least duration, in timestamp units, at which a sender
	// may split a long event in segments (RFC 4733 §2.5.1.3 splits at 0xFFFF).
	longSegment = 0xF000
	// unitsPerMilli converts the 8 kHz event clock.
	unitsPerMilli = 8

	keys = "0123456789*#ABCD"
)

// presses counts the key presses of one stream, each once. A press is known by
// the timestamp of its first packet (RFC 4733 §2.2.1: "The event timestamp ...
// designates the beginning of the event"), which every packet of it repeats.
type presses struct {
	heard    time.Time // arrival of the newest packet of the press
	ended    time.Time // arrival of its first end packet
	ssrc     SSRC
	ts       uint32
	before   uint32 // duration of earlier segments, timestamp units
	duration uint16 // of this segment, the longest seen
	code     byte
	known    bool // there has been a press
	open     bool // its end has not been seen
}

// hear takes a telephone-event packet and adds what it completes to v. Events
// above 15 (flash, tones) are no key and complete nothing.
func (s *presses) hear(now time.Time, p *Packet, v *Verdict) {
	b := p.Payload()
	if len(b) < 4 || int(b[0]) >= len(keys) {
		return
	}
	e := event{
		ssrc: p.SSRC(), ts: p.header.Timestamp, code: b[0], marked: p.header.Marker,
		end: b[1]&0x80 != 0, duration: binary.BigEndian.Uint16(b[2:]),
	}
	if s.known && !s.begins(now, e) {
		s.prolong(now, e)
	} else {
		if s.open {
			s.complete(now, v) // its end packets were lost
		}
		*s = presses{known: true, open: true, ssrc: e.ssrc, ts: e.ts, code: e.code, duration: e.duration, heard: now}
	}
	if s.open && e.end && s.ts == e.ts && s.code == e.code {
		s.complete(now, v)
	}
}

func (s *presses) deadline() time.Time {
	if !s.open {
		return time.Time{}
	}
	return s.heard.Add(lostEnd)
}

func (s *presses) expire(now time.Time) (Press, bool) {
	if !s.open || now.Before(s.deadline()) {
		return Press{}, false
	}
	return s.close(now), true
}

// event is one packet of the telephone-event format (RFC 4733 §2.3).
type event struct {
	ts       uint32
	ssrc     SSRC
	duration uint16
	code     byte
	marked   bool
	end      bool
}

// begins reports whether e is the first packet heard of another press.
func (s *presses) begins(now time.Time, e event) bool {
	if e.ssrc != s.ssrc {
		// A sender that changes its SSRC while a key is down goes on with the
		// same event, unmarked and longer.
		same := s.open && e.code == s.code && !e.marked && e.duration >= s.duration
		return !same || now.Sub(s.heard) > lostEnd
	}
	ahead := int32(e.ts - s.ts)
	switch {
	case ahead <= 0:
		return false // the same press, or a packet of an older one out of order
	case e.code != s.code:
		return true
	case s.open && !e.marked && s.duration >= longSegment && uint32(ahead) == uint32(s.duration):
		return false // the next segment of a long press
	case uint32(ahead) < uint32(s.duration):
		// No key is pressed again before it was released: a sender that stamps
		// each packet anew.
		return false
	case e.end && e.duration == s.duration && !s.open && now.Sub(s.ended) <= repeatSpan:
		return false // a repeated end, stamped anew
	}
	return true
}

// prolong takes a further packet of the press.
func (s *presses) prolong(now time.Time, e event) {
	if e.ssrc != s.ssrc {
		s.ssrc, s.ts = e.ssrc, e.ts
	}
	if !s.open || int32(e.ts-s.ts) < 0 || e.code != s.code {
		return
	}
	s.heard = now
	if e.ts != s.ts {
		if s.duration >= longSegment {
			s.before += uint32(s.duration)
			s.duration = 0
		}
		s.ts = e.ts
	}
	s.duration = max(s.duration, e.duration)
}

func (s *presses) complete(now time.Time, v *Verdict) {
	v.Presses[v.Pressed] = s.close(now)
	v.Pressed++
}

func (s *presses) close(now time.Time) Press {
	s.open = false
	s.ended = now
	return Press{Key: keys[s.code], Duration: (s.before + uint32(s.duration)) / unitsPerMilli}
}
