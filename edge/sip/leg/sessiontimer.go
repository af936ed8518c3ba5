package leg

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/sdp"
)

// Terms is what is settled with a neighbour before any call: the extensions its
// profile allows.
type Terms struct {
	// Session is how its sessions are kept alive; zero leaves timers out.
	Session dialog.SessionTerms
	// Methods are the requests inside a dialog, beside the leg's own, that the
	// application answers (Asked); all others are refused by the leg.
	Methods []sip.RequestMethod
	// Rel100 is how provisional responses are made reliable.
	Rel100 Reliability
	// Replaces lets an INVITE of the peer's name a leg of its own that it is to take
	// over (RFC 3891).
	Replaces bool
	// OverMTU is what becomes of a request that is too long for UDP.
	OverMTU OverMTU
	// Secure is whether and how its media is SRTP.
	Secure sdp.Secure
}

// Options are the option tags of what the terms allow (RFC 3261 §19.2).
func (t Terms) Options() []string {
	var options []string
	if t.Session.Expires != 0 {
		options = append(options, dialog.TimerOption)
	}
	if t.Rel100 != Unreliable {
		options = append(options, dialog.ReliableOption)
	}
	if t.Replaces {
		options = append(options, ReplacesOption)
	}
	return options
}

// ReplacesOption is the option tag of RFC 3891.
const ReplacesOption = "replaces"

// tooSmall answers a request that asks for a shorter session than we want
// (RFC 4028 §9).
func tooSmall(least time.Duration) []sip.Header {
	return []sip.Header{sip.NewHeader("Min-SE", strconv.Itoa(int(least/time.Second)))}
}

// askAgain sends the INVITE that earned a 422 once more, for longer: with the
// same Call-ID, To and From and a higher CSeq (RFC 4028 §7.3, RFC 3261
// §8.1.3.5). It reports false where the 422 asks for nothing that we have not
// offered.
func (l *Leg) askAgain(res *sip.Response, out []Action) ([]Action, bool) {
	if l.invite == nil || !l.timer.Lengthen(res) {
		return out, false
	}
	l.seq++
	r := sip.NewRequest(sip.INVITE, l.invite.Recipient)
	r.AppendHeader(l.via(l.flow, markOf(l.invite)))
	content := l.invite.Body()
	for _, h := range l.invite.Headers() {
		switch h.Name() {
		case "Via", "CSeq", "Session-Expires", "Min-SE", "Content-Type", "Content-Length":
		default:
			r.AppendHeader(h)
		}
	}
	r.AppendHeader(&sip.CSeqHeader{SeqNo: l.seq, MethodName: sip.INVITE})
	l.timer.Request(r)
	body(r, content)
	l.invite, l.inviteTx, l.early, l.cancellable = r, 0, nil, false
	l.state = Calling
	l.unnamed = append(l.unnamed, forInvite)
	return append(out, Transact{Flow: l.flow, Request: r}), true
}

// reofferAgain does the same inside the dialog. The offer is outstanding still.
func (l *Leg) reofferAgain(sent reinvite, out []Action) []Action {
	r, err := l.dialog.Request(sip.INVITE)
	if err != nil {
		l.session.Rollback()
		return append(out, Tell{OfferRefused{Status: 422}})
	}
	out = l.sendReinvite(r, sent.request.Body(), out)
	l.reinvite.refresh = sent.refresh
	return out
}

// sessionDue does what the session timer asks for at now. A refresh that would
// meet another INVITE waits as after a 491.
func (l *Leg) sessionDue(now time.Time, out []Action) []Action {
	refresh, expired := l.timer.Due(now)
	switch {
	case expired:
		l.timer.Stop()
		if l.told || l.state != Confirmed && l.state != Accepted {
			return out
		}
		return l.abandon(cause.Cause{Side: cause.Remote, Q850: cause.RecoveryOnTimer, Text: "session expired"}, nil, out)
	case !refresh:
		return out
	case l.told || l.state != Confirmed || l.reinvite.pending() || l.updating.pending || l.accept.Waiting():
		l.timer.Postpone(now, l.retry())
		return out
	}
	return l.refresh(now, out)
}

// refresh sends an UPDATE where the peer takes them. Otherwise it repeats the
// session's description in a re-INVITE; its version says that nothing has
// changed (RFC 4028 §7.4, RFC 3264 §8).
func (l *Leg) refresh(now time.Time, out []Action) []Action {
	if l.updates {
		return l.update(now, out)
	}
	offer, err := l.session.Repeat()
	if err == nil {
		var r *sip.Request
		if r, err = l.dialog.Request(sip.INVITE); err == nil {
			out = l.sendReinvite(r, offer, out)
			l.reinvite.refresh = true
			l.timer.Refreshing()
			return out
		}
		l.session.Rollback()
	}
	l.timer.Failed(now)
	return out
}

// refreshRefused sets the next try of a refresh that the peer has refused.
func (l *Leg) refreshRefused(now time.Time, status int) {
	if status == 491 {
		l.timer.Postpone(now, l.retry())
		return
	}
	l.timer.Failed(now)
}
