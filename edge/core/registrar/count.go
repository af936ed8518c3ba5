package registrar

import (
	"net/netip"
	"time"
)

// Counts is what a registrar holds, and what it has done since the start.
type Counts struct {
	// Bindings of all accounts, those included that lapse at the next Timeout.
	Bindings int
	// Challenges are 401s, Failures wrong answers to them, Bans sources shut out.
	Challenges, Failures, Bans uint64
}

// Counts returns them.
func (g *Registrar) Counts() Counts {
	c := g.counts
	for i := range g.accounts {
		c.Bindings += len(g.accounts[i].bindings)
	}
	return c
}

// failed counts a wrong answer against its source, and reports whether that is
// banned for it.
func (g *Registrar) failed(now time.Time, source netip.Addr) bool {
	g.counts.Failures++
	banned := g.suspects.failed(now, source, g.cfg.Ban)
	if banned {
		g.counts.Bans++
	}
	return banned
}
