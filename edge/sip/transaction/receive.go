package transaction

import (
	"hash/fnv"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// receiveRequest takes a request from the wire: into the transaction it
// repeats, acknowledges or cancels, or into one of its own.
func (t *Table) receiveRequest(now time.Time, from flow.Flow, req *sip.Request, out []Action) []Action {
	key, ok := serverKeyOf(from, req)
	if !ok {
		t.counts.Malformed++
		return out
	}
	if req.IsAck() {
		return t.acknowledge(now, Arrived{Flow: from, Request: req}, key, out)
	}
	if m, ok := t.servers[key]; ok {
		return m.repeated(out)
	}
	stamp(req.Via(), from)
	if req.IsCancel() {
		return t.cancelled(now, Arrived{Flow: from, Request: req}, key, out)
	}
	if t.counts.Waiting() >= t.maxLive && token.TagOf(text(req, "To")) == "" {
		return t.refuse(from, req, key, out)
	}

	t.last++
	tx := record{id: t.last, flow: from, timers: &t.timers}
	key = key.owned()
	if req.IsInvite() {
		tx.state = Proceeding
		out = t.admit(&inviteServer{tx: tx, key: key}, key, out)
	} else {
		m := &nonInviteServer{tx: tx, key: key}
		m.start(now)
		out = t.admit(m, key, out)
	}
	return append(out, Arrived{ID: tx.id, Flow: from, Request: req})
}

// admit enters a server transaction into the table.
func (t *Table) admit(m server, key serverKey, out []Action) []Action {
	t.servers[key] = m
	t.add(m)
	return t.settle(m, mark{}, out)
}

// acknowledge gives an ACK to the INVITE server transaction whose answer it
// acknowledges. Any other is for a dialog: it made its 2xx's ACK a transaction
// of its own, with a branch that is found nowhere (RFC 3261 §13.2.2.4).
func (t *Table) acknowledge(now time.Time, in Arrived, key serverKey, out []Action) []Action {
	key.method = sip.INVITE
	m, ok := t.servers[key].(*inviteServer)
	if !ok {
		return append(out, in)
	}
	before := m.tx.mark()
	if !m.acknowledged(now, token.TagOf(text(in.Request, "To"))) {
		return append(out, in)
	}
	return t.settle(m, before, out)
}

// cancelled answers a CANCEL in a transaction of its own (RFC 3261 §9.2): 200
// whether or not the INVITE still can be cancelled, 481 if there is none.
func (t *Table) cancelled(now time.Time, in Arrived, key serverKey, out []Action) []Action {
	invite := key
	invite.method = sip.INVITE
	target, found := t.servers[invite].(*inviteServer)
	status, tag := sip.StatusCallTransactionDoesNotExists, token.Tag("")
	if found {
		// "the To tag of the response to the CANCEL and the To tag in the
		// response to the original request SHOULD be the same"
		status, tag = sip.StatusOK, target.toTag
	}
	if tag == "" {
		tag = token.NewTag(t.tokens)
	}

	t.last++
	key = key.owned()
	m := &nonInviteServer{tx: record{id: t.last, flow: in.Flow, timers: &t.timers, private: true}, key: key}
	m.start(now)
	out = t.admit(m, key, out)
	before := m.tx.mark()
	out = m.respond(now, answer{status: status, data: t.bytes(Reply(in.Request, status, "", tag))}, out)
	out = t.settle(m, before, out)

	if found && target.tx.state == Proceeding {
		out = append(out, Cancelled{ID: target.tx.id, Owner: target.tx.owner, Request: in.Request})
	}
	return out
}

// retryAfter is how long a peer is asked to wait at the limit, in seconds.
const retryAfter = "5"

// refuse answers 503 and keeps nothing. "A stateless UAS [...] MUST generate
// the same response for both the original and the retransmissions", with the
// same tag (RFC 3261 §8.2.7), so that one is computed from the request.
func (t *Table) refuse(from flow.Flow, req *sip.Request, key serverKey, out []Action) []Action {
	t.counts.Refused++
	h := fnv.New64a()
	_, _ = h.Write(strconv.AppendUint(nil, t.stateless, 16))
	_, _ = h.Write([]byte(key.branch))
	_, _ = h.Write([]byte(req.CallID().Value()))
	tag := token.Tag(strconv.FormatUint(h.Sum64(), 36))
	res := Reply(req, sip.StatusServiceUnavailable, "", tag)
	res.AppendHeader(sip.NewHeader("Retry-After", retryAfter))
	return append(out, Send{Flow: from, Data: t.bytes(res)})
}

// receiveResponse gives a response to the client transaction it answers.
func (t *Table) receiveResponse(now time.Time, from flow.Flow, res *sip.Response, out []Action) []Action {
	key, ok := clientKeyOf(res)
	if !ok || severalVias(res) || res.StatusCode < 100 || res.StatusCode > 699 {
		t.counts.Malformed++
		return out
	}
	m, ok := t.clients[key]
	if !ok {
		t.counts.Strays++
		if key.method == sip.INVITE && res.IsSuccess() {
			out = append(out, Stray{Flow: from, Response: res})
		}
		return out
	}
	if !sameRoad(m.record().flow, from) {
		t.counts.Foreign++
		return out
	}
	before := m.record().mark()
	out = m.answered(now, res, out)
	return t.settle(m, before, out)
}

// severalVias reports a response that was meant for somebody behind us: "If
// more than one Via header field value is present in a response, the UAC SHOULD
// discard the message" (RFC 3261 §8.1.3.3).
func severalVias(res *sip.Response) bool {
	n := 0
	for _, h := range res.Headers() {
		if _, ok := h.(*sip.ViaHeader); ok {
			n++
		}
	}
	return n > 1
}

// sameRoad reports whether a response that came by got may answer a request
// that left by sent. Whoever guesses a branch still has to own the address it
// was sent to. Only on a stream may the port differ: a server whose connection
// broke opens another (RFC 3261 §18.2.2).
func sameRoad(sent, got flow.Flow) bool {
	if sent == got {
		return true
	}
	return sent.Proto.Reliable() && sent.Proto == got.Proto && sent.Listener == got.Listener &&
		sent.Remote.Addr() == got.Remote.Addr()
}
