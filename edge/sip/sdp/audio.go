package sdp

import (
	"net/netip"
	"strings"

	"sekisho/media/relay"
)

// Audio is what a description says of one m=audio stream, from the view of
// who wrote it.
type Audio struct {
	// Index is the place of its m= line, from 0.
	Index int
	// Proto is as written: "RTP/AVP".
	Proto string
	// RTP is where the writer wants media: its effective c= and port. It is
	// invalid where c= is missing or names a host, and unspecified (0.0.0.0 or
	// ::) where the writer asks for no media at all (RFC 3264 §8.4).
	RTP netip.AddrPort
	// RTCP is a=rtcp (RFC 3605), else RTP's port plus one; invalid if neither
	// is an address that can be sent to.
	RTCP netip.AddrPort
	// Direction is the writer's; an unspecified address takes receiving away.
	Direction relay.Direction
	// Formats are in the writer's order of preference. Read-only.
	Formats []Codec
	// Ptime and MaxPtime are milliseconds a packet, 0 where not stated or not
	// between 1 and 200.
	Ptime, MaxPtime uint8
	// Crypto are the keys it may be keyed with, in the writer's order, as far as
	// we can do what they say; Keyed says that there was any a=crypto line.
	// Read-only.
	Crypto []Crypto
	Keyed  bool
	// DTLS is what it says of a DTLS association, as far as we can do it; Fingered
	// says that there was any a=fingerprint line.
	DTLS     DTLS
	Fingered bool
}

// Audio returns the stream a G.711 call would use: the first m=audio with a
// port, a protocol and a format that we speak; failing that, the first with a
// port. It reports false if there is none.
func (d *Description) Audio() (Audio, bool) { return d.audio, d.found }

// Hold reports whether the writer asks for no media: sendonly, inactive, or
// an unspecified address. A description without audio holds nothing.
func (d *Description) Hold() bool { return d.found && !d.audio.Direction.Receives() }

// Event returns the payload type of telephone-event at 8 kHz (RFC 4733), or
// NoPayload. The clock has to be that of the audio, so others do not count.
func (a Audio) Event() relay.PayloadType {
	for _, f := range a.Formats {
		if f.event() {
			return f.PT
		}
	}
	return relay.NoPayload
}

// Payload returns the first payload type that stands for c, or NoPayload.
func (a Audio) Payload(c relay.Codec) relay.PayloadType {
	for _, f := range a.Formats {
		if got, ok := f.relay(); ok && got == c {
			return f.PT
		}
	}
	return relay.NoPayload
}

func (a Audio) speaks(c Secure) bool {
	_, err := c.pick(a)
	return err == nil && (a.Payload(relay.PCMU) != relay.NoPayload || a.Payload(relay.PCMA) != relay.NoPayload)
}

func (d *Description) choose() (Audio, bool) {
	var first Audio
	found := false
	for i, m := range d.media {
		if m.Port == 0 || !strings.EqualFold(m.Kind, "audio") {
			continue
		}
		a := d.read(i)
		if a.speaks(d.secure) {
			return a, true
		}
		if !found {
			first, found = a, true
		}
	}
	return first, found
}

// read gathers the stream of m= line i: its own attributes, then those of the
// session, which stand in where the stream has none (RFC 8866 §5.7, §6.7).
func (d *Description) read(i int) Audio {
	m := d.media[i]
	var own attributes
	own.scan(d.lines[m.first+1 : m.end])
	own.inherit(d.lines[:d.media[0].first])
	a := Audio{
		Index:     i,
		Proto:     m.Proto,
		Direction: own.direction,
		Ptime:     own.ptime,
		MaxPtime:  own.maxPtime,
		Formats:   own.formats(m.Formats),
		Crypto:    own.crypto,
		Keyed:     own.keyed,
		DTLS:      own.dtls,
		Fingered:  own.fingered,
	}
	if !own.addr.IsValid() {
		return a
	}
	a.RTP = netip.AddrPortFrom(own.addr, m.Port)
	if own.addr.IsUnspecified() {
		a.Direction = Narrow(a.Direction, relay.SendOnly)
		return a
	}
	a.RTCP = own.control(a.RTP)
	return a
}
