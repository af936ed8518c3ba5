package main

import (
	"runtime"
	"testing"
	"time"
)

// TestShardGivesBack: a shard on which a crowd of calls stood at the same time
// holds afterwards no more than one that had a single one: the tables of its
// transactions, legs, calls, ports and timers are small again.
func TestShardGivesBack(t *testing.T) {
	const crowd = 500
	s := newShard(t)
	// all plays calls that stand together and waits for what lingers; ports rest.
	all := func(n int) (standing, after int64) {
		parties := make([]*peers, n)
		records := s.records
		for i := range parties {
			parties[i] = &peers{shard: s, calls: records + i}
			parties[i].begin(t)
			s.pass(t, pace)
		}
		standing = live()
		for _, p := range parties {
			p.end(t)
			s.pass(t, pace)
		}
		for range 120 {
			s.pass(t, time.Second)
		}
		if s.records != records+n {
			t.Fatalf("%d records of %d calls", s.records-records, n)
		}
		return standing, live()
	}
	_, before := all(1)
	standing, after := all(crowd)
	if standing-before < crowd*8<<10 {
		t.Errorf("%d calls that stand cost %d bytes only", crowd, standing-before)
	}
	// What stays is a few bytes for each port that was ever bound, most of them of
	// the stepped media's list.
	if kept := after - before; kept > crowd*512 {
		t.Errorf("%d bytes are kept of %d for %d calls", kept, standing-before, crowd)
	}
	t.Logf("%d calls: %d bytes while they stood, %d afterwards", crowd, standing-before, after-before)
	runtime.KeepAlive(s)
}

// live returns the bytes that live on the heap.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // pools are given up in two steps
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
