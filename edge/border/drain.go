package border

import (
	"maps"
	"slices"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/ua"
	"sekisho/policy"
	"sekisho/policy/number"
)

// Drain lets no call begin here any more: whoever places one is told 503 at once
// and may try elsewhere, and OPTIONS are answered so too. Calls that stand go on
// with all that belongs to them, transfers and their new legs among it. Only who
// calls for help is heard to the end. There is no way back.
func (b *Border) Drain() { b.draining = true }

// HangUp ends every call that stands, as a fault of ours and no party's wish; the
// records follow.
func (b *Border) HangUp(out []ua.Action) []ua.Action {
	for _, id := range slices.Sorted(maps.Keys(b.calls)) {
		c, why := b.calls[id], cause.Cause{Q850: cause.TemporaryFailure, Text: "out of service"}
		if c.phase != talking {
			why.Status = 503
		}
		if c.transfer != nil {
			out = b.endTransfer(c.transfer, out)
		}
		out = b.giveUp(c, why, out)
	}
	return out
}

// Ready reports whether a peer may send us calls, for the shard's ua.Config.
func (b *Border) Ready(p ua.Peer) bool { return !b.draining || p == CorePeer && b.cfg.CoreDrains }

// turnedAway reports a call that must not begin. What a core that drains too still
// dials belongs to a call that stands.
func (b *Border) turnedAway(c *call, decided policy.Reason) bool {
	return !b.Ready(c.a.peer) && !decided.Exempt() && c.called.Class() != number.Emergency
}
