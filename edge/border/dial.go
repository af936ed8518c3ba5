package border

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
	"sekisho/policy"
)

// dial leases ports for both legs and sends leg B to the first peer. The ports
// are bound before any description names them.
func (b *Border) dial(now time.Time, c *call, r *route, out []ua.Action) []ua.Action {
	offer, caps := c.offer, b.offerTo(c, b.peerOf(r.to.Group))
	if len(caps.Codecs) == 0 {
		return b.incompatible(c, sdp.ErrNoCommonCodec, out)
	}
	if a, ok := audio(offer); ok && !a.RTP.Addr().IsUnspecified() && !sdp.Permitted(a.RTP, c.a.media.prefixes) {
		return b.incompatible(c, sdp.ErrAddress, out)
	}
	var pairs [2]relay.Pair
	if !b.cfg.Ports.Lease(pairs[:], []netip.Addr{heardAt(offer, c.a.flow), b.flowOf(r.to).Remote.Addr()}) {
		return b.refuse(now, c, policy.Overload, out)
	}
	b.lease(&c.a, pairs[0])
	c.b.pair = pairs[1]
	c.route, c.setupBy = r, now.Add(b.cfg.Setup)
	return b.attempt(now, c, caps, out)
}

func (b *Border) lease(p *party, pair relay.Pair) {
	p.pair, p.leased = pair, true
	b.slots[pair.Slot] = p
}

// incompatible refuses with 488 and its Warning (RFC 3261 §21.4.26).
func (b *Border) incompatible(c *call, err error, out []ua.Action) []ua.Action {
	var headers []sip.Header
	if code, text, ok := sdp.Warning(err); ok {
		headers = append(headers, sip.NewHeader("Warning", strconv.Itoa(code)+` sekisho "`+text+`"`))
	}
	return b.hangUp(&c.a, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: err.Error()}, out, headers...)
}

// offerTo returns what B may be offered: only what A can speak too, so that its
// answer can be carried back without transcoding. What A can speak is for its own
// offer to say, within what we may say to A; a late offer leaves only the latter.
// A caller who was answered early by another B has settled on a codec.
func (b *Border) offerTo(c *call, peer ua.Peer) sdp.Caps {
	own := b.medium(peer).offers
	caps := own.Restrict(c.offer)
	unspeakable := func(k relay.Codec) bool { return !slices.Contains(c.a.media.caps.Codecs, k) }
	if slices.ContainsFunc(caps.Codecs, unspeakable) {
		caps.Codecs = slices.DeleteFunc(slices.Clone(caps.Codecs), unspeakable)
	}
	if c.a.negotiated != nil {
		caps = caps.Follow(*c.a.negotiated)
	}
	if peer == CorePeer {
		caps = withEvents(caps, own, c.a.media)
	}
	return caps
}

// heardAt is where a party wants its media, or where it signals from while it
// has not said.
func heardAt(offer *sdp.Description, f flow.Flow) netip.Addr {
	if a, ok := audio(offer); ok {
		return a.RTP.Addr()
	}
	return f.Remote.Addr()
}

func audio(d *sdp.Description) (sdp.Audio, bool) {
	if d == nil {
		return sdp.Audio{}, false
	}
	return d.Audio()
}
