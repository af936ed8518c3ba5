package leg

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
)

// reinvite is a re-INVITE in progress (RFC 3261 §14). The zero reinvite is none.
type reinvite struct {
	tx   transaction.ID
	seq  uint32
	ours bool
	// request is the peer's until we answer it, ours until its final answer;
	// ours went out on flow.
	request *sip.Request
	flow    flow.Flow
	// cancellable is set once a response to ours allows CANCEL.
	cancellable bool
	// refresh says that ours only refreshes the session: it is no offer of the
	// application's.
	refresh bool
	// rseq is that of the last reliable provisional response to ours.
	rseq uint32
}

func (r *reinvite) pending() bool { return r.seq != 0 }

// unanswered reports whether the peer waits for our final response.
func (r *reinvite) unanswered() bool { return !r.ours && r.request != nil }

// reoffer sends a re-INVITE (RFC 3261 §14.1). While another is in progress, in
// either direction, it must not.
func (l *Leg) reoffer(c Reoffer, out []Action) []Action {
	if l.told {
		return out
	}
	if l.state == Arrived || l.state == Proceeding {
		return l.reofferEarly(c, out)
	}
	if l.state != Confirmed || l.updating.offers || l.reinvite.pending() || l.accept.Waiting() || l.proposal.pending() {
		return append(out, Tell{OfferRefused{Status: 491, Retry: l.retry()}})
	}
	offer, err := l.makeOffer(c.Media)
	if err != nil {
		return append(out, Tell{OfferRefused{Status: 488}})
	}
	r, err := l.dialog.Request(sip.INVITE)
	if err != nil {
		l.session.Rollback()
		return append(out, Tell{OfferRefused{Status: 500}})
	}
	appendAll(r, c.Headers)
	return l.sendReinvite(r, offer, out)
}

// sendReinvite sends a re-INVITE that the dialog has numbered. Each refreshes
// the session.
func (l *Leg) sendReinvite(r *sip.Request, offer []byte, out []Action) []Action {
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	l.timer.Request(r)
	body(r, offer)
	f := l.env.Resolve(l.dialog.NextHop(), l.flow)
	l.reinvite = reinvite{seq: l.dialog.LocalSeq, ours: true, request: r, flow: f}
	return l.inDialog(f, r, forReinvite, out)
}

// retry is how long to wait after 491: "If the UAC is the owner of the Call-ID
// [...] between 2.1 and 4 seconds in units of 10 ms", otherwise "between 0 and 2
// seconds in units of 10 ms" (RFC 3261 §14.1).
func (l *Leg) retry() time.Duration {
	n := l.env.Source.Uint64()
	if l.caller() {
		return time.Duration(210+n%191) * 10 * time.Millisecond
	}
	return time.Duration(n%201) * 10 * time.Millisecond
}

// retryAfter is what a 500 to an overlapping INVITE asks for: "a Retry-After
// header field with a randomly chosen value of between 0 and 10 seconds"
// (RFC 3261 §14.2). Any other 500 has none, or means something else.
func retryAfter(r *sip.Response) time.Duration {
	value, _, _ := strings.Cut(header.First(r, "Retry-After"), ";")
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 || n > 10 {
		return 0
	}
	return max(time.Duration(n)*time.Second, 10*time.Millisecond)
}

// reinviteResponse is the answer to our re-INVITE.
func (l *Leg) reinviteResponse(now time.Time, r *sip.Response, out []Action) []Action {
	if r.StatusCode < 200 {
		l.reinvite.cancellable = true
		out = l.reinviteProgress(r, out)
		if l.state == Ending {
			return l.cancelReinvite(out)
		}
		return out
	}
	sent := l.reinvite
	l.reinvite = reinvite{}
	switch {
	case r.StatusCode < 300:
		l.dialog.Refresh(r)
		l.allows(r)
		out = l.ack(&l.dialog, sent.seq, nil, out)
		if l.state == Confirmed {
			l.timer.Accepted(now, r)
			return l.reoffered(r, sent, out)
		}
	case l.state == Confirmed && (r.StatusCode == 481 || r.StatusCode == 408):
		// "If the response for a request within a dialog is a 481 [...] or a 408
		// [...], the UAC SHOULD terminate the dialog" (RFC 3261 §12.2.1.2).
		l.session.Rollback()
		return l.abandon(cause.Cause{Side: cause.Remote, Status: r.StatusCode, Q850: cause.FromStatus(r.StatusCode)}, r, out)
	case l.state == Confirmed && r.StatusCode == 422 && sent.request != nil && l.timer.Lengthen(r):
		return l.reofferAgain(sent, out)
	case l.state == Confirmed:
		l.session.Rollback()
		if sent.refresh {
			l.refreshRefused(now, r.StatusCode)
			return out
		}
		ev := OfferRefused{Status: r.StatusCode}
		switch r.StatusCode {
		case 491:
			ev.Retry = l.retry()
		case 500: // it is busy with another INVITE of ours (§14.2)
			ev.Retry = retryAfter(r)
		}
		return append(out, Tell{ev})
	}
	if l.state == Ending && l.byeTx == 0 {
		return l.over(out) // it was all that the leg waited for
	}
	return out
}

