package border

import (
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/policy"
)

// attempt sends leg B to the peer of c.route, from the endpoint that c.b has.
func (b *Border) attempt(now time.Time, c *call, caps sdp.Caps, out []ua.Action) []ua.Action {
	r, pair := c.route, c.b.pair
	peer, id := b.peerOf(r.to.Group), b.cfg.Legs.Next()
	d := b.invite(c, r)
	d.CallID = b.cfg.Key.New(c.bucket, token.Bytes16(b.cfg.Source))
	d.Mark = c.mark()
	d.Media, d.Reasons = &leg.Media{Addr: pair.Addr, Caps: caps}, b.telling(peer)
	c.b = party{call: c, leg: id, peer: peer, to: r.to, flow: d.Flow, callID: d.CallID, media: b.medium(peer), since: now, answers: b.cfg.Health.Answers(r.to)}
	b.lease(&c.b, pair)
	b.legs[id] = &c.b
	c.phase, c.answerBy = dialling, b.patience(now, r)
	b.arm(c)
	return append(out, ua.Command{Leg: id, Command: d})
}

// heard takes note that B's peer has answered something.
func (b *Border) heard(now time.Time, c *call, out []ua.Action) []ua.Action {
	if c.b.heard {
		return out
	}
	c.b.heard = true
	c.answerBy = time.Time{}
	b.arm(c)
	return b.tellChange(c.b.to, b.cfg.Health.Answered(now, c.b.to), out)
}

// missed takes note that it has not, once for each attempt.
func (b *Border) missed(now time.Time, c *call, out []ua.Action) []ua.Action {
	if c.b.heard || c.b.missed {
		return out
	}
	c.b.missed = true
	return b.tellChange(c.b.to, b.cfg.Health.Missed(now, c.b.to), out)
}

// tellChange has operators read that a peer went or came back.
func (b *Border) tellChange(id trunk.PeerID, change trunk.Change, out []ua.Action) []ua.Action {
	if change == trunk.Unchanged {
		return out
	}
	name, level := "core", ua.Warn
	if id.Group != b.seam() {
		name = b.cfg.Trunks[id.Group].Name
	}
	if change == trunk.CameUp {
		level = ua.Info
	}
	return append(out, ua.Note{Level: level, Message: change.String(), Fields: []string{
		"trunk", name, "peer", b.flowOf(id).Remote.String(),
	}})
}

// judge takes note of what B's final answer says of its peer, and reports
// whether the call may go to the next: "A client (proxy or UAC) receiving a 503
// (Service Unavailable) SHOULD attempt to forward the request to an alternate
// server" (RFC 3261 §21.5.4).
func (b *Border) judge(now time.Time, c *call, ev leg.Ended, out []ua.Action) ([]ua.Action, bool) {
	if ev.Cause.Side == cause.Local {
		return out, false // we ended it, or could not even send it
	}
	if ev.Message == nil {
		return b.missed(now, c, out), !c.b.heard
	}
	out = b.heard(now, c, out)
	if ev.Cause.Status == 503 && b.pausable(c.b.to.Group) {
		// "If no Retry-After is given, the client MUST act as if it had received
		// a 500": that one peer is passed over, this once.
		if after, err := header.ParseRetryAfter(header.First(ev.Message, "Retry-After")); err == nil {
			change := b.cfg.Health.Pause(now, c.b.to, time.Duration(after.Seconds)*time.Second)
			out = b.tellChange(c.b.to, change, out)
		}
	}
	return out, c.route != nil && b.rules(c.route).Passes(ev.Cause.Status)
}

// pausable: the only road to the core is never closed by what it says of one
// call.
func (b *Border) pausable(g trunk.Group) bool { return g != b.seam() || len(b.cfg.Core.To) > 1 }

// moveOn tries the next peer, or the next trunk, and reports whether there is
// one. Leg B must be over, or must be ended by the caller's next action.
func (b *Border) moveOn(now time.Time, c *call, out []ua.Action) ([]ua.Action, bool) {
	if c.route == nil || !c.a.live() || !now.Before(c.route.until) {
		return out, false
	}
	for b.turn(now, c) {
		caps, ok := b.offerable(c, b.peerOf(c.route.to.Group))
		if !ok {
			continue
		}
		return b.replace(now, c, caps, out), true
	}
	return out, false
}

// offerable returns what the next peer is offered, from the endpoint that B has.
func (b *Border) offerable(c *call, peer ua.Peer) (sdp.Caps, bool) {
	caps := b.offerTo(c, peer)
	sameFamily := c.b.pair.Addr.Addr().Is4() == b.flowOf(c.route.to).Remote.Addr().Is4()
	return caps, sameFamily && len(caps.Codecs) > 0
}

// giveUpOn is the end of B's time to answer anything.
func (b *Border) giveUpOn(now time.Time, c *call, out []ua.Action) []ua.Action {
	if at := c.b.since.Add(lossyCore); now.Before(at) && b.elsewhere(c) {
		c.answerBy = at
		b.arm(c)
		return out
	}
	c.answerBy = time.Time{}
	out = b.missed(now, c, out)
	silent, core := c.b.leg, c.b.peer == CorePeer
	why := cause.Cause{Status: 408, Q850: cause.RecoveryOnTimer, Text: "no answer from the peer"}
	if core {
		why = cause.Cause{Status: 480, Q850: cause.TemporaryFailure, Text: "no answer over the seam"}
	}
	hangUp := ua.Command{Leg: silent, Command: leg.HangUp{Cause: why}}
	c.b.cause = why
	moved, ok := b.moveOn(now, c, append(out, hangUp))
	switch {
	case ok:
		return moved
	case core:
		c.phase = refusing // so that B's end does not end A
		return b.refuse(now, c, policy.CoreUnreachable, append(out, hangUp))
	}
	if now.Before(c.route.until) { // nobody else could take it: it may answer yet
		c.b.cause, c.answerBy = cause.Cause{}, c.route.until
		b.arm(c)
		return out
	}
	why.Status = 480
	return b.giveUp(c, why, out)
}

// lossyCore is the core's time to answer where it is known to be there: the
// INVITE is sent a fifth time within it.
const lossyCore = 8 * time.Second

// elsewhere reports that the core's last peer, silent in this call, has answered
// others meanwhile: it is the network that loses messages.
func (b *Border) elsewhere(c *call) bool {
	return c.b.peer == CorePeer && len(c.route.left) == 0 && b.cfg.Health.Answers(c.b.to) != c.b.answers
}

// attemptRecord is the attempt that leg B stands for.
func (b *Border) attemptRecord(c *call) cdr.Attempt {
	l := b.legRecord(&c.b)
	return cdr.Attempt{
		Trunk: l.Trunk, CallID: l.CallID, Remote: l.Remote, AfterMS: c.b.since.Sub(c.start).Milliseconds(),
		Side: l.Side, Status: l.Status, Q850: l.Q850, Text: l.Text,
	}
}
