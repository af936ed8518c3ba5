package scenario

import (
	"fmt"
	"net/netip"
	"strings"

	"sekisho/edge/lab/siptest"
)

// ladder tells the messages that were sent since it was last asked, a line
// each.
func (p *play) ladder() string {
	if p.world == nil {
		return ""
	}
	var b strings.Builder
	for _, m := range p.world.trace[p.drawn:] {
		at := m.At.Sub(p.world.start).Seconds()
		way := fmt.Sprintf("%s -> %s", p.world.nameAt(m.From), p.world.nameAt(m.To))
		fmt.Fprintf(&b, "%-20s %8.3f  %s\n", way, at, p.summary(m.Data))
	}
	p.drawn = len(p.world.trace)
	return b.String()
}

// summary is siptest's without what another draw of random numbers would
// change: the Request-URI of a re-INVITE is the user agent's own token.
func (p *play) summary(data []byte) string {
	s := siptest.Summarise(data)
	switch {
	case s.Fault != "":
		return s.Method + " unreadable"
	case s.Method == "INVITE" && s.Status == 0 && strings.Contains(to(data), ";tag="):
		s.User, s.Display, s.From = "again", "", ""
	}
	if p.timers && s.Session != "" {
		return s.String() + " se=" + s.Session + p.seen(data)
	}
	return s.String() + p.seen(data)
}

// to returns the To line of a message.
func to(data []byte) string {
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "To:") {
			return line
		}
	}
	return ""
}

// nameAt returns who is at an address.
func (w *World) nameAt(a netip.AddrPort) string {
	if at, ok := w.at[a]; ok {
		return at.station.name
	}
	return a.String()
}