// reoffered takes the answer that the 2xx to our re-INVITE brought.
func (l *Leg) reoffered(r *sip.Response, sent reinvite, out []Action) []Action {
	before := negotiated(&l.session)
	d, err := l.describe(r)
	if err == nil && d != nil {
		err = l.session.RemoteAnswer(d)
	} else if err == nil {
		err = sdp.ErrNoAudio
	}
	if err != nil {
		l.session.Rollback()
		if sent.refresh {
			return out // it has refreshed the session all the same
		}
		return append(out, Tell{OfferRefused{Status: 488}})
	}
	l.session.Settle()
	if after := negotiated(&l.session); sent.refresh && *after == *before {
		return out
	}
	return l.agreed(&l.session, out)
}

// reinvited is a re-INVITE of the peer (RFC 3261 §14.2).
func (l *Leg) reinvited(in arrival, out []Action) []Action {
	switch {
	case l.told:
		return l.plain(in, 481, out)
	case l.state != Accepted && l.state != Confirmed && l.caller(), l.reinvite.ours, l.session.State == sdp.LocalOffer:
		// "A UAS that receives an INVITE on a dialog while an INVITE it had sent
		// on that dialog is in progress MUST return a 491 (Request Pending)
		// response"; so too while our offer waits for its answer
		// (RFC 5407 §3.1.5).
		return l.plain(in, 491, out)
	case l.reinvite.pending(), l.accept.Waiting(), l.state != Confirmed, l.proposal.pending():
		// "A UAS that receives a second INVITE before it sends the final response
		// to a first INVITE [...] MUST return a 500". It asks to come back also
		// while the ACK of the first is under way.
		return l.plain(in, 500, out)
	}
	if least := l.timer.Received(in.Request); least != 0 {
		r := l.reply(in.Request, 422)
		appendAll(r, tooSmall(least))
		body(r, nil)
		return append(out, Reply{Tx: in.ID, Response: r})
	}
	l.allows(in.Request)
	d, err := l.describe(in.Request)
	if err == nil && d != nil {
		err = l.session.RemoteOffer(d)
	}
	if err != nil {
		r := l.reply(in.Request, 488)
		appendAll(r, warning(err))
		body(r, nil)
		return append(out, Reply{Tx: in.ID, Response: r})
	}
	l.reinvite = reinvite{tx: in.ID, seq: in.Request.CSeq().SeqNo, request: in.Request}
	return append(out, Tell{Offered{Request: in.Request, Offer: d}})
}

// answerOffer accepts the peer's re-INVITE, or offers in its 2xx when it had
// no offer.
func (l *Leg) answerOffer(now time.Time, c AnswerOffer, out []Action) []Action {
	if l.proposal.pending() {
		return l.answerProposal(now, c, out)
	}
	if !l.reinvite.unanswered() {
		return out
	}
	var content []byte
	var err error
	offered := l.session.State == sdp.RemoteOffer
	if offered {
		content, err = l.makeAnswer(c.Media)
	} else {
		content, err = l.makeOffer(c.Media)
	}
	if err != nil {
		return l.refuseOffer(RefuseOffer{Status: 488}, out)
	}
	req := l.reinvite.request
	l.dialog.Refresh(req)
	r := l.reply(req, 200)
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	l.timer.Accept(now, r)
	body(r, content)
	l.accept = dialog.Begin(now, l.reinvite.tx, l.reinvite.seq, l.env.Timers)
	l.reinvite.request = nil
	l.session.Settle()
	out = append(out, Reply{Tx: l.reinvite.tx, Response: r})
	if !offered {
		return out
	}
	return l.agreed(&l.session, out)
}

// refuseOffer refuses the peer's re-INVITE; nothing changes.
func (l *Leg) refuseOffer(c RefuseOffer, out []Action) []Action {
	if c.Status < 300 {
		c.Status = 488
	}
	out = l.refuseProposal(c.Status, out)
	if !l.reinvite.unanswered() {
		return out
	}
	l.session.Rollback()
	r := l.reply(l.reinvite.request, c.Status)
	body(r, nil)
	out = append(out, Reply{Tx: l.reinvite.tx, Response: r})
	l.reinvite = reinvite{}
	return out
}
