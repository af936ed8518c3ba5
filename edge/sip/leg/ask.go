package leg

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/transaction"
)

// Ask sends a request of the application's own inside the dialog: INFO, REFER,
// NOTIFY or MESSAGE. Replied tells what came of it, unless the leg ends before.
type Ask struct {
	// Token comes back with Replied.
	Token  uint64
	Method sip.RequestMethod
	// MaxForwards is for a request that is passed on; zero is 70.
	MaxForwards int
	Headers     []sip.Header
	// Content of type Type; none where it is empty.
	Type    string
	Content []byte
}

// Replied is the final response to an Ask. It is nil where there was none, or
// where the request could not be sent: the dialog does not stand, or too many
// wait already.
type Replied struct {
	Token    uint64
	Response *sip.Response
}

func (Ask) command()   {}
func (Replied) event() {}

// maxAsks bounds what may wait for an answer in either direction.
const maxAsks = 16

// ask is a request of ours inside the dialog that waits for its answer.
type ask struct {
	tx     transaction.ID
	token  uint64
	method sip.RequestMethod
}

// ask sends a request inside the dialog (RFC 3261 §12.2.1).
func (l *Leg) ask(c Ask, out []Action) []Action {
	if l.told {
		return out
	}
	if l.state != Accepted && l.state != Confirmed || len(l.asks) == maxAsks {
		return append(out, Tell{Replied{Token: c.Token}})
	}
	r, err := l.dialog.Request(c.Method)
	if err != nil {
		return append(out, Tell{Replied{Token: c.Token}})
	}
	if c.MaxForwards > 0 {
		*r.MaxForwards() = sip.MaxForwardsHeader(c.MaxForwards)
	}
	if contacts(c.Method) {
		r.AppendHeader(l.contact(l.flow))
	}
	appendAll(r, c.Headers)
	typed(r, c.Type, c.Content)
	l.asks = append(l.asks, ask{token: c.Token, method: c.Method})
	return l.inDialog(l.env.Resolve(l.dialog.NextHop(), l.flow), r, forAsk, out)
}

// contacts reports whether a method's requests, and 2xx to them, have a Contact
// (RFC 3515 §2.2, RFC 6665 §8.2.1 with Table 2 of RFC 3265).
func contacts(m sip.RequestMethod) bool { return m == sip.REFER || m == sip.NOTIFY }

// asking returns the place of the ask whose transaction has a name, or -1.
func (l *Leg) asking(tx transaction.ID) int {
	return slices.IndexFunc(l.asks, func(a ask) bool { return a.tx == tx })
}

// replied hands up the final response, or nil, to the ask at a place. "If the
// response for a request within a dialog is a 481 (Call/Transaction Does Not
// Exist) or a 408 (Request Timeout), the UAC SHOULD terminate the dialog. A UAC
// SHOULD also terminate a dialog if no response at all is received for the
// request" (RFC 3261 §12.2.1.2); but that of a NOTIFY speaks of its subscription
// alone (RFC 6665 §4.2.2, RFC 5057 §5.1).
func (l *Leg) replied(at int, r *sip.Response, out []Action) []Action {
	a := l.asks[at]
	l.asks = slices.Delete(l.asks, at, at+1)
	if l.told {
		return out
	}
	out = append(out, Tell{Replied{Token: a.token, Response: r}})
	c := cause.Cause{Side: cause.Remote, Status: 408, Q850: cause.RecoveryOnTimer, Text: "no answer from the peer"}
	if r != nil {
		c = cause.Cause{Side: cause.Remote, Status: r.StatusCode, Q850: cause.FromStatus(r.StatusCode)}
	}
	if a.method == sip.NOTIFY || l.state != Confirmed || c.Status != 481 && c.Status != 408 {
		return out
	}
	if r == nil {
		return l.abandon(c, nil, out) // a nil message, not a nil response in one
	}
	return l.abandon(c, r, out)
}
