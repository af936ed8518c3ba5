package sdp

import (
	"net/netip"

	"sekisho/media/relay"
)

// Half is one side's audio, reduced to what an answer is computed from.
type Half struct {
	RTP, RTCP      netip.AddrPort
	Direction      relay.Direction
	Ptime          uint8
	PCMU, PCMA     relay.PayloadType // NoPayload where not described
	TelephoneEvent relay.PayloadType
	// Fax is on where it is no audio at all.
	Fax Fax
}

func described(a Audio) Half {
	h := half(a.Formats)
	h.RTP, h.RTCP, h.Direction = a.RTP, a.RTCP, a.Direction
	h.Ptime = packetTime(a.Ptime, a.MaxPtime)
	return h
}

func half(formats []Codec) Half {
	a := Audio{Formats: formats}
	return Half{PCMU: a.Payload(relay.PCMU), PCMA: a.Payload(relay.PCMA), TelephoneEvent: a.Event()}
}

// common returns the first codec of caps that h describes.
func (h Half) common(caps Caps) (relay.Codec, bool) {
	for _, c := range caps.Codecs {
		if h.payload(c) != relay.NoPayload {
			return c, true
		}
	}
	return 0, false
}

func (h Half) payload(c relay.Codec) relay.PayloadType {
	switch c {
	case relay.PCMU:
		return h.PCMU
	case relay.PCMA:
		return h.PCMA
	}
	return relay.NoPayload
}
