package leg

import (
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
)

// inOrder notes the number of a reliable provisional response and reports
// whether it is the next of its dialog: "if the RSeq in the provisional response
// is not exactly one greater than the value of the sequence number, the response
// MUST NOT be acknowledged with a PRACK, and MUST NOT be processed further by
// the UAC" (RFC 3262 §4). A copy of one that was acknowledged is such a one; its
// PRACK repeats itself.
func (e *earlyDialog) inOrder(rseq uint32) bool {
	if e.rseq != 0 && rseq != e.rseq+1 {
		return false
	}
	e.rseq = rseq
	return true
}

// reliably takes the description of a reliable provisional response. It
// is the answer to our offer, or where the INVITE had none the offer that the
// PRACK must answer (RFC 3262 §5): then the PRACK waits for Acknowledge.
func (l *Leg) reliably(e *earlyDialog, r *sip.Response, ev *Progressed, out []Action) ([]Action, error) {
	d, _ := l.describe(r) // what cannot be read says nothing
	switch {
	case d == nil:
	case e.session.State == sdp.Idle:
		err := e.session.RemoteOffer(d)
		if err == nil {
			ev.Offer, e.owed = d, true
		}
		return out, err
	case e.session.RemoteAnswer(d) == nil:
		e.session.Settle()
		ev.Negotiated = negotiated(&e.session)
	}
	return l.prack(e, nil, out), nil
}

// prack acknowledges the reliable provisional response of an early dialog that
// came last (RFC 3262 §4). Nobody waits for its answer: a 2xx says nothing that
// is not known, and without one the peer gives the INVITE up.
func (l *Leg) prack(e *earlyDialog, content []byte, out []Action) []Action {
	e.owed = false
	r, err := e.dialog.Request(sip.PRACK)
	if err != nil {
		return out // no URI to send it to
	}
	r.AppendHeader(sip.NewHeader("RAck", header.RAck{RSeq: e.rseq, CSeq: l.seq, Method: string(sip.INVITE)}.String()))
	body(r, content)
	return l.inDialog(l.env.Resolve(e.dialog.NextHop(), l.flow), r, forPrack, out)
}

// authorised hands up what a peer that is called says of early media beside its
// responses to the INVITE.
func (l *Leg) authorised(m sip.Message, out []Action) []Action {
	r, response := m.(*sip.Response)
	if l.told || l.state != Proceeding || response && r.StatusCode/100 != 2 || header.First(m, "P-Early-Media") == "" {
		return out
	}
	return append(out, Tell{Authorised{Message: m}})
}

// answerEarly sends the PRACK with our answer to the offer of a reliable
// provisional response.
func (l *Leg) answerEarly(now time.Time, c Acknowledge, out []Action) []Action {
	for i := range l.early {
		e := &l.early[i]
		if !e.owed {
			continue
		}
		answer, err := l.answerIn(&e.session, c.Media)
		if err != nil {
			e.session.Rollback()
			return l.stopCalling(now, l.tell(unacceptable(err), nil, out))
		}
		e.session.Settle()
		out = l.agreed(&e.session, l.prack(e, answer, out))
	}
	return out
}

// branchOver forgets an early dialog that a proxy has told to be over (199,
// RFC 6228 §5).
func (l *Leg) branchOver(r *sip.Response) {
	l.early = slices.DeleteFunc(l.early, func(e earlyDialog) bool { return e.dialog.RemoteTag == tagOf(r) })
}

// reinviteProgress acknowledges a reliable provisional response to our
// re-INVITE, which nobody has asked for: its sender gives up otherwise.
func (l *Leg) reinviteProgress(r *sip.Response, out []Action) []Action {
	rseq := dialog.RSeqOf(r)
	if rseq == 0 || l.reinvite.rseq != 0 && rseq != l.reinvite.rseq+1 {
		return out
	}
	l.reinvite.rseq = rseq
	p, err := l.dialog.Request(sip.PRACK)
	if err != nil {
		return out
	}
	p.AppendHeader(sip.NewHeader("RAck", header.RAck{RSeq: rseq, CSeq: l.reinvite.seq, Method: string(sip.INVITE)}.String()))
	body(p, nil)
	return l.inDialog(l.env.Resolve(l.dialog.NextHop(), l.flow), p, forPrack, out)
}
