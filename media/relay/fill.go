package relay

import "time"

const (
	// fillBehind is how long after a key's packet its place is still filled: as
	// long as its end may be lost, so that what fills it meets the audio behind it.
	fillBehind = 120 * time.Millisecond
	// fillAfter is the same behind its end.
	fillAfter = 60 * time.Millisecond
	// flowing is how recent audio must be for its pause to be filled.
	flowing = 80 * time.Millisecond
	// pause is the least between two keys, in timestamp units.
	pause = 60 * clock / 1000
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
}

// said is what we have said of our own in the stream.
type said struct {
	// end is where it ends, on our clock; known says that packets of the feeder's
	// may yet come of before.
	end   uint32
	known bool
	// event is the timestamp of the key that is said, and before how much of it
	// was said in events before that one, in timestamp units.
	event, before uint32
}

// covered reports whether a packet of the feeder says a time that we have said
// already. A packet that comes far behind it proves nothing: one that the network
// has kept or said twice may, and the feeder is not past it for that.
func (o *OutHalf) covered(ts uint32) bool {
	if !o.said.known {
		return false
	}
	ahead := int32(o.said.end - ts)
	o.said.known = ahead > -horizon
	return ahead > 0 && ahead <= horizon
}

// stood reports whether the clock of the feeder has stood while we said something:
// its newest packet says a time so long before, that no delay explains it; or so
// far off, that before and behind are the same.
func (o *OutHalf) stood(seq uint16, ts uint32) bool {
	past := o.said.end - ts
	return o.said.known && int16(seq-o.seqs.newest) > 0 && past > horizon && past < 1<<31+horizon
}

// apart reports whether a key of the feeder's that begins at ts is a pause behind
// what we have said.
func (o *OutHalf) apart(ts uint32) bool {
	near := int32(o.said.end + pause - ts)
	return !o.said.known || near <= 0 || near > horizon
}

// cover fills the place of a withheld packet.
func (o *OutHalf) cover(now time.Time, v Verdict) {
	f := &o.fill
	if !o.begun || o.span == 0 {
		return
	}
	if f.due.IsZero() {
		if now.Sub(o.nextAt) > flowing {
			return // there was no audio to go on
		}
		f.due = o.nextAt.Add(lasting(o.span) / 2)
	}
	f.until = now.Add(fillBehind)
	if v.Ended {
		f.until = now.Add(fillAfter)
	}
}

// lasting is the time that audio of so many timestamp units takes.
func lasting(units uint32) time.Duration { return time.Duration(units) * time.Second / clock }

// Deadline returns when Due has something to send, or the zero time.
func (o *OutHalf) Deadline() time.Time {
	at := o.keys.Deadline()
	if o.keys.Saying() {
		return at
	}
	return earlier(o.fill.due, at)
}

// Due makes p the packet that the stream owes at this time, in the capacity of
// its Data: of a key that is said, or of silence. ok is false where it owes none.
// It is to be called until then.
func (o *OutHalf) Due(now time.Time, p *Packet) (ok bool) {
	if !o.direction.Sends() || !o.to.IsValid() {
		o.fill.due = time.Time{}
		o.keys.Drop()
		return false
	}
	if !o.understands() {
		o.keys.Drop()
	}
	if o.say(now, p) {
		o.fill.due = time.Time{}
		return true
	}
	return o.fills(now, p)
}

func (o *OutHalf) fills(now time.Time, p *Packet) (ok bool) {
	f := &o.fill
	if f.due.IsZero() || now.Before(f.due) {
		return false
	}
	if f.due.After(f.until) || o.keys.Saying() || o.splice != joined || cap(p.Data) < headerLength+int(o.span) {
		f.due = time.Time{}
		return false
	}
	f.due = f.due.Add(lasting(o.span))
	o.silence(p, int(o.span))
	o.insert(now, p, insertion{pt: o.audio, ts: o.next, end: o.next + o.span})
	return true
}

// silence makes p a packet of silence whose header is to be written.
func (o *OutHalf) silence(p *Packet, length int) {
	p.Data = p.Data[:headerLength+length]
	hush(p.Data[headerLength:], o.codec)
}

// insertion is where a packet of ours stands in the stream.
type insertion struct {
	ts, end uint32 // end is where the next may begin
	pt      PayloadType
	mark    byte
}

// length is how much the packet adds to a stream that has come to next.
func (i insertion) length(next uint32) uint32 {
	if int32(next-i.ts) > 0 {
		return i.end - next
	}
	return i.end - i.ts
}

// insert makes p, whose payload is in place, the next packet of the stream.
func (o *OutHalf) insert(now time.Time, p *Packet, i insertion) {
	if o.splice == joined {
		o.seq = o.seqs.insert()
	} else {
		o.seq++
	}
	p.compose(o.seq, i.ts, o.ssrc)
	p.stamp(i.mark, i.pt, o.seq, i.ts, o.ssrc)
	if added := i.length(o.next); added > 0 { // not the end of an event again
		o.nextAt = now.Add(lasting(added))
	}
	o.begun, o.mark, o.next = true, true, i.end
	o.said.end, o.said.known = i.end, true
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
