package policy

import (
	"fmt"
	"strings"

	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Violations returns what is wrong with a decision, whatever the request was:
// the invariants that no input may break, stated over plain text and apart
// from the rules that should keep them. It is for fuzzing and for trying the
// product; the call path does not use it.
func (t *Tables) Violations(r Request, d Decision) []string {
	var v violations
	v.unless(len(d.Steps) > 0, "a decision without steps")
	trunk := t.trunks[r.Trunk]
	if d.Outcome == Reject {
		row := d.Reason.Refusal()
		v.unless(d.Reason > NoReason && d.Reason < reasons, "refused without a reason")
		v.unless(row.Status >= 400 && row.Status < 500 || d.Reason == PrivacyUnsupported, "refusal by policy with status %d", row.Status)
		return v
	}
	v.unless(d.Reason == NoReason, "routed with reason %s", d.Reason)
	if !t.hasTenant(d.Tenant) {
		return append(v, "routed to no tenant")
	}
	for _, by := range d.Diverted {
		v.unless(by.Number.Caller() && by.Times > 0 && trunk.Profile.Ingress.Trusts(profile.TrustDiversion), "diverted by %s, %d times", by.Number, by.Times)
	}
	called := d.Called.String()
	if emergencyText(called) {
		v.unless(t.tenants[d.Tenant].Emergency.Routed, "emergency number %s reaches the core", called)
		return v
	}
	v.unless(called != "" && strings.Trim(strings.TrimPrefix(called, "+"), "0123456789") == "", "called %q is not canonical", called)
	v.unless(called != "" && called[0] != '8', "called %s still has its 8", called)
	if d.Kind == Mobile {
		s, known := t.subscribers[d.Caller]
		v.unless(known && s.Tenant == d.Tenant, "mobile caller %s is not the tenant's", d.Caller)
		v.unless(s.Carrier == trunk.Profile.Carrier, "caller %s of %s on a trunk of %s", d.Caller, s.Carrier, trunk.Profile.Carrier)
		v.unless(trunk.Role != RolePSTN, "mobile caller on a pstn trunk")
		v.unless(trunk.Profile.Carrier != profile.AU || len(called) != 4 || called[0] != '1', "au mobile reaches %s", called)
		v.unless(d.Withheld == number.Given || d.Called.Class().External(), "withheld from a colleague")
		v.unless(d.CLIR != number.Present || d.Withheld == number.Given, "withheld in spite of 186")
		v.unless(d.CLIR != number.Withhold || d.Withheld != number.Given, "shown in spite of 184")
	} else {
		v.unless(t.dids[d.Called].Tenant == d.Tenant, "number %s is not the tenant's", called)
		v.unless(!emergencyText(d.Caller.String()) || d.Withheld == number.Given, "an emergency body's call-back is withheld")
		v.unless(d.Caller.IsZero() || d.Caller.Caller(), "outside caller %s looks like a number of ours", d.Caller)
		v.unless(!d.Caller.IsZero() || d.Withheld != number.Given, "nobody calls and nothing is withheld")
	}
	return v
}

// PresentationViolations is the same for the other side.
func (t *Tables) PresentationViolations(p Presentation) []string {
	var v violations
	v.unless(len(p.Steps) > 0, "a presentation without steps")
	wire := []string{p.RequestUser, p.RequestHost, p.From.User, p.From.Display, p.From.Host, p.PAI, p.PPI, p.Diversion}
	if p.Outcome == Reject {
		v.unless(p.Reason > NoReason && p.Reason < reasons, "refused without a reason")
		v.unless(strings.Join(wire, "") == "" && p.Trunk == NoTrunk, "a refused call carries %q", wire)
		return v
	}
	if !t.hasTrunk(p.Trunk) || !t.hasTenant(p.Tenant) {
		return append(v, "routed over no trunk or for no tenant")
	}
	for _, text := range wire {
		v.unless(!strings.ContainsAny(text, "<>\"@;,\\%") && strings.IndexFunc(text, control) < 0, "%q cannot stand in a header", text)
	}
	trunk, tenant := t.trunks[p.Trunk], t.tenants[p.Tenant]
	if emergencyText(p.RequestUser) {
		v.unless(tenant.Emergency.Routed && tenant.Emergency.Over == p.Trunk && trunk.EmergencyCapable, "emergency number %s leaves", p.RequestUser)
	}
	v.unless(p.From.User != "", "no From user")
	v.unless(p.Diversion == "" || p.Diverted.Times > 0 && (p.Diverted.Times <= trunk.Profile.Egress.DiversionLimit || emergencyText(p.RequestUser)), "diverted %d times", p.Diverted.Times)
	if p.Kind == Mobile {
		v.mobile(p, trunk)
		return v
	}
	v.public(t, p, trunk)
	return v
}

type violations []string

func (v *violations) unless(holds bool, format string, args ...any) { //nolint:revive // an assertion takes its truth
	if !holds {
		*v = append(*v, fmt.Sprintf(format, args...))
	}
}

func (v *violations) mobile(p Presentation, trunk Trunk) {
	v.unless(trunk.Role != RolePSTN, "a mobile is called over a pstn trunk")
	by := trunk.Profile.Egress.CLIPrefixBy
	for _, user := range []string{p.From.User, p.PAI, p.PPI} {
		bare := user == "" || user == "anonymous" || user == "99999999" || emergencyText(user)
		v.unless(bare || user[0] == '8' || by == profile.PrefixCarrier || by == profile.PrefixNone, "mobile is shown %s without the 8", user)
		v.unless(user != "899999999", "8 in front of the mask")
	}
	withheld := p.From.User == "anonymous"
	v.unless(!withheld || p.PAI+p.PPI == "" && p.Privacy == "id", "a withheld number travels toward a mobile")
	national := p.Caller.National()
	closed := len(national) == 4 && national[0] == '1' || len(national) >= 12
	if withheld || p.Masked || trunk.Profile.Carrier == profile.AU && trunk.Profile.Egress.CLIMapBy == profile.MapEdge && closed {
		v.secret(p.Caller, p.From.User, p.From.Display, p.From.Host, p.PAI, p.PPI, p.Privacy, p.Diversion)
	}
}

// secret finds a number that must not show in any of its spellings.
func (v *violations) secret(n number.Number, texts ...string) {
	e164, _ := n.E164()
	for _, text := range texts {
		for _, secret := range []string{n.National(), n.String(), e164, strings.TrimPrefix(e164, "+")} {
			v.unless(secret == "" || !strings.Contains(text, secret), "caller %s shows in %q", secret, text)
		}
	}
}

func (v *violations) public(t *Tables, p Presentation, trunk Trunk) {
	for _, user := range []string{p.From.User, p.PAI, p.PPI} {
		if user == "" || user == "anonymous" {
			continue
		}
		n, err := number.Parse(user)
		owned := err == nil && t.Owns(p.Tenant, n)
		v.unless(owned || trunk.Profile.Egress.CLIPassthrough && p.Diversion != "" || trunk.Profile.Egress.CLIPassthrough && trunk.Profile.Egress.Diversion == profile.NoDiversion,
			"public network is shown %s, which the tenant does not own", user)
	}
	v.unless(!p.Masked, "the public network is masked")
	if p.From.User == "anonymous" {
		v.unless(p.Privacy == "id", "a withheld number without Privacy")
		v.secret(p.Caller, p.From.Display, p.From.Host, p.Privacy)
		v.unless(p.Diversion == "" || p.Diversion != p.PAI && p.Diversion != format(p.Caller, trunk.Profile.Egress.NumberFormat), "the withheld number is the diverting one")
	}
	v.unless(!emergencyText(p.From.User) && !emergencyText(p.PAI) && !emergencyText(p.PPI), "the public network is shown an emergency number")
	v.unless(!emergencyText(p.RequestUser) || p.From.User+p.PAI+p.PPI != "anonymous", "an emergency call without a number to call back")
}

// emergencyText is R61b as it is written: ^(\+?81)?11[089]$.
func emergencyText(user string) bool {
	user = strings.TrimPrefix(strings.TrimPrefix(user, "+81"), "81")
	return user == "110" || user == "118" || user == "119"
}

func control(r rune) bool { return r < ' ' || r == 0x7f }
