package core

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// legEvent couples the two legs.
func (c *Core) legEvent(now time.Time, k *call, in ua.LegEvent, out []ua.Action) []ua.Action {
	if i := k.rival(in.Leg); i >= 0 {
		return c.rivalEvent(now, k, i, in.Event, out)
	}
	p, _ := k.sides(in.Leg)
	if ev, ok := in.Event.(leg.Ended); ok {
		return c.legEnded(now, k, p, ev, out)
	}
	if k.phase == over {
		return out // it crossed with the end
	}
	switch ev := in.Event.(type) {
	case leg.Progressed:
		return c.progressed(now, k, ev, out)
	case leg.Answered:
		return c.answered(now, k, ev, out)
	case leg.Agreed:
		out = c.agree(k, p, ev.Negotiated, out)
		if k.phase == warning {
			return c.say(k, out)
		}
		return out
	case leg.Acked:
		if ev.Negotiated != nil {
			return c.agree(k, p, *ev.Negotiated, out)
		}
	case leg.Offered:
		return c.reoffered(k, p, ev, out)
	case leg.OfferRefused, leg.OfferWithdrawn, leg.Ended:
	}
	return out
}

// progressed passes B's provisional response on.
func (c *Core) progressed(now time.Time, k *call, ev leg.Progressed, out []ua.Action) []ua.Action {
	if k.phase != calling || ev.Status == 100 {
		return out
	}
	if k.ringing.IsZero() {
		k.ringing = now
	}
	ring := leg.Ring{Status: passedOn(ev.Status)}
	switch {
	case ev.Negotiated == nil:
	case k.b.kind != external || !k.offered:
		// What a mobile's network says while it rings is not for A (SPEC R72),
		// and without an offer there is nothing to answer: A makes its own
		// ringback tone.
		ring.Status = 180
	case !k.b.permits(*ev.Negotiated):
		return c.giveUp(now, k, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: foreignMedia}, out)
	default:
		out = c.agree(k, &k.b, *ev.Negotiated, out)
		ring.Media = c.toward(&k.a, &k.b)
	}
	return append(out, ua.Command{Leg: k.a.leg, Command: ring})
}

// passedOn keeps what means something to a caller (RFC 3261 §21.1).
func passedOn(status int) int {
	switch status {
	case 180, 181, 182, 183:
		return status
	}
	return 183
}

// answered puts the call through: B's 2xx answers A.
func (c *Core) answered(now time.Time, k *call, ev leg.Answered, out []ua.Action) []ua.Action {
	if ev.Negotiated == nil {
		return c.giveUp(now, k, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: "no session agreed"}, out)
	}
	if !k.b.permits(*ev.Negotiated) {
		return c.giveUp(now, k, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: foreignMedia}, out)
	}
	c.timers.Remove(k.id())
	k.phase, k.answered = talking, now
	out = c.dismiss(k, elsewhere(), out)
	if k.ringing.IsZero() {
		k.ringing = now
	}
	out = c.agree(k, &k.b, *ev.Negotiated, out)
	return append(out, ua.Command{Leg: k.a.leg, Command: leg.Answer{Media: c.toward(&k.a, &k.b)}})
}
