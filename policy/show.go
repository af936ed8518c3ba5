package policy

import (
	"slices"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// showMobile writes what a corporate mobile displays: 8 + the caller (R20,
// R26), the carrier's mask (R27, R28), the reason why there is none (R25), or
// an emergency body's number as it is, so that calling it back is a native
// emergency call (R61d). Toward mobiles any number from the core is shown.
func (p *presentation) showMobile() {
	n, withheld := p.coreCaller()
	p.Caller = n
	p.diversion()
	if n.Class() == number.Emergency {
		p.note("R61d", "caller", n.String(), "shown without the 8")
		p.identities(n.String())
		return
	}
	if withheld != number.Given {
		p.note("R25", "caller", n.String(), withheld.String())
		p.Diversion = "" // which number of ours was called may tell who calls
		p.anonymous(withheld)
		return
	}
	e := &p.trunk.Profile.Egress
	if e.CLIMapBy == profile.MapEdge {
		if rule := e.Mapped(n.National()); rule != nil {
			p.mask(n, rule)
			return
		}
	}
	switch e.CLIPrefixBy {
	case profile.PrefixEdge, profile.PrefixCore:
		shown := string(n.Through())
		p.note("R20", "caller", n.String(), shown)
		p.identities(shown)
	case profile.PrefixCarrier, profile.PrefixNone:
		p.note("R20", "caller", n.String(), "without the 8, by profile")
		p.identities(format(n, e.NumberFormat))
	}
}

// mask replaces the number everywhere in the message (R29).
func (p *presentation) mask(n number.Number, rule *profile.MapRule) {
	if rule.MinDigits > 0 {
		p.note("R28", "caller", n.National(), string(rule.To))
	} else {
		p.note("R27", "caller", n.National(), string(rule.To))
	}
	p.Masked = true
	p.Diversion = ""
	p.identities(string(rule.To))
}

// showPublic writes what the public network is shown: a number the tenant
// owns. Another's number passes only where the trunk allows it and a number of
// ours vouches for it (R49b).
func (p *presentation) showPublic() {
	n, withheld := p.coreCaller()
	p.Caller = n
	ours := p.diversion()
	e := &p.trunk.Profile.Egress
	shown := n
	switch {
	case p.tables.Owns(p.Tenant, n):
		p.note("R3", "caller", n.String(), "the tenant's own number")
	case e.CLIPassthrough && !ours.IsZero() && n.Caller() && n.Class() != number.Emergency:
		p.note("R49b", "caller", n.String(), "passed on by profile, diverted by a number of ours")
	case !ours.IsZero():
		shown = ours
		p.Diversion = ""
		p.note("R49b", "caller", n.String(), "replaced by the diverting number")
	default:
		shown = p.tables.tenants[p.Tenant].DefaultNumber
		p.note("R3", "caller", n.String(), "replaced by the tenant's default number")
	}
	if withheld == number.Unavailable && n.IsZero() && !shown.IsZero() && !p.private {
		// The core named nobody and asked for no privacy: the tenant calls.
		withheld = number.Given
	}
	if withheld == number.Given && shown.IsZero() {
		withheld = number.Unavailable
	}
	emergency := p.Called.Class() == number.Emergency
	if withheld == number.Given || emergency && !e.Asserts() {
		p.identities(format(shown, e.NumberFormat))
		return
	}
	p.note("R25", "privacy", p.out.Privacy, withheld.String())
	p.anonymous(withheld)
	if ours == shown {
		p.Diversion = "" // it would show what is withheld
	}
	if shown.IsZero() {
		return
	}
	// Whoever takes emergency calls must be able to call back; Privacy tells
	// the network to keep the number to itself otherwise (R61).
	if e.PrivacyPAI == profile.PAIKeep || emergency {
		p.asserted(format(shown, e.NumberFormat))
	}
}

// coreCaller reads the number to show. One that is neither an extension nor an
// outside number would, dialled back with an 8, reach something else; it is
// not shown.
func (p *presentation) coreCaller() (number.Number, number.Withheld) {
	n := p.coreNumber()
	p.private = private(p.out.Privacy) || p.out.From.anonymous() || slices.ContainsFunc(p.out.PAI, Identity.anonymous)
	switch {
	case p.private:
		return n, number.WithheldBy(p.out.From.Display)
	case n.IsZero():
		return n, number.Unavailable
	}
	return n, number.Given
}

func (p *presentation) coreNumber() number.Number {
	for i := range p.out.PAI {
		if n, ok := p.readCaller(&p.out.PAI[i]); ok {
			return n
		}
	}
	if len(p.out.PAI) > 0 {
		return number.Number{}
	}
	n, _ := p.readCaller(&p.out.From)
	return n
}

func (p *presentation) readCaller(id *Identity) (number.Number, bool) {
	if id.missing() {
		return number.Number{}, false
	}
	dialled, err := id.Dialled()
	if err != nil {
		return number.Number{}, false
	}
	if p.Kind == Mobile && p.trunk.Profile.Egress.CLIPrefixBy == profile.PrefixCore {
		dialled, _ = dialled.CutService()
	}
	n := dialled.Number()
	if n.Class() != number.Extension && !n.Caller() {
		p.note("identity", "caller", string(dialled), "cannot be called back")
		return number.Number{}, false
	}
	return n, true
}

// identities writes one user into every header the profile names.
func (p *presentation) identities(user string) {
	p.From.User = user
	p.asserted(user)
}

func (p *presentation) asserted(user string) {
	if slices.Contains(p.trunk.Profile.Egress.Identity, profile.PAI) {
		p.PAI = user
	}
	if slices.Contains(p.trunk.Profile.Egress.Identity, profile.PPI) {
		p.PPI = user
	}
}

// anonymous writes the URI of RFC 3323 §4.1.1.3 with the reason as display
// name, and no asserted number.
func (p *presentation) anonymous(w number.Withheld) {
	p.From = Party{Display: w.DisplayName(), User: "anonymous", Host: "anonymous.invalid"}
	p.Privacy = "id"
}
