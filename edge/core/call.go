package core

import (
	"net/netip"
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// phase is how far a call has come; doc.go draws the transitions.
type phase uint8

const (
	calling phase = iota
	warning       // a phone hears why its emergency call is refused
	talking
	over
)

// call is two parties, as plain data.
type call struct {
	phase phase
	a, b  party
	// rivals are B's other phones while they ring; they share B's endpoint,
	// which is the winner's.
	rivals []rival
	// failure is the most telling one of B's phones so far, or with warning
	// the refusal to come.
	failure cause.Cause
	// fed is who hears whom.
	fed feeding

	tenant int
	// name and the rest is for the record.
	name, sessionID                 string
	caller, called, shown           string
	start, ringing, answered, ended time.Time
	// offered says that A's INVITE brought an offer.
	offered bool
}

// party is one leg with its endpoint.
type party struct {
	leg    leg.ID // 0 is none
	kind   kind
	flow   flow.Flow
	callID string
	// media bounds the party's RTP. Shared and read-only.
	media []netip.Prefix
	// elsewhere says that the party may write an address of a network that is
	// not ours: its RTP goes where its signalling does (a phone behind a NAT).
	elsewhere bool

	// pair is our endpoint, if any; leased while it is ours, reported once its
	// statistics have come.
	pair             relay.Pair
	leased, reported bool
	stats            relay.Stats
	// session is what is in force with this party, once agreed.
	session sdp.Negotiated
	agreed  bool

	ended bool
	cause cause.Cause
}

// live reports whether the leg stands.
func (p *party) live() bool { return p.leg != 0 && !p.ended }

// holds reports whether the party wants to hear nothing.
func (p *party) holds() bool { return p.session.Hold || !p.session.Remote.IsValid() }

// awaits reports an endpoint whose statistics are still to come.
func (p *party) awaits() bool { return p.pair.Slot != relay.Slot{} && !p.reported }

// id names the call.
func (k *call) id() leg.ID { return k.a.leg }

// sides returns the party that has a leg, and the other one.
func (k *call) sides(l leg.ID) (p, o *party) {
	if l == k.a.leg {
		return &k.a, &k.b
	}
	return &k.b, &k.a
}

// remember makes the call of a new leg A.
func (c *Core) remember(k *call) {
	c.calls[k.id()] = k
	c.legs[k.id()] = k.id()
	c.tenants[k.tenant].live[k.id()] = k
}

// conclude forgets the call when both legs have ended and their endpoints have
// reported.
func (c *Core) conclude(k *call, out []ua.Action) []ua.Action {
	if k.a.live() || k.b.live() || k.a.awaits() || k.b.awaits() {
		return out
	}
	return c.forget(k, out)
}

// lingering bounds the wait of conclude.
const lingering = 2 * time.Second

func (c *Core) forget(k *call, out []ua.Action) []ua.Action {
	c.timers.Remove(k.id())
	for _, p := range [...]*party{&k.a, &k.b} {
		delete(c.legs, p.leg)
		delete(c.slots, p.pair.Slot)
		if p.leg != 0 && p.kind == phone {
			c.unhost(p.flow)
		}
	}
	delete(c.calls, k.id())
	delete(c.tenants[k.tenant].live, k.id())
	if k.crossesSeam() {
		return out // the border records it
	}
	return append(out, ua.Record{Record: c.record(k)})
}

// crossesSeam reports whether the border sees the call too.
func (k *call) crossesSeam() bool {
	return k.a.kind != phone || (k.b.leg != 0 && k.b.kind != phone)
}
