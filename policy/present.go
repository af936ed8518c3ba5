package policy

import (
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Outbound is what the core's INVITE says, taken apart into plain strings.
type Outbound struct {
	Domain string         // host of the Request-URI: the tenant's domain
	Called number.URIUser // Request-URI: an MSISDN or an external number
	PAI    []Identity     // the number to show, without 8 and not masked
	From   Identity       // its display name carries the withheld reason
	// Privacy is the header's value, as in Request.
	Privacy string
	// Diverting is who passed the call on: a number of ours, where a foreign
	// number is shown.
	Diverting []Diverting
	// Available says per trunk whether a call may be sent there; nil says that
	// every trunk is up.
	Available []bool
	// Steps, where given, is the buffer that Presentation.Steps is built in.
	Steps []Step
}

// Presentation is the answer to an Outbound: everything in the INVITE toward
// the carrier that tells who calls whom.
type Presentation struct {
	Outcome Outcome
	Reason  Reason   // of a Reject
	Tenant  TenantID // NoTenant when the domain is nobody's
	Trunk   TrunkID  // NoTrunk of a Reject
	Kind    Kind     // of the party called
	// RequestUser is the user of Request-URI and To. RequestHost is its host,
	// empty for the address the request is sent to.
	RequestUser, RequestHost string
	// UserPhone asks for ;user=phone on Request-URI, From and PAI, wherever the
	// user is a number.
	UserPhone bool
	From      Party
	// PAI and PPI are users of identity headers with the host of From, empty
	// where the header is absent.
	PAI, PPI string
	// Privacy is the header's value, empty where absent.
	Privacy string
	// Diversion is a number of ours for the profile's diversion header, empty
	// where absent, and Diverted what else that header says.
	Diversion string
	Diverted  Redirection
	// Masked says that nothing in the message may tell who calls: no display
	// name, no diversion, an opaque Contact.
	Masked bool
	// Called and Caller are the true numbers, for the record and never for the
	// wire.
	Called, Caller number.Number
	Steps          []Step
}

// Party is the From header. Host is empty for our own address.
type Party struct{ Display, User, Host string }

// Present answers the core's INVITE. o may be anything at all.
func (t *Tables) Present(o Outbound) Presentation {
	p := presentation{
		tables:       t,
		out:          o,
		Presentation: Presentation{Tenant: NoTenant, Trunk: NoTrunk, Steps: steps(o.Steps)},
	}
	if !p.present() {
		// A refused call carries nothing that could be sent by mistake.
		p.Presentation = Presentation{
			Reason: p.Reason, Tenant: p.Tenant, Trunk: NoTrunk, Kind: p.Kind,
			Called: p.Called, Caller: p.Caller, Steps: p.Steps,
		}
	}
	return p.Presentation
}

// presentation is a Presentation on its way.
type presentation struct {
	Presentation
	tables  *Tables
	out     Outbound
	trunk   *Trunk
	private bool // the caller's number is withheld
}

func (p *presentation) note(rule, looked, value, result string) {
	p.Steps = append(p.Steps, Step{rule, looked, value, result})
}

func (p *presentation) refuse(r Reason) bool {
	p.Reason = r
	return false
}

func (p *presentation) present() bool {
	if p.Tenant = p.tables.TenantAt(p.out.Domain); p.Tenant == NoTenant {
		p.note("seam", "domain", p.out.Domain, "no tenant's")
		return p.refuse(Unassigned)
	}
	p.note("seam", "domain", p.out.Domain, p.tables.tenants[p.Tenant].Name)
	called, err := p.out.Called.Number()
	if err != nil {
		p.note("plan", "called", p.out.Called.User, err.Error())
		return p.refuse(Unassigned)
	}
	p.Called = called
	if !p.address() {
		return false
	}
	p.trunkFormat()
	if !p.keepsPrivate() || !p.mayDivert() {
		return false
	}
	if !p.guard() {
		return false
	}
	if p.Kind == Mobile {
		p.showMobile()
	} else {
		p.showPublic()
	}
	p.Outcome = Route
	return true
}

// address chooses the trunk and writes the Request-URI.
func (p *presentation) address() bool {
	if p.Called.Class() == number.Emergency {
		return p.addressEmergency()
	}
	s, ours := p.tables.subscribers[p.Called]
	if ours && s.Tenant == p.Tenant {
		return p.addressMobile(s)
	}
	return p.addressPublic()
}

func (p *presentation) addressEmergency() bool {
	e := p.tables.tenants[p.Tenant].Emergency
	if !e.Routed {
		p.note("R61b", "called", p.Called.String(), "emergency number, not routed")
		return p.refuse(Emergency)
	}
	p.note("R61", "called", p.Called.String(), "emergency number, routed")
	if !p.take(e.Over) {
		return p.refuse(NoTrunkAvailable)
	}
	p.RequestUser = p.Called.String()
	return true
}

// addressMobile takes the first available trunk of the subscriber's carrier.
func (p *presentation) addressMobile(s Subscriber) bool {
	p.Kind = Mobile
	p.note("subscriber", "called", p.Called.String(), string(s.Carrier))
	for i := range p.tables.trunks {
		t := &p.tables.trunks[i]
		if t.Role == RolePSTN || t.Profile.Carrier != s.Carrier || !p.take(TrunkID(i)) {
			continue
		}
		if t.Profile.Egress.MobileAddr == profile.ByExtension && s.Extension != "" {
			p.RequestUser = string(s.Extension)
			return true
		}
		p.RequestUser = format(p.Called, t.Profile.Egress.NumberFormat)
		return true
	}
	p.note("trunk", "carrier", string(s.Carrier), "no trunk available")
	return p.refuse(NoTrunkAvailable)
}

// addressPublic takes the first available of the tenant's outbound trunks; the
// class of the number is judged by that trunk's profile.
func (p *presentation) addressPublic() bool {
	if !p.Called.Class().External() {
		p.note("R11", "called", p.Called.String(), p.Called.Class().String())
		if p.Called.Class() == number.TooShort {
			return p.refuse(TooShort)
		}
		return p.refuse(Unassigned)
	}
	for _, id := range p.tables.tenants[p.Tenant].Outbound {
		if !p.take(id) {
			continue
		}
		p.note("R11", "called", p.Called.String(), p.Called.Class().String())
		if r := classReason(p.Called, p.trunk.Profile.Egress.Allow); r != NoReason {
			return p.refuse(r)
		}
		p.RequestUser = format(p.Called, p.trunk.Profile.Egress.NumberFormat)
		return true
	}
	p.note("trunk", "outbound", "", "no trunk available")
	return p.refuse(NoTrunkAvailable)
}

func (p *presentation) take(id TrunkID) bool {
	t := &p.tables.trunks[id]
	if p.out.Available != nil && (int(id) >= len(p.out.Available) || !p.out.Available[id]) {
		p.note("trunk", "available", t.Name, "no")
		return false
	}
	p.note("trunk", "available", t.Name, "taken")
	p.Trunk, p.trunk = id, t
	return true
}

func (p *presentation) trunkFormat() {
	e := &p.trunk.Profile.Egress
	p.UserPhone = e.UserPhone
	p.From.Host = e.Domain
	if e.RequestHost == profile.HostDomain {
		p.RequestHost = e.Domain
	}
}

// guard is the last word (R61b). It looks at the text that is about to be
// written and at nothing that led to it.
func (p *presentation) guard() bool {
	if emergencyUser(p.RequestUser) {
		// R61 is the one way out: this tenant's own route, over its own trunk.
		e := p.tables.tenants[p.Tenant].Emergency
		if e.Routed && e.Over == p.Trunk && p.RequestUser == p.Called.String() && MayRouteEmergency(*p.trunk) {
			p.note("R61", "Request-URI", p.RequestUser, "passed by the tenant's route")
			return true
		}
		p.note("R61b", "Request-URI", p.RequestUser, "emergency number")
		return p.refuse(GuardedEgress)
	}
	if rule := profile.Denied(p.trunk.Profile.Egress.Deny, p.RequestUser); rule != nil {
		p.note("R61b", "Request-URI", p.RequestUser, "denied by the profile")
		p.note("profile", "match", rule.Match.String(), string(rule.Reason))
		return p.refuse(profileReason(rule.Reason))
	}
	p.note("R61b", "Request-URI", p.RequestUser, "passed")
	return true
}

// emergencyUser reports ^(\+?81)?11[089]$ and every other spelling that the
// number plan reads as an emergency number. It is anchored: 0118111234 and
// +81118111234 are ordinary.
func emergencyUser(user string) bool {
	if len(user) == 5 && user[:2] == "81" {
		user = user[2:]
	}
	n, err := number.URIUser{User: user}.Number()
	return err == nil && n.Class() == number.Emergency
}

// format writes a number for the wire. What has no E.164 form stays as it is.
func format(n number.Number, f profile.NumberFormat) string {
	if f == profile.E164 {
		if e164, ok := n.E164(); ok {
			return e164
		}
	}
	return n.National()
}
