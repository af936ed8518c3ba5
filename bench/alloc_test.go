//go:build !race

package main

import "testing"

// TestBorderCallAllocates bounds what a call leaves to the collector. What a
// call does may grow and the bound with it, but not unseen.
func TestBorderCallAllocates(t *testing.T) {
	const most = 450 // allocations a call; 420 when the bound was set
	s := newShard(t)
	p := &peers{shard: s}
	call := func() {
		p.call(t)
		s.pass(t, pace)
	}
	for range 1000 {
		call()
	}
	if n := testing.AllocsPerRun(200, call); n > most {
		t.Errorf("%v allocations a call, want at most %d", n, most)
	}
}
