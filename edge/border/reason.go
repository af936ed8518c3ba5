package border

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/policy/profile"
)

// The protocols of RFC 3326 §2 that are passed on; any other is for a network
// beyond ours to define.
const (
	inQ850 = "Q.850"
	inSIP  = "SIP"
)

// telling says whether a neighbour is told causes where a leg ends by itself.
func (b *Border) telling(peer ua.Peer) cause.Telling {
	if b.tells(peer, profile.ReasonQ850) {
		return cause.Tell
	}
	return cause.Withhold
}

// tells reports whether a neighbour is given reasons of a protocol: the core
// all that there are, a trunk those of its profile.
func (b *Border) tells(peer ua.Peer, form profile.ReasonForm) bool {
	return peer == CorePeer || b.cfg.Trunks[peer].Profile.Egress.Tells(form)
}

// believed reports whether what a party says of its end counts. The Reason of a
// response is part of the answer; that of a request is what anybody wrote, and
// stops here unless the trunk is trusted with it (SPEC §2.3).
func (b *Border) believed(p *party, m sip.Message) bool {
	_, request := m.(*sip.Request)
	return !request || p.peer == CorePeer || b.cfg.Trunks[p.peer].Profile.Ingress.Trusts(profile.TrustReason)
}

// reasonsOf keeps what the message that ended p gives as its reasons.
func (b *Border) reasonsOf(p *party, m sip.Message) []header.Reason {
	if m == nil || !b.believed(p, m) {
		return nil
	}
	reasons, _ := header.Reasons(m)
	return reasons
}

// onward is the cause of p's end as the other side is told it, with normal
// clearing where there is none that may be believed.
func (b *Border) onward(p *party, ev leg.Ended) cause.Cause {
	c := ev.Cause
	if c.Q850 == 0 || !b.believed(p, ev.Message) {
		c.Q850, c.Text = cause.NormalClearing, ""
	}
	c.Side = cause.Local
	return c
}

// reasons are the Reason headers of our message that ends p: the other party's
// own where it gave one and it is still why, else our cause (SPEC §2.3: "Pass a
// received Reason unchanged if syntactically valid; else map").
func (b *Border) reasons(p *party, why cause.Cause) []sip.Header {
	var hs []sip.Header
	add := func(r header.Reason) {
		if p == &p.call.b && p.call.discreet {
			r = r.Bare() // free text of the core's, which may name the caller
		}
		hs = append(hs, sip.NewHeader("Reason", r.String()))
	}
	if why.Q850 != 0 && b.tells(p.peer, profile.ReasonQ850) {
		r := header.Reason{Protocol: inQ850, Cause: int(why.Q850), Text: why.Text}
		if said, ok := first(p.other().said, inQ850); ok && said.Cause == r.Cause {
			r = said
		}
		add(r)
	}
	// RFC 3326 §2 has reasons in requests, RFC 6432 adds those of Q.850 to
	// responses; a SIP status in a SIP response is said by its first line.
	if !b.ends(p) || !b.tells(p.peer, profile.ReasonSIP) {
		return hs
	}
	if said, ok := first(p.other().said, inSIP); ok {
		add(said)
	} else if failed(why.Status) {
		add(header.Reason{Protocol: inSIP, Cause: why.Status})
	}
	return hs
}

// ends reports whether p ends by a request, CANCEL or BYE, rather than by the
// final response to its INVITE.
func (b *Border) ends(p *party) bool { return p == &p.call.b || !p.call.answered.IsZero() }

// failed reports a status that says more than the CANCEL or BYE it goes into:
// 487 is that of a caller who hung up.
func failed(status int) bool { return status >= 300 && status != sip.StatusRequestTerminated }

func first(reasons []header.Reason, protocol string) (header.Reason, bool) {
	for _, r := range reasons {
		if strings.EqualFold(r.Protocol, protocol) && r.Cause > 0 {
			r.Protocol = protocol
			return r, true
		}
	}
	return header.Reason{}, false
}
