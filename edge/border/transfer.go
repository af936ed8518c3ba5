package border

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/media/relay"
	"sekisho/policy"
)

// transfer is a REFER that the border carries out: a third leg is dialled while
// the two talk on, and takes the place of the party that referred once it
// answers.
type transfer struct {
	// by is the party that referred, to the leg that will replace it.
	by, to *party
	// place is what the new leg is admitted by.
	place uint64
	// event ends Event in NOTIFY where it is not the first REFER; silent says
	// that the party wants none (RFC 4488).
	event  string
	silent bool
	rang   bool
	// discreet says that the new leg must not learn who it is called for.
	discreet bool
	// until is when the new leg must have answered.
	until time.Time
}

// transferTo accepts a REFER and dials its target.
func (b *Border) transferTo(now time.Time, p *party, ev leg.Asked, to destination, out []ua.Action) []ua.Action {
	c, o := p.call, p.other()
	r := &route{hops: seam.MaxForwards(ev.Request) - 1, request: ev.Request, asked: to.asked, presentation: to.presentation}
	if r.hops < 0 {
		return answer(p, ev, leg.Respond{Status: 483}, out)
	}
	if to.group == b.seam() {
		r.dial = b.seamDial(c, to.decision, r.hops)
	}
	m := b.medium(b.peerOf(to.group))
	caps := m.offers.Follow(*o.negotiated)
	var pair [1]relay.Pair
	if len(caps.Codecs) == 0 || !b.open(now, c, r, to.group) || !b.cfg.Ports.Lease(pair[:], []netip.Addr{b.flowOf(r.to).Remote.Addr()}) {
		return answer(p, ev, leg.Respond{Status: 480}, out)
	}
	b.last++
	t := &transfer{by: p, place: b.last, until: now.Add(b.cfg.Setup), discreet: to.presentation.Masked || to.presentation.Privacy != ""}
	on := policy.TrunkID(to.group)
	if to.group == b.seam() {
		on = policy.TrunkID(p.peer)
	}
	if b.cfg.Limits != nil && b.cfg.Limits.Admit(now, t.place, on, to.tenant) != policy.NoReason {
		out = append(out, ua.Media{Command: relay.Release{Slot: pair[0].Slot}})
		return answer(p, ev, leg.Respond{Status: 480}, out)
	}
	accepted := leg.Respond{Status: 202}
	if strings.EqualFold(header.First(ev.Request, "Refer-Sub"), "false") {
		// "the REFER-Recipient MUST insert a Refer-Sub header field with a value of
		// false" (RFC 4488 §4).
		accepted.Headers, t.silent = []sip.Header{sip.NewHeader("Refer-Sub", "false")}, true
	}
	if c.refers++; c.refers > 1 {
		t.event = ";id=" + strconv.FormatUint(uint64(ev.Request.CSeq().SeqNo), 10) // RFC 3515 §2.4.6
	}
	peer, id := b.peerOf(to.group), b.cfg.Legs.Next()
	d := b.invite(c, r)
	d.CallID = b.cfg.Key.New(c.bucket, token.Bytes16(b.cfg.Source))
	d.Mark = c.mark()
	d.Media, d.Reasons = &leg.Media{Addr: pair[0].Addr, Caps: caps}, b.telling(peer)
	t.to = &party{call: c, leg: id, peer: peer, to: r.to, flow: d.Flow, callID: d.CallID, media: m, since: now, referred: true}
	b.lease(t.to, pair[0])
	b.legs[id] = t.to
	c.transfer = t
	b.arm(c)
	out = b.tellTransfer(t, 100, answer(p, ev, accepted, out))
	return append(out, ua.Command{Leg: id, Command: d})
}

