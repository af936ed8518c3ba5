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
		fmt.Fprintf(&b, "%-20s %8.3f  %s\n", way, at, siptest.Summarise(m.Data))
	}
	p.drawn = len(p.world.trace)
	return b.String()
}

// nameAt returns who is at an address.
func (w *World) nameAt(a netip.AddrPort) string {
	if at, ok := w.at[a]; ok {
		return at.station.name
	}
	return a.String()
}
