package leg

import (
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/transaction"
)

// arrival is an in-dialog request.
type arrival = transaction.Arrived

// Owns reports whether an in-dialog request of the peer belongs to this leg: the
// tags and the Call-ID of its dialog, or of one of its early ones
// (RFC 3261 §12.2.2).
func (l *Leg) Owns(r *sip.Request) bool {
	if l.dialog.CallID != "" {
		return l.dialog.Matches(r)
	}
	for i := range l.early {
		if l.early[i].dialog.Matches(r) {
			return true
		}
	}
	return false
}

// arrived sorts the requests of the peer inside the dialog.
func (l *Leg) arrived(now time.Time, in arrival, out []Action) []Action {
	r := in.Request
	if r.Method == sip.ACK {
		return l.acked(r, out)
	}
	if !l.dialog.InOrder(r) {
		// "it MUST … reject with a 500" (RFC 3261 §12.2.2).
		return l.plain(in, 500, out)
	}
	switch r.Method {
	case sip.BYE:
		return l.remoteBye(in, out)
	case sip.INVITE:
		return l.reinvited(in, out)
	case sip.OPTIONS:
		return l.plain(in, 200, out)
	}
	return l.plain(in, 405, out)
}

// acked ends the wait for the ACK of our 2xx and takes the answer it may bring.
func (l *Leg) acked(r *sip.Request, out []Action) []Action {
	if !l.accept.Acked(r.CSeq().SeqNo) {
		return out
	}
	first := l.state == Accepted
	if first {
		l.state = Confirmed
	}
	if l.byeOwed {
		return l.bye(out)
	}
	answered := l.session.State != localOffer
	if !answered {
		d, err := Describe(r)
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
	if !first {
		l.reinvite = reinvite{}
		if answered || n == nil {
			return out
		}
		return append(out, Tell{Agreed{*n}})
	}
	ev := Acked{}
	if !answered {
		ev.Negotiated = n
	}
	return append(out, Tell{ev})
}

// plain answers a request of the dialog without a body.
func (l *Leg) plain(in arrival, status int, out []Action) []Action {
	r := l.reply(in.Request, status)
	switch status {
	case 405:
		r.AppendHeader(sip.NewHeader("Allow", l.env.Allow))
	case 500:
		// RFC 3261 §14.2: Retry-After of 0 to 10 s when a re-INVITE overtakes.
		if in.Request.Method == sip.INVITE {
			r.AppendHeader(sip.NewHeader("Retry-After", fmt.Sprint(1+l.env.Source.Uint64()%10)))
		}
	case 200:
		l.capabilities(r)
	}
	body(r, nil)
	return append(out, Reply{Tx: in.ID, Response: r})
}

// formatWarning writes a Warning value (RFC 3261 §20.43) under a pseudonym, so
// that it tells nobody our host name.
func formatWarning(code int, text string) string {
	return fmt.Sprintf("%03d sekisho %q", code, strings.NewReplacer(`"`, "'", "\r", " ", "\n", " ").Replace(text))
}

func param(params sip.HeaderParams, name string) string {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return p.V
		}
	}
	return ""
}
