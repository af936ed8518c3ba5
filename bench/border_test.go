package main

import (
	"runtime/debug"
	"testing"
	"time"
)

// pace is the time that passes between two calls: 1,000 calls/s, so that what
// lingers (transactions for 32 s, ports at rest) stands at its full number.
const pace = time.Millisecond

// BenchmarkBorderCall is one answered call of a carrier through one shard of
// the border in memory: scan, guard, parser, policy, admission, two legs, SDP
// of both, the commands to media, timers and the line of the record. There are
// no sockets and no goroutines in it. border-ns/op leaves out what the peers
// around the shard cost; cpu-ns/op is the CPU time of both, with the collector
// and without waiting for a core.
func BenchmarkBorderCall(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(productGOGC))
	s := newShard(b)
	p := &peers{shard: s}
	for range int(33 * time.Second / pace) {
		p.call(b)
		s.pass(b, pace)
	}
	s.inside = 0
	began := used(b)
	b.ReportAllocs()
	for b.Loop() {
		p.call(b)
		s.pass(b, pace)
	}
	b.ReportMetric(float64((used(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(s.inside.Nanoseconds())/float64(b.N), "border-ns/op")
	p.invite()
	b.ReportMetric(float64(len(p.buf)), "INVITE-bytes")
}

// TestBorderComesToRest proves that the benchmark is one of calls that end: the
// shard holds nothing when they are over.
func TestBorderComesToRest(t *testing.T) {
	s := newShard(t)
	p := &peers{shard: s}
	for range 100 {
		p.call(t)
		s.pass(t, pace)
	}
	if c := s.border.Counts(); c.Calls != 0 || c.Attempts != 100 || c.Answered != 100 {
		t.Errorf("after 100 calls: %+v", c)
	}
	for range 80 {
		s.pass(t, time.Second)
	}
	if c := s.ua.Counts(); c.Legs != 0 || c.Transactions.Waiting() != 0 || c.Transactions.Lingering != 0 || c.Refused != 0 {
		t.Errorf("80 s later: %+v", c)
	}
}
