package border

import (
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/policy"
	"sekisho/policy/number"
)

// fromTrunk decides a carrier's INVITE and passes it to the core over the
// seam.
func (b *Border) fromTrunk(now time.Time, c *call, in ua.Incoming, hops int, out []ua.Action) []ua.Action {
	on := policy.TrunkID(in.Peer)
	req := readRequest(on, in.Request)
	req.Steps = b.steps
	d := b.cfg.Tables.Decide(req)
	b.steps = d.Steps
	c.tenant, c.kind, c.caller, c.called = d.Tenant, d.Kind, d.Caller, d.Called
	if reason := b.admit(now, c, on, d.Reason); reason != policy.NoReason {
		return b.refuse(now, c, reason, out)
	}
	tenant := b.cfg.Tables.Tenant(d.Tenant)
	own := token16(b.newName())
	c.sessionID = own.Local
	s := seam.Call{
		Domain: tenant.Domain, Called: d.Called.String(), Caller: d.Caller.String(),
		Display:     d.Withheld.DisplayName(),
		Private:     d.Withheld != number.Given,
		Hint:        header.Call{Kind: kindOf(d.Kind), Carrier: string(d.Carrier), Tenant: tenant.Name, ID: c.name, Passes: c.passes},
		Diversions:  diversions(d.Diverted, tenant.Domain),
		SessionID:   own,
		MaxForwards: hops,
	}
	r := &route{until: now.Add(b.cfg.CoreAnswers), dial: leg.Dial{
		Target: s.URI(), From: s.From(), To: s.To(), MaxForwards: hops,
		Headers: append(s.Headers(), standing(in.Request, b.cfg.Trunks[on].Profile.Ingress.Pass)...),
	}}
	if !b.open(now, c, r, b.seam()) {
		return b.refuse(now, c, policy.CoreUnreachable, out)
	}
	return b.dial(now, c, r, out)
}

// diversions are written anew, each by its canonical number.
func diversions(list []policy.Diverted, domain string) []header.Redirection {
	var rs []header.Redirection
	for _, d := range list {
		rs = append(rs, header.Redirection{URI: "sip:" + d.Number.String() + "@" + domain, Why: d.Why, Times: d.Times, Private: d.Private})
	}
	return rs
}

func kindOf(k policy.Kind) header.CallKind {
	if k == policy.Mobile {
		return header.Mobile
	}
	return header.External
}

// token16 makes a Session-ID of 128 random bits in hexadecimal (RFC 7989 §4.1
// asks for a UUID without hyphens and lets its version be any).
func token16(name string) header.SessionID { return header.SessionID{Local: name} }
