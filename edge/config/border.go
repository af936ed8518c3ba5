package config

import (
	"net/netip"
	"time"

	"sekisho/edge/sip/flow"
	"sekisho/policy/document"
	"sekisho/policy/profile"
)

// maxListeners is what a flow.Listener can count.
const maxListeners = 256

func (l *loader) border(m *document.MapReader) {
	listen := m.Key("listen").Required()
	listeners := listen.Map()
	for name, v := range listeners.Each() {
		l.listener(name, v)
	}
	if listen.Present() && listeners.Len() == 0 {
		listen.Faultf("at least one listener is needed")
	}
	l.c.Border.Media = l.media(m.Key("media").Required().Map(), "border media")
}

// listener adds one listener even when it is wrong, so that trunks that name
// it are not blamed.
func (l *loader) listener(name string, v document.Value) {
	checkName(name, v)
	if len(l.c.Border.Listeners) == maxListeners {
		v.Faultf("more than %d listeners", maxListeners)
		return
	}
	m := v.Required().Map()
	at := m.Key("sip").Required()
	advertise := m.Key("advertise")
	listener := Listener{Name: name}
	if e, ok := readEndpoint(at, portFree); ok {
		listener.Proto, listener.Bind = e.proto, e.addr
		l.bound = append(l.bound, socket{udp, e.addr.Addr(), PortRange{e.addr.Port(), e.addr.Port()}, "listener " + name, at})
		listener.Advertise = readAdvertised(advertise, at, e.addr)
		if told := listener.Advertise; told != e.addr {
			l.told = append(l.told, socket{udp, told.Addr(), PortRange{told.Port(), told.Port()}, "advertised listener " + name, advertise})
		}
	} else {
		advertise.String("")
	}
	l.listeners[name] = flow.Listener(len(l.c.Border.Listeners))
	l.c.Border.Listeners = append(l.c.Border.Listeners, listener)
}

// readAdvertised returns the address that peers are told. v is an address, or
// an address and port where a NAT changes the port too; without it peers are
// told bind itself.
func readAdvertised(v, at document.Value, bind netip.AddrPort) netip.AddrPort {
	text := v.String("")
	if text == "" {
		if bind.Addr().IsUnspecified() {
			at.Faultf("listens on every address; say in advertise which one peers are told")
		}
		return bind
	}
	told, err := parseAddrPort(text)
	if err != nil {
		var a netip.Addr
		a, err = parseAddr(text)
		told = netip.AddrPortFrom(a, bind.Port())
	}
	switch {
	case err != nil:
		v.Faultf("%v", err)
	case told.Addr().IsUnspecified():
		v.Faultf("%s tells peers nothing", told.Addr())
	case told.Addr().Is4() != bind.Addr().Is4():
		v.Faultf("%s is of another IP version than %s, where it listens", told.Addr(), bind.Addr())
	}
	return told
}

func (l *loader) core(m *document.MapReader) {
	modes := []string{"embedded", "external"}
	l.c.Core.Mode = CoreMode(index(m.Key("mode").Enum("embedded", modes...), modes))
	embedded := l.c.Core.Mode == Embedded

	l.c.Core.Listener = l.listenerNamed(m.Key("listen"))
	l.seam(m.Key("seam").Required())
	options := m.Key("options").Map()
	l.c.Core.Options = profile.Options{
		Interval:  options.Key("interval").Duration(0, 0, time.Hour),
		DownAfter: options.Key("down_after").Int(3, 1, 100),
		UpAfter:   options.Key("up_after").Int(2, 1, 100),
	}

	phones, media := m.Key("phones"), m.Key("media")
	for _, v := range phones.List() {
		e, ok := readEndpoint(v, portFree)
		if !ok {
			continue
		}
		if e.addr.Addr().IsUnspecified() {
			v.Faultf("phones are told this address; name the one they reach")
		}
		l.c.Core.Phones = append(l.c.Core.Phones, e.addr)
		if embedded {
			l.bound = append(l.bound, socket{udp, e.addr.Addr(), PortRange{e.addr.Port(), e.addr.Port()}, "phones' listener", v})
		}
	}
	registrar, secure := m.Key("registrar"), m.Key("srtp")
	if embedded {
		l.c.Core.Registrar = readRegistrar(registrar)
		l.c.Core.SRTP = readSRTP(secure.Map())
		l.c.Core.Media = l.media(media.Required().Map(), "core media")
		return
	}
	for _, v := range []document.Value{phones, registrar, secure, media} {
		if v.Written() {
			v.Node() // its keys are known, only unused
			v.Warnf("not used: the embedded core is off (mode: external)")
		}
	}
}

func (l *loader) seam(v document.Value) {
	list := v.List()
	if v.Present() && len(list) == 0 {
		v.Faultf("needs the address of the core")
	}
	for i, item := range list {
		embedded := l.c.Core.Mode == Embedded
		if embedded && i > 0 {
			item.Faultf("the embedded core listens at one address")
		}
		rule := portGiven
		if embedded {
			rule = portFree
		}
		e, ok := readEndpoint(item, rule)
		switch {
		case !ok:
			continue
		case e.addr.Addr().IsUnspecified():
			item.Faultf("%s is no address to send to", e.addr.Addr())
			continue
		}
		l.c.Core.Seam = append(l.c.Core.Seam, e.addr)
		if embedded {
			l.bound = append(l.bound, socket{udp, e.addr.Addr(), PortRange{e.addr.Port(), e.addr.Port()}, "core seam", item})
		} else {
			l.reached = append(l.reached, target{e.addr, item})
		}
		source := Source{netip.PrefixFrom(e.addr.Addr(), e.addr.Addr().BitLen()), e.addr.Port()}
		if !embedded {
			source.Port = 0 // a PBX may send from another port than it listens on
		}
		l.from = append(l.from, claim{l.c.Core.Listener, source, "the core", item})
	}
}

func (l *loader) media(m *document.MapReader, what string) Media {
	var media Media
	addresses, ports := m.Key("addresses").Required(), m.Key("ports").Required()
	if text := ports.String(""); text != "" {
		p, err := parsePortRange(text)
		if err != nil {
			ports.Faultf("%v", err)
		}
		media.Ports = p
	}
	list := addresses.List()
	if addresses.Present() && len(list) == 0 {
		addresses.Faultf("needs an address")
	}
	seen := claims{}
	for _, v := range list {
		text := v.String("")
		if text == "" {
			continue
		}
		a, err := parseAddr(text)
		switch {
		case err != nil:
			v.Faultf("%v", err)
		case a.IsUnspecified():
			v.Faultf("%s cannot be written into SDP; name each address", a)
		case seen.take(a.String(), v):
			media.Addresses = append(media.Addresses, a)
			if media.Ports != (PortRange{}) {
				l.bound = append(l.bound, socket{udp, a, media.Ports, what, v})
			}
		}
	}
	return media
}

// listenerNamed returns the border's listener that v names; it may be left out
// where there is only one. Where there is none at all, that is the fault.
func (l *loader) listenerNamed(v document.Value) flow.Listener {
	if len(l.c.Border.Listeners) > 1 {
		v = v.Required()
	}
	name := v.String("")
	if name == "" {
		return 0
	}
	i, ok := l.listeners[name]
	if !ok && len(l.listeners) > 0 {
		v.Faultf("no listener is called %q", name)
	}
	return i
}
