package border

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/ebb"
	"sekisho/media/relay"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// maxRedirects bounds how many targets of redirections a call tries in all, so
// that trunks that point at each other end.
const maxRedirects = 3

// redirected follows a 3xx of a carrier whose profile says so (RFC 3261
// §8.1.3.4), and reports whether the call goes on. Only the number in a Contact
// counts: where it leads is policy's to say, as if the tenant had dialled it, and
// a Contact that is not at one of our own neighbours is no target at all, so
// that no answer ever sends a call to a third party (ATTACKS A6).
func (b *Border) redirected(now time.Time, c *call, ev leg.Ended, out []ua.Action) ([]ua.Action, bool) {
	res, ok := ev.Message.(*sip.Response)
	if !ok || ev.Cause.Side != cause.Remote || !moves(res.StatusCode) || c.route == nil || c.b.peer == CorePeer || !c.a.live() ||
		b.cfg.Trunks[c.b.peer].Profile.SIP.Redirect != profile.RedirectFollow {
		return out, false
	}
	by := policy.Diverting{
		URIUser:     number.URIUser{User: b.cfg.Tables.StandsFor(c.tenant, c.route.presentation.Called).String()},
		Redirection: policy.Redirection{Why: why(res), Times: 1},
	}
	for _, target := range b.targets(res) {
		if len(c.followed) == maxRedirects {
			break
		}
		o := c.route.asked
		o.Called, o.Diverting = target, append([]policy.Diverting{by}, o.Diverting...)
		p := b.present(now, o, nil)
		if p.Outcome != policy.Route || p.Called.Class() == number.Emergency || p.Called == c.called || slices.Contains(c.followed, p.Called) {
			continue
		}
		c.followed = append(c.followed, p.Called)
		next := &route{hops: c.route.hops, request: c.route.request, asked: o, presentation: p}
		if !b.open(now, c, next, trunk.Group(p.Trunk)) || !b.moveInto(now, c, p.Trunk) {
			continue
		}
		before := c.route
		c.route = next
		caps, ok := b.offerable(c, b.peerOf(next.to.Group))
		if !ok {
			c.route = before
			continue
		}
		next.until = now.Add(b.rules(next).Budget)
		b.adopt(c, &p)
		out = append(out, ua.Note{Level: ua.Info, Message: "call redirected", Fields: []string{
			"call", c.name, "trunk", b.cfg.Trunks[c.b.peer].Name, "status", strconv.Itoa(res.StatusCode), "onto", b.cfg.Trunks[p.Trunk].Name,
		}})
		return b.replace(now, c, caps, out), true
	}
	return out, false
}

// moves reports the redirections that name other places for the party called:
// 305 is for a proxy's user agent, 380 no address (RFC 3261 §21.3).
func moves(status int) bool { return status == 300 || status == 301 || status == 302 }

// why is what a redirection gives as its reason, or that of RFC 7544 §6 for a 302
// that says nothing.
func why(res *sip.Response) string {
	if said := header.Redirections(res); len(said) > 0 && said[0].Why != "unknown" {
		return said[0].Why
	}
	return "unconditional"
}

// targets are the numbers at neighbours of ours that the Contacts of a
// redirection name, the most wanted first (RFC 3261 §20.10).
func (b *Border) targets(res *sip.Response) []number.URIUser {
	type target struct {
		user number.URIUser
		q    float64
	}
	var list []target
	for _, v := range header.Values(res, "Contact") {
		a, err := header.ParseNameAddr(v)
		if err != nil {
			continue
		}
		u, err := header.ParseURI(a.URI)
		if err != nil || !b.neighbourly(u) {
			continue
		}
		t := target{user: userOf(u), q: 1}
		if q, ok := a.Params.Get("q"); ok {
			if t.q, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		list = append(list, t)
	}
	slices.SortStableFunc(list, func(x, y target) int {
		switch {
		case x.q > y.q:
			return -1
		case x.q < y.q:
			return 1
		}
		return 0
	})
	users := make([]number.URIUser, len(list))
	for i, t := range list {
		users[i] = t.user
	}
	return users
}

// neighbourly reports whether a URI is at a neighbour of ours, at ourselves, or a
// number alone: nothing in it may ask for another road.
func (b *Border) neighbourly(u header.URI) bool {
	if u.Headers != "" || u.Params.Has("maddr") || u.User == "" {
		return false
	}
	switch u.Scheme {
	case "tel":
		return true
	case "sip", "sips":
	default:
		return false
	}
	host := strings.Trim(strings.ToLower(u.Host), "[]")
	addr, err := netip.ParseAddr(host)
	for i := range b.cfg.Trunks {
		t := &b.cfg.Trunks[i]
		if d := t.Profile.Egress.Domain; d != "" && strings.EqualFold(d, host) {
			return true
		}
		for _, to := range t.To {
			if err == nil && to.Remote.Addr() == addr.Unmap() {
				return true
			}
		}
	}
	return b.cfg.Tables.TenantAt(host) != policy.NoTenant || b.ours(u.Host, u.Port)
}

// replace sends leg B to the peer of c.route in the place of one that is over.
func (b *Border) replace(now time.Time, c *call, caps sdp.Caps, out []ua.Action) []ua.Action {
	ebb.Delete(&b.legs, &b.most.legs, c.b.leg)
	c.attempts = append(c.attempts, b.attemptRecord(c))
	if c.b.negotiated != nil {
		// A must not go on hearing the peer that failed, nor it A.
		out = append(out, ua.Media{Command: relay.Silence{Slot: c.a.pair.Slot}}, ua.Media{Command: relay.Silence{Slot: c.b.pair.Slot}})
		c.joined, c.earlyFromB = false, false
	}
	return b.attempt(now, c, caps, out)
}
