package border

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// referMode is what becomes of a REFER of p's: as its trunk's profile says, or
// that of the trunk at the other end where the core refers.
func (b *Border) referMode(p *party) profile.Refer {
	if p.peer == CorePeer {
		p = p.other()
	}
	if p.peer == CorePeer {
		return profile.ReferRefuse
	}
	return b.cfg.Trunks[p.peer].Profile.SIP.Refer
}

// refer answers a REFER (RFC 3515). Whatever the profile says of it, no call
// goes where policy would not send one that p had dialled itself, and nothing of
// one side's Refer-To reaches the other (ATTACKS B8).
func (b *Border) refer(now time.Time, p *party, ev leg.Asked, out []ua.Action) []ua.Action {
	if p.firstRefer == 0 {
		p.firstRefer = ev.Request.CSeq().SeqNo
	}
	mode := b.referMode(p)
	target, status := referTo(ev.Request)
	switch {
	case mode == profile.ReferRefuse || p.referred:
		return answer(p, ev, leg.Respond{Status: 603}, out)
	case status != 0:
		return answer(p, ev, leg.Respond{Status: status}, out)
	case p.call.phase != talking || !p.other().live(), !p.call.acked && (ev.Early || p == &p.call.b):
		return answer(p, ev, leg.Respond{Status: 480}, out)
	case p.call.transfer != nil:
		return answer(p, ev, leg.Respond{Status: 491}, out)
	}
	to, ok := b.lead(now, p, target)
	if !ok {
		return answer(p, ev, leg.Respond{Status: 603}, out)
	}
	if mode == profile.ReferConsume {
		return b.transferTo(now, p, ev, to, out)
	}
	if to.group != b.groupOf(p.other()) {
		return answer(p, ev, leg.Respond{Status: 603}, out) // the other party is not the one to call there
	}
	headers := []sip.Header{sip.NewHeader("Refer-To", "<"+to.uri+">")}
	if strings.EqualFold(header.First(ev.Request, "Refer-Sub"), "false") {
		headers = append(headers, sip.NewHeader("Refer-Sub", "false"))
	}
	return b.relay(p, ev, leg.Ask{Method: sip.REFER, Headers: headers}, out)
}

// referTo reads whom a REFER is about. "A REFER request method MUST contain
// exactly one Refer-To header field value" (RFC 3515 §2.4.2). One that asks for
// another method than INVITE, or for headers in it such as Replaces, is declined.
func referTo(r *sip.Request) (number.URIUser, int) {
	values := header.Values(r, "Refer-To")
	if len(values) != 1 {
		return number.URIUser{}, 400
	}
	a, err := header.ParseNameAddr(values[0])
	if err != nil {
		return number.URIUser{}, 400
	}
	u, err := header.ParseURI(a.URI)
	if err != nil {
		return number.URIUser{}, 400
	}
	method, asked := u.Params.Get("method")
	if u.Headers != "" || u.Params.Has("maddr") || asked && !strings.EqualFold(method, "INVITE") || u.User == "" {
		return number.URIUser{}, 603
	}
	if u.Scheme != "sip" && u.Scheme != "sips" && u.Scheme != "tel" {
		return number.URIUser{}, 416
	}
	return userOf(u), 0
}

// destination is where policy sends what a party refers to.
type destination struct {
	group trunk.Group
	// uri is the target as that side writes it.
	uri string
	// tenant and one of the two are what was decided.
	tenant       policy.TenantID
	decision     policy.Decision
	presentation policy.Presentation
	asked        policy.Outbound
}

// lead asks policy for a number as if p had dialled it. Emergency numbers are
// dialled by people, never by a REFER.
func (b *Border) lead(now time.Time, p *party, target number.URIUser) (destination, bool) {
	c := p.call
	who := c.caller
	if p == &c.b {
		who = c.called
	}
	self := []policy.Identity{{URIUser: number.URIUser{User: who.String()}}}
	if p.peer == CorePeer {
		o := policy.Outbound{Domain: b.cfg.Tables.Tenant(c.tenant).Domain, Called: target, PAI: self, From: self[0]}
		pr := b.present(now, o, nil)
		if pr.Outcome != policy.Route || pr.Called.Class() == number.Emergency || pr.Tenant != c.tenant {
			return destination{}, false
		}
		to := destination{group: trunk.Group(pr.Trunk), tenant: pr.Tenant, presentation: pr, asked: o}
		to.uri = b.writerFor(&pr, b.cfg.Trunks[pr.Trunk].To[0]).target()
		return to, true
	}
	d := b.cfg.Tables.Decide(policy.Request{Trunk: policy.TrunkID(p.peer), Called: target, PAI: self, From: self[0], Steps: b.steps})
	b.steps = d.Steps
	if d.Reason != policy.NoReason || d.Called.Class() == number.Emergency || d.Tenant != c.tenant {
		return destination{}, false
	}
	to := destination{group: b.seam(), tenant: d.Tenant, decision: d}
	to.uri = seam.Call{Domain: b.cfg.Tables.Tenant(d.Tenant).Domain, Called: d.Called.String()}.URI()
	return to, true
}

