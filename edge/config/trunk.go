package config

import (
	"net/netip"
	"slices"

	"sekisho/policy"
	"sekisho/policy/document"
	"sekisho/policy/profile"
)

func (l *loader) trunkList(m *document.MapReader) {
	for name, v := range m.Each() {
		checkName(name, v)
		l.trunks[name] = policy.TrunkID(len(l.c.Trunks))
		l.c.Trunks = append(l.c.Trunks, l.trunk(name, v.Required().Map()))
	}
}

func (l *loader) trunk(name string, m *document.MapReader) Trunk {
	roles := []string{"mobile", "pstn", "both"}
	roleKey, profileKey := m.Key("role").Required(), m.Key("profile").Required()
	t := Trunk{
		Name:             name,
		Role:             policy.Role(index(roleKey.Enum("mobile", roles...), roles)),
		Profile:          l.profiles.effective(profileKey, m.Key("override")),
		Listener:         l.listenerNamed(m.Key("listen")),
		EmergencyCapable: m.Key("emergency_capable").Bool(false),
		SRTPOverPlain:    m.Key("srtp_over_plain").Bool(false),
	}
	if t.Profile != nil {
		overPlain(t.Profile.Media.SRTP, l.transportOf(t.Listener), m.Key("srtp_over_plain"))
		inFragments(t.Profile, profileKey, m.Key("override"))
	}
	limits := m.Key("limits").Map()
	t.Limits.Calls = limits.Key("calls").Int(0, 1, 1_000_000)
	t.Limits.CPS = limits.Key("cps").Int(0, 1, 100_000)

	if t.Profile != nil && t.Role != policy.RolePSTN && roleKey.Present() && !t.Profile.Carrier.OfMobiles() {
		profileKey.Faultf("profile of carrier %q on a trunk for mobiles: only docomo, au and softbank contracts are supported (R7)", t.Profile.Carrier)
	}
	if t.EmergencyCapable && t.Role == policy.RoleMobile {
		m.Key("emergency_capable").Faultf("a mobile trunk never carries 110, 118 or 119: the handset reaches them without us (R61)")
	}
	l.trunkAddresses(&t, m)
	return t
}

// inFragments warns whoever asks for TCP for long requests: no trunk is reached by
// it, so that they leave in fragments. What a built-in profile says of its carrier
// is no wish of the operator's.
func inFragments(p *profile.Profile, profileKey, override document.Value) {
	if p.SIP.OverMTU != profile.MTUToTCP {
		return
	}
	_, builtin := profile.Builtin(profileKey.String(""))
	at, said := profileKey, !builtin
	for path, v := range override.Map().Each() {
		if path == profile.OverMTUPath {
			at, said = v, true
		}
	}
	if !said {
		return
	}
	at.Warnf("no trunk is reached over TCP: a request over 1,300 bytes leaves in fragments (over_mtu: fragment)")
}

func (l *loader) trunkAddresses(t *Trunk, m *document.MapReader) {
	to := m.Key("to").Required()
	list := to.List()
	if to.Present() && len(list) == 0 {
		to.Faultf("needs an address to send calls to")
	}
	seen := claims{}
	from := m.Key("from")
	for _, v := range list {
		e, ok := readPeer(v)
		if !ok || !seen.take(e.addr.String(), v) {
			continue
		}
		t.To = append(t.To, e.addr)
		l.reached = append(l.reached, target{e.addr, v})
		l.sameFamily(t, e.addr.Addr(), v)
		host := Source{Prefix: netip.PrefixFrom(e.addr.Addr(), e.addr.Addr().BitLen())}
		if !from.Written() && !slices.Contains(t.From, host) {
			l.identifiedBy(t, host, v)
		}
	}
	sources := from.List()
	if k := from.Kind(); from.Written() && len(sources) == 0 && (k == document.List || k == document.Empty) {
		from.Faultf("identifies nobody; leave it out to use the addresses of `to`")
	}
	for _, v := range sources {
		text := v.String("")
		if text == "" {
			continue
		}
		s, err := parseSource(text)
		switch {
		case err != nil:
			v.Faultf("%v", err)
			continue
		case s.Prefix.Bits() == 0:
			v.Faultf("%s is everybody; a trunk is identified by where it comes from", s.Prefix)
			continue
		}
		l.sameFamily(t, s.Prefix.Addr(), v)
		l.identifiedBy(t, s, v)
	}
	l.mediaPrefixes(t, m.Key("media_prefixes").Required())
}

func (l *loader) identifiedBy(t *Trunk, s Source, v document.Value) {
	t.From = append(t.From, s)
	l.from = append(l.from, claim{t.Listener, s, "trunk " + t.Name, v})
}

func (l *loader) mediaPrefixes(t *Trunk, v document.Value) {
	list := v.List()
	if v.Present() && len(list) == 0 {
		v.Faultf("needs a prefix: RTP from elsewhere is dropped")
	}
	for _, item := range list {
		text := item.String("")
		if text == "" {
			continue
		}
		p, err := parsePrefix(text)
		if err != nil {
			item.Faultf("%v", err)
			continue
		}
		if p.Bits() == 0 {
			item.Warnf("RTP of this trunk's calls may come from anywhere")
		}
		t.MediaPrefixes = append(t.MediaPrefixes, p)
	}
}

// sameFamily: a socket of one IP version never hears or reaches the other.
func (l *loader) sameFamily(t *Trunk, a netip.Addr, v document.Value) {
	if int(t.Listener) >= len(l.c.Border.Listeners) {
		return
	}
	bind := l.c.Border.Listeners[t.Listener].Bind
	if bind.IsValid() && bind.Addr().Is4() != a.Is4() {
		v.Faultf("%s is of another IP version than listener %s", a, l.c.Border.Listeners[t.Listener].Name)
	}
}
