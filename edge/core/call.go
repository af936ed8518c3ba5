package core

import (
	"slices"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/policy/number"
)

// call is a set of parties, as plain data.
type call struct {
	// ID is the leg that it began with, and stays.
	ID     leg.ID
	Tenant string
	Stage  stage
	Alarms []alarm
	// Parties are in the order they came; at most one has the role of first,
	// second or third.
	Parties []*party
	// Fork is the dialling of those that ring.
	Fork fork
	// Owner is the party whose feature the stage is: the first to press a key.
	Owner leg.ID
	// Entry is what the owner has keyed in, with collecting.
	Entry entry
	// Referred says that the owner is a phone that transfers by REFER.
	Referred bool
	// Since is when a transfer was dialled.
	Since time.Time
	// Said is what the owner hears, with announcing; Refusal the final response
	// that follows, with warning.
	Said    ear
	Refusal cause.Cause

	// Caps is what the first party can speak. Seam is where its calls over the
	// seam go, Hops their Max-Forwards, CallID the Call-ID they share a bucket
	// with.
	Caps sdp.Caps
	Seam flow.Flow
	Hops int
	// Passes is how often it has passed the border, as the border told.
	Passes header.Passes
	CallID string
	// Slot is where the call is parked, 0 is nowhere. Parker is who has parked it,
	// or passed it on.
	Slot   int
	Parker number.ExtensionNumber
	// Choice is what the caller is asked to choose, Hunt the search for somebody of
	// a group.
	Choice choice
	Hunt   hunt
	// Held is the hold that the stage is, Queued the wait in a call centre.
	Held, Queued spell
	// Via is through what the call came to its second party.
	Via via
	// Offered says that the INVITE of the first party brought an offer, Early that
	// it can have media before the answer: it has offered, or acknowledges an
	// offer in a 18x.
	Offered, Early bool

	// Name and the rest is for the record.
	Name, SessionID                 string
	Caller, Called, Shown           string
	Start, Ringing, Answered, Ended time.Time
	// Crosses says that a party is behind the seam: the border records the call.
	Crosses bool
	// A is the leg that the call began with, B the last other one to end.
	A cdr.Leg
	B *cdr.Leg
}

// via is what a number of the tenant's leads to before somebody answers.
type via uint8

const (
	direct   via = iota
	byGroup      // a ring group
	byCentre     // a call centre
)

// party returns the party with a leg, or nil.
func (k *call) party(l leg.ID) *party {
	for _, p := range k.Parties {
		if p.Leg == l {
			return p
		}
	}
	return nil
}

// in returns the party in a role, or nil.
func (k *call) in(r role) *party {
	for _, p := range k.Parties {
		if p.Role == r {
			return p
		}
	}
	return nil
}

// owner returns the party whose feature the stage is, or nil.
func (k *call) owner() *party { return k.party(k.Owner) }

// other returns whom a party talks with, or would, were it not for the stage:
// the second of the first, the first of anybody else. It may be nil.
func (k *call) other(p *party) *party {
	if p != nil && p.Role == first {
		return k.in(second)
	}
	return k.in(first)
}

// remember makes the call of a new leg.
func (c *Core) remember(k *call) {
	c.calls[k.ID] = k
	c.office(k.Tenant).live[k.ID] = k
}

// join makes a party one of the call's.
func (s *step) join(k *call, p *party) {
	k.Parties = append(k.Parties, p)
	k.Crosses = k.Crosses || p.Kind != phone
	s.legs[p.Leg] = k.ID
	if p.Kind == phone {
		s.host(p.Flow)
	}
	if p.Kind == mobile {
		s.count(k, p)
		s.measure(k)
	}
}

// drop hangs a party up.
func (s *step) drop(k *call, p *party, h leg.HangUp) {
	if p == nil || p.Role == leaving {
		return
	}
	s.leave(k, p)
	if !p.Ended {
		s.tell(p, h)
	}
	if p.Endpoint.none() {
		s.part(k, p) // its leg ends by itself; nobody waits for it
	}
}

// leave takes a party's part and endpoint away; its leg is told by the caller.
func (s *step) leave(k *call, p *party) {
	s.uncount(k, p)
	p.Role, s.freed = leaving, true
	if p.Endpoint.Leased {
		p.Endpoint.Leased = false
		s.release(p)
	}
}

// prune parts with those that have nothing more to say.
func (s *step) prune(k *call) {
	for _, p := range slices.Clone(k.Parties) {
		if p.Role == leaving && p.Ended && !p.Endpoint.awaits() {
			s.part(k, p)
		}
	}
}

// part forgets a party.
func (s *step) part(k *call, p *party) {
	s.uncount(k, p)
	ebb.Delete(&s.legs, &s.most.legs, p.Leg)
	ebb.Delete(&s.slots, &s.most.slots, p.Endpoint.Pair.Slot)
	if p.Kind == phone {
		s.unhost(p.Flow)
	}
	if p.Own != nil && p.Kind == phone {
		s.do(ua.Record{Record: p.Own.record(k, p, s.now)})
	}
	k.Parties = without(k.Parties, p)
	if p.Leg == k.ID {
		k.A = legRecord(p)
	} else if !p.Endpoint.none() {
		b := legRecord(p)
		k.B = &b
	}
}

// forget ends what is left of a call.
func (s *step) forget(k *call) {
	s.timers.Remove(k.ID)
	for _, p := range slices.Clone(k.Parties) {
		s.part(k, p)
	}
	ebb.Delete(&s.calls, &s.most.calls, k.ID)
	s.vacate(k)
	if !k.Crosses {
		s.do(ua.Record{Record: k.record()})
	}
}

func without(list []*party, p *party) []*party {
	return slices.DeleteFunc(list, func(q *party) bool { return q == p })
}
