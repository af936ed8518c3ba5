package leg

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
)

// Receive returns the leg of an INVITE that has arrived, with a new tag. The
// INVITE must have a Contact; an offer in it must be one we can read. The error
// says which final response the caller owes instead.
func Receive(env *Env, id ID, in transaction.Arrived, terms Terms) (*Leg, *Fault) {
	l := New(env, id, terms)
	l.flow = in.Flow
	d, err := dialog.FromRequest(in.Request, l.local)
	if err != nil {
		return nil, &Fault{Status: 400, Text: err.Error()}
	}
	l.dialog = d
	if least := l.timer.Received(in.Request); least != 0 {
		return nil, &Fault{Status: 422, Headers: tooSmall(least)}
	}
	l.offer, err = l.describe(in.Request)
	switch {
	case err != nil:
		return nil, &Fault{Status: 400, Text: "session description: " + err.Error()}
	case l.offer == nil && len(in.Request.Body()) > 0:
		return nil, &Fault{Status: 415, Text: "only application/sdp", Headers: []sip.Header{sip.NewHeader("Accept", sdpType)}}
	case l.offer != nil:
		if err := l.session.RemoteOffer(l.offer); err != nil {
			return nil, &Fault{Status: 488, Text: err.Error(), Headers: warning(err)}
		}
	}
	l.reliable.hear(in.Request, terms.Rel100)
	l.allows(in.Request)
	l.invite, l.inviteTx, l.seq = in.Request, in.ID, in.Request.CSeq().SeqNo
	l.state = Arrived
	return l, nil
}

// Fault is the final response that a request earns without becoming a leg.
type Fault struct {
	Status  int
	Text    string
	Headers []sip.Header
}

// agreed reports what an answer has put in force.
func (l *Leg) agreed(s *sdp.Session, out []Action) []Action {
	if n := negotiated(s); n != nil {
		out = append(out, Tell{Agreed{*n}})
	}
	return out
}

// answer sends 200 and waits for the ACK (RFC 3261 §13.3.1.4).
func (l *Leg) answer(now time.Time, c Answer, out []Action) []Action {
	if l.state != Arrived || l.reliable.answer != nil {
		return out
	}
	l.reasons = c.Reasons
	if l.reliable.Waiting && l.reliable.described || l.proposal.pending() || l.updating.offers {
		// "the UAS MUST delay sending the 2xx until the provisional response is
		// acknowledged" (RFC 3262 §3), and it would meet other offers.
		l.reliable.answer = &c
		return out
	}
	content, err := l.final(c.Media)
	if err != nil {
		return l.refuse(unacceptable(err), warning(err), out)
	}
	r := l.reply(l.invite, 200)
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	l.timer.Accept(now, r)
	appendAll(r, c.Headers)
	body(r, content)
	l.accept = dialog.Begin(now, l.inviteTx, l.seq, l.env.Timers)
	l.invite, l.offer, l.state = nil, nil, Accepted
	l.reliable.Stop()
	l.reliable.queue = nil
	out = append(out, Reply{Tx: l.inviteTx, Response: r})
	if c.Media == nil || l.session.State != sdp.Stable {
		return out // Ring has reported it, or Acked will
	}
	return l.agreed(&l.session, out)
}

// final returns the description of the 200: the answer to the INVITE's offer,
// which repeats an early one unless media says otherwise, or our own offer. It is
// nil where a reliable response has settled the session: the answer is given once.
func (l *Leg) final(media *Media) ([]byte, error) {
	switch {
	case settled(&l.session):
		return nil, nil
	case media != nil && l.session.State == sdp.Idle:
		return l.makeOffer(*media)
	case media != nil:
		answer, err := l.makeAnswer(*media)
		if err == nil {
			l.session.Settle()
		}
		return answer, err
	case l.session.State == sdp.Stable:
		l.session.Settle()
		return l.session.Sent, nil
	}
	return nil, sdp.ErrState
}

// refuse sends the final response of an INVITE that will not be answered.
func (l *Leg) refuse(c cause.Cause, headers []sip.Header, out []Action) []Action {
	if c.Status < 300 {
		c.Status = 480
	}
	out = l.refuseProposal(487, out)
	r := l.reply(l.invite, c.Status)
	if v := c.Reason(); v != "" && l.reasons == cause.Tell {
		r.AppendHeader(sip.NewHeader("Reason", v))
	}
	appendAll(r, headers)
	body(r, nil)
	l.invite = nil
	out = append(out, Reply{Tx: l.inviteTx, Response: r})
	return l.over(l.tell(c, nil, out))
}

// cancelled is the peer's CANCEL before our final response: the INVITE is
// answered 487 (RFC 3261 §9.2).
func (l *Leg) cancelled(in transaction.Cancelled, out []Action) []Action {
	switch {
	case l.state == Arrived && in.ID == l.inviteTx:
		c := goodbye(in.Request)
		c.Status = 487
		return l.over(l.tell(c, in.Request, l.terminated(out)))
	case l.reinvite.unanswered() && in.ID == l.reinvite.tx:
		out = l.refuseOffer(RefuseOffer{Status: 487}, out)
		return append(out, Tell{OfferWithdrawn{}})
	}
	return out
}

// ackLost ends a call whose 2xx was never acknowledged (RFC 3261 §13.3.1.4).
func (l *Leg) ackLost(out []Action) []Action {
	return l.abandon(cause.Cause{Side: cause.Remote, Status: 408, Q850: cause.RecoveryOnTimer, Text: "no ACK for our 2xx"}, nil, out)
}

// warning explains a 488 (RFC 3261 §20.43) under a pseudonym, which tells nobody
// our host name.
func warning(err error) []sip.Header {
	code, text, ok := sdp.Warning(err)
	if !ok {
		return nil
	}
	return []sip.Header{sip.NewHeader("Warning", header.Warning{Code: code, Agent: "sekisho", Text: text}.String())}
}
