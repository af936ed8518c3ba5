//go:build !race

package quality

import (
	"testing"
	"time"
)

func TestReceiveDoesNotAllocate(t *testing.T) {
	var s Stream
	n := 0
	if got := testing.AllocsPerRun(1000, func() {
		n++
		s.Receive(epoch.Add(time.Duration(n)*20*ms), Packet{Sequence: uint16(n), Timestamp: uint32(160 * n)})
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkReceive(b *testing.B) {
	var s Stream
	now := epoch
	p := Packet{}
	for b.Loop() {
		now = now.Add(20 * ms)
		p.Sequence++
		p.Timestamp += 160
		s.Receive(now, p)
	}
}
