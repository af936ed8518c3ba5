package border

import (
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
	"sekisho/edge/sip/ua"
)

// mostPasses is how often a call may pass the border in one direction: twice is
// a spiral, as of a carrier that hands a forwarded call back (RFC 3261 §6), the
// third time is refused (SPEC §2.3).
const mostPasses = 2

// passes reads how often a call has been here before, per direction: in the
// branches of our own Vias, which proxies keep, and in the hint, which the core
// repeats. A B2BUA that drops both is stopped by Max-Forwards.
func (b *Border) passes(r *sip.Request) header.Passes {
	n := seam.Passes(r)
	for _, h := range r.GetHeaders("via") {
		via, ok := h.(*sip.ViaHeader)
		if !ok || !b.ours(via.Host, via.Port) {
			continue
		}
		branch, _ := via.Params.Get("branch")
		if _, mark, ok := strings.Cut(branch, passMark); ok {
			n = n.Most(header.ParsePasses(mark))
		}
	}
	return n
}

// passMark divides a branch from the passes behind it. No random part has a dot.
const passMark = ".p"

// ours reports whether a sent-by is one of our listeners.
func (b *Border) ours(host string, port int) bool {
	for _, h := range b.cfg.Hosts {
		if strings.EqualFold(host, h.Name) && or5060(port) == or5060(h.Port) {
			return true
		}
	}
	return false
}

func or5060(port int) int {
	if port == 0 {
		return 5060
	}
	return port
}

// pass counts this time and refuses a call that has been here too often.
func (b *Border) pass(c *call, in ua.Incoming, out []ua.Action) ([]ua.Action, bool) {
	c.passes = b.passes(in.Request)
	n := &c.passes.In
	if in.Peer == CorePeer {
		n = &c.passes.Out
	}
	if *n >= mostPasses {
		return b.hangUp(&c.a, cause.Cause{Status: 482, Q850: cause.FromStatus(482), Text: "loop"}, out), false
	}
	*n++
	return out, true
}

// mark is what our Via tells us if a peer's proxy sends the INVITE back. The core
// has the hint, too.
func (c *call) mark() string { return strings.TrimPrefix(passMark, ".") + c.passes.String() }
