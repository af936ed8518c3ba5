package core

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// Methods are the requests inside a dialog that a peer may make of the core, for
// the shard's leg.Terms: a phone may transfer (RFC 3515), nobody over the seam.
func (c *Core) Methods(p ua.Peer) []sip.RequestMethod {
	if p == seamPeer {
		return nil
	}
	return []sip.RequestMethod{sip.REFER}
}

// asked takes a REFER of a phone's (RFC 3515, RFC 5589): without Replaces it is a
// blind transfer to whom the phone might dial, with it the phone's two calls
// become one. The target's host means nothing: nobody makes us call elsewhere.
func (s *step) asked(k *call, p *party, ev leg.Asked) {
	to, err := header.ParseNameAddr(header.First(ev.Request, "Refer-To"))
	var u header.URI
	if err == nil {
		u, err = header.ParseURI(to.URI)
	}
	switch {
	case err != nil:
		s.tell(p, leg.Respond{ID: ev.ID, Status: 400})
	case p.Kind != phone || !p.Up || k.Stage != talking || k.other(p) == nil:
		s.tell(p, leg.Respond{ID: ev.ID, Status: 480}) // RFC 3515 §2.4.2: any final response
	case u.Headers == "":
		s.referBlind(k, p, ev, u.User)
	default:
		s.referReplacing(k, p, ev, replaced(u.Headers))
	}
}

// replaced returns the Call-ID of the dialog that a Refer-To replaces (RFC 3891
// §6.1), or "".
func replaced(headers string) string {
	for _, h := range strings.Split(headers, "&") {
		name, value, _ := strings.Cut(h, "=")
		if !strings.EqualFold(name, "Replaces") {
			continue
		}
		text, err := url.PathUnescape(value)
		if err != nil {
			return ""
		}
		id, _, _ := strings.Cut(text, ";")
		return strings.TrimSpace(id)
	}
	return ""
}

func (s *step) referBlind(k *call, p *party, ev leg.Asked, user string) {
	k.Owner, k.Entry = p.Leg, entry{Code: '#', Digits: user}
	r, refusal := s.target(k)
	if refusal != (ear{}) {
		k.Owner, k.Entry = 0, entry{}
		s.tell(p, leg.Respond{ID: ev.ID, Status: statusOf(refusal)})
		return
	}
	s.tell(p, leg.Respond{ID: ev.ID, Status: 202})
	k.Referred = true
	s.notify(p, 100)
	s.pass(k, r)
}

// statusOf is what a phone is told where a mobile hears why.
func statusOf(refusal ear) int {
	switch refusal.Clips {
	case invalidNumber:
		return 404
	case unreachable:
		return 480
	case busyTone:
		return 486
	}
	return 403
}

// referReplacing joins whom the phone talks with in its two calls. Its own legs
// are known by their Call-IDs, which no other phone can name.
func (s *step) referReplacing(k *call, p *party, ev leg.Asked, id string) {
	with, q := s.ownLeg(k, p, id)
	if q == nil || with.Stage != talking || with.other(q) == nil {
		s.tell(p, leg.Respond{ID: ev.ID, Status: 404}) // 481 would end the call that asks
		return
	}
	s.tell(p, leg.Respond{ID: ev.ID, Status: 202})
	k.Referred = true
	s.notify(p, 200)
	c := with.other(q)
	place := p.Role
	s.drop(k, p, normal())
	s.carry(with, c, k)
	c.Role = place
	s.finish(with, normal())
	s.resume(k)
	s.settle(with)
}

// ownLeg finds another call's leg of the same phone.
func (s *step) ownLeg(k *call, p *party, id string) (*call, *party) {
	for _, other := range s.office(k.Tenant).live {
		for _, q := range other.Parties {
			if other != k && id != "" && q.CallID == id && q.Kind == phone && q.Extension == p.Extension && q.there() {
				return other, q
			}
		}
	}
	return nil, nil
}

// carry moves a party from one call into another.
func (s *step) carry(from *call, p *party, into *call) {
	from.Parties = without(from.Parties, p)
	into.Parties = append(into.Parties, p)
	into.Crosses = into.Crosses || p.Kind != phone
	s.legs[p.Leg] = into.ID
	s.slots[p.Endpoint.Pair.Slot] = into.ID
}

// notify tells a phone what its REFER has come to (RFC 3515 §2.4.4): the last word
// ends the subscription.
func (s *step) notify(p *party, status int) {
	state := "active;expires=180"
	if status >= 200 {
		state = "terminated;reason=noresource"
	}
	s.tell(p, leg.Ask{
		Method:  sip.NOTIFY,
		Headers: []sip.Header{sip.NewHeader("Event", "refer"), sip.NewHeader("Subscription-State", state)},
		Type:    "message/sipfrag;version=2.0",
		Content: fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", status, phrases[status]),
	})
}

// phrases are those of the statuses that a REFER is told.
var phrases = map[int]string{
	100: "Trying", 200: "OK", 403: "Forbidden", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Service Unavailable",
}

// unreferred gives the call back to the phone that has referred it.
func (s *step) unreferred(k *call, e ear) {
	s.notify(k.owner(), statusOf(e))
	s.resume(k)
}
