package border

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/profile"
)

// legEvent couples the two legs: what one party does, the other hears of.
func (b *Border) legEvent(now time.Time, p *party, ev leg.Event, out []ua.Action) []ua.Action {
	c := p.call
	switch {
	case p.former:
		return b.formerEvent(now, p, ev, out)
	case c.transfer != nil && p == c.transfer.to:
		return b.transferEvent(now, c.transfer, ev, out)
	}
	switch ev := ev.(type) {
	case leg.Progressed:
		return b.progressed(now, c, ev, out)
	case leg.Answered:
		return b.answered(now, c, ev, out)
	case leg.Agreed:
		return b.agreed(p, ev.Negotiated, out)
	case leg.Acked:
		return b.acked(p, ev, out)
	case leg.Offered:
		return b.offered(p, ev, out)
	case leg.Authorised:
		return b.passAuthority(p, ev.Message, out)
	case leg.OfferWithdrawn:
		b.withdrawn(p)
	case leg.OfferRefused:
		return b.offerRefused(now, p, ev, out)
	case leg.Asked:
		return b.asked(now, p, ev, out)
	case leg.Replied:
		return b.legReplied(p, ev, out)
	case leg.Ended:
		return b.legEnded(now, p, ev, out)
	}
	return out
}

// progressed passes B's provisional response on. Early media is joined when B
// has described it and A may hear it.
func (b *Border) progressed(now time.Time, c *call, ev leg.Progressed, out []ua.Action) []ua.Action {
	out = b.heard(now, c, out)
	if c.phase == dialling {
		c.phase = proceeding
	}
	if ev.Status == 100 || ev.Status == branchOver || c.phase != proceeding || !c.a.live() {
		return out
	}
	b.rings(now, c)
	// A late offer of ours goes in a reliable response or not at all.
	ring := leg.Ring{Status: passedOn(ev.Status), Reliable: !c.offered}
	if ev.Negotiated != nil && b.hearsEarly(c) {
		if !b.mayReach(&c.b, ev.Negotiated) {
			return b.giveUp(c, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: "early media at an address that is not the peer's"}, out)
		}
		out = b.configure(&c.b, *ev.Negotiated, out)
		ring.Media = b.answerFor(&c.a, *ev.Negotiated)
		c.earlyFromB = true
	}
	if b.profileOf(c.a.peer, profile.EarlyPEM) && (ring.Media != nil || c.earlyFromB && authorises(ev.Response)) {
		ring.Headers = append(ring.Headers, sip.NewHeader("P-Early-Media", earlyMedia(ev.Response)))
	}
	return append(out, ua.Command{Leg: c.a.leg, Command: ring})
}

// branchOver says that one branch of a fork on B's side has ended (RFC 6228). To A
// the call is one dialog, which has not.
const branchOver = 199

// passedOn keeps the provisional responses that mean something to a caller.
func passedOn(status int) int {
	switch status {
	case 180, 181, 182, 183:
		return status
	}
	return 183
}

// hearsEarly reports whether A can be given early media: an offer to answer,
// and a profile that takes it.
func (b *Border) hearsEarly(c *call) bool {
	if !c.early {
		return false
	}
	if c.a.peer == CorePeer {
		return true
	}
	return b.cfg.Trunks[c.a.peer].Profile.SIP.EarlyMedia != profile.EarlyOff
}

func (b *Border) profileOf(peer ua.Peer, early profile.EarlyMedia) bool {
	return peer != CorePeer && b.cfg.Trunks[peer].Profile.SIP.EarlyMedia == early
}

// authorises reports whether B's network says anew what may be heard, which needs
// no description (RFC 5009 §5).
func authorises(m sip.Message) bool { return header.First(m, "P-Early-Media") != "" }

// passAuthority has A's network hear in a 183 what B's says in an UPDATE, or in its
// answer to an UPDATE or a PRACK.
func (b *Border) passAuthority(p *party, m sip.Message, out []ua.Action) []ua.Action {
	c := p.call
	if p != &c.b || c.phase != proceeding || !c.earlyFromB || !authorises(m) || !b.profileOf(c.a.peer, profile.EarlyPEM) {
		return out
	}
	ring := leg.Ring{Status: 183, Headers: []sip.Header{sip.NewHeader("P-Early-Media", earlyMedia(m))}}
	return append(out, ua.Command{Leg: c.a.leg, Command: ring})
}

// earlyMedia repeats the direction B's network authorised (RFC 5009 §5), from
// the sender's view; without one both ways are open.
func earlyMedia(m sip.Message) string {
	if e, err := header.ParseEarlyMedia(header.Lines(m, "P-Early-Media")); err == nil && e.Direction() != "" {
		return e.Direction()
	}
	return "sendrecv"
}

