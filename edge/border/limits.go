package border

import (
	"time"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// behindTrunk is how much longer the core may be silent than a carrier: where a
// carrier's silence reaches the seam, the carrier's own leg ends the call.
const behindTrunk = 5 * time.Second

// rings notes that the callee is being alerted.
func (b *Border) rings(now time.Time, c *call) {
	if !c.ringing.IsZero() {
		return
	}
	c.ringing = now
	if b.cfg.Ring != 0 && c.phase != talking {
		c.ringBy = now.Add(b.cfg.Ring)
		b.arm(c)
	}
}

// overdue ends a call that has taken as long as it may. Each end says which
// timer it was by Q.850: a callee who was never alerted did not respond, one who
// was alerted did not answer, and a talk ends by a timer of ours, never as if
// somebody had hung up (SPEC R44).
func (b *Border) overdue(now time.Time, c *call, out []ua.Action) ([]ua.Action, bool) {
	past := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	var why cause.Cause
	switch {
	case c.phase == talking && past(c.talkBy):
		why = cause.Cause{Q850: cause.RecoveryOnTimer, Text: "longest call"}
	case c.phase != talking && past(c.ringBy):
		why = cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "ring timer"}
	case c.phase != talking && past(c.setupBy) && c.ringing.IsZero():
		why = cause.Cause{Status: 480, Q850: cause.NoUserResponding, Text: "setup timer"}
	case c.phase != talking && past(c.setupBy):
		why = cause.Cause{Status: 480, Q850: cause.NoAnswer, Text: "setup timer"}
	default:
		return out, false
	}
	c.setupBy, c.ringBy, c.talkBy = time.Time{}, time.Time{}, time.Time{}
	return b.giveUp(c, why, out), true
}

// watch has the media plane tell when a party that should speak does not. It
// begins with the answer, and rests while anybody holds.
func (b *Border) watch(c *call, out []ua.Action) []ua.Action {
	for _, p := range [...]*party{&c.a, &c.b} {
		speaks := c.phase == talking && p.leased && p.negotiated != nil && p.negotiated.Direction.Receives() && !p.negotiated.Fax.On &&
			!c.a.hold.held && !c.b.hold.held
		if speaks == p.watched {
			continue
		}
		p.watched = speaks
		w := relay.Watch{Slot: p.pair.Slot}
		if speaks {
			w.For = b.cfg.Silence
			if p.peer == CorePeer {
				w.For += behindTrunk
				w.Pausing = true
			}
		}
		out = append(out, ua.Media{Command: w})
	}
	return out
}

// silent ends a call of which one party is not heard any more.
func (b *Border) silent(p *party, out []ua.Action) []ua.Action {
	if !p.watched || p.call.phase != talking {
		return out // it crossed with a hold
	}
	why := cause.Cause{Q850: cause.RecoveryOnTimer, Text: "no RTP"}
	o := p.other()
	if o.live() {
		out = b.hangUp(o, why, out)
	}
	why.Side = cause.Remote
	return b.hangUp(p, why, out)
}
