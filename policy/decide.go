package policy

import (
	"errors"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Request is what a carrier's INVITE says, taken apart into plain strings.
type Request struct {
	Trunk  TrunkID
	Called number.URIUser // Request-URI
	PAI    []Identity     // P-Asserted-Identity values in order (RFC 3325)
	PPI    []Identity
	From   Identity
	// Diverting is who passed the call on, by Diversion (RFC 5806) or
	// History-Info (RFC 7044).
	Diverting []Diverting
	// Privacy is the header's value, tokens separated by semicolons
	// (RFC 3323); several headers are joined by one.
	Privacy string
	// AccessNetwork and VisitedNetwork are P-Access-Network-Info and
	// P-Visited-Network-ID (RFC 7315), whole.
	AccessNetwork, VisitedNetwork string
	// Steps, where given, is the buffer that Decision.Steps is built in.
	Steps []Step
}

// Outcome of a question. The zero Outcome refuses.
type Outcome uint8

// The outcomes.
const (
	Reject Outcome = iota
	Route
)

// String returns the outcome's word.
func (o Outcome) String() string {
	if o == Route {
		return "route"
	}
	return "reject"
}

// Kind is what stands at the carrier's side of a call.
type Kind uint8

// The kinds.
const (
	External Kind = iota // somebody in the public network
	Mobile               // a tenant's corporate mobile
)

// String returns the word of the Sekisho-Call header.
func (k Kind) String() string {
	if k == Mobile {
		return "mobile"
	}
	return "external"
}

// Decision is the answer to a Request.
type Decision struct {
	Outcome Outcome
	Reason  Reason   // of a Reject
	Tenant  TenantID // NoTenant while nobody is known
	Kind    Kind     // of the caller
	Carrier profile.Carrier
	// Called is canonical and without the 8: national 0…, extension, slot,
	// pickup code.
	Called number.Number
	// Caller is canonical: a mobile's MSISDN, an outside caller's number, or
	// zero when there is none. It is known also when Withheld.
	Caller number.Number
	// Withheld says whether Caller may be shown: of an outside call as its
	// network says, of a mobile's as 184, 186 and the profile settle it (R3,
	// R4). Always Given for calls inside the tenant.
	Withheld number.Withheld
	// Diverted is who passed the call on, as far as the carrier is believed and
	// named numbers of the public network.
	Diverted []Diverted
	// CLIR is what the mobile dialled in front of an outside number.
	CLIR  number.CLIR
	Steps []Step
}

// Decide answers a carrier's INVITE. r.Trunk must be one of the Directory's;
// everything else in r may be anything at all.
func (t *Tables) Decide(r Request) Decision {
	d := decision{
		tables:   t,
		request:  r,
		trunk:    &t.trunks[r.Trunk],
		Decision: Decision{Tenant: NoTenant, Steps: steps(r.Steps)},
	}
	d.Carrier = d.trunk.Profile.Carrier
	d.decide()
	return d.Decision
}

// decision is a Decision on its way.
type decision struct {
	Decision
	tables  *Tables
	request Request
	trunk   *Trunk
}

func (d *decision) note(rule, looked, value, result string) {
	d.Steps = append(d.Steps, Step{rule, looked, value, result})
}

func (d *decision) refuse(r Reason) {
	d.Outcome, d.Reason = Reject, r
}

func (d *decision) decide() {
	dialled, err := d.request.Called.Dialled()
	if err != nil {
		d.note("plan", "called", d.request.Called.User, err.Error())
		if n, ok := d.request.Called.Emergency(); ok {
			d.Called = n
			d.note("R60", "called", n.String(), "emergency number, misspelt")
			d.keepCaller()
			d.refuse(Emergency)
			return
		}
		if errors.Is(err, number.ErrEmpty) {
			d.refuse(TooShort)
			return
		}
		d.refuse(Unassigned)
		return
	}
	if d.asPSTN(dialled) {
		d.fromOutside(dialled)
		return
	}
	d.fromMobile(dialled)
}

// asPSTN tells how a trunk is read. Emergency numbers are no DIDs, so R60 sees
// them on either road.
func (d *decision) asPSTN(dialled number.Dialled) bool {
	switch d.trunk.Role {
	case RolePSTN:
		d.note("trunk", "role", "pstn", "number called decides the tenant")
		return true
	case RoleBoth:
		if _, ours := d.tables.dids[dialled.Number()]; ours {
			d.note("trunk", "role", "both", "number called is ours: as pstn")
			return true
		}
		d.note("trunk", "role", "both", "number called is not ours: as mobile")
		return false
	case RoleMobile:
	}
	d.note("trunk", "role", "mobile", "caller decides the tenant")
	return false
}

func (d *decision) fromMobile(dialled number.Dialled) {
	d.Kind = Mobile
	rest, unprefixed := d.cutService(dialled)
	clir, rest := rest.CutCLIR()
	d.Called = rest.Number()
	if n, ok := d.request.Called.Emergency(); ok {
		d.Called = n
		d.emergency(dialled, clir)
		return
	}
	d.note("R60", "called", string(dialled), "no emergency number")
	if !d.identify() || d.roams() {
		return
	}
	if unprefixed {
		d.note("R2", "called", string(dialled), "8 is required and missing")
		d.refuse(NoPrefix)
		return
	}
	d.clir(clir)
	if !d.denied() && d.keepsPrivate() && d.diverted() {
		d.admit(d.trunk.Profile.Ingress.Allow)
	}
}

// cutService applies R1. unprefixed reports an 8 that is required and missing;
// it is judged only after the caller is known.
func (d *decision) cutService(dialled number.Dialled) (rest number.Dialled, unprefixed bool) {
	switch d.trunk.Profile.Ingress.Prefix {
	case profile.PrefixByCarrier:
		d.note("R1", "called", string(dialled), "8 was stripped by the carrier")
		return dialled, false
	case profile.PrefixOptional:
		if rest, found := dialled.CutService(); found {
			d.note("R1", "called", string(dialled), "8 stripped")
			return rest, false
		}
		d.note("R1", "called", string(dialled), "no 8, none required")
		return dialled, false
	case profile.PrefixRequired:
	}
	if rest, found := dialled.CutService(); found {
		d.note("R1", "called", string(dialled), "8 stripped")
		return rest, false
	}
	return dialled, true
}

// emergency refuses with the announcement, or lets the tenant's own route take
// the call (R61). An identity that is not beyond doubt is refused too: the
// announcement tells the caller what to do.
func (d *decision) emergency(dialled number.Dialled, clir number.CLIR) {
	d.note("R60", "called", string(dialled), "emergency number")
	if d.routesEmergency() && d.identify() && d.tables.tenants[d.Tenant].Emergency.Routed {
		d.note("R61", "tenant", d.tables.tenants[d.Tenant].Name, "routes emergency calls")
		d.clir(clir)
		d.Outcome, d.Reason = Route, NoReason
		return
	}
	d.keepCaller()
	d.refuse(Emergency)
}

// keepCaller puts on record who dialled an emergency number, so that somebody
// can call back; it decides nothing.
func (d *decision) keepCaller() {
	_, n, asserted := d.asserted()
	if !asserted {
		return
	}
	d.Caller = n
	if s, known := d.tables.subscribers[n]; known {
		d.Tenant = s.Tenant
	}
}

func (d *decision) routesEmergency() bool {
	for i := range d.tables.tenants {
		if d.tables.tenants[i].Emergency.Routed {
			return true
		}
	}
	return false
}

// denied applies the profile's own rules (R51 for au).
func (d *decision) denied() bool {
	rule := profile.Denied(d.trunk.Profile.Ingress.Deny, d.Called.String())
	if rule == nil {
		return false
	}
	d.note("R51", "called", d.Called.String(), "denied by the profile")
	d.note("profile", "match", rule.Match.String(), string(rule.Reason))
	d.refuse(profileReason(rule.Reason))
	return true
}

// admit judges the class of the number (R5, R11, R30). What is the core's to
// know (which extension exists, what is parked) passes.
func (d *decision) admit(allowed number.Allowed) {
	class := d.Called.Class()
	reason := classReason(d.Called, allowed)
	rule := "R11"
	switch class {
	case number.Mask:
		rule = "R30"
	case number.Extension, number.ParkSlot, number.Pickup:
		rule = "R5"
	}
	d.note(rule, "called", d.Called.String(), class.String())
	if reason != NoReason {
		d.refuse(reason)
		return
	}
	d.Outcome = Route
}

// classReason returns why a number may not be called, by its class, or
// NoReason.
func classReason(n number.Number, allowed number.Allowed) Reason {
	c := n.Class()
	switch c {
	case number.Extension, number.ParkSlot, number.Pickup:
		return NoReason
	case number.Invalid, number.Mask:
		return Unassigned
	case number.TooShort:
		return TooShort
	case number.Emergency:
		return Emergency
	case number.International:
		if !allowed.Has(n) {
			return NoInternational
		}
		return NoReason
	}
	if c.Ordinary() || allowed.Has(n) {
		return NoReason
	}
	return NotAllowed
}

// fromOutside takes a call to one of our numbers. The caller is whoever the
// carrier asserts.
func (d *decision) fromOutside(dialled number.Dialled) {
	d.Kind = External
	if n, ok := d.request.Called.Emergency(); ok {
		d.Called = n
		d.note("R60", "called", string(dialled), "emergency number")
		d.refuse(Emergency)
		return
	}
	d.Called = dialled.Number()
	if d.denied() {
		return
	}
	did, ours := d.tables.dids[d.Called]
	if !ours {
		d.note("DID", "called", d.Called.String(), "no number of ours")
		d.refuse(Unassigned)
		return
	}
	d.Tenant = did.Tenant
	d.note("DID", "called", d.Called.String(), d.tables.tenants[did.Tenant].Name)
	d.readCaller()
	if d.keepsPrivate() && d.diverted() {
		d.Outcome = Route
	}
}
