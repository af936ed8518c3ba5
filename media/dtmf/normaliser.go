package dtmf

import "time"

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
	// leastGap is the least between two presses of a key, in timestamp units: 30 ms.
	leastGap = 30 * unitsPerMilli
	// unitsPerMilli converts the 8 kHz event clock of G.711.
	unitsPerMilli = 8
	// remembered is how many ended presses late packets are still told apart by.
	remembered = 4
)

// Packet is one telephone-event packet.
type Packet struct {
	Event
	SSRC, Timestamp uint32
	Marked          bool
}

// Change is a press that has begun or ended.
type Change struct {
	// At is when, by arrival. A press whose end was lost is over since the last
	// packet of it that came.
	At time.Time
	// Length is how long the key was down as its sender says; zero at the
	// beginning.
	Length Millis
	Key    Key
	Ended  bool
}

// Heard is what one packet has shown.
type Heard struct {
	list [3]Change
	n    uint8
	// Place says which press the packet belongs to.
	Place Place
}

// Changes returns what the packet has changed, in order: the press before it,
// whose end was lost, ends; its own begins; its own ends.
func (h *Heard) Changes() []Change { return h.list[:h.n] }

func (h *Heard) add(c Change) {
	h.list[h.n] = c
	h.n++
}

// Place is the press that a packet belongs to: Latest, an older one that is
// remembered, or Unknown.
type Place int8

// The places that have names.
const (
	Unknown Place = -1
	Latest  Place = 0
)

// Normaliser counts the key presses of one stream, each once. A press is known
// by the timestamp of its first packet (RFC 4733 §2.2.1: "The event timestamp
// ... designates the beginning of the event"), which every packet of it repeats.
// It is plain data; the zero Normaliser has heard nothing.
//
//	ms    marker  ts    seq  duration  E
//	  0     1     T      1       160            begins
//	 20     0     T      2       320
//	 40     0     T      3       480   1        ends
//	 40     0     T      4       480   1        the same end again
//	 40     0     T      5       480   1
type Normaliser struct {
	heard    time.Time // arrival of the newest packet of the press
	ended    time.Time // arrival of its first end packet
	ssrc     uint32
	ts       uint32 // of its newest packet
	base     uint32 // of its segment
	before   uint32 // duration of earlier segments, timestamp units
	duration uint16 // of this segment, the longest seen
	code     byte
	known    bool    // there has been a press
	open     bool    // its end has not been seen
	fate     Ordinal // as Mark said

	old  [remembered]past // the newest last
	olds uint8
}

// past is a press that is over.
type past struct {
	ssrc, ts uint32
	code     byte
	fate     Ordinal
}

// Hear takes the packet of a key that arrived at the time given. Events above
// 15 are no keys and must not be given to it.
func (n *Normaliser) Hear(now time.Time, p Packet) Heard {
	var h Heard
	if n.known && !n.begins(now, p) {
		h.Place = n.prolong(now, p)
	} else {
		n.begin(now, p, &h)
	}
	if n.open && p.End && h.Place == Latest {
		h.add(n.end(now))
	}
	return h
}

// Open reports whether a key is down.
func (n *Normaliser) Open() bool { return n.open }

// Timestamp is what the packets of the latest press should have, whatever its
// sender stamps them with.
func (n *Normaliser) Timestamp() uint32 { return n.base }

// Mark names the latest press, or withholds it.
func (n *Normaliser) Mark(fate Ordinal) { n.fate = fate }

// Marked returns how a press was marked; an unknown one is withheld.
func (n *Normaliser) Marked(p Place) Ordinal {
	switch {
	case p == Latest:
		return n.fate
	case p > 0 && int(p) <= int(n.olds):
		return n.old[int(n.olds)-int(p)].fate
	}
	return Withheld
}

// Deadline returns when Expire is due, or the zero time.
func (n *Normaliser) Deadline() time.Time {
	if !n.open {
		return time.Time{}
	}
	return n.heard.Add(lostEnd)
}

// Expire takes the end of the press as lost if its time has come.
func (n *Normaliser) Expire(now time.Time) (c Change, ok bool) {
	if !n.open || now.Before(n.Deadline()) {
		return Change{}, false
	}
	return n.end(n.heard), true
}

func (n *Normaliser) begin(now time.Time, p Packet, h *Heard) {
	if n.open {
		h.add(n.end(n.heard)) // its end packets were lost
	}
	if n.known {
		if n.olds == remembered {
			copy(n.old[:], n.old[1:])
			n.olds--
		}
		n.old[n.olds] = past{ssrc: n.ssrc, ts: n.ts, code: n.code, fate: n.fate}
		n.olds++
	}
	*n = Normaliser{
		known: true, open: true, ssrc: p.SSRC, ts: p.Timestamp, base: p.Timestamp, code: p.Code, duration: p.Duration, heard: now,
		old: n.old, olds: n.olds,
	}
	key, _ := KeyOf(p.Code)
	h.add(Change{At: now, Key: key})
}

// begins reports whether p is the first packet heard of another press.
func (n *Normaliser) begins(now time.Time, p Packet) bool {
	if p.SSRC != n.ssrc {
		// A sender that changes its SSRC while a key is down goes on with the
		// same event, unmarked and longer.
		same := n.open && p.Code == n.code && !p.Marked && p.Duration >= n.duration
		return !same || now.Sub(n.heard) > lostEnd
	}
	ahead := int32(p.Timestamp - n.ts)
	switch {
	case ahead <= 0:
		return false // the same press, or a packet of an older one out of order
	case p.Code != n.code:
		return true
	case n.open && !p.Marked && n.duration >= longSegment && uint32(ahead) == uint32(n.duration):
		return false // the next segment of a long press
	case uint32(ahead) < uint32(n.duration):
		// No key is pressed again before it was released: a sender that stamps
		// each packet anew.
		return false
	case p.End && p.Duration == n.duration && !n.open && now.Sub(n.ended) <= repeatSpan && uint32(ahead) < uint32(n.duration)+leastGap:
		return false // a repeated end, stamped anew
	}
	return true
}

// prolong takes a packet that begins no press, and says whose it is.
func (n *Normaliser) prolong(now time.Time, p Packet) Place {
	if p.SSRC != n.ssrc {
		n.ssrc, n.ts, n.base = p.SSRC, p.Timestamp, p.Timestamp
	}
	if int32(p.Timestamp-n.ts) < 0 || p.Code != n.code {
		return n.place(p)
	}
	if !n.open {
		return Latest
	}
	n.heard = now
	if p.Timestamp != n.ts {
		if n.duration >= longSegment {
			n.base = p.Timestamp
			n.before += uint32(n.duration)
			n.duration = 0
		}
		n.ts = p.Timestamp
	}
	n.duration = max(n.duration, p.Duration)
	return Latest
}

// place finds the older press of a late packet.
func (n *Normaliser) place(p Packet) Place {
	for back := 1; back <= int(n.olds); back++ {
		o := &n.old[int(n.olds)-back]
		if o.ssrc == p.SSRC && o.code == p.Code && int32(p.Timestamp-o.ts) >= 0 {
			return Place(back)
		}
	}
	return Unknown
}

func (n *Normaliser) end(at time.Time) Change {
	n.open = false
	n.ended = at
	key, _ := KeyOf(n.code)
	length := (n.before + uint32(n.duration)) / unitsPerMilli
	return Change{At: at, Key: key, Ended: true, Length: Millis(min(length, 0xffff))}
}
