package border

import (
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// recast is a re-INVITE that makes T.38 of a call's audio, or audio of it again:
// what one party offers is first agreed with the other, since nothing can be
// carried between the two kinds.
type recast struct {
	// by waits for its answer, to for nobody but to decide; by is nil once it has
	// taken its offer back.
	by, to *party
}

// fax returns what an offer says of T.38.
func fax(d *sdp.Description) (sdp.Fax, bool) {
	if d == nil {
		return sdp.Fax{}, false
	}
	f, _, ok := d.Fax()
	return f, ok
}

// caps is what p is told of the session while its kind does not change.
func (b *Border) caps(p *party) sdp.Caps {
	if o := p.other(); p.negotiated.Fax.On && o.negotiated != nil {
		return sdp.Caps{Fax: o.negotiated.Fax}
	}
	return p.media.caps.Follow(*p.negotiated)
}

// recasts offers the other party the kind of session that p offers.
func (b *Border) recasts(p *party, ev leg.Offered, out []ua.Action) []ua.Action {
	c, o := p.call, p.other()
	f, _ := fax(ev.Offer)
	caps := sdp.Caps{Fax: f}
	if !f.On {
		caps = o.media.offers.Restrict(ev.Offer)
	}
	switch {
	case c.phase != talking, !o.live(), o.negotiated == nil, !f.On && len(caps.Codecs) == 0:
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
	case c.recast != nil, o.hold.offering:
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 491}})
	}
	c.recast = &recast{by: p, to: o}
	o.hold.offering, o.hold.proposed = true, relay.SendRecv
	return append(out, ua.Command{Leg: o.leg, Command: leg.Reoffer{Media: leg.Media{Addr: o.pair.Addr, Caps: caps}}})
}

// recastAgreed answers the party that offered with what the other one agreed to.
func (b *Border) recastAgreed(p *party, n sdp.Negotiated, out []ua.Action) []ua.Action {
	c := p.call
	r := c.recast
	if r == nil || r.to != p {
		return out
	}
	c.recast = nil
	if r.by == nil {
		// It has thought better of it: back to what it has.
		o := p.other()
		p.hold.offering = true
		return append(out, ua.Command{Leg: p.leg, Command: leg.Reoffer{Media: leg.Media{Addr: p.pair.Addr, Caps: p.media.offers.Follow(*o.negotiated)}}})
	}
	caps := sdp.Caps{Fax: n.Fax}
	if !n.Fax.On {
		caps = r.by.media.caps.Follow(n)
	}
	r.by.hold.proposed = relay.SendRecv
	return append(out, ua.Command{Leg: r.by.leg, Command: leg.AnswerOffer{Media: leg.Media{Addr: r.by.pair.Addr, Caps: caps}}})
}

// recastRefused passes a refusal on, and reports whether it was one's; the
// session of either party stays as it was.
func (b *Border) recastRefused(p *party, ev leg.OfferRefused, out []ua.Action) ([]ua.Action, bool) {
	c := p.call
	r := c.recast
	if r == nil || r.to != p {
		return out, false
	}
	c.recast = nil
	p.hold.offering = false
	if r.by == nil {
		return out, true
	}
	status := 488
	if ev.Status == 491 {
		status = 491 // it may ask again
	}
	return append(out, ua.Command{Leg: r.by.leg, Command: leg.RefuseOffer{Status: status}}), true
}

// withdrawn takes note that p does not want it any more.
func (b *Border) withdrawn(p *party) {
	if r := p.call.recast; r != nil && r.by == p {
		r.by = nil
	}
}
