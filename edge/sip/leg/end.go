package leg

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
)

// hangUp ends the leg from our side, as its state asks for.
func (l *Leg) hangUp(now time.Time, c HangUp, out []Action) []Action {
	if l.told {
		return out
	}
	switch l.state {
	case Idle:
		return l.over(l.tell(c.Cause, nil, out))
	case Calling, Proceeding:
		l.parting = farewell(c)
		return l.stopCalling(now, l.tell(c.Cause, nil, out))
	case Acknowledging:
		out = l.ack(&l.dialog, l.seq, nil, out)
		fallthrough
	case Confirmed:
		l.parting = farewell(c)
		return l.bye(l.tell(c.Cause, nil, out))
	case Arrived:
		l.reasons = c.Reasons
		return l.refuse(c.Cause, c.Headers, out)
	case Accepted:
		// "the callee's UA MUST NOT send a BYE on a confirmed dialog until it
		// has received an ACK for its 2xx response or until the server
		// transaction times out" (RFC 3261 §15).
		l.parting, l.byeOwed = farewell(c), true
		return l.tell(c.Cause, nil, out)
	case Cancelling, Ending, Over:
	}
	return out
}

// farewell is what a CANCEL or BYE says of the reason (RFC 3326).
func farewell(c HangUp) []sip.Header {
	v := c.Cause.Reason()
	if v == "" || c.Reasons == cause.Withhold {
		return c.Headers
	}
	headers := make([]sip.Header, 0, 1+len(c.Headers))
	return append(append(headers, sip.NewHeader("Reason", v)), c.Headers...)
}

// goodbye is the Cause of a peer's BYE.
func goodbye(r *sip.Request) cause.Cause {
	c := cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing}
	if q, text, ok := cause.Of(r); ok {
		c.Q850, c.Text = q, text
	}
	return c
}

// stopCalling ends our pending INVITE. Whatever happens to the CANCEL, it is
// over 64·T1 after it (RFC 3261 §9.1); without any response the transaction
// itself ends by timer B.
func (l *Leg) stopCalling(now time.Time, out []Action) []Action {
	out = l.refuseProposal(487, out)
	l.state = Cancelling
	l.giveUp = now.Add(64 * l.env.Timers.T1)
	if !l.cancellable {
		return out
	}
	return l.cancelInvite(now, out)
}

// cancelInvite cancels our INVITE, once, after a provisional response allowed
// it.
func (l *Leg) cancelInvite(now time.Time, out []Action) []Action {
	if l.cancelSent || l.invite == nil {
		return out
	}
	l.cancelSent = true
	l.giveUp = now.Add(64 * l.env.Timers.T1)
	return l.cancel(l.invite, l.flow, out)
}

// cancelReinvite cancels our re-INVITE of a call that has ended.
func (l *Leg) cancelReinvite(out []Action) []Action {
	if !l.reinvite.ours || !l.reinvite.cancellable || l.reinvite.request == nil {
		return out
	}
	r := l.reinvite.request
	l.reinvite.request = nil
	return l.cancel(r, l.reinvite.flow, out)
}

// cancel sends the CANCEL of an INVITE of ours: "The Request-URI, Call-ID, To,
// the numeric part of CSeq, and From header fields in the CANCEL request MUST be
// identical to those in the request being cancelled, including tags. A CANCEL
// constructed by a client MUST have only a single Via header field value
// matching the top Via value in the request being cancelled" (RFC 3261 §9.1).
func (l *Leg) cancel(invite *sip.Request, f flow.Flow, out []Action) []Action {
	r := sip.NewRequest(sip.CANCEL, invite.Recipient)
	r.AppendHeader(invite.Via())
	for _, h := range invite.GetHeaders("route") {
		r.AppendHeader(h)
	}
	r.AppendHeader(maxForwards(70))
	r.AppendHeader(invite.GetHeader("from"))
	r.AppendHeader(invite.GetHeader("to"))
	r.AppendHeader(invite.CallID())
	r.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	appendAll(r, l.parting)
	body(r, nil)
	l.unnamed = append(l.unnamed, forCancel)
	return append(out, Transact{Flow: f, Request: r})
}

// abandon ends an answered call that cannot go on: BYE with the reason.
func (l *Leg) abandon(c cause.Cause, m sip.Message, out []Action) []Action {
	if !l.told {
		l.parting = farewell(HangUp{Cause: c, Reasons: l.reasons})
	}
	return l.bye(l.tell(c, m, out))
}

// bye sends the BYE and waits for its answer. A re-INVITE of the peer is
// answered first, one of ours is cancelled.
func (l *Leg) bye(out []Action) []Action {
	out = l.refuseOffer(RefuseOffer{Status: 487}, out)
	l.state, l.byeOwed, l.accept = Ending, false, dialog.Accept{}
	l.timer.Stop()
	r, err := l.dialog.Request(sip.BYE)
	if err != nil {
		out = l.cancelReinvite(out)
		return l.leave(out) // the peer gave no URI that a BYE could go to
	}
	appendAll(r, l.parting)
	body(r, nil)
	out = l.inDialog(l.env.Resolve(l.dialog.NextHop(), l.flow), r, forBye, out)
	return l.cancelReinvite(out)
}

// remoteBye is the peer's BYE: answered at once whatever the state, also when
// it crosses ours (RFC 3261 §15.1.2).
func (l *Leg) remoteBye(in arrival, out []Action) []Action {
	out = l.plain(in, 200, out)
	switch l.state {
	case Arrived:
		// "The UAS MUST still respond to any pending requests received for that
		// dialog. It is RECOMMENDED that a 487 (Request Terminated) response be
		// generated" (§15.1.2).
		out = l.terminated(out)
	case Acknowledging:
		out = l.ack(&l.dialog, l.seq, nil, out)
	case Idle, Calling, Proceeding, Cancelling, Accepted, Confirmed, Ending, Over:
	}
	out = l.refuseOffer(RefuseOffer{Status: 487}, out)
	l.accept, l.byeTx = dialog.Accept{}, 0
	l.timer.Stop()
	out = l.cancelReinvite(out)
	return l.leave(l.tell(goodbye(in.Request), in.Request, out))
}

// terminated answers the peer's pending INVITE with 487.
func (l *Leg) terminated(out []Action) []Action {
	out = l.refuseProposal(487, out)
	r := l.reply(l.invite, 487)
	body(r, nil)
	l.invite = nil
	return append(out, Reply{Tx: l.inviteTx, Response: r})
}
