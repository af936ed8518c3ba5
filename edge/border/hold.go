package border

import (
	"strconv"
	"time"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
	"sekisho/policy/profile"
)

// holdMusic is what the other side hears while a hold is absorbed.
const holdMusic = "music/hold"

// holding is how far p has been told of the other party's hold.
type holding struct {
	// held says that p has put us on hold.
	held bool
	// shown is the direction of our last description that p accepted, proposed
	// that of the last one sent; offering says that its answer is to come.
	shown, proposed relay.Direction
	offering        bool
	// asked says that p has offered anew: a direction that an answer gives before
	// the call stands is no hold, but how early media is.
	asked bool
	// retryAt repeats an offer that met another (491), after tries of it.
	retryAt time.Time
	tries   int
}

// maxTries bounds the offers that meet another. The waits of the two sides do
// not overlap (RFC 3261 §14.1), so that the first retry passes.
const maxTries = 5

// offered answers an offer from our own description: our address never changes,
// and a change of the peer's is no business of the other leg.
func (b *Border) offered(p *party, ev leg.Offered, out []ua.Action) []ua.Action {
	if !p.leased || p.negotiated == nil {
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
	}
	if a, ok := audio(ev.Offer); ok && !a.RTP.Addr().IsUnspecified() && !sdp.Permitted(a.RTP, p.media.prefixes) {
		return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
	}
	if f, is := fax(ev.Offer); ev.Offer != nil && is != p.negotiated.Fax.On {
		if _, at, _ := ev.Offer.Fax(); f.On && !sdp.Permitted(at, p.media.prefixes) {
			return append(out, ua.Command{Leg: p.leg, Command: leg.RefuseOffer{Status: 488}})
		}
		return b.recasts(p, ev, out)
	}
	p.hold.proposed, p.hold.asked = p.other().holds(), true
	m := leg.Media{Addr: p.pair.Addr, Caps: b.afresh(p, ev.Offer), Direction: p.hold.proposed}
	out = append(out, ua.Command{Leg: p.leg, Command: leg.AnswerOffer{Media: m}})
	return b.passAuthority(p, ev.Request, out)
}

// afresh is what p may be offered or answered anew: the codec in force first, then
// the others, which the media plane converts. Where p leaves the offer to us it is
// a whole one, "the UAS SHOULD [...] offer [...] as if the UAS were making a brand
// new call" (RFC 3261 §14.2); an offer of p's own gives events no more than it had.
func (b *Border) afresh(p *party, offer *sdp.Description) sdp.Caps {
	if p.negotiated.Fax.On {
		return b.caps(p)
	}
	caps := p.media.caps
	if offer != nil {
		caps = caps.Follow(*p.negotiated)
	}
	codecs := []relay.Codec{p.negotiated.Codec}
	for _, c := range p.media.caps.Codecs {
		if c != p.negotiated.Codec {
			codecs = append(codecs, c)
		}
	}
	caps.Codecs = codecs
	return caps
}

// holds is p's hold as the other party is to see it: the direction of what we
// may still exchange with that one. A trunk whose profile absorbs holds never
// shows any.
func (p *party) holds() relay.Direction {
	switch {
	case !p.hold.held || p.media.hold == profile.HoldAbsorb:
		return relay.SendRecv
	case p.negotiated.Direction.Receives(), !p.hold.shown.Receives():
		return relay.SendOnly // the holder sends music, or could if we let it
	}
	return relay.Inactive
}

// followHold acts on p's hold or resume. A trunk whose profile absorbs it has
// the other side hear music; otherwise the other side is put on hold too. Before
// the answer only an offer holds (RFC 3311).
func (b *Border) followHold(p *party, out []ua.Action) []ua.Action {
	c := p.call
	asked := p.hold.asked
	p.hold.shown, p.hold.offering, p.hold.tries, p.hold.asked = p.hold.proposed, false, 0, false
	if !c.joined || c.phase != talking && (c.phase != proceeding || !asked) {
		return out
	}
	for _, q := range [...]*party{p, p.other()} { // an answer may hold as well
		if q.negotiated.Hold != q.hold.held {
			q.hold.held = q.negotiated.Hold
			if q.media.hold == profile.HoldAbsorb {
				out = b.rewire(q, out)
			}
		}
	}
	out = b.showHold(p.other(), out)
	return b.showHold(p, out) // the other's may have changed while p was asked
}

// rewire feeds the other side after p's absorbed hold or resume.
func (b *Border) rewire(p *party, out []ua.Action) []ua.Action {
	c, o := p.call, p.other()
	if p.filtersStars() {
		// The carrier has taken keys of the caller's for its own service, or
		// somebody will ask why the talk stopped (SPEC R54).
		out = append(out, ua.Note{Level: ua.Info, Message: "hold by the carrier", Fields: []string{
			"call", c.name, "trunk", b.cfg.Trunks[p.peer].Name, "held", strconv.FormatBool(p.hold.held),
		}})
	}
	if p.hold.held {
		return append(out, b.music(o))
	}
	out = append(out, ua.Media{Command: relay.Join{A: c.a.pair.Slot, B: c.b.pair.Slot}})
	if o.hold.held && o.media.hold == profile.HoldAbsorb {
		out = append(out, b.music(p)) // both had held, one still does
	}
	return out
}

// music is what p hears while the other party holds.
func (b *Border) music(p *party) ua.Action {
	return ua.Media{Command: relay.Play{Slot: p.pair.Slot, Source: relay.Source{Keys: []string{holdMusic}, Repeat: relay.Forever}}}
}

// showHold offers p the direction that the other party's hold leaves, unless it
// knows. One offer at a time: the answer to it asks again.
func (b *Border) showHold(p *party, out []ua.Action) []ua.Action {
	want := p.other().holds()
	if p.call.phase != talking && p.call.phase != proceeding || !p.live() || p.negotiated == nil || p.hold.offering || want == p.hold.shown {
		return out
	}
	p.hold.offering, p.hold.proposed, p.hold.retryAt = true, want, time.Time{}
	m := leg.Media{Addr: p.pair.Addr, Caps: b.caps(p), Direction: want}
	return append(out, ua.Command{Leg: p.leg, Command: leg.Reoffer{Media: m}})
}

// offerRefused tries again what met an offer of the peer's, as soon as it may
// (RFC 3261 §14.1). An offer refused for itself leaves the session as it was.
func (b *Border) offerRefused(now time.Time, p *party, ev leg.OfferRefused, out []ua.Action) []ua.Action {
	if out, one := b.recastRefused(p, ev, out); one {
		return out
	}
	p.hold.offering = false
	if p.call.phase != talking {
		return out // it is shown with the answer
	}
	if ev.Retry == 0 || p.hold.tries == maxTries {
		p.hold.shown, p.hold.tries = p.hold.proposed, 0
		return out
	}
	p.hold.tries++
	p.hold.retryAt = now.Add(ev.Retry)
	b.arm(p.call)
	return out
}
