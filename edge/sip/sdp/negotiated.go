package sdp

import (
	"net/netip"

	"sekisho/media/relay"
	"sekisho/media/srtp"
)

// Negotiated is what one offer/answer exchange has settled, from our view. It
// is comparable: an exchange that changed nothing yields an equal value.
type Negotiated struct {
	// Remote and RemoteRTCP are where the peer wants media. Remote is invalid
	// while the peer holds with an unspecified address; RemoteRTCP also where
	// the peer described none that can be used.
	Remote, RemoteRTCP netip.AddrPort
	Codec              relay.Codec
	// AudioIn and EventIn are the payload types we asked the peer to send,
	// AudioOut and EventOut those it asked for (RFC 3264 §5.1, §6.1). The
	// events are NoPayload unless both sides speak telephone-event.
	AudioIn, AudioOut relay.PayloadType
	EventIn, EventOut relay.PayloadType
	// Ptime is the packet length in milliseconds of what we generate.
	Ptime uint8
	// Direction is ours.
	Direction relay.Direction
	// Hold says that the peer asked for no media although we would send.
	Hold bool
	// Keys make the media SRTP; zero is plain RTP.
	Keys srtp.Keys
	// Handshake makes it SRTP as well, under keys that are agreed beside SDP. Mux
	// then says whether RTCP goes by the same port.
	Handshake srtp.Handshake
	Mux       bool
	// Fax is what the peer says of the T.38 session that has taken the audio's
	// place; Codec and Ptime are then those that it may come back to.
	Fax Fax
}

// Spec returns what the media plane needs to know, given how far this trunk's
// RTP may stray (prefixes, learning) and the TOS byte of what we send.
func (n Negotiated) Spec(prefixes []netip.Prefix, learning relay.Learning, tos uint8) relay.Spec {
	if n.Handshake.On() {
		// Its association is the port's alone.
		n.RemoteRTCP = netip.AddrPort{}
		if n.Mux {
			n.RemoteRTCP = n.Remote
		}
	}
	return relay.Spec{
		Remote:     n.Remote,
		RemoteRTCP: n.RemoteRTCP,
		Prefixes:   prefixes,
		Learning:   learning,
		Direction:  n.Direction,
		AudioIn:    n.AudioIn,
		AudioOut:   n.AudioOut,
		EventIn:    n.EventIn,
		EventOut:   n.EventOut,
		Codec:      n.Codec,
		Ptime:      n.Ptime,
		Datagrams:  n.Fax.On,
		TOS:        tos,
		Keys:       n.Keys,
		Handshake:  n.Handshake,
		Mux:        n.Mux,
	}
}
