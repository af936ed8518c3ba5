package registrar

import (
	"net/netip"
	"time"

	"sekisho/edge/sip/header"
)

// A NAT forgets a UDP mapping that nothing has used for a while, 30 s with many
// (RFC 4787 §4.3 asks for 2 minutes at least), and with it the way of calls to the
// phone. RFC 5626 has phones keep it open; those that do not are sent a datagram now
// and then, one for each flow however many accounts are bound there.

// keep has the flow of a binding kept open where it is behind a NAT. A REGISTER has
// used the path itself, so the time begins anew.
func (g *Registrar) keep(now time.Time, b Binding) {
	if g.cfg.Keepalive > 0 && b.translated() {
		g.beats.Set(b.Flow, now.Add(g.cfg.Keepalive))
	}
}

// translated reports a phone whose REGISTER came from elsewhere than it believes
// to be. A name is no address, so nothing is known of it.
func (b *Binding) translated() bool {
	u, err := header.ParseURI(b.Contact)
	if err != nil {
		return false
	}
	const standard = 5060
	port := uint16(u.Port)
	if port == 0 {
		port = standard
	}
	at, err := netip.ParseAddr(u.Host)
	return err == nil && netip.AddrPortFrom(at.Unmap(), port) != b.Flow.Remote
}

// beat uses the flows that are due.
func (g *Registrar) beat(now time.Time, out []Action) []Action {
	for {
		f, due := g.beats.Pop(now)
		if !due {
			return out
		}
		g.beats.Set(f, now.Add(g.cfg.Keepalive))
		out = append(out, Beat{f})
	}
}
