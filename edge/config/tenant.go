package config

import (
	"regexp"
	"strings"
	"time"

	"sekisho/policy"
	"sekisho/policy/document"
	"sekisho/policy/number"
)

// tenantReading is one tenant while it is read: what must be unique in it, and
// what names an extension that may be written further down.
type tenantReading struct {
	*loader
	t          *Tenant
	extensions claims                    // taken, whatever by
	phones     claims                    // those of mobiles and phones, which can be members
	answering  claims                    // those and groups and call centres, where somebody answers
	dids       map[number.Number]bool    // the tenant's own numbers
	named      []naming                  // references to check when all are known
	emergency  []document.Value          // extensions that look like 110X, 118X, 119X
	overflows  map[string]document.Value // of groups and call centres, by their extension
	overflowTo map[string]string         // the same, where to
	ownNumbers []ownNumber               // numbers shown outside
	auMobile   document.Value            // the first one
	carriers   map[string]document.Value // the first mobile of each
}

// naming is a place that names an extension.
type naming struct {
	extension string
	among     claims
	what      string
	at        document.Value
}

// ownNumber is a place that names one of the tenant's numbers.
type ownNumber struct {
	number number.Number
	at     document.Value
}

func (l *loader) tenantList(m *document.MapReader) {
	for name, v := range m.Each() {
		checkName(name, v)
		l.c.Tenants = append(l.c.Tenants, l.tenant(name, v.Required().Map()))
	}
}

func (l *loader) tenant(name string, m *document.MapReader) Tenant {
	t := Tenant{Name: name}
	r := tenantReading{
		loader: l, t: &t,
		extensions: claims{}, phones: claims{}, answering: claims{},
		dids:      map[number.Number]bool{},
		overflows: map[string]document.Value{}, overflowTo: map[string]string{},
		carriers: map[string]document.Value{},
	}
	t.Domain = l.domain(m.Key("domain").Required())
	t.Outbound = l.outbound(m.Key("outbound"))
	t.Emergency = l.emergency(m.Key("emergency"))

	words := []string{"extension", "caller"}
	display := m.Key("display").Map()
	t.Display.CallCentre = Shown(index(display.Key("call_centre").Enum("extension", words...), words))
	t.Display.RingGroup = Shown(index(display.Key("ring_group").Enum("extension", words...), words))

	park := m.Key("park").Map()
	t.Park.First = park.Key("first").Int(701, 701, 799)
	t.Park.Last = park.Key("last").Int(max(720, t.Park.First), 701, 799)
	t.Park.Timeout = park.Key("timeout").Duration(300*time.Second, 10*time.Second, time.Hour)
	if t.Park.Last < t.Park.First {
		park.Key("last").Faultf("%d is below the first slot, %d", t.Park.Last, t.Park.First)
	}

	features := m.Key("features").Map()
	t.Features.PressTwice = features.Key("press_twice").Bool(false)
	t.Features.Recall = features.Key("recall").Bool(false)

	r.numbers(m.Key("numbers").Map())
	defaultNumber := m.Key("default_number").Required()
	t.DefaultNumber = r.publicNumber(defaultNumber)
	l.defaults = append(l.defaults, ownNumber{t.DefaultNumber, defaultNumber})
	mobiles := m.Key("mobiles").Map()
	r.mobiles(mobiles)
	channels := m.Key("channels")
	if mobiles.Len() > 0 {
		channels = channels.Required()
	}
	t.Channels = channels.Int(0, 0, 100_000)
	r.phoneList(m.Key("phones").Map())
	r.groups(m.Key("groups").Map())
	r.callCentres(m.Key("call_centres").Map())
	r.ivrs(m.Key("ivrs").Map())

	r.references()
	r.emergencyLike(m.Key("allow_au_emergency_like"))
	return t
}

// hostPattern is RFC 3261 §25.1's hostname without the trailing dot.
var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (l *loader) domain(v document.Value) string {
	text := strings.ToLower(v.String(""))
	switch {
	case text == "":
		return ""
	case len(text) > 253 || !hostPattern.MatchString(text):
		v.Faultf("%q is not a domain name", text)
	default:
		l.domains.take(text, v)
	}
	return text
}

