package leg

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// proposal is an offer of the peer's in an UPDATE (RFC 3311) or a PRACK
// (RFC 3262 §5) that waits for the application. The zero proposal is none.
type proposal struct {
	tx      transaction.ID
	request *sip.Request
	// remote tells the early dialog it came in.
	remote token.Tag
	// timer is what it says of session timers, where it counts.
	timer dialog.SessionRequest
}

func (p *proposal) pending() bool { return p.request != nil }

// updating is an UPDATE of ours: it refreshes the session, or before the INVITE
// is answered offers anew in the early dialog that remote names.
type updating struct {
	tx      transaction.ID
	pending bool
	offers  bool
	remote  token.Tag
}

// allows notes whether the peer takes UPDATE, where it says (RFC 3311 §4).
func (l *Leg) allows(m sip.Message) {
	if allowed, known := header.Allows(m, sip.UPDATE); known {
		l.updates = allowed
	}
}

// sessionOf returns the session of the dialog with a remote tag, or nil.
func (l *Leg) sessionOf(remote token.Tag) *sdp.Session {
	if l.dialog.CallID != "" {
		return &l.session
	}
	if e := l.earlyOf(remote); e != nil {
		return &e.session
	}
	return nil
}

// updated takes an UPDATE of the peer: "The UPDATE is processed like a target
// refresh" at least, before the INVITE is answered or after (RFC 3311 §5.2).
func (l *Leg) updated(now time.Time, in arrival, out []Action) []Action {
	switch {
	case l.told:
		return l.plain(in, 481, out)
	case l.proposal.pending():
		// "A UAS that receives an UPDATE before it has generated a final response
		// to a previous UPDATE on the same dialog MUST return a 500 response to
		// the new UPDATE, and MUST include a Retry-After header field" (§5.2).
		return l.retryLater(in, out)
	}
	l.allows(in.Request)
	s := l.sessionOf(token.TagOf(header.Text(in.Request, "From")))
	d, err := l.describe(in.Request)
	if err != nil || d != nil {
		return l.proposed(in, s, d, err, out)
	}
	timer, least := l.proposedTimer(in.Request)
	if least != 0 {
		return l.tooSmall(in, least, out)
	}
	out = l.accepted(now, proposal{tx: in.ID, request: in.Request, timer: timer}, nil, out)
	return l.authorised(in.Request, out)
}

// proposed takes the offer of an UPDATE or a PRACK, unless another is in the way:
// "If an UPDATE is received that contains an offer, and the UAS has generated an
// offer (in an UPDATE, PRACK or INVITE) to which it has not yet received an
// answer, the UAS MUST reject the UPDATE with a 491 response. Similarly, if an
// UPDATE is received that contains an offer, and the UAS has received an offer
// (in an UPDATE, PRACK, or INVITE) to which it has not yet generated an answer,
// the UAS MUST reject the UPDATE with a 500 response, and MUST include a
// Retry-After header field" (RFC 3311 §5.2). An answer in an unreliable 18x is
// none yet.
func (l *Leg) proposed(in arrival, s *sdp.Session, d *sdp.Description, err error, out []Action) []Action {
	switch {
	case s.State == sdp.LocalOffer, !settled(s) && l.caller() && s.State == sdp.Stable:
		return l.plain(in, 491, out)
	case !settled(s), l.reinvite.unanswered():
		return l.retryLater(in, out)
	}
	timer, least := l.proposedTimer(in.Request)
	if least != 0 {
		return l.tooSmall(in, least, out)
	}
	if err == nil {
		err = s.RemoteOffer(d)
	}
	if err != nil {
		r := l.reply(in.Request, 488)
		appendAll(r, warning(err))
		body(r, nil)
		return append(out, Reply{Tx: in.ID, Response: r})
	}
	l.proposal = proposal{tx: in.ID, request: in.Request, remote: token.TagOf(header.Text(in.Request, "From")), timer: timer}
	return append(out, Tell{Offered{Request: in.Request, Offer: d}})
}

// proposedTimer reads what an UPDATE says of session timers. What a re-INVITE has
// asked that waits for its own answer stays as it is. Before the INVITE is
// answered there is no session to keep alive.
func (l *Leg) proposedTimer(r *sip.Request) (asked dialog.SessionRequest, least time.Duration) {
	if r.Method != sip.UPDATE || l.state != Confirmed && l.state != Accepted {
		return dialog.SessionRequest{}, 0
	}
	before := l.timer.Asked
	least = l.timer.Received(r)
	asked, l.timer.Asked = l.timer.Asked, before
	return asked, least
}

// tooSmall refuses a session shorter than we want (RFC 4028 §9).
func (l *Leg) tooSmall(in arrival, least time.Duration, out []Action) []Action {
	r := l.reply(in.Request, 422)
	appendAll(r, tooSmall(least))
	body(r, nil)
	return append(out, Reply{Tx: in.ID, Response: r})
}

// retryLater is the 500 of an offer that met another: "a Retry-After header
// field with a randomly chosen value between 0 and 10 seconds" (RFC 3311 §5.2).
func (l *Leg) retryLater(in arrival, out []Action) []Action {
	r := l.reply(in.Request, 500)
	r.AppendHeader(sip.NewHeader("Retry-After", strconv.FormatUint(l.env.Source.Uint64()%11, 10)))
	body(r, nil)
	return append(out, Reply{Tx: in.ID, Response: r})
}

// answerProposal accepts the offer of an UPDATE or a PRACK.
func (l *Leg) answerProposal(now time.Time, c AnswerOffer, out []Action) []Action {
	p := l.proposal
	s := l.sessionOf(p.remote)
	if s == nil {
		return l.refuseProposal(481, out)
	}
	content, err := l.answerIn(s, c.Media)
	if err != nil {
		return l.proceed(now, l.refuseProposal(488, out))
	}
	s.Settle()
	l.proposal = proposal{}
	out = l.accepted(now, p, content, out)
	return l.proceed(now, l.agreed(s, out))
}

