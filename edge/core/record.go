package core

import (
	"time"

	"sekisho/edge/cdr"
)

// record is a call between phones, or one that a phone tried, which the border
// never sees.
func (c *Core) record(k *call) *cdr.Record {
	r := &cdr.Record{
		ID: k.name, SessionID: k.sessionID, Application: "core", Kind: "internal",
		Tenant: c.tenants[k.tenant].name,
		Start:  k.start, End: k.ended,
		Caller: k.caller, Called: k.called, Shown: k.shown,
		A: legRecord(&k.a),
	}
	if !k.ringing.IsZero() {
		r.Ringing = stamp(k.ringing)
		r.SetupMS = k.ringing.Sub(k.start).Milliseconds()
	}
	if !k.answered.IsZero() {
		r.Answered = stamp(k.answered)
		r.TalkMS = k.ended.Sub(k.answered).Milliseconds()
	}
	if k.b.leg != 0 {
		b := legRecord(&k.b)
		r.B = &b
	}
	return r
}

func legRecord(p *party) cdr.Leg {
	return cdr.Leg{
		Trunk: "phone", CallID: p.callID, Remote: p.flow.Remote.String(),
		Side: p.cause.Side.String(), Status: p.cause.Status, Q850: int(p.cause.Q850), Text: p.cause.Text,
		Received: p.stats.Received, Sent: p.stats.Sent, Lost: p.stats.Lost,
		JitterUS: p.stats.JitterMicros, Foreign: p.stats.DroppedSource,
	}
}

func stamp(t time.Time) *time.Time { return &t }
