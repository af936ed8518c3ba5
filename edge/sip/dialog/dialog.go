package dialog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/edge/sip/token"
)

// Dialog is one dialog, early or confirmed (RFC 3261 §12). The zero Dialog is
// none. It may be copied; Routes are never changed in place.
type Dialog struct {
	CallID string
	// LocalTag and RemoteTag identify it beside CallID.
	LocalTag, RemoteTag token.Tag
	// Local and Remote are whole From or To values, tags included, as they
	// stand in every request of the dialog.
	Local, Remote string
	// LocalSeq is the CSeq of our latest request; RemoteSeq of the peer's.
	// RemoteKnown is false until the peer has sent one.
	LocalSeq, RemoteSeq uint32
	RemoteKnown         bool
	// Target is the remote target URI; it follows target refreshes (§12.2).
	Target string
	// Routes is the route set, first hop first, as whole Route values.
	Routes []string
}

// Faults of messages that would make a dialog.
var (
	ErrNoTag     = errors.New("response makes no dialog: To has no tag")
	ErrNoContact = errors.New("message makes no dialog: no Contact")
)

// FromResponse makes the UAC's dialog of a 101–299 response to our INVITE
// (RFC 3261 §12.1.2). All it needs stands in the response; target, the INVITE's
// Request-URI, serves where a peer forgot its Contact.
func FromResponse(r *sip.Response, target string) (Dialog, error) {
	to, from := header.Text(r, "To"), header.Text(r, "From")
	tag := token.TagOf(to)
	if tag == "" {
		return Dialog{}, ErrNoTag
	}
	d := Dialog{
		CallID:    r.CallID().Value(),
		LocalTag:  token.TagOf(from),
		RemoteTag: tag,
		Local:     from,
		Remote:    to,
		LocalSeq:  r.CSeq().SeqNo,
		Target:    target,
	}
	d.Confirm(r)
	if d.Target == "" {
		return Dialog{}, ErrNoContact
	}
	return d, nil
}

// Confirm follows the 2xx that turns an early dialog of ours into the call:
// "the route set for the dialog MUST be recomputed based on the 2xx response"
// (RFC 3261 §13.2.2.4), and its Contact is the target. Sequence numbers stay.
func (d *Dialog) Confirm(r *sip.Response) {
	if target := contact(r); target != "" {
		d.Target = target
	}
	d.Routes = header.Lines(r, "Record-Route")
	slices.Reverse(d.Routes)
	d.own()
}

// FromRequest makes the UAS's dialog of an INVITE that we give localTag
// (RFC 3261 §12.1.1). An INVITE without Contact makes none.
func FromRequest(r *sip.Request, localTag token.Tag) (Dialog, error) {
	target := contact(r)
	if target == "" {
		return Dialog{}, ErrNoContact
	}
	from := header.Text(r, "From")
	d := Dialog{
		CallID:      r.CallID().Value(),
		LocalTag:    localTag,
		RemoteTag:   token.TagOf(from),
		Local:       header.Text(r, "To") + ";tag=" + string(localTag),
		Remote:      from,
		RemoteSeq:   r.CSeq().SeqNo,
		RemoteKnown: true,
		Target:      target,
		Routes:      header.Lines(r, "Record-Route"),
	}
	d.own()
	return d, nil
}

// own makes the dialog's texts parts of one piece of its own. They were parts of
// a whole message (header.Parse), which would stay as long as the call.
func (d *Dialog) own() {
	texts := []*string{&d.CallID, &d.Local, &d.Remote, &d.Target}
	for i := range d.Routes {
		texts = append(texts, &d.Routes[i])
	}
	size := 0
	for _, t := range texts {
		size += len(*t)
	}
	var b strings.Builder
	b.Grow(size)
	for _, t := range texts {
		b.WriteString(*t)
	}
	all := b.String()
	for _, t := range texts {
		*t, all = all[:len(*t)], all[len(*t):]
	}
	// Our tag of an INVITE received is no part of a message.
	if tag := token.TagOf(d.Local); tag == d.LocalTag {
		d.LocalTag = tag
	}
	d.RemoteTag = token.TagOf(d.Remote)
}

// Request builds the next request of the dialog: everything but Via, Contact
// and what the caller adds (RFC 3261 §12.2.1.1). ACK keeps the sequence number
// of the INVITE it acknowledges, given by Ack.
func (d *Dialog) Request(method sip.RequestMethod) (*sip.Request, error) {
	d.LocalSeq++
	return d.build(method, d.LocalSeq)
}

