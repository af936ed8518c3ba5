package border

import (
	"slices"
	"time"

	"sekisho/edge/cdr"
	"sekisho/edge/sip/ua"
	"sekisho/media/ebb"
	"sekisho/media/relay"
	"sekisho/policy"
)

// lingering bounds the wait for the statistics of released endpoints.
const lingering = 2 * time.Second

// release gives p's endpoint back, once.
func (b *Border) release(p *party, out []ua.Action) []ua.Action {
	if !p.leased {
		return out
	}
	p.leased = false
	return append(out, ua.Media{Command: relay.Release{Slot: p.pair.Slot}})
}

// conclude writes the record when both legs have ended and their endpoints
// have reported, and forgets the call.
func (b *Border) conclude(now time.Time, c *call, out []ua.Action) []ua.Action {
	if c.a.live() || c.b.live() || c.transfer != nil || slices.ContainsFunc(c.former, (*party).live) {
		return out
	}
	if c.ended.IsZero() {
		c.ended, c.phase = now, ending
		if b.cfg.Limits != nil {
			b.cfg.Limits.Leave(c.place)
		}
		out = b.cutShort(c, out)
	}
	if c.a.awaits() || c.b.awaits() || slices.ContainsFunc(c.former, (*party).awaits) {
		c.setupBy, c.answerBy = c.ended.Add(lingering), time.Time{}
		b.arm(c)
		return out
	}
	return b.forget(c, out)
}

// awaits reports that the endpoint has been given back but has not reported.
func (p *party) awaits() bool { return p.pair.Slot != relay.Slot{} && !p.released }

func (b *Border) forget(c *call, out []ua.Action) []ua.Action {
	if b.calls[c.id] == nil {
		return out
	}
	ebb.Delete(&b.calls, &b.most.calls, c.id)
	b.timers.Remove(c.id)
	for _, p := range append([]*party{&c.a, &c.b}, c.former...) {
		ebb.Delete(&b.slots, &b.most.slots, p.pair.Slot)
		ebb.Delete(&b.legs, &b.most.legs, p.leg)
	}
	return append(out, ua.Record{Record: b.record(c)})
}

// record is the call as it is billed.
func (b *Border) record(c *call) *cdr.Record {
	r := &cdr.Record{
		ID: c.name, SessionID: c.sessionID, Application: "border", Kind: c.kind.String(),
		Start: c.start, End: c.ended, Caller: c.caller.String(), Called: c.called.String(), Shown: c.shown,
		Unbilled: c.unbilled, A: b.legRecord(&c.a),
	}
	if c.tenant != policy.NoTenant {
		r.Tenant = b.cfg.Tables.Tenant(c.tenant).Name
	}
	if c.reason != policy.NoReason {
		r.Refused = c.reason.String()
	}
	if !c.ringing.IsZero() {
		r.Ringing = &c.ringing
		r.SetupMS = c.ringing.Sub(c.start).Milliseconds()
	}
	if !c.answered.IsZero() {
		r.Answered = &c.answered
		r.TalkMS = c.ended.Sub(c.answered).Milliseconds()
	}
	if c.b.exists() {
		l := b.legRecord(&c.b)
		r.B = &l
	}
	if len(c.attempts) > 0 {
		r.Attempts = append(c.attempts, b.attemptRecord(c))
	}
	for _, p := range c.former {
		r.Former = append(r.Former, b.legRecord(p))
	}
	return r
}

func (b *Border) legRecord(p *party) cdr.Leg {
	last, _ := p.last.(relay.Released) // or its endpoint has not reported, or there was none
	s := &last.Stats
	return cdr.Leg{
		Trunk: b.trunkName(p), CallID: p.callID, Remote: p.flow.Remote.String(),
		Side: p.cause.Side.String(), Status: p.cause.Status, Q850: int(p.cause.Q850), Text: p.cause.Text,
		Received: s.Received, Sent: s.Sent, Lost: s.Lost, JitterUS: s.JitterMicros,
		Foreign: s.DroppedSource, StarPairs: s.StarPairs, SRTP: p.suite(), Forged: s.DroppedSRTP, Quality: cdr.MediaOf(s, p.call.answered),
	}
}

// suite names what the party's media was keyed with; empty is plain RTP.
func (p *party) suite() string {
	if p.negotiated == nil {
		return ""
	}
	return p.negotiated.Keys.Out.Suite().String()
}
