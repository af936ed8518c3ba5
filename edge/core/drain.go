package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// Drain lets no phone begin a call any more: it is told 503 at once. What comes over
// the seam the border has let in, and what belongs to a call that stands goes on:
// consultations, transfers, a parked call that returns or is retrieved, one that
// rings and is picked up, a group that is asked. There is no way back.
func (c *Core) Drain() { c.draining = true }

// HangUp ends every call that stands, as a fault of ours and no party's wish; the
// records follow.
func (c *Core) HangUp(now time.Time, out []ua.Action) []ua.Action {
	s := &step{Core: c, now: now, out: out}
	stand := slices.SortedFunc(maps.Values(c.calls), func(k, o *call) int { return cmp.Compare(k.ID, o.ID) })
	for _, k := range stand {
		why := cause.Cause{Q850: cause.TemporaryFailure, Text: "out of service"}
		if k.Answered.IsZero() {
			why.Status = 503
		}
		s.finish(k, leg.HangUp{Cause: why})
	}
	for _, k := range stand { // now that nobody waits for whom the others leave
		s.settle(k)
	}
	return s.out
}

// Ready reports whether a peer may send us calls, for the shard's ua.Config. The
// border may: it drains by itself, and must reach us for what stands.
func (c *Core) Ready(p ua.Peer) bool { return !c.draining || p == seamPeer }

// turnedAway reports a call that must not begin. Who calls for help is no such.
func (s *step) turnedAway(o origin, r route) bool { return s.draining && o.kind == phone && !urgent(r) }

func noNewCalls() leg.HangUp {
	return leg.HangUp{
		Cause:   cause.Cause{Status: 503, Q850: cause.Congestion, Text: "no new calls here"},
		Headers: []sip.Header{sip.NewHeader("Retry-After", "10")},
	}
}
