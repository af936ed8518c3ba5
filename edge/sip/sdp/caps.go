package sdp

import (
	"slices"

	"sekisho/media/relay"
)

// defaultPtime is the packet time of RFC 3551 §4.2 in milliseconds.
const defaultPtime = 20

// Caps is what a profile lets us say on one leg.
type Caps struct {
	// Codecs are in order of preference. Shared and read-only.
	Codecs []relay.Codec
	// Event is the payload type we offer for telephone-event, 96 to 127; any
	// other value, NoPayload above all, means that we do not speak it.
	Event relay.PayloadType
	// Ptime is the packet length we ask for in milliseconds; 0 means 20.
	Ptime uint8
	// Fax, where on, is what is said instead of audio.
	Fax Fax
}

// Restrict returns what can be offered on this leg so that whatever the peer
// answers can be carried to the writer of the far offer without transcoding:
// common codecs in c's order, telephone-event only if the far side has it, the
// far side's ptime where stated. A nil offer (INVITE without SDP) restricts
// nothing. The result may have no codec: then Offer fails with
// ErrNoCommonCodec.
func (c Caps) Restrict(offer *Description) Caps {
	if offer == nil {
		return c
	}
	a, ok := offer.Audio()
	if !ok {
		return Caps{Event: relay.NoPayload}
	}
	if _, err := offer.secure.pick(a); err != nil {
		return Caps{Event: relay.NoPayload}
	}
	absent := func(k relay.Codec) bool { return a.Payload(k) == relay.NoPayload }
	if slices.ContainsFunc(c.Codecs, absent) {
		c.Codecs = slices.DeleteFunc(slices.Clone(c.Codecs), absent)
	}
	if a.Event() == relay.NoPayload {
		c.Event = relay.NoPayload
	}
	if p := packetTime(a.Ptime, a.MaxPtime); p != 0 {
		c.Ptime = p
	}
	return c
}

// Follow returns what is left for this leg when the call's other leg has
// settled on n: its one codec, its ptime, and telephone-event only where it
// was agreed there.
func (c Caps) Follow(n Negotiated) Caps {
	i := slices.Index(c.Codecs, n.Codec)
	if i < 0 {
		return Caps{Event: relay.NoPayload}
	}
	c.Codecs = c.Codecs[i : i+1 : i+1]
	if n.EventOut == relay.NoPayload {
		c.Event = relay.NoPayload
	}
	c.Ptime = n.Ptime
	return c
}

func (c Caps) events() bool { return c.Event >= 96 && c.Event <= 127 }

func (c Caps) ptime() uint8 { return first(c.Ptime, defaultPtime) }

// packetTime is what a side that wrote ptime and maxptime wants to receive; 0
// where it said neither.
func packetTime(ptime, maxPtime uint8) uint8 {
	if maxPtime != 0 && (ptime == 0 || ptime > maxPtime) {
		return min(maxPtime, first(ptime, defaultPtime))
	}
	return ptime
}
