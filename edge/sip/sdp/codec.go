package sdp

import (
	"strconv"
	"strings"

	"sekisho/media/relay"
)

// Codec is one format of a stream: an encoding name, its clock in Hz, its
// channels (1 unless stated) and the payload type that stands for it
// (RFC 8866 §6.6). Name is empty where a dynamic payload type has no rtpmap.
type Codec struct {
	Name     string
	Rate     uint32
	Channels uint8
	PT       relay.PayloadType
}

// The encoding names that we speak (RFC 3551 §6, RFC 4733 §2.4).
const (
	namePCMU  = "PCMU"
	namePCMA  = "PCMA"
	nameEvent = "telephone-event"
	clock     = 8000 // Hz, of all three
)

// Static returns the format of c under the payload type that RFC 3551 §6 gives
// it.
func Static(c relay.Codec) Codec {
	switch c {
	case relay.PCMU:
		return Codec{namePCMU, clock, 1, 0}
	case relay.PCMA:
		return Codec{namePCMA, clock, 1, 8}
	}
	return Codec{PT: relay.NoPayload}
}

// relay returns which of our codecs f is.
func (f Codec) relay() (relay.Codec, bool) {
	switch {
	case f.Rate != clock || f.Channels != 1:
		return 0, false
	case strings.EqualFold(f.Name, namePCMU):
		return relay.PCMU, true
	case strings.EqualFold(f.Name, namePCMA):
		return relay.PCMA, true
	}
	return 0, false
}

func (f Codec) event() bool { return f.Rate == clock && strings.EqualFold(f.Name, nameEvent) }

// parseCodec reads the rtpmap "PCMU/8000/1" of pt. An empty rtpmap leaves a
// static payload type its meaning; a rate that is left out is 8000.
func parseCodec(pt relay.PayloadType, rtpmap string) Codec {
	if rtpmap == "" {
		switch pt {
		case 0:
			return Static(relay.PCMU)
		case 8:
			return Static(relay.PCMA)
		}
		return Codec{PT: pt}
	}
	name, rest, _ := strings.Cut(rtpmap, "/")
	rate, channels, _ := strings.Cut(rest, "/")
	return Codec{
		Name:     strings.TrimSpace(name),
		Rate:     uint32(number(rate, 32, clock)),
		Channels: uint8(number(channels, 8, 1)),
		PT:       pt,
	}
}

// number reads v; empty is absent, what is no number is 0.
func number(v string, bits int, absent uint64) uint64 {
	v = strings.TrimSpace(v)
	if v == "" {
		return absent
	}
	n, err := strconv.ParseUint(v, 10, bits)
	if err != nil {
		return 0
	}
	return n
}
