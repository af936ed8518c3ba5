package leg

import (
	"slices"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/sdp"
)

// Reliability is how provisional responses are made reliable toward a neighbour
// (RFC 3262).
type Reliability uint8

// The ways. The zero value leaves the extension out.
const (
	// Unreliable offers nothing, and refuses whoever requires it.
	Unreliable Reliability = iota
	// Supported offers it, and uses it where the peer requires it or Ring asks.
	Supported
	// Required also requires it of a peer that is called, and uses it for every
	// provisional response to one that knows it.
	Required
)

// provisioning is the UAS's side of RFC 3262: one response at a time waits for
// its PRACK, the others behind it.
type provisioning struct {
	// able and demanded say that the INVITE knows, or requires, 100rel.
	able, demanded bool
	dialog.Reliable
	// described says that the response that waits carries a description, which
	// holds the 2xx back.
	described bool
	queue     []Ring
	// answer is the 2xx that was held back.
	answer *Answer
}

// maxQueued bounds the provisional responses that wait for a PRACK. Beyond it
// the last takes the place of the one before: it says how things stand.
const maxQueued = 8

// Reliable reports whether a provisional response of this leg can be made
// reliable, and so carry an offer where the INVITE had none (RFC 3262 §5).
func (l *Leg) Reliable() bool { return l.reliable.able }

// hear notes what an INVITE says of reliable provisional responses.
func (p *provisioning) hear(r *sip.Request, terms Reliability) {
	if terms == Unreliable {
		return
	}
	p.demanded = header.HasOption(r, "Require", dialog.ReliableOption)
	p.able = p.demanded || header.HasOption(r, "Supported", dialog.ReliableOption)
}

// ring sends a provisional response (RFC 3261 §13.3.1.1), or has it wait: "The
// UAS MUST NOT send a second reliable provisional response until the first is
// acknowledged" (RFC 3262 §3). An unreliable one would be repeated in its place.
func (l *Leg) ring(now time.Time, c Ring, out []Action) []Action {
	if l.state != Arrived || l.reliable.answer != nil {
		return out
	}
	if l.busy() {
		if n := len(l.reliable.queue); n == maxQueued {
			l.reliable.queue = slices.Delete(l.reliable.queue, n-1, n)
		}
		l.reliable.queue = append(l.reliable.queue, c)
		return out
	}
	return l.provision(now, c, out)
}

// busy reports whether a provisional response has to wait.
func (l *Leg) busy() bool { return l.reliable.Waiting || l.proposal.pending() }

// provision sends it. Media answers the INVITE's offer; without one it makes the
// offer, which only a reliable response may carry: "The initial offer MUST be in
// either an INVITE or, if not there, in the first reliable non-failure message
// from the UAS back to the UAC" (RFC 3261 §13.2.1). Behind the exchange there is
// nothing left to say.
func (l *Leg) provision(now time.Time, c Ring, out []Action) []Action {
	reliably := l.reliable.demanded || l.reliable.able && (c.Reliable || l.rel100 == Required)
	r := l.reply(l.invite, c.Status)
	r.AppendHeader(l.contact(l.flow))
	var content []byte
	var err error
	offers := l.session.State == sdp.Idle
	switch {
	case c.Media == nil, offers && !reliably, l.session.State == sdp.LocalOffer, settled(&l.session):
	case offers:
		content, err = l.makeOffer(*c.Media)
	default:
		content, err = l.makeAnswer(*c.Media)
	}
	if err != nil {
		return l.refuse(unacceptable(err), warning(err), out)
	}
	if reliably {
		l.reliable.Begin(now, l.env.Source, l.env.Timers)
		l.reliable.described = content != nil
		if content != nil {
			l.session.Settle()
		}
		r.AppendHeader(sip.NewHeader("Require", dialog.ReliableOption))
		r.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(l.reliable.RSeq), 10)))
		// "It is RECOMMENDED that the Allow header field is included" so that
		// UPDATE may be used before the answer (RFC 3311 §5.1).
		r.AppendHeader(sip.NewHeader("Allow", l.env.Allow))
	}
	appendAll(r, c.Headers)
	body(r, content)
	out = append(out, Reply{Tx: l.inviteTx, Response: r})
	if content == nil || offers {
		return out
	}
	return l.agreed(&l.session, out)
}

// reliableDue repeats the response that waits, or gives it up.
func (l *Leg) reliableDue(now time.Time, out []Action) []Action {
	repeat, lost := l.reliable.Due(now)
	switch {
	case repeat:
		return append(out, Again{l.inviteTx})
	case lost && l.state == Arrived:
		return l.refuse(cause.Cause{Side: cause.Remote, Status: 504, Q850: cause.RecoveryOnTimer, Text: "no PRACK for our 1xx"}, nil, out)
	}
	return out
}

// pracked takes a PRACK: "If the PRACK does match an unacknowledged reliable
// provisional response, it MUST be responded to with a 2xx response", otherwise
// with 481 (RFC 3262 §3). What it brings is the answer to our offer, or an offer
// that its 2xx answers (§5).
func (l *Leg) pracked(now time.Time, in arrival, out []Action) []Action {
	rack, err := header.ParseRAck(header.First(in.Request, "RAck"))
	if err != nil {
		return l.plain(in, 400, out)
	}
	if l.caller() || !l.reliable.Acked(rack, l.seq) {
		return l.plain(in, 481, out)
	}
	d, err := l.describe(in.Request)
	if l.state == Arrived && l.session.State == sdp.LocalOffer {
		out = l.plain(in, 200, out)
		if err == nil && d == nil {
			err = errNoAnswer
		}
		if err == nil {
			err = l.session.RemoteAnswer(d)
		}
		if err != nil {
			return l.refuse(unacceptable(err), warning(err), out)
		}
		l.session.Settle()
		return l.proceed(now, l.agreed(&l.session, out))
	}
	if err != nil || d != nil {
		return l.proceed(now, l.proposed(in, &l.session, d, err, out))
	}
	return l.proceed(now, l.plain(in, 200, out))
}

// proceed says what has waited for a PRACK.
func (l *Leg) proceed(now time.Time, out []Action) []Action {
	for l.state == Arrived && !l.busy() {
		switch p := &l.reliable; {
		case p.answer != nil && l.updating.offers:
			return out
		case p.answer != nil:
			answer := *p.answer
			p.answer, p.queue = nil, nil
			return l.answer(now, answer, out)
		case len(p.queue) > 0:
			c := p.queue[0]
			p.queue = slices.Delete(p.queue, 0, 1)
			out = l.provision(now, c, out)
		default:
			return out
		}
	}
	return out
}
