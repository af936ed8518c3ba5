package node

import (
	"net/netip"
	"strings"
	"time"

	"sekisho/edge/border"
	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/sip/callid"
	"sekisho/edge/sip/flow"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/sdp"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transaction"
	"sekisho/edge/sip/transport"
	"sekisho/edge/sip/ua"
	"sekisho/edge/trunk"
	"sekisho/media/relay"
	"sekisho/media/srtp"
	"sekisho/policy"
)

// Sockets are the SIP addresses in use, free ports resolved.
type Sockets struct {
	// Border's listeners as peers see them, by flow.Listener.
	Border []netip.AddrPort
	// Facing is the address that the border's messages to the core come from:
	// the one its listener is bound to, whatever is advertised. Zero is the
	// advertised one.
	Facing netip.AddrPort
	// Seam is where the core listens, in failover order.
	Seam []netip.AddrPort
	// Phones are the embedded core's listeners for phones.
	Phones []netip.AddrPort
}

// Shard is what one shard needs beside the configuration.
type Shard struct {
	Source token.Source
	Key    callid.Key
	Ports  border.Ports
	Limits border.Limits
	// Health is shared by the border's shards; nil is the shard's own.
	Health border.Health
	Timers transaction.Timers
	// Phones are the core's, which its phones register with.
	Phones Secrets
	// Certificate is what the core's phones know it by; zero is without DTLS.
	Certificate srtp.Fingerprint
}

// Border assembles one shard of the border.
func Border(c *config.Config, t *policy.Tables, at Sockets, s Shard) (*ua.UA, *border.Border) {
	hosts := hostsOf(at.Border)
	legs := new(ua.Sequence)
	b := border.New(border.Config{
		Tables: t, Trunks: trunks(c), Neighbours: neighbours(c, at), Hosts: hosts,
		Core: seamOf(c, at), CoreDrains: c.Core.Mode == config.Embedded,
		Source: s.Source, Key: s.Key, Legs: legs, Ports: s.Ports, Limits: s.Limits, Health: s.Health, Setup: c.Timers.Setup,
		Ring: c.Timers.Ring, Call: c.Timers.Call, Silence: c.Timers.RTPInactivity,
	})
	return ua.New(ua.Config{Source: s.Source, Timers: s.Timers, Hosts: hosts, Peer: b.Peer, Terms: b.Terms, Ready: b.Ready, Legs: legs, App: b}), b
}

// seamOf is the core as the border sees it.
func seamOf(c *config.Config, at Sockets) border.Core {
	return border.Core{To: flowsTo(c.Core.Listener, at.Seam), Options: c.Core.Options, MediaPrefixes: coreMedia(c), Caps: coreCaps()}
}

// Core assembles one shard of the embedded core. Its listener 0 is the seam,
// the phones' follow.
func Core(c *config.Config, at Sockets, s Shard) (*ua.UA, *core.Core) {
	hosts := hostsOf(append([]netip.AddrPort{at.Seam[0]}, at.Phones...))
	if !at.Facing.IsValid() {
		at.Facing = at.Border[c.Core.Listener]
	}
	legs := new(ua.Sequence)
	k := core.New(core.Config{
		Source: s.Source, Key: s.Key, Legs: legs, Ports: s.Ports,
		Tenants: Directory(c, s.Phones), Registration: registration(c, s.Source), Seam: flowsTo(0, []netip.AddrPort{at.Facing}),
		Caps: coreCaps(), Secure: phoneMedia(c, s.Certificate), SeamMedia: borderMedia(c),
		Timers: core.Timers{Setup: c.Timers.Setup + behind, Call: c.Timers.Call + behind, Interdigit: c.Timers.Interdigit, FirstDigit: c.Timers.FirstDigit,
			AttendedNoAnswer: c.Timers.AttendedNoAnswer, BlindNoAnswer: c.Timers.BlindNoAnswer, ParkReturnRing: c.Timers.ParkReturnRing},
	})
	return ua.New(ua.Config{
		Source: s.Source, Timers: s.Timers, Hosts: hosts, Peer: k.Peer, Terms: phoneTerms(k), Ready: k.Ready,
		Services: k.Services(), Legs: legs, App: k,
	}), k
}

