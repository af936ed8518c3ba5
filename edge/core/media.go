package core

import (
	"net/netip"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// holdMusic is what a party hears while the other one holds.
const holdMusic = "music/hold"

const foreignMedia = "media at an address that is not the peer's"

// feeding is who hears whom.
type feeding uint8

const (
	nobody feeding = iota
	eachOther
	musicToA // B holds
	musicToB // A holds
	bothHold
)

// lease takes an endpoint for each of the call's parties, or none.
func (c *Core) lease(k *call, r route) bool {
	toward := []netip.Addr{k.a.flow.Remote.Addr(), c.cfg.Seam[0].Remote.Addr()}
	if len(r.places) > 0 {
		toward[1] = r.places[0].flow.Remote.Addr()
	}
	var pairs [2]relay.Pair
	if !c.cfg.Ports.Lease(pairs[:], toward) {
		return false
	}
	k.a.pair, k.b.pair = pairs[0], pairs[1]
	k.a.leased, k.b.leased = true, true
	c.slots[k.a.pair.Slot], c.slots[k.b.pair.Slot] = k.id(), k.id()
	return true
}

// release gives a party's endpoint back, once.
func release(p *party, out []ua.Action) []ua.Action {
	if !p.leased {
		return out
	}
	p.leased = false
	return append(out, ua.Media{Command: relay.Release{Slot: p.pair.Slot}})
}

// toward is our side of p's session, bound to what o has settled on: nothing
// is transcoded, and o's packet length holds for both.
func (c *Core) toward(p, o *party) *leg.Media {
	return &leg.Media{Addr: p.pair.Addr, Caps: c.cfg.Caps.Follow(o.session)}
}

// reachable reports whether an offer of the party names an address RTP may be
// sent to, or none at all.
func (p *party) reachable(d *sdp.Description) bool {
	a, ok := d.Audio()
	if !ok || !a.RTP.Addr().IsValid() || a.RTP.Addr().IsUnspecified() {
		return true
	}
	return p.elsewhere || sdp.Permitted(a.RTP, p.media)
}

// permits is reachable for a settled session.
func (p *party) permits(n sdp.Negotiated) bool {
	return p.elsewhere || !n.Remote.IsValid() || sdp.Permitted(n.Remote, p.media)
}

// admitted is where RTP is sent that the party wants at an address: there, or
// for a phone that may be behind a NAT to the same port of where its signalling
// comes from, or nowhere. The endpoint learns the port that a NAT has really
// given, within the party's media.
func (p *party) admitted(a netip.AddrPort) netip.AddrPort {
	switch {
	case !a.IsValid():
	case p.elsewhere:
		return netip.AddrPortFrom(p.flow.Remote.Addr(), a.Port())
	case !sdp.Permitted(a, p.media):
		return netip.AddrPort{}
	}
	return a
}

// agree puts a party's session in force in the media plane.
func (c *Core) agree(k *call, p *party, n sdp.Negotiated, out []ua.Action) []ua.Action {
	n.Remote, n.RemoteRTCP = p.admitted(n.Remote), p.admitted(n.RemoteRTCP)
	if !p.agreed || p.session != n {
		p.session, p.agreed = n, true
		out = append(out, ua.Media{Command: relay.Configure{Slot: p.pair.Slot, Spec: n.Spec(p.media, relay.LearnPrefix, c.cfg.TOS)}})
	}
	return k.feed(out)
}

// feed connects the parties as their sessions want it, and says only what
// changes.
func (k *call) feed(out []ua.Action) []ua.Action {
	want := k.wanted()
	if want == k.fed {
		return out
	}
	k.fed = want
	switch want {
	case nobody:
	case eachOther:
		out = append(out, ua.Media{Command: relay.Join{A: k.a.pair.Slot, B: k.b.pair.Slot}})
	case musicToA:
		out = music(&k.a, silence(&k.b, out))
	case musicToB:
		out = music(&k.b, silence(&k.a, out))
	case bothHold:
		out = silence(&k.b, silence(&k.a, out))
	}
	return out
}

func (k *call) wanted() feeding {
	switch {
	case !k.a.agreed || !k.b.agreed:
		return nobody
	case k.a.holds() && k.b.holds():
		return bothHold
	case k.a.holds():
		return musicToB
	case k.b.holds():
		return musicToA
	}
	return eachOther
}

func silence(p *party, out []ua.Action) []ua.Action {
	return append(out, ua.Media{Command: relay.Silence{Slot: p.pair.Slot}})
}

func music(p *party, out []ua.Action) []ua.Action {
	return append(out, ua.Media{Command: relay.Play{
		Slot: p.pair.Slot, Source: relay.Source{Keys: []string{holdMusic}, Repeat: relay.Forever},
	}})
}
