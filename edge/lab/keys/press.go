package keys

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// Press is a key that is down for a while.
type Press struct {
	From, To time.Duration
	Key      byte // '0' to '9', '*', '#'
}

const ms = time.Millisecond

// Draw presses up to nine keys around the edges of the rule: gaps and lengths
// just under and over what it says, stars half of the time.
func Draw(r *rand.Rand) (presses []Press) {
	gaps := [...]int{30, 60, 100, 150, 250, 350, 450, 560, 640, 700, 900, 1500, 3000}
	lengths := [...]int{40, 60, 80, 120, 200, 300, 1000, 1240, 1600}
	at := 200 * ms
	for range 1 + r.IntN(9) {
		at += time.Duration(gaps[r.IntN(len(gaps))]+r.IntN(20)) * ms
		length := time.Duration(lengths[r.IntN(len(lengths))]) * ms
		presses = append(presses, Press{at, at + length, "****0123#5"[r.IntN(10)]})
		at += length
	}
	return presses
}

// Style is how a sender says keys. The zero values of its fields are the usual.
type Style struct {
	Ptime   time.Duration // of audio: 20 ms where zero
	Update  time.Duration // between the packets of an event: 20 ms where zero
	Audio   Audio
	Ends    int  // how often the end is said: three times where zero
	Spaced  bool // the ends come an update apart, not at once
	Plain   bool // no packet is marked
	Nothing bool // the first packet of an event has lasted for nothing yet
	Stamped bool // a sender that gives each repeated end a timestamp of its own
}

// Audio is what a sender does with audio around its keys.
type Audio uint8

// The values of Audio.
const (
	Replaced    Audio = iota // there is none while a key is down
	Interleaved              // it goes on
	None                     // there is none at all
)

// DrawStyle draws a sender.
func DrawStyle(r *rand.Rand) Style {
	s := Style{
		Ptime:   time.Duration([...]int{20, 20, 20, 10, 40}[r.IntN(5)]) * ms,
		Update:  time.Duration([...]int{20, 20, 20, 10, 50, 100}[r.IntN(6)]) * ms,
		Audio:   [...]Audio{Replaced, Replaced, Replaced, Interleaved, None}[r.IntN(5)],
		Spaced:  r.IntN(3) == 0,
		Plain:   r.IntN(4) == 0,
		Nothing: r.IntN(4) == 0,
	}
	s.Stamped = s.Update == 20*ms && r.IntN(5) == 0
	return s
}

// Packet is one packet of the sender's.
type Packet struct {
	At    time.Duration
	Data  []byte
	Press int  // index of the press it belongs to; -1 is audio
	End   bool // it carries the E bit
}

// AudioType and EventType are the payload types of the sender.
const (
	AudioType = 0
	EventType = 101
	rate      = 8 // timestamp units a millisecond
	header    = 12
)

// units is a length of time on the RTP clock.
func units(d time.Duration) uint32 { return uint32(d / ms * rate) }

// Say makes the packets of a whole stream, from time zero until all is over.
func (s Style) Say(presses []Press) []Packet {
	if s.Ptime == 0 {
		s.Ptime = 20 * ms
	}
	if s.Update == 0 {
		s.Update = 20 * ms
	}
	if s.Ends == 0 {
		s.Ends = 3
	}
	v := voice{Style: s, seq: 65500, ts: 0xffff0000}
	for i, p := range presses {
		v.talk(p.From)
		v.press(i, p)
	}
	v.talk(v.now + 500*ms)
	return v.out
}

// voice is a sender at work.
type voice struct {
	Style
	out []Packet
	now time.Duration // of the next audio packet
	seq uint16
	ts  uint32 // at time zero
}

// talk says audio until end.
func (v *voice) talk(end time.Duration) {
	for ; v.now+v.Ptime <= end; v.now += v.Ptime {
		if v.Audio != None {
			v.audio(v.now)
		}
	}
}

func (v *voice) audio(at time.Duration) {
	body := make([]byte, units(v.Ptime))
	ts := v.ts + units(at)
	for i := range body {
		body[i] = byte(i*7) | 1
	}
	binary.BigEndian.PutUint32(body, ts)
	v.send(at, Packet{Press: -1}, AudioType, ts, body)
}

// press says one key.
func (v *voice) press(i int, p Press) {
	began := v.ts + units(p.From)
	code := Code(p.Key)
	lasted := func(at time.Duration) uint32 { return units(min(at+v.Update, p.To) - p.From) }
	at := p.From
	for first := true; at+v.Update < p.To; at += v.Update {
		duration := lasted(at)
		pt := byte(EventType)
		if first {
			if !v.Plain {
				pt |= 0x80
			}
			if v.Nothing {
				duration = 0
			}
		}
		first = false
		v.send(at, Packet{Press: i}, pt, began, event(code, 0, duration))
		if v.Audio == Interleaved {
			v.talk(at + v.Update)
		}
	}
	for n := range v.Ends {
		ts := began
		if v.Stamped && n > 0 {
			ts += uint32(n) * units(v.Update)
		}
		v.send(at, Packet{Press: i, End: true}, EventType, ts, event(code, 0x80, lasted(at)))
		if v.Spaced && n+1 < v.Ends {
			at += min(v.Update, 20*ms) // slower, they would outlast the pause to the next key
		}
	}
	// Audio goes on with the next packet of its grid.
	behind := max(p.To, at)
	for v.now < behind {
		v.now += v.Ptime
	}
}

func event(code, flags byte, duration uint32) []byte {
	return []byte{code, flags | 10, byte(duration >> 8), byte(duration)}
}

// Code returns the event code of a key (RFC 4733 §3.2).
func Code(key byte) byte {
	switch key {
	case '*':
		return 10
	case '#':
		return 11
	}
	return key - '0'
}

func (v *voice) send(at time.Duration, p Packet, pt byte, ts uint32, body []byte) {
	b := make([]byte, header, header+len(body))
	b[0], b[1] = 2<<6, pt
	binary.BigEndian.PutUint16(b[2:], v.seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], 0x5e4d)
	v.seq++
	p.At, p.Data = at, append(b, body...)
	v.out = append(v.out, p)
}
