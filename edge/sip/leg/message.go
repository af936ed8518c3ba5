package leg

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

const sdpType = "application/sdp"

// via returns the top Via of a request of ours. rport asks for the answer on
// the same flow (RFC 3581 §3).
func (l *Leg) via(f flow.Flow, mark string) *sip.ViaHeader {
	h := l.env.Hosts[f.Listener]
	via := &struct {
		sip.ViaHeader
		room [2]sip.HeaderKV // beside the header: one piece of memory
	}{}
	via.room = [...]sip.HeaderKV{{K: "branch", V: string(token.NewBranch(l.env.Source)) + mark}, {K: "rport"}}
	via.ViaHeader = sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: f.Proto.String(),
		Host: h.Name, Port: h.Port, Params: via.room[:],
	}
	return &via.ViaHeader
}

// address puts our Via on top of a request. The library's own PrependHeader
// makes another list of all headers.
func (l *Leg) address(r *sip.Request, f flow.Flow) {
	via := l.via(f, "")
	r.AppendHeader(via)
	list := r.Headers()
	copy(list[1:], list)
	list[0] = via
}

// contact is where the peer reaches this leg. The user part is our tag, which
// tells a peer nothing.
func (l *Leg) contact(f flow.Flow) *sip.ContactHeader {
	h := l.env.Hosts[f.Listener]
	uri := sip.Uri{Scheme: "sip", User: string(l.local), Host: h.Name, Port: h.Port}
	if f.Proto != flow.UDP {
		uri.UriParams = sip.HeaderParams{{K: "transport", V: strings.ToLower(f.Proto.String())}}
	}
	return &sip.ContactHeader{Address: uri}
}

// capabilities adds what a dialog-making message says of us (RFC 3261 §13.2.1).
func (l *Leg) capabilities(m sip.Message) {
	m.AppendHeader(sip.NewHeader("Allow", l.allow()))
	timer := l.timer.On()
	reliable := l.rel100 != Unreliable
	if r, request := m.(*sip.Request); request && token.TagOf(header.Text(r, "To")) != "" {
		reliable = false // a re-INVITE is answered at once, or else its 1xx says nothing
	}
	switch {
	case timer && reliable:
		m.AppendHeader(sip.NewHeader("Supported", dialog.TimerOption+", "+dialog.ReliableOption))
	case timer:
		m.AppendHeader(sip.NewHeader("Supported", dialog.TimerOption))
	case reliable:
		m.AppendHeader(sip.NewHeader("Supported", dialog.ReliableOption))
	}
}

// reply builds a response of this leg, to-tag included.
func (l *Leg) reply(r *sip.Request, status int) *sip.Response {
	return transaction.Reply(r, status, "", l.local)
}

// body ends a message: content, its type, and always a Content-Length. A
// response has one already; in a request the library would search every line
// for it.
func body(m sip.Message, content []byte) { typed(m, sdpType, content) }

// typed is body for content of any type.
func typed(m sip.Message, kind string, content []byte) {
	if content != nil {
		m.AppendHeader(sip.NewHeader("Content-Type", kind))
	}
	if _, request := m.(*sip.Request); request {
		length := sip.ContentLengthHeader(len(content))
		m.AppendHeader(&length)
	}
	m.SetBody(content)
}

func appendAll(m sip.Message, headers []sip.Header) {
	for _, h := range headers {
		m.AppendHeader(h)
	}
}

// inDialog puts our Via on a request of a dialog and starts its transaction.
func (l *Leg) inDialog(f flow.Flow, r *sip.Request, why purpose, out []Action) []Action {
	l.address(r, f)
	l.unnamed = append(l.unnamed, why)
	return append(out, Transact{Flow: f, Request: r})
}

// maxForwards is the Max-Forwards of n hops.
func maxForwards(n int) *sip.MaxForwardsHeader {
	h := sip.MaxForwardsHeader(n)
	return &h
}

// tagOf returns the To tag of a response.
func tagOf(r *sip.Response) token.Tag { return token.TagOf(header.Text(r, "To")) }
