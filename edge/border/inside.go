package border

import (
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/dtmf"
	"sekisho/media/relay"
	"sekisho/policy/profile"
)

// relayed is a request inside the dialog that a party is asked in the name of
// the other one.
type relayed struct {
	token uint64
	// asker is the other party's request, owed the answer.
	asker leg.RequestID
	// refer is the number of that request where it is a REFER.
	refer uint32
}

// methods are what a neighbour may send inside a dialog beside what a leg
// answers itself: what its profile takes, or any trunk's for the core.
func methods(profiles ...*profile.SIP) []sip.RequestMethod {
	some := func(has func(*profile.SIP) bool) bool { return slices.ContainsFunc(profiles, has) }
	var list []sip.RequestMethod
	if some(func(p *profile.SIP) bool { return len(p.Info) > 0 }) {
		list = append(list, sip.INFO)
	}
	if some(func(p *profile.SIP) bool { return p.Refer != profile.ReferRefuse }) {
		list = append(list, sip.REFER)
	}
	if some(func(p *profile.SIP) bool { return p.Refer == profile.ReferPass }) {
		list = append(list, sip.NOTIFY)
	}
	return list
}

// asked answers a request inside p's dialog, or passes it on.
func (b *Border) asked(now time.Time, p *party, ev leg.Asked, out []ua.Action) []ua.Action {
	switch ev.Request.Method {
	case sip.INFO:
		return b.info(p, ev, out)
	case sip.REFER:
		return b.refer(now, p, ev, out)
	case sip.NOTIFY:
		return b.notified(p, ev, out)
	}
	return answer(p, ev, leg.Respond{Status: 405}, out)
}

// answer gives p's request its final response.
func answer(p *party, ev leg.Asked, r leg.Respond, out []ua.Action) []ua.Action {
	r.ID = ev.ID
	return append(out, ua.Command{Leg: p.leg, Command: r})
}

// info reads a key press and passes anything else on that both sides take. An
// INFO without a body asks whether the call stands, as those of RFC 2976 did.
func (b *Border) info(p *party, ev leg.Asked, out []ua.Action) []ua.Action {
	kind := contentType(ev.Request)
	switch {
	case len(ev.Request.Body()) == 0:
		return answer(p, ev, leg.Respond{Status: 200}, out)
	case !b.takes(p, kind):
		// "MUST [...] list the formats that are acceptable" (RFC 3261 §21.4.13).
		return answer(p, ev, leg.Respond{Status: 415, Headers: []sip.Header{sip.NewHeader("Accept", b.accepts(p))}}, out)
	case kind == profile.KeyRelay, kind == profile.KeyAlone:
		press, err := header.ParsePress(ev.Request.Body())
		if err != nil {
			return answer(p, ev, leg.Respond{Status: 400}, out)
		}
		return b.pressed(p, press, answer(p, ev, leg.Respond{Status: 200}, out))
	case !b.takes(p.other(), kind), p == &p.call.a && p.call.discreet:
		// Nobody reads what is in it: it may name a caller who is withheld there.
		return answer(p, ev, leg.Respond{Status: 415, Headers: []sip.Header{sip.NewHeader("Accept", b.accepts(p))}}, out)
	}
	a := leg.Ask{Method: sip.INFO, Type: string(kind), Content: ev.Request.Body()}
	for _, name := range [...]string{"Info-Package", "Content-Disposition"} {
		if v := header.First(ev.Request, name); v != "" {
			a.Headers = append(a.Headers, sip.NewHeader(name, v))
		}
	}
	return b.relay(p, ev, a, out)
}

// contentType is the body's, in lower case and without parameters.
func contentType(m sip.Message) profile.ContentType {
	kind, _, _ := strings.Cut(header.First(m, "Content-Type"), ";")
	return profile.ContentType(strings.ToLower(strings.TrimSpace(kind)))
}

// takes reports whether a party may send or be sent an INFO of a content type;
// the core whatever the trunk at the other end may.
func (b *Border) takes(p *party, t profile.ContentType) bool {
	if p.peer == CorePeer {
		if p = p.other(); p.peer == CorePeer {
			return true
		}
	}
	return b.cfg.Trunks[p.peer].Profile.SIP.Takes(t)
}

func (b *Border) accepts(p *party) string {
	if p.peer == CorePeer {
		p = p.other()
	}
	if p.peer == CorePeer {
		return ""
	}
	var list []string
	for _, t := range b.cfg.Trunks[p.peer].Profile.SIP.Info {
		list = append(list, string(t))
	}
	return strings.Join(list, ", ")
}

