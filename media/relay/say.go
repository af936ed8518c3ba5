package relay

import (
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/g711"
)

// Order takes what an in-half wants said where no packet goes with it: of its
// Expire, or of a verdict that drops its packet.
func (o *OutHalf) Order(now time.Time, orders *dtmf.Orders) { o.order(now, orders, true) }

// leastTone is how long a key is heard at least that is said as a tone: 60 ms, and
// as long a pause, make the cycle of 120 ms that a receiver may need (SPEC §6.2).
const leastTone dtmf.Millis = 60

// order takes orders. fits says that the packets of a press that begins would
// follow what was sent.
func (o *OutHalf) order(now time.Time, orders *dtmf.Orders, fits bool) {
	if !o.understands() {
		return
	}
	for _, one := range orders.List() {
		if o.event == NoPayload && one.Op != dtmf.Begin {
			one.Length = max(one.Length, leastTone)
		}
		o.keys.Order(now, one, fits && o.event != NoPayload)
	}
}

// understands reports whether keys can be said to the peer.
func (o *OutHalf) understands() bool { return o.event != NoPayload || o.tones }

// say makes p the packet that is due of a key.
func (o *OutHalf) say(now time.Time, p *Packet) (ok bool) {
	step := o.step()
	units := uint32(step * clock / time.Second)
	if cap(p.Data) < headerLength+int(units) {
		return false
	}
	f, ok := o.keys.Next(now, step)
	for ok && f.Again && o.event == NoPayload { // a tone ends once
		f, ok = o.keys.Next(now, step)
	}
	if !ok {
		return false
	}
	if f.First {
		o.said.event, o.said.before = o.elapsed(now, units), 0
	}
	if o.event == NoPayload {
		o.sayTone(now, p, f, units)
	} else {
		o.sayEvent(now, p, f)
	}
	return true
}

// sayTone says a key in the audio, for a peer without telephone-event. The rest
// of the last packet is silence.
func (o *OutHalf) sayTone(now time.Time, p *Packet, f dtmf.Frame, units uint32) {
	s := &o.said
	var samples [60 * 8]int16
	n := min(uint32(f.Elapsed*clock/time.Second)-s.before, units)
	dtmf.Tone(f.Key, int(s.before), samples[:n])
	p.Data = p.Data[:headerLength+int(units)]
	if o.codec == PCMA {
		g711.EncodeA(p.Data[headerLength:], samples[:units])
	} else {
		g711.EncodeMu(p.Data[headerLength:], samples[:units])
	}
	at := s.event + s.before
	o.insert(now, p, insertion{ts: at, end: at + units, pt: o.audio})
	s.before += n
}

// step is the length of one packet.
func (o *OutHalf) step() time.Duration {
	const usual, longest = 20, 60
	if o.ptime == 0 || o.ptime > longest {
		return usual * time.Millisecond
	}
	return time.Duration(o.ptime) * time.Millisecond
}

// elapsed is the timestamp of what begins at now, in whole packets behind what
// was sent.
func (o *OutHalf) elapsed(now time.Time, units uint32) uint32 {
	if !o.begun {
		return o.next
	}
	passed := uint32(max(now.Sub(o.nextAt), 0) * clock / time.Second)
	return o.next + passed/units*units
}

// longest is the longest event, in timestamp units; a longer one is said in
// several (RFC 4733 §2.5.1.3).
const longest = 0xffff

func (o *OutHalf) sayEvent(now time.Time, p *Packet, f dtmf.Frame) {
	s := &o.said
	lasted := uint32(f.Elapsed*clock/time.Second) - s.before
	event := dtmf.Event{End: f.End, Volume: volume}
	event.Code, _ = f.Key.Code()
	event.Duration = uint16(min(lasted, longest))
	var mark byte
	if f.First {
		mark = marker
	}
	p.Data = p.Data[:headerLength+dtmf.EventLength]
	event.Write(p.Data[headerLength:])
	o.insert(now, p, insertion{ts: s.event, end: s.event + uint32(event.Duration), pt: o.event, mark: mark})
	if lasted >= longest && !f.End {
		s.event += longest
		s.before += longest
	}
}

// volume is the power of the keys that we say, in -dBm0.
const volume = 10
