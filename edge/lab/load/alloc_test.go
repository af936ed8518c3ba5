//go:build !race

package load

import "testing"

// TestPacketAllocations: what a packet costs the generator is taken from what
// it measures, so the collector shall have no part in it.
func TestPacketAllocations(t *testing.T) {
	p := newPair(t)
	b := make([]byte, headerLength+payloadLength)
	p.ends[callee].in.seen = make([]uint64, 100)
	n := testing.AllocsPerRun(1000, func() {
		p.m.write(&p.ends[caller], b, 1)
		p.m.take(p.ends[callee].port, loopback(101), b, 2)
	})
	if n != 0 || p.ends[callee].in.distinct < 1000 {
		t.Errorf("%v allocations a packet; %d received", n, p.ends[callee].in.distinct)
	}
}