// pressed takes a key press that p told by INFO to the other party. It goes by the
// media plane, like those that come by RTP: there the rule for stars is kept, and
// one press that is told both ways is one. What comes from the core has no rule.
func (b *Border) pressed(p *party, press header.Press, out []ua.Action) []ua.Action {
	b.counts.Keys++
	o := p.other()
	if p.call.phase != talking || !o.live() {
		return out
	}
	if p.peer == CorePeer && b.toldByInfo(o) {
		return tellKey(o, press, out)
	}
	length := time.Duration(max(press.Duration, 100)) * time.Millisecond
	return append(out, ua.Media{Command: relay.Press{Slot: p.pair.Slot, Key: dtmf.Key(press.Key), Length: dtmf.ToMillis(length)}})
}

// signals reports whether p's keys, whatever carries them, are told to the other
// party by INFO.
func (b *Border) signals(p *party) bool { return p.peer != CorePeer && b.toldByInfo(p.other()) }

// keyed is a key of p's that the media plane has let through.
func (b *Border) keyed(p *party, ev relay.Pressed, out []ua.Action) []ua.Action {
	o := p.other()
	if p.call.phase != talking || !o.live() {
		return out
	}
	return tellKey(o, header.Press{Key: byte(ev.Key), Duration: int(ev.Length)}, out)
}

// tellKey tells a party of a key by INFO.
func tellKey(p *party, press header.Press, out []ua.Action) []ua.Action {
	return append(out, ua.Command{Leg: p.leg, Command: leg.Ask{
		Method: sip.INFO, Type: string(profile.KeyRelay), Content: []byte(press.String()),
	}})
}

// toldByInfo reports whether a party hears of keys by INFO: the core where the
// trunk's profile says so, a trunk that takes them and has no telephone-event.
func (b *Border) toldByInfo(p *party) bool {
	if p.peer != CorePeer {
		return b.takes(p, profile.KeyRelay) && p.negotiated != nil && p.negotiated.EventOut == relay.NoPayload
	}
	o := p.other()
	return o.peer != CorePeer && b.cfg.Trunks[o.peer].Profile.DTMF.TowardCore == profile.CoreINFO
}

// relay asks the other party in p's name.
func (b *Border) relay(p *party, ev leg.Asked, a leg.Ask, out []ua.Action) []ua.Action {
	c, o := p.call, p.other()
	hops := seam.MaxForwards(ev.Request) - 1
	switch {
	case hops < 0:
		return answer(p, ev, leg.Respond{Status: 483}, out)
	case c.phase != talking, !o.live():
		return answer(p, ev, leg.Respond{Status: 480}, out)
	}
	c.asks++
	a.Token, a.MaxForwards = c.asks, max(hops, 1)
	r := relayed{token: a.Token, asker: ev.ID}
	if a.Method == sip.REFER {
		r.refer = ev.Request.CSeq().SeqNo
	}
	o.relayed = append(o.relayed, r)
	return append(out, ua.Command{Leg: o.leg, Command: a})
}

// legReplied passes p's answer back. No 408 is among them: "A transaction-stateful
// SIP element MUST NOT send a response with Status-Code of 408 to a non-INVITE
// request" (RFC 4320 §4.2).
func (b *Border) legReplied(p *party, ev leg.Replied, out []ua.Action) []ua.Action {
	for i, r := range p.relayed {
		if r.token != ev.Token {
			continue
		}
		p.relayed = append(p.relayed[:i], p.relayed[i+1:]...)
		status := 504
		if ev.Response != nil {
			status = inside(ev.Response.StatusCode)
		}
		if r.refer != 0 && status < 300 {
			p.subscribed(subscribed{ours: ev.Response.CSeq().SeqNo, asker: r.refer})
		}
		return append(out, ua.Command{Leg: p.other().leg, Command: leg.Respond{ID: r.asker, Status: status}})
	}
	return out
}

// inside is the status of a relayed request as the other side is told it: a
// challenge and an overload were for us, a redirection leads nowhere.
func inside(status int) int {
	switch {
	case status < 300:
		return status
	case status < 400, status == 401, status == 407:
		return 403
	case status == 408, status == 503:
		return 504
	case status == 481:
		return 480
	}
	return status
}
