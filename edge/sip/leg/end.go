package leg

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/token"
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
		l.state = Cancelling
		l.parting = farewell(c)
		// Whatever happens to the CANCEL, the INVITE is over 64·T1 after it
		// (RFC 3261 §9.1); without any response the transaction itself ends
		// by timer B.
		l.giveUp = now.Add(64 * l.env.Timers.T1)
		out = l.tell(c.Cause, nil, out)
		if l.cancellable {
			return l.cancel(now, out)
		}
		return out
	case Acknowledging:
		out = l.ack(&l.dialog, l.seq, nil, out)
		fallthrough
	case Confirmed:
		l.parting = farewell(c)
		out = l.tell(c.Cause, nil, out)
		return l.bye(out)
	case Arrived:
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
	if v := c.Cause.Reason(); v != "" {
		return append([]sip.Header{sip.NewHeader("Reason", v)}, c.Headers...)
	}
	return c.Headers
}

// cancel sends the CANCEL, once, after a provisional response allowed it. It
// repeats what identifies the INVITE, its branch included (RFC 3261 §9.1).
func (l *Leg) cancel(now time.Time, out []Action) []Action {
	if l.cancelSent || l.invite == nil {
		return out
	}
	l.cancelSent = true
	l.giveUp = now.Add(64 * l.env.Timers.T1)
	r := sip.NewRequest(sip.CANCEL, l.invite.Recipient)
	r.AppendHeader(l.via(l.flow, token.Branch(param(l.invite.Via().Params, "branch"))))
	for _, h := range l.invite.GetHeaders("Route") {
		r.AppendHeader(h)
	}
	r.AppendHeader(newMaxForwards(70))
	r.AppendHeader(l.invite.GetHeader("From"))
	r.AppendHeader(l.invite.GetHeader("To"))
	r.AppendHeader(l.invite.CallID())
	r.AppendHeader(&sip.CSeqHeader{SeqNo: l.seq, MethodName: sip.CANCEL})
	appendAll(r, l.parting)
	body(r, nil)
	l.unnamed = append(l.unnamed, forCancel)
	return append(out, Transact{Flow: l.flow, Request: r})
}

// abandon ends an answered call that cannot go on: BYE with the reason.
func (l *Leg) abandon(c cause.Cause, m sip.Message, out []Action) []Action {
	l.parting = farewell(HangUp{Cause: c})
	return l.bye(l.tell(c, m, out))
}

// bye sends the BYE and waits for its answer.
func (l *Leg) bye(out []Action) []Action {
	l.state, l.byeOwed, l.accept.Tx = Ending, false, 0
	r, err := l.dialog.Request(sip.BYE)
	if err != nil {
		return l.over(out) // the peer gave no URI that a BYE could go to
	}
	appendAll(r, l.parting)
	return l.inDialog(l.env.Resolve(l.dialog.NextHop(), l.flow), r, forBye, out)
}

// remoteBye is the peer's BYE: answered at once whatever the state, also when
// it crosses ours (RFC 3261 §15.1.2).
func (l *Leg) remoteBye(in arrival, out []Action) []Action {
	out = l.plain(in, 200, out)
	if l.invite != nil && l.state == Arrived {
		// The UAS of a pending INVITE answers it 487 (§15.1.2).
		r := l.reply(l.invite, 487)
		body(r, nil)
		out = append(out, Reply{Tx: l.inviteTx, Response: r})
		l.invite = nil
	}
	if l.reinvite.pending() && !l.reinvite.ours {
		out = l.refuseOffer(RefuseOffer{Status: 487}, out)
	}
	c := cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing}
	if q, text, ok := cause.ParseReason(reason(in.Request)); ok {
		c.Q850, c.Text = q, text
	}
	return l.over(l.tell(c, in.Request, out))
}
