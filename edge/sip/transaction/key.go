package transaction

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// clientKey matches a response to its request: the top Via's branch and the
// method in CSeq, which tells a CANCEL from its INVITE (RFC 3261 §17.1.3).
type clientKey struct {
	branch string
	method sip.RequestMethod
}

// serverKey matches a request to its transaction: the top Via's branch and
// sent-by, and the method (RFC 3261 §17.2.3).
//
// The source's address and our listener are part of it, though the RFC asks
// for neither: another peer that learned a branch must not end a call with a
// CANCEL or an ACK, and two peers behind one sent-by must not collide. The
// source's port is not part of it, since a broken connection gives a peer
// another one in the middle of a transaction.
type serverKey struct {
	branch   string
	host     string
	source   netip.Addr
	port     int
	method   sip.RequestMethod
	listener flow.Listener
}

// legacyMark starts the branch of a key made by the rules for RFC 2543, which
// no token can.
const legacyMark = "\x00"

// legacy reports whether the key was made without a branch to trust.
func (k *serverKey) legacy() bool { return strings.HasPrefix(k.branch, legacyMark) }

// clientKeyOf returns the key of a request of ours, or of a response to one.
// It is false for a message that can have none.
func clientKeyOf(m sip.Message) (clientKey, bool) {
	via, cseq := m.Via(), m.CSeq()
	if via == nil || cseq == nil {
		return clientKey{}, false
	}
	branch := param(via.Params, "branch")
	return clientKey{branch: branch, method: cseq.MethodName}, branch != ""
}

// serverKeyOf returns the key of a request from the wire. It is false where
// the header fields that every request has are missing.
func serverKeyOf(from flow.Flow, req *sip.Request) (serverKey, bool) {
	via := req.Via()
	if via == nil || find(req, "From") == nil || find(req, "To") == nil || req.CallID() == nil || req.CSeq() == nil {
		return serverKey{}, false
	}
	k := serverKey{
		branch:   param(via.Params, "branch"),
		host:     strings.ToLower(via.Host),
		source:   from.Remote.Addr(),
		port:     via.Port,
		method:   req.Method,
		listener: from.Listener,
	}
	if len(k.branch) <= len(token.Cookie) || !strings.EqualFold(k.branch[:len(token.Cookie)], token.Cookie) {
		k.branch = legacyBranch(req)
	}
	return k, true
}

// owned returns the key with strings of its own, for a map that must not keep
// a whole message alive.
func (k serverKey) owned() serverKey {
	k.branch = strings.Clone(k.branch)
	k.host = strings.Clone(k.host)
	k.method = constant(k.method)
	return k
}

// constant returns the methods of every call without a copy.
func constant(m sip.RequestMethod) sip.RequestMethod {
	for _, known := range [...]sip.RequestMethod{sip.INVITE, sip.BYE, sip.CANCEL} {
		if m == known {
			return known
		}
	}
	return sip.RequestMethod(strings.Clone(string(m)))
}

// legacyBranch stands in for the branch of a request made by the rules of
// RFC 2543: Request-URI, From tag, Call-ID, CSeq number and top Via
// (RFC 3261 §17.2.3). The To tag is left out: an ACK has one that its INVITE
// had not, so inviteServer compares it, and nothing else tells two requests
// apart that agree in all the rest.
func legacyBranch(req *sip.Request) string {
	var b strings.Builder
	b.WriteString(legacyMark)
	req.Recipient.StringWrite(&b)
	b.WriteString(legacyMark)
	b.WriteString(string(token.TagOf(text(req, "From"))))
	b.WriteString(legacyMark)
	b.WriteString(req.CallID().Value())
	b.WriteString(legacyMark)
	b.WriteString(strconv.FormatUint(uint64(req.CSeq().SeqNo), 10))
	b.WriteString(legacyMark)
	b.WriteString(req.Via().Value())
	return b.String()
}

// find returns the first header field with the name, or nil.
func find(m interface{ Headers() []sip.Header }, name string) sip.Header {
	for _, h := range m.Headers() {
		if n := h.Name(); len(n) == len(name) && strings.EqualFold(n, name) {
			return h
		}
	}
	return nil
}

// text returns its value; empty if it is missing. From and To are read here
// for their tags only, so the library need not read their addresses.
func text(m interface{ Headers() []sip.Header }, name string) string {
	if h := find(m, name); h != nil {
		return h.Value()
	}
	return ""
}

// param returns the value of a header parameter, whose name is
// case-insensitive (RFC 3261 §7.3.1); empty if it is missing.
func param(p sip.HeaderParams, name string) string {
	for i := range p {
		if strings.EqualFold(p[i].K, name) {
			return p[i].V
		}
	}
	return ""
}
