package transaction

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/token"
)

// Reply begins a response to req (RFC 3261 §8.2.6): every Via, From, To with
// tag unless it has one or status is 100, Call-ID and CSeq; Record-Route for
// 101 to 299 to a request that can make a dialog (§12.1.1), Timestamp for 100.
// An empty reason is the status code's own phrase. The body is empty.
//
// Header fields that stay the same are shared with req, not copied: neither
// message may change them afterwards. Header fields that req lacks are left out.
func Reply(req *sip.Request, status int, reason string, tag token.Tag) *sip.Response {
	if reason == "" {
		reason = Reason(status)
	}
	res := sip.NewResponse(status, reason)
	route := status > 100 && status < 300 && makesDialog(req.Method)
	var from, to sip.Header
	for _, h := range req.Headers() {
		switch h := h.(type) {
		case *sip.ViaHeader:
			res.AppendHeader(h)
		default:
			// Each may be typed or still text, as the parser left it.
			switch name := h.Name(); {
			case from == nil && strings.EqualFold(name, "From"):
				from = h
			case to == nil && strings.EqualFold(name, "To"):
				to = h
			case route && strings.EqualFold(name, "Record-Route"),
				status == sip.StatusTrying && strings.EqualFold(name, "Timestamp"):
				res.AppendHeader(h)
			}
		}
	}
	if from != nil {
		res.AppendHeader(from)
	}
	if to != nil {
		if status != sip.StatusTrying && tag != "" {
			to = tagged(to, tag)
		}
		res.AppendHeader(to)
	}
	if h := req.CallID(); h != nil {
		res.AppendHeader(h)
	}
	if h := req.CSeq(); h != nil {
		res.AppendHeader(h)
	}
	// SetBody would search every line for the length.
	var length sip.ContentLengthHeader
	res.AppendHeader(&length)
	res.SetBody(nil)
	return res
}

// makesDialog reports whether a 2xx to method can establish a dialog.
func makesDialog(method sip.RequestMethod) bool {
	switch method {
	case sip.INVITE, sip.SUBSCRIBE, sip.REFER, sip.NOTIFY:
		return true
	default:
		return false
	}
}

// tagged returns a To with tag unless it has one.
func tagged(to sip.Header, tag token.Tag) sip.Header {
	value := to.Value()
	if token.TagOf(value) != "" {
		return to
	}
	return sip.NewHeader("To", value+";tag="+string(tag))
}

// Stamp prepares a request for an answer that no transaction gives: where it
// came from goes into its top Via, as Table does it for all others.
func Stamp(req *sip.Request, from flow.Flow) { stamp(req.Via(), from) }

// stamp writes where a request came from into its top Via, for the responses
// to copy: received where sent-by is not that address or rport was asked for
// (RFC 3261 §18.2.1, RFC 3581 §4). A received that the peer wrote itself is
// overwritten.
//
// This is for the peer's information. The response itself goes back to the
// flow the request came on, whatever Via says, also where the peer asked for
// no rport and §18.2.2 would send to the sent-by port: an answer that goes
// only to a source that has passed the source check cannot be aimed at a third
// party, and trunks send from the port on which they listen.
func stamp(via *sip.ViaHeader, from flow.Flow) {
	source := from.Remote
	rport := index(via.Params, "rport")
	sentBy, err := netip.ParseAddr(via.Host)
	elsewhere := err != nil || sentBy.Unmap() != source.Addr()
	if rport >= 0 {
		via.Params[rport].V = strconv.Itoa(int(source.Port()))
	}
	received := index(via.Params, "received")
	switch {
	case received >= 0:
		via.Params[received].V = source.Addr().String()
	case rport >= 0 || elsewhere:
		via.Params = append(via.Params, sip.HeaderKV{K: "received", V: source.Addr().String()})
	}
}

func index(p sip.HeaderParams, name string) int {
	for i := range p {
		if strings.EqualFold(p[i].K, name) {
			return i
		}
	}
	return -1
}
