package core

import (
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// rival is one of several phones that an extension rings. The first to answer
// is the call's B; party.b is one of them all along.
type rival struct {
	leg    leg.ID
	place  place
	callID string
}

// take makes a rival the party.
func (p *party) take(r rival) {
	p.leg, p.flow, p.callID = r.leg, r.place.flow, r.callID
	p.media, p.elsewhere = r.place.media, r.place.registered
	p.ended, p.cause = false, cause.Cause{}
}

// rival returns the index of the rival that has a leg, or -1.
func (k *call) rival(l leg.ID) int {
	return slices.IndexFunc(k.rivals, func(r rival) bool { return r.leg == l })
}

// rivalEvent is an event of a phone that is not, or not yet, B.
func (c *Core) rivalEvent(now time.Time, k *call, i int, ev leg.Event, out []ua.Action) []ua.Action {
	switch ev := ev.(type) {
	case leg.Progressed:
		return c.progressed(now, k, ev, out)
	case leg.Answered:
		r := k.rivals[i]
		k.rivals[i] = rival{leg: k.b.leg, callID: k.b.callID, place: place{flow: k.b.flow}}
		k.b.take(r)
		return c.answered(now, k, ev, out)
	case leg.Ended:
		r := k.rivals[i]
		k.rivals = slices.Delete(k.rivals, i, i+1)
		c.part(r)
		k.failed(ev.Cause)
		if global(ev.Cause) {
			return c.giveUp(now, k, answer(k.failure), out)
		}
	}
	return out
}

// succeed puts a rival in the place of B, which has failed, and reports whether
// there is one. A decline is for all of them: a 6xx "indicates that the server
// has definitive information about a particular user" (RFC 3261 §21.6).
func (c *Core) succeed(k *call, why cause.Cause) bool {
	k.failed(why)
	if len(k.rivals) == 0 || global(why) {
		return false
	}
	c.part(rival{leg: k.b.leg, place: place{flow: k.b.flow}})
	k.b.take(k.rivals[0])
	k.rivals = k.rivals[1:]
	return true
}

func global(why cause.Cause) bool { return why.Status >= 600 }

// failed keeps the failure that tells A most: that somebody is there and busy,
// before a fault of one phone, before nobody's answer.
func (k *call) failed(why cause.Cause) {
	rank := func(status int) int {
		switch {
		case status == 0:
			return 0
		case status >= 600:
			return 4
		case status == 486:
			return 3
		case status == 408 || status == 480 || status == 487:
			return 1
		}
		return 2
	}
	if rank(why.Status) > rank(k.failure.Status) || k.failure == (cause.Cause{}) {
		k.failure = why
	}
}

// dismiss hangs up the rivals. Their legs end by themselves, with CANCEL, or
// with ACK and BYE where an answer crosses it; the call waits for none.
func (c *Core) dismiss(k *call, h leg.HangUp, out []ua.Action) []ua.Action {
	for _, r := range k.rivals {
		out = append(out, ua.Command{Leg: r.leg, Command: h})
		c.part(r)
	}
	k.rivals = nil
	return out
}

// part forgets a leg that is the call's no longer.
func (c *Core) part(r rival) {
	delete(c.legs, r.leg)
	c.unhost(r.place.flow)
}

// elsewhere tells the phones that lost not to show a missed call (RFC 3326 §3.1).
func elsewhere() leg.HangUp {
	r := header.Reason{Protocol: "SIP", Cause: 200, Text: "Call completed elsewhere"}
	return leg.HangUp{
		Cause:   cause.Cause{Q850: cause.NormalClearing},
		Headers: []sip.Header{sip.NewHeader("Reason", r.String())},
	}
}