// groupOf is the group of peers that a party belongs to.
func (b *Border) groupOf(p *party) trunk.Group {
	if p.peer == CorePeer {
		return b.seam()
	}
	return trunk.Group(p.peer)
}

// subscribed is a REFER that a party has accepted: its number in that party's dialog
// and in that of the other party, who sent it.
type subscribed struct{ ours, asker uint32 }

// mostRefers bounds how many of them are kept apart.
const mostRefers = 16

func (p *party) subscribed(s subscribed) {
	if len(p.refers) == mostRefers {
		p.refers = append(p.refers[:0], p.refers[1:]...)
	}
	p.refers = append(p.refers, s)
}

// subscription says which of its REFERs the other party is to hear of, by what stands
// in the Event of p's NOTIFY: the id is the number of the REFER, "included in the second
// and any subsequent REFER in a dialog" (RFC 3515 §2.4.6), and each leg numbers its
// own. A NOTIFY may overtake the answer that accepts its REFER.
func (p *party) subscription(event string) (id string, known bool) {
	value, told := idOf(event)
	seq, o := uint32(0), p.other()
	for _, s := range p.refers {
		if seq == 0 && (!told || value == strconv.FormatUint(uint64(s.ours), 10)) {
			seq = s.asker
		}
	}
	for _, r := range p.relayed {
		if seq == 0 {
			seq = r.refer
		}
	}
	switch {
	case seq == 0:
		return "", !told
	case told || seq != o.firstRefer:
		id = ";id=" + strconv.FormatUint(uint64(seq), 10)
	}
	return id, true
}

// idOf reads the id of an Event.
func idOf(event string) (string, bool) {
	for i, part := range strings.Split(event, ";") {
		if name, value, _ := strings.Cut(part, "="); i > 0 && strings.EqualFold(strings.TrimSpace(name), "id") {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// sipfrag is the type of what a NOTIFY tells of the call (RFC 3420).
const sipfrag = "message/sipfrag;version=2.0"

// notified passes on what the other party tells of the call that p asked for: the
// status alone, since the rest of a message is its sender's.
func (b *Border) notified(p *party, ev leg.Asked, out []ua.Action) []ua.Action {
	event, _, _ := strings.Cut(header.First(ev.Request, "Event"), ";")
	if b.referMode(p) != profile.ReferPass || !strings.EqualFold(strings.TrimSpace(event), "refer") {
		return answer(p, ev, leg.Respond{Status: 489}, out) // Bad Event (RFC 6665 §8.3.2)
	}
	line, _, _ := strings.Cut(string(ev.Request.Body()), "\r\n")
	status, ok := fragment(line)
	if !ok || contentType(ev.Request) != "message/sipfrag" {
		return answer(p, ev, leg.Respond{Status: 400}, out)
	}
	id, known := p.subscription(header.First(ev.Request, "Event"))
	if !known {
		return answer(p, ev, leg.Respond{Status: 481}, out) // of no REFER of ours (RFC 6665 §4.1.3)
	}
	return b.relay(p, ev, tidings(status, stateOf(header.First(ev.Request, "Subscription-State")), id), out)
}

// fragment reads the status of a sipfrag.
func fragment(line string) (int, bool) {
	version, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	return status, strings.EqualFold(version, "SIP/2.0") && err == nil && status >= 100 && status <= 699
}

// subscription is the state of what a REFER has subscribed to (RFC 6665 §4.1.3).
type subscription string

const (
	active subscription = "active;expires=180"
	final  subscription = "terminated;reason=noresource"
)

// stateOf reads a Subscription-State.
func stateOf(value string) subscription {
	if strings.HasPrefix(strings.ToLower(value), "terminated") {
		return final
	}
	return active
}

// tidings is the NOTIFY that tells a status of the call referred to (RFC 3515
// §2.4.4, §2.4.5).
func tidings(status int, state subscription, id string) leg.Ask {
	return leg.Ask{
		Method: sip.NOTIFY, Type: sipfrag, Content: []byte("SIP/2.0 " + strconv.Itoa(status) + " " + phrase(status) + "\r\n"),
		Headers: []sip.Header{sip.NewHeader("Event", "refer"+id), sip.NewHeader("Subscription-State", string(state))},
	}
}

// phrase is the reason phrase of a status; a class has one where it has none.
func phrase(status int) string {
	switch status {
	case 100:
		return "Trying"
	case 180:
		return "Ringing"
	case 200:
		return "OK"
	case 486:
		return "Busy Here"
	case 603:
		return "Decline"
	}
	switch status / 100 {
	case 1:
		return "Session Progress"
	case 2:
		return "OK"
	}
	return "Failed"
}
