package dtmf

import "encoding/binary"

// Key is a key of a telephone: '0' to '9', '*', '#', 'A' to 'D'. The zero Key is
// none.
type Key byte

// keys are the events 0 to 15 (RFC 4733 §3.2).
const keys = "0123456789*#ABCD"

// KeyOf returns the key of an event code; ok is false above 15, where flash and
// tones are.
func KeyOf(code byte) (k Key, ok bool) {
	if int(code) >= len(keys) {
		return 0, false
	}
	return Key(keys[code]), true
}

// Code returns the event code of a key; ok is false where it is none.
func (k Key) Code() (code byte, ok bool) {
	switch {
	case k >= '0' && k <= '9':
		return byte(k - '0'), true
	case k == '*':
		return 10, true
	case k == '#':
		return 11, true
	case k >= 'A' && k <= 'D':
		return byte(k-'A') + 12, true
	}
	return 0, false
}

// EventLength is the length of a telephone-event payload that holds one event.
const EventLength = 4

// Event is the payload of a telephone-event packet (RFC 4733 §2.3).
type Event struct {
	Duration uint16 // timestamp units since the event's timestamp
	Code     byte
	Volume   byte // -dBm0, 0 to 63
	End      bool
}

const (
	endBit     = 0x80
	volumeBits = 0x3f
)

// ReadEvent reads a payload; ok is false where it is too short. Of several
// events in one packet the first counts.
func ReadEvent(b []byte) (e Event, ok bool) {
	if len(b) < EventLength {
		return Event{}, false
	}
	return Event{Code: b[0], End: b[1]&endBit != 0, Volume: b[1] & volumeBits, Duration: binary.BigEndian.Uint16(b[2:])}, true
}

// Write writes the payload into the first EventLength octets of b.
func (e Event) Write(b []byte) {
	b[0], b[1] = e.Code, e.Volume&volumeBits
	if e.End {
		b[1] |= endBit
	}
	binary.BigEndian.PutUint16(b[2:], e.Duration)
}
