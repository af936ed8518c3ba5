package leg

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/transaction"
)

// Asked is a request of the peer's inside the dialog, of a method in
// Terms.Methods. The application owes it one Respond; what it has not answered
// when the leg ends is answered 487.
type Asked struct {
	ID      RequestID
	Request *sip.Request
	// Early says that the leg's INVITE is not answered yet (RFC 3261 §12.1).
	Early bool
}

// Respond answers an Asked with a final status. One that was answered already,
// or was never asked, is ignored.
type Respond struct {
	ID      RequestID
	Status  int
	Headers []sip.Header
	// Content of type Type; none where it is empty.
	Type    string
	Content []byte
}

func (Respond) command() {}
func (Asked) event()     {}

// RequestID names a request of the peer's until it is answered.
type RequestID = transaction.ID

// question is a request of the peer's that waits for the application's answer.
type question struct {
	tx      transaction.ID
	request *sip.Request
}

// asked hands a request of the peer's up.
func (l *Leg) asked(in arrival, out []Action) []Action {
	switch {
	case l.told:
		return l.plain(in, 481, out)
	case len(l.questions) == maxAsks:
		return l.plain(in, 500, out)
	}
	l.questions = append(l.questions, question{tx: in.ID, request: in.Request})
	return append(out, Tell{Asked{ID: in.ID, Request: in.Request, Early: l.state != Accepted && l.state != Confirmed}})
}

// respond answers one of them.
func (l *Leg) respond(c Respond, out []Action) []Action {
	at := slices.IndexFunc(l.questions, func(q question) bool { return q.tx == c.ID })
	if at < 0 {
		return out
	}
	q := l.questions[at]
	l.questions = slices.Delete(l.questions, at, at+1)
	r := l.reply(q.request, max(c.Status, 200))
	if r.StatusCode < 300 && contacts(q.request.Method) {
		r.AppendHeader(l.contact(l.flow))
	}
	if r.StatusCode == 405 {
		r.AppendHeader(sip.NewHeader("Allow", l.allow()))
	}
	appendAll(r, c.Headers)
	typed(r, c.Type, c.Content)
	return append(out, Reply{Tx: q.tx, Response: r})
}

// dismiss answers what is still unanswered at the end: "The UAS MUST still
// respond to any pending requests received for that dialog. It is RECOMMENDED
// that a 487 (Request Terminated) response be generated to those pending
// requests" (RFC 3261 §15.1.2).
func (l *Leg) dismiss(out []Action) []Action {
	for _, q := range l.questions {
		r := l.reply(q.request, 487)
		body(r, nil)
		out = append(out, Reply{Tx: q.tx, Response: r})
	}
	l.questions = nil
	return out
}

// allow lists what may be sent to this leg (RFC 3261 §20.5).
func (l *Leg) allow() string { return Allow(l.env.Allow, l.methods) }

// Allow is a list of methods with more at its end.
func Allow(list string, more []sip.RequestMethod) string {
	if len(more) == 0 {
		return list
	}
	var b strings.Builder
	b.WriteString(list)
	for _, m := range more {
		b.WriteString(", " + string(m))
	}
	return b.String()
}