// accepted is the 2xx to an UPDATE, which refreshes target and session, or to a
// PRACK.
func (l *Leg) accepted(now time.Time, p proposal, content []byte, out []Action) []Action {
	r := l.reply(p.request, 200)
	if p.request.Method == sip.UPDATE {
		if d := l.dialogOf(p.request); d != nil {
			d.Refresh(p.request)
		}
		r.AppendHeader(l.contact(l.flow))
		l.capabilities(r)
		if l.state == Confirmed || l.state == Accepted {
			before := l.timer.Asked
			l.timer.Asked = p.timer
			l.timer.Accept(now, r)
			l.timer.Asked = before
		}
	}
	body(r, content)
	return append(out, Reply{Tx: p.tx, Response: r})
}

// refuseProposal refuses it; the session stays as it was.
func (l *Leg) refuseProposal(status int, out []Action) []Action {
	if !l.proposal.pending() {
		return out
	}
	if s := l.sessionOf(l.proposal.remote); s != nil {
		s.Rollback()
	}
	r := l.reply(l.proposal.request, status)
	body(r, nil)
	out = append(out, Reply{Tx: l.proposal.tx, Response: r})
	l.proposal = proposal{}
	return out
}

// update refreshes the session by an UPDATE without an offer, as is RECOMMENDED
// where the peer allows it (RFC 4028 §7.4).
func (l *Leg) update(now time.Time, out []Action) []Action {
	r, err := l.dialog.Request(sip.UPDATE)
	if err != nil {
		l.timer.Failed(now)
		return out
	}
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	l.timer.Request(r)
	body(r, nil)
	l.updating = updating{pending: true}
	l.timer.Refreshing()
	return l.inDialog(l.env.Resolve(l.dialog.NextHop(), l.flow), r, forUpdate, out)
}

// reofferEarly sends our offer in an UPDATE, in the early dialog that was agreed
// last: once its initial exchange is over for good, and while no other is under
// way (RFC 3311 §5.1).
func (l *Leg) reofferEarly(c Reoffer, out []Action) []Action {
	d, s := &l.dialog, &l.session
	if l.caller() {
		i := len(l.early) - 1
		for i >= 0 && !settled(&l.early[i].session) {
			i--
		}
		if i < 0 {
			return append(out, Tell{OfferRefused{Status: 491}})
		}
		d, s = &l.early[i].dialog, &l.early[i].session
	}
	switch {
	case !l.updates, !settled(s):
		return append(out, Tell{OfferRefused{Status: 491}}) // the answer is awaited
	case l.updating.pending, l.proposal.pending(), l.reliable.Waiting, l.reliable.answer != nil:
		return append(out, Tell{OfferRefused{Status: 491, Retry: l.retry()}})
	}
	l.use(s, c.Media)
	offer, err := s.Offer(c.Media.Caps, c.Media.Direction)
	if err != nil {
		return append(out, Tell{OfferRefused{Status: 488}})
	}
	r, err := d.Request(sip.UPDATE)
	if err != nil {
		s.Rollback()
		return append(out, Tell{OfferRefused{Status: 500}})
	}
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	appendAll(r, c.Headers)
	body(r, offer)
	l.updating = updating{pending: true, offers: true, remote: d.RemoteTag}
	return l.inDialog(l.env.Resolve(d.NextHop(), l.flow), r, forUpdate, out)
}

func settled(s *sdp.Session) bool { return s.State == sdp.Stable && s.Settled }

// updateAnswered is the answer to the offer of an UPDATE of ours.
func (l *Leg) updateAnswered(now time.Time, sent updating, r *sip.Response, out []Action) []Action {
	s := l.sessionOf(sent.remote)
	if s == nil || l.told {
		return out
	}
	ev := OfferRefused{Status: r.StatusCode}
	switch r.StatusCode {
	case 491:
		ev.Retry = l.retry()
	case 500: // it is busy with another offer (§5.2)
		ev.Retry = retryAfter(r)
	}
	if r.StatusCode < 300 {
		d, err := l.describe(r)
		if err == nil && d != nil {
			err = s.RemoteAnswer(d)
		} else if err == nil {
			err = sdp.ErrNoAudio
		}
		if err == nil {
			s.Settle()
			return l.proceed(now, l.agreed(s, out))
		}
		ev.Status = 488
	}
	s.Rollback()
	return l.proceed(now, append(out, Tell{ev}))
}

// updateResponse is the answer to an UPDATE of ours.
func (l *Leg) updateResponse(now time.Time, r *sip.Response, out []Action) []Action {
	if r.StatusCode < 200 {
		return out
	}
	sent := l.updating
	l.updating = updating{}
	if sent.offers {
		return l.authorised(r, l.updateAnswered(now, sent, r, out))
	}
	if l.state != Confirmed {
		return out
	}
	switch {
	case r.StatusCode < 300:
		l.dialog.Refresh(r)
		l.allows(r)
		l.timer.Accepted(now, r)
	case r.StatusCode == 481 || r.StatusCode == 408:
		return l.abandon(cause.Cause{Side: cause.Remote, Status: r.StatusCode, Q850: cause.FromStatus(r.StatusCode)}, r, out)
	case r.StatusCode == 422 && l.timer.Lengthen(r):
		return l.update(now, out)
	case r.StatusCode == 405 || r.StatusCode == 501:
		l.updates = false // whatever it has said
		return l.refresh(now, out)
	default:
		l.refreshRefused(now, r.StatusCode)
	}
	return out
}