func (l *loader) outbound(v document.Value) []policy.TrunkID {
	var list []policy.TrunkID
	seen := claims{}
	for _, item := range v.List() {
		i, ok := l.trunkNamed(item.String(""), item)
		if !ok || !seen.take(l.c.Trunks[i].Name, item) {
			continue
		}
		if l.c.Trunks[i].Role == policy.RoleMobile {
			item.Faultf("trunk %s is for mobiles only; external calls need a trunk of role pstn or both", l.c.Trunks[i].Name)
			continue
		}
		list = append(list, i)
	}
	return list
}

// emergency reads R61: refuse, or the trunk that may carry emergency calls.
func (l *loader) emergency(v document.Value) policy.EmergencyCalls {
	text := v.String("refuse")
	name, routed := strings.CutPrefix(text, "route:")
	if !routed {
		if text != "refuse" {
			v.Faultf("%q is neither refuse nor route:<trunk>", text)
		}
		return policy.EmergencyCalls{}
	}
	i, ok := l.trunkNamed(strings.TrimSpace(name), v)
	if !ok {
		return policy.EmergencyCalls{}
	}
	if !policy.MayRouteEmergency(policyTrunk(&l.c.Trunks[i])) {
		v.Faultf("trunk %s may not carry 110, 118 and 119: it is not marked emergency_capable (R61)", l.c.Trunks[i].Name)
	}
	return policy.EmergencyCalls{Routed: true, Over: i}
}

// trunkNamed returns the index of a trunk; an empty name had its fault where
// it was read.
func (l *loader) trunkNamed(name string, v document.Value) (policy.TrunkID, bool) {
	if name == "" {
		return policy.NoTrunk, false
	}
	i, ok := l.trunks[name]
	if !ok {
		v.Faultf("no trunk is called %q", name)
	}
	return i, ok
}

// references checks what names an extension or a number of the tenant, when
// all of them are known.
func (r *tenantReading) references() {
	for _, n := range r.named {
		if _, ok := n.among[n.extension]; ok {
			continue
		}
		if _, ok := r.extensions[n.extension]; ok {
			n.at.Faultf("%s is not %s", n.extension, n.what)
			continue
		}
		n.at.Faultf("no extension %s in this tenant", n.extension)
	}
	for _, o := range r.ownNumbers {
		if !r.dids[o.number] && o.number != r.t.DefaultNumber && !r.t.DefaultNumber.IsZero() {
			o.at.Faultf("%s is not among the tenant's numbers", o.number)
		}
	}
	for _, g := range r.t.Groups {
		r.overflowEnds(string(g.Extension))
	}
	for _, cc := range r.t.CallCentres {
		r.overflowEnds(string(cc.Extension))
	}
	for carrier, at := range r.carriers {
		if !r.carrierHasTrunk(carrier) {
			at.Warnf("no trunk of %s: its mobiles can be neither reached nor identified", carrier)
		}
	}
}

// overflowEnds refuses groups and call centres that overflow into one another in a ring.
func (r *tenantReading) overflowEnds(start string) {
	next := r.overflowTo[start]
	for range len(r.overflowTo) {
		if next == start {
			r.overflows[start].Faultf("overflows come back to %s", start)
			return
		}
		if next = r.overflowTo[next]; next == "" {
			return
		}
	}
}

func (r *tenantReading) carrierHasTrunk(carrier string) bool {
	for _, t := range r.c.Trunks {
		if t.Role != policy.RolePSTN && t.Profile != nil && string(t.Profile.Carrier) == carrier {
			return true
		}
	}
	return false
}

// emergencyLike applies R50: dialled from an au mobile, 110X, 118X and 119X
// may reach the police, the coast guard or the fire brigade.
func (r *tenantReading) emergencyLike(allow document.Value) {
	allowed := allow.Bool(false)
	if !r.auMobile.Present() {
		return
	}
	for _, v := range r.emergency {
		const why = "an au mobile that dials this extension may reach 110, 118 or 119 (R50); the tenant's first au mobile is in line %d"
		if allowed {
			v.Warnf(why, r.auMobile.Line())
		} else {
			v.Faultf(why, r.auMobile.Line())
		}
	}
}