// answered puts the call through: B's 2xx answers A.
func (b *Border) answered(now time.Time, c *call, ev leg.Answered, out []ua.Action) []ua.Action {
	out = b.heard(now, c, out)
	c.answerBy, c.setupBy = time.Time{}, time.Time{}
	c.route, c.offer = nil, nil
	if !c.a.live() || ev.Negotiated == nil {
		return b.giveUp(c, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: "no session agreed"}, out)
	}
	if !b.mayReach(&c.b, ev.Negotiated) {
		return b.giveUp(c, cause.Cause{Status: 488, Q850: cause.BearerNotAvailable, Text: "media at an address that is not the peer's"}, out)
	}
	out = b.unrung(c, out)
	if c.ringing.IsZero() {
		c.ringing = now
	}
	c.phase, c.answered, c.talkBy = talking, now, now.Add(b.cfg.Call)
	b.arm(c)
	b.counts.Answered++
	out = b.configure(&c.b, *ev.Negotiated, out)
	return append(out, ua.Command{Leg: c.a.leg, Command: leg.Answer{
		Media: b.answerFor(&c.a, *ev.Negotiated), Reasons: b.telling(c.a.peer), Headers: b.passed(&c.b, ev.Response),
	}})
}

// answerFor is our side toward p, given what the other leg has settled on. A
// party that has been answered once keeps its codec, whatever branch of the other
// side speaks: the media plane converts (PEERS D16).
func (b *Border) answerFor(p *party, n sdp.Negotiated) *leg.Media {
	if p.negotiated != nil {
		n = *p.negotiated
	}
	caps := p.media.caps.Follow(n)
	if p.peer == CorePeer {
		caps = withEvents(caps, p.media.caps, p.other().media)
	}
	return &leg.Media{Addr: p.pair.Addr, Caps: caps}
}

// agreed takes a session of p into force, and with both in force the call's
// audio flows.
func (b *Border) agreed(p *party, n sdp.Negotiated, out []ua.Action) []ua.Action {
	c := p.call
	out = b.configure(p, n, out)
	if c.phase == refusing {
		if c.unbilled {
			return out // heard once the call stands, at the ACK (R60c)
		}
		return b.announce(c, out)
	}
	return b.watch(c, b.followHold(p, b.recastAgreed(p, n, out)))
}

// acked is A's ACK; with a late offer it brings A's answer.
func (b *Border) acked(p *party, ev leg.Acked, out []ua.Action) []ua.Action {
	p.call.acked = true
	if ev.Negotiated != nil {
		out = b.configure(p, *ev.Negotiated, out)
	}
	if p.call.phase == refusing {
		return b.announce(p.call, out)
	}
	return b.watch(p.call, b.join(p.call, out))
}

// configure gives the media plane what p's session says. The endpoint itself
// sends to nobody outside the peer's prefixes.
func (b *Border) configure(p *party, n sdp.Negotiated, out []ua.Action) []ua.Action {
	if !p.leased {
		return out
	}
	if !b.mayReach(p, &n) {
		n.Remote, n.RemoteRTCP = netip.AddrPort{}, netip.AddrPort{}
	}
	if n.RemoteRTCP.IsValid() && !sdp.Permitted(n.RemoteRTCP, p.media.prefixes) {
		n.RemoteRTCP = netip.AddrPort{}
	}
	p.negotiated = &n
	spec := n.Spec(p.media.prefixes, p.media.learning, p.media.tos)
	spec.Stars, spec.Inband, spec.Tones = p.stars(), p.searches(&n), true
	p.signalled = b.signals(p)
	spec.Signalled = p.signalled
	out = append(out, ua.Media{Command: relay.Configure{Slot: p.pair.Slot, Spec: spec}})
	return b.join(p.call, out)
}

// mayReach reports whether a description may be accepted at all: no address of
// ours, none of a group, no port of a service (sdp.Permitted).
func (b *Border) mayReach(p *party, n *sdp.Negotiated) bool {
	return !n.Remote.IsValid() || sdp.Permitted(n.Remote, p.media.prefixes)
}

// join connects the two endpoints, once, when both have a session.
func (b *Border) join(c *call, out []ua.Action) []ua.Action {
	if c.joined || c.phase == refusing || c.phase == ending || c.a.negotiated == nil || c.b.negotiated == nil {
		return out
	}
	c.joined = true
	return append(out, ua.Media{Command: relay.Join{A: c.a.pair.Slot, B: c.b.pair.Slot}})
}

