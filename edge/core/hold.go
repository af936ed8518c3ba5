package core

import (
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// reoffered answers a party's re-INVITE for ourselves. A hold, a resume and a
// change of address are settled on this leg: leg.Agreed brings the outcome and
// agree acts on it. The codec stays the other party's, since nothing is
// transcoded; an offer without it is refused by the leg (RFC 3261 §14.2: "the
// session … MUST remain unchanged").
func (c *Core) reoffered(k *call, p *party, ev leg.Offered, out []ua.Action) []ua.Action {
	if !p.agreed || (ev.Offer != nil && !p.reachable(ev.Offer)) {
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
	}
	_, o := k.sides(p.leg)
	if !o.agreed {
		o = p // A's answer is still to come: stay with what was agreed here
	}
	return append(out, ua.Command{Leg: p.leg, Command: leg.AnswerOffer{Media: *c.toward(p, o)}})
}
