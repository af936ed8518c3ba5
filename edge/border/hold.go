package border

import (
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
	"sekisho/policy/profile"
)

// holdMusic is what the other side hears while a hold is absorbed.
const holdMusic = "music/hold"

// offered answers a re-INVITE from our own description: our address never
// changes, and a change of the peer's is no business of the other leg. The
// codec stays, since nothing is transcoded.
func (b *Border) offered(p *party, ev leg.Offered, out []ua.Action) []ua.Action {
	if !p.leased || p.negotiated == nil {
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
	}
	if a, ok := audio(ev.Offer); ok && !a.RTP.Addr().IsUnspecified() && !sdp.Permitted(a.RTP, p.media.prefixes) {
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
	}
	m := leg.Media{Addr: p.pair.Addr, Caps: p.media.caps.Follow(*p.negotiated)}
	return append(out, ua.Command{Leg: p.leg, Command: leg.AnswerOffer{Media: m}})
}

// followHold acts on p's hold or resume. A trunk whose profile absorbs it has
// the other side hear music; otherwise the other side is put on hold too.
func (b *Border) followHold(p *party, out []ua.Action) []ua.Action {
	c := p.call
	if c.phase != talking || !c.joined || p.negotiated.Hold == p.held {
		return out
	}
	p.held = p.negotiated.Hold
	o := p.other()
	if p.media.hold == profile.HoldAbsorb {
		if p.held {
			return append(out, ua.Media{Command: relay.Play{Slot: o.pair.Slot, Source: relay.Source{Keys: []string{holdMusic}, Repeat: relay.Forever}}})
		}
		return append(out, ua.Media{Command: relay.Join{A: c.a.pair.Slot, B: c.b.pair.Slot}})
	}
	if o.negotiated == nil || !o.live() {
		return out
	}
	direction := relay.SendRecv
	if p.held {
		direction = relay.SendOnly // the holder may still send music
	}
	m := leg.Media{Addr: o.pair.Addr, Caps: o.media.caps.Follow(*o.negotiated), Direction: direction}
	return append(out, ua.Command{Leg: o.leg, Command: leg.Reoffer{Media: m}})
}
