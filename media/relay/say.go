package relay

import (
	"time"

	"sekisho/media/dtmf"
)

// Order takes what an in-half wants said where no packet goes with it: of its
// Expire, or of a verdict that drops its packet.
func (o *OutHalf) Order(now time.Time, orders *dtmf.Orders) { o.order(now, orders, true) }

// order takes orders. fits says that the packets of a press that begins would
// follow what was sent.
func (o *OutHalf) order(now time.Time, orders *dtmf.Orders, fits bool) {
	if !o.understands() {
		return
	}
	for _, one := range orders.List() {
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
	if !ok {
		return false
	}
	if f.First {
		o.said.event, o.said.before = o.elapsed(now, units), 0
	}
	o.sayEvent(now, p, f)
	return true
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
