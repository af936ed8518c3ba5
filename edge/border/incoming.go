package border

import (
	"encoding/hex"
	"strconv"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/ua"
	"sekisho/policy"
	"sekisho/policy/number"
)

// incoming is a new INVITE: from a trunk toward the core, or the other way.
func (b *Border) incoming(now time.Time, in ua.Incoming, out []ua.Action) []ua.Action {
	if in.Replaces != 0 {
		return b.takeOver(now, in, out)
	}
	c := b.begin(now, in)
	hops := seam.MaxForwards(in.Request) - 1
	if hops < 0 {
		return b.hangUp(&c.a, cause.Cause{Status: 483}, out)
	}
	out, once := b.pass(c, in, out)
	if !once {
		return out
	}
	if in.Peer == CorePeer {
		return b.fromCore(now, c, in, hops, out)
	}
	return b.fromTrunk(now, c, in, hops, out)
}

// admit takes the call's place among the limits and returns why the call must
// be refused: what was decided, or the limit that is reached. A refusal is
// announced and so takes a place like any other call; only those that no limit
// may suppress do not ask.
func (b *Border) admit(now time.Time, c *call, on policy.TrunkID, decided policy.Reason) policy.Reason {
	if b.turnedAway(c, decided) {
		return policy.Draining
	}
	if b.cfg.Limits == nil || decided.Exempt() || c.called.Class() == number.Emergency {
		return decided
	}
	if full := b.cfg.Limits.Admit(now, c.id, on, c.tenant); full != policy.NoReason {
		return full
	}
	return decided
}

// newName returns the call's name in records and hints.
func (b *Border) newName() string {
	id := token.Bytes16(b.cfg.Source)
	return hex.EncodeToString(id[:])
}

// hostPort is our own address on a listener, as it stands in a URI.
func hostPort(h leg.Host) string {
	if h.Port == 0 || h.Port == 5060 {
		return h.Name
	}
	return h.Name + ":" + strconv.Itoa(h.Port)
}
