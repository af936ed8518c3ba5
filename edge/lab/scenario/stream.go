package scenario

import (
	"fmt"
	"time"

	"github.com/pion/rtp"
)

// stream judges the packets that a party receives as a receiver does that knows
// nothing of what feeds them: one SSRC, numbers one by one, and timestamps that go
// with the sound, or with the time where there was none, which a marker says
// (RFC 3550 §5.1, RFC 3551 §4.1).
type stream struct {
	begun bool
	ssrc  uint32
	seq   uint16
	// next is the timestamp behind the newest sound, and at when that came.
	next uint32
	at   time.Time
	// keyed says that a key has come since, in whose place no sound was.
	keyed bool
	// spurts are the markers, fault the first thing that was wrong, since it was
	// last asked.
	spurts int
	fault  string
}

// drift is how far timestamps may be from the time that a pause took.
const drift = 60 * time.Millisecond

// take looks at one packet; length is its sound in samples, or 0 of a key.
func (s *stream) take(now time.Time, h *rtp.Header, length int) {
	began := !s.begun
	switch {
	case began:
	case h.SSRC != s.ssrc:
		s.wrong("another SSRC")
		began = true
	case h.SequenceNumber != s.seq+1:
		s.wrong(fmt.Sprintf("a number %d on", int16(h.SequenceNumber-s.seq)))
	}
	s.begun, s.ssrc, s.seq = true, h.SSRC, h.SequenceNumber
	if length == 0 {
		s.keyed = true
		return
	}
	if h.Marker {
		s.spurts++
	}
	if !began && h.Timestamp != s.next {
		left := time.Duration(int32(h.Timestamp-s.next)) * time.Second / 8000
		switch past := now.Sub(s.at); {
		case left < 0, (left - past).Abs() > drift:
			s.wrong(fmt.Sprintf("a timestamp %v on, after %v", left, past))
		case !h.Marker && !s.keyed:
			s.wrong(fmt.Sprintf("%v left out without a marker", left))
		}
	}
	s.next, s.at, s.keyed = h.Timestamp+uint32(length), now.Add(ptime), false
}

func (s *stream) wrong(what string) {
	if s.fault == "" {
		s.fault = what
	}
}

// judgement tells what the packets were since it was last asked.
func (s *stream) judgement() string {
	defer func() { s.spurts, s.fault = 0, "" }()
	switch {
	case !s.begun:
		return "no stream"
	case s.fault != "":
		return "no single stream: " + s.fault
	}
	return fmt.Sprintf("one stream, markers=%d", s.spurts)
}