// seamDial is the INVITE to the core for what a trunk's party refers to.
func (b *Border) seamDial(c *call, d policy.Decision, hops int) leg.Dial {
	tenant := b.cfg.Tables.Tenant(d.Tenant)
	s := seam.Call{
		Domain: tenant.Domain, Called: d.Called.String(), Caller: d.Caller.String(),
		Hint:        header.Call{Kind: kindOf(d.Kind), Carrier: string(d.Carrier), Tenant: tenant.Name, ID: c.name, Passes: c.passes},
		SessionID:   header.SessionID{Local: c.sessionID},
		MaxForwards: hops,
	}
	return leg.Dial{Target: s.URI(), From: s.From(), To: s.To(), MaxForwards: hops, Headers: s.Headers()}
}

// tellTransfer lets the party that referred know how far its call has come.
func (b *Border) tellTransfer(t *transfer, status int, out []ua.Action) []ua.Action {
	if t.silent || !t.by.live() {
		return out
	}
	state := active
	if status >= 200 {
		state = final
	}
	return append(out, ua.Command{Leg: t.by.leg, Command: tidings(status, state, t.event)})
}

// transferEvent takes what the new leg has to say, until it has replaced the
// other.
func (b *Border) transferEvent(now time.Time, t *transfer, ev leg.Event, out []ua.Action) []ua.Action {
	switch ev := ev.(type) {
	case leg.Progressed:
		if ev.Status > 100 && !t.rang {
			t.rang = true
			return b.tellTransfer(t, 180, out)
		}
	case leg.Answered:
		return b.transferred(now, t, ev, out)
	case leg.Agreed: // an INVITE with Replaces, which we have answered
		return b.transferred(now, t, leg.Answered{Negotiated: &ev.Negotiated}, out)
	case leg.Offered:
		return append(out, ua.Command{Leg: t.to.leg, Command: leg.RefuseOffer{Status: 488}})
	case leg.Asked: // nobody hears it yet
		return answer(t.to, ev, leg.Respond{Status: 480}, out)
	case leg.Ended:
		return b.transferFailed(now, t, ev, out)
	}
	return out
}

// transferred puts the new leg in the place of the party that referred, which is
// hung up.
func (b *Border) transferred(now time.Time, t *transfer, ev leg.Answered, out []ua.Action) []ua.Action {
	c, p := t.to.call, t.by
	o := p.other()
	if ev.Negotiated == nil || !b.mayReach(t.to, ev.Negotiated) || !o.live() || c.phase != talking {
		return append(out, ua.Command{Leg: t.to.leg, Command: leg.HangUp{Cause: cause.Cause{Status: 488, Q850: cause.BearerNotAvailable}}})
	}
	out = b.tellTransfer(t, 200, out)
	out = b.configure(t.to, *ev.Negotiated, out)
	out = append(out, ua.Media{Command: relay.Join{A: o.pair.Slot, B: t.to.pair.Slot}})
	old := *p
	old.former, old.watched = true, false
	*p = *t.to
	c.former = append(c.former, &old)
	b.legs[p.leg], b.slots[p.pair.Slot] = p, p
	if old.leased || old.awaits() {
		b.slots[old.pair.Slot] = &old
	}
	if old.live() {
		b.legs[old.leg] = &old
		out = append(out, ua.Command{Leg: old.leg, Command: leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}, Reasons: b.telling(old.peer)}})
	}
	out = b.release(&old, out)
	if b.cfg.Limits != nil {
		b.cfg.Limits.Leave(c.place)
	}
	c.place, c.transfer = t.place, nil
	c.discreet = c.discreet || t.discreet
	for _, q := range [...]*party{p, o} { // who is told of keys may be told otherwise
		if q.negotiated != nil && q.signalled != b.signals(q) {
			out = b.configure(q, *q.negotiated, out)
		}
	}
	b.arm(c)
	return b.watch(c, b.showHold(o, out))
}

