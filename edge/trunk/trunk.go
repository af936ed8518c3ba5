// Package trunk is a peer of the border as a value: who it is, where it is
// sent to, what identifies it, and which rules it follows.
package trunk

import (
	"net/netip"
	"slices"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
	"sekisho/media/srtp"
	"sekisho/policy"
	"sekisho/policy/profile"
)

// Trunk is one carrier, both directions.
type Trunk struct {
	ID      policy.TrunkID
	Name    string
	Role    policy.Role
	Profile *profile.Profile
	// To is where calls are sent, in failover order.
	To []flow.Flow
	// MediaPrefixes bound where its RTP may come from and go to.
	MediaPrefixes []netip.Prefix
	// Calls and CPS are its limits; 0 is none.
	Calls, CPS int
}

// Caps returns what the profile lets us say in SDP.
func (t *Trunk) Caps() sdp.Caps { return Caps(&t.Profile.Media) }

// Offers returns what the profile lets us offer: some networks refuse an offer
// with telephone-event that they accept in an answer.
func (t *Trunk) Offers() sdp.Caps {
	c := t.Caps()
	if !t.Profile.Media.OfferEvent {
		c.Event = relay.NoPayload
	}
	return c
}

// Caps returns what a profile's media section lets us say in SDP.
func Caps(m *profile.Media) sdp.Caps {
	c := sdp.Caps{Event: relay.NoPayload, Ptime: uint8(m.Ptime)}
	for _, name := range m.Codecs {
		switch name {
		case profile.PCMU:
			c.Codecs = append(c.Codecs, relay.PCMU)
		case profile.PCMA:
			c.Codecs = append(c.Codecs, relay.PCMA)
		}
	}
	if m.TelephoneEvent != 0 {
		c.Event = relay.PayloadType(m.TelephoneEvent)
	}
	return c
}

// Secure returns how its media is keyed.
func (t *Trunk) Secure() sdp.Secure { return Secure(t.Profile.Media.SRTP, t.Profile.Media.SRTPSuites) }

// Secure turns a configuration's words into a leg's terms.
func Secure(mode profile.SRTP, suites []profile.SRTPSuite) sdp.Secure {
	var s sdp.Secure
	switch mode {
	case profile.SRTPOff, "":
		return s
	case profile.SRTPOptional:
		s.Mode = sdp.SecurityOptional
	case profile.SRTPRequire:
		s.Mode = sdp.SecurityRequired
	}
	for _, name := range suites {
		if suite, ok := srtp.ParseSuite(string(name)); ok {
			s.Suites = append(s.Suites, suite)
		}
	}
	return s
}

// Source is one description of where a neighbour's signalling comes from.
type Source struct {
	Listener flow.Listener
	Proto    flow.Proto
	Prefix   netip.Prefix
	Port     uint16 // 0 is any
}

// Neighbours tells who is behind a flow: by listener and transport, then the
// longest matching prefix, then a port before any port. It is immutable.
type Neighbours[N any] struct{ list []neighbour[N] }

type neighbour[N any] struct {
	source Source
	who    N
}

// Add names a neighbour's sources. All are added before the first question.
func (n *Neighbours[N]) Add(who N, sources ...Source) {
	for _, s := range sources {
		n.list = append(n.list, neighbour[N]{s, who})
	}
	slices.SortStableFunc(n.list, func(a, b neighbour[N]) int {
		if d := b.source.Prefix.Bits() - a.source.Prefix.Bits(); d != 0 {
			return d
		}
		return int(b.source.Port) - int(a.source.Port)
	})
}

// Identify returns who is behind f, and false for nobody known.
func (n *Neighbours[N]) Identify(f flow.Flow) (who N, ok bool) {
	addr := f.Remote.Addr()
	for i := range n.list {
		s := &n.list[i].source
		if s.Listener == f.Listener && s.Proto == f.Proto && s.Prefix.Contains(addr) &&
			(s.Port == 0 || s.Port == f.Remote.Port()) {
			return n.list[i].who, true
		}
	}
	return who, false
}
