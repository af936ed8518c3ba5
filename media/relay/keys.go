package relay

import (
	"time"

	"sekisho/media/dtmf"
)

// keys is what an in-half knows of its peer's keys.
type keys struct {
	presses dtmf.Normaliser
	mode    KeyMode
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
		if !c.Ended {
			v.Key = c.Key
			k.presses.Mark(k.consumes(c.Key))
		}
	}
	v.Withheld = k.presses.Marked(h.Place)
	v.Ended = e.End
}

// consumes reports whether a key is kept from whoever hears the peer.
func (k *keys) consumes(key dtmf.Key) bool {
	return k.mode == ConsumeKeys || k.mode == ConsumeCodes && (key == '*' || key == '#')
}

// mutes reports whether a key is down that the other side must not hear: some
// senders say it in the audio beside the events.
func (k *keys) mutes() bool { return k.presses.Open() && k.presses.Marked(dtmf.Latest) }

func (k *keys) deadline() time.Time { return k.presses.Deadline() }

func (k *keys) expire(now time.Time) { k.presses.Expire(now) }
