package provision

import (
	"fmt"
	"slices"
	"strings"

	"sekisho/edge/config"
	"sekisho/policy"
	"sekisho/policy/number"
	"sekisho/policy/profile"
)

// Report is the provisioning report of every tenant of a valid configuration
// (SPEC R76), in file order.
func Report(c *config.Config) []Tenant {
	reports := make([]Tenant, 0, len(c.Tenants))
	for i := range c.Tenants {
		t := &c.Tenants[i]
		r := reading{c: c, t: t}
		r.mobiles()
		r.carriers()
		r.channels()
		r.emergencyLike()
		r.masked()
		r.refused()
		r.groups()
		r.habits()
		reports = append(reports, Tenant{Name: t.Name, Summary: summary(t), Findings: r.found})
	}
	return reports
}

// reading is one tenant while it is reported about.
type reading struct {
	c     *config.Config
	t     *config.Tenant
	found []Finding
}

func (r *reading) say(l Level, rule, format string, args ...any) {
	r.found = append(r.found, Finding{l, rule, fmt.Sprintf(format, args...)})
}

func summary(t *config.Tenant) string {
	return strings.Join([]string{
		count(len(t.Mobiles), "mobile"), count(len(t.Phones), "phone"), count(len(t.Groups), "group"),
		count(len(t.CallCentres), "call centre"), count(len(t.Numbers), "number"), count(t.Channels, "mobile channel"),
	}, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// mobiles tells of the extensions and contracts of mobiles, which a valid file
// has right.
func (r *reading) mobiles() {
	if len(r.t.Mobiles) == 0 {
		return
	}
	r.say(OK, "R6", "%s at 2000 to 3999", count(len(r.t.Mobiles), "mobile"))
	var contracts []string
	for _, c := range r.contracts() {
		contracts = append(contracts, fmt.Sprintf("%s %d", c, len(r.of(c))))
	}
	r.say(OK, "R7", "corporate contracts: %s", strings.Join(contracts, ", "))
}

// contracts are the carriers of the tenant's mobiles, in a fixed order.
func (r *reading) contracts() []profile.Carrier {
	var list []profile.Carrier
	for _, c := range [...]profile.Carrier{profile.Docomo, profile.AU, profile.SoftBank} {
		if len(r.of(c)) > 0 {
			list = append(list, c)
		}
	}
	return list
}

func (r *reading) of(c profile.Carrier) []number.ExtensionNumber {
	var list []number.ExtensionNumber
	for _, m := range r.t.Mobiles {
		if m.Carrier == c {
			list = append(list, m.Extension)
		}
	}
	slices.Sort(list)
	return list
}

// trunks are those by which a carrier's mobiles come and go.
func (r *reading) trunks(c profile.Carrier) []*config.Trunk {
	var list []*config.Trunk
	for i := range r.c.Trunks {
		if t := &r.c.Trunks[i]; t.Role != policy.RolePSTN && t.Profile.Carrier == c {
			list = append(list, t)
		}
	}
	return list
}

func (r *reading) carriers() {
	for _, c := range r.contracts() {
		trunks := r.trunks(c)
		if len(trunks) == 0 {
			r.say(Warn, "R8", "no trunk of %s: %s can be neither reached nor identified", c, extensions(r.of(c)))
			continue
		}
		var names []string
		for _, t := range trunks {
			names = append(names, t.Name)
		}
		r.say(OK, "R8", "%s: identified on trunk %s alone", c, strings.Join(names, ", "))
		r.say(Ask, "R8", "%s: SIMs of the contract itself in %s, none of an MVNO or another brand", c, extensions(r.of(c)))
	}
}

func (r *reading) channels() {
	switch {
	case len(r.t.Mobiles) == 0:
	case r.t.Channels == 0:
		r.say(Warn, "R12", "no mobile channel: every call of a mobile is refused")
	case r.t.Channels == 1:
		r.say(Warn, "R12", "one mobile channel: a mobile can neither call another nor be transferred to")
	default:
		r.say(OK, "R12", "%s for calls in and out, ringing ones included", count(r.t.Channels, "channel"))
	}
}

// own are the extensions that are no mobile's, by what they are.
func (r *reading) own() []place {
	var list []place
	for _, p := range r.t.Phones {
		list = append(list, place{"phone", p.Extension})
	}
	for _, g := range r.t.Groups {
		list = append(list, place{"group", g.Extension})
	}
	for _, cc := range r.t.CallCentres {
		list = append(list, place{"call centre", cc.Extension})
	}
	for _, i := range r.t.IVRs {
		list = append(list, place{"IVR", i.Extension})
	}
	return list
}

// place is an extension and what it is.
type place struct {
	what      string
	extension number.ExtensionNumber
}

// emergencyLike tells R50 where the tenant has an au mobile: extensions that an
// au handset may take for an emergency call.
func (r *reading) emergencyLike() {
	if len(r.of(profile.AU)) == 0 {
		return
	}
	like := places(r.own(), number.ExtensionNumber.EmergencyLike)
	if like == "" {
		r.say(OK, "R50", "no extension 110X, 118X or 119X beside mobiles of au")
		return
	}
	r.say(Warn, "R50", "%s: dialled from a mobile of au, they may reach the police, the coast guard or the fire brigade", like)
}

// masked tells which extensions a carrier's mobiles are shown as something
// else (R27), by the profile of each trunk.
func (r *reading) masked() {
	for _, c := range r.contracts() {
		for _, t := range r.trunks(c) {
			as := map[number.Shown][]place{}
			for _, p := range r.own() {
				if rule := t.Profile.Egress.Mapped(string(p.extension)); rule != nil {
					as[rule.To] = append(as[rule.To], p)
				}
			}
			for _, shown := range sorted(as) {
				r.say(Warn, "R27", "%s mobiles are shown %s for %s (trunk %s)", c, shown, places(as[shown], all), t.Name)
			}
		}
	}
}

// refused tells which extensions a carrier's mobiles cannot dial (R51).
func (r *reading) refused() {
	for _, c := range r.contracts() {
		for _, t := range r.trunks(c) {
			denied := places(r.own(), func(e number.ExtensionNumber) bool {
				return profile.Denied(t.Profile.Ingress.Deny, string(e)) != nil
			})
			if denied != "" {
				r.say(Warn, "R51", "%s mobiles cannot dial %s (trunk %s); they can be transferred there and pick up", c, denied, t.Name)
			}
		}
	}
}

// groups tells where a group has more mobiles than can ring (R70).
func (r *reading) groups() {
	for _, g := range r.t.Groups {
		r.ringing("group", g.Extension, g.Members)
	}
	for _, cc := range r.t.CallCentres {
		r.ringing("call centre", cc.Extension, cc.Members)
	}
}

func (r *reading) ringing(what string, e number.ExtensionNumber, members []config.Member) {
	n := 0
	for _, m := range members {
		if slices.ContainsFunc(r.t.Mobiles, func(p config.MobilePhone) bool { return p.Extension == m.Extension }) {
			n++
		}
	}
	if n > r.t.Channels {
		r.say(Warn, "R70", "%s %s: %d mobiles, and at most %d ring at a time", what, e, n, r.t.Channels)
	}
}

// habits are what the users have to be told.
func (r *reading) habits() {
	if len(r.t.Mobiles) == 0 {
		return
	}
	var list []number.ExtensionNumber
	for _, m := range r.t.Mobiles {
		list = append(list, m.Extension)
	}
	slices.Sort(list)
	r.say(Ask, "R2", "users know that a call without the leading 8 bypasses the service and shows the mobile's own number")
	r.say(Ask, "R9", "users know that the service does not work from abroad")
	r.say(Ask, "R60", "users know that 110, 118 and 119 are dialled without the 8")
	r.say(Ask, "R73", "voicemail of the carrier is off on %s: it would answer for them", extensions(list))
}