// phoneMedia is how the phones' media is keyed.
func phoneMedia(c *config.Config, certificate srtp.Fingerprint) sdp.Secure {
	s := trunk.Secure(c.Core.SRTP.Phones, c.Core.SRTP.Suites)
	if c.Core.SRTP.DTLS {
		s.Certificate, s.Keyless = certificate, !c.Core.SRTP.OverPlain
	}
	return s
}

// phoneTerms are the seam's for everybody, with what the core serves inside its
// dialogs; with phones the media is keyed as the configuration says.
func phoneTerms(k *core.Core) func(ua.Peer) leg.Terms {
	return func(p ua.Peer) leg.Terms {
		t := border.SeamTerms()
		t.Methods, t.Secure = k.Methods(p), k.Secure(p)
		return t
	}
}

// behind is how much longer the core waits for an answer, and lets a call last,
// than the border, so that a carrier's caller hears the border's reason.
const behind = 5 * time.Second

// trunks turns the configuration's trunks into the border's values.
func trunks(c *config.Config) []trunk.Trunk {
	list := make([]trunk.Trunk, 0, len(c.Trunks))
	for i := range c.Trunks {
		t := &c.Trunks[i]
		list = append(list, trunk.Trunk{
			ID: policy.TrunkID(i), Name: t.Name, Role: t.Role, Profile: t.Profile,
			To: flowsTo(t.Listener, t.To), MediaPrefixes: t.MediaPrefixes, Calls: t.Limits.Calls, CPS: t.Limits.CPS,
		})
	}
	return list
}

// neighbours tell the border who is behind a flow. The core counts by its
// seam addresses: an external one from any port, as PBXs differ.
func neighbours(c *config.Config, at Sockets) *trunk.Neighbours[ua.Peer] {
	var n trunk.Neighbours[ua.Peer]
	for i := range c.Trunks {
		t := &c.Trunks[i]
		for _, from := range t.From {
			n.Add(ua.Peer(i), trunk.Source{Listener: t.Listener, Prefix: from.Prefix, Port: from.Port})
		}
	}
	for _, s := range seamSources(c, at) {
		n.Add(border.CorePeer, trunk.Source{Listener: c.Core.Listener, Prefix: s.Prefix, Port: s.Port})
	}
	return &n
}

func seamSources(c *config.Config, at Sockets) []transport.Source {
	var list []transport.Source
	seen := make(map[netip.Addr]bool)
	for _, a := range at.Seam {
		s := transport.Source{Prefix: netip.PrefixFrom(a.Addr(), a.Addr().BitLen())}
		if c.Core.Mode == config.Embedded {
			s.Port = a.Port()
		} else if seen[a.Addr()] {
			continue
		}
		seen[a.Addr()] = true
		list = append(list, s)
	}
	return list
}

func flowsTo(l flow.Listener, addrs []netip.AddrPort) []flow.Flow {
	list := make([]flow.Flow, 0, len(addrs))
	for _, a := range addrs {
		list = append(list, flow.Flow{Listener: l, Remote: a})
	}
	return list
}

func hostsOf(addrs []netip.AddrPort) []leg.Host {
	list := make([]leg.Host, 0, len(addrs))
	for _, a := range addrs {
		name := a.Addr().String()
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		list = append(list, leg.Host{Name: name, Port: int(a.Port())})
	}
	return list
}

// coreMedia bounds where the core's RTP may come from: the embedded core's own
// addresses, or the hosts of an external one's seam.
func coreMedia(c *config.Config) []netip.Prefix {
	if c.Core.Mode == config.Embedded {
		return hostPrefixes(c.Core.Media.Addresses)
	}
	var addrs []netip.Addr
	for _, a := range c.Core.Seam {
		addrs = append(addrs, a.Addr())
	}
	return hostPrefixes(addrs)
}

// borderMedia bounds where the border's RTP may come from, for the core.
func borderMedia(c *config.Config) []netip.Prefix { return hostPrefixes(c.Border.Media.Addresses) }

func hostPrefixes(addrs []netip.Addr) []netip.Prefix {
	list := make([]netip.Prefix, 0, len(addrs))
	for _, a := range addrs {
		list = append(list, netip.PrefixFrom(a, a.BitLen()))
	}
	return list
}

// coreCaps is what is spoken across the seam: both laws of G.711, so that a
// call is never refused here for what both ends speak, and telephone-event.
func coreCaps() sdp.Caps {
	return sdp.Caps{Codecs: []relay.Codec{relay.PCMU, relay.PCMA}, Event: 101, Ptime: 20}
}
