package core

import (
	"net/netip"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/media/relay"
)

const foreignMedia = "media at an address that is not the peer's"

// lease takes endpoints toward addresses, all from one media worker, or none.
func (s *step) lease(k *call, toward ...netip.Addr) ([]endpoint, bool) {
	pairs := make([]relay.Pair, len(toward))
	if !s.cfg.Ports.Lease(pairs, toward) {
		return nil, false
	}
	leased := make([]endpoint, len(pairs))
	for i, p := range pairs {
		leased[i] = endpoint{Pair: p, Leased: true}
		s.slots[p.Slot] = k.ID
	}
	return leased, true
}

// release gives a party's endpoint back. What it hears is what it heard last.
func (s *step) release(p *party) { s.media(relay.Release{Slot: p.Endpoint.Pair.Slot}) }

// toward is our side of p's session, bound to what o has settled on: o's codec
// and packet length hold for both. A party that has been answered once keeps what
// it was told.
func (s *step) toward(p, o *party) *leg.Media {
	if p.Agreed {
		o = p
	}
	return &leg.Media{Addr: p.Endpoint.Pair.Addr, Caps: s.cfg.Caps.Follow(o.Session)}
}

// reachable reports whether an offer of the party names an address RTP may be
// sent to, or none at all.
func (p *party) reachable(d *sdp.Description) bool {
	a, ok := d.Audio()
	if !ok || !a.RTP.Addr().IsValid() || a.RTP.Addr().IsUnspecified() {
		return true
	}
	return p.Elsewhere || sdp.Permitted(a.RTP, p.Media)
}

// permits is reachable for a settled session.
func (p *party) permits(n sdp.Negotiated) bool {
	return p.Elsewhere || !n.Remote.IsValid() || sdp.Permitted(n.Remote, p.Media)
}

// admitted is where RTP is sent that the party wants at an address: there, or
// for a phone that may be behind a NAT to the same port of where its signalling
// comes from, or nowhere. The endpoint learns the port that a NAT has really
// given, within the party's media.
func (p *party) admitted(a netip.AddrPort) netip.AddrPort {
	switch {
	case !a.IsValid():
	case p.Elsewhere:
		return netip.AddrPortFrom(p.Flow.Remote.Addr(), a.Port())
	case !sdp.Permitted(a, p.Media):
		return netip.AddrPort{}
	}
	return a
}

// agree puts a party's session in force in the media plane.
func (s *step) agree(k *call, p *party, n sdp.Negotiated) {
	n.Remote, n.RemoteRTCP = p.admitted(n.Remote), p.admitted(n.RemoteRTCP)
	if !p.Agreed || p.Session != n {
		p.Session, p.Agreed = n, true
		s.media(relay.Configure{Slot: p.Endpoint.Pair.Slot, Spec: n.Spec(p.Media, relay.LearnPrefix, s.cfg.TOS)})
	}
	if p.Role == ringing && !p.Dialled {
		s.picked(k, p)
		return
	}
	k.Stage.feature().agreed(s, k, p)
}

// reoffered answers a party's re-INVITE for ourselves. A hold, a resume and a
// change of address are settled on this leg: leg.Agreed brings the outcome and
// agree acts on it. The codec stays the others', since nothing is transcoded;
// an offer without it is refused by the leg (RFC 3261 §14.2: "the session …
// MUST remain unchanged").
func (s *step) reoffered(k *call, p *party, ev leg.Offered) {
	if !p.Agreed || (ev.Offer != nil && !p.reachable(ev.Offer)) {
		s.tell(p, leg.RefuseOffer{Status: 488})
		return
	}
	o := p // nobody else has agreed on anything: stay with what was agreed here
	for _, q := range k.Parties {
		if q != p && q.there() && q.Agreed {
			o = q
			break
		}
	}
	s.tell(p, leg.AnswerOffer{Media: *s.toward(p, o)})
}

// mediaEvent takes what the media plane reports of an endpoint.
func (s *step) mediaEvent(ev relay.Event) {
	slot := slotOf(ev)
	k := s.calls[s.slots[slot]]
	if k == nil {
		return // another lease's
	}
	var p *party
	for _, q := range k.Parties {
		if q.Endpoint.Pair.Slot == slot {
			p = q
		}
	}
	if ev, failed := ev.(relay.Failed); failed {
		s.note(ua.Warn, k, "media command failed", "cause", ev.Reason)
	}
	if p == nil {
		return
	}
	heard := p.there() && p.Endpoint.Ear.Clips != "" && p.Endpoint.Ear.Repeat != relay.Forever
	switch ev := ev.(type) {
	case relay.Released:
		p.Endpoint.Stats, p.Endpoint.Reported = ev.Stats, true
		ebb.Delete(&s.slots, &s.most.slots, slot)
	case relay.Played:
		if heard && ev.Token == p.Endpoint.Token {
			s.played(k, p)
		}
	case relay.Digit:
		if p.there() {
			k.Stage.feature().pressed(s, k, p, byte(ev.Key))
		}
	case relay.Keyed:
		p.Endpoint.Suite = ev.Suite.String()
	case relay.Unkeyed:
		s.note(ua.Warn, k, "no keys by DTLS", "cause", ev.Reason)
		if p.there() { // it would hear nothing and say nothing for as long as the call lasts
			s.tell(p, leg.HangUp{Cause: unfit("DTLS: " + ev.Reason)})
		}
	case relay.Failed:
		if heard {
			s.played(k, p) // what cannot be played is over: nobody waits for it
		}
	}
	s.settle(k)
}

// played is the end of what a party hears once.
func (s *step) played(k *call, p *party) {
	if p.Intro != (ear{}) {
		p.Intro = ear{}
		return
	}
	k.Stage.feature().played(s, k, p)
}

func slotOf(ev relay.Event) relay.Slot {
	switch ev := ev.(type) {
	case relay.Released:
		return ev.Slot
	case relay.Played:
		return ev.Slot
	case relay.Digit:
		return ev.Slot
	case relay.Pressed:
		return ev.Slot
	case relay.Failed:
		return ev.Slot
	case relay.Keyed:
		return ev.Slot
	case relay.Unkeyed:
		return ev.Slot
	case relay.Latched:
		return ev.Slot
	case relay.Silent:
		return ev.Slot
	case relay.OneWay:
		return ev.Slot
	}
	return relay.Slot{}
}
