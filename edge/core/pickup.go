package core

import (
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/media/ebb"
	"sekisho/policy/number"
)

const beep = "tone/beep"

// arrival is what an INVITE brought that joins a call of others.
type arrival struct {
	offer *sdp.Description
}

// pickup takes over the place that an extension rings for, in the stage of
// whatever call that is (SPEC R67).
func (s *step) pickup(k *call, in arrival, code number.Number) {
	extension := number.ExtensionNumber(code.String()[1:]) // 9 + extension
	if _, known := s.tenantOf(k).stations[extension]; !known {
		s.finish(k, leg.HangUp{Cause: unassigned()})
		return
	}
	target := s.ringingFor(k.Tenant, extension)
	if target == nil || extension == k.in(first).Extension {
		// SPEC R68.
		s.finish(k, leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NormalUnspecified, Text: "nothing to pick up"}})
		return
	}
	p, no := s.comeIn(k, in, target)
	if p == nil {
		s.finish(k, no)
		return
	}
	s.dismiss(target, elsewhere())
	// It has the place as soon as its session is agreed on, like a leg that was
	// dialled and has answered.
	p.Role = ringing
	s.settle(target)
}

// picked gives the place to who has picked the call up. Whoever was dialled since
// need not show a missed call.
func (s *step) picked(k *call, p *party) {
	for _, r := range k.rings() {
		if r != p {
			s.drop(k, r, elsewhere())
		}
	}
	s.unfork(k)
	k.Stage.feature().won(s, k, p)
}

// ringingFor returns the call that an extension rings for, the oldest of several,
// or nil.
func (c *Core) ringingFor(tenant string, e number.ExtensionNumber) *call {
	var oldest *call
	for _, k := range c.office(tenant).live {
		for _, p := range k.rings() {
			if p.Dialled && p.Extension == e && (oldest == nil || k.ID < oldest.ID) {
				oldest = k
			}
		}
	}
	return oldest
}

// comeIn answers the first party of a new call into another one, where it hears a
// beep before all else; its own call is over. The HangUp says why it cannot; then
// nothing has happened. Whoever rings there leaves it the channel.
func (s *step) comeIn(k *call, in arrival, into *call) (*party, leg.HangUp) {
	p := k.in(first)
	if in.offer != nil && !p.reachable(in.offer) {
		return nil, leg.HangUp{Cause: unfit(foreignMedia)}
	}
	caps := into.common(s.cfg.Caps).Restrict(in.offer)
	if len(caps.Codecs) == 0 {
		return nil, noCommonCodec()
	}
	if p.Kind == mobile && s.busyChannels(k.Tenant)-into.ringingMobiles() > s.tenantOf(k).channels {
		s.lacked(k)
		return nil, noChannel()
	}
	e, ok := s.lease(into, p.Flow.Remote.Addr())
	if !ok {
		return nil, s.noPorts()
	}
	p.Endpoint, p.Intro, p.Unacked, p.Up = e[0], once(beep), true, true
	p.Own = &origins{Name: k.Name, SessionID: k.SessionID, Caller: k.Caller, Called: k.Called, Start: k.Start, Answered: s.now}
	s.merge(k, p, into)
	s.tell(p, leg.Answer{Media: &leg.Media{Addr: p.Endpoint.Pair.Addr, Caps: caps}})
	return p, leg.HangUp{}
}

// common is what can be spoken with everybody in the call.
func (k *call) common(caps sdp.Caps) sdp.Caps {
	for _, o := range k.Parties {
		if o.there() && o.Agreed {
			return caps.Follow(o.Session) // nothing is transcoded
		}
	}
	return k.Caps
}

func (k *call) ringingMobiles() int {
	n := 0
	for _, p := range k.rings() {
		if p.Kind == mobile {
			n++
		}
	}
	return n
}

// merge moves the only party of a call into another, where it has no place yet.
func (s *step) merge(from *call, p *party, into *call) {
	p.Role = third
	ebb.Delete(&s.calls, &s.most.calls, from.ID)
	s.vacate(from)
	s.timers.Remove(from.ID)
	from.Parties = nil
	into.Parties = append(into.Parties, p)
	into.Crosses = into.Crosses || p.Kind != phone
	s.legs[p.Leg] = into.ID
}

// origins is how a party came that joined a call of others, for the record.
type origins struct {
	Name, SessionID, Caller, Called string
	Start, Answered                 time.Time
}

// record is of a phone that joined a call of others, which the border never sees.
func (o *origins) record(k *call, p *party, now time.Time) *cdr.Record {
	return &cdr.Record{
		ID: o.Name, SessionID: o.SessionID, Application: "core", Kind: "internal", Tenant: k.Tenant,
		Start: o.Start, Ringing: stamp(o.Answered), Answered: stamp(o.Answered), End: now,
		SetupMS: o.Answered.Sub(o.Start).Milliseconds(), TalkMS: now.Sub(o.Answered).Milliseconds(),
		Caller: o.Caller, Called: o.Called, A: legRecord(p),
	}
}
