package leg

import (
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
)

const localOffer = sdp.LocalOffer

var errNoAnswer = errors.New("ACK without the answer to our offer")

// reinvite is a re-INVITE in progress (RFC 3261 §14).
type reinvite struct {
	tx   transaction.ID
	seq  uint32
	ours bool
	// request is the peer's, until it is answered.
	request *sip.Request
}

func (r reinvite) pending() bool { return r.seq != 0 }

// reoffer sends a re-INVITE (RFC 3261 §14.1). While another is in progress, in
// either direction, it must not.
func (l *Leg) reoffer(c Reoffer, out []Action) []Action {
	if l.state != Confirmed || l.reinvite.pending() || l.accept.Waiting() {
		return append(out, Tell{OfferRefused{Status: 491}})
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
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	body(r, offer)
	l.reinvite = reinvite{seq: l.dialog.LocalSeq, ours: true}
	return l.inDialog(l.env.Resolve(l.dialog.NextHop(), l.flow), r, forReinvite, out)
}

// reinviteResponse is the answer to our re-INVITE.
func (l *Leg) reinviteResponse(now time.Time, r *sip.Response, out []Action) []Action {
	if r.StatusCode < 200 {
		return out
	}
	seq := l.reinvite.seq
	if r.StatusCode < 300 {
		l.dialog.Refresh(r)
		out = l.ack(&l.dialog, seq, nil, out)
		l.reinvite.seq = 0 // settled; tx stays, so that a repeated 2xx is acknowledged
		if l.state != Confirmed {
			return out
		}
		d, err := Describe(r)
		if err == nil && d != nil {
			err = l.session.RemoteAnswer(d)
		} else if err == nil {
			err = sdp.ErrNoAudio
		}
		l.reinvite = reinvite{}
		if err != nil {
			l.session.Rollback()
			return append(out, Tell{OfferRefused{Status: 488}})
		}
		l.session.Settle()
		return append(out, Tell{Agreed{*negotiated(&l.session)}})
	}
	l.session.Rollback()
	l.reinvite = reinvite{}
	if l.state != Confirmed {
		return out
	}
	if r.StatusCode == 481 || r.StatusCode == 408 {
		// The dialog is gone at the peer (RFC 3261 §12.2.1.2).
		return l.abandon(cause.Cause{Side: cause.Remote, Status: r.StatusCode, Q850: cause.FromStatus(r.StatusCode)}, r, out)
	}
	return append(out, Tell{OfferRefused{Status: r.StatusCode}})
}

// reinvited is a re-INVITE of the peer (RFC 3261 §14.2).
func (l *Leg) reinvited(in arrival, out []Action) []Action {
	switch {
	case l.state == Cancelling || l.state == Ending || l.told:
		return l.plain(in, 481, out)
	case l.reinvite.pending() && l.reinvite.ours:
		return l.plain(in, 491, out)
	case l.reinvite.pending(), l.accept.Waiting(), l.state != Confirmed:
		return l.plain(in, 500, out)
	}
	d, err := Describe(in.Request)
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
	req := l.reinvite.request
	if req == nil {
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
	l.dialog.Refresh(req)
	r := l.reply(req, 200)
	r.AppendHeader(l.contact(l.flow))
	l.capabilities(r)
	body(r, content)
	l.accept = dialog.Begin(now, l.reinvite.tx, l.reinvite.seq, l.env.Timers)
	l.reinvite.request = nil
	out = append(out, Reply{Tx: l.reinvite.tx, Response: r})
	return l.agreed(offered, out)
}

// refuseOffer refuses the peer's re-INVITE; nothing changes.
func (l *Leg) refuseOffer(c RefuseOffer, out []Action) []Action {
	req := l.reinvite.request
	if req == nil {
		return out
	}
	l.session.Rollback()
	r := l.reply(req, c.Status)
	body(r, nil)
	out = append(out, Reply{Tx: l.reinvite.tx, Response: r})
	l.reinvite = reinvite{}
	return out
}
