package leg

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/transaction"
)

var errNoAnswer = errors.New("ACK without the answer to our offer")

// arrival is an in-dialog request.
type arrival = transaction.Arrived

// Owns reports whether an in-dialog request of the peer belongs to this leg: the
// tags and the Call-ID of its dialog, or of one of its early ones
// (RFC 3261 §12.2.2).
func (l *Leg) Owns(r *sip.Request) bool { return l.dialogOf(r) != nil }

// dialogOf returns the dialog that a request names, or nil.
func (l *Leg) dialogOf(r *sip.Request) *dialog.Dialog {
	if l.dialog.CallID != "" {
		if l.dialog.Matches(r) {
			return &l.dialog
		}
		return nil
	}
	for i := range l.early {
		if d := &l.early[i].dialog; d.Matches(r) {
			return d
		}
	}
	return nil
}

// arrived sorts the requests of the peer inside the dialog.
func (l *Leg) arrived(now time.Time, in arrival, out []Action) []Action {
	r := in.Request
	d := l.dialogOf(r)
	switch {
	case r.Method == sip.ACK && d == nil:
		return out
	case r.Method == sip.ACK:
		return l.acked(r, out)
	case d == nil:
		return l.plain(in, 481, out)
	case !d.InOrder(r):
		// "it is out of order and MUST be rejected with a 500"
		// (RFC 3261 §12.2.2).
		return l.plain(in, 500, out)
	}
	switch r.Method {
	case sip.BYE:
		if l.dialog.CallID == "" {
			return l.earlyBye(now, in, out)
		}
		return l.remoteBye(in, out)
	case sip.INVITE:
		return l.reinvited(in, out)
	case sip.OPTIONS:
		return l.plain(in, 200, out)
	case sip.PRACK:
		return l.pracked(now, in, out)
	case sip.UPDATE:
		return l.updated(now, in, out)
	}
	if slices.Contains(l.methods, r.Method) {
		return l.asked(in, out)
	}
	if !header.KnownMethod(r.Method) {
		return l.plain(in, 501, out)
	}
	return l.plain(in, 405, out)
}

// acked ends the wait for the ACK of our 2xx and takes the answer it may bring.
func (l *Leg) acked(r *sip.Request, out []Action) []Action {
	tx := l.accept.Tx
	if !l.accept.Acked(r.CSeq().SeqNo) {
		return out
	}
	out = append(out, Settled{Tx: tx})
	first := l.state == Accepted
	if first {
		l.state = Confirmed
	} else {
		l.reinvite = reinvite{}
	}
	if l.byeOwed {
		return l.bye(out)
	}
	answered := l.session.State != sdp.LocalOffer
	if !answered {
		d, err := l.describe(r)
		if err == nil && d != nil {
			err = l.session.RemoteAnswer(d)
		} else if err == nil {
			err = errNoAnswer
		}
		if err != nil {
			return l.abandon(unacceptable(err), r, out)
		}
	}
	l.session.Settle()
	n := negotiated(&l.session)
	switch {
	case first && answered:
		return append(out, Tell{Acked{}})
	case first:
		return append(out, Tell{Acked{Negotiated: n}})
	case answered || n == nil:
		return out // AnswerOffer has reported it
	}
	return append(out, Tell{Agreed{*n}})
}

// earlyBye is a BYE inside an early dialog of a UAC. The callee "MUST NOT send a
// BYE on early dialogs" (RFC 3261 §15), and yet does where every copy of its 2xx
// was lost: the branch is over, and with the last one the call.
func (l *Leg) earlyBye(now time.Time, in arrival, out []Action) []Action {
	out = l.plain(in, 200, out)
	l.early = slices.DeleteFunc(l.early, func(e earlyDialog) bool { return e.dialog.Matches(in.Request) })
	if len(l.early) > 0 || l.state != Proceeding {
		return out
	}
	out = l.tell(goodbye(in.Request), in.Request, out)
	return l.stopCalling(now, out)
}

// plain answers a request of the dialog without a body.
func (l *Leg) plain(in arrival, status int, out []Action) []Action {
	r := l.reply(in.Request, status)
	switch status {
	case 405, 501:
		r.AppendHeader(sip.NewHeader("Allow", l.allow()))
	case 500:
		// "a Retry-After header field with a randomly chosen value of between
		// 0 and 10 seconds" (RFC 3261 §14.2).
		if in.Request.Method == sip.INVITE {
			r.AppendHeader(sip.NewHeader("Retry-After", strconv.FormatUint(l.env.Source.Uint64()%11, 10)))
		}
	case 200:
		l.capabilities(r)
	}
	body(r, nil)
	return append(out, Reply{Tx: in.ID, Response: r})
}
