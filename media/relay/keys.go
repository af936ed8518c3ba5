package relay

import (
	"time"

	"sekisho/media/dtmf"
)

// keys is what an in-half knows of its peer's keys.
type keys struct {
	presses dtmf.Normaliser
	stars   dtmf.Stars
	rule    dtmf.Rule
	mode    KeyMode
	// signalled says that keys are told to signalling and not said; telling is the one
	// that has begun.
	signalled bool
	telling   dtmf.Key
	latest    dtmf.Ordinal
	// last are the latest presses: silently carried, and by events. Of the two
	// ways of one press the second is swallowed.
	last [2]pressed
	// tone is the key in the audio that was not swallowed.
	tone dtmf.Key
}

// pressed is a press that has begun.
type pressed struct {
	at   time.Time
	key  dtmf.Key
	twin bool // it was told the other way as well
}

// twins is how far apart a press may be told in two ways.
const twins = 400 * time.Millisecond

// twin takes down a press, and reports whether it is one that has been told the
// other way.
func (k *keys) twin(now time.Time, key dtmf.Key, by dtmf.Spoken) bool {
	if o := &k.last[1-by]; o.key == key && !o.twin && now.Sub(o.at) < twins {
		o.twin = true
		return true
	}
	k.last[by] = pressed{at: now, key: key}
	return false
}

// silently takes a press, or its end, that no event packets carry; it returns the
// key that begins.
func (k *keys) silently(c dtmf.Change, out *dtmf.Orders) dtmf.Key {
	if c.Ended {
		if k.tone == c.Key {
			k.end(c, out)
		}
		k.tone = 0
		return 0
	}
	if k.twin(c.At, c.Key, dtmf.Silently) {
		return 0
	}
	k.tone = c.Key
	k.begin(c.At, dtmf.Order{Op: dtmf.Begin, Key: c.Key}, out)
	return c.Key
}

// configure takes a description over.
func (k *keys) configure(spec *Spec) {
	k.stars.Hasten(&k.rule)
	k.rule, k.signalled = spec.Stars, spec.Signalled
}

// tell takes an order that is for signalling and reports the press that it makes
// whole. Whatever ends has begun before, unless it was withheld.
func (k *keys) tell(o dtmf.Order) (key dtmf.Key, whole bool) {
	switch o.Op {
	case dtmf.Say:
		return o.Key, true
	case dtmf.Begin:
		k.telling = o.Key
	case dtmf.End:
		key, k.telling = k.telling, 0
	}
	return key, key != 0
}

// event takes a telephone-event packet. A press keeps the mode that it began
// with, so that nobody hears one end that has not heard it begin.
func (k *keys) event(now time.Time, p *Packet, v *Verdict) {
	e, ok := dtmf.ReadEvent(p.Payload())
	if _, key := dtmf.KeyOf(e.Code); !ok || !key {
		v.Withheld = k.mode == ConsumeKeys // flash and tones are no keys
		return
	}
	h := k.presses.Hear(now, dtmf.Packet{
		Event: e, SSRC: p.header.SSRC, Timestamp: p.header.Timestamp, Marked: p.header.Marker,
	})
	for _, c := range h.Changes() {
		k.change(c, v)
	}
	v.Press = k.presses.Marked(h.Place)
	v.Withheld = v.Press == dtmf.Withheld
	if h.Place == dtmf.Latest {
		v.Shift = k.presses.Timestamp() - p.header.Timestamp
	}
	v.Ended = e.End
}

func (k *keys) change(c dtmf.Change, v *Verdict) {
	if c.Ended {
		k.end(c, &v.Orders)
		return
	}
	if k.twin(c.At, c.Key, dtmf.ByEvents) {
		k.presses.Mark(dtmf.Withheld)
		return
	}
	v.Key = c.Key
	k.latest = k.latest.Next()
	begin := dtmf.Order{Op: dtmf.Begin, Key: c.Key, Spoken: dtmf.ByEvents, Press: k.latest}
	if k.begin(c.At, begin, &v.Orders) {
		k.presses.Mark(k.latest)
	} else {
		k.presses.Mark(dtmf.Withheld)
	}
}

// begin takes a press that begins, and reports whether its packets are for the
// other side.
func (k *keys) begin(now time.Time, o dtmf.Order, out *dtmf.Orders) bool {
	switch {
	case k.consumes(o.Key):
		return false
	case k.rule.Mode == dtmf.StarsPass:
		out.Add(o)
		return !k.signalled
	}
	return !k.stars.Begin(now, &k.rule, o, out) && !k.signalled
}

// consumes reports whether a key is kept from whoever hears the peer.
func (k *keys) consumes(key dtmf.Key) bool {
	return k.mode == ConsumeKeys || k.mode == ConsumeCodes && (key == '*' || key == '#')
}

func (k *keys) end(c dtmf.Change, out *dtmf.Orders) {
	if k.rule.Mode == dtmf.StarsPass {
		out.Add(dtmf.Order{Op: dtmf.End, Length: c.Length})
		return
	}
	k.stars.End(c.At, &k.rule, c.Key, c.Length, out)
}

// mutes reports whether a key is down that the other side must not hear: some
// senders say it in the audio beside the events.
func (k *keys) mutes() bool {
	return k.presses.Open() && k.presses.Marked(dtmf.Latest) == dtmf.Withheld
}

func (k *keys) deadline() time.Time { return earlier(k.presses.Deadline(), k.stars.Deadline()) }

func (k *keys) expire(now time.Time) (out dtmf.Orders) {
	if c, ok := k.presses.Expire(now); ok {
		k.end(c, &out)
	}
	k.stars.Expire(now, &k.rule, &out)
	return out
}

// earlier returns the earlier of two deadlines; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
