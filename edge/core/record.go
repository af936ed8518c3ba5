package core

import (
	"time"

	"sekisho/edge/cdr"
)

// record is a call between phones, or one that a phone tried, which the border
// never sees.
func (k *call) record() *cdr.Record {
	r := &cdr.Record{
		ID: k.Name, SessionID: k.SessionID, Application: "core", Kind: "internal",
		Tenant: k.Tenant,
		Start:  k.Start, End: k.Ended,
		Caller: k.Caller, Called: k.Called, Shown: k.Shown,
		A: k.A, B: k.B,
	}
	if !k.Ringing.IsZero() {
		r.Ringing = stamp(k.Ringing)
		r.SetupMS = k.Ringing.Sub(k.Start).Milliseconds()
	}
	if !k.Answered.IsZero() {
		r.Answered = stamp(k.Answered)
		r.TalkMS = k.Ended.Sub(k.Answered).Milliseconds()
	}
	return r
}

func legRecord(p *party) cdr.Leg {
	e := &p.Endpoint
	suite := e.Suite
	if out := &p.Session.Keys.Out; !out.IsZero() {
		suite = out.Suite().String()
	}
	return cdr.Leg{
		Trunk: "phone", CallID: p.CallID, Remote: p.Flow.Remote.String(),
		Side: p.Cause.Side.String(), Status: p.Cause.Status, Q850: int(p.Cause.Q850), Text: p.Cause.Text,
		Received: e.Stats.Received, Sent: e.Stats.Sent, Lost: e.Stats.Lost,
		JitterUS: e.Stats.JitterMicros, Foreign: e.Stats.DroppedSource, Quality: cdr.MediaOf(&e.Stats, time.Time{}),
		SRTP: suite, Forged: e.Stats.DroppedSRTP,
	}
}

func stamp(t time.Time) *time.Time { return &t }
