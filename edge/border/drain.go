package border

import (
	"sekisho/edge/sip/ua"
	"sekisho/policy"
	"sekisho/policy/number"
)

// Drain lets no call begin here any more: whoever places one is told 503 at once
// and may try elsewhere, and OPTIONS are answered so too. Calls that stand go on
// with all that belongs to them, transfers and their new legs among it. Only who
// calls for help is heard to the end. There is no way back.
func (b *Border) Drain() { b.draining = true }

// Ready reports whether a peer may send us calls, for the shard's ua.Config.
func (b *Border) Ready(p ua.Peer) bool { return !b.draining || p == CorePeer && b.cfg.CoreDrains }

// turnedAway reports a call that must not begin. What a core that drains too still
// dials belongs to a call that stands.
func (b *Border) turnedAway(c *call, decided policy.Reason) bool {
	return !b.Ready(c.a.peer) && !decided.Exempt() && c.called.Class() != number.Emergency
}
