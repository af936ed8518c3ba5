package border

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/policy"
	"sekisho/policy/profile"
)

// fromCore presents the core's INVITE to a carrier, by that carrier's rules.
func (b *Border) fromCore(now time.Time, c *call, in ua.Incoming, hops int, out []ua.Action) []ua.Action {
	o := readOutbound(in.Request)
	p := b.present(now, o, nil)
	c.tenant, c.caller, c.called = p.Tenant, p.Caller, p.Called
	b.adopt(c, &p)
	if s, err := header.ParseSessionID(header.First(in.Request, "Session-ID")); err == nil {
		c.sessionID = s.Local
	}
	if reason := b.admit(now, c, p.Trunk, p.Reason); reason != policy.NoReason {
		return b.refuse(now, c, reason, out)
	}
	r := &route{hops: hops, request: in.Request, asked: o, presentation: p}
	if !b.open(now, c, r, trunk.Group(p.Trunk)) {
		return b.refuse(now, c, policy.NoTrunkAvailable, out)
	}
	r.until = now.Add(b.rules(r).Budget)
	return b.dial(now, c, r, out)
}

// adopt takes over what a presentation shows the called party.
func (b *Border) adopt(c *call, p *policy.Presentation) {
	c.kind, c.shown, c.discreet = p.Kind, p.From.User, p.Masked || p.Privacy != ""
}

// writer writes a Presentation as this carrier wants it.
type writer struct {
	presentation *policy.Presentation
	profile      *profile.Profile
	// own and peer are host and port of either end.
	own, peer string
}

func (w writer) requestHost() string {
	if w.presentation.RequestHost != "" {
		return w.presentation.RequestHost
	}
	return w.peer
}

func (w writer) ownHost() string {
	if w.presentation.From.Host != "" {
		return w.presentation.From.Host
	}
	return w.own
}

func (w writer) uri(user, host string) string {
	u := "sip:" + user + "@" + host
	if w.presentation.UserPhone {
		u += ";user=phone"
	}
	return u
}

// target is the Request-URI.
func (w writer) target() string { return w.uri(w.presentation.RequestUser, w.requestHost()) }

func (w writer) from() string {
	f := w.presentation.From
	uri := "sip:" + f.User + "@" + w.ownHost()
	if isNumber(f.User) {
		uri = w.uri(f.User, w.ownHost())
	}
	if f.Display == "" {
		return "<" + uri + ">"
	}
	return header.Quote(f.Display) + " <" + uri + ">"
}

// isNumber tells a telephone number from the word of an anonymous party, which
// is no user=phone (RFC 3261 §19.1.1).
func isNumber(user string) bool { return strings.Trim(user, "+0123456789") == "" }

// headers are the allow-list of what a carrier gets beside the leg's own:
// nothing of the core's message passes but what is written here.
func (w writer) headers() []sip.Header {
	p := w.presentation
	var hs []sip.Header
	add := func(name, value string) { hs = append(hs, sip.NewHeader(name, value)) }
	if p.PAI != "" {
		add("P-Asserted-Identity", "<"+w.uri(p.PAI, w.identityHost())+">")
	}
	if p.PPI != "" {
		add("P-Preferred-Identity", "<"+w.uri(p.PPI, w.identityHost())+">")
	}
	if p.Privacy != "" {
		add("Privacy", p.Privacy)
	}
	if p.Diversion != "" {
		hs = append(hs, w.diversion()...)
	}
	if w.profile.SIP.EarlyMedia == profile.EarlyPEM {
		add("P-Early-Media", "supported")
	}
	return hs
}

// identityHost is From's, unless that is the anonymous one.
func (w writer) identityHost() string {
	if w.profile.Egress.Domain != "" {
		return w.profile.Egress.Domain
	}
	return w.own
}

// diversion writes which number of ours passes the call on.
func (w writer) diversion() []sip.Header {
	p := w.presentation
	by := header.Redirection{URI: w.uri(p.Diversion, w.identityHost()), Why: p.Diverted.Why, Times: p.Diverted.Times, Private: p.Diverted.Private}
	switch w.profile.Egress.Diversion {
	case profile.HistoryInfo:
		var hs []sip.Header
		for _, v := range header.HistoryOf([]header.Redirection{by}, w.uri(p.RequestUser, w.requestHost())) {
			hs = append(hs, sip.NewHeader("History-Info", v))
		}
		return hs
	case profile.DiversionHeader:
		return []sip.Header{sip.NewHeader("Diversion", by.String())}
	case profile.NoDiversion:
	}
	return nil
}