// Ack builds the ACK for a 2xx to our INVITE with sequence number seq
// (RFC 3261 §13.2.2.4).
func (d *Dialog) Ack(seq uint32) (*sip.Request, error) {
	return d.build(sip.ACK, seq)
}

func (d *Dialog) build(method sip.RequestMethod, seq uint32) (*sip.Request, error) {
	target, routes := d.Target, d.Routes
	if len(routes) > 0 && !loose(routes[0]) {
		// A strict router wants itself in the Request-URI and the target last.
		target = addressOf(routes[0])
		routes = append(slices.Clone(routes[1:]), "<"+d.Target+">")
	}
	var uri sip.Uri
	if err := sip.ParseUri(target, &uri); err != nil {
		return nil, fmt.Errorf("remote target %q: %w", target, err)
	}
	r := sip.NewRequest(method, uri)
	for _, route := range routes {
		r.AppendHeader(sip.NewHeader("Route", route))
	}
	r.AppendHeader(sip.NewHeader("From", d.Local))
	r.AppendHeader(sip.NewHeader("To", d.Remote))
	h := &struct { // one piece of memory
		callID sip.CallIDHeader
		cseq   sip.CSeqHeader
		hops   sip.MaxForwardsHeader
	}{sip.CallIDHeader(d.CallID), sip.CSeqHeader{SeqNo: seq, MethodName: method}, 70}
	r.AppendHeader(&h.callID)
	r.AppendHeader(&h.cseq)
	r.AppendHeader(&h.hops)
	return r, nil
}

// Matches reports whether a request belongs to this dialog from our side
// (RFC 3261 §12.2.2).
func (d *Dialog) Matches(r *sip.Request) bool {
	return r.CallID().Value() == d.CallID &&
		token.TagOf(header.Text(r, "To")) == d.LocalTag &&
		token.TagOf(header.Text(r, "From")) == d.RemoteTag
}

// InOrder notes the sequence number of a request of the peer and reports
// whether it is higher than every earlier one: an element must answer 500 to
// one that is not (RFC 3261 §12.2.2). ACK and CANCEL do not count.
func (d *Dialog) InOrder(r *sip.Request) bool {
	seq := r.CSeq().SeqNo
	if d.RemoteKnown && seq <= d.RemoteSeq {
		return false
	}
	d.RemoteSeq, d.RemoteKnown = seq, true
	return true
}

// Refresh follows a target refresh: the Contact of a re-INVITE, an UPDATE or
// their 2xx (RFC 3261 §12.2.1.2, §12.2.2; RFC 3311 §5).
func (d *Dialog) Refresh(m sip.Message) {
	if target := contact(m); target != "" && target != d.Target {
		d.Target = strings.Clone(target)
	}
}

// contact returns the URI of the first Contact, or "" where it cannot stand in
// a Request-URI: that "MUST be a SIP or SIPS URI" (RFC 3261 §8.1.1.8), without
// the headers a Contact may carry (§19.1.1).
func contact(m sip.Message) string {
	a, err := header.ParseNameAddr(header.First(m, "Contact"))
	if err != nil {
		return ""
	}
	scheme, _, _ := strings.Cut(a.URI, ":")
	if !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") {
		return ""
	}
	uri, _, _ := strings.Cut(a.URI, "?")
	return uri
}

// NextHop returns the URI where the dialog's requests go: the first route, or
// the target (RFC 3261 §12.2.1.1, §8.1.2).
func (d *Dialog) NextHop() string {
	if len(d.Routes) > 0 {
		return addressOf(d.Routes[0])
	}
	return d.Target
}

// addressOf returns the URI inside a name-addr.
func addressOf(route string) string {
	_, rest, ok := strings.Cut(route, "<")
	if !ok {
		return route
	}
	uri, _, _ := strings.Cut(rest, ">")
	return uri
}

// loose reports whether a route's URI has the lr parameter (RFC 3261 §19.1.1).
func loose(route string) bool {
	_, params, _ := strings.Cut(addressOf(route), ";")
	params, _, _ = strings.Cut(params, "?")
	for p := range strings.SplitSeq(params, ";") {
		name, _, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "lr") {
			return true
		}
	}
	return false
}
