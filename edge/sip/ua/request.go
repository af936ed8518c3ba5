package ua

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/dialog"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// arrived sorts a new request (RFC 3261 §8.2): to its dialog, to a new leg, or
// to an answer of our own.
func (u *UA) arrived(now time.Time, in transaction.Arrived) {
	peer, ok := u.cfg.Peer(in.Flow)
	if !ok {
		u.counts.Strangers++
		return
	}
	if tag := param(in.Request.To().Params, "tag"); tag != "" {
		u.inDialog(now, peer, token.Tag(tag), in)
		return
	}
	r := in.Request
	switch {
	case r.Method == sip.ACK:
		u.counts.Unmatched++
	case r.Method == sip.OPTIONS:
		res := transaction.Reply(r, 200, "", token.NewTag(u.cfg.Source))
		res.AppendHeader(sip.NewHeader("Allow", allow))
		res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
		u.respond(in.ID, res)
	case r.Method == sip.INVITE:
		u.invited(now, peer, in)
	case methods[r.Method]:
		u.refuse(in, 405, sip.NewHeader("Allow", allow))
	default:
		u.refuse(in, 501, sip.NewHeader("Allow", allow))
	}
}

// invited makes a leg of an INVITE (RFC 3261 §8.2.1 to §8.2.3, §13.3.1).
func (u *UA) invited(now time.Time, peer Peer, in transaction.Arrived) {
	r := in.Request
	if bad := unsupported(r); bad != "" {
		u.refuse(in, 420, sip.NewHeader("Unsupported", bad))
		return
	}
	if mf := r.MaxForwards(); mf != nil && mf.Val() == 0 {
		u.refuse(in, 483)
		return
	}
	id := u.cfg.Legs.Next()
	l, fault := leg.Receive(&u.env, id, in)
	if fault != nil {
		headers := fault.Headers
		if fault.Text != "" && fault.Status == 400 {
			headers = append(headers, sip.NewHeader("Warning", `399 sekisho "`+strings.ReplaceAll(fault.Text, `"`, "'")+`"`))
		}
		u.refuse(in, fault.Status, headers...)
		return
	}
	u.remember(l)
	u.current = id
	u.queue = append(u.queue, work{request: transaction.Own{ID: in.ID, Owner: id}})
	// "a UAS … SHOULD generate a 100 (Trying)" only where it takes more than
	// 200 ms (§17.2.1); a B2BUA always waits for somebody else, so at once.
	u.respond(in.ID, transaction.Reply(r, 100, "", ""))
	u.tellApp(now, Incoming{Leg: id, Flow: in.Flow, Peer: peer, Request: r, Offer: l.Offer()})
}

// inDialog hands a request to the leg whose dialog it names. Tags and Call-ID
// must match and the sender must be the peer the dialog is with: whoever
// merely learnt the tags ends nobody's call.
func (u *UA) inDialog(now time.Time, peer Peer, tag token.Tag, in transaction.Arrived) {
	l := u.legs[u.tags[tag]]
	if l != nil {
		if with, _ := u.cfg.Peer(l.Flow()); with != peer {
			u.counts.Strangers++
			l = nil
		} else if !l.Owns(in.Request) {
			l = nil
		}
	}
	switch {
	case l == nil:
		u.counts.Unmatched++
		if in.Request.Method != sip.ACK {
			u.refuse(in, 481)
		}
	case in.Request.Method == sip.ACK:
		u.handLeg(now, l, in)
	default:
		if bad := unsupported(in.Request); bad != "" {
			u.refuse(in, 420, sip.NewHeader("Unsupported", bad))
			return
		}
		u.queue = append(u.queue, work{request: transaction.Own{ID: in.ID, Owner: l.ID()}})
		if in.Request.Method == sip.INVITE {
			u.respond(in.ID, transaction.Reply(in.Request, 100, "", ""))
		}
		u.handLeg(now, l, in)
	}
}

// unsupported returns the option tags of Require that we do not implement
// (RFC 3261 §8.2.2.3): of this stack's extensions, none needs one yet.
func unsupported(r *sip.Request) string {
	var tags []string
	for _, h := range r.GetHeaders("Require") {
		tags = append(tags, h.Value())
	}
	return strings.Join(tags, ", ")
}

func (u *UA) refuse(in transaction.Arrived, status int, headers ...sip.Header) {
	u.counts.Refused++
	res := transaction.Reply(in.Request, status, "", token.NewTag(u.cfg.Source))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	u.respond(in.ID, res)
}

func (u *UA) respond(id transaction.ID, r *sip.Response) {
	u.queue = append(u.queue, work{request: transaction.Respond{ID: id, Response: r}})
}

// malformed answers what the guard refused, where it may be answered, and
// counts the rest. The tag is derived from a salt, so that a retransmission
// gets the same one (RFC 3261 §8.2.7).
func (u *UA) malformed(f flow.Flow, data []byte, err error, out []Action) []Action {
	var fault *header.Fault
	if !errors.As(err, &fault) {
		return out
	}
	u.counts.Malformed[fault.Kind]++
	if _, ok := u.cfg.Peer(f); !ok || fault.Status == 0 {
		return out
	}
	h := u.salt
	for _, c := range data {
		h = (h ^ uint64(c)) * 0x100000001b3 // FNV-1a
	}
	if res := header.Refusal(nil, data, fault, strconv.FormatUint(h, 36)); res != nil {
		u.counts.Refused++
		out = append(out, Send{Flow: f, Data: res})
	}
	return out
}

// endStray ends the dialog that a late 2xx of a branch we no longer know would
// make: ACK, then BYE (RFC 3261 §13.2.2.4). Nobody waits for the BYE's answer.
func (u *UA) endStray(f flow.Flow, r *sip.Response) {
	if r.StatusCode < 200 || r.StatusCode > 299 || r.CSeq().MethodName != sip.INVITE {
		return
	}
	contact := r.Contact()
	if contact == nil {
		return
	}
	d, err := dialog.FromResponse(r, contact.Address.String())
	if err != nil {
		return
	}
	ack, err := d.Ack(r.CSeq().SeqNo)
	if err != nil {
		return
	}
	bye, err := d.Request(sip.BYE)
	if err != nil {
		return
	}
	to := u.resolve(d.NextHop(), f)
	h := u.cfg.Hosts[to.Listener]
	for _, m := range []*sip.Request{ack, bye} {
		m.PrependHeader(&sip.ViaHeader{
			ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: to.Proto.String(), Host: h.Name, Port: h.Port,
			Params: sip.HeaderParams{{K: "branch", V: string(token.NewBranch(u.cfg.Source))}, {K: "rport"}},
		})
		m.SetBody(nil)
	}
	u.queue = append(u.queue,
		work{request: transaction.SendOnce{Flow: to, Request: ack}},
		work{request: transaction.Request{Flow: to, Request: bye}})
}

func param(params sip.HeaderParams, name string) string {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return p.V
		}
	}
	return ""
}
