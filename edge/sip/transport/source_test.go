package transport

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMostSpecificSourceDecides(t *testing.T) {
	table, err := newSourceTable([]Source{
		{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Rate: 24},
		{Prefix: netip.MustParsePrefix("192.0.2.128/25"), Rate: 25},
		{Prefix: netip.MustParsePrefix("192.0.2.129/32"), Port: 5060, Rate: 32},
		{Prefix: netip.MustParsePrefix("192.0.2.130/32"), Rate: 33},
		{Prefix: netip.MustParsePrefix("192.0.2.130/32"), Port: 5062, Rate: 34},
		{Prefix: netip.MustParsePrefix("198.51.100.77/24"), Rate: 35}, // host bits are ignored
		{Prefix: netip.MustParsePrefix("::ffff:203.0.113.0/120"), Rate: 36},
		{Prefix: netip.MustParsePrefix("2001:db8::/32"), Rate: 37},
		{Prefix: netip.MustParsePrefix("2001:db8:1::/48"), Rate: 38},
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		remote string
		rate   int // 0: unknown
	}{
		{"192.0.2.1:5060", 24},
		{"192.0.2.200:5060", 25},
		{"192.0.2.129:5060", 32},
		{"192.0.2.129:5061", 25}, // the port does not fit: the next longest
		{"192.0.2.130:5060", 33},
		{"192.0.2.130:5062", 34},
		{"192.0.3.1:5060", 0},
		{"198.51.100.1:9", 35},
		{"203.0.113.9:5060", 36},
		{"[2001:db8:2::1]:5060", 37},
		{"[2001:db8:1::1]:5060", 38},
		{"[2001:db9::1]:5060", 0},
		// RFC 4291 §2.5.5.2: a mapped address is the IPv4 address.
		{"[::ffff:192.0.2.1]:5060", 24},
		{"[::ffff:192.0.3.1]:5060", 0},
		{"[::1]:5060", 0},
		{"127.0.0.1:5060", 0},
	}
	for _, c := range cases {
		got := table.find(unmapped(netip.MustParseAddrPort(c.remote)))
		switch {
		case got == nil && c.rate != 0:
			t.Errorf("%s: unknown", c.remote)
		case got != nil && (c.rate == 0 || got.limit.interval != int64(time.Second)/int64(c.rate)):
			t.Errorf("%s: wrong source, interval %d", c.remote, got.limit.interval)
		}
	}
}

func TestEmptyTableKnowsNobody(t *testing.T) {
	table, err := newSourceTable(nil)
	if err != nil {
		t.Fatal(err)
	}
	if table.find(netip.MustParseAddrPort("127.0.0.1:5060")) != nil {
		t.Fatal("found somebody")
	}
}

func TestEverywhereIsAllowedOnlyAsWritten(t *testing.T) {
	table, err := newSourceTable([]Source{{Prefix: netip.MustParsePrefix("0.0.0.0/0")}})
	if err != nil {
		t.Fatal(err)
	}
	if table.find(netip.MustParseAddrPort("203.0.113.7:1")) == nil {
		t.Error("IPv4 unknown")
	}
	if table.find(netip.MustParseAddrPort("[2001:db8::1]:1")) != nil {
		t.Error("0.0.0.0/0 lets IPv6 in")
	}
	if _, err := newSourceTable([]Source{{Prefix: netip.MustParsePrefix("::ffff:0.0.0.0/90")}}); err == nil {
		t.Error("a prefix wider than all of IPv4 was accepted")
	}
}

// The bucket is full at first, refills at the rate, and never holds more than
// the burst.
func TestLimit(t *testing.T) {
	const ms = int64(time.Millisecond)
	l := newLimit(10, 3) // one per 100 ms
	steps := []struct {
		now  int64
		want bool
	}{
		{0, true}, {0, true}, {0, true}, {0, false},
		{99 * ms, false}, {100 * ms, true}, {100 * ms, false},
		{250 * ms, true}, {299 * ms, false}, {300 * ms, true},
		{10_000 * ms, true}, {10_000 * ms, true}, {10_000 * ms, true}, {10_000 * ms, false},
	}
	for i, s := range steps {
		if got := l.take(s.now); got != s.want {
			t.Fatalf("step %d at %d ms: %v", i, s.now/ms, got)
		}
	}
	unlimited := newLimit(0, 0)
	for range 100 {
		if !unlimited.take(0) {
			t.Fatal("rate 0 limits")
		}
	}
}

func TestLimitUnderSeveralReaders(t *testing.T) {
	l := newLimit(1, 1000)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				if l.take(0) {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if passed.Load() != 1000 {
		t.Fatalf("%d of a burst of 1000 passed", passed.Load())
	}
}

func TestDropNames(t *testing.T) {
	seen := map[string]bool{"unknown": true}
	for d := range Drop(Drops) {
		if seen[d.String()] {
			t.Errorf("drop %d is named %q", d, d)
		}
		seen[d.String()] = true
	}
}

func BenchmarkFindSource(b *testing.B) {
	var list []Source
	for i := range 40 {
		list = append(list, Source{Prefix: netip.MustParsePrefix(fmt.Sprintf("192.0.2.%d/%d", i*4, 30+i%3))})
	}
	table, err := newSourceTable(list)
	if err != nil {
		b.Fatal(err)
	}
	unknown := netip.MustParseAddrPort("203.0.113.7:5060")
	for b.Loop() {
		table.find(unknown)
	}
}
