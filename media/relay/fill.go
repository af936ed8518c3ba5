package relay

import "time"

const (
	// fillBehind is how long after a key's packet its place is still filled: as
	// long as its end may be lost, so that what fills it meets the audio behind it.
	fillBehind = 120 * time.Millisecond
	// fillAfter is the same behind its end.
	fillAfter = 60 * time.Millisecond
	// flowing is how recent audio must be for its pause to be filled.
	flowing = 100 * time.Millisecond
	// horizon is how far ahead of its feeder a stream of ours can be.
	horizon = clock
)

// The octets of G.711 that say nothing.
const (
	silenceMu = 0xff
	silenceA  = 0xd5
)

// fill puts silence in the place of packets that are withheld, so that the
// receiver sees a stream without a hole. Each packet of it is late by half its
// length, so that audio which goes on meanwhile comes first.
type fill struct {
	due   time.Time // of the next packet; zero is none
	until time.Time
	// ts is where what we have said ends, on our clock; set says that it counts.
	ts  uint32
	set bool
}

// covers reports whether a packet of the feeder says a time that we have said
// already.
func (f *fill) covers(ts uint32) bool {
	if !f.set {
		return false
	}
	ahead := int32(f.ts - ts)
	f.set = ahead > 0 && ahead <= horizon
	return f.set
}

// cover fills the place of a withheld packet.
func (o *OutHalf) cover(now time.Time, v Verdict) {
	f := &o.fill
	if !o.begun || o.span == 0 {
		return
	}
	if f.due.IsZero() {
		if now.Sub(o.at) > flowing {
			return // there was no audio to go on
		}
		f.due = o.at.Add(o.spoken() * 3 / 2)
	}
	f.until = now.Add(fillBehind)
	if v.Ended {
		f.until = now.Add(fillAfter)
	}
}

// spoken is the length of an audio packet.
func (o *OutHalf) spoken() time.Duration { return time.Duration(o.span) * time.Second / clock }

// Deadline returns when Due has something to send, or the zero time.
func (o *OutHalf) Deadline() time.Time { return o.fill.due }

// Due makes p the packet that the stream owes at this time, in the capacity of
// its Data; ok is false where there is none. It is to be called again until then.
func (o *OutHalf) Due(now time.Time, p *Packet) (ok bool) {
	f := &o.fill
	if f.due.IsZero() || now.Before(f.due) {
		return false
	}
	if f.due.After(f.until) || !o.direction.Sends() || !o.to.IsValid() || o.splice != joined || cap(p.Data) < headerLength+int(o.span) {
		f.due = time.Time{}
		return false
	}
	f.due = f.due.Add(o.spoken())
	p.Data = p.Data[:headerLength+int(o.span)]
	hush(p.Data[headerLength:], o.codec)
	o.insert(now, p, o.audio, o.ts+o.span)
	f.ts, f.set = o.ts+o.span, true
	return true
}

// insert makes p, whose payload is in place, the next packet of the stream.
func (o *OutHalf) insert(now time.Time, p *Packet, pt PayloadType, ts uint32) {
	p.compose(o.seq+1, ts, o.ssrc)
	p.stamp(0, pt, o.seq+1, ts, o.ssrc)
	o.seq++
	o.seqs.insert()
	o.ts, o.at = ts, now
	o.count(p, uint32(p.end-p.body))
}

func hush(b []byte, c Codec) {
	silence := byte(silenceMu)
	if c == PCMA {
		silence = silenceA
	}
	for i := range b {
		b[i] = silence
	}
}