// legEnded ends the other leg, or turns B's failure into what A gets.
func (b *Border) legEnded(now time.Time, p *party, ev leg.Ended, out []ua.Action) []ua.Action {
	c := p.call
	p.ended, p.cause = true, ev.Cause
	p.said, p.left = b.reasonsOf(p, ev.Message), b.passed(p, ev.Message)
	ebb.Delete(&b.legs, &b.most.legs, p.leg)
	if p == &c.a && ev.Unanswered {
		c.answered = time.Time{} // B has answered, and A was not told any more
	}
	if p == &c.b && (c.phase == dialling || c.phase == proceeding) {
		var on bool
		if out, on = b.judge(now, c, ev, out); on {
			if out, on = b.moveOn(now, c, out); on {
				return out
			}
		}
		if out, on = b.redirected(now, c, ev, out); on {
			return out
		}
	}
	out = b.release(p, out)
	o := p.other()
	switch {
	case c.outlives(p):
		return out
	case c.transfer != nil:
		out = b.endTransfer(c.transfer, out)
	}
	switch {
	case p == &c.a:
		c.phase = ending
		if o.live() {
			out = b.hangUp(o, b.onward(p, ev), out)
		}
	case c.phase == ending, c.phase == refusing, !o.live():
	case c.phase == talking:
		out = b.hangUp(o, b.onward(p, ev), out)
	default:
		out = b.failed(now, c, ev, out)
	}
	return b.conclude(now, c, out)
}

// failed is B's final answer before the call stood. The caller of a trunk
// hears why, unless the core has let it hear something already; the core gets
// the code.
func (b *Border) failed(now time.Time, c *call, ev leg.Ended, out []ua.Action) []ua.Action {
	why := ev.Cause
	if c.b.peer == CorePeer && why.Side == cause.Remote && ev.Message == nil {
		return b.refuse(now, c, policy.CoreUnreachable, out)
	}
	answer := cause.Cause{Status: translated(why.Status), Q850: why.Q850, Text: why.Text}
	if answer.Q850 == 0 {
		answer.Q850 = cause.FromStatus(answer.Status)
	}
	if c.a.peer == CorePeer || why.Side == cause.Local {
		return b.hangUp(&c.a, answer, out)
	}
	said := policy.Failure{Status: why.Status, Cause: int(why.Q850), Called: c.called.Class()}.Announcement()
	if c.earlyFromB || len(said.Keys) == 0 {
		return b.hangUp(&c.a, answer, out)
	}
	c.refusal = policy.Refusal{Status: answer.Status, Cause: int(answer.Q850), Text: answer.Text, Announcement: said}
	return b.play(now, c, out)
}

// translated keeps B's status where it means the same to A. Redirections and
// challenges were for us; overload of one peer is no overload of ours; and a
// 6xx speaks for one branch of what may have been many.
func translated(status int) int {
	switch status {
	case 401, 407:
		return 403
	case 408, 481, 487, 500, 502, 503, 504:
		return 480
	case 600, 603:
		return 486
	case 604:
		return 404
	case 606:
		return 488
	}
	if status < 400 || status >= 600 {
		return 480
	}
	return status
}

// giveUp ends both legs of a call that cannot stand.
func (b *Border) giveUp(c *call, why cause.Cause, out []ua.Action) []ua.Action {
	if c.b.live() {
		out = b.hangUp(&c.b, why, out)
	}
	if c.a.live() {
		out = b.hangUp(&c.a, why, out)
	}
	return out
}

// hangUp tells a leg to end; its Ended follows.
func (b *Border) hangUp(p *party, why cause.Cause, out []ua.Action, headers ...sip.Header) []ua.Action {
	if p == &p.call.a || p.call.phase != refusing {
		p.call.phase = ending
	}
	if p == &p.call.b && p.call.discreet {
		why.Text = "" // free text of the core's, which may name the caller
	}
	return append(out, ua.Command{Leg: p.leg, Command: leg.HangUp{Cause: why, Reasons: cause.Withhold, Headers: append(append(b.reasons(p, why), p.other().left...), headers...)}})
}

// timeout is a deadline of the call.
func (b *Border) timeout(now time.Time, c *call, out []ua.Action) []ua.Action {
	switch {
	case c.phase == ending:
		return b.forget(c, out)
	case c.phase == refusing:
		return b.played(c, out)
	case !c.answerBy.IsZero() && !now.Before(c.answerBy):
		return b.giveUpOn(now, c, out)
	}
	if out, over := b.overdue(now, c, out); over {
		return out
	}
	if t := c.transfer; t != nil && !t.until.IsZero() && !now.Before(t.until) {
		out = b.endTransfer(t, out)
	}
	for _, p := range [...]*party{&c.a, &c.b} {
		if at := p.hold.retryAt; !at.IsZero() && !now.Before(at) {
			p.hold.retryAt = time.Time{}
			out = b.showHold(p, out)
		}
	}
	b.arm(c)
	return out
}