// transferFailed leaves the two as they were, or ends the call that is left where
// the party that referred has gone.
func (b *Border) transferFailed(now time.Time, t *transfer, ev leg.Ended, out []ua.Action) []ua.Action {
	c := t.to.call
	c.transfer = nil
	t.to.ended, t.to.cause = true, ev.Cause
	t.to.former = true
	c.former = append(c.former, t.to)
	ebb.Delete(&b.legs, &b.most.legs, t.to.leg)
	out = b.release(t.to, out)
	if b.cfg.Limits != nil {
		b.cfg.Limits.Leave(t.place)
	}
	status := ev.Cause.Status
	if status < 300 || ev.Cause.Side == cause.Local {
		status = 480
	}
	if c.phase == talking {
		out = b.tellTransfer(t, inside(status), out)
		if o := t.by.other(); !t.by.live() && o.live() {
			out = b.hangUp(o, cause.Cause{Status: 480, Q850: cause.NormalClearing}, out)
		}
	}
	b.arm(c)
	return b.conclude(now, c, out)
}

// formerEvent takes the end of a leg that was replaced.
func (b *Border) formerEvent(now time.Time, p *party, ev leg.Event, out []ua.Action) []ua.Action {
	if ev, ok := ev.(leg.Ended); ok {
		p.ended, p.cause = true, ev.Cause
		ebb.Delete(&b.legs, &b.most.legs, p.leg)
		return b.conclude(now, p.call, out)
	}
	if ev, ok := ev.(leg.Asked); ok {
		return answer(p, ev, leg.Respond{Status: 481}, out)
	}
	return out
}

// endTransfer hangs the new leg up before it has answered: whoever it was for has
// gone, or its time is over.
func (b *Border) endTransfer(t *transfer, out []ua.Action) []ua.Action {
	t.until = time.Time{}
	return append(out, ua.Command{Leg: t.to.leg, Command: leg.HangUp{Cause: cause.Cause{Status: 480, Q850: cause.NormalClearing}}})
}

// outlives reports whether a call goes on although p has ended: it has referred
// the other party to somebody who is being called.
func (c *call) outlives(p *party) bool {
	return c.transfer != nil && c.transfer.by == p && c.phase == talking && p.other().live()
}

// takeOver answers an INVITE that replaces a leg of the same peer (RFC 3891): it
// takes that one's place in its call, and makes no call of its own.
func (b *Border) takeOver(now time.Time, in ua.Incoming, out []ua.Action) []ua.Action {
	refuse := func(status int) []ua.Action {
		return append(out, ua.Command{Leg: in.Leg, Command: leg.HangUp{Cause: cause.Cause{Status: status}}})
	}
	p := b.legs[in.Replaces]
	if p == nil || p.former || p.call.phase != talking || p.call.transfer != nil || !p.live() || !p.other().live() || p.other().negotiated == nil {
		return refuse(481)
	}
	c, o := p.call, p.other()
	caps := p.media.caps.Follow(*o.negotiated)
	if a, ok := audio(in.Offer); !ok || len(caps.Restrict(in.Offer).Codecs) == 0 || !sdp.Permitted(a.RTP, p.media.prefixes) {
		return refuse(488)
	}
	b.last++
	t := &transfer{by: p, place: b.last, silent: true, until: now.Add(b.cfg.Setup)}
	if b.cfg.Limits != nil && p.peer != CorePeer && b.cfg.Limits.Admit(now, t.place, policy.TrunkID(p.peer), c.tenant) != policy.NoReason {
		return refuse(480)
	}
	var pair [1]relay.Pair
	if !b.cfg.Ports.Lease(pair[:], []netip.Addr{heardAt(in.Offer, in.Flow)}) {
		if b.cfg.Limits != nil {
			b.cfg.Limits.Leave(t.place)
		}
		return refuse(480)
	}
	t.to = &party{call: c, leg: in.Leg, peer: in.Peer, flow: in.Flow, callID: strings.Clone(in.Request.CallID().Value()), media: p.media, since: now, referred: true}
	b.lease(t.to, pair[0])
	b.legs[in.Leg], c.transfer = t.to, t
	b.arm(c)
	return append(out, ua.Command{Leg: in.Leg, Command: leg.Answer{Media: &leg.Media{Addr: pair[0].Addr, Caps: caps}, Reasons: b.telling(in.Peer)}})
}
