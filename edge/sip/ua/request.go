package ua

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
)

// arrived sorts a new request (RFC 3261 §8.2): to its dialog, to a new leg, or
// to an answer of our own. It comes from a peer.
func (u *UA) arrived(now time.Time, in transaction.Arrived) {
	peer, _ := u.cfg.Peer(in.Flow)
	if tag := token.TagOf(header.Text(in.Request, "To")); tag != "" {
		u.inDialog(now, peer, tag, in)
		return
	}
	r := in.Request
	switch {
	case r.Method == sip.ACK:
		u.counts.Unmatched++
	case r.Method == sip.OPTIONS && u.cfg.Ready != nil && !u.cfg.Ready(peer):
		u.refuse(in, 503)
	case r.Method == sip.OPTIONS:
		res := transaction.Reply(r, 200, "", token.NewTag(u.cfg.Source))
		res.AppendHeader(sip.NewHeader("Allow", u.allowed(in.Flow)))
		res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
		if options := u.terms(in.Flow).Options(); len(options) > 0 {
			res.AppendHeader(sip.NewHeader("Supported", strings.Join(options, ", ")))
		}
		u.respond(in.ID, res)
	case r.Method == sip.INVITE:
		u.invited(now, peer, in)
	case u.cfg.Services[r.Method] != nil:
		if !u.extended(in) {
			u.tellApp(now, Request{ID: in.ID, Flow: in.Flow, Request: r})
		}
	case r.Method == sip.BYE:
		// "If the BYE does not match an existing dialog, the UAS core SHOULD
		// generate a 481" (RFC 3261 §15.1.2).
		u.counts.Unmatched++
		u.refuse(in, 481)
	case header.KnownMethod(r.Method):
		u.refuse(in, 405, sip.NewHeader("Allow", u.allowed(in.Flow)))
	default:
		u.refuse(in, 501, sip.NewHeader("Allow", u.allowed(in.Flow)))
	}
}

// invited makes a leg of an INVITE (RFC 3261 §8.2.1 to §8.2.3, §13.3.1).
func (u *UA) invited(now time.Time, peer Peer, in transaction.Arrived) {
	r := in.Request
	if u.merges.note(in) {
		u.counts.Merged++
		u.refuse(in, 482)
		return
	}
	if u.extended(in) {
		return
	}
	if mf := r.MaxForwards(); mf != nil && mf.Val() == 0 {
		u.refuse(in, 483)
		return
	}
	replaces, status := u.replaced(peer, in)
	if status != 0 {
		u.refuse(in, status)
		return
	}
	id := u.cfg.Legs.Next()
	l, fault := leg.Receive(&u.env, id, in, u.terms(in.Flow))
	if fault != nil {
		headers := fault.Headers
		if fault.Text != "" && fault.Status == 400 {
			w := header.Warning{Code: 399, Agent: "sekisho", Text: fault.Text}
			headers = append(headers, sip.NewHeader("Warning", w.String()))
		}
		u.refuse(in, fault.Status, headers...)
		return
	}
	u.remember(l)
	u.current = id
	u.queue = append(u.queue, work{leg: id, request: transaction.Own{ID: in.ID, Owner: id, Tag: l.LocalTag()}})
	// "a UAS … SHOULD generate a 100 (Trying)" only where it takes more than
	// 200 ms (§17.2.1); a B2BUA always waits for somebody else, so at once.
	u.respond(in.ID, transaction.Reply(r, 100, "", ""))
	u.tellApp(now, Incoming{Leg: id, Flow: in.Flow, Peer: peer, Request: r, Offer: l.Offer(), Reliable: l.Reliable(), Replaces: replaces})
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
		if u.extended(in) {
			return
		}
		u.queue = append(u.queue, work{request: transaction.Own{ID: in.ID, Owner: l.ID()}})
		if in.Request.Method == sip.INVITE {
			u.respond(in.ID, transaction.Reply(in.Request, 100, "", ""))
		}
		u.handLeg(now, l, in)
	}
}

// terms returns those of the peer behind a flow.
func (u *UA) terms(f flow.Flow) leg.Terms {
	if u.cfg.Terms == nil {
		return leg.Terms{}
	}
	peer, ok := u.cfg.Peer(f)
	if !ok {
		return leg.Terms{}
	}
	return u.cfg.Terms(peer)
}

// allowed lists what the peer behind a flow may send us.
func (u *UA) allowed(f flow.Flow) string { return leg.Allow(allow, u.terms(f).Methods) }

// extended refuses a request that requires an extension we do not have with
// this peer (RFC 3261 §8.2.2.3), also one that it requires of proxies: to the
// party behind us that is what we are (§20.29).
func (u *UA) extended(in transaction.Arrived) bool {
	lacking := u.lacking(in, nil)
	if len(lacking) > 0 {
		lacking = u.lacking(in, u.terms(in.Flow).Options())
	}
	if len(lacking) == 0 {
		return false
	}
	u.refuse(in, 420, sip.NewHeader("Unsupported", strings.Join(lacking, ", ")))
	return true
}

func (u *UA) lacking(in transaction.Arrived, known []string) []string {
	return append(header.Lacking(in.Request, "Require", known), header.Lacking(in.Request, "Proxy-Require", known)...)
}

func (u *UA) refuse(in transaction.Arrived, status int, headers ...sip.Header) {
	u.counts.Refused++
	if in.Request.Method == sip.INVITE && token.TagOf(header.Text(in.Request, "To")) == "" {
		u.counts.RefusedInvites++
	}
	res := transaction.Reply(in.Request, status, "", token.NewTag(u.cfg.Source))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	u.respond(in.ID, res)
}

// answer sends the application's answer to a Request.
func (u *UA) answer(a Respond) {
	if a.Status >= 300 {
		u.counts.Refused++
	}
	res := transaction.Reply(a.To.Request, a.Status, "", token.NewTag(u.cfg.Source))
	for _, h := range a.Headers {
		res.AppendHeader(h)
	}
	u.respond(a.To.ID, res)
}

func (u *UA) respond(id transaction.ID, r *sip.Response) {
	u.queue = append(u.queue, work{request: transaction.Respond{ID: id, Response: r}})
}

// malformed answers what the guard refused, where it may be answered, and
// counts the rest.
func (u *UA) malformed(f flow.Flow, data []byte, err error) {
	var fault *header.Fault
	if !errors.As(err, &fault) {
		return
	}
	u.counts.Malformed[fault.Kind]++
	if _, ok := u.cfg.Peer(f); !ok || fault.Status == 0 {
		return
	}
	if res := header.Refusal(nil, data, fault, u.stateless(data)); res != nil {
		u.counts.Refused++
		u.out = append(u.out, Send{Flow: f, Data: res})
	}
}

// stateless returns the To tag of an answer that no transaction remembers: the
// same for the same request (RFC 3261 §8.2.7).
func (u *UA) stateless(data []byte) string {
	h := u.salt
	for _, c := range data {
		h = (h ^ uint64(c)) * 0x100000001b3 // FNV-1a
	}
	return strconv.FormatUint(h, 36)
}
