package border

import (
	"slices"
	"testing"

	"sekisho/edge/sip/leg"
	"sekisho/media/relay"
)

// SPEC R53: pairs that were swallowed are counted at the trunk of whoever pressed
// them, and recorded at that leg.
func TestStarPairsCounted(t *testing.T) {
	b := New(Config{Trunks: carriers(t).trunks})
	c := &call{}
	c.a = party{call: c, leg: 1, peer: 2, pair: relay.Pair{Slot: relay.Slot{Index: 1, Epoch: 1}}}
	c.b = party{call: c, leg: 2, peer: CorePeer, pair: relay.Pair{Slot: relay.Slot{Index: 2, Epoch: 1}}}
	for _, p := range []*party{&c.a, &c.b} {
		b.legs[p.leg], b.slots[p.pair.Slot] = p, p
	}
	for _, p := range []*party{&c.a, &c.b, &c.a} { // the last is late, and of nobody
		pairs := uint32(3)
		if p == &c.b {
			pairs = 0
		}
		b.mediaEvent(start, relay.Released{Slot: p.pair.Slot, Stats: relay.Stats{StarPairs: pairs}}, nil)
	}
	if got := b.Counts().StarPairs; !slices.Equal(got, []uint64{0, 0, 3, 0, 0, 0}) {
		t.Errorf("counted %v", got)
	}
	if a, other := b.legRecord(&c.a).StarPairs, b.legRecord(&c.b).StarPairs; a != 3 || other != 0 {
		t.Errorf("recorded %d and %d", a, other)
	}
	if b.legs[leg.ID(1)] == nil {
		t.Error("a leg that still stands was forgotten")
	}
}
