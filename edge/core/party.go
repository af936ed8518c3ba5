package core

import (
	"net/netip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/media/relay"
	"sekisho/policy/number"
)

// role is what a party is in its call.
type role uint8

const (
	leaving role = iota // has ended or been hung up; it may still have to report
	first               // whoever the call began with, and who takes that place
	second              // whom it talks with
	third               // whom one of the two consults
	ringing             // one of those that are dialled for a place
)

// party is one leg with its endpoint, as plain data.
type party struct {
	Leg  leg.ID
	Role role
	// Dialled says that we called it; otherwise it came in.
	Dialled bool
	// Counted says that it takes one of its tenant's channels: a mobile that has a
	// part in its call.
	Counted bool
	// Up says that its INVITE has been answered.
	Up bool

	Kind      kind
	Extension number.ExtensionNumber // of a mobile or phone
	Plain     bool                   // a mobile without in-call features
	// Number is an outsider's, empty where it is not known; Private says that it
	// is not for others' eyes, Display why.
	Number, Display string
	Private         bool

	Flow   flow.Flow
	CallID string
	// Media bounds the party's RTP. Shared and read-only.
	Media []netip.Prefix
	// Elsewhere says that the party may write an address of a network that is
	// not ours: its RTP goes where its signalling does (a phone behind a NAT).
	Elsewhere bool

	// Confirms says that it gets the call only once it has pressed a key. Until then
	// it is ringing although Up, on an endpoint of its own.
	Confirms bool

	Endpoint endpoint
	// Intro is what the party hears once before all else; nobody hears it
	// meanwhile.
	Intro ear
	// Unacked says that the party has been answered and may not know it: Intro waits
	// for its ACK, for what overtakes the answer is heard by nobody.
	Unacked bool
	// Session is what is in force with this party, once agreed.
	Session sdp.Negotiated
	Agreed  bool

	Ended bool
	Cause cause.Cause
	// Own is set where the party called, and joined a call of others.
	Own *origins
}

// endpoint is a party's place in the media plane, and what it is told there.
type endpoint struct {
	// Pair is ours while Leased, and Reported once its statistics have come.
	Pair             relay.Pair
	Leased, Reported bool
	Stats            relay.Stats
	// Suite is what DTLS has agreed on; empty where it has not.
	Suite string
	// Ear is what its party hears, Token names what is played.
	Ear   ear
	Token uint64
	// Keys is what becomes of the keys its party presses.
	Keys relay.KeyMode
}

// none reports that there is no endpoint.
func (e *endpoint) none() bool { return e.Pair.Slot == relay.Slot{} }

// awaits reports an endpoint whose statistics are still to come.
func (e *endpoint) awaits() bool { return !e.none() && !e.Reported }

// there reports a party that has a part in its call.
func (p *party) there() bool { return p.Role != leaving && !p.Ended }

// holds reports whether the party wants to hear nothing.
func (p *party) holds() bool { return p.Session.Hold || !p.Session.Remote.IsValid() }

// shows is who the party is, for those inside.
func (p *party) shows() string {
	if p.Kind == external {
		return p.Number
	}
	return string(p.Extension)
}
