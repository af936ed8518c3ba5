package relay

import (
	"time"

	"sekisho/media/dtmf"
	"sekisho/media/g711"
)

// inband hears keys in the audio of a peer that has agreed on no telephone-event.
// It keeps each packet until the next one has come, so that who hears the peer
// gets silence from a tone's beginning on: it takes 20 ms to suspect one.
type inband struct {
	ear     dtmf.Ear
	held    [maxHeld]byte
	n       int  // octets of held
	suspect bool // held may be of a key
	jumped  bool // held is the first of a sender that began again
}

const maxHeld = headerLength + 60*8 // 60 ms of G.711

// listen hears the packet p, and puts the one before it in its place. The packet
// of another SSRC, or of a sender that began again, follows none.
func (b *inband) listen(now time.Time, p *Packet, v *Verdict, k *keys) {
	if len(p.Data) > maxHeld || cap(p.Data) < b.n {
		return // none of ours would be as long
	}
	var samples [maxHeld]int16
	pcm := samples[:len(p.Payload())]
	if v.Codec == PCMA {
		g711.DecodeA(pcm, p.Payload())
	} else {
		g711.DecodeMu(pcm, p.Payload())
	}
	h, suspect := b.ear.Listen(pcm)
	for _, c := range h.Changes() {
		c.At = now
		if key := k.silently(c, &v.Orders); key != 0 {
			v.Key = key
		}
	}
	var next [maxHeld]byte
	n := copy(next[:], p.Data)
	first := b.n == 0 || v.Restarted || [4]byte(b.held[8:12]) != [4]byte(next[8:12])
	if first {
		v.Action, v.Reason = Drop, Delayed
	} else {
		p.Data = append(p.Data[:0], b.held[:b.n]...)
		p.read()
		v.Muted, v.Restarted = b.suspect || suspect, b.jumped
	}
	b.held, b.n, b.suspect, b.jumped = next, n, suspect, first
}
